"""Pictures of changes that go together: a network for each arm, and charts that are linked."""

import itertools
import math
import warnings
from dataclasses import replace

import altair as alt
import pandas as pd

from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.display.points import drawn
from alsutils.display.sliders import slider
from alsutils.mechanism.charts.association import GROUPS, arm_shapes, group_scale
from alsutils.mechanism.connections import Connections, Linked
from alsutils.mechanism.words import NO_BIOMARKERS
from alsutils.stats.correlation.selection import critical_correlation
from alsutils.study import Study

SHOWN_FROM = 0.3  # correlation from which a line is drawn at first
_MOST_POINTS = 600  # of each of several panels
_LABEL_AT = 1.12  # of the radius
_ACROSS, _UP = alt.Scale(domain=[-2.0, 2.0]), alt.Scale(domain=[-1.3, 1.3])
_TOGETHER, _AGAINST = "Together", "Against each other"


def network(study: Study, result: Connections | None) -> Figure | Prose:
    """Draw the analytes on a circle with a line between those whose changes go together."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    known = result.frame.dropna(subset=["estimate"])
    if known.empty:
        return Prose(
            "There are not two analytes with changes enough to correlate, so there is no network."
        )
    base = alt.Chart(_laid_out(study, result, known))
    x = alt.X("x:Q", scale=_ACROSS, axis=None)
    y = alt.Y("y:Q", scale=_UP, axis=None)
    dots = base.transform_filter("datum.kind === 'dot'").mark_point(
        filled=True, size=60, opacity=1, color=theme.CONTROL
    )
    layers = [_lines(base).encode(x=x, y=y), dots.encode(x=x, y=y)]
    for align in ("left", "center", "right"):
        words = base.transform_filter(f"datum.kind === 'dot' && datum.align === '{align}'")
        layers.append(
            words.mark_text(align=align, baseline="middle").encode(
                x=alt.X("label_x:Q", scale=_ACROSS),
                y=alt.Y("label_y:Q", scale=_UP),
                text="name:N",
            )
        )
    chart = (
        alt.layer(*layers)
        .properties(height=250)
        .facet(alt.Facet("arm:N", sort=list(study.arms), title=None), columns=2)
        .add_params(slider("shown_from", "Draw correlations from", SHOWN_FROM, 0.0, 0.9, 0.05))
    )
    return Figure(
        chart,
        f"Rank correlations of the changes at {result.visit.lower()}, a network for each arm. "
        f"Strongest in {'; in '.join(_strongest(known))}.",
        "A line joins two analytes whose changes go together (blue) or against each other "
        f"(orange), the thicker the more. {_chance(study, known)}Try it: draw all of them, then "
        "only the strong ones.",
        known,
        readout="'Lines are drawn from a correlation of ' + format(shown_from, '.2f') + ' on.'",
    )


def _lines(base: alt.Chart) -> alt.Chart:
    """Draw the correlations that the slider lets pass."""
    shown = base.transform_filter("datum.kind === 'line' && abs(datum.r) >= shown_from - 1e-9")
    return shown.mark_rule().encode(
        x2="x2:Q",
        y2="y2:Q",
        strokeWidth=alt.StrokeWidth(
            "size:Q", scale=alt.Scale(domain=[0, 1], range=[0.5, 7]), legend=None
        ),
        color=alt.Color(
            "way:N",
            title=None,
            scale=alt.Scale(domain=[_TOGETHER, _AGAINST], range=[theme.ACCENT, theme.WORSE]),
            legend=alt.Legend(symbolType="stroke", symbolSize=300),
        ),
        tooltip=[
            alt.Tooltip("name:N", title=" "),
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("r:Q", title="Correlation", format=".2f"),
            alt.Tooltip("n:Q", title="Patients"),
        ],
    )


def _strongest(known: pd.DataFrame) -> list[str]:
    """Tell the three strongest correlations of each arm."""
    told = []
    for arm, rows in known.groupby("arm", sort=False):
        strong = rows.loc[rows["estimate"].abs().sort_values(ascending=False).index[:3]]
        pairs = [
            f"{r['x']} with {r['y']} {fmt.number(r['estimate'])}" for r in strong.to_dict("records")
        ]
        told.append(f"{arm}: {', '.join(pairs)}")
    return told


def _chance(study: Study, known: pd.DataFrame) -> str:
    """Say how large a correlation must be to be found at all."""
    middle = known["n"].median()
    if math.isnan(middle):
        return ""
    n = int(middle)
    least = critical_correlation(n, study.alpha)
    return f"With {n} patients, one test alone finds a correlation from {fmt.number(least)} on. "


def _laid_out(study: Study, result: Connections, known: pd.DataFrame) -> pd.DataFrame:
    """Place the analytes on a circle and the lines between them, for every arm."""
    size = len(result.analytes)
    angle = {a: math.pi / 2 - 2 * math.pi * i / size for i, a in enumerate(result.analytes)}
    at = {a: (math.cos(t), math.sin(t)) for a, t in angle.items()}
    rows: list[dict[str, object]] = []
    for arm, (name, (x, y)) in itertools.product(study.arms, at.items()):
        align = "center" if abs(x) < 0.2 else "left" if x > 0 else "right"
        away = _LABEL_AT + (0.06 if align == "center" else 0)
        place = {"x": x, "y": y, "label_x": away * x, "label_y": away * y, "align": align}
        rows.append({"kind": "dot", "arm": arm, "name": name, **place})
    for r in known.to_dict("records"):
        (x, y), (x2, y2) = at[r["x"]], at[r["y"]]
        rows.append(
            {
                "kind": "line",
                "arm": r["arm"],
                "name": f"{r['x']} with {r['y']}",
                "x": x,
                "y": y,
                "x2": x2,
                "y2": y2,
                "r": r["estimate"],
                "size": abs(r["estimate"]),
                "n": r["n"],
                "way": _TOGETHER if r["estimate"] > 0 else _AGAINST,
            }
        )
    return pd.DataFrame(rows)


def linked(study: Study, result: Linked | None) -> Figure | Prose:
    """Draw every pair of changes, and the outcome; patients marked in one are marked in all."""
    if result is None:
        return Prose("")
    if result.frame.empty:
        why = "no patient has a change" if study.shows_subjects else "single patients are not shown"
        return Prose(f"There are no linked charts here, because {why}.")
    shown = drawn(result.frame, most=_MOST_POINTS, of="patient")
    result = replace(result, frame=shown.frame)
    columns = [c for c in result.labels if result.frame[c].notna().any()]
    pairs = list(itertools.combinations(columns, 2))
    if not columns:
        return Prose("There are no linked charts here, because no analyte has changes enough.")
    brush = alt.selection_interval(name="marked", resolve="global")
    present = [g for g in GROUPS if (result.frame["group"] == g).any()]
    picked = alt.selection_point(name="picked", fields=["group"], bind="legend")
    panels = [
        _panel(result, study, (a, result.labels[a]), (b, result.labels[b]), present, brush, picked)
        for a, b in pairs
    ]
    up = ("outcome", result.outcome)
    panels += [
        _panel(result, study, (a, result.labels[a]), up, present, brush, picked) for a in columns
    ]
    with warnings.catch_warnings():
        # One box over all panels is what is wanted.
        warnings.filterwarnings("ignore", "Automatically deduplicated selection parameter")
        chart = alt.concat(*panels, columns=min(3, len(columns)))
    chart = chart.resolve_scale(color="shared", shape="shared")
    return Figure(
        chart,
        f"Changes of {fmt.listed(list(result.labels.values()))} at {result.visit.lower()}, every "
        f"pair, and {result.outcome} at {result.outcome_visit.lower()}, a point a patient; "
        "patients marked in one panel are marked in all.",
        "Drag a box over some points: the same patients stay bright in every panel. Choose a group "
        "in the key to see it alone. Ratios to baseline on logarithmic axes."
        f"{shown.words}",
    )


def _panel(
    result: Linked,
    study: Study,
    across: tuple[str, str],
    up: tuple[str, str],
    present: list[str],
    brush: alt.Parameter,
    picked: alt.Parameter,
) -> alt.Chart:
    """Draw one pair."""
    log = alt.Scale(type="log", zero=False, nice=False, padding=8)
    axis = alt.Axis(format="~g", tickCount=4, grid=False)
    plain_axis = alt.Axis(tickCount=4, grid=False)
    plain = alt.Scale(zero=False, padding=8)
    (x, x_title), (y, y_title) = across, up
    is_outcome = y == "outcome"
    lit = alt.condition(brush & picked, alt.value(0.9), alt.value(0.12))
    return (
        # Every panel has all columns, for the box is drawn over those of another panel.
        alt.Chart(result.frame)
        .transform_filter(f"isValid(datum.{x}) && isValid(datum.{y})")
        .mark_point(filled=True, size=40)
        .encode(
            x=alt.X(f"{x}:Q", title=x_title, scale=log, axis=axis),
            y=alt.Y(
                f"{y}:Q",
                title=y_title,
                scale=plain if is_outcome else log,
                axis=plain_axis if is_outcome else axis,
            ),
            color=alt.Color("group:N", title=None, scale=group_scale(present)),
            shape=arm_shapes(study),
            opacity=lit,
        )
        .properties(height=160)
        .add_params(brush, picked)
    )
