"""What the trial could have found, in words."""

from alsutils.design.analysis import (
    Detectable,
)
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study


def detectable(study: Study, result: Detectable) -> Prose:
    """Say what the trial could have found at its last primary visit."""
    visit = study.visit_label(study.primary.visits[-1])
    rows = result.frame[result.frame["visit"] == visit]
    rows = rows[rows["power"] == rows["power"].min()].dropna(subset="estimate")
    if rows.empty:
        return Prose("Too few values are there to say what the trial could have found.")
    unit = f" {result.unit}" if result.unit else ""
    told = []
    for _, row in rows.iterrows():
        arm = f" between {row['treated']} and {study.control}" if len(study.treated) > 1 else ""
        told.append(f"{fmt.number(row['estimate'])}{unit}{arm}")
    text = (
        f"With {fmt.percent(rows['power'].iloc[0])} power the trial could find a true difference "
        f"in {result.label} at {visit.lower()} of {fmt.listed(told)}. Smaller true differences "
        "would more often have been missed, so that a result without a clear difference does not "
        "show that there is none."
    )
    least = result.minimal_important
    if least is not None:
        able = rows[rows["estimate"] <= least]
        verdict = (
            "at or above that for every contrast"
            if len(able) == len(rows)
            else "below that for at least one contrast"
        )
        text += f" The least difference that matters, {fmt.number(least)}{unit}, is {verdict}."
    return Prose(text)
