"""Numbers written in place of values below a limit, and what that does to a comparison."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alsutils.stats.censored.regression import many_censored_fits

Floats = NDArray[np.float64]
Rule = Literal["half", "root", "zero", "limit"]

SUBSTITUTES: dict[Rule, float] = {"half": 0.5, "root": 0.5**0.5, "zero": 0.0, "limit": 1.0}
"""Share of the limit that each rule writes for a value below it."""


def substitute(values: ArrayLike, below: ArrayLike, rule: Rule = "half") -> Floats:
    """Write a share of the limit for each value below it.

    Parameters
    ----------
    values : array_like, any shape
        Measured concentrations; for those below, their limit.
    below : array_like of bool, same shape
        Whether the value is below the limit.
    rule : {"half", "root", "zero", "limit"}
        Half the limit, the limit over the square root of 2, nothing, or the limit itself.

    Returns
    -------
    ndarray
        In the unit of the values.

    Raises
    ------
    ValueError
        If the rule is unknown.

    References
    ----------
    Hornung RW, Reed LD. Estimation of average concentration in the presence of nondetectable
    values. Appl Occup Environ Hyg 1990;5:46-51.
    """
    if rule not in SUBSTITUTES:
        raise ValueError(f"rule must be one of {list(SUBSTITUTES)}, not {rule!r}")
    y = np.asarray(values, float)
    return np.where(np.asarray(below, bool), y * SUBSTITUTES[rule], y)


_COMPARED = (
    *((rule, scale) for rule in ("half", "root", "limit") for scale in ("geometric", "arithmetic")),
    ("zero", "arithmetic"),
    ("tobit", "geometric"),
)


@dataclass(frozen=True)
class SubstitutionBias:
    """What a comparison of two arms finds, by the share below the limit.

    Attributes
    ----------
    frame : DataFrame
        One row a share, rule and scale: ``share_below`` (of the control arm's distribution),
        ``rule`` ("half", "root", "limit", "zero", or "tobit" for the regression that takes values
        below the limit as just that), ``scale`` ("geometric": ratio of geometric means;
        "arithmetic": of arithmetic means), ``estimate`` (the ratio found on average, by the mean of
        its logarithm), ``std_error`` (of that mean, by the number of trials), ``expected`` (the
        same in an endless trial, by a closed form), ``bias`` (``estimate`` over the truth, less 1),
        ``coverage`` (share of intervals that hold the truth), ``rejected`` (share of intervals that
        exclude a ratio of 1) and ``fitted`` (share of trials with an estimate).
    ratio : float
        The truth, treated over control, on both scales.
    n_per_arm, n_trials : int
        Size of the trials and their number.
    """

    frame: pd.DataFrame
    ratio: float
    n_per_arm: int
    n_trials: int


def substitution_bias(
    rng: np.random.Generator,
    shares: Sequence[float] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
    n_per_arm: int = 30,
    ratio: float = 0.7,
    log_sd: float = 1.0,
    n_trials: int = 2000,
    conf_level: float = 0.95,
) -> SubstitutionBias:
    """Simulate trials of a lognormal analyte and write numbers for values below the limit.

    The same patients are looked at with a higher and higher limit.

    Parameters
    ----------
    rng : Generator
        Source of random numbers.
    shares : sequence of float
        Shares of the control arm's distribution below the limit, from 0 to under 1.
    n_per_arm : int
        Patients in each arm, 2 or more.
    ratio : float
        True ratio of the means, treated over control; 1 for no effect.
    log_sd : float
        Standard deviation of the natural logarithm of the values.
    n_trials : int
        Simulated trials.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    SubstitutionBias
        Zero has no logarithm, so that its rule is there on the arithmetic scale alone.

    Raises
    ------
    ValueError
        If a share, a size or the ratio is impossible.

    References
    ----------
    Helsel DR. Fabricating data: how substituting values for nondetects can ruin results, and what
    can be done about it. Chemosphere 2006;65:2434-2439. doi:10.1016/j.chemosphere.2006.04.051
    """
    if not all(0 <= share < 1 for share in shares):
        raise ValueError(f"shares must lie from 0 to under 1, not {list(shares)}")
    if n_per_arm < 2 or not (ratio > 0 and log_sd > 0):
        raise ValueError("two patients an arm, and a ratio and log_sd above 0, are needed")
    noise = log_sd * rng.standard_normal((2, n_trials, n_per_arm))
    trials = _Trials(noise + np.array([0.0, np.log(ratio)])[:, None, None])
    quantile = float(stats.t.ppf((1 + conf_level) / 2, 2 * n_per_arm - 2))
    rows = []
    for share in shares:
        limit = float(stats.norm.ppf(share)) * log_sd
        for rule, scale in _COMPARED:
            figures = _figures(trials.compare(limit, rule, scale), np.log(ratio), quantile)
            expected = _expected(limit, rule, scale, np.log(ratio), log_sd)
            names = {"share_below": share, "rule": rule, "scale": scale}
            rows.append({**names, **figures, "expected": expected})
    frame = pd.DataFrame(rows)
    frame.insert(5, "bias", frame["estimate"] / ratio - 1)
    return SubstitutionBias(frame, ratio, n_per_arm, n_trials)


@dataclass(frozen=True)
class _Found:
    """Log ratio and its standard error in every trial, missing where there is none."""

    log_ratio: Floats
    std_error: Floats


class _Trials:
    """Logarithms of the values, with the axes arm, trial and patient."""

    def __init__(self, logs: Floats) -> None:
        self._logs, self._values = logs, np.exp(logs)
        self._n = logs.shape[2]

    def compare(self, limit: float, rule: str, scale: str) -> _Found:
        """Estimate the log ratio in every trial, given the logarithm of the limit."""
        if rule == "tobit":
            return self._regress(limit)
        low, share = self._logs < limit, SUBSTITUTES[rule]  # type: ignore[index]
        if scale == "geometric":
            values = np.where(low, limit + np.log(share), self._logs)
            means, variances = values.mean(axis=2), values.var(axis=2, ddof=1)
            return _Found(means[1] - means[0], np.sqrt(variances.sum(axis=0) / self._n))
        values = np.where(low, share * np.exp(limit), self._values)
        means, variances = values.mean(axis=2), values.var(axis=2, ddof=1)
        # By the delta method; an arm of zeros has no ratio.
        means = np.where((means > 0).all(axis=0), means, np.nan)
        error = np.sqrt((variances / means**2).sum(axis=0) / self._n)
        return _Found(np.log(means[1] / means[0]), error)

    def _regress(self, limit: float) -> _Found:
        values = np.concatenate([self._logs[0], self._logs[1]], axis=1)
        low = values < limit
        design = np.column_stack([np.ones(2 * self._n), np.repeat([0.0, 1.0], self._n)])
        fits = many_censored_fits(
            np.where(low, -np.inf, values), np.where(low, limit, values), design
        )
        return _Found(fits.coefficients[:, 1], fits.std_error[:, 1])


def _figures(found: _Found, truth: float, quantile: float) -> dict[str, float]:
    """Sum up the trials."""
    known = np.isfinite(found.log_ratio)
    if not known.any():
        names = ("estimate", "std_error", "coverage", "rejected")
        return {**dict.fromkeys(names, np.nan), "fitted": 0.0}
    ratio, reach = found.log_ratio[known], quantile * found.std_error[known]
    estimate = float(np.exp(ratio.mean()))
    return {
        "estimate": estimate,
        "std_error": float(estimate * ratio.std() / np.sqrt(len(ratio))),
        "coverage": float((np.abs(ratio - truth) <= reach).mean()),
        "rejected": float((np.abs(ratio) > reach).mean()),
        "fitted": float(known.mean()),
    }


def _expected(limit: float, rule: str, scale: str, log_ratio: float, log_sd: float) -> float:
    """Give the ratio of the means of the distributions with the rule's number below the limit."""
    if rule == "tobit":
        return float(np.exp(log_ratio))
    share = SUBSTITUTES[rule]  # type: ignore[index]
    means = np.array([0.0, log_ratio])
    z = (limit - means) / log_sd
    under = stats.norm.cdf(z)
    if scale == "arithmetic":
        above = np.exp(means + log_sd**2 / 2) * stats.norm.sf(z - log_sd)
        total = above + share * np.exp(limit) * under
        return float(total[1] / total[0])
    written = np.where(under > 0, under * (max(limit, -1e6) + np.log(share)), 0.0)
    total = written + means * (1 - under) + log_sd * stats.norm.pdf(z)
    return float(np.exp(total[1] - total[0]))
