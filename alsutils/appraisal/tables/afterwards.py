"""The later trials against what this one let expect."""

import numpy as np

from alsutils.appraisal.afterwards import AGAINST, IN_FAVOUR, Afterwards
from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study


def afterwards(study: Study, result: Afterwards | None) -> Table | Prose:
    """Lay out how surprising the later outcomes are under each belief."""
    if result is None:
        return Prose("No outcome of a later trial is given in study.yml to hold against this one.")
    keys = ["trial", "arm", "at", "reported", "treated", "belief", "less_bias"]
    sides = {
        side: result.frame[result.frame["side"] == side].set_index(keys)
        for side in (IN_FAVOUR, AGAINST)
    }
    shown = sides[IN_FAVOUR][["expected", "spread"]].reset_index()
    several = len(study.treated) > 1
    shown = shown.assign(
        in_favour=sides[IN_FAVOUR]["p_value"].to_numpy(),
        against=sides[AGAINST]["p_value"].to_numpy(),
        belief=shown["belief"] + np.where(shown["less_bias"], ", less the bias", ""),
        group=[
            f"{r['trial']}, {r['arm']} at {r['at']}"
            + (f" ({r['treated']})" if several else "")
            + f": reported {fmt.p_phrase(r['reported'])}"
            for r in shown.to_dict("records")
        ],
    )
    press = [t.name for t in study.config.later_trials if t.source == "press"]
    notes = [
        "Conflict: probability, before the later trial, of an outcome at least as improbable as "
        "the reported one. A p-value does not say whom it favours, so that both are shown.",
        "The effect is taken to be the same number of standard deviations in both trials.",
    ]
    if press:
        notes.append(f"From the press, no peer-reviewed report: {fmt.listed(press)}.")
    return tables.table(
        shown,
        "Do the later trials contradict this one?",
        {
            "belief": "Belief after this trial",
            "expected": "z expected",
            "spread": "give or take",
            "in_favour": "Conflict, if in favour",
            "against": "Conflict, if against",
        },
        {
            "expected": fmt.number,
            "spread": fmt.number,
            "in_favour": fmt.p_value,
            "against": fmt.p_value,
        },
        group="group",
        notes=notes,
    )
