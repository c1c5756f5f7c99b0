"""Tables of what counts as the event."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.events import (
    CAUSE,
    DIFFERENCE,
    GRAY,
    INCIDENCE,
    NAIVE,
    SUBDISTRIBUTION,
    Competing,
)
from alsutils.survival.times import Figures
from alsutils.survival.words import SAID, ratio_cell, whole

_NAMES = {
    DIFFERENCE: "Difference of the shares",
    GRAY: "Gray's test",
    CAUSE: "Hazard ratio, cause-specific",
    SUBDISTRIBUTION: "Hazard ratio, Fine-Gray",
}


def definitions(study: Study, result: Figures | None) -> Table | Prose:
    """Lay out the hazard ratio by every definition of the event."""
    if result is None:
        return Prose(SAID)
    if len(set(result.frame["definition"])) < 2:
        return Prose(SAID)
    several = len(study.treated) > 1
    frame = result.frame.assign(ratio=[ratio_cell(r) for r in result.frame.to_dict("records")])
    return tables.table(
        frame,
        "The same trial by what counts as the event",
        {
            "definition": "Event",
            **({"treated": "Arm"} if several else {}),
            "events": "Events",
            "ratio": f"Hazard ratio ({fmt.percent(study.conf_level)} CI)",
            "p_value": "p",
        },
        {"events": whole, "p_value": fmt.p_value},
        notes=[
            "Unadjusted Cox models. Where a row says first, other kinds of event end the watching, "
            "as leaving does (a cause-specific hazard)."
        ],
    )


def incidence(study: Study, result: Competing | None) -> Table | Prose:
    """Lay out each arm's incidence of each kind beside what one less Kaplan-Meier would give."""
    if result is None:
        return Prose(SAID)
    frame = result.frame
    at = frame[frame["analysis"] == INCIDENCE].set_index(["endpoint", "arm"], drop=False)
    alone = frame[frame["analysis"] == NAIVE].set_index(["endpoint", "arm"])["estimate"]
    rows = [
        {
            "endpoint": r["endpoint"],
            "arm": r["arm"],
            "share": _share(r),
            "naive": fmt.percent(alone[key]),
        }
        for key, r in zip(at.index, at.to_dict("records"), strict=True)
    ]
    horizon = at["time"].iloc[0]
    return tables.table(
        pd.DataFrame(rows),
        "How many have had each kind first",
        {"arm": "Arm", "share": "Share with it first", "naive": "If others had only left"},
        group="endpoint",
        notes=[
            f"By {study.config.time_to_event[0].unit} {horizon:.3g}, with "
            f"{fmt.percent(study.conf_level)} intervals. The last column is one less the "
            "Kaplan-Meier curve with other kinds of event taken as leaving; it is too high.",
            *result.notes,
        ],
        results=frame[frame["analysis"].isin([INCIDENCE, NAIVE])],
    )


def competing(study: Study, result: Competing | None) -> Table | Prose:
    """Lay out the comparisons of each kind of event between the arms."""
    if result is None:
        return Prose(SAID)
    frame = result.frame[result.frame["analysis"].isin(_NAMES)]
    if frame.empty:
        few = "The kinds are not compared, for the comparison would tell of a few patients."
        alone = "Only one arm has patients, so the kinds are not compared."
        return Prose(few if result.notes else alone)
    several = len(study.treated) > 1
    rows = frame.to_dict("records")
    shown = frame.assign(
        heading=[f"{r['kind']}, {r['contrast']}" if several else r["kind"] for r in rows],
        name=frame["analysis"].map(_NAMES),
        value=[_share(r) if r["analysis"] == DIFFERENCE else ratio_cell(r) for r in rows],
        endpoint=[f"{r['endpoint']}: {r['kind']}" for r in rows],
    )
    return tables.table(
        shown,
        "Kinds of event compared",
        {
            "name": "Comparison",
            "value": f"Estimate ({fmt.percent(study.conf_level)} CI)",
            "p_value": "p",
        },
        {"p_value": fmt.p_value},
        group="heading",
        notes=[
            "The cause-specific ratio compares the rates among those without any event yet, "
            "Fine and Gray's the growth of the shares.",
            *result.notes,
        ],
        results=shown,
    )


def _share(row: pd.Series | dict[str, object]) -> str:
    """Write a share or a difference of shares in per cent."""
    if pd.isna(row["estimate"]):
        return fmt.MISSING
    low, high = (fmt.number(100 * row[c], 0) for c in ("conf_low", "conf_high"))  # type: ignore[operator]
    return f"{fmt.percent(row['estimate'])} ({low} to {high})"  # type: ignore[arg-type]
