"""A printed table recomputed from its own cells.

A printed figure stands for all values that round to it. A check asks whether some values that round
to the cells give some value that rounds to what is printed; only where none do, it does not add up.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from alsutils.stats.dichotomy import chi_square_p, fisher_p
from alsutils.stats.forensics.figures import grim, grimmer

TESTS = {"pooled": "Student's t-test", "welch": "Welch's t-test", "normal": "normal test"}
COUNT_TESTS = ("Fisher's exact test", "chi-square test", "chi-square test with continuity")
COLUMNS = ("row", "check", "printed", "possible", "agrees", "by")
_HAIR = 1e-9


@dataclass(frozen=True)
class MeanCell:
    """One arm's printed mean.

    Attributes
    ----------
    n : int
        Patients.
    mean : float
        Printed mean.
    sd : float or None
        Printed standard deviation, where there is one.
    """

    n: int
    mean: float
    sd: float | None = None


@dataclass(frozen=True)
class MeanRow:
    """A printed comparison of means; what is not printed is None.

    Attributes
    ----------
    name : str
        Words for the row.
    treated, control : MeanCell
        The cells.
    difference, se : float or None
        Treated less control and its standard error.
    ci : tuple of float or None
        Limits.
    p : str or None
        As printed, such as ``"<0.001"``.
    whole : bool
        Whether the patients' values are whole numbers.
    digits : int
        Decimals of all printed figures but p.
    """

    name: str
    treated: MeanCell
    control: MeanCell
    difference: float | None = None
    se: float | None = None
    ci: tuple[float, float] | None = None
    p: str | None = None
    whole: bool = False
    digits: int = 2


@dataclass(frozen=True)
class CountCell:
    """One arm's printed count.

    Attributes
    ----------
    count, of : int
        Patients counted, and all.
    percent : float or None
        Printed percentage.
    """

    count: int
    of: int
    percent: float | None = None


@dataclass(frozen=True)
class CountRow:
    """A printed comparison of counts.

    Attributes
    ----------
    name : str
        Words for the row.
    treated, control : CountCell
        The cells.
    p : str or None
        As printed.
    digits : int
        Decimals of percentages.
    """

    name: str
    treated: CountCell
    control: CountCell
    p: str | None = None
    digits: int = 0


@dataclass(frozen=True)
class TotalRow:
    """Printed parts and their printed total.

    Attributes
    ----------
    name : str
        Words for the row.
    parts : tuple of int
        The parts.
    total : int
        What they should come to.
    """

    name: str
    parts: tuple[int, ...]
    total: int


@dataclass(frozen=True)
class TableChecks:
    """Every check of a printed table.

    Attributes
    ----------
    frame : DataFrame
        One row a check: ``row``, ``check`` (what is checked), ``printed`` (text), ``possible``
        (text: what the other figures allow), ``agrees`` (bool) and ``by`` (test that is behind the
        check, empty where none is). Where several tests could be behind a row, it is checked
        against the one that misses fewest of its figures, and in a draw the first.
    """

    frame: pd.DataFrame

    @property
    def n_agree(self) -> int:
        """Checks that add up."""
        return int(self.frame["agrees"].sum())


def check_table(
    rows: Sequence[MeanRow | CountRow | TotalRow], conf_level: float = 0.95
) -> TableChecks:
    """Recompute a printed table from its own cells.

    Parameters
    ----------
    rows : sequence of MeanRow, CountRow or TotalRow
        As printed.
    conf_level : float
        Level of the printed intervals.

    Returns
    -------
    TableChecks
        In the order of the rows. Limits, standard errors and p-values are checked against the
        ranges over all values that round to the cells.

    Raises
    ------
    ValueError
        If a count is impossible.

    References
    ----------
    Brown NJL, Heathers JAJ. The GRIM test. Soc Psychol Personal Sci 2017;8:363-369.
    doi:10.1177/1948550616673876. Anaya J. The GRIMMER test. PeerJ Preprints 2016;4:e2400v1.
    doi:10.7287/peerj.preprints.2400v1
    """
    found: list[dict[str, object]] = []
    for row in rows:
        checks: Iterator[dict[str, object]]
        if isinstance(row, MeanRow):
            checks = itertools.chain(_cells(row), _comparison(row, conf_level))
        elif isinstance(row, CountRow):
            checks = _counts(row)
        else:
            checks = iter([_total(row)])
        found += [{"row": row.name} | check for check in checks]
    return TableChecks(pd.DataFrame(found, columns=list(COLUMNS)))


def _check(what: str, printed: str, possible: str, agrees: bool, by: str = "") -> dict[str, object]:
    return {"check": what, "printed": printed, "possible": possible, "agrees": agrees, "by": by}


def _cells(row: MeanRow) -> Iterator[dict[str, object]]:
    """Ask whether whole numbers can have each printed mean and standard deviation."""
    for arm, cell in (("treated", row.treated), ("control", row.control)):
        if cell.n < 1:
            raise ValueError(f"{row.name}: {cell.n} patients cannot have a mean")
        if not row.whole:
            continue
        sums = grim(cell.n, cell.mean, row.digits)
        possible = "a sum of " + " or ".join(f"{s}" for s in sums) if sums else "no sum"
        printed = f"{cell.mean:.{row.digits}f} of {cell.n}"
        yield _check(f"mean of whole numbers, {arm}", printed, possible, bool(sums))
        if sums and cell.sd is not None and cell.n > 1:
            ways = len(grimmer(cell.n, cell.mean, cell.sd, row.digits))
            words = f"{ways} sums of squares" if ways != 1 else "1 sum of squares"
            printed = f"{cell.sd:.{row.digits}f} of {cell.n}"
            yield _check(f"SD of whole numbers, {arm}", printed, words, ways > 0)


def _comparison(row: MeanRow, conf_level: float) -> Iterator[dict[str, object]]:
    """Check difference, error, limits and p against the cells, then against each other."""
    half = 0.5 * 10.0**-row.digits
    apart = row.treated.mean - row.control.mean
    span = (apart - 2 * half, apart + 2 * half)
    if row.difference is not None:
        yield _against("difference", row.difference, span, row.digits)
    if row.treated.sd is not None and row.control.sd is not None:
        by_test = [
            list(_by_test(row, test, span, conf_level))
            for test in TESTS
            if min(row.treated.n, row.control.n) > 1
        ]
        if by_test:
            yield from min(by_test, key=lambda checks: sum(not c["agrees"] for c in checks))
    if row.ci is not None and row.difference is not None:
        middle = (row.ci[0] + row.ci[1]) / 2
        yield _against(
            "difference in the middle of the interval",
            row.difference,
            (middle - half, middle + half),
            row.digits,
        )
    if row.ci is not None and row.se is not None:
        quantiles = (
            float(stats.t.ppf((1 + conf_level) / 2, max(min(row.treated.n, row.control.n) - 1, 1))),
            float(stats.norm.ppf((1 + conf_level) / 2)),
        )
        width = (row.ci[1] - row.ci[0]) / 2
        # Welch's degrees of freedom are at least those of the smaller arm.
        span = ((width - half) / quantiles[0], (width + half) / quantiles[1])
        yield _against("SE by the width of the interval", row.se, span, row.digits)


def _by_test(
    row: MeanRow, test: str, span: tuple[float, float], conf_level: float
) -> Iterator[dict[str, object]]:
    """Check what a test gives over all values that round to the cells."""
    half = 0.5 * 10.0**-row.digits
    errors, quantiles, p_values = [], [], []
    for one, two in itertools.product(_ends(row.treated.sd, half), _ends(row.control.sd, half)):
        error, df = _error(test, one, row.treated.n, two, row.control.n)
        errors.append(error)
        quantiles.append(float(stats.t.ppf((1 + conf_level) / 2, df)))
        nearest = 0.0 if span[0] <= 0 <= span[1] else min(map(abs, span))
        for size in (nearest, max(map(abs, span))):
            p_values.append(2 * float(stats.t.sf(size / error, df)) if error > 0 else math.nan)
    by = TESTS[test]
    if row.se is not None:
        yield _against("SE", row.se, (min(errors), max(errors)), row.digits, by)
    if row.ci is not None:
        reach = [q * e for q, e in zip(quantiles, errors, strict=True)]
        low = (span[0] - max(reach), span[1] - min(reach))
        high = (span[0] + min(reach), span[1] + max(reach))
        yield _against("lower limit", row.ci[0], low, row.digits, by)
        yield _against("upper limit", row.ci[1], high, row.digits, by)
    if row.p is not None:
        yield _p_check(row.p, (float(np.nanmin(p_values)), float(np.nanmax(p_values))), by)


def _ends(sd: float | None, half: float) -> tuple[float, float]:
    return (max((sd or 0.0) - half, 0.0), (sd or 0.0) + half)


def _error(test: str, sd1: float, n1: int, sd0: float, n0: int) -> tuple[float, float]:
    """Give the standard error and the degrees of freedom of a test."""
    share1, share0 = sd1**2 / n1, sd0**2 / n0
    if test == "pooled":
        df = n1 + n0 - 2
        pooled = ((n1 - 1) * sd1**2 + (n0 - 1) * sd0**2) / df
        return math.sqrt(pooled * (1 / n1 + 1 / n0)), df
    error = math.sqrt(share1 + share0)
    if test == "normal" or error == 0:
        return error, math.inf
    return error, error**4 / (share1**2 / (n1 - 1) + share0**2 / (n0 - 1))


def _against(
    what: str, printed: float, span: tuple[float, float], digits: int, by: str = ""
) -> dict[str, object]:
    """Say whether some value in the span rounds to the printed one."""
    half = 0.5 * 10.0**-digits * (1 + _HAIR) + _HAIR
    agrees = span[0] - half <= printed <= span[1] + half
    low, high = (f"{round(value, digits) + 0.0:.{digits}f}" for value in span)  # never -0.00
    possible = low if low == high else f"{low} to {high}"
    return _check(what, f"{printed:.{digits}f}", possible, agrees, by)


def _p_check(printed: str, span: tuple[float, float], by: str) -> dict[str, object]:
    """Say whether some p in the span prints as given."""
    text = printed.strip().replace(" ", "")
    figure = text.lstrip("<=>")
    digits = len(figure.partition(".")[2])
    value, half = float(figure), 0.5 * 10.0**-digits
    if text.startswith("<"):
        agrees = span[0] < value
    elif text.startswith(">"):
        agrees = span[1] > value
    else:
        agrees = span[0] - half * (1 + _HAIR) <= value <= span[1] + half * (1 + _HAIR)
    low, high = (_short(p, max(digits, 3)) for p in span)
    return _check("p", text, low if low == high else f"{low} to {high}", agrees, by)


def _short(p: float, digits: int) -> str:
    least = 10.0**-digits
    return f"<{least:.{digits}f}" if p < least else f"{p:.{digits}f}"


def _counts(row: CountRow) -> Iterator[dict[str, object]]:
    """Check percentages, and p against the tests that are usual for two counts."""
    for arm, cell in (("treated", row.treated), ("control", row.control)):
        if not 0 <= cell.count <= cell.of or cell.of < 1:
            raise ValueError(f"{row.name}: {cell.count} of {cell.of} patients is impossible")
        if cell.percent is not None:
            share = 100 * cell.count / cell.of
            found = _against(f"percentage, {arm}", cell.percent, (share, share), row.digits)
            yield found | {"possible": f"{cell.count} of {cell.of} is {found['possible']}"}
    if row.p is not None:
        one, two = row.treated, row.control
        p_values = (
            float(fisher_p([one.count], one.of, [two.count], two.of)[0]),
            chi_square_p(one.count, one.of, two.count, two.of),
            _continuity_p(one, two),
        )
        checks = [_p_check(row.p, (p, p), by) for p, by in zip(p_values, COUNT_TESTS, strict=True)]
        fitting = [check for check in checks if check["agrees"]]
        first = fitting[0] if fitting else checks[0]
        yield first | {"by": " or ".join(str(check["by"]) for check in fitting or checks[:1])}


def _continuity_p(one: CountCell, two: CountCell) -> float:
    """Give p of the chi-square test with Yates's continuity correction."""
    table = [[one.count, one.of - one.count], [two.count, two.of - two.count]]
    if min(np.sum(table, axis=0)) == 0:
        return 1.0
    return float(stats.chi2_contingency(table, correction=True).pvalue)


def _total(row: TotalRow) -> dict[str, object]:
    found = sum(row.parts)
    return _check("total", f"{row.total}", f"the parts come to {found}", found == row.total)
