"""Pictures of the primary endpoint."""

from typing import Any

import altair as alt
import pandas as pd

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.display.network import Arrow, NetworkDiagram, Node
from alsutils.primary.analysis import AllAnalyses, Comparisons, Responders, Trajectory
from alsutils.primary.missing import Assumptions, Tipping
from alsutils.primary.multiplicity import Family
from alsutils.primary.together import Together
from alsutils.stats.gatekeeping import HypothesisGraph
from alsutils.stats.imputation import MissingPatterns
from alsutils.study import Study


def trajectory(study: Study, result: Trajectory) -> Figure:
    """Draw a parameter's mean at each visit, a line an arm."""
    frame = result.frame
    title = f"{result.parameter} ({result.unit})" if result.unit else result.parameter
    chart = charts.profile(frame, study.arms, study.config.time.unit.capitalize(), f"Mean {title}")
    ends = []
    for arm in study.arms:
        rows = frame[frame["arm"] == arm].sort_values("visit")
        first, last = rows.iloc[0], rows.iloc[-1]
        ends.append(
            f"{arm} goes from {fmt.number(first['mean'], 1)} at {first['visit_label'].lower()} "
            f"to {fmt.number(last['mean'], 1)} at {last['visit_label'].lower()}"
        )
    level = fmt.percent(study.conf_level)
    return Figure(
        chart,
        f"Mean {result.parameter} over time by arm: {'; '.join(ends)}.",
        f"Mean with {level} interval of all patients seen at each visit. Who leaves is no longer "
        "in the mean, so that a line can bend because patients change or because they go.",
    )


def domains(study: Study, result: Trajectory | None) -> Figure | Prose:
    """Draw the parts of a score over time, a panel each."""
    if result is None:
        return Prose("This study does not split its endpoint into parts.")
    panels = list(dict.fromkeys(result.frame["parameter"]))
    base = alt.Chart(result.frame).encode(
        x=alt.X("visit:Q", title=study.config.time.unit.capitalize(), axis=alt.Axis(grid=False)),
        color=alt.Color("arm:N", scale=theme.arm_scale(study.arms), title=None),
        tooltip=[
            alt.Tooltip("parameter:N", title="Part"),
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("visit_label:N", title="Visit"),
            alt.Tooltip("mean:Q", title="Mean", format=".2f"),
            alt.Tooltip("n:Q", title="Patients"),
        ],
    )
    title = f"Mean ({result.unit})"
    y = alt.Y("mean:Q", title=title, scale=alt.Scale(zero=False))
    line = base.mark_line(strokeWidth=2).encode(y=y)
    point = base.mark_point(filled=True, size=40, opacity=1).encode(y=y)
    span = base.mark_rule().encode(y=alt.Y("conf_low:Q", title=title), y2="conf_high:Q")
    facet = alt.Facet("parameter:N", title=None, sort=panels)
    chart = alt.layer(line, span, point).properties(height=170).facet(facet, columns=2)
    level = fmt.percent(study.conf_level)
    return Figure(
        chart,
        f"Means over time by arm of {fmt.listed(panels)}.",
        f"Each part has its own panel; all share one scale. Means with {level} intervals.",
    )


def forest(study: Study, result: Comparisons | AllAnalyses) -> Figure:
    """Draw the differences of the primary endpoint, a row an analysis."""
    shown = result.frame.dropna(subset=["conf_low", "conf_high"])
    about = study.parameter(study.primary.parameter)
    title = f"Difference from {study.control}, {about.label} ({favours(study)})"
    chart = charts.forest(
        shown, "analysis", title, colour=_arm_colour(study), row="visit", within=_arm(study)
    )
    told = [f"{row['visit']}, {_estimated(study, row)}" for row in shown.to_dict("records")]
    level = fmt.percent(study.conf_level)
    return Figure(
        chart,
        f"Differences of {about.label} with intervals. {'. '.join(told)}.",
        f"Points are estimates, lines {level} intervals; the dashed line is no difference.",
        result.frame,
    )


def missing_patterns(study: Study, result: MissingPatterns) -> Figure:
    """Draw the share of each arm that was seen at each visit after baseline."""
    frame = result.visits.rename(columns={"n": "size"})
    kinds = {"n_observed": "seen", "n_gaps": "missed, seen later", "n_gone": "gone"}
    long = frame.melt(["visit", "arm", "size"], list(kinds), "kind", "n")
    long = long.assign(kind=long["kind"].map(kinds), share=long["n"] / long["size"])
    long[["visit", "arm"]] = long[["visit", "arm"]].astype("str")
    visits = [str(v) for v in frame["visit"].cat.categories]
    colours = alt.Scale(
        domain=list(kinds.values()), range=[theme.ACCENT, theme.SERIES[4], theme.CONTROL]
    )
    chart = (
        alt.Chart(long)
        .mark_bar()
        .encode(
            x=alt.X("share:Q", title="Share of the arm", axis=alt.Axis(format="%", tickCount=4)),
            y=alt.Y("visit:N", sort=visits, title=None),
            color=alt.Color("kind:N", scale=colours, title=None, sort=list(kinds.values())),
            order=alt.Order("kind:N", sort="descending"),
            tooltip=["arm:N", "visit:N", "kind:N", alt.Tooltip("n:Q", title="patients")],
        )
        .properties(height=alt.Step(24))
        .facet(alt.Facet("arm:N", sort=list(study.arms), title=None), columns=1)
    )
    last = frame[frame["visit"] == frame["visit"].cat.categories[-1]]
    told = [
        f"{r['arm']}: {r['n_observed']} of {r['size']} seen at the last visit"
        for r in last.to_dict("records")
    ]
    return Figure(
        chart,
        f"Patients seen and missing at each visit after baseline. {'; '.join(told)}.",
        "Gone means that nothing was seen from that visit on.",
    )


def assumptions(study: Study, result: Assumptions) -> Figure:
    """Draw the difference at the last primary visit under each assumption about the missing."""
    shown = result.frame.dropna(subset=["conf_low"])
    visit = study.visit_phrase(study.primary.visits[-1])
    about = study.parameter(study.primary.parameter)
    title = f"Difference from {study.control}, {about.label} at {visit} ({favours(study)})"
    told = [_estimated(study, row) for row in shown.to_dict("records")]
    return Figure(
        charts.forest(shown, "analysis", title, colour=_arm_colour(study), within=_arm(study)),
        f"Difference under each assumption about the missing. {'. '.join(told)}.",
        "Each row answers what the difference would be if patients who were not seen had done as "
        "named. The last two are shown as what not to do.",
        result.frame,
    )


def tipping(study: Study, result: Tipping | None) -> Figure | Prose:
    """Draw the p-value over shifts of what is imputed in each arm, with the line where it turns."""
    if result is None:
        return Prose("Nothing is missing, or too little was seen to impute it: no map is drawn.")
    about = study.parameter(study.primary.parameter)
    step_x = result.frame["delta_treated"].drop_duplicates().diff().abs().median()
    step_y = result.frame["delta_control"].drop_duplicates().diff().abs().median()
    cells = result.frame.assign(
        left=result.frame["delta_treated"] - step_x / 2,
        right=result.frame["delta_treated"] + step_x / 2,
        bottom=result.frame["delta_control"] - step_y / 2,
        top=result.frame["delta_control"] + step_y / 2,
        verdict=[_side(study, row) for row in result.frame.to_dict("records")],
    )
    unit = f" ({about.unit})" if about.unit else ""
    colours = alt.Scale(domain=list(_SIDES), range=[theme.ACCENT, theme.CONTROL, theme.WORSE])
    chart = (
        alt.Chart(cells)
        .mark_rect()
        .encode(
            x=alt.X("left:Q", title=f"Shift of missing treated patients{unit}").scale(
                nice=False, zero=False
            ),
            x2="right:Q",
            y=alt.Y("bottom:Q", title=f"Shift of missing {study.control} patients{unit}").scale(
                nice=False, zero=False
            ),
            y2="top:Q",
            color=alt.Color("verdict:N", scale=colours, title="Interval lies"),
            tooltip=[
                alt.Tooltip("delta_treated:Q", title="Shift, treated", format=".1f"),
                alt.Tooltip("delta_control:Q", title="Shift, control", format=".1f"),
                alt.Tooltip("estimate:Q", title="Difference", format=".2f"),
                alt.Tooltip("conf_low:Q", title="Lower limit", format=".2f"),
                alt.Tooltip("conf_high:Q", title="Upper limit", format=".2f"),
                alt.Tooltip("p_value:Q", title="p", format=".4f"),
            ],
        )
        .properties(height=260)
        .facet(
            alt.Facet("treated:N", sort=list(study.treated), title=None),
            columns=min(2, len(study.treated)),
        )
    )
    told = [
        f"{side}: {fmt.percent((cells['verdict'] == side).mean())} of the cells" for side in _SIDES
    ]
    return Figure(
        chart,
        f"Map of shifts of the imputed values in both arms. Interval lies {'; '.join(told)}.",
        "The corner without shifts takes the missing to have gone on as those who stayed. Away "
        "from it the missing of the arm that is ahead did worse, and those of the other better.",
    )


_SIDES = ("on the better side for treatment", "over no difference", "on the worse side")


def _side(study: Study, row: dict[str, float]) -> str:
    """Say on which side of no difference the interval lies."""
    if row["conf_low"] <= 0 <= row["conf_high"]:
        return _SIDES[1]
    higher = study.parameter(study.primary.parameter).better == "higher"
    return _SIDES[0] if (row["estimate"] > 0) == higher else _SIDES[2]


def pairs(study: Study, result: Together | None) -> Figure | Prose:
    """Draw how pairs of a treated and a control patient are decided."""
    if result is None:
        return Prose("This study names no death to rank together with the endpoint.")
    if result.pairs.empty:
        return Prose(" ".join(result.notes))
    long = result.pairs.melt(["treated", "layer", "share"], ["wins", "losses"], "who", "pairs")
    total = long.groupby("treated")["pairs"].transform("sum")
    long = long.assign(part=long["pairs"] / total)
    tied = long["layer"] == "tied"
    long = long[~tied | (long["who"] == "wins")]
    words = {"wins": "treated patient did better", "losses": f"{study.control} patient did better"}
    long["who"] = long["who"].map(words).where(long["layer"] != "tied", "tied")
    layers = {"survival": "By death", "function": "By function", "tied": "Tied"}
    long["layer"] = long["layer"].map(layers)
    colours = alt.Scale(
        domain=[*words.values(), "tied"], range=[theme.ACCENT, theme.CONTROL, theme.SERIES[3]]
    )
    chart = (
        alt.Chart(long)
        .mark_bar()
        .encode(
            x=alt.X("part:Q", title="Share of all pairs", axis=alt.Axis(format="%")),
            y=alt.Y("layer:N", sort=list(layers.values()), title=None),
            color=alt.Color("who:N", scale=colours, title=None),
            tooltip=["layer:N", "who:N", "pairs:Q", alt.Tooltip("part:Q", format=".1%")],
        )
        .properties(height=alt.Step(30))
        .facet(alt.Facet("treated:N", sort=list(study.treated), title=None), columns=1)
    )
    told = [f"{r['layer']}, {r['who']}: {fmt.percent(r['part'])}" for r in long.to_dict("records")]
    return Figure(
        chart,
        f"How pairs of a treated and a control patient are decided. {'; '.join(told)}.",
        "Every treated patient is set against every control: first by who lived longer, and where "
        "that is open by who changed for the better.",
    )


def level_graph(study: Study, result: Family) -> NetworkDiagram | Prose:
    """Draw the shares of the level, and to which hypothesis each hands its own on."""
    if len(result.frame) == 1:
        return Prose("")
    graph = result.test.graphs[0]
    colours = dict(zip(study.arms, theme.arm_scale(study.arms).to_dict()["range"], strict=True))
    rows = result.frame.to_dict("records")
    nodes = tuple(
        Node(
            study.treated.index(row["treated"]),
            study.primary.visits.index(row["visit_number"]),
            (study.visit_label(row["visit_number"]), fmt.percent(weight)),
            colours[row["treated"]],
        )
        for row, weight in zip(rows, graph.weights, strict=True)
    )
    places = {name: k for k, name in enumerate(graph.names)}
    arrows = tuple(
        Arrow(places[e["source"]], places[e["target"]], fmt.percent(e["weight"]))
        for e in graph.edges.to_dict("records")
    )
    told = [
        f"{e['source']} hands {fmt.percent(e['weight'])} of its level to {e['target']}"
        for e in graph.edges.to_dict("records")
    ]
    starts = [f"{n} starts with {fmt.percent(w)}" for n, w in zip(*_starts(graph), strict=True)]
    return NetworkDiagram(
        nodes,
        arrows,
        study.treated if len(study.treated) > 1 else ("",),
        f"Graph of the primary hypotheses. {'; '.join([*starts, *told])}.",
        "Each circle is a hypothesis with its share of the level at the start. Once its "
        "difference is shown, it hands its level on along its arrows.",
    )


def _starts(graph: HypothesisGraph) -> tuple[list[str], list[float]]:
    """Name the hypotheses that start with a share of the level, and the shares."""
    used = [k for k, weight in enumerate(graph.weights) if weight > 0]
    return [graph.names[k] for k in used], [float(graph.weights[k]) for k in used]


def _arm(study: Study) -> str | None:
    """Name the column that tells the estimates of one row apart, where there are several."""
    return "treated" if len(study.treated) > 1 else None


def _arm_colour(study: Study) -> alt.Color:
    return alt.Color(
        "treated:N",
        scale=theme.arm_scale(study.arms),
        title=None,
        legend=alt.Legend(values=list(study.treated)) if _arm(study) else None,
    )


def _estimated(study: Study, row: dict[str, Any]) -> str:
    """Say an estimate aloud, with its contrast where there are several."""
    who = f", {row['contrast']}" if _arm(study) else ""
    interval = fmt.estimate(row["estimate"], row["conf_low"], row["conf_high"])
    return f"{row['analysis']}{who}: {interval}"


def favours(study: Study) -> str:
    """Say which side of a difference is better for the patient."""
    higher = study.parameter(study.primary.parameter).better == "higher"
    return "above 0 is better" if higher else "below 0 is better"


def responders(study: Study, result: Responders | None) -> Figure | Prose:
    """Draw the share of responders by arm at each threshold and visit."""
    if result is None:
        return Prose("This study defines no responders.")
    frame = result.shares
    about = study.parameter(result.parameter)
    arms = list(study.arms)
    base = alt.Chart(frame).encode(
        y=alt.Y("arm:N", sort=arms, title=None, axis=alt.Axis(ticks=False, domain=False)),
        color=alt.Color("arm:N", scale=theme.arm_scale(arms), legend=None),
        tooltip=[
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("threshold_label:N", title="Threshold"),
            alt.Tooltip("responders:Q", title="Responders"),
            alt.Tooltip("n:Q", title="of"),
            alt.Tooltip("share:Q", title="Share", format=".0%"),
        ],
    )
    x = alt.X("share:Q", title="Share of patients", axis=alt.Axis(format="%", tickCount=4))
    bars = base.mark_bar(height=14).encode(x=x.scale(domain=[0, 1]))
    text = base.mark_text(align="left", dx=5).encode(x="share:Q", text="count_text:N")
    order = list(dict.fromkeys(frame["threshold_label"]))
    panels = alt.Row("threshold_label:N", sort=order, title=None).header(
        labelAngle=0, labelOrient="top", labelAnchor="start"
    )
    chart = alt.layer(bars, text).properties(height=alt.Step(24))
    chart = chart.facet(row=panels, spacing=10)
    told = _told(frame)
    return Figure(
        chart,
        f"Responders by {about.label}: {told}.",
        "Bars count the patients at or above each threshold, of those with a value.",
        result.frame,
    )


def _told(frame: pd.DataFrame) -> str:
    parts = [
        f"{r['threshold_label']}, {r['arm']}: {r['responders']:.0f} of {r['n']:.0f}"
        for r in frame.to_dict("records")
    ]
    return "; ".join(parts)
