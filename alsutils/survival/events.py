"""What counts as the event: its definition, kinds of it that compete, and the states between."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alsutils.stats.competing import (
    CumulativeIncidence,
    cumulative_incidence,
    gray_test,
    incidence_at,
    incidence_difference,
)
from alsutils.stats.hazards import CoxFit, HazardFitError, cause_specific, cox, fine_gray
from alsutils.stats.survival import kaplan_meier, survival_at
from alsutils.study import Study
from alsutils.study.telling import hides_sizes
from alsutils.survival.analysis import shown_steps
from alsutils.survival.telling import horizon_of, telling
from alsutils.survival.times import Figures, Pair, Times, pairs, times

INCIDENCE = "cumulative incidence (Aalen-Johansen)"
DIFFERENCE = "difference of cumulative incidences"
GRAY = "Gray's test"
CAUSE = "cause-specific hazard ratio (Cox)"
SUBDISTRIBUTION = "subdistribution hazard ratio (Fine-Gray)"
NAIVE = "one less Kaplan-Meier, other kinds censored"
WHOLE = "hazard ratio (Cox)"
MOST_KINDS = 4  # of one event; the rarest are taken together
OTHERS = "Other events"
_SAME = 1e-9  # times that differ by less are one


@dataclass(frozen=True)
class Kinds:
    """One event whose kinds exclude each other, as each patient's first.

    Attributes
    ----------
    data : Times
        The event.
    labels : tuple of str
        The kinds, in words.
    frame : DataFrame
        As that of the event, with ``time`` and ``kind``: 0 where there was none, else the place of
        the label from 1.
    later : tuple of str
        PARAMCDs of events that may follow after another.
    hidden : DataFrame
        Whether what happened to an arm (row) by a kind (column, in words) may not be told.
    """

    data: Times
    labels: tuple[str, ...]
    frame: pd.DataFrame
    later: tuple[str, ...]
    hidden: pd.DataFrame


@dataclass(frozen=True)
class Competing:
    """Kinds of event that forestall each other.

    Attributes
    ----------
    curves : DataFrame
        One row an event, kind, arm and time: ``endpoint``, ``unit``, ``kind``, ``arm``, ``time``,
        ``estimate``, ``conf_low``, ``conf_high``, ``at_risk``, ``censored``.
    frame : DataFrame
        Results with ``kind``, ``arm`` or ``treated``, and ``time`` of the incidences: each arm's
        incidence, what one less Kaplan-Meier would give, differences, Gray's test, and hazard
        ratios of both sorts.
    notes : tuple of str
        What is not told, and why.
    """

    curves: pd.DataFrame
    frame: pd.DataFrame
    notes: tuple[str, ...]


@dataclass(frozen=True)
class States:
    """Where patients began, where they went first, and where from there.

    Attributes
    ----------
    endpoint : str
        The event.
    start : DataFrame
        One row an arm: ``arm``, ``n``, ``still`` (without any kind when last seen).
    first : DataFrame
        One row a kind and arm: ``kind``, ``arm``, ``n``, ``last`` (bool: nothing can follow).
    onward : DataFrame
        One row a kind, later event and arm: ``kind``, ``to``, ``arm``, ``n``.
    hidden : tuple of str
        Arms whose numbers may not be told; theirs are missing but for ``n`` of ``start``.
    note : str
        Why they may not.
    """

    endpoint: str
    start: pd.DataFrame
    first: pd.DataFrame
    onward: pd.DataFrame
    hidden: tuple[str, ...]
    note: str


def definitions(study: Study) -> Figures | None:
    """Give the hazard ratio of every event, and of every kind of one as the first.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Figures or None
        One row a treated arm and definition: ``definition`` in words, ``events`` of both arms,
        ratio with its interval. A definition without an estimate is left out, as is one that
        would tell of a few patients.
    """
    rows: list[dict[str, Any]] = []
    for data in times(study):
        for pair in pairs(study, data):
            if pair.few:
                continue
            event = pair.frame["event"].to_numpy()
            rows += _defined(study, pair, data.endpoint.label, event, WHOLE)
    for found in kinds(study):
        for pair in pairs(study, Times(found.data.endpoint, found.frame, found.data.curves)):
            for place, label in enumerate(found.labels, start=1):
                if _is_hidden(study, found, pair, label):
                    continue
                event = (pair.frame["kind"] == place).to_numpy()
                rows += _defined(study, pair, f"{label} first", event, CAUSE)
    return Figures(pd.DataFrame(rows)) if rows else None


def kinds(study: Study) -> list[Kinds]:
    """Find the events of several kinds.

    Parameters
    ----------
    study : Study
        ``competing`` of an event names others that forestall it. Without it, an event whose
        descriptions (EVNTDESC) tell several kinds apart is taken as composite.

    Returns
    -------
    list of Kinds
        Those in which at least two kinds happened.
    """
    known = {data.endpoint.parameter: data for data in times(study)}
    found = []
    for data in known.values():
        others = [known[code] for code in data.endpoint.competing]
        one = _forestalled(study, data, others) if others else _described(study, data)
        if one is not None and one.frame["kind"].nunique() > 1 + (one.frame["kind"] == 0).any():
            found.append(one)
    return found


def _hidden_kinds(study: Study, frame: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    """Find the kinds that may not be told of an arm: its events are told, and those of a kind."""
    counts = pd.crosstab(frame["arm"], frame["kind"])
    counts = counts.reindex(index=list(study.arms), columns=range(1, len(labels) + 1), fill_value=0)
    mask = study.disclosure.closes(counts.to_numpy())
    for place, arm in enumerate(study.arms):
        named = pd.Series(arm, index=counts.columns)
        mask[place] |= hides_sizes(study, named, counts.loc[arm], of_events=True) & (
            counts.loc[arm] > 0
        )
    return pd.DataFrame(mask, index=list(study.arms), columns=list(labels))


def _is_hidden(study: Study, found: Kinds, pair: Pair, label: str) -> bool:
    """Say whether the comparison of a kind would tell of a few patients."""
    arms = [study.control, pair.names["treated"]]
    return pair.few or bool(found.hidden.loc[arms, label].any())


def competing(study: Study) -> Competing | None:
    """Estimate the cumulative incidence of each kind and compare the arms.

    Parameters
    ----------
    study : Study
        With an event of several kinds.

    Returns
    -------
    Competing or None
        None where no event has several kinds.

    References
    ----------
    Aalen OO, Johansen S. Scand J Stat 1978;5:141-150. Gray RJ. Ann Stat 1988;16:1141-1154. Fine
    JP, Gray RJ. J Am Stat Assoc 1999;94:496-509. Prentice RL et al. Biometrics 1978;34:541-554.
    """
    steps: list[pd.DataFrame] = []
    rows: list[dict[str, Any]] = []
    hidden = False
    for found in kinds(study):
        data, horizon = found.data, horizon_of(study, found.data)
        end = found.frame["time"].max()
        told = telling(study, Times(data.endpoint, found.frame, data.curves), found.frame["kind"])
        hidden |= bool(found.hidden.any(axis=None))
        for place, label in enumerate(found.labels, start=1):
            about = {"endpoint": data.endpoint.label, "unit": data.endpoint.unit, "kind": label}
            own = {
                arm: cumulative_incidence(rows_["time"], rows_["kind"], place, study.conf_level)
                for arm, rows_ in found.frame.groupby("arm")
            }
            for arm in study.arms:
                known = told is None or horizon in told.arms.get(arm, ())
                if arm in own and known and not found.hidden.at[arm, label]:
                    shown = shown_steps(study, own[arm].frame, end, told, arm)
                    steps.append(shown.assign(arm=arm, **about))
                    rows += _of_arm(found, arm, own[arm], place, horizon)
            pairs_ = pairs(study, Times(data.endpoint, found.frame, data.curves))
            for pair in pairs_:
                known = told is None or horizon in told.together
                if known and not _is_hidden(study, found, pair, label):
                    rows += [
                        {**pair.names, "kind": label, "time": horizon, **row}
                        for row in _compared(study, pair, own, place, horizon)
                    ]
    if not steps:
        return None
    notes = (study.disclosure.why,) if hidden else ()
    return Competing(pd.concat(steps, ignore_index=True), pd.DataFrame(rows), notes)


def states(study: Study) -> list[States]:
    """Count who went from which state to which.

    Parameters
    ----------
    study : Study
        With an event of several kinds.

    Returns
    -------
    list of States
        One an event of several kinds; empty without one.
    """
    every = {data.endpoint.parameter: data for data in times(study)}
    return [_states(study, found, every) for found in kinds(study)]


def _forestalled(study: Study, data: Times, others: list[Times]) -> Kinds:
    """Let other events forestall an event; they count until watching for it ends."""
    frame = data.frame.set_index("subject")
    time, kind = frame["time"].copy(), frame["event"].astype(int)
    for place, other in enumerate(others, start=2):
        theirs = other.frame.set_index("subject").reindex(frame.index)
        happened = theirs["event"].eq(True) & (theirs["time"] <= time + _SAME)
        earlier = happened & ((kind == 0) | (theirs["time"] < time - _SAME))
        time, kind = time.where(~earlier, theirs["time"]), kind.where(~earlier, place)
    labels = (data.endpoint.label, *(other.endpoint.label for other in others))
    shown = frame.assign(time=time, kind=kind).reset_index()
    later = tuple(other.endpoint.parameter for other in others)
    return Kinds(data, labels, shown, later, _hidden_kinds(study, shown, labels))


def _described(study: Study, data: Times) -> Kinds | None:
    """Tell the kinds of a composite event apart by their descriptions."""
    described = data.frame["kind"].where(data.frame["event"])
    if described[data.frame["event"]].isna().any() or described.nunique() < 2:
        return None
    words = described.astype("str")
    counts = words[described.notna()].value_counts()
    rare = counts.index[
        study.disclosure.hides(counts)
    ]  # a rare kind's name tells of whom it befell
    words = words.where(~words.isin(rare), OTHERS)
    common = list(words[described.notna()].value_counts().index)
    if len(common) > MOST_KINDS:
        words = words.where(words.isin(common[: MOST_KINDS - 1]), OTHERS)
        common = [*common[: MOST_KINDS - 1], OTHERS]
    place = {label: i for i, label in enumerate(common, start=1)}
    kind = words.map(place).where(described.notna(), 0).fillna(0).astype(int)
    death = study.primary.death
    later = (death,) if death and death != data.endpoint.parameter else ()
    shown, labels = data.frame.assign(kind=kind), tuple(common)
    return Kinds(data, labels, shown, later, _hidden_kinds(study, shown, labels))


def _defined(
    study: Study, pair: Pair, definition: str, event: np.ndarray, analysis: str
) -> Iterator[dict[str, Any]]:
    """Yield the hazard ratio of one definition, where it has an estimate."""
    design = pd.DataFrame({"treated": pair.treated.astype(float)})
    try:
        fit = cox(pair.frame["time"], event, design, study.conf_level)
    except (HazardFitError, ValueError):
        return
    yield {
        **pair.names,
        "endpoint": definition,
        "analysis": analysis,
        "definition": definition,
        "events": int(event.sum()),
        **_ratio(fit),
    }


def _of_arm(
    found: Kinds, arm: str, own: CumulativeIncidence, place: int, horizon: float
) -> Iterator[dict[str, Any]]:
    """Yield one arm's incidence at the horizon, and what one less Kaplan-Meier would give."""
    names = {
        "endpoint": f"{found.data.endpoint.label}: {found.labels[place - 1]}",
        "kind": found.labels[place - 1],
        "contrast": arm,
        "arm": arm,
        "time": horizon,
        "visit": "",
    }
    columns = ("estimate", "std_error", "conf_low", "conf_high")
    at = incidence_at(own, horizon)
    yield {**names, "analysis": INCIDENCE, **{c: getattr(at, c) for c in columns}}
    rows = found.frame[found.frame["arm"] == arm]
    alone = survival_at(kaplan_meier(rows["time"], rows["kind"] == place), horizon)
    yield {**names, "analysis": NAIVE, "estimate": 1 - alone.estimate}


def _compared(
    study: Study, pair: Pair, own: dict[str, CumulativeIncidence], place: int, horizon: float
) -> Iterator[dict[str, Any]]:
    """Yield the comparisons of one kind between an arm and the control."""
    if not pair.is_whole:
        return
    time, kind = pair.frame["time"], pair.frame["kind"]
    apart = incidence_difference(own[pair.names["treated"]], own[study.control], horizon)
    yield {"analysis": DIFFERENCE, **apart.frame.iloc[0].to_dict()}
    test = gray_test(time, kind, pair.frame["arm"], place)
    yield {"analysis": GRAY, **test.frame.iloc[0].to_dict()}
    design = pd.DataFrame({"treated": pair.treated.astype(float)})
    for analysis, model in ((CAUSE, cause_specific), (SUBDISTRIBUTION, fine_gray)):
        try:
            fit = model(time, kind.to_numpy(), design, place, study.conf_level)
        except HazardFitError:
            continue
        yield {"analysis": analysis, **_ratio(fit)}


def _ratio(fit: CoxFit) -> dict[str, float]:
    """Give the hazard ratio of the first term; the standard error stays that of its logarithm."""
    row = fit.frame.iloc[0]
    kept = {c: float(row[c]) for c in ("std_error", "statistic", "p_value")}
    ends = ("estimate", "conf_low", "conf_high")
    return kept | {c: float(np.exp(row[c])) for c in ends}


def _states(study: Study, found: Kinds, every: dict[str, Times]) -> States:
    """Count states and ways between them for one event."""
    frame = found.frame
    start, first, onward = [], [], []
    last = dict.fromkeys(found.labels, True)
    for code in found.later:
        other = every[code]
        theirs = other.frame.set_index("subject").reindex(frame["subject"])
        happened = theirs["event"].eq(True).to_numpy()
        after = happened & (theirs["time"].to_numpy() > frame["time"].to_numpy() + _SAME)
        for place, label in enumerate(found.labels, start=1):
            here = (frame["kind"] == place).to_numpy()
            # What is this later event itself has nobody whom it befalls afterwards.
            if not here.any() or (happened & ~after & here).sum() * 2 >= here.sum():
                continue
            if label == other.endpoint.label:
                continue
            last[label] = False
            for arm in study.arms:
                n = int((here & after & (frame["arm"] == arm)).sum())
                onward.append({"kind": label, "to": other.endpoint.label, "arm": arm, "n": n})
    for arm in study.arms:
        own = frame.loc[frame["arm"] == arm, "kind"]
        start.append({"arm": arm, "n": len(own), "still": int((own == 0).sum())})
        for place, label in enumerate(found.labels, start=1):
            n = int((own == place).sum())
            first.append({"kind": label, "arm": arm, "n": n, "last": last[label]})
    return _told(
        study,
        found,
        pd.DataFrame(start),
        pd.DataFrame(first),
        pd.DataFrame(onward, columns=["kind", "to", "arm", "n"]),
    )


def _told(
    study: Study, found: Kinds, start: pd.DataFrame, first: pd.DataFrame, onward: pd.DataFrame
) -> States:
    """Leave out all numbers of an arm of which one would tell of a few patients."""
    rule = study.disclosure
    came = first.set_index(["kind", "arm"])["n"].reindex(
        pd.MultiIndex.from_frame(onward[["kind", "arm"]])
    )
    went = onward["arm"][rule.hides(onward["n"], of=came.to_numpy())] if len(onward) else []
    few = {*start["arm"][rule.hides(start["still"], of=start["n"])], *went}
    hidden = tuple(a for a in study.arms if a in few or found.hidden.loc[a].any())
    start = start.assign(still=start["still"].mask(start["arm"].isin(hidden)))
    first, onward = (f.assign(n=f["n"].mask(f["arm"].isin(hidden))) for f in (first, onward))
    return States(found.data.endpoint.label, start, first, onward, hidden, rule.why)
