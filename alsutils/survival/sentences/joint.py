"""What death does to slopes, in words."""

import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.stats.joint_model import JOINT, NAIVE
from alsutils.survival.joint import ANALYSES, DIFFERENCE, LINK, SLOPE, Joint
from alsutils.survival.words import SAID, includes, ratio_cell


def joint(result: Joint) -> Prose:
    """Say whether steep decline goes with death, and whether that moves the slopes."""
    if result.reason:
        return Prose(SAID)
    frame = result.frame
    link = frame[(frame["quantity"] == LINK) & (frame["method"] == ANALYSES[JOINT])].iloc[0]
    inside = includes(link["conf_low"], link["conf_high"], 1)
    lines = [
        f"- A slope one standard deviation worse goes with {ratio_cell(link)} times the hazard; "
        f"the interval {inside} no link."
    ]
    for quantity in (SLOPE, DIFFERENCE):
        own = frame[frame["quantity"] == quantity]
        for treated, rows in own.groupby("treated", sort=False):
            what = "the slope on control" if quantity == SLOPE else "the difference in slope"
            if quantity == DIFFERENCE and not result.simulated:
                what += f" of {treated}"
            lines.append(f"- Taking account of death, {what} {_moved(result, rows)}.")
    head = "*Simulated.*\n\n" if result.simulated else ""
    return Prose(head + "\n".join(lines))


def _moved(result: Joint, rows: pd.DataFrame) -> str:
    """Word how far a slope of the joint model lies from that of the mixed model alone."""
    by = rows.set_index("method")
    alone, together = (by.loc[ANALYSES[name]] for name in (NAIVE, JOINT))
    moved = together["estimate"] - alone["estimate"]
    far = "hardly moves" if abs(moved) < 0.1 * alone["std_error"] else "moves"
    words = (
        f"{far}: {fmt.number(together['estimate'])} instead of {fmt.number(alone['estimate'])} "
        f"{result.unit}"
    )
    return f"{words}, where {fmt.number(together['truth'])} is true" if result.simulated else words
