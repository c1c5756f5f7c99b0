"""How well patients were read back out of a printed curve, in words."""

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.survival.published import ReadBack
from alsutils.survival.words import SAID


def read_back(result: ReadBack | None) -> Prose:
    """Say how far the reconstruction lies off."""
    if result is None:
        return Prose(SAID)
    gap = fmt.number(100 * result.frame["gap"].max(), 1)
    text = (
        f"At the points that were clicked, the curve of the patients read back lies within {gap} "
        "percentage points of the printed one."
    )
    if len(result.ratios):
        told = [
            f"{fmt.number(r['read'])} instead of {fmt.number(r['own'])} for {r['treated']}"
            for r in result.ratios.to_dict("records")
        ]
        text += f" They give a hazard ratio of {fmt.listed(told)}."
    return Prose(text)
