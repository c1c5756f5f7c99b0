"""The change from baseline by arm, in words."""

import numpy as np

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.mechanism.analysis import Changes
from alsutils.mechanism.courses import Courses
from alsutils.mechanism.family import Family
from alsutils.mechanism.together import Together
from alsutils.mechanism.words import NO_BIOMARKERS
from alsutils.study import Study


def changes(study: Study, result: Changes | None) -> Prose:
    """State which analytes changed differently, an item a visit and contrast."""
    if result is None:
        return Prose("")
    level = fmt.percent(study.conf_level)
    lines = []
    for (visit, treated), rows in result.main.groupby(["visit", "treated"], sort=False):
        told = rows.dropna(subset=["estimate"])
        away = told[(told["conf_low"] > 1) | (told["conf_high"] < 1)]
        where = f"At {visit.lower()}, {treated} against {study.control}"
        if told.empty:
            lines.append(f"{where}: no analyte could be compared.")
            continue
        words = [_ratio(r) for r in away.to_dict("records")]
        count = f"of {fmt.plural(len(told), 'analyte')} compared, the {level} interval excludes no"
        found = (
            f"difference for {len(away)}: {fmt.listed(words)}" if words else "difference for none"
        )
        lines.append(f"{where}: {count} {found}.")
    return Prose("\n".join(f"- {line}" for line in lines))


def _ratio(row: dict[str, float | str]) -> str:
    """Word one ratio: name, direction, estimate and interval."""
    estimate, low, high = (float(row[k]) for k in ("estimate", "conf_low", "conf_high"))
    side = "higher" if estimate > 1 else "lower"
    return f"{row['endpoint']} ({side}, ratio {fmt.estimate(estimate, low, high)})"


def courses(_study: Study, result: Changes | None, course: Courses | None) -> Prose:
    """Say whether one model of all visits tells another story."""
    if result is None or course is None:
        return Prose("")
    key = ["parameter", "visit_number", "treated"]
    both = course.frame.merge(result.main, on=key, suffixes=("", "_alone"))
    both = both.dropna(subset=["estimate", "estimate_alone"])
    if both.empty:
        return Prose("No analyte could be compared in one model of all visits.")
    if both["visit_number"].nunique() == 1:
        return Prose("There is one visit after baseline, so that both columns ask the same.")
    gap = np.log(both["estimate"] / both["estimate_alone"]).abs()
    most = both.loc[gap.idxmax()]
    away = [(both[f"conf_low{s}"] > 1) | (both[f"conf_high{s}"] < 1) for s in ("", "_alone")]
    turned = int((away[0] != away[1]).sum())
    return Prose(
        f"The two differ most for {most['endpoint']} at {most['visit'].lower()}: ratio "
        f"{fmt.number(most['estimate'])} in the model of all visits and "
        f"{fmt.number(most['estimate_alone'])} for the visit alone. In {turned} of "
        f"{fmt.plural(len(both), 'comparison')} one interval includes no difference and the other "
        "does not."
    )


def together(study: Study, result: Together | None) -> Prose:
    """Say what the tests of the whole panel and the composite score come to."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    lines = []
    level = fmt.percent(study.conf_level)
    for (visit, treated), rows in result.tests.groupby(["visit", "treated"], sort=False):
        p = rows.set_index("test")["p_value"]
        where = f"At {visit.lower()}, {treated} against {study.control}"
        if np.isnan(p["sum of squares"]):
            lines.append(f"{where}: the panel could not be compared.")
            continue
        parts = [f"any change at all, {fmt.p_phrase(p['sum of squares'])}"]
        if np.isfinite(p["rank sum"]):
            parts.append(f"a change in the good direction, {fmt.p_phrase(p['rank sum'])}")
        chosen = (result.composite["visit"] == visit) & (result.composite["treated"] == treated)
        score = result.composite[chosen].iloc[0]
        if np.isfinite(score["conf_low"]):
            figures = fmt.estimate(score["estimate"], score["conf_low"], score["conf_high"])
            parts.append(f"difference of the composite score {figures}, {level} interval")
        lines.append(f"{where}: {'; '.join(parts)}.")
    if not result.directed:
        lines.append(
            "No analyte of this study has a role that says which way is good, so that only a "
            "change of any kind can be asked for."
        )
    return Prose("\n".join(f"- {line}" for line in lines))


def family(study: Study, result: Family | None) -> Prose:
    """Write the family of tests out, and say what is left after adjusting for its size."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    made = (
        f"The family is {fmt.plural(len(result.analytes), 'analyte')} "
        f"({fmt.listed(result.analytes)}) at {fmt.plural(len(result.visits), 'visit')} "
        f"({fmt.listed([v.lower() for v in result.visits])}) with "
        f"{fmt.plural(len(result.contrasts), 'contrast')} ({fmt.listed(result.contrasts)}): "
        f"{fmt.plural(result.size, 'test')}, of which {result.tests} could be made."
    )
    if result.tests == 0:
        return Prose(made)
    frame, alpha = result.frame, study.alpha
    chance = fmt.number(result.tests * alpha, 1)
    count = {c: int((frame[c] < alpha).sum()) for c in _COLUMNS}
    text = (
        f"{made} Without any effect, {chance} of them would be expected to have a p-value below "
        f"{alpha:g} by chance. {count['p_value']} {'has' if count['p_value'] == 1 else 'have'} one "
        f"before adjustment. For the chance of any false finding there remain {count['p_holm']} "
        f"by Holm and {count['p_max_t']} by maxT; for the share of false findings "
        f"{count['p_benjamini_hochberg']} by Benjamini and Hochberg, "
        f"{count['p_benjamini_yekutieli']} by Benjamini and Yekutieli and {count['q_value']} by "
        f"Storey, who reckons that {fmt.percent(result.pi0)} of the tests have no effect."
    )
    names = _left(study, result)
    return Prose(text + (f" By Holm or maxT there remain {fmt.listed(names)}." if names else ""))


def family_left(study: Study, result: Family | None) -> Prose:
    """Say in a sentence what is left of the family."""
    if result is None or result.tests == 0:
        return Prose("")
    small = result.frame[list(_COLUMNS)] < study.alpha
    plain = int(small["p_value"].sum())
    # Who risks no false finding risks no share of them either.
    shared = int(small[["p_benjamini_hochberg", "p_holm", "p_max_t"]].any(axis=1).sum())
    names = _left(study, result)
    return Prose(
        f"Of {fmt.plural(result.tests, 'test')} that could be made, {plain or 'none'} "
        f"{'has' if plain < 2 else 'have'} a p-value below {study.alpha:g}. If not even one false "
        f"finding is to be risked, there {'remains' if len(names) < 2 else 'remain'} "
        f"{fmt.listed(names) or 'nothing'}; if a share of them is, {shared or 'none'}."
    )


def _left(study: Study, result: Family) -> list[str]:
    """Name the tests that stay below the level by Holm or maxT."""
    frame = result.frame[result.frame["p_value"].notna()]
    left = frame[(frame["p_holm"] < study.alpha) | (frame["p_max_t"] < study.alpha)]
    names = [f"{r['endpoint']} at {r['visit'].lower()}" for r in left.to_dict("records")]
    if len(result.contrasts) > 1:
        names = [f"{n} ({t})" for n, t in zip(names, left["treated"], strict=True)]
    return names


_COLUMNS = (
    "p_value",
    "p_holm",
    "p_max_t",
    "p_benjamini_hochberg",
    "p_benjamini_yekutieli",
    "q_value",
)
