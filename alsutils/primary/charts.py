"""Pictures of the primary endpoint."""

from typing import Any

import altair as alt
import pandas as pd

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.display.network import Arrow, NetworkDiagram, Node
from alsutils.primary.analysis import AllAnalyses, Comparisons, Responders, Trajectory
from alsutils.primary.dichotomy import MEANS, POWER, THIRDS, CutCost, PastAndFuture
from alsutils.primary.missing import Assumptions, Tipping
from alsutils.primary.multiplicity import Family
from alsutils.primary.scale import BEST, UNSEEN, WORST, Courses, Extremes, ItemMeans, Stages
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
            x=alt.X("left:Q", title=f"Shift of missing treated patients{unit}")
            .scale(nice=False, zero=False)
            .axis(tickCount=8),
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


def cost_of_cutting(study: Study, result: CutCost | None) -> Figure | Prose:
    """Draw the power of a test of means and of responders over true differences."""
    if result is None:
        return Prose("The arms are too small for a simulation of what a cut costs.")
    about = study.parameter(study.primary.parameter)
    unit = f" ({about.unit})" if about.unit else ""
    cuts = list(dict.fromkeys(result.cuts["cut"]))
    order = [MEANS, *cuts]
    frame = result.curves.assign(
        analysis=[a if a == MEANS else f"responders, {a}" for a in result.curves["analysis"]]
    )
    domain = [a if a == MEANS else f"responders, {a}" for a in order]
    colours = alt.Scale(domain=domain, range=[theme.CONTROL, *theme.TREATED][: len(domain)])
    chart = (
        alt.Chart(frame)
        .mark_line(point=alt.OverlayMarkDef(filled=True, size=40), strokeWidth=2)
        .encode(
            x=alt.X("difference:Q", title=f"True difference of {about.label}{unit}"),
            y=alt.Y("power:Q", title="Share of trials that find it").axis(format="%"),
            color=alt.Color(
                "analysis:N",
                scale=colours,
                title=None,
                legend=alt.Legend(columns=1, labelLimit=320),
            ),
            tooltip=[
                alt.Tooltip("analysis:N", title="Compared"),
                alt.Tooltip("difference:Q", title="True difference", format=".2f"),
                alt.Tooltip("power:Q", title="Trials that find it", format=".0%"),
            ],
        )
        .properties(height=260)
    )
    if len(result.difference) > 1:
        chart = chart.facet(alt.Facet("treated:N", sort=list(study.treated), title=None), columns=2)
    told = [
        f"{r['treated']}, {r['cut']}: {fmt.percent(r['fisher'])}"
        for r in result.cuts.to_dict("records")
    ]
    return Figure(
        chart,
        f"Power over true differences. Where the t-test finds {fmt.percent(POWER)}, Fisher's exact "
        f"test of responders finds, {'; '.join(told)}.",
        f"Each point is {result.n_trials:,} simulated trials of this size and spread. Means by the "
        "t-test, responders by Fisher's exact test.",
        result.frame,
    )


def thirds(study: Study, result: PastAndFuture | None) -> Figure | Prose:
    """Draw the mean slope before and after baseline in thirds of the slope before."""
    if result is None:
        return Prose(
            "This study has no visits before treatment from which each patient's earlier slope "
            "could be known."
        )
    if result.thirds.empty:
        return Prose("Too few patients have both slopes to show them in groups.")
    about = study.parameter(study.primary.parameter)
    unit = f"{about.unit} per {study.config.time.unit}".strip()
    when = {"before": "before baseline", "after": "after baseline"}
    long = result.thirds.melt(["arm", "third", "n"], list(when), "when", "slope")
    long["when"] = long["when"].map(when)
    sort = list(THIRDS)
    y = alt.Y("third:N", sort=sort, title=None, axis=alt.Axis(grid=False, ticks=False))
    title = f"Mean slope of {about.label} ({unit})"
    x = alt.X("slope:Q", title=title, scale=alt.Scale(zero=False, padding=12))
    colours = alt.Scale(domain=list(when.values()), range=[theme.CONTROL, theme.ACCENT])
    base = alt.Chart(long).encode(y=y)
    line = base.mark_line(strokeWidth=2, color=theme.CONTROL).encode(x=x, detail="third:N")
    point = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=x,
        color=alt.Color("when:N", scale=colours, sort=list(when.values()), title=None),
        tooltip=[
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("third:N", title="Patients"),
            alt.Tooltip("n:Q", title="Number"),
            alt.Tooltip("when:N", title="Slope"),
            alt.Tooltip("slope:Q", title="Mean", format=".2f"),
        ],
    )
    facet = alt.Facet("arm:N", sort=list(study.arms), title=None)
    chart = alt.layer(line, point).properties(height=alt.Step(34)).facet(facet, columns=1)
    told = [
        f"{r['arm']}, {r['third']} ({fmt.plural(r['n'], 'patient')}): "
        f"{fmt.number(r['before'])}, then {fmt.number(r['after'])}"
        for r in result.thirds.to_dict("records")
    ]
    return Figure(
        chart,
        f"Mean slope of {about.label} before and after baseline, {unit}. {'; '.join(told)}.",
        "All patients are ranked by their slope before baseline and cut into thirds. Lines join "
        "the same patients before and after.",
    )


def past_and_future(study: Study, result: PastAndFuture | None) -> Figure | Prose:
    """Draw the change of slope against the slope before, with what noise alone would give."""
    if result is None:
        return Prose("")
    about = study.parameter(study.primary.parameter)
    unit = f"{about.unit} per {study.config.time.unit}".strip()
    patients = result.change.patients
    low, high = patients["before"].quantile([0.05, 0.95])
    lines = []
    for row in result.change.frame.to_dict("records"):
        for words, slope in (("found", row["estimate"]), (_NOISE, result.change.by_noise)):
            for at in (low, high):
                change = row["mean_change"] + slope * (at - row["mean_before"])
                lines.append({"arm": row["group"], "line": words, "before": at, "change": change})
    x = alt.X(
        "before:Q", title=f"Slope before baseline ({unit})", scale=alt.Scale(zero=False, padding=8)
    )
    y = alt.Y("change:Q", title="Change of slope")
    scale = alt.Scale(domain=["found", _NOISE], range=[theme.ACCENT, theme.WORSE])
    drawn = pd.DataFrame(lines)
    if study.shows_subjects:
        dots = patients.rename(columns={"group": "arm"})[["arm", "before", "change"]]
        dots = dots.assign(line="", arm=dots["arm"].astype("str"))
        drawn = pd.concat([drawn, dots], ignore_index=True)
    base = alt.Chart(drawn).encode(x=x, y=y)
    line = base.transform_filter("datum.line != ''").mark_line(strokeWidth=3)
    line = line.encode(
        color=alt.Color("line:N", scale=scale, title="Slope of the line"),
        strokeDash=alt.StrokeDash(
            "line:N",
            scale=alt.Scale(domain=["found", _NOISE], range=[[1, 0], [6, 4]]),
            title="Slope of the line",
        ),
    )
    dot = base.transform_filter("datum.line == ''").mark_point(
        filled=True, size=35, opacity=0.6, color=theme.CONTROL
    )
    facet = alt.Facet("arm:N", sort=list(study.arms), title=None)
    chart = alt.layer(dot, line).properties(height=260).facet(facet, columns=2)
    told = [
        f"{r['group']}: {fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in result.change.frame.to_dict("records")
    ]
    points = "Each point is a patient. " if study.shows_subjects else ""
    return Figure(
        chart,
        f"Change of slope against the slope before baseline. Slope of the line, {'; '.join(told)}; "
        f"by noise alone {fmt.number(result.change.by_noise)}.",
        f"{points}The dashed line is what would be seen if every patient kept one true slope and "
        "only the measurements scattered.",
        result.frame,
    )


_NOISE = "by noise alone"


def items(study: Study, result: ItemMeans | None) -> Figure | Prose:
    """Draw the mean of each item at each visit as a map, an arm a panel."""
    if result is None:
        return Prose("This study does not list the items of its endpoint.")
    start = study.config.time.baseline
    frame = result.frame.assign(words=[fmt.number(m, 1) for m in result.frame["mean"]])
    visits = [f"{v:g}".replace("-", "\u2212") for v in sorted(frame["visit"].unique())]
    frame["at"] = [f"{v:g}".replace("-", "\u2212") for v in frame["visit"]]
    rows = list(dict.fromkeys(frame["parameter"]))
    unit = study.config.time.unit.capitalize()
    base = alt.Chart(frame).encode(
        x=alt.X(
            "at:N", sort=visits, title=unit, axis=alt.Axis(labelAngle=0, ticks=False, domain=False)
        ),
        y=alt.Y("parameter:N", sort=rows, title=None, axis=alt.Axis(ticks=False, domain=False)),
        tooltip=[
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("parameter:N", title="Item"),
            alt.Tooltip("visit_label:N", title="Visit"),
            alt.Tooltip("n:Q", title="Patients"),
            alt.Tooltip("mean:Q", title="Mean", format=".2f"),
            alt.Tooltip("lost:Q", title="Since baseline", format="+.2f"),
        ],
    )
    colour = alt.Color(
        "share:Q",
        scale=alt.Scale(domain=[0, 1], range=["#e8935a", "#f4ead5", "#7db4de"], interpolate="lab"),
        legend=alt.Legend(title="From worst score to best", format="%", tickCount=3),
    )
    cells = base.mark_rect().encode(color=colour)
    text = base.mark_text(fontSize=10, color="#24292f").encode(text="words:N")
    facet = alt.Facet("arm:N", sort=list(study.arms), title=None)
    chart = alt.layer(cells, text).properties(height=alt.Step(22)).facet(facet, columns=1)
    last = frame[frame["visit"] == frame["visit"].max()]
    told = [
        f"{arm}: most lost {r['parameter'].lower()} ({fmt.number(r['lost'], 1)}), least "
        f"{k['parameter'].lower()} ({fmt.number(k['lost'], 1)})"
        for arm in study.arms
        for mine in [last[last["arm"] == arm].sort_values("lost").to_dict("records")]
        if mine
        for r, k in [(mine[0], mine[-1])]
    ]
    return Figure(
        chart,
        f"Mean of each item by visit and arm. Since {study.visit_phrase(start)}, in points a "
        f"patient, {'; '.join(told)}.",
        "Each number is the mean of the patients seen at that visit, read from left to right.",
    )


def courses(study: Study, result: Courses | None) -> Figure | Prose:
    """Draw every patient's course, an arm a panel, with the mean of those seen."""
    if result is None:
        return Prose("The patients of this study are not shown one by one.")
    about = study.parameter(study.primary.parameter)
    title = f"{about.label} ({about.unit})" if about.unit else about.label
    x = alt.X("visit:Q", title=study.config.time.unit.capitalize(), axis=alt.Axis(grid=False))
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False))
    colour = alt.Color("arm:N", scale=theme.arm_scale(study.arms), legend=None)
    base = alt.Chart(result.frame).encode(x=x)
    lines = base.mark_line(strokeWidth=1, opacity=0.4).encode(y=y, color=colour, detail="patient:N")
    mean = base.mark_line(strokeWidth=4).encode(y=alt.Y("mean(value):Q", title=title), color=colour)
    facet = alt.Facet("arm:N", sort=list(study.arms), title=None)
    chart = alt.layer(lines, mean).properties(height=260).facet(facet, columns=2)
    counts = result.frame.groupby("arm")["patient"].nunique()
    told = fmt.listed([f"{fmt.plural(counts[arm], 'patient')} on {arm}" for arm in study.arms])
    return Figure(
        chart,
        f"Course of {about.label} of {told}, a line a patient, with the mean of those seen.",
        "Thin lines are patients, thick lines the mean of those seen at each visit.",
    )


def extremes(study: Study, result: Extremes | None) -> Figure | Prose:
    """Draw the share of patients at either end of each scale, at baseline and at the end."""
    if result is None:
        return Prose("No scale of this study has a worst and a best score.")
    if not result.frame["count"].any():
        names = fmt.listed(list(dict.fromkeys(result.frame["parameter"])))
        return Prose(
            "At no visit that is compared was any patient at the worst or the best score of "
            f"{names}.",
            result.frame,
        )
    first, last = study.config.time.baseline, study.primary.visits[-1]
    frame = result.frame[result.frame["visit_number"].isin([first, last])]
    short = {WORST: "Worst score", BEST: "Best score"}
    frame = frame.assign(panel=frame["end"].map(short) + ", " + frame["visit"].str.lower())
    panels = [
        f"{short[end]}, {study.visit_phrase(visit)}"
        for end in (WORST, BEST)
        for visit in (first, last)
    ]
    rows = list(dict.fromkeys(frame["parameter"]))
    arms = list(study.arms)
    chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("estimate:Q", title="Share of those seen").axis(format="%", tickCount=3),
            y=alt.Y("parameter:N", sort=rows, title=None, axis=alt.Axis(ticks=False)),
            yOffset=alt.YOffset("arm:N", sort=arms),
            color=alt.Color("arm:N", scale=theme.arm_scale(arms), title=None),
            tooltip=[
                alt.Tooltip("parameter:N", title="Scale"),
                alt.Tooltip("arm:N", title="Arm"),
                alt.Tooltip("count:Q", title="Patients"),
                alt.Tooltip("n:Q", title="of"),
                alt.Tooltip("estimate:Q", title="Share", format=".0%"),
            ],
        )
        .properties(height=alt.Step(8))
        .facet(alt.Facet("panel:N", sort=panels, title=None), columns=2)
    )
    total = frame[frame["endpoint"] == study.parameter(study.primary.parameter).label]
    told = [
        f"{r['arm']}, {r['visit'].lower()}, {r['end']}: {r['count']} of {r['n']}"
        for r in total.to_dict("records")
    ]
    about = f" {study.parameter(study.primary.parameter).label}: {'; '.join(told)}." if told else ""
    return Figure(
        chart,
        f"Share of patients at the worst and the best score of each scale.{about}",
        "A patient at the worst score cannot be seen to get worse, one at the best score not to "
        "get better.",
        result.frame,
    )


def stages(study: Study, result: Stages | None) -> Figure | Prose:
    """Draw the stages at each visit, a panel a system and arm."""
    if result is None:
        return Prose("This study names no staging rule, so that no stages are shown.")
    if result.frame.empty:
        return Prose(" ".join(result.notes))
    frame = result.frame[result.frame["count"] > 0]
    frame = frame.assign(panel=frame["system"] + ", " + frame["arm"].astype("str"))
    order = list(dict.fromkeys(result.frame["stage"]))
    order = [*[s for s in order if s != UNSEEN], UNSEEN]
    used = [s for s in order if (frame["stage"] == s).any()]
    colours = dict(zip(order[:-2], _STAGE_COLOURS, strict=False))
    colours |= {order[-2]: theme.WORSE, UNSEEN: theme.CONTROL}
    frame["rank"] = frame["stage"].map({s: i for i, s in enumerate(order)})
    visits = [study.visit_label(v) for v in sorted(frame["visit_number"].unique())]
    systems = list(dict.fromkeys(frame["system"]))
    panels = [f"{system}, {arm}" for system in systems for arm in study.arms]
    chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("estimate:Q", title="Share of the arm").axis(format="%", tickCount=4),
            y=alt.Y("visit:N", sort=visits, title=None, axis=alt.Axis(ticks=False)),
            color=alt.Color(
                "stage:N",
                sort=used,
                title="Stage",
                scale=alt.Scale(domain=used, range=[colours[s] for s in used]),
            ),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("panel:N", title=" "),
                alt.Tooltip("visit:N", title="Visit"),
                alt.Tooltip("stage:N", title="Stage"),
                alt.Tooltip("count:Q", title="Patients"),
                alt.Tooltip("n:Q", title="of"),
            ],
        )
        .properties(height=alt.Step(22))
        .facet(alt.Facet("panel:N", sort=panels, title=None), columns=2)
    )
    means = result.means[
        result.means["visit_number"].isin([min(frame["visit_number"]), max(frame["visit_number"])])
    ]
    told = [
        f"{r['system']}, {r['arm']}, {r['visit'].lower()}: {fmt.number(r['mean'], 1)}"
        for r in means.to_dict("records")
    ]
    return Figure(
        chart,
        f"Stages by visit and arm. Mean stage of those seen: {'; '.join(told)}.",
        "Each bar is all patients randomised to the arm; a higher stage is worse.",
        result.frame,
    )


_STAGE_COLOURS = ("#cfe3f3", "#8fc1e3", "#4a97cc", "#1c6aa6", "#164f80")
