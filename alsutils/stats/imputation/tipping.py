"""Tipping point: how much worse the missing outcomes would have to be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from alsutils.stats.imputation.conditional_mean import ConditionalMeanImputation
from alsutils.stats.imputation.multiple import MultipleImputation
from alsutils.stats.imputation.rubin import interval_frame, two_sided_p
from alsutils.stats.imputation.shift import Answers
from alsutils.stats.imputation.trial import Array, ImputationError

# In units of delta, relative to the width of the grid.
_ROOT_TOLERANCE = 1e-10


@dataclass(frozen=True)
class TippingPoint:
    """The comparison with a number added to imputed outcomes of either arm.

    Attributes
    ----------
    frame : DataFrame
        One row a treated arm and pair of deltas: ``visit``, ``arm``, ``delta_control``,
        ``delta_treated``, ``estimate``, ``std_error``, ``df``, ``statistic``, ``p_value``,
        ``conf_low``, ``conf_high``, ``significant`` (p below alpha), ``method``.
    contour : DataFrame
        Where p equals alpha: ``visit``, ``arm``, ``delta_control``, ``delta_treated``,
        ``estimate``. One row for each time p crosses alpha along the grid's range of
        ``delta_treated``, at each ``delta_control`` of the grid; none where it never does.
    alpha : float
        Two-sided.
    """

    frame: pd.DataFrame
    contour: pd.DataFrame
    alpha: float


def tipping_point(
    result: ConditionalMeanImputation | MultipleImputation,
    control: ArrayLike,
    treated: ArrayLike,
    visit: Any = None,
    arms: Sequence[Any] | None = None,
    alpha: float = 0.05,
) -> TippingPoint:
    """Add every pair of deltas to the imputed outcomes and compare the arms again.

    Nothing is imputed again. A delta moves imputed outcomes and nothing else, and an analysis of
    covariance is linear in the outcomes, so each estimate is a straight line in the deltas: that
    of the full data and those of the jackknife, or that of every imputation. The standard error
    at each pair is then exactly what a new imputation with these deltas and the same draws would
    give. With multiple imputation the variance between imputations does not change with delta,
    while the residual variance within does; with the jackknife all of it is in the replicates.

    Parameters
    ----------
    result : ConditionalMeanImputation or MultipleImputation
        What the deltas are added to, usually under MAR; its own deltas are part of it.
    control, treated : array, shapes (g,) and (h,)
        Added to every imputed outcome of the control and of the treated arm, in the outcome's
        unit. Other arms stay as they are.
    visit : label, optional
        Visit to compare at; the last by default.
    arms : sequence of labels, optional
        Treated arms; all by default.
    alpha : float
        Two-sided level of significance; intervals cover 1 - alpha.

    Returns
    -------
    TippingPoint

    Raises
    ------
    ImputationError
        If there are no deltas, they are not finite, or a label is unknown.

    References
    ----------
    Yan X, Lee S, Li N. Missing data handling methods in medical device clinical trials. J
    Biopharm Stat 2009;19:1085-1098. doi:10.1080/10543400903243009
    Permutt T. Sensitivity analysis for missing data in regulatory submissions. Stat Med
    2016;35:2876-2879. doi:10.1002/sim.6753
    """
    trial = result._trial
    lows, highs = _deltas(control, "control"), _deltas(treated, "treated")
    if not 0.0 < alpha < 1.0:
        raise ImputationError(f"alpha must lie between 0 and 1, as in 0.05; got {alpha!r}")
    chosen = trial.visits[-1] if visit is None else visit
    if chosen not in trial.visits:
        raise ImputationError(f"no visit is called {chosen!r}; there are {list(trial.visits)}")
    labels = list(trial.arms[1:]) if arms is None else list(arms)
    for label in labels:
        if label not in trial.arms[1:]:
            raise ImputationError(
                f"no treated arm is called {label!r}; there are {list(trial.arms[1:])}"
            )
    position = trial.visits.index(chosen)
    frames, contours = [], []
    for label in labels:
        arm = trial.arms.index(label)
        line = _Line(result, position, arm, alpha)
        pairs = np.array([(c, t) for c in lows for t in highs])
        cells = line.at(pairs)
        cells.insert(0, "delta_control", pairs[:, 0])
        cells.insert(1, "delta_treated", pairs[:, 1])
        cells["significant"] = cells["p_value"] < alpha
        cells["method"] = result._method
        frames.append(_labelled(cells, trial, chosen, label))
        rows = [(c, t) for c in lows for t in line.crossings(c, np.unique(highs))]
        where = np.array(rows).reshape(-1, 2)
        edge = pd.DataFrame(where, columns=["delta_control", "delta_treated"])
        edge["estimate"] = line.at(where)["estimate"] if rows else pd.Series(dtype=float)
        contours.append(_labelled(edge, trial, chosen, label))
    return TippingPoint(
        frame=pd.concat(frames, ignore_index=True),
        contour=pd.concat(contours, ignore_index=True),
        alpha=alpha,
    )


@dataclass(frozen=True)
class _Line:
    """One comparison as a function of the two deltas."""

    result: ConditionalMeanImputation | MultipleImputation
    visit: int
    arm: int
    alpha: float

    def at(self, pairs: Array) -> pd.DataFrame:
        """Compare at pairs (G, 2) of deltas in the control and in the treated arm."""
        answer = self._answers(pairs)
        return interval_frame(answer.estimate, answer.std_error, answer.df, 1.0 - self.alpha)

    def _answers(self, pairs: Array) -> Answers:
        delta = np.tile(self.result._delta[:, self.visit], (len(pairs), 1))
        delta[:, 0] += pairs[:, 0]
        delta[:, self.arm] += pairs[:, 1]
        return self.result._shift.at(self.visit, self.arm - 1, delta)

    def _margin(self, pairs: Array) -> Array:
        answer = self._answers(pairs)
        return two_sided_p(answer.estimate / answer.std_error, answer.df) - self.alpha

    def crossings(self, control: float, treated: Array) -> list[float]:
        """Deltas of the treated arm, within the grid, at which p equals alpha."""

        def margin(value: float) -> float:
            return float(self._margin(np.array([[control, value]]))[0])

        pairs = np.column_stack([np.full(treated.size, control), treated])
        margins = self._margin(pairs)
        found = [float(treated[i]) for i in np.flatnonzero(margins == 0.0)]
        tolerance = _ROOT_TOLERANCE * max(float(np.ptp(treated)), 1e-12)
        for i in np.flatnonzero(margins[:-1] * margins[1:] < 0):
            found.append(float(brentq(margin, treated[i], treated[i + 1], xtol=tolerance)))
        return sorted(found)


def _deltas(values: ArrayLike, name: str) -> Array:
    array = np.atleast_1d(np.asarray(values, dtype=float))
    if array.ndim != 1 or not array.size or not np.isfinite(array).all():
        raise ImputationError(f"the deltas of {name} must be a list of finite numbers")
    return array


def _labelled(frame: pd.DataFrame, trial: Any, visit: Any, arm: Any) -> pd.DataFrame:
    size = len(frame)
    visits = pd.Categorical([visit] * size, categories=list(trial.visits), ordered=True)
    frame.insert(0, "visit", visits)
    frame.insert(1, "arm", pd.Categorical([arm] * size, categories=list(trial.arms)))
    return frame
