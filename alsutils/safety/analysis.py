"""Adverse events by arm: how many patients, which events, and how the arms compare."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from alsutils.safety.counting import Kinds, Level, count_events, count_kinds, masked
from alsutils.safety.telling import hidden_kinds, next_told
from alsutils.stats.disclosure import is_small
from alsutils.stats.multiplicity import adjust_p_values
from alsutils.stats.proportions import compare_risks
from alsutils.study import ARM, Study
from alsutils.study.conventions import severity_by_grade
from alsutils.study.disclosure import INSTEAD
from alsutils.study.harms import AdverseEvents
from alsutils.study.nested import FATAL as FATAL_GROUP
from alsutils.study.nested import nested_groups

ANY, SERIOUS, RELATED = "Any event", "Serious", "Related to treatment"
BOTH = "Serious and related"
SEVERE, STOPPED, FATAL = "Severe", "Leading to discontinuation", "Fatal"
# Kinds whose patients are among those of others.
_WITHIN = {
    **dict.fromkeys((RELATED, SERIOUS, SEVERE, STOPPED), (ANY,)),
    BOTH: (RELATED, SERIOUS),
    FATAL: (ANY, SERIOUS),
}
NEWCOMBE = "risk difference (Newcombe)"
SCORE = "risk difference (Miettinen-Nurminen)"
AGRESTI = "risk difference (Agresti-Caffo)"
RATIO_SCORE = "risk ratio (Miettinen-Nurminen)"
RATIO_WALD = "risk ratio (log-Wald)"
ODDS = "odds ratio (conditional, exact)"
ODDS_MIDP = "odds ratio (conditional, mid-p)"
FISHER = "Fisher's exact test"
MIDP = "Fisher's exact test, mid-p"
BOSCHLOO = "Boschloo's exact test"
ADJUSTED = "Fisher's exact test, Benjamini-Hochberg"

# Each interval and test by its words: the columns of `compare_risks` that hold it.
INTERVALS = {
    NEWCOMBE: ("estimate", "newcombe"),
    SCORE: ("estimate", "score"),
    AGRESTI: ("estimate", "agresti_caffo"),
    RATIO_SCORE: ("ratio", "ratio"),
    RATIO_WALD: ("ratio", "ratio_wald"),
    ODDS: ("odds_ratio", "odds_ratio"),
    ODDS_MIDP: ("odds_ratio", "odds_ratio_midp"),
}
TESTS = {FISHER: "p_value", MIDP: "p_midp", BOSCHLOO: "p_boschloo", ADJUSTED: "p_adjusted"}
_SIZES = ("n_treated", "n_control")


@dataclass(frozen=True)
class Incidence:
    """Patients with an event of each kind, by arm, and the arms compared.

    Attributes
    ----------
    level : str
        What the kinds are: ``category`` (any, serious, ...), ``term`` or ``system``.
    counts : DataFrame
        One row a kind and arm: ``name``, ``arm``, ``patients``, ``events``, ``total`` (patients in
        the arm), ``share``, ``conf_low``, ``conf_high`` (exact limits of the share), ``months``
        (patient-months watched, missing where not known), ``rate`` (events per 100 of them) and
        ``instead`` (what stands in place of ``patients`` where these must not be told). Kinds that
        too few patients of every arm had are counted together; ``others`` names them.
    differences : DataFrame
        One row a kind and treated arm: ``name``, ``treated``, ``contrast``, the columns of
        ``compare_risks`` (patients counted, not events), and ``p_adjusted`` (Benjamini-Hochberg
        over the rows whose p could come to alpha at all; missing in the others). All of it is
        missing where a count of it must not be told.
    family : DataFrame
        One row a comparison, those included that ``differences`` does not tell: ``name`` (missing
        where it is not told), ``system``, ``treated``, ``contrast``, ``n_treated``, ``n_control``,
        ``p_value`` (where it must not be told, the
        next larger one that may be), ``p_adjusted`` and ``p_chance``.
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
    systems : Mapping of str to str
        The organ class of each term; empty for other levels.
    others : Mapping of str to str
        The words for each kind that stands for several rare ones.
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
    systems: Mapping[str, str]
    family: pd.DataFrame
    others: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def hides(self) -> bool:
        """Whether a count of it is not told."""
        return bool((self.counts[INSTEAD] != "").any())

    @property
    def told(self) -> pd.Series:
        """Whether each comparison is told, by ``name`` and ``treated``."""
        return self.differences.set_index(["name", "treated"])["estimate"].notna()

    @property
    def shown_counts(self) -> pd.DataFrame:
        """Rows of ``counts`` that are shown, in order."""
        return _in_order(self.counts, self.shown)

    @property
    def shown_differences(self) -> pd.DataFrame:
        """Rows of ``differences`` that are shown and may be told, in order."""
        rows = _in_order(self.differences, self.shown)
        return rows.dropna(subset="estimate").reset_index(drop=True) if self.hides else rows

    @property
    def frame(self) -> pd.DataFrame:
        """Result columns of what is shown: shares by arm, every interval and every test."""
        rows = self.shown_differences.assign(endpoint=lambda f: f["name"])
        rows = rows.assign(population=self.population)
        bare = rows.drop(columns=["estimate", "p_value"])
        parts = [
            bare.assign(
                analysis=words,
                estimate=rows[estimate],
                conf_low=rows[f"{limits}_low"],
                conf_high=rows[f"{limits}_high"],
            )
            for words, (estimate, limits) in INTERVALS.items()
        ]
        parts += [bare.assign(analysis=words, p_value=rows[p]) for words, p in TESTS.items()]
        shares = self.shown_counts
        if self.hides:
            shares = shares.dropna(subset="share")
        is_control = shares["arm"] == self.control
        shares = shares.assign(
            analysis="share of patients (Clopper-Pearson)",
            endpoint=shares["name"],
            population=self.population,
            contrast=shares["arm"],
            estimate=shares["share"],
            n_control=shares["total"].where(is_control),
            n_treated=shares["total"].where(~is_control),
        )
        return pd.concat([shares, *parts], ignore_index=True)


def overview(study: Study) -> Incidence | None:
    """Compare the arms in patients with any, related, serious, severe and graver events.

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
    events = study.events(carry=())
    chosen = categories(events, block)
    parts = [events.loc[mask, ["USUBJID", ARM]].assign(name=name) for name, mask in chosen.items()]
    named = pd.concat(parts, ignore_index=True)
    # A category that nobody had is a finding of its own, so all stay.
    named["name"] = pd.Categorical(named["name"], categories=list(chosen))
    whole = count_events(study, block, named)
    hidden = hidden_kinds(study.disclosure, whole, _WITHIN)
    # Deaths are told elsewhere, too.
    fatal = [nested_groups(study).tells(FATAL_GROUP, arm) for arm in whole["arm"]]
    hidden = hidden | (whole["name"] == FATAL).to_numpy() & ~np.array(fatal, dtype=bool)
    few = is_small(whole["patients"], study.disclosure.minimum)
    kinds = Kinds(whole, hidden, masked(study, whole, hidden, few), {}, {})
    found = _incidence(study, block, kinds, "category", 0)
    return replace(found, shown=tuple(chosen), notes=_gaps(study, events))


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
    least = block.minimum_percent if minimum_percent is None else minimum_percent
    return _incidence(study, block, count_kinds(study, block, level), level, least)


def categories(events: pd.DataFrame, block: AdverseEvents) -> dict[str, pd.Series]:
    """Say which events belong to each category of the overview.

    Parameters
    ----------
    events : DataFrame
        Events of ADAE.
    block : AdverseEvents
        Which words mean related and withdrawn.

    Returns
    -------
    dict of str to Series of bool
        In the order of the page; a category whose column is absent or empty throughout is not
        known and left out.
    """

    def known(column: str) -> bool:
        return column in events and bool(events[column].notna().any())

    serious, related = events["AESER"] == "Y", events["AEREL"].isin(list(block.related))
    chosen = {ANY: pd.Series(True, index=events.index)}
    if known("AEREL"):
        chosen[RELATED] = related
    if known("AESER"):
        chosen[SERIOUS] = serious
        if known("AEREL"):
            chosen[BOTH] = serious & related
    if known("AESEV"):
        chosen[SEVERE] = events["AESEV"] == "SEVERE"
    if known("AEACN"):
        chosen[STOPPED] = events["AEACN"].isin(list(block.withdrawn))
    if known("AESDTH"):
        chosen[FATAL] = events["AESDTH"] == "Y"
    return chosen


def _gaps(study: Study, events: pd.DataFrame) -> tuple[str, ...]:
    """Say which events lack a grade, a relation or a mark of seriousness."""
    notes = []
    for column, words in (("AESER", "seriousness"), ("AESEV", "severity"), ("AEREL", "relation")):
        n = int(events[column].isna().sum())
        if 0 < n < len(events):
            told = f"{n:,} of {len(events):,}"
            if _of_few(study, events, events[column].isna()):
                told = "Some"
            notes.append(f"{told} events have no {words} in the data.")
        elif n and len(events):
            notes.append(f"The data hold no {words} of events.")
    grades = severity_by_grade(events)
    if grades is not None and grades.equals(events["AESEV"].astype(object)):
        notes.append("Events are graded from 1 to 5 in the data; grade 3 and above is severe here.")
    if len(events) and ("AEACN" not in events or events["AEACN"].isna().all()):
        notes.append("The data do not say which events led to discontinuation.")
    if "AESDTH" in events:
        unmarked = (events["AESDTH"] == "Y") & (events["AESER"] != "Y")
        n = int(unmarked.sum())
        if _of_few(study, events, unmarked):
            notes.append("Some fatal events are not marked as serious in the data.")
        elif n:
            words = "event is" if n == 1 else "events are"
            notes.append(f"{n:,} fatal {words} not marked as serious in the data.")
    return tuple(notes)


def _of_few(study: Study, events: pd.DataFrame, which: pd.Series) -> bool:
    """Tell whether some events, or the rest of them, are those of few patients."""
    people = [events.loc[mask, "USUBJID"].nunique() for mask in (which, ~which)]
    return bool(study.disclosure.hides(people).any())


def _incidence(
    study: Study, block: AdverseEvents, kinds: Kinds, level: str, minimum_percent: float
) -> Incidence:
    """Compare the arms in kinds of events, and choose those that are shown."""
    compared = _differences(study, kinds.whole)
    keys = list(zip(kinds.whole["name"], kinds.whole["arm"], strict=True))
    lost = {key for key, gone in zip(keys, kinds.hidden, strict=True) if gone}
    pairs = [
        zip(compared["name"], arms, strict=True)
        for arms in (compared["treated"], [study.control] * len(compared))
    ]
    told = ~np.array([any(key in lost for key in both) for both in zip(*pairs, strict=True)], bool)
    named = compared["name"].isin(kinds.told["name"])
    # Whether p can come to alpha depends on how rare an event is in both arms together and not on
    # the arms' difference, so leaving out those that cannot keeps the rate (Gilbert 2005).
    p_values = next_told(compared["p_value"], told)
    able = p_values.where(compared["p_chance"] > 0)
    adjusted = adjust_p_values(able).benjamini_hochberg
    family = compared[["name", "treated", "contrast", *_SIZES, "p_chance"]].assign(
        name=compared["name"].where(told & named),
        system=compared["name"].map(kinds.systems),
        p_value=p_values,
        p_adjusted=adjusted,
    )
    differences = compared.assign(p_adjusted=adjusted)
    if not told.all():
        figures = differences.columns.difference(["name", "treated", "contrast", *_SIZES])
        gone = {c: differences[c].astype(float).where(told) for c in figures}
        differences = differences.assign(**gone)
    differences = differences[named].reset_index(drop=True)
    counts = kinds.told[~kinds.told["name"].isin(kinds.others)]
    common = counts.groupby("name")["share"].max() * 100 >= minimum_percent
    rank = differences.groupby("name")["estimate"].max()
    rank = rank[common.reindex(rank.index, fill_value=False)].rename("estimate").reset_index()
    rank = rank.sort_values(["estimate", "name"], ascending=[False, True])
    return Incidence(
        level=level,
        counts=kinds.told,
        differences=differences,
        shown=tuple(rank["name"]),
        minimum_percent=minimum_percent,
        alpha=study.alpha,
        population=study.population_label(block.population),
        control=study.control,
        systems=kinds.systems,
        family=family,
        others=kinds.others,
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
    return compared.assign(contrast=compared["treated"] + f" vs {study.control}")


def _in_order(frame: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    place = {name: i for i, name in enumerate(names)}
    kept = frame[frame["name"].isin(place)]
    return kept.sort_values("name", key=lambda s: s.map(place), kind="stable", ignore_index=True)
