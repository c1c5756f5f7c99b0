"""Pictures of the patients' way through the trial."""

import altair as alt
import pandas as pd

from alsutils.design.course import Allocation, Attendance, PatientFlow
from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.display.diagram import Box, FlowDiagram
from alsutils.study import Study

REASONS_SHOWN = 4


def flow(study: Study, result: PatientFlow) -> FlowDiagram:
    """Draw what became of everybody screened."""
    screened = Box("Screened", (fmt.plural(result.screened, "patient"),))
    randomised = Box("Randomised", (fmt.plural(result.randomised, "patient"),))
    left_out = int(result.not_randomised["n"].sum())
    aside = None
    if left_out:
        aside = Box("Not randomised", (fmt.plural(left_out, "patient"), *_reasons(result)))
    trunk = (screened, randomised) if left_out else (randomised,)
    colours = theme.arm_scale(study.arms).to_dict()["range"]
    columns = tuple(
        _column(result, arm, colour) for arm, colour in zip(result.arms, colours, strict=True)
    )
    told = [f"{fmt.plural(result.screened, 'patient')} screened, {result.randomised:,} randomised"]
    for arm in result.arms:
        told.append(f"{arm}: {result.count('randomised', arm)} randomised, {_primary(result, arm)}")
    return FlowDiagram(
        trunk,
        aside,
        columns,
        f"Flow of patients. {'; '.join(told)}.",
        "Read from the top down; the coloured bar marks the arm.",
    )


def attendance(study: Study, result: Attendance) -> Figure:
    """Draw the share of those randomised who were seen at each visit."""
    frame = result.frame
    base = alt.Chart(frame).encode(
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
    told = [f"{r['arm']} {fmt.count_of(r['n'], r['of'])}" for _, r in last.iterrows()]
    return Figure(
        chart.properties(height=280),
        f"Share of patients with a value of {result.parameter} at each visit by arm; at "
        f"{last['visit_label'].iloc[0].lower()}: {fmt.listed(told)}.",
        "A line that falls is patients who were not measured. Lines that part are arms that lose "
        "patients at different speed.",
    )


def allocation(study: Study, result: Allocation | None) -> Figure | Prose:
    """Draw the number randomised over calendar time."""
    if result is None:
        return Prose("The data hold no dates of randomisation, so enrolment cannot be drawn.")
    start = result.frame.groupby("arm", observed=True, sort=False).head(1)
    # The curve starts from nobody, at the beginning of the first month.
    zero = start.assign(month=start["month"] - pd.offsets.MonthEnd(1), n=0, total=0)
    frame = pd.concat([zero, result.frame], ignore_index=True)
    chart = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(filled=True, size=35))
        .encode(
            x=alt.X(
                "month:T",
                title="End of month",
                axis=alt.Axis(format="%b %Y", grid=False, labelAngle=-40, tickCount=8),
            ),
            y=alt.Y("total:Q", title="Patients randomised so far"),
            color=alt.Color("arm:N", scale=theme.arm_scale(study.arms), title=None),
            tooltip=[
                alt.Tooltip("arm:N", title="Arm"),
                alt.Tooltip("month:T", title="End of", format="%B %Y"),
                alt.Tooltip("n:Q", title="That month"),
                alt.Tooltip("total:Q", title="So far"),
            ],
        )
    )
    first, last = (f"{d.day} {d:%B %Y}" for d in (result.first, result.last))
    return Figure(
        chart.properties(height=280),
        f"Number of patients randomised to each arm over calendar time, from {first} to {last}.",
        "Arms that are filled side by side share whatever changed over time: sites, seasons, care.",
    )


def _reasons(result: PatientFlow) -> tuple[str, ...]:
    known = result.not_randomised
    if len(known) == 1 and known["reason"].iloc[0] == "Reason not given":
        return ()
    return _shortened([f"{r}: {n}" for r, n in zip(known["reason"], known["n"], strict=True)])


def _shortened(lines: list[str]) -> tuple[str, ...]:
    """Keep the commonest reasons; the table has all."""
    if len(lines) <= REASONS_SHOWN + 1:
        return tuple(lines)
    rest = sum(int(line.rsplit(" ", 1)[1]) for line in lines[REASONS_SHOWN:])
    return (*lines[:REASONS_SHOWN], f"Other reasons: {rest}")


def _column(result: PatientFlow, arm: str, colour: str) -> tuple[Box, ...]:
    """Give one arm's boxes, from allocation to the primary endpoint."""
    frame = result.frame[result.frame["arm"] == arm]
    randomised = result.count("randomised", arm)
    boxes = [Box(arm, (f"{randomised} randomised",), colour)]
    if (frame["kind"] == "left").any():
        left = frame[(frame["kind"] == "reason") & (frame["n"] > 0)].sort_values(
            "n", ascending=False, kind="stable"
        )
        lines = [f"{step}: {n}" for step, n in zip(left["step"], left["n"], strict=True)]
        title = f"{result.count('left', arm)} left early"
        boxes.append(Box(title, _shortened(lines), colour))
    populations = frame[frame["kind"] == "population"]
    words = [f"{s}: {n}" for s, n in zip(populations["step"], populations["n"], strict=True)]
    boxes.append(Box("In each population", tuple(words), colour))
    boxes.append(Box("With the primary endpoint", tuple(_visits(result, arm)), colour))
    return tuple(boxes)


def _visits(result: PatientFlow, arm: str) -> list[str]:
    frame = result.frame[(result.frame["kind"] == "primary") & (result.frame["arm"] == arm)]
    lines = []
    for step, n in zip(frame["step"], frame["n"], strict=True):
        carried = result.count("carried_forward", arm, step)
        lines.append(f"{step}: {n}" + (f" ({carried} carried forward)" if carried else ""))
    return lines


def _primary(result: PatientFlow, arm: str) -> str:
    words = [line.replace(": ", " ") for line in _visits(result, arm)]
    return f"with the primary endpoint at {fmt.listed(words).lower()}"
