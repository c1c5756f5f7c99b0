"""Pictures of the main result seen with doubt."""

import altair as alt

from alsutils.appraisal.analysis import Scepticism
from alsutils.appraisal.charts.panels import by_panel, panel_names
from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.study import Study


def scepticism(study: Study, result: Scepticism) -> Figure | Prose:
    """Draw the posterior of the main result against the width of a sceptic's prior."""
    if result.frame.empty:
        return Prose("The main analysis has no estimate that a sceptic could doubt.")
    about = study.parameter(study.primary.parameter)
    unit = f" ({about.unit})" if about.unit else ""
    frame = result.frame.assign(panel=panel_names(study, result.frame))
    x = alt.X("prior_sd:Q", title=f"Standard deviation of the sceptic's prior{unit}")
    y_title = f"Difference in {about.label}"
    tooltip = [
        alt.Tooltip("prior_sd:Q", title="Prior SD", format=".2f"),
        alt.Tooltip("estimate:Q", title="Posterior mean", format=".2f"),
        alt.Tooltip("conf_low:Q", title="Lower limit", format=".2f"),
        alt.Tooltip("conf_high:Q", title="Upper limit", format=".2f"),
        alt.Tooltip("probability_better:Q", title="P(better)", format=".3f"),
    ]
    base = alt.Chart(frame).encode(x=x)
    band = base.mark_area(opacity=0.25, color=theme.ACCENT).encode(
        y=alt.Y("conf_low:Q", title=y_title), y2="conf_high:Q"
    )
    line = base.mark_line(color=theme.ACCENT).encode(y=alt.Y("estimate:Q", title=y_title))
    target = base.mark_point(opacity=0, size=80).encode(y="estimate:Q", tooltip=tooltip)
    zero = alt.Chart(frame).mark_rule(strokeDash=[4, 3]).encode(y=alt.datum(0))
    layers = alt.layer(zero, band, line, target).properties(height=220)
    chart = layers.facet(by_panel(frame), columns=min(2, frame["panel"].nunique()))
    told = []
    for row in result.limits.to_dict("records"):
        where = f"{row['visit']}, {row['contrast']}"
        if row["prior_sd"] == row["prior_sd"]:
            told.append(
                f"{where}: the band reaches 0 at a prior SD of {fmt.number(row['prior_sd'])}"
            )
        else:
            told.append(f"{where}: the band holds 0 throughout")
    return Figure(
        chart,
        f"Posterior difference against the width of a sceptical prior. {'; '.join(told)}.",
        "To the left stands a sceptic who takes large effects to be all but impossible, to the "
        f"right one who lets the data speak. The band is the {fmt.percent(study.conf_level)} "
        "credible interval.",
    )
