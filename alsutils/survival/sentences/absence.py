"""What "no difference" excludes, in words."""

import math
from collections.abc import Mapping
from typing import Any

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.absence import SUPPOSED_RATIO
from alsutils.survival.hazards import UNADJUSTED
from alsutils.survival.times import Figures
from alsutils.survival.words import NO_EVENT


def exclusions(study: Study, ratios: Figures | None, power: Figures | None) -> Prose:
    """Say what the interval of each hazard ratio leaves possible, and the power behind it."""
    if ratios is None or power is None:
        return Prose(NO_EVENT)
    lines = []
    plain = ratios.frame[ratios.frame["analysis"] == UNADJUSTED]
    for r, w in zip(plain.to_dict("records"), power.frame.to_dict("records"), strict=True):
        head = f"- **{r['endpoint']}**, {r['contrast']}: "
        lines.append(head + " ".join([*_possible(study, r), _power(w)]))
    return Prose("\n".join(lines))


def _possible(study: Study, row: Mapping[str, Any]) -> list[str]:
    """Word what an interval leaves possible."""
    low, high = row.get("conf_low", math.nan), row.get("conf_high", math.nan)
    if math.isnan(low):
        return ["no interval."]
    fewer = f"{fmt.percent(1 - low)} lower" if low < 1 else f"{fmt.percent(low - 1)} higher"
    more = f"{fmt.percent(high - 1)} higher" if high > 1 else f"{fmt.percent(1 - high)} lower"
    inside = low <= SUPPOSED_RATIO <= high
    return [
        f"the {fmt.percent(study.conf_level)} interval leaves open a hazard from {fewer} to {more} "
        f"than on {study.control}.",
        f"A true ratio of {SUPPOSED_RATIO:g} is {'left open' if inside else 'excluded'}.",
    ]


def _power(row: Mapping[str, Any]) -> str:
    """Word what the number of events could show."""
    power = row.get("power", math.nan)
    if math.isnan(power):
        return "Without patients in both arms there is no power."
    text = (
        f"With {fmt.plural(row['events'], 'event')}, a trial has {fmt.percent(power)} power for a "
        f"ratio of {SUPPOSED_RATIO:g}; {row['events_needed']:.0f} events give "
        f"{fmt.percent(row['target'])}"
    )
    if math.isnan(row["detectable_ratio"]):
        return f"{text}."
    return (
        f"{text}. These events give {fmt.percent(row['target'])} power only for a ratio of "
        f"{fmt.number(row['detectable_ratio'])} or smaller, or its reciprocal or larger."
    )
