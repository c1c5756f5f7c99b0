"""Tables of the time to an event."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.analysis import FollowUp
from alsutils.survival.hazards import UNADJUSTED
from alsutils.survival.sentences import NO_EVENT
from alsutils.survival.times import Figures


def follow_up(result: FollowUp | None) -> Table | Prose:
    """Lay out patients, events and follow-up by arm."""
    if result is None:
        return Prose(NO_EVENT)
    frame = result.frame.assign(
        share=[fmt.count_of(r["events"], r["n"]) for r in result.frame.to_dict("records")],
        heading=result.frame["endpoint"] + " (times in " + result.frame["unit"] + "s)",
    )
    return tables.table(
        frame,
        "Patients, events and follow-up",
        {
            "arm": "Arm",
            "n": "Patients",
            "share": "With the event",
            "censored": "Without, when last seen",
            "follow_up": "Median follow-up",
            "longest": "Longest time",
        },
        {"n": _whole, "censored": _whole, "follow_up": _one, "longest": _one},
        group="heading",
        notes=["Median follow-up by the reverse Kaplan-Meier method."],
    )


def summaries(study: Study, result: Figures | None, compared: Figures | None) -> Table | Prose:
    """Lay out medians, shares at the landmarks and restricted means with their differences."""
    if result is None or compared is None:
        return Prose(NO_EVENT)
    rows = []
    for (endpoint, analysis), group in result.frame.groupby(["endpoint", "analysis"], sort=False):
        row = {"endpoint": endpoint, "label": _label(group.iloc[0])}
        share = group["measure"].iloc[0] == "share"
        for i, arm in enumerate(study.arms):
            row[f"arm{i}"] = _cell(group[group["arm"] == arm].iloc[0], share)
        other = compared.frame
        match = other[
            (other["endpoint"] == endpoint) & (other["analysis"] == f"difference in {analysis}")
        ]
        for i, arm in enumerate(study.treated):
            one = match[match["treated"] == arm]
            row[f"difference{i}"] = _cell(one.iloc[0], share) if len(one) else fmt.MISSING
            row[f"p{i}"] = fmt.p_value(one["p_value"].iloc[0]) if len(one) else fmt.MISSING
        rows.append(row)
    several = len(study.treated) > 1
    labels = {"label": "Figure"}
    labels |= {f"arm{i}": arm for i, arm in enumerate(study.arms)}
    for i, arm in enumerate(study.treated):
        labels |= {f"difference{i}": f"Difference, {arm}" if several else "Difference"}
        labels |= {f"p{i}": "p"}
    level = fmt.percent(study.conf_level)
    return tables.table(
        pd.DataFrame(rows),
        "What the curves say at fixed times",
        labels,
        group="endpoint",
        notes=[
            f"In brackets {level} intervals: log-log for shares, Brookmeyer and Crowley for the "
            "median, Zou and Donner for differences of shares. Differences are the arm minus "
            f"{study.control}. – stands where the curve does not reach so far."
        ],
        results=pd.concat([result.frame, compared.frame], ignore_index=True),
    )


def _label(row: pd.Series) -> str:
    """Word a row: what is read off the curve, and when."""
    if row["measure"] == "median":
        return f"Median time, {row['unit']}s"
    if row["measure"] == "share":
        return f"Without the event at {row['unit']} {row['time']:g}"
    if pd.isna(row["time"]):
        return "Restricted mean time"
    return f"Mean time within {row['time']:g} {row['unit']}s"


def _cell(row: pd.Series, share: bool) -> str:
    """Write a figure with its interval, shares as percentages."""
    if pd.isna(row["estimate"]):
        return "not reached" if row["measure"] == "median" else fmt.MISSING
    if share:
        low, high = fmt.number(100 * row["conf_low"], 0), fmt.number(100 * row["conf_high"], 0)
        return f"{fmt.percent(row['estimate'])} ({low} to {high})"
    return fmt.estimate(row["estimate"], row["conf_low"], row["conf_high"], 1)


def hazard_ratios(study: Study, tests: Figures | None, result: Figures | None) -> Table | Prose:
    """Lay out log-rank tests and hazard ratios."""
    if tests is None or result is None:
        return Prose(NO_EVENT)
    frame = pd.concat([tests.frame, result.frame], ignore_index=True)
    for column in ("estimate", "conf_low", "conf_high", "p_value", "proportional_p"):
        if column not in frame:
            frame[column] = float("nan")
    names = {UNADJUSTED: "Cox model", "log-rank test": "Log-rank test"}
    frame["method"] = [names.get(a, "Cox model, adjusted") for a in frame["analysis"]]
    frame["ratio"] = [
        fmt.MISSING
        if pd.isna(r["estimate"])
        else fmt.estimate(r["estimate"], r["conf_low"], r["conf_high"])
        for r in frame.to_dict("records")
    ]
    several = len(study.treated) > 1
    covariates = [
        f"{t.label}: adjusted for {fmt.listed(list(t.covariates))}."
        for t in study.config.time_to_event
        if t.covariates
    ]
    return tables.table(
        frame,
        "Log-rank tests and hazard ratios",
        {
            "method": "Method",
            **({"contrast": "Comparison"} if several else {}),
            "ratio": f"Hazard ratio ({fmt.percent(study.conf_level)} CI)",
            "p_value": "p",
            "proportional_p": "p, ratio changes",
        },
        {"p_value": fmt.p_value, "proportional_p": fmt.p_value},
        group="endpoint",
        notes=[
            f"Ratios are the arm over {study.control}; ties by Efron's method. The standard error "
            "in the results file is that of the natural logarithm of the ratio.",
            *covariates,
            *result.notes,
        ],
        results=frame,
    )


def power(study: Study, result: Figures | None) -> Table | Prose:
    """Lay out what the number of events could show."""
    if result is None:
        return Prose(NO_EVENT)
    frame = result.frame.copy()
    for column in ("power", "detectable_ratio", "events_needed"):
        if column not in frame:
            frame[column] = float("nan")
    several = len(study.treated) > 1
    supposed = frame["ratio"].dropna().iloc[0] if "ratio" in frame and len(frame) else 0.7
    target = frame["target"].dropna().iloc[0] if "target" in frame else 0.8
    return tables.table(
        frame,
        "What the number of events could show",
        {
            "endpoint": "Event",
            **({"treated": "Arm"} if several else {}),
            "events": "Events",
            "power": f"Power for a ratio of {supposed:g}",
            "events_needed": f"Events for {fmt.percent(target)} power",
            "detectable_ratio": f"Ratio found with {fmt.percent(target)} power",
        },
        {
            "events": _whole,
            "power": fmt.percent,
            "events_needed": _whole,
            "detectable_ratio": fmt.number,
        },
        notes=[
            "Schoenfeld's formula for the log-rank test, with the arms' shares of the patients."
        ],
        results=frame,
    )


def _whole(value: float) -> str:
    return fmt.number(value, 0)


def _one(value: float) -> str:
    return fmt.number(value, 1)
