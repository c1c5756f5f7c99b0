"""What the measures of one event come to, in words."""

import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.safety.analysis import BOSCHLOO, FISHER, MIDP, Incidence
from alsutils.safety.measures import Measures, Stratified
from alsutils.study import Study


def measures(study: Study, terms: Incidence | None, result: Measures | None) -> Prose:
    """Say one event's difference, ratio and odds ratio, and what the tests make of it."""
    if result is None or terms is None:
        return Prose("")
    rows = terms.differences[terms.differences["name"] == result.name]
    if terms.hides:
        rows = rows.dropna(subset="estimate")
    parts = []
    for row in rows.to_dict("records"):
        treated = fmt.count_of(row["events_treated"], row["n_treated"])
        control = fmt.count_of(row["events_control"], row["n_control"])
        tests = _tests(result, row["treated"])
        parts.append(
            f"{fmt.capitalised(result.name)}: {treated} in {row['treated']} and "
            f"{control} in {study.control}. That is a difference of "
            f"{fmt.number(100 * row['estimate'], 1)} percentage points, a risk ratio of "
            f"{fmt.number(row['ratio'])} and an odds ratio of {fmt.number(row['odds_ratio'])}. "
            f"{tests}"
        )
    return Prose(" ".join(parts))


def stratified(study: Study, terms: Incidence | None, result: Stratified | None) -> Prose:
    """Say how far the difference of the first event moves when arms are compared within strata."""
    if result is None or terms is None:
        return Prose("")
    name = terms.shown[0]
    crude = terms.differences.set_index(["name", "treated"])["estimate"]
    rows = result.frame[result.frame["name"] == name]
    told = [
        f"{fmt.number(100 * r['estimate'], 1)} percentage points for {r['treated']} (without "
        f"strata {fmt.number(100 * crude[name, r['treated']], 1)})"
        for r in rows.to_dict("records")
        if pd.notna(r["estimate"])
    ]
    if not told:
        return Prose(f"No stratum of {result.strata} has patients of both arms.")
    return Prose(
        f"Within strata of {result.strata}, the difference of {name.lower()} from "
        f"{study.control} is {fmt.listed(told)}."
    )


def _tests(result: Measures, arm: str) -> str:
    rows = result.frame[result.frame["treated"] == arm].set_index("analysis")["p_value"]
    p = {words: rows.get(words, float("nan")) for words in (FISHER, MIDP, BOSCHLOO)}
    told = [f"{fmt.p_phrase(p[FISHER])} by Fisher's exact test"]
    told += [
        f"{fmt.p_value(p[words])} {how}"
        for words, how in ((MIDP, "with mid-p"), (BOSCHLOO, "by Boschloo's test"))
        if pd.notna(p[words])
    ]
    return f"{fmt.capitalised(fmt.listed(told))}."
