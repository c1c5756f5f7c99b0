"""Every measure of one event, and the arms compared within strata."""

from dataclasses import dataclass

import pandas as pd

from alsutils.safety.analysis import (
    BOSCHLOO,
    FISHER,
    INTERVALS,
    MIDP,
    TESTS,
    Incidence,
)
from alsutils.safety.counting import PER_MONTHS, named_events
from alsutils.safety.exposure import MODEL, RATIO, patient_counts
from alsutils.safety.followup import follow_up
from alsutils.stats.proportions import stratified_risks
from alsutils.stats.rates import compare_rates, event_rate, rate_model, rate_ratio
from alsutils.study import ARM, Study
from alsutils.study.harms import AdverseEvents
from alsutils.study.telling import tell_sizes, told_population

MANTEL_DIFFERENCE = "risk difference (Mantel-Haenszel)"
MANTEL_RATIO = "risk ratio (Mantel-Haenszel)"
MANTEL_ODDS = "odds ratio (Mantel-Haenszel)"
CMH = "Cochran-Mantel-Haenszel test"
RATE_DIFFERENCE = f"difference of events per {PER_MONTHS} patient-months (Miettinen-Nurminen)"
RATE_EXACT = "ratio of event rates (exact Poisson)"
_MANTEL = {
    MANTEL_DIFFERENCE: ("estimate", "conf"),
    MANTEL_RATIO: ("ratio", "ratio"),
    MANTEL_ODDS: ("odds_ratio", "odds_ratio"),
}
KINDS = ("Risk difference", "Risk ratio", "Odds ratio", "Rates", "Tests")


@dataclass(frozen=True)
class Measures:
    """One event, by every measure.

    Attributes
    ----------
    name : str
        The event.
    frame : DataFrame
        Result columns, one row a measure and treated arm, with ``kind`` (one of KINDS), ``treated``
        and ``method``.
    strata : str
        Columns within whose levels the arms are compared, in words; empty where there are none.
    """

    name: str
    frame: pd.DataFrame
    strata: str


@dataclass(frozen=True)
class Stratified:
    """The arms compared within strata, event by event.

    Attributes
    ----------
    frame : DataFrame
        One row an event and treated arm: the columns of ``stratified_risks`` with ``name``,
        ``treated`` and ``contrast``.
    strata : str
        The columns that make the strata, in words.
    levels : int
        Number of strata with a patient.
    population : str
        Label of the population.
    """

    frame: pd.DataFrame
    strata: str
    levels: int
    population: str

    @property
    def results(self) -> pd.DataFrame:
        """Result columns: three measures and the test of each row."""
        rows = self.frame.assign(endpoint=self.frame["name"], population=self.population)
        bare = rows.drop(columns=["estimate", "std_error", "conf_low", "conf_high", "p_value"])
        parts = [_mantel(bare, rows, words) for words in _MANTEL]
        parts.append(bare.assign(analysis=CMH, statistic=rows["cmh"], df=1, p_value=rows["cmh_p"]))
        return pd.concat(parts, ignore_index=True)


def stratified(study: Study, terms: Incidence | None) -> Stratified | None:
    """Compare the arms within strata of the patients (Mantel and Haenszel).

    Parameters
    ----------
    study : Study
        The columns of ADSL among the primary endpoint's covariates that hold words make the
        strata.
    terms : Incidence or None
        The events that are compared: those that it shows.

    Returns
    -------
    Stratified or None
        None without events or without such a column.
    """
    block = study.config.adverse_events
    if block is None or terms is None or not terms.shown:
        return None
    by = _strata(study, block)
    if not by:
        return None
    subjects = told_population(study, block.population)
    keys = subjects.groupby(by, observed=True, dropna=False, sort=True).ngroup()
    subjects = subjects[["USUBJID", ARM]].assign(stratum=keys)
    named = named_events(study, block, terms.level)
    named = named[named["name"].isin(terms.shown)].drop_duplicates(["name", "USUBJID"])
    found = named[["name", "USUBJID"]].merge(subjects, on="USUBJID")
    counts = _counts_by_stratum(study, subjects, found, terms.shown)
    frame = stratified_risks(counts, ["name", "treated"], study.alpha)
    frame = frame.assign(contrast=frame["treated"] + f" vs {study.control}")
    rows = pd.MultiIndex.from_frame(frame[["name", "treated"]])
    told = terms.told.reindex(rows).to_numpy(dtype=bool)
    if not told.all() and not study.disclosure.is_open:
        figures = frame.columns.difference(["name", "treated", "contrast"])
        frame = frame.assign(**{c: frame[c].astype(float).where(told) for c in figures})
    words = _in_words(study, by)
    return Stratified(frame, words, int(keys.nunique()), study.population_label(block.population))


def measures(study: Study, terms: Incidence | None, name: str | None = None) -> Measures | None:
    """Measure one event in every way, so that the ways can be compared.

    Parameters
    ----------
    study : Study
        With adverse events.
    terms : Incidence or None
        Its events.
    name : str or None
        The event; the first that is shown where None.

    Returns
    -------
    Measures or None
        None without an event to show.
    """
    block = study.config.adverse_events
    if block is None or terms is None or not terms.shown:
        return None
    name = name or terms.shown[0]
    rows = terms.differences[terms.differences["name"] == name].reset_index(drop=True)
    parts = []
    for words, (estimate, limits) in INTERVALS.items():
        columns = {
            "estimate": rows[estimate],
            "conf_low": rows[f"{limits}_low"],
            "conf_high": rows[f"{limits}_high"],
        }
        parts.append(_part(rows, words, columns))
    for words in (FISHER, MIDP, BOSCHLOO):
        parts.append(_part(rows, words, {"p_value": rows[TESTS[words]]}))
    within = stratified(study, terms)
    if within is not None:
        mine = within.frame[within.frame["name"] == name].reset_index(drop=True)
        bare = mine[["name", "treated", "contrast"]]
        parts += [_mantel(bare, mine, words) for words in _MANTEL]
        parts.append(bare.assign(analysis=CMH, statistic=mine["cmh"], df=1, p_value=mine["cmh_p"]))
    parts.append(_rates(study, block, terms, name))
    frame = pd.concat([part for part in parts if not part.empty], ignore_index=True)
    frame["kind"] = frame["analysis"].map(_kind)
    frame["method"] = frame["analysis"].map(_method)
    order = frame["kind"].map(KINDS.index)
    frame = frame.assign(endpoint=name, population=terms.population, order=order)
    frame = frame.sort_values("order", kind="stable", ignore_index=True)
    return Measures(name, frame.drop(columns="order"), within.strata if within else "")


def _part(rows: pd.DataFrame, words: str, columns: dict[str, pd.Series]) -> pd.DataFrame:
    keys = ["name", "treated", "contrast", "n_treated", "n_control"]
    return rows[keys].assign(analysis=words, **columns)


def _mantel(bare: pd.DataFrame, rows: pd.DataFrame, words: str) -> pd.DataFrame:
    estimate, limits = _MANTEL[words]
    columns = {"estimate": rows[estimate], "conf_low": rows[f"{limits}_low"]}
    return bare.assign(analysis=words, conf_high=rows[f"{limits}_high"], **columns)


def _kind(analysis: str) -> str:
    for kind in KINDS[:3]:
        if analysis.startswith(kind.lower()):
            return kind
    return "Rates" if "rates" in analysis or "patient-months" in analysis else "Tests"


def _method(analysis: str) -> str:
    """Take the method out of an analysis's name, or all of it where it is a test."""
    inside = analysis.partition(" (")[2].rstrip(")")
    if analysis == RATE_DIFFERENCE:
        return f"Difference per {PER_MONTHS} patient-months ({inside})"
    if "ratio of event rates" in analysis:
        return f"Ratio ({inside})"
    return (inside[:1].upper() + inside[1:]) or analysis


def _strata(study: Study, block: AdverseEvents) -> list[str]:
    """Name the columns of ADSL among the primary's covariates that sort patients into groups."""
    subjects = told_population(study, block.population)
    named = [c for c in study.primary.covariates if c in subjects]
    return [c for c in named if not pd.api.types.is_numeric_dtype(subjects[c])]


def _in_words(study: Study, columns: list[str]) -> str:
    labels = {item.column: item.label.lower() for item in study.config.baseline}
    return " and ".join(labels.get(column, column) for column in columns)


def _counts_by_stratum(
    study: Study, subjects: pd.DataFrame, found: pd.DataFrame, names: tuple[str, ...]
) -> pd.DataFrame:
    """Count patients with and without each event in every stratum of both arms."""
    strata = sorted(subjects["stratum"].unique())
    sizes = subjects.groupby(["stratum", ARM], observed=False).size()
    had = (
        found.assign(name=found["name"].astype("str"))
        .groupby(["name", "stratum", ARM], observed=False)
        .size()
    )
    whole = pd.MultiIndex.from_product([names, strata, study.arms], names=["name", "stratum", ARM])
    long = had.reindex(whole, fill_value=0).rename("events").reset_index()
    at = pd.MultiIndex.from_frame(long[["stratum", ARM]])
    long["n"] = sizes.reindex(at, fill_value=0).to_numpy()
    keys = ["name", "stratum"]
    control = long[long[ARM] == study.control].drop(columns=ARM)
    treated = long[long[ARM] != study.control].rename(columns={ARM: "treated"})
    both = treated.merge(control, on=keys, suffixes=("_treated", "_control"))
    both["treated"] = both["treated"].astype("str")
    return both


def _rates(study: Study, block: AdverseEvents, terms: Incidence, name: str) -> pd.DataFrame:
    """Compare the arms in events per time: exact, robust and by the negative binomial model."""
    followed = follow_up(study)
    if followed is None:
        return pd.DataFrame()
    named = named_events(study, block, terms.level)
    counts = patient_counts(followed, named[named["name"] == name])
    groups = {arm: counts[counts[ARM] == arm] for arm in study.arms}
    rows = []
    told = [arm for arm in study.treated if study.disclosure.is_open or terms.told[name, arm]]
    for arm in told:
        sides = {"treated": groups[arm], "control": groups[study.control]}
        sums = {
            f"{column}_{side}": [group[column].sum()]
            for side, group in sides.items()
            for column in ("events", "time")
        }
        exact = compare_rates(pd.DataFrame(sums), study.conf_level).iloc[0]
        found = {
            RATE_DIFFERENCE: (exact["estimate"], exact["score_low"], exact["score_high"], None),
            RATE_EXACT: (
                exact["ratio"],
                exact["ratio_low"],
                exact["ratio_high"],
                exact["p_value"],
            ),
        }
        if (counts.loc[counts[ARM].isin([arm, study.control]), "events"] > 0).any():
            found |= _modelled(study, sides)
        rows += [
            {
                "name": name,
                "treated": arm,
                "contrast": f"{arm} vs {study.control}",
                "n_treated": len(groups[arm]),
                "n_control": len(groups[study.control]),
                "analysis": words,
                "estimate": estimate,
                "conf_low": low,
                "conf_high": high,
                "p_value": p,
            }
            for words, (estimate, low, high, p) in found.items()
        ]
    return tell_sizes(study, pd.DataFrame(rows))


def _modelled(
    study: Study, sides: dict[str, pd.DataFrame]
) -> dict[str, tuple[float, float, float, float]]:
    """Give the ratios that allow for patients who differ; none where an arm has no event."""
    if any(group["events"].sum() == 0 for group in sides.values()):
        return {}
    treated, control = (
        event_rate(group["events"], group["time"], study.conf_level) for group in sides.values()
    )
    robust = rate_ratio(treated, control, study.conf_level)
    both = pd.concat(sides, names=["side"]).reset_index("side")
    model = rate_model(
        both["events"].to_numpy(),
        both["time"].to_numpy(),
        (both["side"] == "treated").to_numpy(),
        conf_level=study.conf_level,
    )
    return {
        words: (one.estimate, one.conf_low, one.conf_high, one.p_value)
        for words, one in ((RATIO, robust), (MODEL, model))
    }
