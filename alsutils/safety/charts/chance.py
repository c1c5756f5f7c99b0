"""Pictures of what may have gone unseen."""

from dataclasses import replace

import altair as alt
import pandas as pd

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.display.points import MOST_ROWS, first_rows
from alsutils.safety.chance import Unseen
from alsutils.safety.shrinkage import Shrinkage
from alsutils.safety.words import NO_COMPARISON, NOTHING
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
        f"{fmt.percent(r['conf_high'], 1)} with {_patients(r['total'])} of {r['arm']}"
        for _, r in arms.iterrows()
    ]
    return Figure(
        alt.layer(line, points).properties(height=260),
        f"Upper {fmt.percent(result.confidence)} limit of the share of an event that nobody had, "
        f"over the number of patients: {fmt.listed(told)}.",
        "The curve falls with the size of the arm; the points are this trial's arms.",
        result.frame,
    )


def _patients(n: float) -> str:
    return f"the {fmt.plural(n, 'patient')}"


def shrinkage(study: Study, result: Shrinkage | None) -> Figure | Prose:
    """Draw each difference as it was found and as it is after shrinkage."""
    if result is None:
        return Prose(NO_COMPARISON)
    if not result.shown:
        return Prose(f"Nothing reached {result.minimum_percent:g}% of an arm.")
    rows = replace(result, shown=result.shown[:MOST_ROWS]).shown_differences
    if rows.empty:
        few = study.disclosure.few_patients
        return Prose(f"Each comparison rests on {few} of an arm, so none is drawn.")
    frame = pd.DataFrame(
        {
            "name": rows["name"],
            "arm": rows["treated"],
            **{key: 100 * rows[key] for key in ("raw", "estimate", "conf_low", "conf_high")},
        }
    )
    several = len(study.treated) > 1
    y = alt.Y(
        "name:N",
        sort=list(dict.fromkeys(rows["name"])),
        title=None,
        axis=alt.Axis(grid=False, ticks=False, domain=False, labelPadding=8),
    )
    base = alt.Chart(frame).encode(
        y=y,
        color=alt.Color(
            "arm:N",
            scale=theme.arm_scale(study.arms),
            title=None,
            legend=alt.Legend(values=list(study.treated)),
        )
        if several
        else alt.value(theme.ACCENT),
        tooltip=[
            alt.Tooltip("name:N", title=" "),
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("raw:Q", title="Raw (points)", format="+.1f"),
            alt.Tooltip("estimate:Q", title="Shrunk (points)", format="+.1f"),
            alt.Tooltip("conf_low:Q", title="Lower limit", format="+.1f"),
            alt.Tooltip("conf_high:Q", title="Upper limit", format="+.1f"),
        ],
    )
    height = alt.Step(charts.ROW_HEIGHT)
    if several:
        base = base.encode(yOffset=alt.YOffset("arm:N", sort=list(study.treated)))
        height = alt.Step(charts.CLOSE, **{"for": "offset"})
    title = "Difference (percentage points)"
    span = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("conf_low:Q", title=title), x2="conf_high:Q"
    )
    dot = base.mark_point(filled=True, size=80, opacity=1).encode(x="estimate:Q")
    raw = base.mark_point(filled=False, size=60, strokeWidth=1.5).encode(x="raw:Q")
    zero = alt.Chart(frame.head(1)).mark_rule(strokeDash=[4, 3]).encode(x=alt.datum(0))
    moved = frame.assign(by=(frame["estimate"] - frame["raw"]).abs()).sort_values("by").tail(1)
    told = [
        f"{r['name']}, from {fmt.number(r['raw'], 1)} to {fmt.number(r['estimate'], 1)}"
        for _, r in moved.iterrows()
    ]
    return Figure(
        alt.layer(zero, span, raw, dot).properties(height=height),
        f"Difference from {study.control} of each event, raw and shrunk towards its organ class, "
        f"with its interval. Moved most: {fmt.listed(told)} percentage points.",
        "The open ring is what was found; the dot is where it lies after the other events of its "
        f"organ class have had their say, with its interval.{first_rows(len(result.shown))}",
        result.frame,
    )
