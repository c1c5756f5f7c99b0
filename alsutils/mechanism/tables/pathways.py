"""Tables of the way from treatment to outcome."""

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.mechanism.pathways import AROUND, TOTAL, VIA, Pathways
from alsutils.mechanism.tables.cells import arm_column, level, worded
from alsutils.study import Study


def pathways(study: Study, result: Pathways | None) -> Table | Prose:
    """Lay out the effect by way of each analyte and around it."""
    if result is None:
        return Prose("")
    frame = worded(result.frame, "cell")
    key = ["analyte", "treated"]
    wide = frame.pivot_table(
        index=key, columns="effect", values="cell", aggfunc="first", sort=False
    ).reset_index()
    p = frame.loc[frame["effect"] == VIA, [*key, "p_value"]]
    wide = (
        wide.merge(p, on=key)
        .dropna(subset=["p_value"])
        .rename(columns={VIA: "via", AROUND: "around", TOTAL: "total"})
    )
    lost = frame.loc[(frame["reason"] != "") & (frame["effect"] == VIA)]
    if wide.empty:
        return Prose("")
    unit = f", {result.unit}" if result.unit else ""
    return tables.table(
        wide,
        f"Effect on {result.outcome} at {result.outcome_visit.lower()}{unit}",
        {
            "analyte": "By way of",
            **arm_column(study),
            "via": f"By way of it ({level(study)})",
            "p_value": "p",
            "around": "Around it",
            "total": "Total",
        },
        {"p_value": fmt.p_value},
        notes=[
            f"Log change of the analyte at {result.visit.lower()}, baselines held equal. The total "
            "differs a little from row to row, for each analyte has patients of its own.",
            *[
                f"Left out ({reason}): {fmt.listed(list(dict.fromkeys(rows['analyte'])))}."
                for reason, rows in lost.groupby("reason", sort=False)
            ],
        ],
        results=result.frame,
    )
