"""Tables of what was measured."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.mechanism.analysis import Detection
from alsutils.mechanism.batches import Batches
from alsutils.mechanism.tables.cells import arm_column, level, reasons, worded
from alsutils.mechanism.taken import Taken
from alsutils.study import Study


def taken(study: Study, result: Taken | None) -> Table | Prose:
    """Lay out the patients with a sample, a row a visit, a column an arm."""
    if result is None:
        return Prose("")
    frame = result.frame.assign(
        cell=[
            f"{r['told']} of {r['patients']}"
            + ("" if pd.isna(r["share"]) else f" ({fmt.percent(r['share'])})")
            for r in result.frame.to_dict("records")
        ]
    )
    wide = frame.pivot_table(
        index=["visit", "visit_label"], columns="arm", values="cell", aggfunc="first"
    ).reset_index()
    arms = {f"arm{i}": arm for i, arm in enumerate(study.arms)}
    wide = wide.rename(columns={arm: name for name, arm in arms.items()})
    return tables.table(
        wide,
        "Patients with a sample",
        {"visit_label": "Visit", **arms},
        notes=[
            f"{result.whole_told} of {fmt.plural(result.patients, 'patient')} gave a sample at "
            f"every visit, {result.never_told} at no visit.",
            *result.notes,
        ],
    )


def detection(study: Study, result: Detection | None) -> Table | Prose:
    """Lay out samples and those below the limit, a row an analyte, a column an arm."""
    if result is None:
        return Prose("")
    frame = result.arms.assign(
        cell=[
            low if pd.isna(n) else f"{low} of {n:.0f}" if n else fmt.MISSING
            for low, n in zip(result.arms["told"], result.arms["n"], strict=True)
        ]
    )
    wide = frame.pivot_table(
        index="endpoint", columns="arm", values="cell", aggfunc="first", sort=False
    ).reset_index()
    names = result.frame.drop_duplicates("endpoint")
    wide = names[["endpoint", "limit_low", "limit_high", "unit"]].merge(wide, on="endpoint")
    wide["limit"] = [_limit(r) for r in wide.to_dict("records")]
    arms = {f"arm{i}": arm for i, arm in enumerate(study.arms)}
    wide = wide.rename(columns={arm: name for name, arm in arms.items()})
    return tables.table(
        wide,
        "Values below the limit of quantification",
        {"endpoint": "Analyte", "limit": "Limit", **arms},
        notes=[
            "Cells are values below the limit of all samples, all visits together.",
            *result.notes,
        ],
    )


def _limit(row: dict[str, object]) -> str:
    """Name an analyte's limit, or its lowest and highest where it has several."""
    low, high = row["limit_low"], row["limit_high"]
    if pd.isna(low):
        return fmt.MISSING
    words = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return f"{words} {row['unit']}".rstrip()


def batches(study: Study, result: Batches | None) -> Table | Prose:
    """Lay out how the arms are spread over the batches."""
    if result is None:
        return Prose("")
    wide = result.counts.pivot_table(
        index="batch", columns="arm", values="n", aggfunc="first", observed=False
    ).reset_index()
    wide.columns = pd.Index(wide.columns.astype("str"))
    arms = {f"arm{i}": arm for i, arm in enumerate(study.arms)}
    wide = wide.rename(columns={arm: name for name, arm in arms.items()})
    return tables.table(
        wide.astype({"batch": "str"}),
        "Measurements in each batch",
        {"batch": "Batch", **arms},
        notes=["A batch that holds one arm alone cannot be told apart from the treatment."],
    )


def held(study: Study, result: Batches | None) -> Table | Prose:
    """Lay out the comparisons with the batch held equal."""
    if result is None:
        return Prose("")
    if result.held.empty:
        return Prose(
            "No analyte was measured in more than one batch, so there is nothing to hold equal."
        )
    return tables.table(
        worded(result.held),
        f"Ratio to {study.control} with the batch held equal",
        {
            "endpoint": "Analyte",
            "visit": "Visit",
            **arm_column(study),
            "ratio": f"Ratio ({level(study)})",
            "p_value": "p",
        },
        {"p_value": fmt.p_value},
        sortable=True,
        notes=reasons(result.held),
        results=result.held,
    )
