"""Pictures of the patients' way through the trial."""

import itertools
import re

import altair as alt
import pandas as pd

from alsutils.design.course import LOST, NO_REASON, Allocation, Attendance, PatientFlow
from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.display.diagram import Box, FlowDiagram
from alsutils.study import Study

REASONS_SHOWN = 4
POINT = "• "


def flow(study: Study, result: PatientFlow) -> FlowDiagram:
    """Draw what became of everybody screened, by the stages of CONSORT 2025."""
    left_out = result.not_randomised
    assessed = "Not told" if result.screened is None else fmt.plural(result.screened, "patient")
    screened = Box("Assessed for eligibility", (assessed,))
    randomised = Box("Randomised", (fmt.plural(result.randomised, "patient"),))
    aside = None
    if len(left_out):
        few = study.disclosure.few_patients
        n = result.screened and fmt.plural(result.screened - result.randomised, "patient")
        aside = Box("Excluded", (n or fmt.capitalised(few), *_exclusions(result)))
    trunk = (screened, randomised) if len(left_out) else (randomised,)
    hides = (result.frame["instead"] != "").any() or result.screened is None
    hidden = f" {study.disclosure.why}" if hides else ""
    colours = theme.arm_scale(study.arms).to_dict()["range"]
    last = study.visit_label(study.primary.visits[-1])
    columns = tuple(
        _column(result, arm, colour, last) for arm, colour in zip(result.arms, colours, strict=True)
    )
    before = f"{assessed} screened, " if len(left_out) else ""
    told = [f"{before}{fmt.plural(result.randomised, 'patient')} randomised"]
    told += ["; ".join(f"{box.title}: {_spoken(box.lines)}" for box in boxes) for boxes in columns]
    return FlowDiagram(
        trunk,
        aside,
        columns,
        f"Flow of patients. {'. '.join(told)}.",
        f"Read from the top down; the coloured bar marks the arm.{hidden}",
        stages=("Allocation", "Follow-up", "Analysis") if len(columns[0]) == 3 else (),
    )


def attendance(study: Study, result: Attendance) -> Figure | Prose:
    """Draw the share of those randomised who were seen at each visit."""
    if result.frame.empty:
        return Prose(f"No patient has an observed value of {result.parameter} at any visit.")
    frame = result.frame
    base = alt.Chart(frame.dropna(subset="n")).encode(
        x=alt.X(
            "visit:Q",
            title=study.config.time.unit.capitalize(),
            axis=alt.Axis(values=sorted(frame["visit"].unique()), format="~g", grid=False),
        ),
        y=alt.Y(
            "share:Q",
            title="With a value, of those randomised",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format="%"),
        ),
        color=alt.Color("arm:N", scale=theme.arm_scale(study.arms), title=None),
        tooltip=[
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("visit_label:N", title="Visit"),
            alt.Tooltip("n:Q", title="Patients"),
            alt.Tooltip("of:Q", title="Of"),
        ],
    )
    chart = alt.layer(base.mark_line(strokeWidth=2), base.mark_point(filled=True, size=60))
    last = frame[frame["visit"] == frame["visit"].max()]
    told = [
        f"{r['arm']} {r['instead'] or fmt.count_of(r['n'], r['of'])}" for _, r in last.iterrows()
    ]
    hidden = f" {study.disclosure.why}" if frame["n"].isna().any() else ""
    return Figure(
        chart.properties(height=280),
        f"Share of patients with a value of {result.parameter} at each visit by arm; at "
        f"{last['visit_label'].iloc[0].lower()}: {fmt.listed(told)}.",
        "A line that falls is patients who were not measured. Lines that part are arms that lose "
        f"patients at different speed.{hidden}",
    )


def allocation(study: Study, result: Allocation | None) -> Figure | Prose:
    """Draw the number randomised over calendar time."""
    if result is None:
        return Prose("The data hold no dates of randomisation, so enrolment cannot be drawn.")
    start = result.frame.groupby("arm", observed=True, sort=False).head(1)
    # The curve starts from nobody, at the beginning of the first month.
    zero = start.assign(month=start["month"] - pd.offsets.MonthEnd(1), since=0, n=0, total=0)
    frame = pd.concat([zero, result.frame], ignore_index=True)
    dated = result.first is not None
    if not dated:
        frame = frame.drop(columns="month")
    chart = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(filled=True, size=35))
        .encode(
            x=_months(dated),
            y=alt.Y(
                "total:Q",
                title="Patients randomised so far",
                axis=alt.Axis(format=",d", tickMinStep=1),
            ),
            color=alt.Color("arm:N", scale=theme.arm_scale(study.arms), title=None),
            tooltip=[
                alt.Tooltip("arm:N", title="Arm"),
                *(
                    [
                        alt.Tooltip("month:T", title="End of", format="%B %Y"),
                        alt.Tooltip("n:Q", title="That month"),
                    ]
                    if dated
                    else [alt.Tooltip("since:Q", title="Months")]
                ),
                alt.Tooltip("total:Q", title="So far"),
            ],
        )
    )
    span = f"{fmt.plural(result.months, 'calendar month')}"
    if result.first is not None and result.last is not None:
        first, last = (f"{d.day} {d:%B %Y}" for d in (result.first, result.last))
        span = f"calendar time, from {first} to {last}"
    return Figure(
        chart.properties(height=280),
        f"Number of patients randomised to each arm over {span}.",
        "Arms that are filled side by side share whatever changed over time: sites, seasons, care.",
    )


def _months(dated: bool) -> alt.X:
    """Lay time along the axis: calendar months, or months from the first patient."""
    if not dated:
        return alt.X("since:Q", title="Months since the first patient")
    return alt.X(
        "month:T",
        title="End of month",
        axis=alt.Axis(format="%b %Y", grid=False, labelAngle=-40, tickCount=8),
    )


def _exclusions(result: PatientFlow) -> list[str]:
    known = result.not_randomised
    if len(known) == 1 and known["reason"].iloc[0] == NO_REASON:
        return []
    return _pointed(list(zip(known["reason"], known["n"], known["instead"], strict=True)))


def _pointed(reasons: list[tuple[str, float, str]]) -> list[str]:
    """List the commonest reasons; the table has all."""
    most = REASONS_SHOWN if len(reasons) > REASONS_SHOWN + 1 else len(reasons)
    lines = [f"{POINT}{reason}: {instead or f'{n:,.0f}'}" for reason, n, instead in reasons[:most]]
    if len(reasons) > most:
        hidden = any(instead for _, _, instead in reasons[most:])
        rest = "not told" if hidden else f"{sum(n for _, n, _ in reasons[most:]):,.0f}"
        lines.append(f"{POINT}Other reasons: {rest}")
    return lines


def _spoken(lines: tuple[str, ...]) -> str:
    """Say a box's lines in a row, reasons in brackets after what they explain."""
    words = ""
    for line, after in itertools.zip_longest(lines, lines[1:], fillvalue=""):
        opens, closes = after.startswith(POINT), line.startswith(POINT)
        ending = " (" if opens and not closes else ", " if after else ""
        if closes and not opens:
            ending = ")" + ending
        words += line.removeprefix(POINT) + ending
    return words


def _column(result: PatientFlow, arm: str, colour: str, last: str) -> tuple[Box, ...]:
    """Give one arm's boxes: allocation, follow-up where it is known, and analysis."""
    boxes = [Box(arm, tuple(_allocated(result, arm)), colour)]
    followed = _followed(result, arm)
    if followed:
        left = f"{result.told('left', arm)} left early"
        title = left if _has(result, "left") else "Treatment"
        boxes.append(Box(title, tuple(followed), colour))
    absent = result.told("excluded", arm, last)
    lines = [*_visits(result, arm), f"Not analysed at {last.lower()}: {absent}"]
    lines += _pointed(_why(result, arm, "excluded_reason", last))
    boxes.append(Box("Analysed, primary endpoint", tuple(lines), colour))
    return tuple(boxes)


def _allocated(result: PatientFlow, arm: str) -> list[str]:
    lines = [f"Allocated: {result.told('randomised', arm)}"]
    if _has(result, "received"):
        lines += [
            f"Received the treatment: {result.told('received', arm)}",
            f"Did not receive it: {result.told('not_received', arm)}",
            *_pointed(_why(result, arm, "not_received_reason")),
        ]
    return lines


def _followed(result: PatientFlow, arm: str) -> list[str]:
    lines = []
    if _has(result, "left"):
        lost = result.lost(arm)
        why = [
            (reason, n, instead)
            for reason, n, instead in _why(result, arm, "reason")
            if not re.fullmatch(LOST, reason, re.IGNORECASE)
        ]
        lines += [
            f"Completed: {result.told('completed', arm)}",
            f"Lost to follow-up: {_told(lost)}",
            f"Left for another reason: {_told(result.count('left', arm) - lost)}",
            *_pointed(why),
        ]
    if _has(result, "stopped"):
        lines.append(f"Stopped treatment: {result.told('stopped', arm)}")
        lines += _pointed(_why(result, arm, "stopped_reason"))
    return lines


def _told(n: float) -> str:
    return "not told" if pd.isna(n) else f"{n:,.0f}"


def _has(result: PatientFlow, kind: str) -> bool:
    return bool((result.frame["kind"] == kind).any())


def _why(
    result: PatientFlow, arm: str, kind: str, visit: str | None = None
) -> list[tuple[str, float, str]]:
    """Give an arm's reasons, each with its count or what stands in its place, by frequency."""
    frame = result.frame
    rows = frame[(frame["kind"] == kind) & (frame["arm"] == arm)]
    rows = rows[(rows["n"] > 0) | (rows["instead"] != "")]
    if visit is not None:
        rows = rows[rows["visit"] == visit]
    rows = rows.sort_values("n", ascending=False, kind="stable")
    return list(zip(rows["step"], rows["n"], rows["instead"], strict=True))


def _visits(result: PatientFlow, arm: str) -> list[str]:
    frame = result.frame[(result.frame["kind"] == "primary") & (result.frame["arm"] == arm)]
    lines = []
    for step in frame["step"]:
        carried = result.told("carried_forward", arm, step)
        more = f" ({carried} carried forward)" if carried != "0" else ""
        lines.append(f"{step}: {result.told('primary', arm, step)}{more}")
    return lines
