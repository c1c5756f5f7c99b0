"""Pictures of values outside their limits of normal."""

import altair as alt
import numpy as np
import pandas as pd

from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.display.points import drawn, size_of
from alsutils.safety.laboratory import ALT_LIMIT, BILIRUBIN_LIMIT, HysLaw
from alsutils.safety.words import NO_LIVER
from alsutils.study import Study

_TICKS = [0.25, 0.5, 1, 2, 3, 5, 10, 20]
_LEAST = 0.125  # where the axes begin, in upper limits of normal
_TITLES = {
    "liver": "Peak ALT or AST (times the upper limit)",
    "bilirubin": "Peak bilirubin (times the upper limit)",
}


def hys_law(study: Study, result: HysLaw | None) -> Figure | Prose:
    """Draw peak aminotransferase against peak bilirubin: patients, or counts of them."""
    if result is None:
        return Prose(NO_LIVER)
    told = [
        f"{_number(r['both'])} of {_number(r['total'])} in {r['arm']}"
        for _, r in result.quadrants.iterrows()
    ]
    if result.points is None and result.binned.empty:
        return Prose(f"Each cell would hold {study.disclosure.few_patients}.")
    if result.points is None:
        chart: alt.FacetChart | alt.LayerChart = _cells(study, result.binned)
        how = "Single patients are not drawn; each cell holds a number of patients."
    else:
        raised = (result.points["liver"] > ALT_LIMIT) | (
            result.points["bilirubin"] > BILIRUBIN_LIMIT
        )
        shown = drawn(result.points, of="patient", always=raised)
        chart = _points(study, shown.frame)
        how = f"Each mark is a patient.{shown.words}"
    return Figure(
        chart,
        f"Peak ALT or AST against peak bilirubin, in upper limits of normal. Above "
        f"{ALT_LIMIT:g} and {BILIRUBIN_LIMIT:g} at once: {fmt.listed(told)}.",
        f"{how} The upper right corner, beyond both dashed lines, is that of Hy's law: a liver "
        "that is injured and has begun to fail.",
    )


def _number(n: float) -> str:
    return "a number not told" if pd.isna(n) else f"{n:,.0f}"


def _points(study: Study, points: pd.DataFrame) -> alt.FacetChart | alt.LayerChart:
    top = {name: max(8.0, 1.2 * points[name].max()) for name in _TITLES}
    frame = points.assign(**{name: points[name].clip(lower=_LEAST) for name in _TITLES})
    base = alt.Chart(frame)
    marks = base.mark_point(filled=True, size=size_of(len(frame), 60), opacity=0.8).encode(
        x=_axis(alt.X, "liver", top),
        y=_axis(alt.Y, "bilirubin", top),
        color=alt.Color("arm:N", scale=theme.arm_scale(study.arms), title=None),
        tooltip=[
            alt.Tooltip("subject:N", title="Patient"),
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("liver:Q", title="ALT or AST", format=".2f"),
            alt.Tooltip("bilirubin:Q", title="Bilirubin", format=".2f"),
        ],
    )
    return alt.layer(*_limits(base), marks).properties(height=340)


def _cells(study: Study, binned: pd.DataFrame) -> alt.FacetChart:
    edges = [f"{name}_{end}" for name in _TITLES for end in ("from", "to")]
    top = {name: max(8.0, _finite(binned[f"{name}_to"])) for name in _TITLES}
    frame = binned.copy()
    for column in edges:
        frame[column] = frame[column].clip(lower=_LEAST, upper=top[column.partition("_")[0]])
    for name in _TITLES:
        frame[f"{name}_middle"] = np.sqrt(frame[f"{name}_from"] * frame[f"{name}_to"])
    base = alt.Chart(frame)
    cells = base.mark_rect(opacity=0.45, stroke=theme.CONTROL, color=theme.ACCENT).encode(
        x=_axis(alt.X, "liver_from", top),
        x2="liver_to:Q",
        y=_axis(alt.Y, "bilirubin_from", top),
        y2="bilirubin_to:Q",
        tooltip=[
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("patients:Q", title="Patients"),
        ],
    )
    counts = base.mark_text().encode(x="liver_middle:Q", y="bilirubin_middle:Q", text="patients:Q")
    header = alt.Header(labelAngle=0, labelAlign="left", labelOrient="top", labelAnchor="start")
    return (
        alt.layer(cells, *_limits(base), counts)
        .properties(height=220)
        .facet(row=alt.Row("arm:N", sort=list(study.arms), title=None, header=header), spacing=14)
    )


def _axis(
    channel: "type[alt.X] | type[alt.Y]", column: str, top: dict[str, float]
) -> alt.X | alt.Y:
    name = column.partition("_")[0]
    ticks = [tick for tick in _TICKS if tick <= top[name]]
    axis: alt.X | alt.Y = channel(
        f"{column}:Q",
        title=_TITLES[name],
        scale=alt.Scale(type="log", domain=[_LEAST, top[name]], nice=False),
        axis=alt.Axis(values=ticks, format="~g", grid=False),
    )
    return axis


def _limits(base: alt.Chart) -> list[alt.Chart]:
    rule = base.mark_rule(strokeDash=[4, 3])
    return [rule.encode(x=alt.datum(ALT_LIMIT)), rule.encode(y=alt.datum(BILIRUBIN_LIMIT))]


def _finite(values: pd.Series) -> float:
    """Give the largest of the edges that are not endless, doubled where one is."""
    finite = values[np.isfinite(values)]
    largest = float(finite.max()) if len(finite) else ALT_LIMIT
    return largest if len(finite) == len(values) else 2 * max(largest, 20.0)
