"""Adverse events by arm: how many patients, which events, and what chance alone would bring."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from alsutils.stats.multiplicity import adjust_p_values
from alsutils.stats.proportions import compare_risks, exact_interval
from alsutils.study import ARM, Study
from alsutils.study.config import AdverseEvents

Level = Literal["term", "system"]

ANY = "Any event"
NEWCOMBE = "risk difference (Newcombe)"
SCORE = "risk difference (Miettinen-Nurminen)"
FISHER = "Fisher's exact test"
ADJUSTED = "Fisher's exact test, Benjamini-Hochberg"
SEVERITIES = ("Mild", "Moderate", "Severe")
UNGRADED = "Not graded"
NO_EVENT = "No event"


@dataclass(frozen=True)
class Incidence:
    """Patients with an event of each kind, by arm, and the arms compared.

    Attributes
    ----------
    level : str
        What the kinds are: ``category`` (any, serious, ...), ``term`` or ``system``.
    counts : DataFrame
        One row a kind and arm: ``name``, ``arm``, ``patients``, ``events``, ``total`` (patients in
        the arm), ``share``, ``conf_low``, ``conf_high`` (exact limits of the share).
    differences : DataFrame
        One row a kind and treated arm: ``name``, ``treated``, ``contrast``, ``events_treated``,
        ``n_treated``, ``events_control``, ``n_control`` (patients), ``estimate`` (share treated
        less share control), ``newcombe_low``, ``newcombe_high``, ``score_low``, ``score_high``,
        ``p_value`` (Fisher), ``p_chance`` (probability of p at or below alpha without a
        difference), ``p_adjusted`` (Benjamini-Hochberg over the rows whose p could come to alpha
        at all; missing in the others).
    shown : tuple of str
        Kinds that at least ``minimum_percent`` of an arm had, the most raised by treatment first.
    minimum_percent : float
        The threshold.
    alpha : float
        Two-sided level.
    population : str
        Label of the population.
    control : str
        Label of the control arm.
    notes : tuple of str
        What the data leave open, e.g. events without a severity.
    """

    level: str
    counts: pd.DataFrame
    differences: pd.DataFrame
    shown: tuple[str, ...]
    minimum_percent: float
    alpha: float
    population: str
    control: str
    notes: tuple[str, ...] = ()

    @property
    def shown_counts(self) -> pd.DataFrame:
        """Rows of ``counts`` that are shown, in order."""
        return _in_order(self.counts, self.shown)

    @property
    def shown_differences(self) -> pd.DataFrame:
        """Rows of ``differences`` that are shown, in order."""
        return _in_order(self.differences, self.shown)

    @property
    def frame(self) -> pd.DataFrame:
        """Result columns of what is shown: shares by arm, differences two ways, tests."""
        rows = self.shown_differences.assign(endpoint=lambda f: f["name"])
        rows = rows.assign(population=self.population)
        limits = {NEWCOMBE: "newcombe", SCORE: "score"}
        parts = [
            rows.drop(columns="p_value").assign(
                analysis=words, conf_low=rows[f"{key}_low"], conf_high=rows[f"{key}_high"]
            )
            for words, key in limits.items()
        ]
        bare = rows.drop(columns="estimate")
        parts.append(bare.assign(analysis=FISHER))
        parts.append(bare.assign(analysis=ADJUSTED, p_value=rows["p_adjusted"]))
        shares = self.shown_counts
        sizes = {"n_control": shares["total"].where(shares["arm"] == self.control)}
        sizes["n_treated"] = shares["total"].where(shares["arm"] != self.control)
        shares = shares.assign(
            analysis="share of patients (Clopper-Pearson)",
            endpoint=shares["name"],
            population=self.population,
            contrast=shares["arm"],
            estimate=shares["share"],
            **sizes,
        )
        return pd.concat([shares, *parts], ignore_index=True)


@dataclass(frozen=True)
class Severity:
    """Patients by the worst severity of their events.

    Attributes
    ----------
    frame : DataFrame
        One row an arm and grade: ``arm``, ``grade`` (``No event``, ``Not graded`` where there is
        any, ``Mild``, ``Moderate``, ``Severe``), ``order``, ``patients``, ``total``, ``share``.
    """

    frame: pd.DataFrame


@dataclass(frozen=True)
class Listing:
    """Serious events one by one.

    Attributes
    ----------
    frame : DataFrame
        One row an event: ``subject``, ``arm``, ``term``, ``day``, ``severity``, ``related``,
        ``outcome`` where the data have it.
    """

    frame: pd.DataFrame


def overview(study: Study) -> Incidence | None:
    """Compare the arms in patients with any, serious, severe and related events.

    Parameters
    ----------
    study : Study
        With an ``adverse_events`` block.

    Returns
    -------
    Incidence or None
        With ``level`` ``category``; all categories are shown. None without adverse events.
    """
    block = study.config.adverse_events
    if block is None:
        return None
    events = study.events()
    chosen = _categories(events, block)
    parts = [events[mask].assign(name=name) for name, mask in chosen.items()]
    named = pd.concat(parts, ignore_index=True)
    # A category that nobody had is a finding of its own, so all stay.
    named["name"] = pd.Categorical(named["name"], categories=list(chosen))
    return replace(_incidence(study, block, named, "category", 0), notes=_gaps(events))


def incidence(
    study: Study, level: Level = "term", minimum_percent: float | None = None
) -> Incidence | None:
    """Compare the arms in patients with each event.

    Parameters
    ----------
    study : Study
        With an ``adverse_events`` block.
    level : {"term", "system"}
        Single terms or system organ classes.
    minimum_percent : float or None
        Kinds are shown that so many percent of an arm had; as in study.yml where None. All are
        compared and counted whatever is shown.

    Returns
    -------
    Incidence or None
        A patient with an event twice counts once. None without adverse events.

    References
    ----------
    Newcombe, Statistics in Medicine 1998;17:873-890. Miettinen and Nurminen, Statistics in
    Medicine 1985;4:213-226. Gilbert, Applied Statistics 2005;54:143-158.
    """
    block = study.config.adverse_events
    if block is None:
        return None
    events = study.events()
    column = block.term if level == "term" else block.system
    named = events.assign(name=events[column].astype(str).map(_sentence_case).astype("category"))
    least = block.minimum_percent if minimum_percent is None else minimum_percent
    return _incidence(study, block, named, level, least)


def severity(study: Study) -> Severity | None:
    """Count the patients of each arm by the worst severity of their events.

    Parameters
    ----------
    study : Study
        With an ``adverse_events`` block; AESEV says MILD, MODERATE or SEVERE.

    Returns
    -------
    Severity or None
        None without adverse events.
    """
    block = study.config.adverse_events
    if block is None:
        return None
    events, sizes = study.events(), arm_sizes(study, block)
    ranks = {grade.upper(): i for i, grade in enumerate(SEVERITIES, start=2)}
    graded = events.assign(rank=events["AESEV"].map(ranks).fillna(1).astype(int))
    worst = graded.groupby("USUBJID").agg(rank=("rank", "max"), arm=(ARM, "first"))
    grades = [NO_EVENT, UNGRADED, *SEVERITIES]
    rows = []
    for arm, total in sizes.items():
        ranked = worst.loc[worst["arm"] == arm, "rank"]
        counts = [total - len(ranked), *((ranked == rank).sum() for rank in range(1, 5))]
        rows += [
            (arm, grade, order, int(n), total, n / total)
            for order, (grade, n) in enumerate(zip(grades, counts, strict=True))
        ]
    columns = ["arm", "grade", "order", "patients", "total", "share"]
    frame = pd.DataFrame(rows, columns=columns)
    empty = frame.loc[frame["grade"] == UNGRADED, "patients"].sum() == 0
    return Severity(frame[frame["grade"] != UNGRADED] if empty else frame)


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
    events = study.events()
    chosen = events[events["AESER"] == "Y"].sort_values([ARM, "USUBJID", "ASTDY"])
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
        frame[name] = frame[name].map(lambda w: _sentence_case(str(w)), na_action="ignore")
    return Listing(frame)


def _categories(events: pd.DataFrame, block: AdverseEvents) -> Mapping[str, pd.Series]:
    """Give the rows of each category; one whose column is empty throughout is not known."""
    serious, related = events["AESER"] == "Y", events["AEREL"].isin(list(block.related))
    chosen = {ANY: pd.Series(True, index=events.index)}
    if events["AESER"].notna().any():
        chosen["Serious"] = serious
    if events["AESEV"].notna().any():
        chosen["Severe"] = events["AESEV"] == "SEVERE"
    if events["AEREL"].notna().any():
        chosen["Related to treatment"] = related
        if events["AESER"].notna().any():
            chosen["Serious and related"] = serious & related
    if "AESDTH" in events and events["AESDTH"].notna().any():
        chosen["Fatal"] = events["AESDTH"] == "Y"
    return chosen


def _gaps(events: pd.DataFrame) -> tuple[str, ...]:
    """Say which events lack a grade, a relation or a mark of seriousness."""
    notes = []
    for column, words in (("AESER", "seriousness"), ("AESEV", "severity"), ("AEREL", "relation")):
        n = int(events[column].isna().sum())
        if 0 < n < len(events):
            notes.append(f"{n:,} of {len(events):,} events have no {words} in the data.")
        elif n and len(events):
            notes.append(f"The data hold no {words} of events.")
    if "AESDTH" in events:
        n = int(((events["AESDTH"] == "Y") & (events["AESER"] != "Y")).sum())
        if n:
            words = "event is" if n == 1 else "events are"
            notes.append(f"{n:,} fatal {words} not marked as serious in the data.")
    return tuple(notes)


def arm_sizes(study: Study, block: AdverseEvents) -> dict[str, int]:
    """Patients of the population in each arm, the control first."""
    counts = study.subjects(block.population)[ARM].value_counts()
    return {arm: int(counts[arm]) for arm in study.arms}


def _incidence(
    study: Study,
    block: AdverseEvents,
    named: pd.DataFrame,
    level: str,
    minimum_percent: float,
) -> Incidence:
    """Count patients and events of each name and arm, and compare the arms."""
    sizes = arm_sizes(study, block)
    names = list(named["name"].cat.categories)
    grouped = named.groupby(["name", ARM], observed=True)["USUBJID"].agg(["nunique", "size"])
    rows = []
    for name in names:
        for arm, total in sizes.items():
            found = grouped.loc[(name, arm)] if (name, arm) in grouped.index else (0, 0)
            patients, many = (int(n) for n in found)
            limits = exact_interval(patients, total, study.alpha)
            cell = (name, arm, patients, many, total, patients / total, limits.low, limits.high)
            rows.append(cell)
    columns = ["name", "arm", "patients", "events", "total", "share", "conf_low", "conf_high"]
    counts = pd.DataFrame(rows, columns=columns)
    differences = _differences(study, counts)
    common = counts.groupby("name")["share"].max() * 100 >= minimum_percent
    if level == "category":
        shown = list(names)
    else:
        rank = differences.groupby("name")["estimate"].max()
        rank = rank[common.reindex(rank.index)].rename("estimate").reset_index()
        rank = rank.sort_values(["estimate", "name"], ascending=[False, True])
        shown = rank["name"].tolist()
    return Incidence(
        level,
        counts,
        differences,
        tuple(shown),
        minimum_percent,
        study.alpha,
        study.population_label(block.population),
        study.control,
    )


def _differences(study: Study, counts: pd.DataFrame) -> pd.DataFrame:
    """Compare each treated arm with the control in every kind of event."""
    keys = {"patients": "events_control", "total": "n_control"}
    control = counts[counts["arm"] == study.control].rename(columns=keys)
    keys = {"patients": "events_treated", "total": "n_treated", "arm": "treated"}
    treated = counts[counts["arm"] != study.control].rename(columns=keys)
    sides = treated[["name", "treated", "events_treated", "n_treated"]].merge(
        control[["name", "events_control", "n_control"]], on="name", how="left"
    )
    compared = compare_risks(sides, study.alpha)
    # Whether p can come to alpha depends on how rare an event is in both arms together and not on
    # the arms' difference, so leaving out those that cannot keeps the rate (Gilbert 2005).
    able = compared["p_value"].where(compared["p_chance"] > 0)
    adjusted = adjust_p_values(able).benjamini_hochberg
    return compared.assign(
        p_adjusted=adjusted, contrast=compared["treated"] + f" vs {study.control}"
    )


def _in_order(frame: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    place = {name: i for i, name in enumerate(names)}
    kept = frame[frame["name"].isin(place)]
    return kept.sort_values("name", key=lambda s: s.map(place), kind="stable", ignore_index=True)


def _sentence_case(words: str) -> str:
    return words.capitalize() if words.isupper() else words
