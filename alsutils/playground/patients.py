"""What methods do to patients who change, leave, or cannot be told apart."""

import altair as alt
import pandas as pd

from alsutils.display import Figure, theme
from alsutils.display.sliders import slider

MEAN, SPREAD = 36.0, 6.0  # points; of true scores between patients
VISITS = 6
_HEIGHT = 260
_SECOND = theme.TREATED[1]
_LEGEND = alt.Legend(symbolType="stroke", symbolSize=300, labelLimit=260)


def regression_to_mean() -> Figure:
    """Draw the mean at entry and at the next visit of patients chosen for a low score.

    Returns
    -------
    Figure
        Nobody changes; sliders set the noise of one visit and the score below which one enters.
    """
    total = f"sqrt({SPREAD**2:g} + pow(noise, 2))"
    cut = f"((bar - {MEAN:g}) / {total})"
    below = f"(densityNormal({cut}) / cumulativeNormal({cut}))"
    entry = f"({MEAN:g} - {total} * {below})"
    later = f"({MEAN:g} - {SPREAD**2:g} / {total} * {below})"
    rows = pd.DataFrame(
        {
            "visit": ["At entry", "Next visit"] * 2,
            "who": ["Those who entered"] * 2 + ["Everybody"] * 2,
        }
    )
    seen = f"datum.who === 'Everybody' ? {MEAN:g} : datum.visit === 'At entry' ? {entry} : {later}"
    lines = (
        alt.Chart(rows)
        .transform_calculate(score=seen)
        .mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=70, filled=True))
        .encode(
            x=alt.X("visit:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("score:Q", title="Mean score (points)", scale=alt.Scale(domain=[15, 40])),
            color=alt.Color(
                "who:N",
                title=None,
                scale=alt.Scale(
                    domain=["Those who entered", "Everybody"], range=[theme.ACCENT, theme.CONTROL]
                ),
                legend=_LEGEND,
            ),
            tooltip=[
                alt.Tooltip("who:N", title="Who"),
                alt.Tooltip("visit:N", title="When"),
                alt.Tooltip("score:Q", title="Mean score", format=".1f"),
            ],
        )
    )
    chart = lines.add_params(
        slider("noise", "Noise of one visit (SD, points)", 4, 0, 8, 0.5),
        slider("bar", "Enters below (points)", 30, 24, 40, 1),
    )
    return Figure(
        chart.properties(height=_HEIGHT),
        f"Mean score at entry and at the next visit. Everybody scores {MEAN:g} on average at both; "
        "those who entered for a low score seem to improve, although nobody changes.",
        f"True scores have a mean of {MEAN:g} and a standard deviation of {SPREAD:g}. Try it: "
        "without noise there is no rise. Then choose ever more severe patients and watch it grow.",
        readout=(
            f"'Those who enter score ' + format({entry}, '.1f') + ' at entry and ' "
            f"+ format({later}, '.1f') + ' at the next visit: a rise of ' "
            f"+ format({later} - {entry}, '.1f') + ' points without any treatment.'"
        ),
    )


def carried_forward() -> Figure:
    """Draw the means of two arms whose patients leave, the last value carried forward.

    Returns
    -------
    Figure
        Everybody loses a point a visit, whatever the arm; sliders set how many leave.

    Notes
    -----
    A patient who leaves with probability h between any two visits has been seen at visit k with
    probability (1 - h)^k, so that the mean of what is carried to visit v is minus their sum.
    """
    arms = {"Treated, carried forward": "leave1", "Control, carried forward": "leave0"}
    rows = pd.DataFrame(
        [(who, leave, visit) for who, leave in arms.items() for visit in range(VISITS + 1)],
        columns=["who", "leave", "visit"],
    )
    chosen = f"(datum.leave === 'leave1' ? {_kept('leave1')} : {_kept('leave0')})"
    carried = alt.Chart(rows).transform_calculate(mean=f"-{_sum(chosen, 'datum.visit')}")
    x = alt.X("visit:O", title="Visit", axis=alt.Axis(labelAngle=0))
    y = alt.Y(
        "mean:Q", title="Mean change (points)", scale=alt.Scale(domain=[-VISITS, 0], nice=False)
    )
    truth = "Both, by a mixed model"
    words = [*arms, truth]
    colour = alt.Color(
        "who:N",
        title=None,
        scale=alt.Scale(domain=words, range=[theme.ACCENT, theme.CONTROL, _SECOND]),
        legend=alt.Legend(symbolType="stroke", symbolSize=300, labelLimit=260, columns=1),
    )
    tooltip = [
        alt.Tooltip("who:N", title="Arm"),
        alt.Tooltip("visit:O", title="Visit"),
        alt.Tooltip("mean:Q", title="Mean change", format=".2f"),
    ]
    own = pd.DataFrame({"visit": range(VISITS + 1), "who": truth}).assign(
        mean=lambda frame: -frame["visit"]
    )
    layers = [
        alt.Chart(own).mark_line(strokeDash=[3, 3], strokeWidth=2).encode(x=x, y=y, color=colour),
        carried.mark_line(strokeWidth=2.5, point=True).encode(
            x=x, y=y, color=colour, tooltip=tooltip
        ),
    ]
    chart = alt.layer(*layers).add_params(
        slider("leave1", "Treated: leave between visits (%)", 15, 0, 40, 1),
        slider("leave0", "Control: leave between visits (%)", 5, 0, 40, 1),
    )
    gap = f"{_sum(_kept('leave0'), str(VISITS))} - {_sum(_kept('leave1'), str(VISITS))}"
    return Figure(
        chart.properties(height=_HEIGHT),
        "Mean change of two arms with each patient's last value carried forward, and by a mixed "
        "model for repeated measures. Both decline alike in truth, and the model finds it so; with "
        "values carried forward, the arm that leaves more seems to decline less.",
        "Everybody loses one point a visit, and leaving has nothing to do with the score. Try it: "
        "let both arms leave alike, then one of them more. The mixed model carries nothing on; on "
        "average it finds the truth, wherever the sliders stand.",
        readout=(
            f"'With the last value carried forward, the arms differ by ' + format({gap}, '.1f') "
            f"+ ' points at visit {VISITS}. In truth they do not differ.'"
        ),
    )


def _kept(leave: str) -> str:
    return f"(1 - {leave} / 100)"


def _sum(kept: str, visits: str) -> str:
    """Write kept + kept^2 + ... + kept^visits; where everybody stays, the number of visits."""
    closed = f"{kept} * (1 - pow({kept}, {visits})) / (1 - {kept})"
    return f"({kept} == 1 ? {visits} : {closed})"


def ties() -> Figure:
    """Draw how pairs of patients are won, tied and lost as small differences stop to count.

    Returns
    -------
    Figure
        Sliders set the true difference and the margin within which a pair is tied, in standard
        deviations.
    """
    win = "(1 - cumulativeNormal((margin - gain) / sqrt(2)))"
    loss = "cumulativeNormal((-margin - gain) / sqrt(2))"
    tie = f"(1 - {win} - {loss})"
    words = ["Treated patient better", "Tied", "Control patient better"]
    share = f"datum.place == 0 ? {win} : datum.place == 1 ? {tie} : {loss}"
    bars = (
        alt.Chart(pd.DataFrame({"pairs": words, "place": range(3)}))
        .transform_calculate(share=share)
        .mark_bar()
        .encode(
            y=alt.Y("pairs:N", title=None, sort=words, axis=alt.Axis(labelLimit=200)),
            x=alt.X(
                "share:Q",
                title="Share of pairs",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%"),
            ),
            color=alt.Color(
                "pairs:N",
                scale=alt.Scale(domain=words, range=[theme.ACCENT, _SECOND, theme.CONTROL]),
                legend=None,
            ),
            tooltip=[
                alt.Tooltip("pairs:N", title="Pair"),
                alt.Tooltip("share:Q", title="Share of pairs", format=".1%"),
            ],
        )
    )
    chart = bars.add_params(
        slider("gain", "True difference (SD)", 0.3, 0, 1, 0.05),
        slider("margin", "Tied within (SD)", 0.5, 0, 3, 0.1),
    )
    odds = f"({win} + {tie} / 2) / ({loss} + {tie} / 2)"
    return Figure(
        chart.properties(height=160),
        "Shares of pairs of one treated and one control patient in which either is better or both "
        "are tied. The wider the margin within which a pair is tied, the more ties.",
        "Try it: leave the difference alone and widen the margin. The win ratio, which leaves ties "
        "out, moves away from 1; the win odds, which give half of each tie to either side, move "
        "towards it.",
        readout=(
            f"'Win ratio ' + format({win} / {loss}, '.2f') + ', win odds ' + format({odds}, '.2f') "
            f"+ ', net benefit ' + format({win} - {loss}, '.0%') + ', with ' + format({tie}, "
            "'.0%') + ' of pairs tied.'"
        ),
    )
