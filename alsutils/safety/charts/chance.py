"""Pictures of what may have gone unseen."""

import altair as alt

from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.safety.chance import Unseen
from alsutils.safety.words import NOTHING
from alsutils.study import Study


def unseen(study: Study, result: Unseen | None) -> Figure | Prose:
    """Draw how common an unseen event may be, over the size of an arm."""
    if result is None:
        return Prose(NOTHING)
    arms = result.frame[["arm", "total", "conf_high"]]
    line = (
        alt.Chart(result.curve)
        .mark_line(strokeWidth=2, color=theme.CONTROL)
        .encode(
            x=alt.X(
                "n:Q",
                title="Patients in the arm",
                scale=alt.Scale(type="log", nice=False),
                axis=alt.Axis(values=[5, 10, 20, 50, 100, 200, 500, 1000], format="d"),
            ),
            y=alt.Y("limit:Q", title="May still be as common as", axis=alt.Axis(format="%")),
        )
    )
    points = (
        alt.Chart(arms)
        .mark_point(filled=True, size=110, opacity=1)
        .encode(
            x="total:Q",
            y="conf_high:Q",
            color=alt.Color("arm:N", scale=theme.arm_scale(study.arms), title=None),
            tooltip=[
                alt.Tooltip("arm:N", title="Arm"),
                alt.Tooltip("total:Q", title="Patients"),
                alt.Tooltip("conf_high:Q", title="Upper limit", format=".1%"),
            ],
        )
    )
    told = [
        f"{fmt.percent(r['conf_high'], 1)} with the {r['total']} patients of {r['arm']}"
        for _, r in arms.iterrows()
    ]
    return Figure(
        alt.layer(line, points).properties(height=260),
        f"Upper {fmt.percent(result.confidence)} limit of the share of an event that nobody had, "
        f"over the number of patients: {fmt.listed(told)}.",
        "The curve falls with the size of the arm; the points are this trial's arms.",
        result.frame,
    )
