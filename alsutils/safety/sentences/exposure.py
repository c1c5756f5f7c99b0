"""What the events per time come to, in words."""

import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.safety.analysis import ANY
from alsutils.safety.counting import PER_MONTHS
from alsutils.safety.exposure import MODEL, RATE, RATIO, Rates
from alsutils.study import Study


def rates(study: Study, result: Rates | None) -> Prose:
    """Say how many events there were per 100 patient-months and the ratio between arms."""
    if result is None:
        return Prose("")
    frame = result.frame[result.frame["endpoint"] == ANY].set_index("arm")
    rate, ratio = frame[frame["analysis"] == RATE], frame[frame["analysis"] == RATIO]
    model = frame[frame["analysis"] == MODEL]
    known = rate if study.disclosure.is_open else rate.dropna(subset="estimate")
    told = [f"{fmt.number(r['estimate'], 1)} in {arm}" for arm, r in known.iterrows()]
    if not told:
        few = study.disclosure.few_patients
        return Prose(f"The events of each arm are those of {few}, so no rate is shown.")
    parts = [f"Events per {PER_MONTHS} patient-months: {fmt.listed(told)}."]
    for arm, row in ratio.iterrows():
        if pd.isna(row["estimate"]):
            parts.append(f"The rates of {arm} and {study.control} cannot be compared.")
            continue
        limits = fmt.interval(row["conf_low"], row["conf_high"])
        inside = row["conf_low"] <= 1 <= row["conf_high"]
        parts.append(
            f"The rate in {arm} is {fmt.number(row['estimate'])} times that in "
            f"{study.control} (interval {limits}, which {'includes' if inside else 'excludes'} 1)."
        )
        if arm in model.index and pd.notna(model.at[arm, "estimate"]):
            other = model.loc[arm]
            parts.append(
                "A negative binomial model gives "
                f"{fmt.estimate(other['estimate'], other['conf_low'], other['conf_high'])}."
            )
    return Prose(" ".join(parts))
