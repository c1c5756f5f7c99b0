"""Tables of the design and of the patients' way."""

import pandas as pd

from alsutils.design.analysis import Facts
from alsutils.design.course import Attendance, PatientFlow
from alsutils.display import Table, tables
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
