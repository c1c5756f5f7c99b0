"""What the arms before treatment come to, in words."""

import numpy as np
import pandas as pd

from alsutils.design.analysis import (
    BASELINE_ROWS,
    IMBALANCE,
    Baseline,
    LeadIn,
)
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study


def baseline(study: Study, result: Baseline | None) -> Prose:
    """Say how many characteristics differ beyond what is called negligible, and the largest."""
    if result is None:
        return Prose("Nothing can be said about the balance of the arms.")
    parts = []
    for arm in study.treated:
        rows = result.balance[result.balance["treated"] == arm].dropna(subset="estimate")
        if rows.empty:
            parts.append(f"Nothing can be set against {study.control} for {arm}.")
            continue
        size = rows["estimate"].abs()
        largest = rows.loc[size.idxmax()]
        beyond = int((size > IMBALANCE).sum())
        verb = "differs" if beyond == 1 else "differ"
        parts.append(
            f"{beyond} of {fmt.plural(len(rows), 'characteristic')} {verb} by more than "
            f"{IMBALANCE:g} standard deviations between {arm} and {study.control}, the most in "
            f"{largest['endpoint']} ({_sized(largest)})."
        )
    often = list(dict.fromkeys(map(fmt.percent, result.balance["chance_beyond"])))
    parts.append(
        f"In arms of this size chance alone brings a difference beyond {IMBALANCE:g} in "
        f"{fmt.listed(often, 'or')} of characteristics."
    )
    return Prose(" ".join(parts))


def lead_in(study: Study, result: LeadIn | None) -> Prose:
    """Say which arm had the better course before treatment."""
    if result is None:
        return Prose("Which arm was on the better course at the start has to be left open.")
    means = result.frame[result.frame["analysis"] != BASELINE_ROWS]
    told = []
    for _, row in means.iterrows():
        if np.isnan(row["estimate"]):
            told.append(f"The slopes of {row['treated']} and {study.control} cannot be compared.")
            continue
        told.append(
            f"Before treatment the mean slope of {result.label} was "
            f"{fmt.number(row['mean_treated'])} in {row['treated']} and "
            f"{fmt.number(row['mean_control'])} in {study.control} ({result.unit}), "
            f"{_course(row, result.better)}: the difference is {fmt.number(row['estimate'])}, and "
            f"its interval, {fmt.interval(row['conf_low'], row['conf_high'])}, {_about_zero(row)}."
        )
    told.append(
        "A difference that was there before treatment is not an effect of treatment; an endpoint "
        "that subtracts the slope before treatment, or a model that adjusts for it, takes it up "
        "in different ways."
    )
    return Prose(" ".join(told))


def _sized(row: pd.Series) -> str:
    size = fmt.number(row["estimate"])
    if pd.isna(row["conf_low"]):
        return size
    return f"{size}, interval {fmt.interval(row['conf_low'], row['conf_high'])}"


def _course(row: pd.Series, better: str) -> str:
    """Say whose course was better; a slope is better in the direction of the endpoint."""
    if row["estimate"] == 0:
        return "the same course"
    ahead = (row["estimate"] > 0) == (better == "higher")
    return f"a {'better' if ahead else 'worse'} course in {row['treated']}"


def _about_zero(row: pd.Series) -> str:
    if np.isnan(row["conf_low"]):
        return "cannot be given"
    inside = row["conf_low"] <= 0 <= row["conf_high"]
    return f"{'includes' if inside else 'excludes'} no difference"
