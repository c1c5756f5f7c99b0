"""Pictures of the way from treatment to outcome."""

import altair as alt

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.display.network import Arrow, NetworkDiagram, Node
from alsutils.mechanism.pathways import AROUND, VIA, PathwayPower, Pathways
from alsutils.mechanism.words import NO_BIOMARKERS
from alsutils.study import Study

NO_PATH = "No analyte has changes enough, with an outcome, to split the effect by way of it."
SCENARIOS = {
    "mediated": "It is on the way",
    "confounded": "It is not; a cause of both",
    "not mediated": "It is not",
}
_COLOURS = (theme.BETTER, theme.WORSE, theme.CONTROL)


def graph(_study: Study, result: Pathways | None) -> NetworkDiagram | Prose:
    """Draw which causes the analysis supposes, and the one that it supposes away."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    analyte = result.shown or "the analyte"
    nodes = (
        Node(0, 1, ("Analyte", "change"), theme.ACCENT),
        Node(0, 2, ("Hidden", "cause"), theme.WORSE, dashed=True),
        Node(1, 0, ("Arm", "by lot"), theme.CONTROL),
        Node(1, 2, ("Outcome",), theme.BETTER),
    )
    arrows = (
        Arrow(2, 0, ""),
        Arrow(0, 3, ""),
        Arrow(2, 3, ""),
        Arrow(1, 0, "", dashed=True),
        Arrow(1, 3, "", dashed=True),
    )
    return NetworkDiagram(
        nodes,
        arrows,
        ("", ""),
        f"Arrows from the arm to the change of {analyte}, from there to the outcome, and from the "
        "arm straight to the outcome. A hidden cause, dashed, points to both the change and the "
        "outcome. Nothing points to the arm.",
        "Nothing points to the arm, because it was drawn by lot. Two arrows may point from a "
        "hidden cause to the analyte and to the outcome, and no trial of two arms can rule them "
        "out.",
    )


def pathways(study: Study, result: Pathways | None) -> Figure | Prose:
    """Draw what goes by way of each analyte and what goes around it."""
    if result is None:
        return Prose("")
    frame = result.frame[result.frame["effect"].isin([VIA, AROUND])].dropna(subset=["conf_low"])
    if frame.empty:
        return Prose(NO_PATH)
    several = len(study.treated) > 1
    words = {VIA: "By way of it", AROUND: "Around it"}
    place = {arm: i for i, arm in enumerate(study.treated)}
    shown = frame.assign(part=frame["effect"].map(words))
    shown = shown.sort_values("treated", key=lambda arms: arms.map(place), kind="stable")
    colour = alt.Color(
        "part:N",
        scale=alt.Scale(domain=list(words.values()), range=[theme.ACCENT, theme.CONTROL]),
        title=None,
    )
    unit = f" ({result.unit})" if result.unit else ""
    good = "right" if result.better == "higher" else "left"
    chart = charts.forest(
        shown,
        "analyte",
        f"Effect on {result.outcome}{unit}; {good} is better",
        0,
        colour,
        row="treated" if several else None,
        within="part",
    )
    told = [
        f"{r['analyte']}{', ' + r['treated'] if several else ''}, {r['part'].lower()}: "
        f"{fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in shown.to_dict("records")
    ]
    level = fmt.percent(study.conf_level)
    return Figure(
        chart,
        f"Effect on {result.outcome} at {result.outcome_visit.lower()}, split by way of the change "
        f"of each analyte at {result.visit.lower()}. {'. '.join(told)}.",
        f"For each analyte the two parts add up to the effect of treatment. Lines are {level} "
        "intervals, which hold only if there is no hidden cause.",
        result.frame,
    )


def sensitivity(study: Study, result: Pathways | None) -> Figure | Prose:
    """Draw the indirect effect by how strongly a hidden cause ties analyte and outcome."""
    if result is None:
        return Prose("")
    if result.sensitivity.empty:
        return Prose(NO_PATH)
    frame = result.sensitivity
    several = len(study.treated) > 1
    unit = f" ({result.unit})" if result.unit else ""
    base = alt.Chart(frame).encode(
        x=alt.X(
            "rho:Q",
            title="Correlation that a hidden cause would make",
            scale=alt.Scale(domain=[-1, 1]),
        ),
        color=alt.Color(
            "treated:N",
            scale=theme.arm_scale(study.arms),
            title=None,
            legend=alt.Legend(values=list(study.treated), symbolOpacity=1) if several else None,
        ),
        tooltip=[
            alt.Tooltip("treated:N", title="Arm"),
            alt.Tooltip("rho:Q", title="Correlation", format=".2f"),
            alt.Tooltip("estimate:Q", title="By way of it", format=".2f"),
            alt.Tooltip("conf_low:Q", title="Lower limit", format=".2f"),
            alt.Tooltip("conf_high:Q", title="Upper limit", format=".2f"),
        ],
    )
    y = alt.Y("conf_low:Q", title=f"By way of {result.shown}{unit}")
    band = base.mark_area(opacity=0.15, clip=True).encode(y=y, y2="conf_high:Q")
    line = base.mark_line(strokeWidth=2.5, clip=True).encode(y="estimate:Q")
    rules = [
        alt.Chart(frame.head(1)).mark_rule(strokeDash=[4, 3]).encode(y=alt.datum(0)),
        alt.Chart(frame.head(1)).mark_rule(strokeDash=[4, 3]).encode(x=alt.datum(0)),
    ]
    told = [f"{r['treated']} at {fmt.number(r['rho'])}" for r in result.zero.to_dict("records")]
    return Figure(
        alt.layer(*rules, band, line).properties(height=280),
        f"Effect by way of {result.shown} over the correlation that a hidden cause would make "
        f"between what is left unexplained of {result.shown} and of the outcome. It is nothing for "
        f"{'; '.join(told)}.",
        "At 0 nothing is hidden: that is the estimate above. The nearer to 0 the curve crosses "
        "the horizontal line, the less it takes to explain all of it away.",
    )


def power(_study: Study, result: PathwayPower | None) -> Figure | Prose:
    """Draw how often both paths are found, over the size of the trial."""
    if result is None:
        return Prose("")
    frame = result.frame.assign(world=result.frame["scenario"].map(SCENARIOS))
    sizes = sorted(set(frame["n_per_arm"]))
    names = list(SCENARIOS.values())
    base = alt.Chart(frame).encode(
        x=alt.X(
            "n_per_arm:Q",
            title="Patients in each arm",
            scale=alt.Scale(type="log", nice=False, padding=12),
            axis=alt.Axis(values=sizes, format="d", grid=False),
        ),
        y=alt.Y(
            "found:Q",
            title="Trials that find the path",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format="%", tickCount=5),
        ),
        color=alt.Color(
            "world:N",
            title=None,
            scale=alt.Scale(domain=names, range=list(_COLOURS)),
        ),
        tooltip=[
            alt.Tooltip("world:N", title=" "),
            alt.Tooltip("n_per_arm:Q", title="Patients an arm"),
            alt.Tooltip("found:Q", title="Path found", format=".0%"),
            alt.Tooltip("total_found:Q", title="Total effect found", format=".0%"),
        ],
    )
    chart = alt.layer(
        base.mark_line(strokeWidth=2.5), base.mark_point(filled=True, size=70, opacity=1)
    )
    told = []
    for scenario, name in SCENARIOS.items():
        rows = frame[frame["scenario"] == scenario].sort_values("n_per_arm")
        first, last = rows.iloc[0], rows.iloc[-1]
        told.append(
            f"{name}: {fmt.percent(first['found'])} with {first['n_per_arm']} patients an arm, "
            f"{fmt.percent(last['found'])} with {last['n_per_arm']}"
        )
    return Figure(
        chart.properties(height=280),
        f"Share of simulated trials that find a path by way of an analyte. {'. '.join(told)}.",
        f"The leftmost points are trials of this one's size. Each point is {result.n_trials:,} "
        "simulated trials.",
        result.results,
    )
