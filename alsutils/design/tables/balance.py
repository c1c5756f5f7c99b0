"""Tables of the arms before treatment."""

from dataclasses import replace

import pandas as pd

from alsutils.design.analysis import OVERALL, Baseline, LeadIn
from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import ARM, Study


def baseline(study: Study, result: Baseline | None) -> Table | Prose:
    """Lay out the arms side by side, with their standardised differences."""
    if result is None:
        return Prose("study.yml lists no baseline characteristics, so this section is empty.")
    told = result.descriptions.assign(cell=result.descriptions.apply(_cell, axis=1))
    wide = told.pivot_table(
        index=["characteristic", "row"],
        columns="arm",
        values="cell",
        aggfunc="first",
        sort=False,
    ).reset_index()
    sizes = study.subjects()[ARM].value_counts()
    sizes[OVERALL] = sizes.sum()
    labels = {"row": " "}
    shown = wide[["characteristic", "row"]].copy()
    for i, arm in enumerate((*study.arms, OVERALL)):
        shown[f"arm{i}"] = wide[arm]
        labels[f"arm{i}"] = f"{arm} (n = {sizes[arm]:,})"
    several = len(study.treated) > 1
    first = ~shown["characteristic"].duplicated()
    for i, arm in enumerate(study.treated):
        rows = result.balance[result.balance["treated"] == arm].set_index("characteristic")
        words = shown["characteristic"].map(rows["estimate"].map(fmt.number))
        shown[f"smd{i}"] = words.where(first, "")
        labels[f"smd{i}"] = f"SMD, {arm}" if several else "SMD"
    laid = tables.table(
        shown,
        "The arms at baseline",
        labels,
        group="characteristic",
        notes=[
            "Counts with percentages of the known. SD: standard deviation; IQR: interquartile "
            "range, from the first quartile to the third.",
            f"SMD: standardised mean difference from {study.control}, in standard deviations; of "
            "two categories, for the one named first.",
            *([study.disclosure.why] if (told["instead"] != "").any() else []),
        ],
        results=result.frame,
    )
    differences = [f"smd{i}" for i in range(len(study.treated))]
    return replace(laid, table=laid.table.cols_align("right", differences))


def lead_in(study: Study, result: LeadIn | None) -> Table | Prose:
    """Lay out the arms' slopes before treatment."""
    if result is None:
        return Prose("This study has no lead-in, so the course before treatment is not known.")
    shown = result.frame.assign(
        analysis=result.frame["analysis"].map(fmt.capitalised),
        cell=[
            fmt.estimate(*row)
            for row in result.frame[["estimate", "conf_low", "conf_high"]].itertuples(index=False)
        ],
    )
    labels = {
        "analysis": "Difference",
        **({"treated": "Arm"} if len(study.treated) > 1 else {}),
        "mean_treated": "Mean, treated",
        "mean_control": f"Mean, {study.control}",
        "cell": f"Treated less control ({fmt.percent(study.conf_level)} CI)",
    }
    return tables.table(
        shown,
        f"{result.label}: slope before treatment ({result.unit})",
        labels,
        {"mean_treated": fmt.number, "mean_control": fmt.number},
        results=result.frame,
    )


def _cell(row: pd.Series) -> str:
    """Write one cell of the baseline table."""
    if row["instead"]:
        return str(row["instead"])
    if row["kind"] in ("level", "missing"):
        return fmt.count_of(row["n"], row["of"])
    digits = int(row["decimals"])
    if row["kind"] == "mean":
        return fmt.mean_sd(row["estimate"], row["spread"], digits)
    quartiles = fmt.interval(row["low"], row["high"], digits)
    return f"{fmt.number(row['estimate'], digits)} [{quartiles}]"
