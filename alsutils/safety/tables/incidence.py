"""Tables of the patients with each event, and of the arms compared."""

from collections.abc import Iterable

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.safety.analysis import Incidence
from alsutils.safety.counting import PER_MONTHS
from alsutils.safety.measures import Measures, Stratified
from alsutils.safety.words import NO_COMPARISON, NO_STRATA, NOTHING, no_event, nothing_reached
from alsutils.study import Study

_NAMES = {
    "category": "Patients with adverse events",
    "term": "Patients with each event",
    "system": "Patients with an event of each organ class",
}
_COUNTED = {"n": "Patients", "e": "Events", "r": "Rate"}
_DIFFERENCE = ["estimate", "conf_low", "conf_high"]
HEADS = {"category": "Patients with", "term": "Event", "system": "Organ class"}


def incidence(study: Study, result: Incidence | None) -> Table | Prose:
    """Lay out patients and events by arm, a row a kind of event."""
    if result is None:
        return Prose(NOTHING)
    if not result.shown:
        return Prose(f"{nothing_reached(result)}.")
    shown = pd.DataFrame({"name": result.shown})
    columns = _arm_columns(study, result, result.shown)
    labels = {"name": HEADS[result.level]}
    labels |= {key: _COUNTED[key[-1]] for key in columns if key[-1] != "r"}
    return tables.table(
        shown.assign(**columns),
        f"{_NAMES[result.level]}, by arm",
        labels,
        spanners=_over(study, result, labels, watched=False),
        notes=[
            "Patients (share of the arm) and number of events. A patient with an event twice "
            "counts once among the patients.",
            *_threshold(result),
            *result.notes,
            *_hidden(study, result),
        ],
        results=result.frame,
        sortable=result.level != "category",
    )


def nested(study: Study, systems: Incidence | None, terms: Incidence | None) -> Table | Prose:
    """Lay out every event under its organ class: patients, events and rates by arm."""
    if systems is None or terms is None:
        return Prose("")
    if not terms.systems:
        return Prose(f"{no_event(terms)}.")
    heads, under = _by_frequency(systems), _by_frequency(terms)
    rows: list[tuple[str, str | None]] = []
    for system in heads:
        rows.append((system, None))
        if system in systems.others:
            continue
        rows += [(name, system) for name in under if terms.systems[name] == system]
    shown = pd.DataFrame(rows, columns=["name", "system"])
    shown["name"] = shown["name"].astype("str")
    columns: dict[str, pd.Series] = {}
    for result, mask in ((systems, shown["system"].isna()), (terms, shown["system"].notna())):
        for key, cells in _arm_columns(study, result, shown.loc[mask, "name"]).items():
            columns.setdefault(key, pd.Series(index=shown.index, dtype=object))[mask] = cells
    shown["name"] = shown["name"].replace({**systems.others, **terms.others})
    timed = terms.counts["months"].notna().all()
    labels = {"name": "Organ class and event"}
    labels |= {key: _COUNTED[key[-1]] for key in columns if timed or key[-1] != "r"}
    rate = f"Rate: events per {PER_MONTHS} patient-months. " if timed else ""
    rare = "" if terms.others else "; all events are here, however rare"
    return tables.table(
        shown.assign(**columns),
        "Every event under its organ class",
        labels,
        spanners=_over(study, terms, labels, watched=timed),
        notes=[
            "Patients (share of the arm), number of events. A patient counts once in each row, so "
            f"the events of a class add up and its patients do not. {rate}The commonest stand on "
            f"top{rare}.",
            *_hidden(study, systems),
        ],
        parent="system",
        group_label="Organ class",
        sortable=True,
    )


def differences(study: Study, result: Incidence | None) -> Table | Prose:
    """Lay out the differences from the control with three intervals and both p-values."""
    if result is None:
        return Prose("")
    if not result.shown:
        return Prose(f"{nothing_reached(result)}.")
    rows = result.shown_differences
    if rows.empty:
        return Prose(_none_told(study))
    shown = rows.assign(
        difference=[_points(v) for v in rows["estimate"]],
        newcombe=_limits(rows, "newcombe"),
        score=_limits(rows, "score"),
        agresti=_limits(rows, "agresti_caffo"),
    )
    labels = {
        **_keys(study, result),
        "difference": "Difference",
        "newcombe": "Newcombe",
        "score": "Miettinen-Nurminen",
        "agresti": "Agresti-Caffo",
        "p_value": "Fisher's p",
        "p_adjusted": "p, adjusted",
    }
    level = fmt.percent(1 - result.alpha)
    limits = ["newcombe", "score", "agresti"]
    return tables.table(
        shown,
        f"Difference from {study.control}, percentage points of patients",
        labels,
        {"p_value": fmt.p_value, "p_adjusted": fmt.p_value},
        group="name" if len(study.treated) > 1 else None,
        spanners={f"{level} interval": limits, "Test": ["p_value", "p_adjusted"]},
        notes=[
            f"Share of patients in the treated arm less that in {study.control}. Adjusted after "
            f"Benjamini and Hochberg over the {result.family['p_adjusted'].notna().sum()} "
            f"comparisons, shown or not, with enough events for p to come to {result.alpha:g}.",
            *_threshold(result),
            *_hidden(study, result),
        ],
        results=result.frame,
        group_label=HEADS[result.level],
        sortable=result.level != "category",
    )


def ratios(study: Study, result: Incidence | None) -> Table | Prose:
    """Lay out the ratios of shares and of odds, and three exact tests."""
    if result is None:
        return Prose("")
    if not result.shown:
        return Prose(f"{nothing_reached(result)}.")
    rows = result.shown_differences
    if rows.empty:
        return Prose("")
    shown = rows.assign(
        ratio_words=estimates(rows, "ratio", "ratio"),
        odds_words=estimates(rows, "odds_ratio", "odds_ratio"),
    )
    labels = {
        **_keys(study, result),
        "ratio_words": "Risk ratio",
        "odds_words": "Odds ratio",
        "p_value": "Fisher",
        "p_midp": "mid-p",
        "p_boschloo": "Boschloo",
    }
    tests = ["p_value", "p_midp", "p_boschloo"]
    level = fmt.percent(1 - result.alpha)
    return tables.table(
        shown,
        f"Ratios to {study.control}, and exact tests",
        labels,
        dict.fromkeys(tests, fmt.p_value),
        group="name" if len(study.treated) > 1 else None,
        spanners={f"Estimate ({level} CI)": ["ratio_words", "odds_words"], "p": tests},
        notes=[
            "Risk ratio with Miettinen and Nurminen's limits; odds ratio given all patients with "
            "the event, with exact limits. A ratio is 0 or infinite where one arm had no such "
            "patient. Boschloo's test is left out in very large arms.",
            *_threshold(result),
            *_hidden(study, result),
        ],
        group_label=HEADS[result.level],
        sortable=True,
    )


def measures(study: Study, result: Measures | None) -> Table | Prose:
    """Lay out one event by every measure."""
    if result is None:
        return Prose(NO_COMPARISON)
    rows = result.frame
    if not study.disclosure.is_open:
        rows = rows.dropna(subset=["estimate", "p_value"], how="all").reset_index(drop=True)
    points = rows["analysis"].str.startswith("risk difference")
    scaled = rows[_DIFFERENCE].where(~points, 100 * rows[_DIFFERENCE])
    plain, percent = (estimates(scaled, "estimate", "conf", digits) for digits in (2, 1))
    words = [
        p if is_percent else w for w, p, is_percent in zip(plain, percent, points, strict=True)
    ]
    several = len(study.treated) > 1
    level = fmt.percent(study.conf_level)
    strata = f" Mantel-Haenszel: within strata of {result.strata}." if result.strata else ""
    return tables.table(
        rows.assign(words=words),
        f"{result.name}: every measure of the difference from {study.control}",
        {
            "method": "Method",
            **({"treated": "Arm"} if several else {}),
            "words": f"Estimate ({level} CI)",
            "p_value": "p",
        },
        {"p_value": fmt.p_value},
        group="kind",
        notes=[f"Risk differences in percentage points.{strata}"],
        results=rows,
        group_label="Measure",
    )


def stratified(study: Study, result: Stratified | None) -> Table | Prose:
    """Lay out the comparisons within strata."""
    if result is None:
        return Prose(NO_STRATA)
    rows = result.frame
    if not study.disclosure.is_open:
        rows = rows.dropna(subset="estimate").reset_index(drop=True)
    if rows.empty:
        return Prose(_none_told(study))
    several = len(study.treated) > 1
    shown = rows.assign(
        difference=estimates(100 * rows[_DIFFERENCE], "estimate", "conf", 1),
        ratio_words=estimates(rows, "ratio", "ratio"),
        odds_words=estimates(rows, "odds_ratio", "odds_ratio"),
    )
    level = fmt.percent(study.conf_level)
    return tables.table(
        shown,
        f"Compared within strata of {result.strata}",
        {
            **({"treated": "Arm"} if several else {"name": "Event"}),
            "difference": "Difference, points",
            "ratio_words": "Risk ratio",
            "odds_words": "Odds ratio",
            "cmh_p": "CMH",
            "tarone_p": "Same odds ratio",
        },
        {"cmh_p": fmt.p_value, "tarone_p": fmt.p_value},
        group="name" if several else None,
        spanners={
            f"Mantel-Haenszel ({level} CI)": ["difference", "ratio_words", "odds_words"],
            "p": ["cmh_p", "tarone_p"],
        },
        notes=[
            f"{fmt.plural(result.levels, 'stratum', 'strata')}. CMH: Cochran, Mantel and "
            "Haenszel's test of no difference within any stratum. Same odds ratio: Tarone's test."
        ],
        results=result.results,
        group_label="Event",
    )


def _arm_columns(study: Study, result: Incidence, names: Iterable[str]) -> dict[str, list[str]]:
    """Write patients, events and rates of each arm, in the order of the names."""
    columns: dict[str, list[str]] = {}
    for i, arm in enumerate(study.arms):
        rows = result.counts[result.counts["arm"] == arm].set_index("name").loc[list(names)]
        columns[f"arm{i}n"] = tables.counts(rows, "patients", "total")
        columns[f"arm{i}e"] = [fmt.number(n, 0) for n in rows["events"]]
        columns[f"arm{i}r"] = [fmt.number(rate) for rate in rows["rate"]]
    return columns


def _over(
    study: Study, result: Incidence, labels: Iterable[str], watched: bool
) -> dict[str, list[str]]:
    """Head each arm's columns by its name, size and time."""
    sizes = result.counts.groupby("arm")[["total", "months"]].first()
    over = {}
    for i, arm in enumerate(study.arms):
        time = f"; {fmt.number(sizes.at[arm, 'months'], 0)} patient-months" if watched else ""
        mine = [key for key in labels if key.startswith(f"arm{i}") and key[:-1] == f"arm{i}"]
        over[f"{arm} (n = {sizes.at[arm, 'total']:,}{time})"] = mine
    return over


def _by_frequency(result: Incidence) -> list[str]:
    """Order names by the patients of all arms, then by the alphabet."""
    totals = result.counts.groupby("name")["patients"].sum().reset_index()
    totals["other"] = totals["name"].isin(result.others)
    ordered = totals.sort_values(["other", "patients", "name"], ascending=[True, False, True])
    return list(ordered["name"])


def _keys(study: Study, result: Incidence) -> dict[str, str]:
    """Name the first column: the event, or the arm where events head groups of rows."""
    return {"treated": "Arm"} if len(study.treated) > 1 else {"name": HEADS[result.level]}


def _threshold(result: Incidence) -> list[str]:
    if not result.minimum_percent:
        return []
    names = set(result.counts["name"]) - set(result.others)
    hidden = len(names) - len(result.shown)
    if not hidden:
        return []
    return [f"Shown from {result.minimum_percent:g}% of an arm; {hidden:,} rarer ones are not."]


def _hidden(study: Study, result: Incidence) -> list[str]:
    return [study.disclosure.why] if result.hides else []


def _none_told(study: Study) -> str:
    return f"Each comparison rests on {study.disclosure.few_patients} of an arm, so none is shown."


def _points(share: float) -> str:
    return fmt.number(100 * share, 1)


def _limits(rows: pd.DataFrame, method: str) -> list[str]:
    pairs = zip(rows[f"{method}_low"], rows[f"{method}_high"], strict=True)
    return [fmt.interval(100 * low, 100 * high, 1) for low, high in pairs]


def estimates(rows: pd.DataFrame, estimate: str, limits: str, digits: int = 2) -> list[str]:
    """Write each row's estimate with its limits; a dash where it has none."""
    columns = [estimate, f"{limits}_low", f"{limits}_high"]
    values = rows[columns].itertuples(index=False, name=None)
    words = []
    for value, low, high in values:
        if pd.isna(low):
            words.append(fmt.number(value, digits))
        else:
            words.append(fmt.estimate(value, low, high, digits))
    return words
