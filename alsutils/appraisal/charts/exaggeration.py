"""Pictures of what trials that stand out exaggerate."""

import altair as alt

from alsutils.appraisal.analysis import Exaggeration
from alsutils.appraisal.charts.panels import by_panel, panel_names
from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.study import Study


def exaggeration(study: Study, result: Exaggeration) -> Figure | Prose:
    """Draw how far a trial of this precision exaggerates, against the true effect."""
    if result.frame.empty:
        return Prose("The main analysis has no error from which trials like it could be imagined.")
    about = study.parameter(study.primary.parameter)
    unit = f" ({about.unit})" if about.unit else ""
    frame = result.frame[result.frame["power"] > study.alpha * 1.05]
    frame = frame.assign(panel=panel_names(study, frame))
    tooltip = [
        alt.Tooltip("effect:Q", title="True effect", format=".2f"),
        alt.Tooltip("power:Q", title="Power", format=".0%"),
        alt.Tooltip("exaggeration:Q", title="Exaggeration", format=".2f"),
        alt.Tooltip("wrong_sign:Q", title="Wrong sign", format=".1%"),
    ]
    base = alt.Chart(frame).encode(x=alt.X("effect:Q", title=f"True effect{unit}"), tooltip=tooltip)
    y = alt.Y("exaggeration:Q", title="Exaggeration", scale=alt.Scale(type="log", nice=False))
    line = base.mark_line(color=theme.ACCENT, strokeWidth=2).encode(y=y)
    target = base.mark_point(opacity=0, size=80).encode(y=y)
    seen = base.mark_rule(strokeDash=[4, 3]).encode(x="mean(observed):Q", tooltip=alt.value(None))
    layers = alt.layer(seen, line, target).properties(height=220)
    chart = layers.facet(by_panel(frame), columns=min(2, frame["panel"].nunique()))
    told = []
    for panel, rows in frame.groupby("panel", sort=False):
        half = rows.iloc[(rows["effect"] - rows["observed"] / 2).abs().argmin()]
        near = abs(half["effect"] - half["observed"] / 2) <= 0.1 * abs(half["observed"])
        true = f"{fmt.number(half['effect'])}{', half of what was seen' if near else ''}"
        told.append(
            f"{panel}: were the true effect {true}, power would be "
            f"{fmt.percent(half['power'])}, and trials whose interval excludes no difference "
            f"would show it {fmt.number(half['exaggeration'], 1)} times too large"
        )
    return Figure(
        chart,
        f"Exaggeration against the true effect. {'. '.join(told)}.",
        "How many times too large the estimate is, on average, in those trials of this precision "
        "whose interval excludes no difference. The dashed line is the effect that was seen.",
    )
