"""Tables of the design and of the patients' way."""

from alsutils.design.analysis import Facts
from alsutils.design.course import Attendance, PatientFlow
from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study

_GROUPS = {
    "randomised": "Randomised",
    "received": "Treatment",
    "not_received": "Treatment",
    "not_received_reason": "Reasons for not receiving it",
    "stopped": "Treatment",
    "stopped_reason": "Reasons for stopping treatment",
    "completed": "End of study",
    "left": "End of study",
    "reason": "Reasons for leaving",
    "population": "In each population",
    "primary": "With the primary endpoint",
    "carried_forward": "of these, carried forward",
    "excluded": "Without the primary endpoint",
    "excluded_reason": "Reasons why there is none",
}


def facts(_study: Study, result: Facts) -> Table:
    """Lay out how the trial was run."""
    return tables.table(
        result.frame, "How the trial was run", {"fact": "What", "value": "In this trial"}
    )


def flow(study: Study, result: PatientFlow) -> Table:
    """Lay out every count of the flow diagram, with all reasons for leaving."""
    explains = result.frame["kind"] == "excluded_reason"
    frame = result.frame.assign(group=result.frame["kind"].map(_GROUPS))
    frame["step"] = frame["step"].where(~explains, frame["visit"].str.cat(frame["step"], ": "))
    cells = frame.assign(cell=tables.counts(frame, "n", "of"))
    wide = cells.pivot_table(
        index=["group", "step"],
        columns="arm",
        values="cell",
        aggfunc="first",
        sort=False,
        observed=True,
    ).reset_index()
    order = list(dict.fromkeys(_GROUPS.values()))
    wide = wide.sort_values("group", key=lambda names: names.map(order.index), kind="stable")
    sizes = {arm: result.count("randomised", arm) for arm in study.arms}
    shown = wide[["group", "step"]].copy()
    for i, arm in enumerate(study.arms):
        shown[f"arm{i}"] = wide[arm]
    shown.loc[shown["group"] == "Randomised", [f"arm{i}" for i in range(len(study.arms))]] = [
        f"{sizes[arm]:,.0f}" for arm in study.arms
    ]
    hidden = [study.disclosure.why] if (frame["instead"] != "").any() else []
    if result.screened is None:
        screening = f"{fmt.capitalised(study.disclosure.few_patients)} were not randomised."
    else:
        left_out = result.screened - result.randomised
        screening = (
            f"{fmt.plural(result.screened, 'patient')} screened, {left_out:,} of them not "
            "randomised."
            if left_out
            else f"{fmt.plural(result.randomised, 'patient')} randomised."
        )
    return tables.table(
        shown,
        "Patients at each step, by arm",
        {"step": "Step", **{f"arm{i}": arm for i, arm in enumerate(study.arms)}},
        group="group",
        notes=[
            f"{screening} Percentages are of those randomised to the arm.",
            *hidden,
        ],
    )


def attendance(study: Study, result: Attendance) -> Table | Prose:
    """Lay out who was seen at each visit."""
    if result.frame.empty:
        return Prose("")
    frame = result.frame.assign(cell=tables.counts(result.frame, "n", "of"))
    hidden = [study.disclosure.why] if (frame["instead"] != "").any() else []
    wide = frame.pivot_table(
        index=["visit", "visit_label"], columns="arm", values="cell", aggfunc="first", observed=True
    ).reset_index()
    names = {f"arm{i}": arm for i, arm in enumerate(study.arms)}
    shown = wide.rename(columns={arm: key for key, arm in names.items()})
    return tables.table(
        shown,
        f"Patients with a value of {result.parameter} at each visit",
        {"visit_label": "Visit", **names},
        notes=[
            "Number and percentage of those randomised; values carried forward do not count.",
            *hidden,
        ],
    )
