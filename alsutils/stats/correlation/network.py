"""Every pair of columns correlated, with p-values adjusted for their number."""

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.stats.correlation.coefficients import Kind, correlation
from alsutils.stats.multiplicity import adjust_p_values


@dataclass(frozen=True)
class Network:
    """Correlations of every pair of columns.

    Attributes
    ----------
    frame : DataFrame
        One row a pair: ``x``, ``y`` (columns), ``kind``, ``n``, the columns of every estimate, and
        ``p_holm`` and ``p_benjamini_hochberg`` over the pairs that could be tested.
    matrix : DataFrame, shape (k, k)
        The correlations; 1 on the diagonal, missing where there is none.
    tests : int
        Pairs that could be tested.
    """

    frame: pd.DataFrame
    matrix: pd.DataFrame
    tests: int


def correlation_network(
    values: pd.DataFrame, kind: Kind = "spearman", conf_level: float = 0.95
) -> Network:
    """Correlate every pair of columns over the rows that have both.

    Parameters
    ----------
    values : DataFrame, shape (n, k)
        A row a patient, a column a variable; values may be missing.
    kind : {"pearson", "spearman", "kendall"}
        Which correlation.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    Network
        A pair has missing figures as in `correlation`; one column has no pair.
    """
    names = list(values.columns)
    table = values.to_numpy(float)
    seen = ~np.isnan(table)
    matrix = np.eye(len(names))
    rows = []
    for i, j in itertools.combinations(range(len(names)), 2):
        both = seen[:, i] & seen[:, j]
        found = correlation(table[both, i], table[both, j], kind, conf_level)
        matrix[i, j] = matrix[j, i] = found.estimate
        rows.append({"x": names[i], "y": names[j], **found.__dict__})
    columns = ["x", "y", "kind", "estimate", "std_error", "df", "statistic", "p_value"]
    frame = pd.DataFrame(rows, columns=[*columns, "conf_low", "conf_high", "n"])
    family = adjust_p_values(frame["p_value"].astype(float))
    frame = frame.assign(p_holm=family.holm, p_benjamini_hochberg=family.benjamini_hochberg)
    return Network(frame, pd.DataFrame(matrix, index=names, columns=names), family.size)
