"""P-values adjusted for a family of tests."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class AdjustedPValues:
    """The p-values of one family of tests, plain and adjusted.

    Attributes
    ----------
    p_value : ndarray, shape (n,)
        As given; a missing one is no test and not in the family.
    holm : ndarray, shape (n,)
        Holm's adjustment: the chance of even one false finding in the family stays below alpha.
    benjamini_hochberg : ndarray, shape (n,)
        False discovery rate: the expected share of false findings among the findings.
    size : int
        Number of tests in the family.
    benjamini_yekutieli : ndarray, shape (n,)
        The same rate, however the tests depend on each other.
    """

    p_value: NDArray[np.float64]
    holm: NDArray[np.float64]
    benjamini_hochberg: NDArray[np.float64]
    size: int
    benjamini_yekutieli: NDArray[np.float64]

    @property
    def frame(self) -> pd.DataFrame:
        """One row a test, in the order given."""
        return pd.DataFrame(
            {
                "p_value": self.p_value,
                "p_holm": self.holm,
                "p_benjamini_hochberg": self.benjamini_hochberg,
                "p_benjamini_yekutieli": self.benjamini_yekutieli,
            }
        )


@dataclass(frozen=True)
class DoubleFdr:
    """The p-values of a family of tests that fall into groups, such as terms in body systems.

    Attributes
    ----------
    system : ndarray, shape (n,)
        Group of each test.
    p_value : ndarray, shape (n,)
        As given; a missing one is no test and in no family.
    p_within : ndarray, shape (n,)
        Adjusted after Benjamini and Hochberg within the group.
    p_system : ndarray, shape (n,)
        Of the group: its smallest ``p_within``, adjusted after Benjamini and Hochberg over the
        groups.
    p_double : ndarray, shape (n,)
        The larger of ``p_within`` and ``p_system``: the level from which on both steps of
        Mehrotra and Heyse's rule flag the test.
    p_family : ndarray, shape (n,)
        Mehrotra and Adewale's second step: adjusted after Benjamini and Hochberg over all tests of
        the groups whose ``p_system`` is at or below ``alpha``; missing in the other groups. Tests
        with ``p_family`` at or below ``alpha`` are flagged.
    alpha : float
        Level of the first step for ``p_family``.
    """

    system: NDArray[np.object_]
    p_value: NDArray[np.float64]
    p_within: NDArray[np.float64]
    p_system: NDArray[np.float64]
    p_double: NDArray[np.float64]
    p_family: NDArray[np.float64]
    alpha: float

    @property
    def frame(self) -> pd.DataFrame:
        """One row a test, in the order given."""
        return pd.DataFrame({key: value for key, value in self.__dict__.items() if key != "alpha"})

    @property
    def systems(self) -> pd.DataFrame:
        """One row a group with a test, in the order of first appearance.

        Columns ``system``, ``tests`` (their number), ``p_smallest`` (the smallest ``p_within``)
        and ``p_system``.
        """
        tested = self.frame[~np.isnan(self.p_value)]
        grouped = tested.groupby("system", sort=False)
        columns = {
            "tests": ("p_value", "size"),
            "p_smallest": ("p_within", "min"),
            "p_system": ("p_system", "first"),
        }
        return grouped.agg(**columns).reset_index()


def adjust_p_values(p_values: ArrayLike) -> AdjustedPValues:
    """Adjust the p-values of a family of tests.

    Parameters
    ----------
    p_values : array_like, shape (n,)
        Between 0 and 1, or missing where there was no test.

    Returns
    -------
    AdjustedPValues
        Holm's, Benjamini and Hochberg's, and Benjamini and Yekutieli's adjustments.

    Raises
    ------
    ValueError
        If a p-value is below 0 or above 1.

    References
    ----------
    Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat 1979;6:65-70.
    Benjamini Y, Hochberg Y. Controlling the false discovery rate. J R Stat Soc B
    1995;57:289-300. Benjamini Y, Yekutieli D. The control of the false discovery rate in multiple
    testing under dependency. Ann Stat 2001;29:1165-1188.
    """
    p = checked_p_values(p_values)
    size = int((~np.isnan(p)).sum())
    holm, yekutieli = _adjusted(p, "holm"), _adjusted(p, "fdr_by")
    return AdjustedPValues(p, holm, _benjamini_hochberg(p), size, yekutieli)


def double_fdr(p_values: ArrayLike, systems: ArrayLike, alpha: float = 0.05) -> DoubleFdr:
    """Adjust p-values of tests in groups, looking at the groups first.

    A true effect of a treatment often raises several related events. So a group as a whole must
    first stand out among the groups, and only then a test within it. In simulations the share of
    false findings comes close to the level; there is no proof that it stays below.

    Parameters
    ----------
    p_values : array_like, shape (n,)
        Between 0 and 1, or missing where there was no test.
    systems : array_like, shape (n,)
        Group of each test.
    alpha : float
        Level at which groups pass to the joint family of Mehrotra and Adewale.

    Returns
    -------
    DoubleFdr
        Both versions of the rule.

    Raises
    ------
    ValueError
        If a p-value is below 0 or above 1, or the arrays differ in length.

    References
    ----------
    Mehrotra and Heyse, Statistical Methods in Medical Research 2004;13:227-238. Mehrotra and
    Adewale, Statistics in Medicine 2012;31:1918-1930.
    """
    p = checked_p_values(p_values)
    system = np.asarray(systems, dtype=object)
    if p.shape != system.shape:
        raise ValueError(f"{len(p)} p-values and {len(system)} groups: expected one of each a test")
    code, names = pd.factorize(system, use_na_sentinel=False)
    within = np.full(p.shape, np.nan)
    for one in range(len(names)):
        within[code == one] = _benjamini_hochberg(p[code == one])
    smallest = pd.Series(within).groupby(code).min().to_numpy()
    of_system = _benjamini_hochberg(smallest)[code] if len(p) else within
    of_system = np.where(np.isnan(p), np.nan, of_system)
    joint = _benjamini_hochberg(np.where(of_system <= alpha, p, np.nan))
    double = np.maximum(within, of_system)
    return DoubleFdr(system, p, within, of_system, double, joint, alpha)


def checked_p_values(p_values: ArrayLike) -> NDArray[np.float64]:
    """Give p-values as an array, or say what is wrong with them."""
    p = np.asarray(p_values, float)
    tested = p[~np.isnan(p)]
    if ((tested < 0) | (tested > 1)).any():
        raise ValueError(f"p-values must lie between 0 and 1; got {tested.tolist()}")
    return p


def _benjamini_hochberg(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return _adjusted(p, "fdr_bh")


def _adjusted(p: NDArray[np.float64], method: str) -> NDArray[np.float64]:
    """Adjust the p-values that are there."""
    tested, adjusted = ~np.isnan(p), np.full(p.shape, np.nan)
    order = np.argsort(p[tested], kind="stable")
    small, size = p[tested][order], int(tested.sum())
    rank = np.arange(1, size + 1)
    if method == "holm":
        stepped = np.maximum.accumulate(small * (size - rank + 1))
    else:
        price = size * (1 / rank).sum() if method == "fdr_by" else size
        stepped = np.minimum.accumulate((small * price / rank)[::-1])[::-1]
    found = np.empty(size)
    found[order] = np.minimum(stepped, 1.0)
    adjusted[tested] = found
    return adjusted
