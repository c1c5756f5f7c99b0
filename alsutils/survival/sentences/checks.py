"""Whether the Cox model holds, in words."""

import math

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.checks import CHANGE, Changing, Fitting
from alsutils.survival.hazards import WORDS
from alsutils.survival.times import Figures
from alsutils.survival.words import SAID, includes

NOTHING_TO_CHECK = (
    "There is nothing to check: no hazard ratio was estimated, or all events fall on one time."
)


def proportionality(study: Study, result: Figures | None) -> Prose:
    """Say whether the hazard ratios seem to change over time."""
    if result is None:
        return Prose(SAID)
    lines = []
    for r in result.frame.to_dict("records"):
        p = r.get("proportional_p", math.nan)
        if math.isnan(p):
            continue
        kind = WORDS[r["analysis"]].lower()
        verdict = (
            "the hazard ratio seems to change over time, so that one number does not describe it"
            if p < study.alpha
            else "no sign that the hazard ratio changes over time, which a small trial would "
            "hardly show"
        )
        head = f"- **{r['endpoint']}**, {r['contrast']}, {kind}"
        lines.append(f"{head}: {verdict} ({fmt.p_phrase(p)}).")
    return Prose("\n".join(lines) or NOTHING_TO_CHECK)


def changing(result: Changing | None) -> Prose:
    """Say how the hazard ratio differs before and after a time."""
    if result is None:
        return Prose(SAID)
    lines = []
    frame = result.frame
    for r in frame[frame["analysis"] == CHANGE].to_dict("records") if len(frame) else ():
        way = "larger" if r["estimate"] > 1 else "smaller"
        inside = includes(r["conf_low"], r["conf_high"], 1)
        lines.append(
            f"- **{r['endpoint']}**, {r['contrast']}: after {r['unit']} {r['cut']:g} the hazard "
            f"ratio is {way}, {fmt.number(r['estimate'])} times that until then "
            f"({fmt.interval(r['conf_low'], r['conf_high'])}); the interval {inside} no change."
        )
    return Prose("\n".join([*lines, *(f"- {note}" for note in result.notes)]))


def fitting(result: Fitting | None) -> Prose:
    """Say how much any one patient moves the hazard ratio."""
    if result is None:
        return Prose(SAID)
    lines = [
        f"- **{r['endpoint']}**, {r['treated']}: leaving out any one patient moves the hazard "
        f"ratio of {fmt.number(r['estimate'])} to {fmt.number(r['lowest'])} at the lowest and "
        f"{fmt.number(r['highest'])} at the highest."
        for r in result.influence.to_dict("records")
    ]
    return Prose("\n".join(lines))
