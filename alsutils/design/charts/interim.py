"""Pictures of looking early."""

import json
from typing import Any

import altair as alt
import pandas as pd

from alsutils.design.interim import RULES, InterimLooks, StoppingBias
from alsutils.design.looks import (
    ADJUSTED,
    MENU,
    SPENDING,
    UNADJUSTED,
    USUAL_LOOKS,
    BoundaryChoices,
    Peeking,
)
from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.study import Study

SHOWN_Z = 5.0  # boundaries beyond are of no use to anybody and would flatten the picture
THIS_TRIAL = "This trial"
POWER_KINDS = ("Trend so far", "Design's effect", "No effect", "Predictive")


def peeking(_study: Study, result: Peeking) -> Figure:
    """Draw how false alarms grow with the number of looks."""
    frame = result.frame
    colour = alt.Color(
        "rule:N",
        title=None,
        scale=alt.Scale(domain=[UNADJUSTED, ADJUSTED], range=[theme.WORSE, theme.ACCENT]),
    )
    base = alt.Chart(frame).encode(
        x=alt.X(
            "looks:Q",
            title="Number of looks",
            axis=alt.Axis(values=sorted(frame["looks"].unique()), format="d", grid=False),
        ),
        color=colour,
        tooltip=[
            alt.Tooltip("rule:N", title="Test"),
            alt.Tooltip("looks:Q", title="Looks"),
            alt.Tooltip("estimate:Q", title="Positive, simulated", format=".1%"),
            alt.Tooltip("exact:Q", title="Positive, exact", format=".1%"),
        ],
    )
    y = alt.Y(
        "estimate:Q",
        title="Trials without an effect that come out positive",
        axis=alt.Axis(format="%"),
        scale=alt.Scale(domainMin=0),
    )
    level = alt.Chart(pd.DataFrame({"level": [result.alpha]})).mark_rule(strokeDash=[4, 3])
    chart = alt.layer(
        level.encode(y="level:Q"),
        base.mark_line(strokeWidth=2).encode(y=y),
        base.mark_point(filled=True, size=70, opacity=1).encode(y=y),
    )
    most = frame["looks"].max()
    return Figure(
        chart.properties(height=280),
        f"Share of simulated trials without an effect that come out positive, by the number of "
        f"looks. With {most} looks {fmt.percent(result.share(UNADJUSTED, most), 1)} if every look "
        f"is tested as if it were the only one, {fmt.percent(result.share(ADJUSTED, most), 1)} "
        "with a boundary.",
        f"The dashed line is the level of {result.alpha:g}. {result.n_trials:,} trials a point.",
        frame,
    )


def boundaries(_study: Study, choices: BoundaryChoices, looks: InterimLooks | None) -> Figure:
    """Draw the boundaries of spending functions, and this trial's path between them."""
    number = alt.param(
        name="looks",
        value=USUAL_LOOKS,
        bind=alt.binding_select(options=list(MENU), name="Number of looks"),
    )
    layers = [] if looks is None else _path(looks)
    layers += _boundary_lines(choices, looks)
    told = "This trial has too few patients for a look before the end."
    if looks is not None:
        ends = [
            f"{arm} {fmt.listed([fmt.number(z) for z in path['z']])}"
            for arm, path in looks.frame.groupby("treated", sort=False)
        ]
        told = f"z statistics of this trial at its looks: {'; '.join(ends)}."
    usual = choices.frame[choices.frame["looks"] == USUAL_LOOKS]
    needed = [
        f"{rule} {fmt.listed([fmt.number(z) for z in rows['upper']])}"
        for rule, rows in usual.groupby("rule", sort=False)
    ]
    return Figure(
        alt.layer(*layers).add_params(number).properties(height=340),
        f"Boundaries of the z statistic with {USUAL_LOOKS} equally spaced looks: "
        f"{'; '.join(needed)}. {told}",
        "A trial stops where it gets outside the lines of its boundary."
        + ("" if looks is None else " Grey: what this trial would have shown at its looks."),
        readout=_readout("looks", {looks: _costs(choices, looks) for looks in MENU}),
    )


def conditional_power(_study: Study, looks: InterimLooks | None) -> Figure | Prose:
    """Draw the chance of success over what an interim look might show."""
    if looks is None:
        return Prose("Without a look before the end there is no conditional power to draw.")
    shares = list(dict.fromkeys(looks.curves["share"]))
    chosen = min(shares, key=lambda share: abs(share - 0.5))
    words = {share: fmt.percent(share) for share in shares}
    curves = looks.curves.assign(at=looks.curves["share"].map(words))
    param = alt.param(
        name="at",
        value=words[chosen],
        bind=alt.binding_select(options=list(words.values()), name="Look at"),
    )
    points = _points(looks).assign(at=lambda f: f["share"].map(words))
    colour = _series("kind", list(POWER_KINDS))
    x = alt.X(
        "z:Q",
        title="z statistic at the look",
        scale=alt.Scale(nice=False),
        axis=alt.Axis(format="~g", tickCount=6),
    )
    y = alt.Y(
        "power:Q",
        title="Chance of success in the end",
        axis=alt.Axis(format="%"),
        scale=alt.Scale(domain=[0, 1]),
    )
    tooltip = [
        alt.Tooltip("kind:N", title="From there on"),
        alt.Tooltip("z:Q", title="z at the look", format=".2f"),
        alt.Tooltip("power:Q", title="Chance of success", format=".0%"),
    ]
    lines = alt.Chart(curves).transform_filter("datum.at == at").mark_line(strokeWidth=2)
    marks = alt.Chart(points).transform_filter("datum.at == at")
    marks = marks.mark_point(filled=True, size=90, opacity=1)
    marks = marks.encode(tooltip=[alt.Tooltip("treated:N", title="Arm"), *tooltip])
    several = len(dict.fromkeys(points["treated"])) > 1
    if several:
        marks = marks.encode(shape=_shapes(looks))
    rule = alt.Chart(points).transform_filter("datum.at == at").mark_rule(strokeDash=[4, 3])
    chart = alt.layer(
        rule.encode(x="z:Q"),
        lines.encode(x=x, y=y, color=colour, tooltip=tooltip),
        marks.encode(x=x, y=y, color=colour),
    )
    told = {words[share]: _chances(points[points["share"] == share]) for share in shares}
    first = f" Curves are those of {looks.frame['treated'].iloc[0]}." if several else ""
    return Figure(
        chart.add_params(param).properties(height=300),
        f"Chance of success in the end over the z statistic at a look. {told[words[chosen]]}",
        f"Dots and the dashed line mark what this trial showed at the look chosen.{first}",
        readout=_readout("at", told),
    )


def stopping_bias(_study: Study, result: StoppingBias | None) -> Figure | Prose:
    """Draw what trials that stop early claim beside the truth."""
    if result is None or result.frame["estimate"].isna().all():
        return Prose("Without early stops there is no estimate at stopping to draw.")
    truths = {"none": "No effect", "observed": "Effect found"}
    frame = result.frame.dropna(subset="estimate").assign(
        row=lambda f: f["truth"].map(truths) + ", " + f["rule"]
    )
    rows = list(dict.fromkeys(frame.sort_values("truth", kind="stable")["row"]))
    unit = f" ({result.unit})" if result.unit else ""
    beside = alt.Axis(grid=False, ticks=False, domain=False, labelPadding=8)
    y = alt.Y("row:N", sort=rows, title=None, axis=beside)
    x = alt.X(
        "estimate:Q",
        title=f"Difference in {result.label}{unit}",
        scale=alt.Scale(padding=8),
        axis=alt.Axis(tickCount=6),
    )
    chart: charts.Chart = _distances(frame, x, y)
    contrasts = list(dict.fromkeys(frame["contrast"]))
    if len(contrasts) > 1:
        header = alt.Header(labelAngle=0, labelAlign="left", labelOrient="top", labelAnchor="start")
        chart = chart.facet(
            row=alt.Row("contrast:N", sort=contrasts, title=None, header=header), spacing=14
        )
    told = [
        f"{row['contrast']}, {row['row']}: {fmt.number(row['estimate'])} where "
        f"{fmt.number(row['true_difference'])} is true"
        for _, row in frame.iterrows()
    ]
    return Figure(
        chart,
        f"Mean estimate of simulated trials that stopped early in favour of treatment. "
        f"{'; '.join(told)}.",
        "Each row: simulated trials with the looks of this one. Only those that stopped early in "
        "favour of treatment are in the coloured dot.",
        result.frame,
    )


def _distances(frame: pd.DataFrame, x: alt.X, y: alt.Y) -> charts.Chart:
    """Draw a truth and a claim on each row, joined by a line."""
    kinds = {"true_difference": "True difference", "estimate": "Mean estimate after an early stop"}
    scale = alt.Scale(domain=list(kinds.values()), range=[theme.CONTROL, theme.WORSE])
    base = alt.Chart(frame).encode(
        y=y,
        tooltip=[
            alt.Tooltip("row:N", title=" "),
            alt.Tooltip("true_difference:Q", title="True difference", format=".2f"),
            alt.Tooltip("estimate:Q", title="Mean estimate after a stop", format=".2f"),
            alt.Tooltip("stopped:Q", title="Trials that stop so", format=".0%"),
        ],
    )
    colour = alt.Color("kind:N", title=None, scale=scale)
    points = [
        base.transform_calculate(kind=f"'{kind}'")
        .mark_point(filled=True, size=80, opacity=1)
        .encode(x=f"{column}:Q", color=colour)
        for column, kind in kinds.items()
    ]
    span = base.mark_rule(strokeWidth=1.5).encode(x=x, x2="true_difference:Q")
    return alt.layer(span, *points).properties(height=alt.Step(30))


def _boundary_lines(choices: BoundaryChoices, looks: InterimLooks | None) -> list[alt.Chart]:
    """Draw both sides of each boundary for the chosen number of looks."""
    upper = choices.frame.assign(z=choices.frame["upper"].clip(upper=2 * SHOWN_Z), side="upper")
    frame = pd.concat([upper, upper.assign(z=-upper["z"], side="lower")], ignore_index=True)
    furthest = SHOWN_Z if looks is None else max(SHOWN_Z, looks.frame["z"].abs().max() + 0.5)
    base = (
        alt.Chart(frame)
        .transform_filter("datum.looks == looks")
        .encode(
            x=alt.X(
                "fraction:Q",
                title="Share of the information",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%", grid=False, tickCount=5),
            ),
            y=alt.Y(
                "z:Q",
                title="z statistic, above 0: treatment better",
                scale=alt.Scale(domain=[-furthest, furthest], nice=False),
            ),
            color=_series("rule", list(SPENDING)),
            detail="side:N",
            tooltip=[
                alt.Tooltip("rule:N", title="Boundary"),
                alt.Tooltip("fraction:Q", title="Information", format=".0%"),
                alt.Tooltip("upper:Q", title="z needed", format=".3f"),
                alt.Tooltip("nominal_p:Q", title="As a p-value", format=".2g"),
                alt.Tooltip("spent:Q", title="Level spent", format=".2g"),
            ],
        )
    )
    return [
        base.mark_line(strokeWidth=1.5, clip=True),
        base.mark_point(filled=True, size=45, opacity=1, clip=True),
    ]


def _series(column: str, names: list[str]) -> alt.Color:
    """Colour named lines in the order of the palette."""
    scale = alt.Scale(domain=names, range=list(theme.TREATED[: len(names)]))
    return alt.Color(f"{column}:N", title=None, sort=names, scale=scale)


def _shapes(looks: InterimLooks) -> alt.Shape:
    """Tell the arms apart by shape, for colour has another meaning here."""
    legend = alt.Legend(orient="bottom", columns=1, symbolFillColor=theme.CONTROL)
    arms = list(dict.fromkeys(looks.frame["treated"]))
    return alt.Shape("treated:N", title=None, sort=arms, legend=legend)


def _readout(setting: str, words: dict[Any, str]) -> str:
    """Choose the sentence under a chart by its setting."""
    return f"({json.dumps({str(key): told for key, told in words.items()})})[{setting}]"


def _costs(choices: BoundaryChoices, looks: int) -> str:
    """Say what two boundaries cost with a number of looks."""
    costs = choices.designs[choices.designs["looks"] == looks].set_index("rule")["inflation"]
    last = choices.frame[choices.frame["looks"] == looks].groupby("rule")["upper"].last()
    told = [
        f"{rule} needs z = {fmt.number(last[rule])} at the end and up to "
        f"{fmt.percent(costs[rule] - 1)} more patients than a single look"
        for rule in RULES
    ]
    return f"{looks} looks: {'; '.join(told)}."


def _chances(points: pd.DataFrame) -> str:
    """Say what chance of success a look left to each arm."""
    told = []
    for arm, rows in points.groupby("treated", sort=False):
        power = rows.set_index("kind")["power"]
        told.append(
            f"{arm} at z = {fmt.number(rows['z'].iloc[0])}, chance of success "
            f"{fmt.percent(power['Trend so far'])} if the trend goes on, "
            f"{fmt.percent(power['No effect'])} if there is no effect from there on"
        )
    return f"At {fmt.percent(points['share'].iloc[0])} of the patients: {'; '.join(told)}."


def _path(looks: InterimLooks) -> list[alt.Chart]:
    """Draw the z statistics of this trial in grey, arms told apart by shape."""
    told = looks.frame["n"].notna().any()
    counted = [alt.Tooltip("n:Q", title="Patients so far")] if told else []
    base = alt.Chart(looks.frame).encode(
        x="fraction:Q",
        y="z:Q",
        tooltip=[
            alt.Tooltip("treated:N", title=THIS_TRIAL),
            *counted,
            alt.Tooltip("fraction:Q", title="Information", format=".0%"),
            alt.Tooltip("estimate:Q", title="Difference so far", format=".2f"),
            alt.Tooltip("z:Q", title="z", format=".2f"),
        ],
    )
    line = base.mark_line(strokeWidth=2.5, color=theme.CONTROL).encode(detail="treated:N")
    point = base.mark_point(filled=True, size=90, opacity=1, color=theme.CONTROL)
    if len(dict.fromkeys(looks.frame["treated"])) > 1:
        point = point.encode(shape=_shapes(looks))
    return [line, point]


def _points(looks: InterimLooks) -> pd.DataFrame:
    """Give this trial's powers at each interim look, one row a kind."""
    columns = {
        "Trend so far": "power_trend",
        "Design's effect": "power_effect",
        "No effect": "power_null",
        "Predictive": "predictive",
    }
    early = looks.frame.dropna(subset="power_trend")
    parts = [
        early[["treated", "look", "share", "z"]].assign(kind=kind, power=early[column])
        for kind, column in columns.items()
    ]
    return pd.concat(parts, ignore_index=True)
