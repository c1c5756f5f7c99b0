"""Bootstrap intervals of a correlation, bias-corrected and accelerated."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alsutils.stats.correlation.coefficients import Kind, checked_pairs

Floats = NDArray[np.float64]

_SMALLEST = 5  # pairs below which most samples repeat each other
_CELLS = 4_000_000  # numbers held at once


@dataclass(frozen=True)
class BootstrapCorrelation:
    """A correlation with bootstrap intervals.

    Attributes
    ----------
    kind : {"pearson", "spearman", "kendall"}
        Which correlation.
    estimate : float
        Missing with fewer than five pairs or where a variable does not vary.
    std_error, bias : float
        Standard deviation of the replicates, and their mean less the estimate.
    conf_low, conf_high : float
        Bias-corrected and accelerated limits (BCa); missing where the estimate is beyond all
        replicates, as with a perfect correlation.
    percentile_low, percentile_high : float
        Quantiles of the replicates.
    bias_correction, acceleration : float
        By which BCa shifts the percentiles, z0 and a of the paper.
    n, n_resamples, undefined : int
        Pairs, samples drawn, and samples left out because a variable did not vary in them.
    """

    kind: Kind
    estimate: float
    std_error: float
    bias: float
    conf_low: float
    conf_high: float
    percentile_low: float
    percentile_high: float
    bias_correction: float
    acceleration: float
    n: int
    n_resamples: int
    undefined: int

    @property
    def frame(self) -> pd.DataFrame:
        """One row in the columns of every estimate."""
        return pd.DataFrame([self.__dict__])


def bootstrap_correlation(
    x: ArrayLike,
    y: ArrayLike,
    rng: np.random.Generator | None = None,
    kind: Kind = "pearson",
    given: ArrayLike | None = None,
    n_resamples: int = 4000,
    conf_level: float = 0.95,
    resamples: ArrayLike | None = None,
) -> BootstrapCorrelation:
    """Draw pairs again with replacement and correlate each sample.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Finite values, a pair each.
    rng : Generator
        Source of random numbers; not needed with ``resamples``.
    kind : {"pearson", "spearman", "kendall"}
        Which correlation.
    given : array_like, shape (n,) or (n, q), optional
        Variables to hold equal (a partial correlation; not Kendall's).
    n_resamples : int
        Samples to draw, 2 or more.
    conf_level : float
        Level of the intervals.
    resamples : array_like of int, shape (m, n), optional
        Samples to use instead, as positions from 0.

    Returns
    -------
    BootstrapCorrelation
        The acceleration is the jackknife's.

    Raises
    ------
    ValueError
        As in `partial_correlation`, or without random numbers or samples.

    References
    ----------
    Efron B. Better bootstrap confidence intervals. J Am Stat Assoc 1987;82:171-185. Davison AC,
    Hinkley DV. Bootstrap Methods and their Application. Cambridge University Press 1997, section
    5.3.2 and equation 5.8 (interpolation of the quantiles).
    """
    a, b = checked_pairs(x, y, kind)
    n = len(a)
    others = np.empty((n, 0)) if given is None else np.asarray(given, float).reshape(n, -1)
    if kind == "kendall" and others.shape[1]:
        raise ValueError("a partial correlation is 'pearson' or 'spearman', not 'kendall'")
    if not np.isfinite(others).all():
        raise ValueError("given must be finite")
    if resamples is not None:
        samples = np.asarray(resamples, dtype=np.intp)
    elif rng is None:
        raise ValueError("give rng=numpy.random.default_rng(seed), or the resamples")
    else:
        samples = rng.integers(n, size=(n_resamples, n)) if n else np.empty((0, 0), dtype=np.intp)
    table = np.column_stack([a, b, others])
    if n < _SMALLEST + others.shape[1] or np.ptp(a) == 0 or np.ptp(b) == 0:
        nan = np.nan
        return BootstrapCorrelation(
            kind, nan, nan, nan, nan, nan, nan, nan, nan, nan, n, len(samples), 0
        )
    estimate = float(_correlations(table, np.arange(n)[None], kind)[0])
    every = _correlations(table, samples, kind)
    replicates = np.sort(every[~np.isnan(every)])
    # Leaving out one at a time: row i holds all but i.
    without = np.arange(n)[None, :-1] + (np.arange(n - 1)[None, :] >= np.arange(n)[:, None])
    pull = _correlations(table, without, kind)
    pull = np.nanmean(pull) - pull
    weight = np.nansum(pull**2) ** 1.5
    acceleration = float(np.nansum(pull**3) / (6 * weight)) if weight > 0 else 0.0
    tails = np.array([(1 - conf_level) / 2, (1 + conf_level) / 2])
    correction = float(stats.norm.ppf((replicates < estimate).mean()))
    low = high = np.nan
    if np.isfinite(correction):
        shifted = correction + stats.norm.ppf(tails)
        adjusted = stats.norm.cdf(correction + shifted / (1 - acceleration * shifted))
        low, high = _quantiles(replicates, adjusted)
    percentile_low, percentile_high = _quantiles(replicates, tails)
    return BootstrapCorrelation(
        kind=kind,
        estimate=estimate,
        std_error=float(replicates.std(ddof=1)),
        bias=float(replicates.mean() - estimate),
        conf_low=low,
        conf_high=high,
        percentile_low=percentile_low,
        percentile_high=percentile_high,
        bias_correction=correction,
        acceleration=acceleration,
        n=n,
        n_resamples=len(samples),
        undefined=len(samples) - len(replicates),
    )


def _correlations(table: Floats, samples: NDArray[np.intp], kind: Kind) -> Floats:
    """Correlate the first two columns in every sample, the others held equal."""
    size = samples.shape[1]
    width = size * (size - 1) // 2 if kind == "kendall" else size * table.shape[1]
    step = max(1, _CELLS // width)
    parts = []
    for start in range(0, len(samples), step):
        drawn = table[samples[start : start + step]]
        if kind == "spearman":
            drawn = stats.rankdata(drawn, axis=1)
        parts.append(_signs(drawn) if kind == "kendall" else _partials(drawn))
    return np.concatenate(parts)


def _partials(drawn: Floats) -> Floats:
    """Give the partial correlation from the inverse of each covariance matrix."""
    centred = drawn - drawn.mean(axis=1, keepdims=True)
    products = np.swapaxes(centred, 1, 2) @ centred
    sizes = np.diagonal(products, axis1=1, axis2=2)
    scale = np.sqrt(sizes[:, :, None] * sizes[:, None, :])
    flat = ~(sizes > 1e-20 * (drawn**2).sum(axis=1)).all(axis=1)
    scale[flat] = 1.0
    matrix = products / scale
    if drawn.shape[2] == 2:
        found = matrix[:, 0, 1].copy()
    else:
        flat |= np.linalg.eigvalsh(matrix)[:, 0] < 1e-10
        matrix[flat] = np.eye(drawn.shape[2])
        inverse = np.linalg.inv(matrix)
        found = -inverse[:, 0, 1] / np.sqrt(inverse[:, 0, 0] * inverse[:, 1, 1])
    found[flat] = np.nan
    return np.clip(found, -1.0, 1.0)


def _signs(drawn: Floats) -> Floats:
    """Kendall's tau-b of each sample."""
    i, j = np.triu_indices(drawn.shape[1], 1)
    first, second = (np.sign(drawn[:, i, c] - drawn[:, j, c]) for c in (0, 1))
    scale = np.sqrt((first != 0).sum(axis=1) * (second != 0).sum(axis=1).astype(float))
    agree = (first * second).sum(axis=1)
    return np.divide(agree, scale, out=np.full(len(scale), np.nan), where=scale > 0)


def _quantiles(replicates: Floats, tails: Floats) -> tuple[float, float]:
    """Interpolate between order statistics on the normal scale, as R's boot does."""
    m = len(replicates)
    found = []
    for tail in tails:
        k = int(np.floor((m + 1) * tail))
        if k < 1 or k >= m:
            found.append(float(replicates[0 if k < 1 else -1]))
            continue
        at, left, right = stats.norm.ppf([tail, k / (m + 1), (k + 1) / (m + 1)])
        share = (at - left) / (right - left)
        found.append(float(replicates[k - 1] + share * (replicates[k] - replicates[k - 1])))
    return found[0], found[1]
