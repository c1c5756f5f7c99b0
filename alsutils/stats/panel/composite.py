"""One score from many changes, each counted in the direction that is good."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Composite:
    """A score for each patient.

    Attributes
    ----------
    score : ndarray, shape (n,)
        Mean of the standardised changes, each multiplied by its sign, in standard deviations of a
        single change; missing for a patient with too few of them.
    weights : DataFrame
        One row a column that counts: ``column``, ``sign``, ``n`` (patients who have it), ``sd``
        (of the change) and ``weight`` (share of the score of a patient who has all; they add up
        to 1).
    left_out : tuple of str
        Columns with a sign that do not vary.
    n : int
        Patients with a score.
    """

    score: Floats
    weights: pd.DataFrame
    left_out: tuple[str, ...]
    n: int


def signed_composite(
    changes: pd.DataFrame,
    signs: Mapping[str, float],
    weights: Mapping[str, float] | None = None,
    smallest_share: float = 0.5,
) -> Composite:
    """Combine changes into one score, with the weights shown.

    Each change is divided by its standard deviation over the patients of all arms, multiplied by
    its sign, and averaged over those a patient has. It is not centred, so that 0 stays no change.

    Parameters
    ----------
    changes : DataFrame, shape (n, k)
        A row a patient, a column a change, such as the log ratio to baseline; may be missing.
    signs : mapping of str to float
        By column: 1 where a rise is good (anti-inflammatory), -1 where it is bad
        (pro-inflammatory), 0 or no entry where it does not count.
    weights : mapping of str to float, optional
        How much each column counts, above 0; equally by default.
    smallest_share : float
        Share of the weight that a patient must have for a score.

    Returns
    -------
    Composite
        No patient has a score where no column counts.

    Raises
    ------
    ValueError
        If a sign is none of -1, 0 and 1, a weight is not above 0, or the share is impossible.

    References
    ----------
    O'Brien PC. Procedures for comparing samples with multiple endpoints. Biometrics
    1984;40:1079-1087.
    """
    if not set(signs.values()) <= {-1, 0, 1}:
        raise ValueError(f"signs must be -1, 0 or 1, not {sorted(set(signs.values()))}")
    if weights is not None and not all(weights[name] > 0 for name in weights):
        raise ValueError("weights must be above 0; give a column the sign 0 to leave it out")
    if not 0 <= smallest_share <= 1:
        raise ValueError(f"smallest_share must lie from 0 to 1, not {smallest_share}")
    chosen = [name for name in changes.columns if signs.get(name, 0) != 0]
    values = changes[chosen].to_numpy(float)
    seen = ~np.isnan(values)
    spread = changes[chosen].std().to_numpy(float)
    varies = spread > 0
    sign = np.array([signs[name] for name in chosen], dtype=float)
    given = np.array([1.0 if weights is None else weights.get(name, 1.0) for name in chosen])
    names, values, seen = np.array(chosen, dtype=object)[varies], values[:, varies], seen[:, varies]
    sign, given, spread = sign[varies], given[varies], spread[varies]
    standard = np.where(seen, values / spread * sign, 0.0)
    present = seen @ given
    share = present / given.sum() if len(given) else present
    enough = (present > 0) & (share >= smallest_share - 1e-12)
    score = np.full(len(changes), np.nan)
    score[enough] = (standard @ given)[enough] / present[enough]
    table = pd.DataFrame(
        {
            "column": names,
            "sign": sign.astype(int),
            "n": seen.sum(axis=0),
            "sd": spread,
            "weight": given / given.sum() if len(given) else given,
        }
    )
    left_out = tuple(name for name, kept in zip(chosen, varies, strict=True) if not kept)
    return Composite(score, table, left_out, int(enough.sum()))


def residuals(values: ArrayLike, covariates: ArrayLike) -> Floats:
    """Take a covariate out of every column, whatever the arm.

    Permutation tests of what is left compare the arms with the covariate held equal.

    Parameters
    ----------
    values : array_like, shape (n, k)
        A row a patient; may be missing.
    covariates : array_like, shape (n, k) or (n,)
        The covariate of each column, such as its baseline, or one for all; may be missing.

    Returns
    -------
    ndarray, shape (n, k)
        Residuals of the regression of each column on a constant and its covariate, missing where
        either is. Where fewer than three patients have both or the covariate does not vary, the
        column less its mean.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    References
    ----------
    Rosenbaum PR. Covariance adjustment in randomized experiments and observational studies. Stat
    Sci 2002;17:286-327. doi:10.1214/ss/1042727942
    """
    y = np.asarray(values, float)
    x = np.asarray(covariates, float)
    if y.ndim != 2 or x.shape not in (y.shape, y.shape[:1]):
        raise ValueError(f"covariates of {x.shape} do not fit values of {y.shape}")
    x = np.broadcast_to(x[:, None] if x.ndim == 1 else x, y.shape)
    seen = ~(np.isnan(y) | np.isnan(x))
    n = np.maximum(seen.sum(axis=0), 1)
    v = np.where(seen, y, 0.0)
    v = np.where(seen, v - v.sum(axis=0) / n, 0.0)
    u = np.where(seen, x, 0.0)
    size = (u**2).sum(axis=0)
    u = np.where(seen, u - u.sum(axis=0) / n, 0.0)
    spread = (u**2).sum(axis=0)
    able = (n >= 3) & (spread > 1e-20 * size)
    slope = np.where(able, (u * v).sum(axis=0) / np.where(able, spread, 1.0), 0.0)
    return np.where(seen, v - slope * u, np.nan)
