"""The curve of all specifications, and its test by giving the arms anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from alsutils.stats.batches import run_batches
from alsutils.stats.permutation import Redraws
from alsutils.stats.specifications.models import (
    Fits,
    pairwise,
    pooled,
    repeated,
    spread_within,
    welch,
)

Floats = NDArray[np.float64]
Model = Literal["pooled", "welch", "pairwise", "repeated"]

STATISTICS = ("median", "share_significant", "mean_z")
_LEAST_P = 1e-300  # so that the z of a tiny p stays a number


@dataclass(frozen=True, eq=False)
class Specification:
    """One way to analyse a trial of two arms.

    Attributes
    ----------
    choices : mapping of str to str
        What was chosen, by the name of the choice, in words.
    model : {"pooled", "welch", "pairwise", "repeated"}
        Least squares (a t-test without covariates), Welch's test, win odds, or a mixed model.
    outcome : ndarray, shape (n,), or (n, visits) for "repeated"
        Above is better; NaN for who is not analysed.
    covariates : ndarray, shape (n, q)
        Held equal by "pooled" and "repeated".
    scale : ndarray, shape (n,)
        Values whose spread within the arms is the unit of the estimate; not used by "pairwise".
    visit : int
        Position of the visit, for "repeated".
    by_visit : int
        Number of covariates, the first ones, that act on each visit in their own way.
    """

    choices: Mapping[str, str]
    model: Model
    outcome: Floats
    covariates: Floats
    scale: Floats
    visit: int = 0
    by_visit: int = 0

    def fit(self, treated: NDArray[np.bool_], conf_level: float = 0.95) -> Fits:
        """Analyse under each way, shape (m, n), in standard deviations."""
        return _fit_alike([self], treated, conf_level, once=False)[0]

    def data_key(self) -> tuple[object, ...]:
        """Tell analyses apart by what enters them; those of one mixed model at any visit agree."""
        held = self.covariates if self.model in ("pooled", "repeated") else self.covariates[:, :0]
        used = ~np.isnan(held).any(axis=1)
        outcome = np.where(used.reshape(-1, *[1] * (self.outcome.ndim - 1)), self.outcome, np.nan)
        return (self.model, outcome.tobytes(), held.shape, held.tobytes(), self.by_visit)


@dataclass(frozen=True, eq=False)
class CurveTest:
    """The curve under ways of giving the arms in which the treatment does nothing.

    Attributes
    ----------
    frame : DataFrame
        One row a statistic (``statistic``: STATISTICS): ``observed``, ``expected`` (mean of the
        other ways' sizes) and ``p_value``. The statistics are the median estimate, the share of
        specifications that exclude no difference on the more frequent side, and the mean z.
    draws : ndarray, shape (m, 3)
        The statistics under every way; the first row is what was done.
    n_specifications : int
        Specifications that were computed under every way.
    exact : bool
        Whether all ways were listed.
    """

    frame: pd.DataFrame
    draws: Floats
    n_specifications: int
    exact: bool


@dataclass(frozen=True, eq=False)
class SpecificationCurve:
    """All specifications, from the least to the greatest estimate.

    Attributes
    ----------
    frame : DataFrame
        One row a specification: the choices, n_control, n_treated, ``estimate`` (standard
        deviations, above 0 is better), ``std_error``, ``df``, ``p_value``, ``conf_low``,
        ``conf_high`` and ``redrawn`` (whether the test has it).
    n : int
        Specifications with an estimate.
    n_failed : int
        Specifications that the data do not allow.
    median : float
        Estimate.
    share_significant : float
        Whose p-value is below the level.
    share_above : float
        With an estimate above 0.
    test : CurveTest
        Of the whole curve.
    """

    frame: pd.DataFrame
    n: int
    n_failed: int
    median: float
    share_significant: float
    share_above: float
    test: CurveTest


def distinct(specifications: Sequence[Specification]) -> list[Specification]:
    """Keep the first of specifications that analyse the same data in the same way.

    Parameters
    ----------
    specifications : sequence of Specification
        In the order in which they are to be named.

    Returns
    -------
    list of Specification
        Counting one analysis twice would give its result twice the weight.
    """
    first: dict[tuple[object, ...], Specification] = {}
    for specification in specifications:
        first.setdefault((*specification.data_key(), specification.visit), specification)
    return list(first.values())


def specification_curve(
    specifications: Sequence[Specification],
    ways: Redraws,
    further: pd.DataFrame | None = None,
    alpha: float = 0.05,
    jobs: int = 1,
    once: bool = False,
) -> SpecificationCurve:
    """Compute every specification, and all of them again under each way of giving the arms.

    Parameters
    ----------
    specifications : sequence of Specification
        Of the same n patients.
    ways : Redraws
        Ways of giving the arms to the n patients, the first one what was done.
    further : DataFrame, optional
        Specifications that were computed elsewhere and stay out of the test, as rows of the
        curve's columns.
    alpha : float
        Two-sided level; intervals have level 1 - alpha.
    jobs : int
        Processes for the mixed models; the result is the same for any number.
    once : bool
        In the test, estimate the covariance of a mixed model once, without the arms, and take it
        for known under every way, what was done among them. The curve itself is not touched.

    Returns
    -------
    SpecificationCurve
        The test's p-values are two-sided: the share of ways, what was done among them, whose
        statistic is as large in size. If the treatment does nothing to anybody each is at most a
        given level with no more than that chance, however many specifications there are and
        however alike.

    Raises
    ------
    ValueError
        If there is no specification.

    References
    ----------
    Simonsohn U, Simmons JP, Nelson LD. Specification curve analysis. Nat Hum Behav
    2020;4:1208-1214. doi:10.1038/s41562-020-0912-z
    """
    if not specifications:
        raise ValueError("give at least one specification")
    rows, estimates, p_values = [], [], []
    every = _fit_all(specifications, ways.treated, 1 - alpha, jobs, once)
    shown = _fit_all(specifications, ways.treated[:1], 1 - alpha, jobs, False) if once else every
    for specification, fits, own in zip(specifications, every, shown, strict=True):
        estimates.append(fits.estimate)
        p_values.append(fits.p_value)
        first = {name: float(getattr(own, name)[0]) for name in _COLUMNS}
        rows.append(dict(specification.choices) | first | {"redrawn": True})
    frame = pd.DataFrame(rows)
    usable = frame[["estimate", "p_value"]].notna().all(axis=1).to_numpy()
    test = _test(np.array(estimates)[usable], np.array(p_values)[usable], alpha, ways.exact)
    if further is not None and len(further):
        frame = pd.concat([frame, further.assign(redrawn=False)], ignore_index=True)
    known = frame.dropna(subset=["estimate", "p_value"])
    known = known.sort_values("estimate", kind="stable", ignore_index=True)
    return SpecificationCurve(
        frame=known,
        n=len(known),
        n_failed=len(frame) - len(known),
        median=float(known["estimate"].median()),
        share_significant=float((known["p_value"] < alpha).mean()),
        share_above=float((known["estimate"] > 0).mean()),
        test=test,
    )


_COLUMNS = (
    "n_control",
    "n_treated",
    "estimate",
    "std_error",
    "df",
    "p_value",
    "conf_low",
    "conf_high",
)


def _fit_all(
    specifications: Sequence[Specification],
    treated: NDArray[np.bool_],
    conf_level: float,
    jobs: int,
    once: bool,
) -> list[Fits]:
    """Fit every specification; a mixed model once for all its visits, on several cores."""
    alike: dict[tuple[object, ...], list[int]] = {}
    found: dict[int, Fits] = {}
    for place, specification in enumerate(specifications):
        if specification.model == "repeated":
            alike.setdefault(specification.data_key(), []).append(place)
        else:
            found[place] = specification.fit(treated, conf_level)
    groups = list(alike.values())
    members = [[specifications[place] for place in group] for group in groups]
    work = partial(_fit_group, members, treated, conf_level, once)
    for number, fits in run_batches(work, range(len(groups)), jobs):
        found.update(zip(groups[number], fits, strict=True))
    return [found[place] for place in range(len(specifications))]


def _fit_group(
    groups: Sequence[Sequence[Specification]],
    treated: NDArray[np.bool_],
    conf_level: float,
    once: bool,
    number: int,
) -> list[Fits]:
    return _fit_alike(groups[number], treated, conf_level, once)


def _fit_alike(
    group: Sequence[Specification], treated: NDArray[np.bool_], conf_level: float, once: bool
) -> list[Fits]:
    """Fit one specification, or several of one mixed model that differ in the visit only."""
    one = group[0]
    if one.model == "pairwise":
        return [pairwise(one.outcome, treated, conf_level)]
    if one.model == "welch":
        found = [welch(one.outcome, treated, conf_level)]
    elif one.model == "pooled":
        found = [pooled(one.outcome, one.covariates, treated, conf_level)]
    else:
        own, alike = one.covariates[:, : one.by_visit], one.covariates[:, one.by_visit :]
        visits = [member.visit for member in group]
        found = repeated(one.outcome, own, alike, treated, visits, conf_level, once)
    spreads = [spread_within(member.scale, treated) for member in group]
    return [fits.divided(spread) for fits, spread in zip(found, spreads, strict=True)]


def _test(estimates: Floats, p_values: Floats, alpha: float, exact: bool) -> CurveTest:
    """Compare three summaries of the curve, shape (specifications, m), with the other ways'."""
    names = ["statistic", "observed", "expected", "p_value"]
    if len(estimates) == 0:
        return CurveTest(pd.DataFrame(columns=names), np.empty((0, 3)), 0, exact)
    some = ~(np.isnan(estimates) | np.isnan(p_values)).all(axis=0)
    estimates, p_values = estimates[:, some], p_values[:, some]
    sign = np.sign(estimates)
    known = ~np.isnan(p_values)
    counted = known.sum(axis=0)
    with np.errstate(all="ignore"):
        z = -ndtri(np.maximum(p_values, _LEAST_P) / 2) * sign
        below = p_values < alpha
        sides = [(below & (sign == side)).sum(axis=0) / counted for side in (1, -1)]
        draws = np.stack(
            [
                np.nanmedian(estimates, axis=0),
                np.maximum(*sides),
                np.nansum(z, axis=0) / counted,
            ],
            axis=1,
        )
    draws = draws[np.isfinite(draws).all(axis=1)].astype(float)
    size = np.abs(draws)
    # Ways that give the same curve may differ in the last digits.
    reached = size >= size[0] * (1 - 1e-6)
    frame = pd.DataFrame(
        {
            "statistic": STATISTICS,
            "observed": draws[0],
            "expected": size[1:].mean(axis=0) if len(size) > 1 else np.nan,
            "p_value": reached.mean(axis=0),
        }
    )
    return CurveTest(frame, draws, len(estimates), exact)
