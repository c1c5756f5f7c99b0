"""Pictures of decline and death together."""

import altair as alt

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.charts.traps import SIMULATED
from alsutils.survival.joint import ANALYSES, DIFFERENCE, SLOPE, Joint


def joint(study: Study, result: Joint) -> Figure | Prose:
    """Draw the slopes by three analyses, with the truth where it is known."""
    if result.reason:
        return Prose(result.reason)
    control = "control" if result.simulated else study.control
    frame = result.frame[result.frame["quantity"].isin([SLOPE, DIFFERENCE])]
    several = not result.simulated and len(study.treated) > 1
    panel = [
        f"Slope on {control}"
        if r["quantity"] == SLOPE
        else f"Difference in slope, {r['treated']}"
        if several
        else "Difference in slope"
        for r in frame.to_dict("records")
    ]
    no_difference = frame["estimate"].where(frame["quantity"] == DIFFERENCE) * 0
    shown = frame.assign(panel=panel, none=no_difference).sort_values(
        "panel", key=lambda c: ~c.str.startswith("Slope"), kind="stable"
    )
    panels = list(dict.fromkeys(shown["panel"]))
    methods = [m for m in ANALYSES.values() if m in set(shown["method"])]
    tooltip = [
        alt.Tooltip("method:N", title=" "),
        alt.Tooltip("estimate:Q", title="Estimate", format=".2f"),
        alt.Tooltip("conf_low:Q", title="Lower limit", format=".2f"),
        alt.Tooltip("conf_high:Q", title="Upper limit", format=".2f"),
    ]
    quiet = alt.Axis(grid=False, ticks=False, domain=False, labelPadding=8)
    base = alt.Chart(shown).encode(y=alt.Y("method:N", sort=methods, title=None, axis=quiet))
    title = f"{fmt.capitalised(result.unit)}"
    layers = [
        base.mark_rule(strokeWidth=2, color=theme.ACCENT).encode(
            x=alt.X("conf_low:Q", title=title, scale=alt.Scale(zero=False)), x2="conf_high:Q"
        ),
        base.mark_point(filled=True, size=80, opacity=1, color=theme.ACCENT).encode(
            x="estimate:Q", tooltip=tooltip
        ),
    ]
    if result.simulated:
        truth = base.mark_tick(
            orient="vertical", thickness=3, size=22, opacity=1, color=theme.TREATED[1]
        )
        layers.append(truth.encode(x="truth:Q"))
    none = base.transform_filter("isValid(datum.none)").mark_rule(strokeDash=[4, 3])
    layers.insert(0, none.encode(x="none:Q"))
    header = alt.Header(labelAngle=0, labelAlign="left", labelOrient="top", labelAnchor="start")
    chart = (
        alt.layer(*layers)
        .properties(height=alt.Step(charts.ROW_HEIGHT))
        .facet(row=alt.Row("panel:N", sort=panels, title=None, header=header), spacing=14)
        .resolve_scale(x="independent")
    )
    told = [
        f"{r['panel']}, {r['method'].lower()}: "
        f"{fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in shown.to_dict("records")
    ]
    head = f"{SIMULATED}. " if result.simulated else ""
    truth_words = " The upright bars are the truth." if result.simulated else ""
    return Figure(
        chart,
        f"{head}Slopes by a mixed model alone, in two stages and in a joint model with death. "
        f"{'. '.join(told)}.",
        f"{head}In the first two rows the course is fitted without death, so they are the same; "
        f"the dashed line is no difference.{truth_words}",
    )
