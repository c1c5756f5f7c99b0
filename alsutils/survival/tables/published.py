"""Tables of patients read back out of a printed curve."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.published import ReadBack
from alsutils.survival.words import SAID, whole


def read_back(study: Study, result: ReadBack | None) -> Table | Prose:
    """Set what the patients say beside what those read back say."""
    if result is None:
        return Prose(SAID)
    rows = []
    for r in result.frame.to_dict("records"):
        one = {"group": r["arm"]}
        rows += [
            {**one, "what": "Events", "own": whole(r["events"]), "read": whole(r["events_read"])},
            {
                **one,
                "what": f"Median, {result.unit}s",
                "own": _time(r["median"]),
                "read": _time(r["median_read"]),
            },
            {
                **one,
                "what": f"Mean within {result.horizon:.3g} {result.unit}s",
                "own": fmt.number(r["mean"]),
                "read": fmt.number(r["mean_read"]),
            },
        ]
    for r in result.ratios.to_dict("records"):
        own, read = (
            fmt.estimate(r[name], r[f"{name}_low"], r[f"{name}_high"]) for name in ("own", "read")
        )
        group = f"{r['treated']} vs {study.control}"
        rows.append({"group": group, "what": "Hazard ratio", "own": own, "read": read})
    return tables.table(
        pd.DataFrame(rows),
        f"{result.endpoint}: the patients, and those read off their curve",
        {"what": "Figure", "own": "The patients", "read": "Read off the curve"},
        group="group",
        notes=[
            f"From {whole(result.frame['clicks'].sum())} points on the curves in all, read to the "
            "nearest thousandth, the numbers at risk under them and the numbers of events."
        ],
    )


def clicks(result: ReadBack | None, first: int = 8) -> Table | Prose:
    """Lay out the first points, as a reader would write them down."""
    if result is None:
        return Prose(SAID)
    arm = result.frame["arm"].iloc[0]
    return tables.table(
        result.clicks.head(first),
        f"The first points clicked on the curve of {arm}",
        {"time": result.unit.capitalize(), "share": "Share without the event"},
        {"time": lambda v: fmt.number(v, 2), "share": lambda v: fmt.number(v, 3)},
        notes=[f"{len(result.clicks)} points in all."],
    )


def _time(value: float) -> str:
    return "not reached" if pd.isna(value) else fmt.number(value, 1)
