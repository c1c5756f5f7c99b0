"""What several sections say alike."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study

SAID = ""  # where another cell of the section says why there is nothing
NO_EVENT = "This study names no time to an event, so this section is empty."
NOT_COMPARED = (
    "There is nothing to compare: no treated arm and the control both have patients and events."
)
NO_COVARIATES = (
    "study.yml names no covariates for any event, or no model with them could be fitted."
)
NO_KINDS = (
    "The data tell of no event that another one forestalls, and of no composite whose kinds are "
    "described, so nothing competes here."
)
NO_CURVE = "No curve of this study falls, so there is none to read patients from."
NO_NUMBERS = "No covariate of any event is a number, so there is no shape of its effect to look at."
ONE_DEFINITION = (
    "The data tell of one event that has a hazard ratio, so there is no other definition to set "
    "beside it."
)
NO_RATIO = "No hazard ratio could be estimated, so there is none to look at here."


def nothing(study: Study, why: str) -> Prose:
    """Say why a section is empty."""
    if not study.config.time_to_event:
        return Prose(NO_EVENT)
    few = f" Nothing is told where {study.disclosure.few_patients} of an arm had the event."
    return Prose(why if study.disclosure.is_open else why + few)


def includes(low: float, high: float, value: float) -> str:
    """Say whether an interval includes or excludes a value."""
    return "includes" if low <= value <= high else "excludes"


def time_interval(low: float, high: float) -> str:
    """Write the limits of a time, either of which a curve may not reach."""
    if math.isnan(low) and math.isnan(high):
        return "no interval"
    if math.isnan(high):
        return f"{fmt.number(low, 1)} or later"
    if math.isnan(low):
        return f"{fmt.number(high, 1)} or earlier"
    return fmt.interval(low, high, 1)


def whole(value: float) -> str:
    """Write a count."""
    return fmt.number(value, 0)


def ratio_cell(row: Mapping[str, Any] | pd.Series) -> str:
    """Write a ratio with its interval."""
    if math.isnan(row["estimate"]):
        return fmt.MISSING
    return fmt.estimate(row["estimate"], row["conf_low"], row["conf_high"])


def chance(share: float) -> str:
    """Write a probability, never as certain."""
    if share < 0.005:
        return "<1%"
    return ">99%" if share > 0.995 else fmt.percent(share)
