"""Tables of the biomarkers."""

import numpy as np
import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.mechanism.analysis import MAIN, NAIVE, RANKS, Changes, Detection
from alsutils.mechanism.association import Associations
from alsutils.mechanism.sentences import NO_BIOMARKERS, NO_PAIR
from alsutils.study import Study


def detection(study: Study, result: Detection | None) -> Table | Prose:
    """Lay out samples and those below the limit, a row an analyte and visit, a column an arm."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    frame = result.frame.assign(
        cell=[
            f"{low} of {n}" if n else fmt.MISSING
            for low, n in zip(result.frame["n_below"], result.frame["n"], strict=True)
        ]
    )
    wide = frame.pivot_table(
        index=["endpoint", "visit"], columns="arm", values="cell", aggfunc="first", sort=False
    ).reset_index()
    names = frame.drop_duplicates(["endpoint", "visit"])[
        ["endpoint", "visit", "visit_label", "limit", "unit"]
    ]
    wide = names.merge(wide, on=["endpoint", "visit"])
    wide["analyte"] = [
        f"{r['endpoint']}: limit {r['limit']:g} {r['unit']}".rstrip()
        if pd.notna(r["limit"])
        else f"{r['endpoint']}: no limit given"
        for r in wide.to_dict("records")
    ]
    arms = {f"arm{i}": arm for i, arm in enumerate(study.arms)}
    wide = wide.rename(columns={arm: name for name, arm in arms.items()})
    return tables.table(
        wide,
        "Values below the limit of quantification",
        {"visit_label": "Visit", **arms},
        group="analyte",
        notes=["Cells are values below the limit of all samples."],
    )


def changes(study: Study, result: Changes | None) -> Table | Prose:
    """Lay out the main analysis with plain and adjusted p-values."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    frame = _worded(result.main)
    several = len(study.treated) > 1
    return tables.table(
        frame,
        f"Change from baseline: ratio to {study.control}",
        {
            "visit": "Visit",
            **({"treated": "Arm"} if several else {}),
            "n_treated": "n treated",
            "n_control": "n control",
            "n_below": "Below the limit",
            "ratio": f"Ratio ({fmt.percent(study.conf_level)} CI)",
            "p_value": "p",
            "p_holm": "p, Holm",
            "p_benjamini_hochberg": "p, BH",
        },
        {
            **dict.fromkeys(["n_treated", "n_control", "n_below"], _whole),
            **dict.fromkeys(["p_value", "p_holm", "p_benjamini_hochberg"], fmt.p_value),
        },
        group="endpoint",
        notes=[
            "Ratio of geometric means, adjusted for baseline, values below the limit treated as "
            "censored. The standard error in the results file is that of its natural logarithm.",
            "Holm: adjusted for the chance of one false finding. BH: Benjamini and Hochberg's "
            "false discovery rate.",
            *_reasons(result.main),
        ],
        results=_finite(result.main),
    )


def methods(study: Study, result: Changes | None) -> Table | Prose:
    """Lay the three methods side by side."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    frame = _worded(result.frame)
    key = ["endpoint", "visit", "treated"]
    wide = frame.pivot_table(
        index=key, columns="analysis", values="ratio", aggfunc="first", sort=False
    ).reset_index()
    low = frame.drop_duplicates(key)[[*key, "n_below", "n_control", "n_treated"]]
    wide = low.merge(wide, on=key)
    wide["below"] = [
        fmt.count_of(r["n_below"], r["n_control"] + r["n_treated"]) for r in wide.to_dict("records")
    ]
    wide = wide.rename(columns={MAIN: "main", NAIVE: "naive", RANKS: "ranks"})
    several = len(study.treated) > 1
    return tables.table(
        wide,
        "The same comparisons by three methods",
        {
            "visit": "Visit",
            **({"treated": "Arm"} if several else {}),
            "below": "Below the limit",
            "main": "Censored regression",
            "naive": "Half the limit",
            "ranks": "Ranks (Hodges-Lehmann)",
        },
        group="endpoint",
        notes=[
            f"Ratios to {study.control} with {fmt.percent(study.conf_level)} intervals. By ranks: "
            "of medians, not adjusted for baseline; ∞ or 0 where values below the limit leave that "
            "side open, – where they leave the median open."
        ],
        results=_finite(result.frame[result.frame["analysis"] != MAIN]),
    )


def association(study: Study, result: Associations | None) -> Table | Prose:
    """Lay out the correlations by group."""
    if result is None:
        return Prose(NO_PAIR)
    frame = result.frame.copy()
    frame["cell"] = [
        fmt.estimate(r["estimate"], r["conf_low"], r["conf_high"])
        if pd.notna(r["estimate"])
        else fmt.MISSING
        for r in frame.to_dict("records")
    ]
    wide = frame.pivot_table(
        index=["group", "n"], columns="kind", values=["cell", "p_value"], aggfunc="first",
        sort=False, dropna=False,
    )  # fmt: skip
    wide.columns = [f"{a}_{b}" for a, b in wide.columns]
    wide = wide.reset_index()
    wide = wide[wide["cell_Pearson"].notna()]
    wide["group"] = wide["group"].replace("Difference", "Good responders less other patients")
    level = fmt.percent(study.conf_level)
    return tables.table(
        wide,
        f"Change of {result.x} with change of {result.y} at {result.visit.lower()}",
        {
            "group": "Patients",
            "n": "n",
            "cell_Pearson": f"Pearson ({level} CI)",
            "p_value_Pearson": "p",
            "cell_Spearman": f"Spearman ({level} CI)",
            "p_value_Spearman": "p",
        },
        {"n": _whole, "p_value_Pearson": fmt.p_value, "p_value_Spearman": fmt.p_value},
        notes=[
            "Of the logarithms of the ratios to baseline. Intervals by Fisher's z, for the "
            "difference by Zou's method. Standard errors in the results file are on the z scale."
        ],
        results=result.frame,
    )


def _worded(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the ratio with its interval in words."""
    words = []
    for r in frame.to_dict("records"):
        if pd.isna(r["estimate"]) and pd.isna(r["conf_low"]):
            words.append(fmt.MISSING)
        else:
            words.append(fmt.estimate(r["estimate"], r["conf_low"], r["conf_high"]))
    return frame.assign(ratio=words)


def _finite(frame: pd.DataFrame) -> pd.DataFrame:
    """Write an open limit as missing, which a results file can hold."""
    return frame.replace([np.inf, -np.inf], np.nan)


def _reasons(frame: pd.DataFrame) -> list[str]:
    """Say why comparisons have no estimate, a note a reason."""
    lost = frame[frame["estimate"].isna()]
    return [
        f"No estimate ({reason}): "
        + fmt.listed([f"{r['endpoint']} at {r['visit'].lower()}" for r in rows.to_dict("records")])
        + "."
        for reason, rows in lost.groupby("reason", sort=False)
    ]


def _whole(value: float) -> str:
    return fmt.number(value, 0)
