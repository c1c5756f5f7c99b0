"""Patients who were not seen."""

import altair as alt

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.primary.charts.differences import arm_colour, arm_column, estimated, favours
from alsutils.primary.missing import Assumptions, Tipping
from alsutils.stats.imputation import MissingPatterns
from alsutils.study import Study


def missing_patterns(study: Study, result: MissingPatterns) -> Figure | Prose:
    """Draw the share of each arm that was seen at each visit after baseline."""
    frame = result.visits.rename(columns={"n": "size"})
    kinds = {"n_observed": "seen", "n_gaps": "missed, seen later", "n_gone": "gone"}
    long = frame.melt(["visit", "arm", "size"], list(kinds), "kind", "n")
    long = long.assign(kind=long["kind"].map(kinds), share=long["n"] / long["size"])
    long = long.dropna(subset=["n"])
    if long.empty:
        return Prose(
            "No picture is drawn, for at every visit so few patients of each arm were missing that "
            "it would tell of them."
        )
    gone = len(long) < len(frame) * len(kinds)
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
            tooltip=[
                alt.Tooltip("arm:N", title="Arm"),
                alt.Tooltip("visit:N", title="Visit"),
                alt.Tooltip("kind:N", title="Seen"),
                alt.Tooltip("n:Q", title="Patients"),
            ],
        )
        .properties(height=alt.Step(24))
        .facet(alt.Facet("arm:N", sort=list(study.arms), title=None), columns=1)
    )
    last = frame[frame["visit"] == frame["visit"].cat.categories[-1]]
    told = [
        f"{r['arm']}: {r['n_observed']:.0f} of {r['size']} seen at the last visit"
        for r in last.dropna(subset=["n_observed"]).to_dict("records")
    ]
    said = f" {'; '.join(told)}." if told else ""
    return Figure(
        chart,
        f"Patients seen and missing at each visit after baseline.{said}",
        "Gone means that nothing was seen from that visit on."
        + (" Visits that would tell of a few patients are left out." if gone else ""),
    )


def assumptions(study: Study, result: Assumptions) -> Figure | Prose:
    """Draw the difference at the last primary visit under each assumption about the missing."""
    shown = result.frame.dropna(subset=["conf_low"])
    if shown.empty:
        return Prose("No difference is known under any assumption, so there is nothing to draw.")
    visit = study.visit_phrase(study.primary.visits[-1])
    about = study.parameter(study.primary.parameter)
    title = f"Difference from {study.control}, {about.label} at {visit} ({favours(study)})"
    told = [estimated(study, row) for row in shown.to_dict("records")]
    return Figure(
        charts.forest(shown, "analysis", title, colour=arm_colour(study), within=arm_column(study)),
        f"Difference under each assumption about the missing. {'. '.join(told)}.",
        "Each row answers what the difference would be if patients who were not seen had done as "
        "named. The last two are shown as what not to do.",
        result.frame,
    )


_SIDES = ("on the better side for treatment", "over no difference", "on the worse side")


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
        f"Map of shifts of the imputed values, under treatment and in {study.control}. Interval "
        f"lies {'; '.join(told)}.",
        "The corner without shifts takes the missing to have gone on as those who stayed. Away "
        "from it the missing of the arm that is ahead did worse, and those of the other better.",
    )


def _side(study: Study, row: dict[str, float]) -> str:
    """Say on which side of no difference the interval lies."""
    if row["conf_low"] <= 0 <= row["conf_high"]:
        return _SIDES[1]
    higher = study.parameter(study.primary.parameter).better == "higher"
    return _SIDES[0] if (row["estimate"] > 0) == higher else _SIDES[2]
