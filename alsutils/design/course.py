"""What became of everybody who was screened, and who was seen when."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.design.telling import common_words, told_flow
from alsutils.stats.disclosure import is_small
from alsutils.study import ARM, Study
from alsutils.study.config import Endpoint
from alsutils.study.disclosure import INSTEAD
from alsutils.study.query import choose
from alsutils.study.telling import hides_sizes

ALLOCATION_DATE = "RANDDT"
NO_REASON = "Reason not given"
LOST = r"lost to follow.?up"  # CDISC's term for it, in any letter case
LEFT, NO_VALUE = "Left the study early", "In the study, but no value"


@dataclass(frozen=True)
class PatientFlow:
    """What became of everybody who was screened.

    Attributes
    ----------
    screened : int or None
        Subjects in ADSL; None where those not randomised are so few that they must not be told.
    randomised : int
        Those of them with an arm.
    not_randomised : DataFrame
        ``reason`` and ``n`` of those without an arm, the commonest first; ``instead`` stands in
        place of an ``n`` that must not be told, which is missing.
    frame : DataFrame
        One row an arm and step: ``step``, ``kind``, ``arm``, ``n``, ``of`` (those randomised to
        the arm) and ``instead`` (what stands in place of an ``n`` that must not be told).
        Kinds are ``randomised``; ``received``, ``not_received`` and
        ``not_received_reason`` (of the arm's treatment); ``stopped`` and ``stopped_reason`` (of
        treatment); ``completed``, ``left`` and ``reason`` (of the study); ``population``; and for
        each primary visit ``primary``, ``carried_forward`` (part of it), ``excluded`` (the others)
        and ``excluded_reason``. Reasons add up to what they explain. ``visit`` names the primary
        visit of the last four kinds.
    arms : tuple of str
        Labels, the control first.
    """

    screened: int | None
    randomised: int
    not_randomised: pd.DataFrame
    frame: pd.DataFrame
    arms: tuple[str, ...]

    def count(self, kind: str, arm: str, step: str | None = None) -> float:
        """Give one count; 0 where the flow has no such step, missing where it is not told."""
        return float(self._rows(kind, arm, step)["n"].sum(skipna=False))

    def told(self, kind: str, arm: str, step: str | None = None) -> str:
        """Write one count, or what stands in its place."""
        rows = self._rows(kind, arm, step)
        words = [word for word in rows[INSTEAD] if word]
        return words[0] if words else f"{rows['n'].sum():,.0f}"

    def _rows(self, kind: str, arm: str, step: str | None) -> pd.DataFrame:
        rows = self.frame[(self.frame["kind"] == kind) & (self.frame["arm"] == arm)]
        return rows if step is None else rows[rows["step"] == step]

    def lost(self, arm: str) -> float:
        """Count those of an arm who left because they were lost to follow-up; missing if hidden."""
        rows = self.frame[(self.frame["kind"] == "reason") & (self.frame["arm"] == arm)]
        chosen = rows["step"].str.fullmatch(LOST, case=False)
        return float(rows.loc[chosen, "n"].sum(skipna=False))


@dataclass(frozen=True)
class Attendance:
    """Patients with an observed value of the primary endpoint at each visit.

    Attributes
    ----------
    parameter : str
        Label of the endpoint.
    frame : DataFrame
        One row an arm and visit: ``arm``, ``visit`` (AVISITN), ``visit_label``, ``n``, ``of``
        (those randomised), ``share``, ``instead`` (what stands in place of an ``n`` that must not
        be told, which is missing).
    """

    parameter: str
    frame: pd.DataFrame


@dataclass(frozen=True)
class Allocation:
    """Patients randomised up to the end of each calendar month.

    Attributes
    ----------
    frame : DataFrame
        One row an arm and month: ``arm``, ``month`` (its last day), ``since`` (months from the
        first), ``n`` (since the month before), ``total``. Where single patients must not be told,
        months between which nobody or enough patients of each arm were randomised, without
        ``month``.
    months : int
        Calendar months from the first patient to the last.
    first, last : Timestamp or None
        First and last date of randomisation, where dates may be told.
    undated : int
        Randomised subjects without a date.
    """

    frame: pd.DataFrame
    months: int
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    undated: int


def flow(study: Study) -> PatientFlow:
    """Follow everybody in ADSL from screening to the primary endpoint.

    Parameters
    ----------
    study : Study
        Subjects without an arm count as screened and not randomised; who left and why is known
        where study.yml has ``flow``.

    Returns
    -------
    PatientFlow
        Counts.

    References
    ----------
    Hopewell et al., CONSORT 2025 statement, BMJ 2025;389:e081123.
    """
    adsl = study.tables["adsl"]
    outside = adsl[adsl[study.config.arm_column].isna()]
    subjects = study.subjects()
    steps = [_per_arm(study, subjects, "Randomised", "randomised")]
    steps += _treatment(study, subjects)
    steps += _departures(study, subjects)
    for name, population in study.config.populations.items():
        steps.append(_per_arm(study, study.subjects(name), population.label, "population"))
    steps += [_primary_steps(study, subjects, visit) for visit in study.primary.visits]
    frame = pd.concat(steps, ignore_index=True)
    frame["visit"] = frame["visit"].astype(object).where(frame["visit"].notna(), None)
    sizes = subjects[ARM].value_counts()
    frame["of"] = frame["arm"].map(sizes).astype(int)
    frame = told_flow(study, frame)
    why = _reasons(study, outside)
    rule = study.disclosure
    few = bool(rule.hides(len(outside)))
    hidden = why["n"] > 0 if few else rule.closes(why["n"])
    why = rule.masked(why, hidden, "n")
    return PatientFlow(None if few else len(adsl), len(subjects), why, frame, study.arms)


def attendance(study: Study) -> Attendance:
    """Count the patients with an observed value of the primary endpoint at each visit.

    Parameters
    ----------
    study : Study
        Values that ``primary.observed`` excludes as carried forward do not count.

    Returns
    -------
    Attendance
        Of everybody randomised.
    """
    records = _observed(study.records(study.primary.parameter), study.primary)
    records = records.dropna(subset="AVAL").drop_duplicates(["USUBJID", "AVISITN"])
    sizes = study.subjects()[ARM].value_counts()
    visits = sorted(records["AVISITN"].unique())
    rows = [
        (arm, visit, study.visit_label(visit), int(n), int(sizes[arm]), n / sizes[arm])
        for visit in visits
        for arm in study.arms
        for n in [((records["AVISITN"] == visit) & (records[ARM] == arm)).sum()]
    ]
    columns = ["arm", "visit", "visit_label", "n", "of", "share"]
    label = study.parameter(study.primary.parameter).label
    frame, rule = pd.DataFrame(rows, columns=columns), study.disclosure
    hidden = rule.hides(frame["n"], frame["of"])
    if not rule.is_open:
        hidden |= hides_sizes(study, frame["arm"], frame["n"]) | _tells_carried(study, frame)
    return Attendance(label, rule.masked(frame, hidden, "n", ["share"], of="of"))


def _tells_carried(study: Study, frame: pd.DataFrame) -> np.ndarray:
    """Find who was seen at a primary visit where few values were carried forward to it."""
    endpoint, hidden = study.primary, np.zeros(len(frame), dtype=bool)
    for visit in endpoint.visits:
        records = study.records(endpoint.parameter, endpoint.population, [visit])
        analysed = records.dropna(subset=endpoint.value)[ARM].value_counts()
        here = (frame["visit"] == visit).to_numpy()
        gap = (frame["arm"].map(analysed.to_dict()).fillna(0) - frame["n"]).abs()
        hidden |= here & study.disclosure.hides(gap)
    return hidden


def allocation(study: Study) -> Allocation | None:
    """Count the patients randomised in each calendar month.

    Parameters
    ----------
    study : Study
        With RANDDT in ADSL.

    Returns
    -------
    Allocation or None
        None without a single date.
    """
    subjects = study.subjects()
    if ALLOCATION_DATE not in subjects:
        return None
    dates = pd.to_datetime(subjects[ALLOCATION_DATE], format="ISO8601", errors="coerce")
    if dates.isna().all():
        return None
    months = dates.dt.to_period("M")
    every = pd.period_range(months.min(), months.max(), freq="M")
    counted = pd.crosstab(months, subjects[ARM]).reindex(index=every, columns=list(study.arms))
    counted = counted.fillna(0).astype(int)
    so_far = counted.cumsum()
    ends, since = every.to_timestamp(how="end").normalize(), np.arange(1, len(every) + 1)
    told = _told_months(study, so_far)
    parts = [
        pd.DataFrame(
            {
                "arm": arm,
                "month": ends[told] if study.disclosure.is_open else pd.NaT,
                "since": since[told],
                "n": np.diff(so_far[arm].to_numpy()[told], prepend=0),
                "total": so_far[arm].to_numpy()[told],
            }
        )
        for arm in study.arms
    ]
    known = study.disclosure.is_open
    first, last = (dates.min(), dates.max()) if known else (None, None)
    undated = int(dates.isna().sum())
    frame = pd.concat(parts, ignore_index=True)
    return Allocation(frame, len(every), first, last, undated)


def _told_months(study: Study, so_far: pd.DataFrame) -> np.ndarray:
    """Choose the months between which nobody or enough patients of each arm were randomised."""
    least = study.disclosure.minimum
    totals = so_far.to_numpy()
    told, before = np.ones(len(totals), dtype=bool), np.zeros(totals.shape[1])
    for i, now in enumerate(totals):
        told[i] = not is_small([now - before, totals[-1] - now], least).any()
        before = now if told[i] else before
    return told


def _per_arm(study: Study, subjects: pd.DataFrame, step: str, kind: str) -> pd.DataFrame:
    """Count the arms' subjects in one step."""
    counts = subjects.drop_duplicates("USUBJID")[ARM].value_counts()
    return pd.DataFrame(
        [
            {"step": step, "kind": kind, "arm": arm, "n": int(counts.get(arm, 0)), "visit": None}
            for arm in study.arms
        ]
    )


def _observed(records: pd.DataFrame, endpoint: Endpoint) -> pd.DataFrame:
    """Leave out the records that were carried forward."""
    if endpoint.observed is None:
        return records
    return choose(records, endpoint.observed)


def _primary_steps(study: Study, subjects: pd.DataFrame, visit: float) -> pd.DataFrame:
    """Count who is analysed at a primary visit, whose value is carried forward, and who is not."""
    endpoint = study.primary
    records = study.records(endpoint.parameter, endpoint.population, [visit])
    records = records.dropna(subset=endpoint.value)
    step = study.visit_label(visit)
    parts = [_per_arm(study, records, step, "primary")]
    seen = _observed(records, endpoint)
    if len(seen) < len(records):
        carried = records[~records["USUBJID"].isin(seen["USUBJID"])]
        parts.append(_per_arm(study, carried, step, "carried_forward"))
    absent = subjects[~subjects["USUBJID"].isin(records["USUBJID"])]
    parts.append(_per_arm(study, absent, step, "excluded"))
    parts += _by_reason(study, absent, _why_absent(study, absent), "excluded_reason")
    return pd.concat(parts, ignore_index=True).assign(visit=step)


def _why_absent(study: Study, absent: pd.DataFrame) -> pd.Series:
    """Say why each of those without a primary value has none, as far as ADSL tells."""
    population = study.config.populations[study.primary.population]
    why = pd.Series(NO_VALUE, index=absent.index)
    why = why.mask(absent[population.flag] != "Y", f"Not in “{population.label}”")
    block = study.config.flow
    return why if block is None else why.mask(absent[block.status] != block.completed, LEFT)


def _treatment(study: Study, subjects: pd.DataFrame) -> list[pd.DataFrame]:
    """Count who received the treatment of the arm and who stopped it, where ADSL tells."""
    block = study.config.flow
    parts: list[pd.DataFrame] = []
    if block is not None and block.received is not None:
        had = subjects[block.received] == "Y"
        without = subjects[~had]
        parts += [
            _per_arm(study, subjects[had], "Received it", "received"),
            _per_arm(study, without, "Did not receive it", "not_received"),
            *_by_reason(study, without, _worded_reasons(study, without), "not_received_reason"),
        ]
    if block is not None and block.stopped is not None:
        stopped = subjects[subjects[block.stopped].notna()]
        words = stopped[block.stopped].astype(str).map(_sentence_case)
        parts.append(_per_arm(study, stopped, "Stopped treatment", "stopped"))
        parts += _by_reason(study, stopped, words, "stopped_reason")
    return parts


def _departures(study: Study, subjects: pd.DataFrame) -> list[pd.DataFrame]:
    """Count who completed and who left, with reasons; nothing where study.yml has no flow."""
    block = study.config.flow
    if block is None:
        return []
    done = subjects[block.status] == block.completed
    left = subjects[~done]
    return [
        _per_arm(study, subjects[done], "Completed", "completed"),
        _per_arm(study, left, "Left early", "left"),
        *_by_reason(study, left, _worded_reasons(study, left), "reason"),
    ]


def _by_reason(
    study: Study, subjects: pd.DataFrame, words: pd.Series, kind: str
) -> list[pd.DataFrame]:
    """Count the arms' subjects by reason, the commonest first."""
    words = common_words(study, words, subjects[ARM], LOST)
    return [
        _per_arm(study, subjects[words == reason], reason, kind)
        for reason in _by_frequency(words)["reason"]
    ]


def _worded_reasons(study: Study, subjects: pd.DataFrame) -> pd.Series:
    """Word each subject's reason for leaving."""
    block = study.config.flow
    if block is None or block.reason is None:
        return pd.Series(NO_REASON, index=subjects.index)
    words = subjects[block.reason].astype(object)
    return words.where(words.notna(), NO_REASON).astype(str).map(_sentence_case)


def _reasons(study: Study, subjects: pd.DataFrame) -> pd.DataFrame:
    words = _worded_reasons(study, subjects)
    # Those not randomised have no arm: all of them are one group.
    one = pd.Series("", index=subjects.index)
    return _by_frequency(common_words(study, words, one))


def _by_frequency(words: pd.Series) -> pd.DataFrame:
    """Count words, the commonest first and ties by the alphabet, whatever the rows' order."""
    counts = words.value_counts().rename_axis("reason").rename("n").reset_index()
    return counts.sort_values(["n", "reason"], ascending=[False, True], ignore_index=True)


def _sentence_case(words: str) -> str:
    return words.capitalize() if words.isupper() else words
