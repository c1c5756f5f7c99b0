"""What "no difference" excludes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alsutils.stats.absence import (
    HazardPosteriors,
    LogRatioPrior,
    enthusiastic_prior,
    hazard_posteriors,
    no_opinion,
    ratios_inside,
    sceptical_prior,
    second_generation_p,
)
from alsutils.stats.power import power_of_events
from alsutils.study import Study
from alsutils.study.config import TimeToEvent
from alsutils.survival.hazards import UNADJUSTED
from alsutils.survival.times import Figures, Pair, pairs, times

SUPPOSED_RATIO = 0.7  # a hazard ratio that a trial would be glad to find
TARGET_POWER = 0.8
DOUBT = 0.05  # a sceptic's probability of the supposed ratio or better, an enthusiast's of none
ALIKE = 0.9  # ratios from it to its reciprocal are too near 1 to matter
POSTERIOR = "hazard ratio, posterior"
SECOND = "second-generation p-value"
_POINTS = 81  # of a density
_LADDER = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)  # round ratios, and so their reciprocals


@dataclass(frozen=True)
class Inside:
    """The hazard ratios that an interval holds.

    Attributes
    ----------
    curve : DataFrame
        One row an event, treated arm and ratio of a grid over the interval: ``endpoint``,
        ``treated``, ``ratio``, ``power``, ``events_needed``.
    frame : DataFrame
        The same at round ratios and at the limits, with ``events`` of the trial.
    """

    curve: pd.DataFrame
    frame: pd.DataFrame


@dataclass(frozen=True)
class Beliefs:
    """What a sceptic, an enthusiast and somebody without an opinion should believe.

    Attributes
    ----------
    frame : DataFrame
        Results, one row an event, treated arm and ``prior``: posterior median ratio with credible
        limits, ``p_better`` (of a ratio on the hoped-for side of 1), ``p_worthwhile`` (of the
        supposed ratio or better), ``prior_events`` and ``worthwhile``.
    curves : DataFrame
        ``endpoint``, ``treated``, ``prior``, ``which`` (prior, trial or posterior), ``ratio``,
        ``density``.
    """

    frame: pd.DataFrame
    curves: pd.DataFrame


def worthwhile(endpoint: TimeToEvent) -> float:
    """Give the hazard ratio that a trial would be glad to find: above 1 for a good event."""
    return 1 / SUPPOSED_RATIO if endpoint.hoped_for else SUPPOSED_RATIO


def power(study: Study) -> Figures | None:
    """Say what the events could show: power for a hazard ratio, and the ratio they can find.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Figures or None
        One row an event and treated arm: ``events``, ``ratio`` (supposed), ``power``,
        ``detectable_ratio``, ``target``, ``events_needed``; without what may not be told.
    """
    rows: list[dict[str, Any]] = []
    for data in times(study):
        ratio = worthwhile(data.endpoint)
        for pair in pairs(study, data):
            row = {
                **pair.names,
                "analysis": f"power of the log-rank test for a hazard ratio of {ratio:.2g}",
                "events": np.nan if pair.few else int(pair.frame["event"].sum()),
                "few": pair.few,
            }
            if pair.is_whole:
                share = float(pair.treated.mean())
                given = power_of_events(int(row["events"]), share, ratio, study.alpha, TARGET_POWER)
                row |= given.frame.iloc[0].to_dict() | {"estimate": given.power}
            rows.append(row)
    return Figures(pd.DataFrame(rows)) if rows else None


def inside(study: Study, ratios: Figures | None) -> Inside | None:
    """Give the power for each hazard ratio inside the unadjusted interval, and the events needed.

    Parameters
    ----------
    study : Study
        The trial.
    ratios : Figures or None
        From `alsutils.survival.hazard_ratios`.

    Returns
    -------
    Inside or None
        None where there is no interval.
    """
    curves, rows = [], []
    for pair, row in _estimated(study, ratios):
        low, high = row["conf_low"], row["conf_high"]
        events, share = int(pair.frame["event"].sum()), float(pair.treated.mean())
        about = {key: pair.names[key] for key in ("endpoint", "contrast", "treated")}
        fixed = (low, high, events, share, study.alpha, TARGET_POWER)
        curves.append(ratios_inside(*fixed).frame.assign(**about))
        ladder = [*_LADDER, 1.0, *(1 / r for r in reversed(_LADDER))]
        round_ = sorted({low, *(r for r in ladder if low < r < high), high})
        found = ratios_inside(*fixed, ratios=round_).frame
        rows.append(found.assign(events=events, **about))
    if not rows:
        return None
    return Inside(pd.concat(curves, ignore_index=True), pd.concat(rows, ignore_index=True))


def beliefs(study: Study, ratios: Figures | None) -> Beliefs | None:
    """Combine the unadjusted hazard ratio with what people may have believed before.

    Parameters
    ----------
    study : Study
        The trial.
    ratios : Figures or None
        From `alsutils.survival.hazard_ratios`.

    Returns
    -------
    Beliefs or None
        None where there is no hazard ratio.

    References
    ----------
    Spiegelhalter DJ, Freedman LS, Parmar MKB. Bayesian approaches to randomized trials. J R Stat
    Soc A 1994;157:357-416.
    """
    hoped = {t.label: worthwhile(t) for t in study.config.time_to_event}
    rows, curves = [], []
    for pair, row in _estimated(study, ratios):
        wanted = hoped[pair.names["endpoint"]]
        found = _posteriors(row, wanted, study.conf_level)
        shown = found.frame.assign(**pair.names, analysis=POSTERIOR, worthwhile=wanted)
        better = shown["p_below_one"] if wanted < 1 else 1 - shown["p_below_one"]
        rows.append(shown.assign(p_better=better))
        about = {key: pair.names[key] for key in ("endpoint", "treated")}
        curves.append(found.density(_POINTS).assign(**about))
    if not rows:
        return None
    return Beliefs(pd.concat(rows, ignore_index=True), pd.concat(curves, ignore_index=True))


def second_generation(study: Study, ratios: Figures | None) -> Figures | None:
    """Say which part of the unadjusted interval means ratios too near 1 to matter.

    Parameters
    ----------
    study : Study
        The trial.
    ratios : Figures or None
        From `alsutils.survival.hazard_ratios`.

    Returns
    -------
    Figures or None
        One row an event and treated arm: ``estimate`` (the second-generation p-value) and ``gap``;
        None where there is no interval.

    References
    ----------
    Blume JD et al. PLoS One 2018;13:e0188299.
    """
    rows = []
    for pair, row in _estimated(study, ratios):
        ends = np.log([row["conf_low"], row["conf_high"], ALIKE, 1 / ALIKE])
        found = second_generation_p(*(float(end) for end in ends))
        figures = {"estimate": found.p_value, "gap": found.gap}
        rows.append({**pair.names, "analysis": SECOND, **figures})
    return Figures(pd.DataFrame(rows)) if rows else None


def _estimated(study: Study, ratios: Figures | None) -> Iterator[tuple[Pair, dict[str, Any]]]:
    """Yield each pair of arms with its unadjusted hazard ratio, where it has one."""
    if ratios is None or "estimate" not in ratios.frame:
        return
    plain = ratios.frame[ratios.frame["analysis"] == UNADJUSTED].dropna(subset=["estimate"])
    known = {(r["endpoint"], r["treated"]): r for r in plain.to_dict("records")}
    for data in times(study):
        for pair in pairs(study, data):
            key = (data.endpoint.label, pair.names["treated"])
            if key in known:
                yield pair, {str(name): value for name, value in known[key].items()}


def _posteriors(row: dict[str, Any], wanted: float, conf_level: float) -> HazardPosteriors:
    """Combine one ratio with the three priors."""
    priors: list[LogRatioPrior] = [
        no_opinion(),
        sceptical_prior(wanted, DOUBT),
        enthusiastic_prior(wanted, DOUBT),
    ]
    log_ratio = float(np.log(row["estimate"]))
    return hazard_posteriors(log_ratio, row["std_error"], priors, wanted, conf_level)
