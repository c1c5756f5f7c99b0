"""How severe the events were, and the serious ones one by one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.safety.analysis import ANY, SEVERE, Incidence, overview
from alsutils.safety.counting import arm_sizes, named_events, sentence_case
from alsutils.study import ARM, Study

SEVERITIES = ("Mild", "Moderate", "Severe")
UNGRADED = "Not graded"
NO_EVENT = "No event"
MOST_LISTED = 200  # serious events, for a listing that a person reads
_RANKS = {grade.upper(): i for i, grade in enumerate(SEVERITIES, start=2)}


@dataclass(frozen=True)
class Severity:
    """Patients by the worst severity of their events.

    Attributes
    ----------
    frame : DataFrame
        One row an arm and grade: ``arm``, ``grade`` (``No event``, ``Not graded`` where there is
        any, ``Mild``, ``Moderate``, ``Severe``), ``order``, ``patients``, ``total``, ``share``,
        ``instead`` (what stands in place of ``patients`` where these must not be told).
    terms : DataFrame
        One row a term, arm and grade of events: ``name``, ``arm``, ``grade``, ``patients``,
        ``instead``.
    """

    frame: pd.DataFrame
    terms: pd.DataFrame


@dataclass(frozen=True)
class Listing:
    """Serious events one by one.

    Attributes
    ----------
    frame : DataFrame
        One row an event: ``subject``, ``arm``, ``term``, ``day``, ``severity``, ``related``,
        ``outcome`` where the data have it; no more than MOST_LISTED, the first to begin.
    events, patients : int
        All serious events, and patients with one.
    """

    frame: pd.DataFrame
    events: int
    patients: int


def severity(study: Study, terms: Incidence | None = None) -> Severity | None:
    """Count the patients of each arm by the worst severity of their events.

    Parameters
    ----------
    study : Study
        With an ``adverse_events`` block; AESEV says MILD, MODERATE or SEVERE.
    terms : Incidence or None
        Terms whose patients are counted by severity, too: those that it shows.

    Returns
    -------
    Severity or None
        None without adverse events.
    """
    block = study.config.adverse_events
    if block is None:
        return None
    events = named_events(study, block)
    events["rank"] = events["AESEV"].map(_RANKS).fillna(1).astype(int)
    grades = [NO_EVENT, UNGRADED, *SEVERITIES]
    sizes = arm_sizes(study, block)
    worst = events.groupby("USUBJID").agg(rank=("rank", "max"), arm=(ARM, "first"))
    table = pd.crosstab(worst["arm"], worst["rank"]).reindex(
        index=study.arms, columns=range(5), fill_value=0
    )
    table[0] = pd.Series(sizes) - table.sum(axis=1)
    frame = _long(table, grades).assign(total=lambda f: f["arm"].map(sizes))
    frame["share"] = frame["patients"] / frame["total"]
    if not table[1].any():
        frame = frame[frame["grade"] != UNGRADED]
    frame = _told(study, frame.reset_index(drop=True))
    shown = () if terms is None else terms.shown
    return Severity(frame, _by_term(study, events, shown, grades, sizes))


def serious_listing(study: Study) -> Listing | None:
    """List the serious events one by one.

    Parameters
    ----------
    study : Study
        With an ``adverse_events`` block, and allowed to show single patients.

    Returns
    -------
    Listing or None
        None without adverse events, or where the study shows no single patients.
    """
    block = study.config.adverse_events
    if block is None or not study.shows_subjects:
        return None
    events = study.events(carry=())
    serious = events[events["AESER"] == "Y"]
    chosen = serious.sort_values(["ASTDY", "USUBJID"], kind="stable").head(MOST_LISTED)
    chosen = chosen.sort_values([ARM, "USUBJID", "ASTDY"], kind="stable")
    columns = {
        "subject": "USUBJID",
        "arm": ARM,
        "term": block.term,
        "day": "ASTDY",
        "severity": "AESEV",
        "related": "AEREL",
        "outcome": "AEOUT",
    }
    kept = {name: chosen[column] for name, column in columns.items() if column in chosen}
    frame = pd.DataFrame(kept).reset_index(drop=True)
    for name in frame.columns.intersection(["term", "severity", "related", "outcome"]):
        frame[name] = frame[name].map(lambda w: sentence_case(str(w)), na_action="ignore")
    return Listing(frame, len(serious), serious["USUBJID"].nunique())


def _by_term(
    study: Study,
    events: pd.DataFrame,
    shown: tuple[str, ...],
    grades: list[str],
    sizes: dict[str, int],
) -> pd.DataFrame:
    """Count the patients with each of some terms by the worst severity of that term."""
    chosen = events[events["name"].isin(shown)]
    keys = ["name", ARM, "USUBJID"]
    worst = chosen.groupby(keys, observed=True)["rank"].max().reset_index()
    counted = worst.groupby(["name", ARM, "rank"], observed=True).size()
    whole = pd.MultiIndex.from_product([shown, study.arms, range(1, 5)])
    counted.index = counted.index.set_levels(counted.index.levels[0].astype("str"), level=0)
    counted = counted.reindex(whole, fill_value=0)
    frame = counted.rename("patients").rename_axis(["name", "arm", "rank"]).reset_index()
    frame = frame.assign(grade=np.array(grades)[frame["rank"].to_numpy(dtype=int)])
    rule, hidden = study.disclosure, pd.Series(False, index=frame.index)
    for (_, arm), cells in frame.groupby(["name", "arm"], sort=False)["patients"]:
        # Grades that add up to a number that is not told would tell it.
        untold = rule.hides(cells.sum(), sizes[arm])
        hidden[cells.index] = cells > 0 if untold else rule.closes(cells)
    return rule.masked(frame, hidden, "patients")


def _told(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """Hide small numbers of patients by their worst event, and others that would tell them."""
    rule = study.disclosure
    kinds = None if rule.is_open else overview(study)
    if kinds is None:
        return rule.masked(frame, np.zeros(len(frame), dtype=bool), "patients")
    known = kinds.counts.set_index(["name", "arm"])["patients"].notna()
    # The overview tells two of the grades, so only the others can hide each other.
    same = {NO_EVENT: ANY, "Severe": SEVERE}
    hidden = pd.Series(False, index=frame.index)
    for arm, cells in frame.groupby("arm", sort=False):
        told = [bool(known.get((same.get(g, ""), arm), False)) for g in cells["grade"]]
        free = cells.index[~np.array(told)]
        hidden[free] = rule.closes(frame.loc[free, "patients"])
    return rule.masked(frame, hidden, "patients", ["share"], of="total")


def _long(table: pd.DataFrame, grades: list[str]) -> pd.DataFrame:
    """One row an arm and grade, from a table with an arm a row and a grade a column."""
    frame = table.rename_axis(index="arm", columns="order").stack().rename("patients").reset_index()  # noqa: PD013
    return frame.assign(grade=np.array(grades)[frame["order"].to_numpy(dtype=int)])
