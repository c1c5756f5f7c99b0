"""Pictures of how severe the events were."""

import altair as alt

from alsutils.display import Figure, Prose
from alsutils.display import format as fmt
from alsutils.safety.grades import NO_EVENT, UNGRADED, Severity
from alsutils.safety.words import NOTHING
from alsutils.study import Study

SHADES = {
    NO_EVENT: "#c3c9ce",
    UNGRADED: "#8d979f",
    "Mild": "#f3cfa6",
    "Moderate": "#e5933f",
    "Severe": "#bf4a00",
}


def severity(study: Study, result: Severity | None) -> Figure | Prose:
    """Draw the patients of each arm by their worst event."""
    if result is None:
        return Prose(NOTHING)
    frame = result.frame
    grades = list(dict.fromkeys(frame["grade"]))
    chart = (
        alt.Chart(frame.dropna(subset="patients"))
        .mark_bar()
        .encode(
            y=alt.Y("arm:N", sort=list(study.arms), title=None, axis=alt.Axis(ticks=False)),
            x=alt.X(
                "share:Q",
                stack="zero",
                title="Patients by their worst event",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%"),
            ),
            order=alt.Order("order:Q"),
            color=alt.Color(
                "grade:N",
                sort=grades,
                scale=alt.Scale(domain=grades, range=[SHADES[g] for g in grades]),
                title=None,
            ),
            tooltip=[
                alt.Tooltip("arm:N", title="Arm"),
                alt.Tooltip("grade:N", title="Worst event"),
                alt.Tooltip("patients:Q", title="Patients"),
                alt.Tooltip("share:Q", title="Share", format=".0%"),
            ],
        )
        .properties(height=alt.Step(34))
    )
    worst = frame[frame["grade"] == grades[-1]]
    told = [
        f"{r['instead'] or fmt.count_of(r['patients'], r['total'])} in {r['arm']}"
        for _, r in worst.iterrows()
    ]
    hidden = f" {study.disclosure.why}" if (frame["instead"] != "").any() else ""
    return Figure(
        chart,
        f"Patients of each arm by the worst severity of their events; {grades[-1].lower()}: "
        f"{fmt.listed(told)}.",
        f"Each patient counts once, by the worst event; the darker, the worse.{hidden}",
    )
