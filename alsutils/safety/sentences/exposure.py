"""What the events per time come to, in words."""

import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.safety.analysis import ANY
from alsutils.safety.exposure import RATE, RATIO, Rates
from alsutils.study import Study


def rates(study: Study, result: Rates | None) -> Prose:
    """Say how many events there were per patient-year and the ratio between arms."""
    if result is None:
        return Prose("Nothing can be said of events per time.")
    frame = result.frame[result.frame["endpoint"] == ANY]
    rate, ratio = frame[frame["analysis"] == RATE], frame[frame["analysis"] == RATIO]
    told = [f"{fmt.number(r['estimate'])} in {r['arm']}" for _, r in rate.iterrows()]
    parts = [f"Events per patient-year: {fmt.listed(told)}."]
    for _, row in ratio.iterrows():
        if pd.isna(row["estimate"]):
            parts.append(f"The rates of {row['arm']} and {study.control} cannot be compared.")
            continue
        limits = fmt.interval(row["conf_low"], row["conf_high"])
        inside = row["conf_low"] <= 1 <= row["conf_high"]
        parts.append(
            f"The rate in {row['arm']} is {fmt.number(row['estimate'])} times that in "
            f"{study.control} (interval {limits}, which {'includes' if inside else 'excludes'} 1)."
        )
    return Prose(" ".join(parts))
