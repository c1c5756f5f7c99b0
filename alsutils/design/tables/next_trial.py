"""Tables of what this trial lets expect of the next one."""

import numpy as np
import pandas as pd

from alsutils.design.next_trial import MOST_NAMED, WANTED, NextTrial
from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study

AS_MEASURED, LESS_BIAS = "As measured", "Less the bias of an open label"


def beliefs(study: Study, result: NextTrial | None) -> Table | Prose:
    """Lay out what can be believed of the effect, and the next trial's chances with each."""
    if result is None:
        return Prose(
            "Too few values were seen to weigh the difference, so "
            "the next trial's chances cannot be told."
        )
    several = len(result.start) > 1
    states = np.where(result.beliefs["less_bias"], LESS_BIAS, AS_MEASURED)
    frame = result.beliefs.assign(
        group=result.beliefs["treated"] + ": " + pd.Series(states).str.lower()
        if several
        else states,
        effect=[
            fmt.estimate(*row)
            for row in result.beliefs[["estimate", "conf_low", "conf_high"]].itertuples(index=False)
        ],
    )
    unit = f" ({result.unit})" if result.unit else ""
    notes = [
        f"Effect on {result.label} at {result.visit}{unit}; above 0 is better. Success: "
        f"p below {study.alpha:g} in favour of treatment in a t-test.",
        "No trial, however large, is more likely to succeed than the effect is to be above 0; – "
        f"where none reaches {fmt.percent(WANTED)}.",
    ]
    if result.bias is not None:
        row = result.start.iloc[0]
        notes.append(
            f"Bias taken off: {fmt.number(result.bias.size)} standard deviations "
            f"(for {row['treated']} {fmt.number(row['bias'])} {result.unit}), the average where "
            f"{result.bias.whom} knew the arm."
        )
    return tables.table(
        frame,
        "What to believe of the effect, and what it lets expect",
        {
            "belief": "Belief",
            "effect": f"Effect ({fmt.percent(study.conf_level)} interval)",
            "probability_better": "Effect above 0",
            "again": "Success, same trial again",
            "n_wanted": f"Patients an arm for {fmt.percent(WANTED)}",
        },
        {
            "probability_better": _share,
            "again": fmt.percent,
            "n_wanted": _patients,
        },
        group="group",
        notes=notes,
        results=result.frame,
    )


def later_trials(study: Study, result: NextTrial | None) -> Table | Prose:
    """Lay out the chances of the trials that followed, beside what they reported."""
    if result is None or result.later.empty:
        return Prose("")
    frame = result.later
    reported = [_reported(row) for row in frame.to_dict("records")]
    wide = frame.assign(group=reported).pivot_table(
        index=["group", "belief"],
        columns="less_bias",
        values=["assurance", "as_large"],
        sort=False,
        dropna=False,
    )
    wide.columns = pd.Index([f"{name}{int(less)}" for name, less in wide.columns])
    wide = wide.dropna(how="all").reset_index()
    states = [int(s) for s in sorted(frame["less_bias"].unique())]
    words = (AS_MEASURED, "Less the bias")
    columns = [f"{name}{s}" for name in ("assurance", "as_large") for s in states]
    spanners = {"Success": [c for c in columns if c.startswith("assurance")]}
    if frame["p"].notna().any():
        spanners["p that large, or not in favour"] = [c for c in columns if c[:2] == "as"][
            len(states) :
        ]
    else:
        columns = columns[: len(states)]
    return tables.table(
        wide,
        "The trials that followed: what was to be expected, and what was reported",
        {"belief": "Belief", **{c: words[int(c[-1])] for c in columns}},
        dict.fromkeys(columns, fmt.percent),
        group="group",
        spanners=spanners,
        notes=[*_sources(study)],
    )


def _reported(row: dict[str, object]) -> str:
    """Head the rows of one arm with what was reported of it."""
    sizes = f"{row['n_treated']} patients, {row['n_control']} controls"
    p = float(row["p"])  # type: ignore[arg-type]
    told = "nothing reported" if np.isnan(p) else f"reported {fmt.p_phrase(p)} at {row['at']}"
    return f"{row['trial']}, {row['arm']} ({sizes}): {told}"


def _sources(study: Study) -> list[str]:
    """Say of each later trial where its report was read."""
    told = []
    for trial in study.config.later_trials:
        source = "the press, no peer-reviewed report" if trial.source == "press" else "a paper"
        when = f" ({trial.date})" if trial.date else ""
        known = [w for w in (trial.registration, trial.citation) if w]
        if trial.doi:
            known.append(f"doi:{trial.doi}")
        about = f" {'; '.join(known)}." if known else ""
        told.append(f"{trial.name}: outcomes from {source}{when}.{about}")
    return told


def _share(share: float) -> str:
    """Write a probability that may be close to one."""
    return ">99%" if 0.995 <= share < 1 else fmt.percent(share)


def _patients(n: float) -> str:
    return f">{MOST_NAMED:,}" if n > MOST_NAMED else fmt.number(n, 0)
