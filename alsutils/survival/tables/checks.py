"""Tables of whether the Cox model holds."""

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.checks import AFTER, BEFORE, Changing, Fitting
from alsutils.survival.words import SAID, ratio_cell, whole


def changing(study: Study, result: Changing | None) -> Table | Prose:
    """Lay out the hazard ratio before and after a time."""
    if result is None:
        return Prose(SAID)
    if result.frame.empty:
        return Prose("\n".join(result.notes))
    rows = result.frame.to_dict("records")
    several = len(study.treated) > 1
    part = {BEFORE: "Until {unit} {cut:g}", AFTER: "After {unit} {cut:g}"}
    frame = result.frame.assign(
        heading=[f"{r['endpoint']}, {r['contrast']}" if several else r["endpoint"] for r in rows],
        part=[
            part.get(r["analysis"], "Change: after over until").format(unit=r["unit"], cut=r["cut"])
            for r in rows
        ],
        ratio=[ratio_cell(r) for r in rows],
    )
    return tables.table(
        frame,
        "One hazard ratio before a time, another after it",
        {
            "part": "Time",
            "events": "Events",
            "ratio": f"Hazard ratio ({fmt.percent(study.conf_level)} CI)",
            "p_value": "p",
        },
        {"events": whole, "p_value": fmt.p_value},
        group="heading",
        notes=[
            "The time is the middle one of the landmarks among the events, or where there is none "
            "the median time of the events.",
            *result.notes,
        ],
        results=result.frame,
    )


def groups(result: Fitting | None) -> Table | Prose:
    """Set observed beside expected events of groups of patients by predicted risk."""
    if result is None:
        return Prose(SAID)
    if result.groups.empty:
        return Prose(SAID)
    most = result.groups.groupby("endpoint")["group"].transform("max")
    names = {1: "lowest"}
    frame = result.groups.assign(
        name=[
            f"{g:.0f} ({'highest' if g == m else names[g]})" if g in (1, m) else f"{g:.0f}"
            for g, m in zip(result.groups["group"], most, strict=True)
        ]
    )
    return tables.table(
        frame,
        "Events observed and expected, by predicted risk",
        {"name": "Group by risk", "n": "Patients", "observed": "Events", "expected": "Expected"},
        {"n": whole, "observed": whole, "expected": lambda value: fmt.number(value, 1)},
        group="endpoint",
        notes=[
            "Expected by the adjusted Cox model. Events less expected are martingale residuals.",
            *result.notes,
        ],
    )
