"""What the hazard ratios say."""

import math
from collections.abc import Mapping
from typing import Any

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.survival.hazards import ALONE, FIRTH, FIRTH_ADJUSTED, WORDS
from alsutils.survival.times import Figures
from alsutils.survival.words import SAID, includes


def hazard_ratios(result: Figures | None) -> Prose:
    """State the hazard ratios and what their intervals exclude."""
    if result is None:
        return Prose(SAID)
    lines = [f"- {ratio_words(r)}" for r in result.frame.to_dict("records")]
    if result.frame["analysis"].isin([FIRTH, FIRTH_ADJUSTED]).any():
        lines.append(
            "- Firth's penalty stands beside where an arm has no event, or a model has fewer than "
            "ten events for each of its terms."
        )
    return Prose("\n".join([*lines, *(f"- {note}" for note in result.notes)]))


def models(result: Figures | None) -> Prose:
    """Say how far apart the models lie."""
    if result is None:
        return Prose(SAID)
    if result.frame.empty:
        return Prose(SAID)
    lines = []
    for (endpoint, contrast), rows in result.frame.groupby(["endpoint", "contrast"], sort=False):
        low, high = fmt.number(rows["estimate"].min()), fmt.number(rows["estimate"].max())
        width = (rows["conf_high"] / rows["conf_low"]).min()
        same = math.log(rows["estimate"].max() / rows["estimate"].min()) < math.log(width) / 4
        lines.append(
            f"- **{endpoint}**, {contrast}: the models give ratios from {low} to {high}, "
            + ("close together beside the width of their intervals." if same else "far apart.")
        )
    return Prose("\n".join(lines))


def covariates(result: Figures | None) -> Prose:
    """Say which covariates tell the hazard, with the arms and the others."""
    if result is None:
        return Prose(SAID)
    lines = []
    for endpoint, rows in result.frame[result.frame["analysis"] != ALONE].groupby(
        "endpoint", sort=False
    ):
        clear = rows[(rows["conf_low"] > 1) | (rows["conf_high"] < 1)]
        told = [
            f"{r['term']} (hazard ratio "
            f"{fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])})"
            for r in clear.to_dict("records")
        ]
        lines.append(
            f"- **{endpoint}**: with the arms and each other, the interval excludes a ratio of 1 "
            f"for {fmt.listed(told) or 'none of the covariates'}."
        )
    return Prose("\n".join(lines))


def ratio_words(row: Mapping[str, Any]) -> str:
    """Word one hazard ratio."""
    kind = WORDS[row["analysis"]].lower().replace("firth", "Firth")
    head = f"**{row['endpoint']}**, {row['contrast']}, {kind}: "
    estimate = row.get("estimate", math.nan)
    if math.isnan(estimate):
        return f"{head}no hazard ratio can be estimated."
    low, high = row["conf_low"], row["conf_high"]
    return (
        f"{head}hazard ratio {fmt.estimate(estimate, low, high)}, "
        f"{fmt.p_phrase(row['p_value'])}; the interval {includes(low, high, 1)} no difference."
    )
