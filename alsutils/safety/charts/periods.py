"""Pictures of events after a treatment."""

import altair as alt

from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.safety.periods import Ascertainment
from alsutils.safety.words import NO_TREATMENT_DAYS
from alsutils.study import Study


def since(study: Study, result: Ascertainment | None) -> Figure | Prose:
    """Draw how often events began on each day since the last treatment."""
    if result is None:
        return Prose(NO_TREATMENT_DAYS)
    if result.since.empty:
        few = study.disclosure.few_patients
        return Prose(f"The events of each single day are those of {few}, so they are not drawn.")
    base = alt.Chart(result.since).encode(
        x=alt.X("day:Q", title="Days since the last treatment", axis=alt.Axis(format="d")),
        y=alt.Y("rate:Q", title="Events per 100 patient-days"),
        color=alt.Color("arm:N", scale=theme.arm_scale(study.arms), title=None),
        tooltip=[
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("day:Q", title="Days since"),
            alt.Tooltip("events:Q", title="Events"),
            alt.Tooltip("days:Q", title="Patient-days", format=",.0f"),
            alt.Tooltip("rate:Q", title="Per 100 patient-days", format=".1f"),
        ],
    )
    chart = alt.layer(
        base.mark_line(strokeWidth=1.5), base.mark_point(filled=True, size=45, opacity=1)
    )
    rows = result.windows
    known = rows if study.disclosure.is_open else rows.dropna(subset="events")
    told = [
        f"{r['arm']} {fmt.number(100 * r['events'] / r['days'] if r['days'] else float('nan'))}"
        for _, r in known.iterrows()
    ]
    return Figure(
        chart.properties(height=280),
        "Events per 100 patient-days on each day since the last treatment, by arm; within the "
        f"first {fmt.plural(result.periods.window or 0, 'day')}: {fmt.listed(told) or 'not told'}.",
        f"Day 0 is a day of treatment; {study.control} is counted from the same days. A peak in "
        "the treated arms alone is what the treatment, or the way of giving it, brings on.",
        rows,
    )
