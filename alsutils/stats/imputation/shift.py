"""How the analysis answers to a number added to every imputed outcome of an arm.

A delta moves imputed outcomes only, and an analysis of covariance is linear in the outcomes. So
an estimate is a straight line in the deltas, for the full data, for each leave-one-out sample and
for each imputation alike: nothing needs to be imputed again. Standard errors follow exactly, by
the jackknife of the shifted replicates or by Rubin's rules.

Functionals of the coefficients are numbered: first each treated arm less the control (a - 1 of
them), then the mean of each arm (a of them), at average covariates.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from alsutils.stats.imputation.rubin import interval_frame, total_variance
from alsutils.stats.imputation.trial import Array, Trial


@dataclass(frozen=True)
class Answers:
    """Estimates at G pairs of deltas: each an array of shape (G,)."""

    estimate: Array
    std_error: Array
    df: Array


class Shift(Protocol):
    """What the tipping point needs of a result."""

    def at(self, visit: int, functional: int, delta: Array) -> Answers:
        """Answer at deltas of shape (G, a), one column an arm."""
        ...


@dataclass(frozen=True)
class JackknifeShift:
    """Conditional-mean imputation with the jackknife.

    Attributes
    ----------
    estimate : array, shape (m, k)
        Of each functional at each visit, nothing added.
    slope : array, shape (m, k, a)
        Change for each unit added to an arm's imputed outcomes.
    replicate, replicate_slope : arrays, shape (G, m, k) and (G, m, k, a)
        The same with each group of subjects left out in turn, mostly a group of one.
    """

    estimate: Array
    slope: Array
    replicate: Array
    replicate_slope: Array

    def at(self, visit: int, functional: int, delta: Array) -> Answers:
        """Answer at deltas of shape (G, a)."""
        n = len(self.replicate)
        estimate = self.estimate[visit, functional] + delta @ self.slope[visit, functional]
        # replicates as distances from their mean, which are linear in delta too
        start = self.replicate[:, visit, functional]
        slope = self.replicate_slope[:, visit, functional]
        start, slope = start - start.mean(), slope - slope.mean(axis=0)
        square = (
            start @ start
            + 2.0 * delta @ (slope.T @ start)
            + np.einsum("ga,ab,gb->g", delta, slope.T @ slope, delta)
        )
        variance = (n - 1) / n * np.maximum(square, 0.0)
        return Answers(estimate, np.sqrt(variance), np.full(len(delta), np.inf))


@dataclass(frozen=True)
class RubinShift:
    """Multiple imputation.

    Attributes
    ----------
    estimates : array, shape (B, m, k)
        Of each functional in each imputation.
    slope : array, shape (m, k, a)
        Change for each unit added; the same in every imputation, so the variance between
        imputations does not depend on delta.
    squares : array, shape (B, m)
        Residual sums of squares.
    crossed : array, shape (B, m, a)
        Sums of the residuals of the imputed outcomes of each arm.
    curvature : array, shape (m, a, a)
        Residual cross-products of the indicators of imputed outcomes.
    leverage : array, shape (k,)
        Variance of each functional for a residual variance of one.
    df : float
        Residual degrees of freedom of the complete-data analysis.
    n_holes : array, shape (m,)
        Imputed outcomes at each visit; where there are none, nothing is pooled.
    """

    estimates: Array
    slope: Array
    squares: Array
    crossed: Array
    curvature: Array
    leverage: Array
    df: float
    n_holes: Array

    def at(self, visit: int, functional: int, delta: Array) -> Answers:
        """Answer at deltas of shape (G, a)."""
        values = self.estimates[:, visit, functional]
        estimate = values.mean() + delta @ self.slope[visit, functional]
        square = (
            self.squares[:, visit].mean()
            + 2.0 * delta @ self.crossed[:, visit].mean(axis=0)
            + np.einsum("ga,ab,gb->g", delta, self.curvature[visit], delta)
        )
        within = self.leverage[functional] * np.maximum(square, 0.0) / self.df
        if not self.n_holes[visit]:
            return Answers(estimate, np.sqrt(within), np.full(len(delta), self.df))
        between = np.full(len(delta), values.var(ddof=1))
        spread = total_variance(within, between, len(values), self.df)
        return Answers(estimate, np.sqrt(spread.total), spread.df)


def contrast_frame(
    trial: Trial, shift: Shift, delta: Array, conf_level: float, method: str
) -> pd.DataFrame:
    """Each treated arm less the control at each visit, under deltas of shape (a, m)."""
    return _frame(trial, shift, delta, conf_level, method, range(len(trial.arms) - 1), 1)


def mean_frame(
    trial: Trial, shift: Shift, delta: Array, conf_level: float, method: str
) -> pd.DataFrame:
    """Return each arm's mean at each visit, at average covariates."""
    a = len(trial.arms)
    return _frame(trial, shift, delta, conf_level, method, range(a - 1, 2 * a - 1), 0)


def _frame(
    trial: Trial,
    shift: Shift,
    delta: Array,
    conf_level: float,
    method: str,
    functionals: range,
    first_arm: int,
) -> pd.DataFrame:
    parts, visits, arms = [], [], []
    for j, visit in enumerate(trial.visits):
        for arm, functional in enumerate(functionals, start=first_arm):
            answer = shift.at(j, functional, delta[:, j][None, :])
            parts.append(interval_frame(answer.estimate, answer.std_error, answer.df, conf_level))
            visits.append(visit)
            arms.append(trial.arms[arm])
    frame = pd.concat(parts, ignore_index=True)
    frame.insert(0, "visit", pd.Categorical(visits, categories=list(trial.visits), ordered=True))
    frame.insert(1, "arm", pd.Categorical(arms, categories=list(trial.arms)))
    return frame.assign(method=method)
