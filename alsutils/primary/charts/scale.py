"""The scale from the inside: items, ends and stages."""

import altair as alt

from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.primary.scale import BEST, HIDDEN, UNSEEN, WORST, Extremes, ItemMeans, Stages
from alsutils.study import Study


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
        f"{arm}: most lost {fmt.lowered(r['parameter'])} ({fmt.number(r['lost'], 1)}), least "
        f"{fmt.lowered(k['parameter'])} ({fmt.number(k['lost'], 1)})"
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


def extremes(study: Study, result: Extremes | None) -> Figure | Prose:
    """Draw the share of patients at either end of each scale, at baseline and at the end."""
    if result is None:
        return Prose("No scale of this study has a worst and a best score.")
    if not result.anybody:
        names = fmt.listed(list(dict.fromkeys(result.frame["parameter"])))
        return Prose(
            "At no visit that is compared was any patient at the worst or the best score of "
            f"{names}.",
            result.frame,
        )
    first, last = study.config.time.baseline, study.primary.visits[-1]
    frame = result.frame[result.frame["visit_number"].isin([first, last])]
    gone = frame["estimate"].isna().any()
    frame = frame.dropna(subset=["estimate"])
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
        f"{r['arm']}, {r['visit'].lower()}, {r['end']}: {_counted(r)}"
        for r in total.to_dict("records")
    ]
    about = f" {study.parameter(study.primary.parameter).label}: {'; '.join(told)}." if told else ""
    return Figure(
        chart,
        f"Share of patients at the worst and the best score of each scale.{about}",
        "A patient at the worst score cannot be seen to get worse, one at the best score not to "
        "get better." + (" Bars that would tell of a few patients are left out." if gone else ""),
        result.frame,
    )


def _counted(row: dict[str, float]) -> str:
    """Write a count, or its share where the number of patients is not told."""
    if row["n"] == row["n"] and row["count"] == row["count"]:
        return f"{row['count']:.0f} of {row['n']:.0f}"
    return fmt.percent(row["estimate"])


_STAGE_COLOURS = ("#cfe3f3", "#8fc1e3", "#4a97cc", "#1c6aa6", "#164f80")


def stages(study: Study, result: Stages | None) -> Figure | Prose:
    """Draw the stages at each visit, a panel a system and arm."""
    if result is None:
        return Prose("This study names no staging rule, so that no stages are shown.")
    if result.frame.empty:
        return Prose(" ".join(result.notes))
    frame = result.frame[result.frame["count"] > 0]
    frame = frame.assign(panel=frame["system"] + ", " + frame["arm"].astype("str"))
    order = list(dict.fromkeys(result.frame["stage"]))
    order = [s for s in order if s not in (UNSEEN, HIDDEN)]
    colours = dict(zip(order[:-1], _STAGE_COLOURS, strict=False))
    colours |= {order[-1]: theme.WORSE, UNSEEN: theme.CONTROL, HIDDEN: theme.SERIES[4]}
    order = [*order, UNSEEN, HIDDEN]
    used = [s for s in order if (frame["stage"] == s).any()]
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
        "Each bar is all patients randomised to the arm; a higher stage is worse."
        + (f" {study.disclosure.why}" if HIDDEN in used else ""),
        result.frame,
    )
