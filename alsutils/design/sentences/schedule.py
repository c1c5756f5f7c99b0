"""What the schedule comes to, in words."""

from alsutils.design.analysis import OVERALL
from alsutils.design.schedule import PRIMARY, Schedule
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study


def schedule(study: Study, result: Schedule) -> Prose:
    """Say at how many visits the primary endpoint was measured, and where most values lack."""
    overall = result.frame[result.frame["arm"] == OVERALL]
    label = study.parameter(study.primary.parameter).label
    rows = overall[(overall["group"] == PRIMARY) & (overall["row"] == label)]
    if rows.empty:
        return Prose(f"No patient has an observed value of {label} at any visit.")
    rows = rows.sort_values("visit")
    first, final = (study.visit_phrase(rows["visit"].iloc[i]) for i in (0, -1))
    when = f"at {first}" if len(rows) == 1 else f"from {first} to {final}"
    text = f"{label} was measured at {fmt.plural(len(rows), 'visit')}, {when}."
    last = study.primary.visits[-1]
    there = rows[rows["visit"] == last]
    hidden = there["instead"].max() if len(there) else ""
    known = fmt.count_of(there["n"].sum(), result.randomised)
    told = study.disclosure.phrase(hidden) if hidden else known
    text += (
        f" At {study.visit_phrase(last)}, the last visit that the trial's conclusion rests on, "
        f"{told} of {fmt.plural(result.randomised, 'patient')} have "
        "an observed value."
    )
    if overall["share"].isna().all():
        return Prose(text)
    worst = overall.loc[overall["share"].idxmin()]
    if worst["n"] == worst["of"]:
        return Prose(f"{text} No measurement lacks at any visit.")
    return Prose(
        f"{text} The widest hole is {worst['row']} at {study.visit_phrase(worst['visit'])}: "
        f"{fmt.count_of(worst['n'], worst['of'])}."
    )
