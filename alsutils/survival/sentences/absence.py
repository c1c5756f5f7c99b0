"""What "no difference" excludes, in words."""

import math
from collections.abc import Mapping
from typing import Any

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.absence import ALIKE, Beliefs
from alsutils.survival.hazards import UNADJUSTED
from alsutils.survival.times import Figures
from alsutils.survival.words import SAID, chance


def exclusions(study: Study, ratios: Figures | None, power: Figures | None) -> Prose:
    """Say what the interval of each hazard ratio leaves possible, and the power behind it."""
    if ratios is None or power is None:
        return Prose(SAID)
    lines = []
    plain = ratios.frame[ratios.frame["analysis"] == UNADJUSTED]
    for r, w in zip(plain.to_dict("records"), power.frame.to_dict("records"), strict=True):
        head = f"- **{r['endpoint']}**, {r['contrast']}: "
        lines.append(head + " ".join([*_possible(study, r, w), _power(w)]))
    return Prose("\n".join(lines))


def _possible(study: Study, row: Mapping[str, Any], power: Mapping[str, Any]) -> list[str]:
    """Word what an interval leaves possible."""
    low, high = row.get("conf_low", math.nan), row.get("conf_high", math.nan)
    if math.isnan(low):
        return ["no interval."]
    fewer = f"{fmt.percent(1 - low)} lower" if low < 1 else f"{fmt.percent(low - 1)} higher"
    more = f"{fmt.percent(high - 1)} higher" if high > 1 else f"{fmt.percent(1 - high)} lower"
    inside = low <= power["ratio"] <= high
    return [
        f"the {fmt.percent(study.conf_level)} interval leaves open a hazard from {fewer} to {more} "
        f"than on {study.control}.",
        f"A true ratio of {power['ratio']:.2g} is {'left open' if inside else 'excluded'}.",
    ]


def _power(row: Mapping[str, Any]) -> str:
    """Word what the number of events could show."""
    power = row.get("power", math.nan)
    if math.isnan(power):
        return (
            "So few had the event that its power is not told."
            if row["few"]
            else "Without patients in both arms there is no power."
        )
    text = (
        f"With {fmt.plural(row['events'], 'event')}, a trial has {fmt.percent(power)} power for a "
        f"ratio of {row['ratio']:.2g}; {row['events_needed']:.0f} events give "
        f"{fmt.percent(row['target'])}"
    )
    if math.isnan(row["detectable_ratio"]):
        return f"{text}."
    return (
        f"{text}. These events give {fmt.percent(row['target'])} power only for a ratio of "
        f"{fmt.number(row['detectable_ratio'])} or smaller, or its reciprocal or larger."
    )


def beliefs(result: Beliefs | None) -> Prose:
    """Say whether a sceptic and an enthusiast end up together."""
    if result is None:
        return Prose(SAID)
    lines = []
    for (endpoint, contrast), rows in result.frame.groupby(["endpoint", "contrast"], sort=False):
        by = rows.set_index("prior")
        chances = {who: by.loc[who, "p_better"] for who in ("sceptical", "enthusiastic")}
        apart = abs(chances["enthusiastic"] - chances["sceptical"])
        far = "still far apart" if apart > 0.1 else "near each other"
        lines.append(
            f"- **{endpoint}**, {contrast}: that the ratio lies on the hoped-for side of 1 has a "
            f"probability of {chance(chances['sceptical'])} for the sceptic and "
            f"{chance(chances['enthusiastic'])} for the enthusiast, {far}; that it is "
            f"{by['worthwhile'].iloc[0]:.2g} or better, "
            f"{chance(by.loc['sceptical', 'p_worthwhile'])} and "
            f"{chance(by.loc['enthusiastic', 'p_worthwhile'])}."
        )
    return Prose("\n".join(lines))


def second_generation(result: Figures | None) -> Prose:
    """State the second-generation p-value of each hazard ratio and what it means."""
    if result is None:
        return Prose(SAID)
    zone = f"from {fmt.number(ALIKE)} to {fmt.number(1 / ALIKE)}"
    lines = []
    for r in result.frame.to_dict("records"):
        p = r["estimate"]
        meaning = (
            "the data exclude all ratios so near 1"
            if p == 0
            else "the data exclude all ratios further from 1"
            if p == 1
            else "the data leave both open"
        )
        lines.append(f"- **{r['endpoint']}**, {r['contrast']}: {fmt.number(p)}; {meaning}.")
    head = f"Second-generation p-values, with ratios {zone} taken as no difference that matters:"
    return Prose("\n".join([head, "", *lines]), result.frame)
