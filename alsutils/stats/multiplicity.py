"""P-values adjusted for a family of tests."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from statsmodels.stats.multitest import multipletests


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
    """

    p_value: NDArray[np.float64]
    holm: NDArray[np.float64]
    benjamini_hochberg: NDArray[np.float64]
    size: int

    @property
    def frame(self) -> pd.DataFrame:
        """One row a test, in the order given."""
        return pd.DataFrame(
            {
                "p_value": self.p_value,
                "p_holm": self.holm,
                "p_benjamini_hochberg": self.benjamini_hochberg,
            }
        )


def adjust_p_values(p_values: ArrayLike) -> AdjustedPValues:
    """Adjust the p-values of a family of tests.

    Parameters
    ----------
    p_values : array_like, shape (n,)
        Between 0 and 1, or missing where there was no test.

    Returns
    -------
    AdjustedPValues
        Holm's and Benjamini and Hochberg's adjustments.

    Raises
    ------
    ValueError
        If a p-value is below 0 or above 1.

    References
    ----------
    Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat 1979;6:65-70.
    Benjamini Y, Hochberg Y. Controlling the false discovery rate. J R Stat Soc B
    1995;57:289-300.
    """
    p = np.asarray(p_values, float)
    tested = ~np.isnan(p)
    if ((p[tested] < 0) | (p[tested] > 1)).any():
        raise ValueError(f"p-values must lie between 0 and 1; got {p[tested].tolist()}")
    holm, hochberg = np.full(p.shape, np.nan), np.full(p.shape, np.nan)
    if tested.any():
        holm[tested] = multipletests(p[tested], method="holm")[1]
        hochberg[tested] = multipletests(p[tested], method="fdr_bh")[1]
    return AdjustedPValues(p, holm, hochberg, int(tested.sum()))
