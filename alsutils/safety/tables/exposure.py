"""Tables of events per time."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.safety.exposure import RATE, RATIO, Rates
from alsutils.study import Study


def rates(study: Study, result: Rates | None) -> Table | Prose:
    """Lay out events per patient-year and their ratios."""
    if result is None:
        return Prose(
            "The data do not say how long each patient was watched, so rates per time are left out."
        )
    frame = result.frame
    rate = frame[frame["analysis"] == RATE]
    ratio = frame[frame["analysis"] == RATIO].set_index(["name", "arm"])
    shown = pd.DataFrame(
        {
            "name": rate["name"],
            "arm": rate["arm"],
            "events": [f"{n:,.0f}" for n in rate["events"]],
            "years": [fmt.number(y, 1) for y in rate["years"]],
            "rate": _estimates(rate),
        }
    )
    worded = pd.Series(_estimates(ratio), index=ratio.index)
    keys = zip(rate["name"], rate["arm"], strict=True)
    shown["ratio"] = [worded.get(key, "1 (reference)") for key in keys]
    level = fmt.percent(study.conf_level)
    left_out = (
        [f"{fmt.plural(result.left_out, 'patient')} without a time left out."]
        if result.left_out
        else []
    )
    return tables.table(
        shown,
        "Events per patient-year",
        {
            "arm": "Arm",
            "events": "Events",
            "years": "Patient-years",
            "rate": f"Rate ({level} CI)",
            "ratio": f"Ratio to {study.control} ({level} CI)",
        },
        group="name",
        notes=[
            f"Time {result.basis}. Intervals allow for patients who have many events.",
            *left_out,
        ],
        results=frame,
    )


def _estimates(rows: pd.DataFrame) -> list[str]:
    values = rows[["estimate", "conf_low", "conf_high"]].itertuples(index=False)
    return [fmt.MISSING if pd.isna(row[0]) else fmt.estimate(*row) for row in values]
