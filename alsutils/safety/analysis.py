"""Adverse events by arm: how many patients, which events, and how the arms compare."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from alsutils.safety.followup import FollowUp, follow_up
from alsutils.stats.multiplicity import adjust_p_values
from alsutils.stats.proportions import compare_risks, share_limits
from alsutils.study import ARM, Study
from alsutils.study.harms import AdverseEvents

Level = Literal["term", "system"]

ANY, SERIOUS = "Any event", "Serious"
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
PER_MONTHS = 100  # rates are events per so many patient-months


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
        (patient-months watched, missing where not known), ``rate`` (events per 100 of them).
    differences : DataFrame
        One row a kind and treated arm: ``name``, ``treated``, ``contrast``, the columns of
        ``compare_risks`` (patients counted, not events), and ``p_adjusted`` (Benjamini-Hochberg
        over the rows whose p could come to alpha at all; missing in the others).
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
    named = named_events(study, block, level)
    least = block.minimum_percent if minimum_percent is None else minimum_percent
    found = _incidence(study, block, named, level, least)
    if level == "system" or named.empty:
        return found
    pairs = named.value_counts(["name", "system"]).reset_index()
    # A term that stands under two classes belongs to the one where it stands more often.
    first = pairs.drop_duplicates("name").astype("str")
    return replace(found, systems=dict(zip(first["name"], first["system"], strict=True)))


def named_events(study: Study, block: AdverseEvents, level: str = "term") -> pd.DataFrame:
    """Give the events with the name of their kind and of their organ class.

    Parameters
    ----------
    study : Study
        With events.
    block : AdverseEvents
        How to read them.
    level : {"term", "system"}
        What names a kind; terms do for any other level.

    Returns
    -------
    DataFrame
        The columns of ADAE, ``ARM``, and the categories ``name`` and ``system``; names in capitals
        throughout are set in small letters.
    """
    events = study.events(carry=())
    term, system = (_worded(events[column]) for column in (block.term, block.system))
    return events.assign(name=system if level == "system" else term, system=system)


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
        chosen["Related to treatment"] = related
    if known("AESER"):
        chosen[SERIOUS] = serious
        if known("AEREL"):
            chosen["Serious and related"] = serious & related
    if known("AESEV"):
        chosen["Severe"] = events["AESEV"] == "SEVERE"
    if known("AEACN"):
        chosen["Leading to discontinuation"] = events["AEACN"].isin(list(block.withdrawn))
    if known("AESDTH"):
        chosen["Fatal"] = events["AESDTH"] == "Y"
    return chosen


def arm_sizes(study: Study, block: AdverseEvents) -> dict[str, int]:
    """Count the patients of the population in each arm, the control first."""
    counts = study.subjects(block.population)[ARM].value_counts()
    return {arm: int(counts[arm]) for arm in study.arms}


def sentence_case(words: str) -> str:
    """Set words in capitals throughout in small letters, after the first."""
    return words.capitalize() if words.isupper() else words


def _worded(column: pd.Series) -> pd.Series:
    """Give a column's words as categories, each written once in sentence case."""
    codes = column.astype("str").astype("category")
    written = codes.cat.categories.map(sentence_case)
    names = pd.Index(sorted(set(written)))
    return pd.Series(
        pd.Categorical.from_codes(names.get_indexer(written)[codes.cat.codes], categories=names),
        index=column.index,
    )


def _gaps(events: pd.DataFrame) -> tuple[str, ...]:
    """Say which events lack a grade, a relation or a mark of seriousness."""
    notes = []
    for column, words in (("AESER", "seriousness"), ("AESEV", "severity"), ("AEREL", "relation")):
        n = int(events[column].isna().sum())
        if 0 < n < len(events):
            notes.append(f"{n:,} of {len(events):,} events have no {words} in the data.")
        elif n and len(events):
            notes.append(f"The data hold no {words} of events.")
    if len(events) and ("AEACN" not in events or events["AEACN"].isna().all()):
        notes.append("The data do not say which events led to discontinuation.")
    if "AESDTH" in events:
        n = int(((events["AESDTH"] == "Y") & (events["AESER"] != "Y")).sum())
        if n:
            words = "event is" if n == 1 else "events are"
            notes.append(f"{n:,} fatal {words} not marked as serious in the data.")
    return tuple(notes)


def _incidence(
    study: Study,
    block: AdverseEvents,
    named: pd.DataFrame,
    level: str,
    minimum_percent: float,
) -> Incidence:
    """Count patients and events of each name and arm, and compare the arms."""
    counts = _counts(study, block, named)
    differences = _differences(study, counts)
    names = list(named["name"].cat.categories)
    if level == "category":
        shown = names
    else:
        common = counts.groupby("name")["share"].max() * 100 >= minimum_percent
        rank = differences.groupby("name")["estimate"].max()
        rank = rank[common.reindex(rank.index)].rename("estimate").reset_index()
        rank = rank.sort_values(["estimate", "name"], ascending=[False, True])
        shown = rank["name"].tolist()
    return Incidence(
        level=level,
        counts=counts,
        differences=differences,
        shown=tuple(shown),
        minimum_percent=minimum_percent,
        alpha=study.alpha,
        population=study.population_label(block.population),
        control=study.control,
        systems={},
    )


def _counts(study: Study, block: AdverseEvents, named: pd.DataFrame) -> pd.DataFrame:
    """Count patients and events of each name in each arm."""
    sizes, watched = arm_sizes(study, block), follow_up(study)
    once = named.drop_duplicates(["name", "USUBJID"])
    keys = ["name", ARM]
    counts = pd.DataFrame(
        {
            "patients": once.groupby(keys, observed=False).size(),
            "events": named.groupby(keys, observed=False).size(),
        }
    ).reset_index(names=["name", "arm"])
    counts["name"], counts["arm"] = (counts[c].astype("str") for c in ("name", "arm"))
    total = counts["arm"].map(sizes).astype(int)
    limits = share_limits(counts["patients"], total, study.alpha)
    months = counts["arm"].map(_months(study, watched)).astype(float)
    return counts.assign(
        total=total,
        share=limits.estimate,
        conf_low=limits.exact_low,
        conf_high=limits.exact_high,
        months=months,
        rate=PER_MONTHS * counts["events"] / months,
    )


def _months(study: Study, watched: FollowUp | None) -> dict[str, float]:
    return {arm: watched.months(arm) if watched else float("nan") for arm in study.arms}


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
