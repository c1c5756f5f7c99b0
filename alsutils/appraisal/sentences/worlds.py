"""What two worlds with one table teach, in words."""

import pandas as pd

from alsutils.appraisal.worlds import BLIND_WORDS, RATED, Divergence, WorldCurves, Worlds
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.study.world import SHAM

MOSTLY = 0.9  # of the specifications agree: as good as no help


def worlds(study: Study, result: Worlds | None) -> Prose:
    """Say whether any test of the primary endpoint tells the worlds apart."""
    if result is None:
        return Prose("")
    pairs = result.pairs
    same, within = int(pairs["same_side"].sum()), int(pairs["within"].sum())
    total = fmt.plural(len(pairs), "test")
    verdict = (
        f"All {total} give the same verdict"
        if same == len(pairs)
        else f"{same} of {total} give the same verdict"
    )
    inside = "in all of them" if within == len(pairs) else f"in {within} of them"
    text = (
        f"In one world {result.here}, in the other {result.there}. {verdict} at {study.alpha:g} in "
        f"both, and {inside} each world's estimate lies inside the other's interval. "
    )
    text += (
        "No test of the primary endpoint tells the two worlds apart."
        if same == within == len(pairs)
        else "Where they differ, chance is enough: both worlds print the same means and spreads."
    )
    return Prose(text)


def world_curves(study: Study, result: WorldCurves | None) -> Prose:
    """Say whether any specification tells the worlds apart, and how far."""
    if result is None:
        return Prose("")
    pairs = result.pairs
    total, same = len(pairs), int(pairs["same_side"].sum())
    within = int(pairs["within"].sum())
    medians = [fmt.number(pairs[f"estimate_{side}"].median()) for side in ("here", "there")]
    text = (
        f"The same curve in both worlds: of {total:,} specifications {same:,} give the same "
        f"verdict at {study.alpha:g} where {result.here} and where {result.there}, and in "
        f"{within:,} each world's estimate lies inside the other's interval. The median effect is "
        f"{medians[0]} standard deviations in the one and {medians[1]} in the other."
    )
    if min(same, within) >= MOSTLY * total:
        text += (
            " Looking in more ways at data that knowing the arm can reach does not find out which "
            "world it is."
        )
    return Prose(text, result.frame)


def telling(study: Study, result: Worlds | None) -> Prose:
    """Say which data would tell the worlds apart, and which are the same in both."""
    if result is None:
        return Prose(
            "For a trial without a counterpart the same holds: a blinded rating, a sham and "
            "endpoints that nobody judges are what a bias of the open label cannot reach."
        )
    lines = []
    for arm in study.treated:
        rows = result.telling[result.telling["treated"] == arm]
        who = f" ({arm})" if len(study.treated) > 1 else ""
        for words in (RATED, *BLIND_WORDS.values()):
            here, there = (_g(rows, words, world) for world in (result.here, result.there))
            if here and there:
                lines.append(
                    f"**{words}**{who}: {here} standard deviations where {result.here}, {there} "
                    f"where {result.there}."
                )
        objective = rows[rows["objective"] & (rows["world"] == result.there)]
        for row in objective.to_dict("records"):
            g = fmt.estimate(row["estimate"], row["conf_low"], row["conf_high"])
            lines.append(
                f"**{row['measure']}**{who}, read and not judged: {g} where {result.there}."
            )
    if "adtte" in result.alike:
        lines.append("**Survival** is the same in both worlds, patient by patient.")
    return Prose("\n".join(f"- {line}" for line in lines))


def divergence(study: Study, result: Divergence | None) -> Prose:
    """Say whether the difference went on growing, as a lasting effect on the pace would do."""
    if result is None:
        return Prose(
            "The primary endpoint has one visit, which cannot show whether the difference grew."
        )
    first, last = (study.visit_phrase(visit) for visit in result.visits)
    unit = study.parameter(study.primary.parameter).unit
    lines = []
    for row in result.frame.to_dict("records"):
        who = f" ({row['treated']})" if len(study.treated) > 1 else ""
        source = "The printed difference" if row["source"] == "printed" else "The difference"
        if pd.isna(row["growth"]):
            lines.append(f"{source}{who} is not known at both visits.")
            continue
        text = (
            f"{source}{who} was {_value(row['first'], unit)} at {first} and "
            f"{_value(row['last'], unit)} at {last}: it changed by {fmt.number(row['growth'])}. "
            "Had it grown in proportion to time it would have changed by "
            f"{fmt.number(row['expected'])}."
        )
        if not pd.isna(row["conf_low"]):
            limits = fmt.interval(row["conf_low"], row["conf_high"])
            low, high = row["conf_low"], row["conf_high"]
            candidates = {
                "no further growth": 0.0,
                "growth in proportion to time": row["expected"],
            }
            places = [
                f"{words} lies {'inside' if low <= value <= high else 'outside'}"
                for words, value in candidates.items()
            ]
            text += (
                f" In patients seen at both visits the {fmt.percent(study.conf_level)} interval of "
                f"that change is {limits}: {fmt.listed(places)}."
            )
        lines.append(text)
    lines.append(
        "A lasting effect on the pace of change keeps pulling the arms apart; a shift in what is "
        "seen, once made, does not. Later visits would tell."
    )
    return Prose("\n\n".join(lines))


def bias_needed(study: Study, result: Worlds | None, growth: Divergence | None) -> Prose:
    """Say how far knowing the arm had to move the ratings, beside what it moved elsewhere."""
    if result is None:
        return Prose("")
    lines = []
    for arm in study.treated:
        rows = result.telling[result.telling["treated"] == arm]
        for world in (result.here, result.there):
            own = rows[rows["world"] == world].set_index("measure")["estimate"]
            if BLIND_WORDS[SHAM] in own:
                moved = own[RATED] - own[BLIND_WORDS[SHAM]]
                lines.append(f"{fmt.number(moved)} where {world}")
    if not lines:
        return Prose("")
    text = (
        "Knowing the arm and losing patients moved the difference by so many standard deviations: "
        f"{fmt.listed(lines)}."
    )
    if growth is not None and growth.bias is not None:
        bias = growth.bias
        text += (
            f" In trials that measured both ways, {bias.whom} who knew the arm moved it by "
            f"{fmt.number(bias.size)} on average, with a 95% interval of "
            f"{fmt.interval(bias.low, bias.high)} {{cite:p}}`{bias.cite_key}`. A world is possible "
            "as soon as its figures fit; how plausible it is, such comparisons must say."
        )
    return Prose(text)


def _g(rows: pd.DataFrame, measure: str, world: str) -> str:
    """Word one difference, or nothing where it was not measured."""
    found = rows[(rows["measure"] == measure) & (rows["world"] == world)]
    if found.empty:
        return ""
    row = found.iloc[0]
    return fmt.estimate(row["estimate"], row["conf_low"], row["conf_high"])


def _value(value: float, unit: str) -> str:
    return f"{fmt.number(value)} {unit}".strip()
