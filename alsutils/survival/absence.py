"""What "no difference" excludes."""

from typing import Any

import numpy as np
import pandas as pd

from alsutils.stats.power import power_of_events
from alsutils.study import Study
from alsutils.survival.times import Figures, pairs, times

SUPPOSED_RATIO = 0.7  # a hazard ratio that a trial would be glad to find
TARGET_POWER = 0.8


def power(study: Study) -> Figures | None:
    """Say what the events could show: power for a hazard ratio, and the ratio they can find.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Figures or None
        One row an event and treated arm: ``events``, ``ratio`` (supposed), ``power``,
        ``detectable_ratio``, ``target``, ``events_needed``.
    """
    rows: list[dict[str, Any]] = []
    for data in times(study):
        for pair in pairs(study, data):
            share = float(pair.treated.mean()) if len(pair.treated) else np.nan
            row = {
                **pair.names,
                "analysis": f"power of the log-rank test for a hazard ratio of {SUPPOSED_RATIO:g}",
                "events": int(pair.frame["event"].sum()),
            }
            if pair.is_whole:
                given = power_of_events(
                    row["events"], share, SUPPOSED_RATIO, study.alpha, TARGET_POWER
                )
                row |= given.frame.iloc[0].to_dict() | {"estimate": given.power}
            rows.append(row)
    return Figures(pd.DataFrame(rows)) if rows else None
