"""Picture of what was measured when."""

import altair as alt
import pandas as pd

from alsutils.design.analysis import OVERALL
from alsutils.design.schedule import EVENTS, TREATMENT, Schedule
from alsutils.display import Figure, tables, theme
from alsutils.display import format as fmt
from alsutils.study import Study

ROW = 30  # pixels
RING, LEAST_RING = 18, 5  # pixels across
PHONE = 165  # pixels that the axis has on a phone
MARGIN = 0.05  # of the axis, at either end
RIBBON = 9  # pixels, the thickest
DAYS = ["day", "day_low", "day_high"]
COLOUR = alt.value(theme.ACCENT)


def schedule(study: Study, result: Schedule) -> Figure:
    """Draw a circle for each measurement and visit, filled by the share of patients measured."""
    frame = _with_words(result)
    ends = (float(frame["visit"].min()), float(frame["visit"].max()))
    order = list(dict.fromkeys([*_first_rows(result), *frame["row"], *result.spans["row"]]))
    y = alt.Y(
        "row:N",
        sort=order,
        title=None,
        scale=alt.Scale(domain=order),
        axis=alt.Axis(grid=False, ticks=False, domain=False, labelPadding=8),
    )
    pad = MARGIN * (ends[1] - ends[0]) or 1.0
    scale = alt.Scale(domain=[ends[0] - pad, ends[1] + pad], nice=False, zero=False)
    axis = alt.Axis(values=result.visits["visit"].tolist(), format="~g", labelOverlap=True)
    x = alt.X(title=study.config.time.unit.capitalize(), scale=scale, axis=axis, stack=None)
    layers = [*_watched(result, ends, x, y), *_rings(frame, _width(result), x, y)]
    if result.treatment:
        given = pd.DataFrame({"row": TREATMENT, "time": result.treatment})
        mark = alt.Chart(given).mark_point(shape="triangle-down", filled=True, size=110, opacity=1)
        layers.append(mark.encode(x=_at(x, "time"), y=y, color=alt.value(theme.WORSE)))
    return Figure(
        alt.layer(*layers).properties(height=alt.Step(ROW)),
        _described(study, result),
        _caption(result),
    )


def _first_rows(result: Schedule) -> list[str]:
    """Treatment stands on top, where it is known."""
    known = bool(result.treatment) or (result.spans["row"] == TREATMENT).any()
    return [TREATMENT] if known else []


def _with_words(result: Schedule) -> pd.DataFrame:
    """Give one row a ring, with the arms' shares in words."""
    visits = result.visits.assign(
        came=[
            f"{fmt.number(d, 0)} ({fmt.interval(low, high, 0)})"
            for d, low, high in result.visits[DAYS].itertuples(index=False)
        ]
    )
    arms = result.frame[result.frame["arm"] != OVERALL]
    told = arms["arm"] + " " + arms["share"].map(fmt.percent)
    by_arm = told.groupby([arms["row"], arms["visit"]], sort=False).agg("; ".join)
    overall = result.frame[result.frame["arm"] == OVERALL]
    overall = overall.assign(told=tables.counts(overall, "n"))
    words = visits[["visit", "visit_label", "came"]]
    return overall.join(by_arm.rename("by_arm"), on=["row", "visit"]).merge(words, on="visit")


def _tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("row:N", title=" "),
        alt.Tooltip("visit_label:N", title="Visit"),
        alt.Tooltip("came:N", title="Study day, median (IQR)"),
        alt.Tooltip("told:N", title="Patients"),
        alt.Tooltip("of:Q", title="Of"),
        alt.Tooltip("share:Q", title="Share", format=".0%"),
        alt.Tooltip("by_arm:N", title="By arm"),
    ]


def _at(x: alt.X, column: str) -> alt.X:
    """Place something on the common axis by a column."""
    placed = x.copy()
    placed.shorthand = f"{column}:Q"
    return placed


def _width(result: Schedule) -> float:
    """Choose how wide rings are, so that those of close visits hardly touch on a phone."""
    visits = result.visits["visit"]
    span = float(visits.max() - visits.min())
    closest = float(visits.diff().min()) if len(visits) > 1 else span
    return min(RING, max(LEAST_RING, PHONE * closest / span)) if span else RING


def _rings(frame: pd.DataFrame, width: float, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Draw rings that are filled clockwise by the share measured."""
    base = alt.Chart(frame).encode(x=_at(x, "visit"), y=y, color=COLOUR)
    ring = base.mark_point(filled=False, size=width**2, opacity=1, strokeWidth=1.2)
    wedge = base.transform_calculate(angle="2 * PI * datum.share").mark_arc(radius=width / 2)
    angle = alt.Theta("angle:Q", scale=None, stack=None)
    target = base.mark_point(filled=True, size=width**2, opacity=0)
    return [
        ring,
        wedge.encode(theta=angle, theta2=alt.Theta2(datum=0)),
        target.encode(tooltip=_tooltip()),
    ]


def _watched(result: Schedule, ends: tuple[float, float], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Draw what is watched all the time: bands as thick as the share still watched."""
    layers = []
    if len(result.course):
        thickness = alt.Scale(domain=[0, 1], range=[0, RIBBON])
        size = alt.Size("share:Q", scale=thickness, legend=None)
        band = alt.Chart(result.course).mark_trail(opacity=0.45)
        encoded = {"detail": "row:N", "size": size, "color": COLOUR}
        layers.append(band.encode(x=_at(x, "time"), y=y, **encoded))
    spans = result.spans
    noted = spans[spans["row"] == EVENTS].assign(start=spans["start"].clip(*ends))
    if len(noted):
        line = alt.Chart(noted.assign(end=noted["end"].clip(*ends))).mark_rule(strokeWidth=3)
        line = line.encode(x=_at(x, "start"), x2="end:Q", y=y, color=COLOUR)
        layers.append(line.encode(opacity=alt.value(0.45)))
    beyond = spans[spans["end"] > ends[1]].assign(end=ends[1] + MARGIN / 2 * (ends[1] - ends[0]))
    if len(beyond):
        arrow = alt.Chart(beyond).mark_point(shape="triangle-right", filled=True, size=70)
        layers.append(arrow.encode(x=_at(x, "end"), y=y, color=COLOUR, opacity=alt.value(0.8)))
    return layers


def _described(study: Study, result: Schedule) -> str:
    overall = result.frame[result.frame["arm"] == OVERALL]
    told = []
    for row, rows in overall.groupby("row", sort=False):
        shares = fmt.listed(
            [
                f"{study.visit_phrase(v)} {fmt.percent(s)}"
                for v, s in zip(rows["visit"], rows["share"], strict=True)
            ]
        )
        told.append(f"{row}: {shares}")
    for span in result.spans.to_dict("records"):
        told.append(
            f"{span['row']}: {study.config.time.unit} {fmt.number(span['start'], 0)} to "
            f"{fmt.number(span['end'], 0)}"
        )
    return f"What was measured when, as shares of those randomised. {'; '.join(told)}."


def _caption(result: Schedule) -> str:
    words = (
        "Each circle is a measurement at a visit, at its true time. A full circle is everybody "
        "randomised; the part that is empty is missing."
    )
    if len(result.course):
        words += (
            " A band is watched all the time, and is as thick as the share still watched; an arrow "
            "goes on after the last visit."
        )
    if result.treatment:
        words += " Triangles mark treatment."
    if (result.spans["row"] == EVENTS).any():
        words += " Adverse events: from the first onset to the last."
    return words
