"""Predictions and residuals."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from alsutils.stats.mmrm.data import ModelData
from alsutils.stats.mmrm.errors import (
    FormulaError,
    MissingValueError,
    OptionError,
    UnknownLevelError,
    UnknownVisitError,
    show,
)
from alsutils.stats.mmrm.inference import Inference
from alsutils.stats.mmrm.structures import Structure

Array = NDArray[np.float64]
_INTERVALS = (None, "confidence", "prediction")
_KINDS = ("response", "pearson", "normalized")


def residuals(data: ModelData, inference: Inference, structure: Structure, kind: str) -> pd.Series:
    """Return the residuals of the used rows.

    Parameters
    ----------
    data, inference, structure
        The fit.
    kind : {"response", "pearson", "normalized"}
        See :meth:`MMRMFit.residuals`.
    """
    if kind not in _KINDS:
        raise OptionError(f"unknown kind {kind!r} of residuals; choose one of {', '.join(_KINDS)}")
    products = inference.products
    p = products.n_columns
    error = np.append(-inference.optimum.value.beta, 1.0)
    rows = np.einsum("ijq,jqp,p->ij", products.cells, products.loadings, error, optimize=True)
    assert p + 1 == error.size
    if kind == "response":
        values = products.scale * rows[data.subject, data.position]
        if data.weight is not None:
            values = values / np.sqrt(data.weight)
        return pd.Series(values, index=data.index, name="residual")
    thetas = np.split(inference.optimum.theta, len(products.groups))
    for theta, patterns in zip(thetas, products.groups, strict=True):
        sigma = structure.sigma(theta, patterns.times)
        for s, members in enumerate(patterns.members):
            seen = np.flatnonzero(patterns.mask[s])
            block = (sigma[s] if structure.spatial else sigma)[np.ix_(seen, seen)]
            if kind == "pearson":
                rows[np.ix_(members, seen)] /= np.sqrt(np.diag(block))
            else:
                whitened = np.linalg.solve(np.linalg.cholesky(block), rows[np.ix_(members, seen)].T)
                rows[np.ix_(members, seen)] = whitened.T
    return pd.Series(rows[data.subject, data.position], index=data.index, name="residual")


def predict(
    data: ModelData,
    inference: Inference,
    structure: Structure,
    names: tuple[str, str | None],
    new_data: pd.DataFrame,
    interval: str | None,
    conf_level: float,
) -> pd.DataFrame:
    """Predict the mean outcome of new rows, with an interval on request.

    The interval of a new outcome adds the variance of a single observation to that of the mean;
    its degrees of freedom are Satterthwaite's for the sum.

    Parameters
    ----------
    data, inference, structure
        The fit.
    names : (str, str or None)
        Visit and group columns.
    new_data : DataFrame
        Rows to predict.
    interval : {None, "confidence", "prediction"}
        Which interval.
    conf_level : float
        Its coverage.
    """
    if interval not in _INTERVALS:
        raise OptionError(f"interval must be None, 'confidence' or 'prediction'; got {interval!r}")
    design = data.design
    needed = [*design.variables]
    if interval == "prediction":
        needed += [n for n in names if n is not None and not (structure.spatial and n == names[0])]
    absent = [name for name in dict.fromkeys(needed) if name not in new_data]
    if absent:
        raise FormulaError(f"new_data lacks the column {', '.join(map(repr, absent))}")
    for name in needed:
        if new_data[name].isna().any():
            raise MissingValueError(
                f"new_data has a missing {name!r} in row "
                f"{show(new_data.index[new_data[name].isna()][0])}"
            )
    matrix = _matrix(data, new_data, names[0])
    estimate = matrix @ inference.beta
    if interval is None:
        return pd.DataFrame({"estimate": estimate}, index=new_data.index)
    table = inference.table(matrix, conf_level)
    if interval == "confidence":
        table.index = new_data.index
        return table[["estimate", "std_error", "df", "conf_low", "conf_high"]]
    variance, slopes = _outcome_variance(data, inference, structure, names, new_data)
    total = table["std_error"].to_numpy() ** 2 + variance
    df = _total_df(inference, matrix, table, variance, slopes)
    half = stdtrit(df, 0.5 + conf_level / 2.0) * np.sqrt(total)
    return pd.DataFrame(
        {
            "estimate": estimate,
            "std_error": np.sqrt(total),
            "df": df,
            "conf_low": estimate - half,
            "conf_high": estimate + half,
        },
        index=new_data.index,
    )


def _matrix(data: ModelData, new_data: pd.DataFrame, visit: str) -> Array:
    try:
        return data.design.matrix(new_data)
    except UnknownLevelError as error:
        factor = data.design.factors.get(visit)
        if factor is not None and not new_data[visit].isin(factor.levels).all():
            raise UnknownVisitError(str(error)) from error
        raise


def _outcome_variance(
    data: ModelData,
    inference: Inference,
    structure: Structure,
    names: tuple[str, str | None],
    new_data: pd.DataFrame,
) -> tuple[Array, Array]:
    """Variance of one observation in each row (n,), and its derivatives in theta (n, k)."""
    visit, group = names
    scale = inference.products.scale**2
    if structure.spatial:
        position = np.zeros(len(new_data), dtype=np.intp)
    else:
        position = pd.Index(data.visits).get_indexer(pd.Index(new_data[visit]))
        if (position < 0).any():
            odd = new_data[visit][position < 0].iloc[0]
            raise UnknownVisitError(
                f"visit {show(odd)} is none of the model's visits: "
                f"{', '.join(map(str, data.visits))}"
            )
    if group is None:
        member = np.zeros(len(new_data), dtype=np.intp)
    else:
        member = pd.Index(data.groups).get_indexer(pd.Index(new_data[group]))
        if (member < 0).any():
            odd = new_data[group][member < 0].iloc[0]
            raise UnknownLevelError(f"{show(odd)} is none of the covariance groups {data.groups}")
    thetas = np.split(inference.optimum.theta, len(data.groups))
    k = thetas[0].size
    variance = np.empty(len(new_data))
    slopes = np.zeros((len(new_data), inference.optimum.theta.size))
    times = np.zeros((1, structure.n_visits)) if structure.spatial else None
    for index, theta in enumerate(thetas):
        covariance = structure.derivatives(theta, times)
        sigma, first = covariance.sigma, covariance.first
        if structure.spatial:
            sigma, first = sigma[0], first[0]
        rows = member == index
        at = position[rows]
        variance[rows] = scale * np.diag(sigma)[at]
        slopes[rows, index * k : (index + 1) * k] = scale * first[:, at, at].T
    return variance, slopes


def _total_df(
    inference: Inference, matrix: Array, table: pd.DataFrame, variance: Array, slopes: Array
) -> Array:
    if inference.df in ("residual", "between-within"):
        return table["df"].to_numpy()
    rotated = matrix @ inference.back
    pulled = rotated @ inference.optimum.value.phi
    mean_slopes = inference._slopes(pulled)
    total = np.einsum("rp,rp->r", pulled, rotated) + variance
    slope = mean_slopes + slopes
    spread = np.einsum("ri,ij,rj->r", slope, inference.optimum.theta_covariance, slope)
    return 2.0 * total**2 / spread
