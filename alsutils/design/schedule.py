"""What was measured when, and in how many patients: the trial's schedule as its data tell it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.design.analysis import OVERALL
from alsutils.study import ARM, Study
from alsutils.study.config import DAYS, Endpoint
from alsutils.study.telling import hides_sizes

FIRST_DAY, LAST_DAY = "TRTSDT", "TRTEDT"  # of treatment, in ADSL
KEY = ["USUBJID", "AVISITN"]
QUARTILES = (0.25, 0.5, 0.75)
COURSE_POINTS = 49  # at which the share still followed is given

PRIMARY, SECONDARY, OTHER = "Primary endpoint", "Secondary endpoints", "Other measurements"
BIOMARKERS, FOLLOW_UP = "Biomarkers", "Follow-up"
TREATMENT, EVENTS = "Treatment", "Adverse events"


@dataclass(frozen=True)
class Schedule:
    """What was measured at each visit, and what was watched between visits.

    Attributes
    ----------
    frame : DataFrame
        One row a measurement, visit and arm, the arms together last (OVERALL), where anybody was
        measured: ``row`` (words), ``group``, ``visit`` (AVISITN), ``arm``, ``n`` (patients with an
        observed value), ``of`` (those randomised), ``share`` and ``instead`` (what stands in place
        of an ``n`` that must not be told, which is missing; so is that of the arms together where
        one arm's is).
    visits : DataFrame
        One row a visit: ``visit``, ``visit_label`` and ``day``, ``day_low``, ``day_high`` (median
        and quartiles of the study days on which patients came; missing without ADY).
    course : DataFrame
        What is watched all the time, until the last visit: ``row``, ``group``, ``time`` (unit of
        visits) and ``share`` of the patients still watched then.
    spans : DataFrame
        One row a thing that is watched all the time: ``row``, ``group``, ``start``, ``end`` (unit
        of visits) and ``n`` (patients watched; of adverse events, those who had one).
    treatment : tuple of float
        Times at which treatment was given, in the unit of visits; none where it went on for long.
    randomised : int
        Patients randomised.
    """

    frame: pd.DataFrame
    visits: pd.DataFrame
    course: pd.DataFrame
    spans: pd.DataFrame
    treatment: tuple[float, ...]
    randomised: int


def schedule(study: Study) -> Schedule:
    """Find out what was measured when, and in how many.

    Parameters
    ----------
    study : Study
        Every parameter that was measured and not derived; values carried forward do not count.
        Parts and items of the primary endpoint have a row of their own only where other patients
        have them. Treatment is on the days that ``design`` gives, or else between TRTSDT and
        TRTEDT of ADSL; a time to event starts at STARTDT of ADTTE, counted from TRTSDT, or else at
        the baseline visit.

    Returns
    -------
    Schedule
        Counts of everybody randomised.

    References
    ----------
    Chan A-W, et al. SPIRIT 2013 statement: defining standard protocol items for clinical trials.
    Ann Intern Med 2013;158:200-207 (the schedule of enrolment, interventions and assessments).
    """
    sizes = study.subjects()[ARM].value_counts()
    parts, days = [], []
    for row, group, records in _measured(study):
        parts.append(_counted(study, records, sizes).assign(row=row, group=group))
        if "ADY" in records:
            days.append(records[["USUBJID", "AVISITN", "ADY"]])
    frame = _told(study, pd.concat(parts, ignore_index=True))
    last = float(frame["visit"].max())
    watched = [*_under_treatment(study, last), *_followed(study, last)]
    ends = [*(span for span, _ in watched), *_events(study)]
    design = study.config.design
    given = () if design is None else design.treatment_days
    return Schedule(
        frame,
        _visits(study, frame, days),
        _together([course for _, course in watched], ["row", "group", "time", "share"]),
        pd.DataFrame(ends, columns=["row", "group", "start", "end", "n"]),
        tuple(_visit_time(study, day) for day in given),
        len(study.subjects()),
    )


def _told(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """Hide how many were measured where few were, or few were not, also by subtraction."""
    rule = study.disclosure
    near = hides_sizes(study, frame["arm"], frame["n"])
    small = pd.Series(rule.hides(frame["n"], frame["of"]) | near, index=frame.index)
    keys = [frame["row"], frame["visit"]]
    arms = small & (frame["arm"] != OVERALL)
    # Less the arms that are told, all together would tell one that is not.
    hidden = small | ((frame["arm"] == OVERALL) & arms.groupby(keys).transform("any"))
    return rule.masked(frame, hidden, "n", ["share"], of="of")


def _rounded(study: Study, ends: pd.Series) -> float:
    """Give the longest time, or the whole unit up to which enough patients were watched."""
    rule = study.disclosure
    if rule.is_open:
        return float(ends.max())
    return float(np.floor(ends.nlargest(rule.minimum).min()))


def _measured(study: Study) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield each measurement's words, its group and its observed records."""
    primary = study.primary
    whole = _records(study, primary.parameter, primary)
    yield study.parameter(primary.parameter).label, PRIMARY, whole
    seen = {primary.parameter}
    for codes, words in ((study.config.profile, "Its parts"), (study.config.items, "Its items")):
        seen |= set(codes)
        if codes:
            every = _with_all(study, codes, primary)
            if not every[KEY].sort_values(KEY).equals(whole[KEY].sort_values(KEY)):
                yield f"{words} ({len(codes)})", PRIMARY, every
    later: dict[str, Endpoint | None] = {e.parameter: e for e in study.config.secondary}
    later |= dict.fromkeys(c for c in study.config.parameters if c not in later)
    for code, endpoint in later.items():
        about = study.parameter(code)
        if code not in seen and not about.derived:
            group = OTHER if endpoint is None else SECONDARY
            yield about.label, group, _records(study, code, endpoint)
    panel = study.config.biomarkers
    if panel is not None:
        parts = [_slim(study.records(b.parameter, dataset=panel.dataset)) for b in panel.panel]
        records = pd.concat(parts, ignore_index=True)
        known = records["AVAL"].notna()
        if "AVALC" in records:  # below the limit of quantification is measured
            known |= records["AVALC"].notna()
        yield f"{BIOMARKERS} ({len(panel.panel)})", BIOMARKERS, records[known]


def _records(study: Study, code: str, endpoint: Endpoint | None) -> pd.DataFrame:
    where = None if endpoint is None else endpoint.observed
    return study.records(code, where=where).dropna(subset="AVAL")


def _slim(records: pd.DataFrame) -> pd.DataFrame:
    """Keep what is counted; a panel has many records, and each has all columns of ADSL."""
    return records[[c for c in (*KEY, ARM, "AVAL", "AVALC", "ADY") if c in records]]


def _with_all(study: Study, codes: tuple[str, ...], endpoint: Endpoint) -> pd.DataFrame:
    """Give one record for each patient and visit with every one of the parameters."""
    records = pd.concat([_records(study, code, endpoint) for code in codes])
    known = records.groupby(KEY)["AVAL"].transform("size")
    return records[known == len(codes)].drop_duplicates(KEY).reset_index(drop=True)


def _counted(study: Study, records: pd.DataFrame, sizes: pd.Series) -> pd.DataFrame:
    """Count the patients with a record at each visit, by arm and in all."""
    records = records.drop_duplicates(KEY)
    counts = pd.crosstab(records["AVISITN"], records[ARM]).reindex(columns=list(study.arms))
    counts = counts.fillna(0).astype(int)
    counts.columns = pd.Index(study.arms)
    counts[OVERALL] = counts.sum(axis=1)
    long = counts.rename_axis("visit").reset_index().melt("visit", var_name="arm", value_name="n")
    totals = {**sizes.to_dict(), OVERALL: int(sizes.sum())}
    long["of"] = long["arm"].map(totals).astype(int)
    return long.assign(share=long["n"] / long["of"])


def _visits(study: Study, frame: pd.DataFrame, days: list[pd.DataFrame]) -> pd.DataFrame:
    """Name the visits and give the study days on which they took place."""
    visits = sorted(frame["visit"].unique())
    table = pd.DataFrame({"visit": visits, "visit_label": [study.visit_label(v) for v in visits]})
    columns = ["day_low", "day", "day_high"]
    if not days:
        return table.assign(**dict.fromkeys(columns, np.nan))
    came = pd.concat(days).drop_duplicates()
    came["ADY"] = pd.to_numeric(came["ADY"], errors="coerce")
    by_visit = came.groupby("AVISITN")["ADY"]
    quartiles = {name: by_visit.quantile(q) for name, q in zip(columns, QUARTILES, strict=True)}
    return table.join(pd.DataFrame(quartiles), on="visit")


def _visit_time(study: Study, day: float) -> float:
    """Give a study day, of which 1 is the baseline visit and none is 0, in the unit of visits."""
    since = day - 1 if day > 0 else day
    return study.config.time.baseline + since / DAYS[study.config.time.unit]


def _days_between(subjects: pd.DataFrame, start: str, end: str) -> pd.Series:
    """Count the days from one date of ADSL or ADTTE to another; nothing where one is missing."""
    if not {start, end} <= set(subjects.columns):
        return pd.Series(dtype=float)
    first, last = (
        pd.to_datetime(subjects[column], format="ISO8601", errors="coerce")
        for column in (start, end)
    )
    return (last - first).dt.days.dropna()


Watched = tuple[dict[str, object], pd.DataFrame]


def _under_treatment(study: Study, last: float) -> Iterator[Watched]:
    """Follow who was under treatment, where it went on and ADSL has its dates."""
    design = study.config.design
    days = _days_between(study.subjects(), FIRST_DAY, LAST_DAY)
    if days.empty or (design is not None and design.treatment_days):
        return
    start = study.config.time.baseline
    ends = start + days / DAYS[study.config.time.unit]
    yield _watched(study, {"row": TREATMENT, "group": TREATMENT}, start, ends, last)


def _followed(study: Study, last: float) -> Iterator[Watched]:
    """Follow who was still watched for each time to event."""
    for event in study.config.time_to_event:
        times = study.times(event)
        if len(times):
            start = _start(study, times)
            ends = start + times["AVAL"] * DAYS[event.unit] / DAYS[study.config.time.unit]
            yield _watched(study, {"row": event.label, "group": FOLLOW_UP}, start, ends, last)


def _start(study: Study, times: pd.DataFrame) -> float:
    """Find when a time to event starts to count: the median patient's start."""
    offset = _days_between(times, FIRST_DAY, "STARTDT")
    shift = 0.0 if offset.empty else float(offset.median())
    return study.config.time.baseline + shift / DAYS[study.config.time.unit]


def _watched(
    study: Study, names: dict[str, object], start: float, ends: pd.Series, last: float
) -> Watched:
    """Give the share still watched from the start to the last patient's end or the last visit."""
    end = _rounded(study, ends)
    if end < start:
        return names | {"start": start, "end": start, "n": np.nan}, pd.DataFrame()
    grid = np.linspace(start, min(end, last), COURSE_POINTS)
    left = len(ends) - (ends.to_numpy()[None, :] >= grid[:, None]).sum(axis=1)
    grid, left = (
        grid[_told_steps(study, left, len(ends))],
        left[_told_steps(study, left, len(ends))],
    )
    course = pd.DataFrame({"time": grid, "share": 1 - left / len(ends)}).assign(**names)
    n = np.nan if study.disclosure.hides(len(ends), len(study.subjects())) else len(ends)
    return names | {"start": start, "end": end, "n": n}, course


def _told_steps(study: Study, left: np.ndarray, total: int) -> np.ndarray:
    """Choose the times between which nobody or enough patients left."""
    told, before = np.ones(len(left), dtype=bool), 0
    for i, now in enumerate(left):
        told[i] = not study.disclosure.hides([now - before, total - now]).any()
        before = int(now) if told[i] else before
    return told


def _events(study: Study) -> Iterator[dict[str, object]]:
    """Give the time between the first and the last onset of an adverse event."""
    if study.config.adverse_events is None:
        return
    events = study.events()
    onset = events["ASTDY"].dropna()
    if len(onset):
        n = events["USUBJID"].nunique()
        ends = onset.groupby(events["USUBJID"]).agg(["min", "max"])
        first, last = (
            _visit_time(study, day)
            for day in (-_rounded(study, -ends["min"]), _rounded(study, ends["max"]))
        )
        if study.disclosure.hides(n, len(study.subjects())):
            n = np.nan
        yield {"row": EVENTS, "group": EVENTS, "start": first, "end": last, "n": n}


def _together(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
