"""The chapter in a few lines."""

import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.survival.absence import SUPPOSED_RATIO
from alsutils.survival.analysis import FollowUp
from alsutils.survival.hazards import UNADJUSTED
from alsutils.survival.sentences.curves import follow_up
from alsutils.survival.sentences.hazards import ratio_words
from alsutils.survival.times import Figures
from alsutils.survival.words import NO_EVENT


def key_points(
    watched: FollowUp | None,
    ratios: Figures | None,
    power: Figures | None,
) -> Prose:
    """Sum up the chapter in a list."""
    if watched is None or ratios is None or power is None:
        return Prose(NO_EVENT)
    lines = str(follow_up(watched)).splitlines()
    plain = ratios.frame[ratios.frame["analysis"] == UNADJUSTED]
    lines += [f"- {ratio_words(r)}" for r in plain.to_dict("records")]
    uncertain = _wide(plain)
    if uncertain:
        lines.append(
            f"- For {fmt.listed(uncertain)} the interval holds both no difference and a hazard "
            f"ratio of {SUPPOSED_RATIO:g}: not finding a difference is not finding that there is "
            "none."
        )
    return Prose("\n".join(lines))


def _wide(frame: pd.DataFrame) -> list[str]:
    """Name the comparisons whose interval holds both no difference and the supposed ratio."""
    if "conf_low" not in frame:
        return []
    both = frame[(frame["conf_low"] <= SUPPOSED_RATIO) & (frame["conf_high"] >= 1)]
    return [f"{r['endpoint']} ({r['contrast']})" for r in both.to_dict("records")]
