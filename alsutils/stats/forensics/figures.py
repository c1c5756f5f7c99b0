"""Printed figures checked against each other: what must have been, given what was rounded."""

import math
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class WholeNumbers:
    """Whole-number data that print as a given mean and standard deviation.

    Attributes
    ----------
    n : int
        Number of values.
    total : int
        Their sum.
    sum_of_squares : int
        Sum of their squares.
    """

    n: int
    total: int
    sum_of_squares: int


def grim(n: int, mean: float, digits: int = 2) -> tuple[int, ...]:
    """Find the sums of n whole numbers whose mean prints as given (the GRIM check).

    Parameters
    ----------
    n : int
        Number of values, 1 or more.
    mean : float
        Printed mean.
    digits : int
        Decimals in print.

    Returns
    -------
    tuple of int
        Every possible sum; empty where no whole numbers have this mean.

    Raises
    ------
    ValueError
        If ``n`` is below 1.

    References
    ----------
    Brown NJL, Heathers JAJ. The GRIM test. Soc Psychol Personal Sci 2017;8:363-369.
    doi:10.1177/1948550616673876

    Examples
    --------
    >>> grim(32, -1.69)
    (-54,)
    >>> grim(25, 1.37)
    ()
    """
    if n < 1:
        raise ValueError(f"n must be 1 or more, not {n}")
    half = 0.5 * 10.0**-digits
    low, high = math.floor(n * (mean - half)), math.ceil(n * (mean + half))
    slack = half * (1 + 1e-9)  # a value halfway may have been rounded either way
    return tuple(s for s in range(low, high + 1) if abs(s / n - mean) <= slack)


def grimmer(n: int, mean: float, sd: float, digits: int = 2) -> tuple[WholeNumbers, ...]:
    """Find the sums and sums of squares of n whole numbers that print as given.

    Parameters
    ----------
    n : int
        Number of values, 2 or more.
    mean, sd : float
        Printed mean and standard deviation (divisor n - 1).
    digits : int
        Decimals in print, of both.

    Returns
    -------
    tuple of WholeNumbers
        Every pair that whole numbers can have; empty where there is none.

    Raises
    ------
    ValueError
        If ``n`` is below 2 or ``sd`` negative.

    Notes
    -----
    A sum of squares of whole numbers has the parity of their sum and is no smaller than the most
    even split of the sum allows. Both are needed; that every such pair can be reached within the
    limits of a score is not claimed.

    References
    ----------
    Anaya J. The GRIMMER test: a method for testing the validity of reported measures of
    variability. PeerJ Preprints 2016;4:e2400v1. doi:10.7287/peerj.preprints.2400v1

    Examples
    --------
    >>> grimmer(32, -1.69, 2.51)
    (WholeNumbers(n=32, total=-54, sum_of_squares=286),)
    """
    if n < 2:
        raise ValueError(f"n must be 2 or more, not {n}")
    if sd < 0:
        raise ValueError(f"sd must not be negative, not {sd}")
    return tuple(
        WholeNumbers(n, total, squares)
        for total in grim(n, mean, digits)
        for squares in _sums_of_squares(n, total, sd, digits)
    )


def _sums_of_squares(n: int, total: int, sd: float, digits: int) -> Iterator[int]:
    half = 0.5 * 10.0**-digits
    centre = total**2 / n
    low = math.floor((n - 1) * max(sd - half, 0) ** 2 + centre) - 1
    high = math.ceil((n - 1) * (sd + half) ** 2 + centre) + 1
    quotient, remainder = divmod(total, n)
    least = (n - remainder) * quotient**2 + remainder * (quotient + 1) ** 2
    for squares in range(max(low, least), high + 1):
        same_parity = (squares - total) % 2 == 0
        exact = math.sqrt(max(squares - centre, 0) / (n - 1))
        if same_parity and abs(exact - sd) <= half * (1 + 1e-9):
            yield squares


@dataclass(frozen=True)
class PrintedCheck:
    """A printed figure beside the same figure recomputed.

    Attributes
    ----------
    printed, recomputed : float
        The figures.
    digits : int
        Decimals in print.
    units : float
        How far apart they are, in units of the last printed digit.
    """

    printed: float
    recomputed: float
    digits: int
    units: float

    @property
    def agrees(self) -> bool:
        """Whether they differ by no more than one unit of the last printed digit."""
        return self.units <= 1


def check_printed(printed: float, recomputed: float, digits: int = 2) -> PrintedCheck:
    """Set a printed figure against its recomputation, both at the printed precision.

    Parameters
    ----------
    printed, recomputed : float
        The figures; the second at full precision.
    digits : int
        Decimals in print.

    Returns
    -------
    PrintedCheck
        ``units`` counts whole units of the last digit between the two as printed.
    """
    scale = 10.0**digits
    units = abs(round(recomputed * scale) - round(printed * scale))
    return PrintedCheck(printed, recomputed, digits, float(units))


def check_p(printed: str, recomputed: float) -> bool:
    """Say whether a recomputed p-value prints as given, to within one unit of the last digit.

    Parameters
    ----------
    printed : str
        As in print: ``"0.003"`` or ``"<0.001"``.
    recomputed : float
        At full precision.

    Returns
    -------
    bool
        True where they agree.

    Examples
    --------
    >>> check_p("<0.001", 0.0002), check_p("0.003", 0.0026), check_p("0.009", 0.012)
    (True, True, False)
    """
    text = printed.strip().lstrip("= ")
    if text.startswith("<"):
        return recomputed < float(text[1:])
    if text.startswith(">"):
        return recomputed > float(text[1:])
    digits = len(text.partition(".")[2])
    return check_printed(float(text), recomputed, digits).agrees
