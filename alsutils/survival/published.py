"""Reading patients back out of a printed curve: this study's own, for a try."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.stats.hazards import HazardFitError, cox
from alsutils.stats.survival import (
    ReconstructionError,
    at_risk,
    click_curve,
    quantile,
    reconstruct,
    restricted_mean,
)
from alsutils.study import Study
from alsutils.survival.analysis import round_times, shown_steps
from alsutils.survival.hazards import indicators
from alsutils.survival.telling import horizon_of, own_times, telling
from alsutils.survival.times import Times, few_arms, times

OWN, READ = "The patients", "Read off the curve"


@dataclass(frozen=True)
class ReadBack:
    """A curve as printed, and the patients read back out of it.

    Attributes
    ----------
    curves : DataFrame
        ``source`` (OWN or READ), ``arm``, ``time``, ``estimate``.
    frame : DataFrame
        One row an arm: ``arm``, ``n``, ``clicks``, ``events``, ``events_read``, ``median``,
        ``median_read``, ``mean``, ``mean_read`` (restricted), ``gap`` (largest difference of the
        curves at the clicks).
    ratios : DataFrame
        One row a treated arm: ``treated``, ``own`` and ``read``, each with ``_low`` and ``_high``
        (unadjusted hazard ratios); empty where there are none.
    clicks : DataFrame
        The first arm's clicks, ``time`` and ``share``, as a reader would make them.
    endpoint, unit : str
        What the curve is of.
    horizon : float
        Of the restricted means.
    """

    curves: pd.DataFrame
    frame: pd.DataFrame
    ratios: pd.DataFrame
    clicks: pd.DataFrame
    endpoint: str
    unit: str
    horizon: float


def read_back(study: Study) -> ReadBack | None:
    """Click points off the first event's curves and reconstruct the patients.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    ReadBack or None
        None where there is no curve that falls.

    References
    ----------
    Guyot P, Ades AE, Ouwens MJNM, Welton NJ. BMC Med Res Methodol 2012;12:9.
    """
    data = next(iter(times(study)), None)
    if data is None or not data.frame["event"].any():
        return None
    end = max(curve.last for curve in data.curves.values())
    grid, horizon = round_times(end, data.endpoint.unit), horizon_of(study, data)
    told = telling(study, data)
    drawn, rows, people, clicks = [], [], [], []
    for arm, curve in data.curves.items():
        own = shown_steps(study, curve.frame, end, told, arm)
        if own.empty:
            continue
        # A reader clicks after each step, or at even distances where steps are not to be seen.
        points = own[["time", "estimate"]].rename(columns={"estimate": "share"})
        if own is curve.frame:
            points = click_curve(curve)
        watched = [t for t in grid if t <= curve.last]
        try:
            found = reconstruct(
                points["time"],
                points["share"],
                watched,
                at_risk(curve, watched),
                curve.events,
                study.conf_level,
            )
        except ReconstructionError:
            continue
        again = shown_steps(study, found.curve.frame, end, told, arm)
        for source, frame in ((OWN, own), (READ, again)):
            drawn.append(frame[["time", "estimate"]].assign(source=source, arm=arm))
        people.append(found.frame.assign(arm=arm))
        clicks.append(points)
        read = found.curve
        reach = min(horizon, read.last, curve.last)
        rows.append(
            {
                "arm": arm,
                "n": curve.n,
                "clicks": len(points),
                "events": curve.events,
                "events_read": read.events,
                "median": quantile(curve).estimate,
                "median_read": quantile(read).estimate,
                "mean": restricted_mean(curve, reach).estimate,
                "mean_read": restricted_mean(read, reach).estimate,
                "gap": found.gap,
            }
        )
    if not rows:
        return None
    frame = own_times(study, pd.DataFrame(rows), ["median", "median_read"], end)
    return ReadBack(
        pd.concat(drawn, ignore_index=True),
        frame,
        _ratios(study, data, pd.concat(people, ignore_index=True)),
        clicks[0],
        data.endpoint.label,
        data.endpoint.unit,
        horizon,
    )


def _ratios(study: Study, data: Times, people: pd.DataFrame) -> pd.DataFrame:
    """Give each treated arm's hazard ratio from the patients and from those read back."""
    rows = []
    silent = few_arms(study, data.frame)
    for arm in study.treated:
        if {arm, study.control} & set(silent):
            continue
        row: dict[str, object] = {"treated": arm}
        for name, whole in (("own", data.frame), ("read", people)):
            frame = whole[whole["arm"].isin([study.control, arm])]
            try:
                fit = cox(frame["time"], frame["event"], indicators(frame, [arm]), study.conf_level)
            except (HazardFitError, ValueError):
                break
            log = fit.frame.iloc[0]
            ends = {"": "estimate", "_low": "conf_low", "_high": "conf_high"}
            row |= {f"{name}{end}": float(np.exp(log[c])) for end, c in ends.items()}
        else:
            rows.append(row)
    return pd.DataFrame(rows)
