"""Tables of the design, the patients' way and the arms at baseline."""

from dataclasses import replace

import pandas as pd

from alsutils.design.analysis import Baseline, Detectable, Facts, LeadIn
from alsutils.design.course import Attendance, PatientFlow
from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study

_GROUPS = {
    "randomised": "Randomised",
    "population": "In each population",
    "primary": "With the primary endpoint",
    "carried_forward": "of these, carried forward",
    "completed": "End of study",
    "left": "End of study",
    "reason": "Reasons for leaving",
}


def facts(_study: Study, result: Facts) -> Table:
    """Lay out how the trial was run."""
    return tables.table(
        result.frame, "The trial at a glance", {"fact": "What", "value": "In this trial"}
    )


def flow(study: Study, result: PatientFlow) -> Table:
    """Lay out every count of the flow diagram, with all reasons for leaving."""
    frame = result.frame
    wide = frame.pivot_table(
        index=["kind", "step"], columns="arm", values="n", sort=False, observed=True
    ).reset_index()
    sizes = {arm: result.count("randomised", arm) for arm in study.arms}
    shown = pd.DataFrame({"group": wide["kind"].map(_GROUPS), "step": wide["step"]})
    for i, arm in enumerate(study.arms):
        cells = [fmt.count_of(n, sizes[arm]) for n in wide[arm]]
        shown[f"arm{i}"] = cells
    shown.loc[shown["group"] == "Randomised", [f"arm{i}" for i in range(len(study.arms))]] = [
        f"{sizes[arm]:,}" for arm in study.arms
    ]
    screened = fmt.plural(result.screened, "patient")
    left_out = result.not_randomised["n"].sum()
    return tables.table(
        shown,
        "Patients at each step, by arm",
        {"step": "Step", **{f"arm{i}": arm for i, arm in enumerate(study.arms)}},
        group="group",
        notes=[
            f"{screened} screened, {left_out:,} of them not randomised. "
            "Percentages are of those randomised to the arm."
        ],
    )


def attendance(study: Study, result: Attendance) -> Table:
    """Lay out who was seen at each visit."""
    frame = result.frame.assign(cell=list(map(fmt.count_of, result.frame["n"], result.frame["of"])))
    wide = frame.pivot_table(
        index=["visit", "visit_label"], columns="arm", values="cell", aggfunc="first", observed=True
    ).reset_index()
    names = {f"arm{i}": arm for i, arm in enumerate(study.arms)}
    shown = wide.rename(columns={arm: key for key, arm in names.items()})
    return tables.table(
        shown,
        f"Patients with a value of {result.parameter} at each visit",
        {"visit_label": "Visit", **names},
        notes=["Number and percentage of those randomised; values carried forward do not count."],
    )


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
    sizes = {arm: int((study.subjects()["ARM"] == arm).sum()) for arm in study.arms}
    labels = {"row": " "}
    shown = wide[["characteristic", "row"]].copy()
    for i, arm in enumerate(study.arms):
        shown[f"arm{i}"] = wide[arm]
        labels[f"arm{i}"] = f"{arm} (n = {sizes[arm]})"
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
            "SD: standard deviation; IQR: interquartile range; percentages are of the known.",
            f"SMD: standardised mean difference from {study.control}, in standard deviations; of "
            "two categories, for the one named first.",
        ],
        results=result.frame,
    )
    differences = [f"smd{i}" for i in range(len(study.treated))]
    return replace(laid, table=laid.table.cols_align("right", differences))


def detectable(study: Study, result: Detectable) -> Table:
    """Lay out the differences that the trial could have found."""
    powers = sorted(result.frame["power"].unique())
    key = ["visit", "contrast", "n_control", "n_treated", "sd"]
    wide = result.frame.pivot_table(
        index=key, columns="power", values="estimate", sort=False, dropna=False, observed=True
    )
    wide = wide.dropna(how="all").reset_index()
    names = {p: f"power{i}" for i, p in enumerate(powers)}
    shown = wide.rename(columns=names)
    labels = {
        "visit": "Visit",
        **({"contrast": "Contrast"} if len(study.treated) > 1 else {}),
        "n_treated": "n treated",
        "n_control": "n control",
        "sd": "SD",
        **{names[p]: f"{fmt.percent(p)} power" for p in powers},
    }
    formats = {"n_treated": _whole, "n_control": _whole, "sd": fmt.number}
    formats |= dict.fromkeys(names.values(), fmt.number)
    unit = f" ({result.unit})" if result.unit else ""
    return tables.table(
        shown,
        f"Smallest true difference in {result.label}{unit} that the trial could find",
        labels,
        formats,
        notes=["SD: standard deviation within the arms, pooled. Two-sided t-test."],
        results=result.frame,
    )


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


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _digits(spread: float) -> int:
    """Decimals that suit a spread: more for small units."""
    return 2 if spread < 2 else 1


def _cell(row: pd.Series) -> str:
    """Write one cell of the baseline table."""
    if row["kind"] in ("level", "missing"):
        return fmt.count_of(row["n"], row["of"])
    if row["kind"] == "mean":
        return fmt.mean_sd(row["estimate"], row["spread"], _digits(row["spread"]))
    digits = _digits(row["high"] - row["low"])
    quartiles = fmt.interval(row["low"], row["high"], digits)
    return f"{fmt.number(row['estimate'], digits)} [{quartiles}]"
