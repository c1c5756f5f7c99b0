"""Tables of what the curves say."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.analysis import MEAN, MEAN_RATIO, QUARTILES, FollowUp
from alsutils.survival.times import Figures
from alsutils.survival.words import NO_EVENT, SAID, ratio_cell, time_interval

ROUNDED = "Times by which a share have had it are rounded up, for each is one patient's own."
_BY = {
    "lower quartile": "A quarter have had it by",
    "median": "Half have had it by (median)",
    "upper quartile": "Three quarters have had it by",
}


def follow_up(result: FollowUp | None) -> Table | Prose:
    """Lay out patients, events and follow-up by arm."""
    if result is None:
        return Prose(SAID)
    rows = result.frame.to_dict("records")
    frame = result.frame.assign(
        watched=[
            fmt.MISSING
            if pd.isna(r["follow_up"])
            else f"{fmt.number(r['follow_up'], 1)} "
            f"({time_interval(r['follow_up_low'], r['follow_up_high'])})"
            for r in rows
        ],
        heading=result.frame["endpoint"] + " (times in " + result.frame["unit"] + "s)",
    )
    return tables.table(
        frame,
        "Patients, events and follow-up",
        {
            "arm": "Arm",
            "n_told": "Patients",
            "events_told": "With the event",
            "censored_told": "Without, when last seen",
            "watched": "Median follow-up",
            "longest": "Longest time",
        },
        {"longest": _one},
        group="heading",
        notes=[
            "Median follow-up by the reverse Kaplan-Meier method, with its interval.",
            *result.notes,
        ],
    )


def summaries(study: Study, result: Figures | None, compared: Figures | None) -> Table | Prose:
    """Lay out quartiles, shares at the landmarks and restricted means with their differences."""
    if result is None or compared is None:
        return Prose(SAID)
    gaps = compared.frame[compared.frame["measure"] != MEAN_RATIO]
    rows = []
    for (endpoint, analysis), group in result.frame.groupby(["endpoint", "analysis"], sort=False):
        row = {"endpoint": endpoint, "label": _label(group.iloc[0])}
        share = group["measure"].iloc[0] == "share"
        for i, arm in enumerate(study.arms):
            row[f"arm{i}"] = _cell(group[group["arm"] == arm].iloc[0], share)
        match = gaps[
            (gaps["endpoint"] == endpoint) & (gaps["analysis"] == f"difference in {analysis}")
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
            f"In brackets {level} intervals: log-log for shares, Brookmeyer and Crowley for times, "
            "Zou and Donner for differences of shares. Differences are the arm minus "
            f"{study.control}. – stands where the curve does not reach so far.",
            *([] if study.disclosure.is_open else [ROUNDED]),
            *result.notes,
        ],
        results=pd.concat([result.frame, gaps], ignore_index=True),
    )


def means(study: Study, compared: Figures | None) -> Table | Prose:
    """Lay out the differences and the ratios of restricted means."""
    if compared is None:
        return Prose(NO_EVENT)
    pairs = compared.frame.set_index(["endpoint", "treated", "measure"], drop=False)
    rows = []
    for endpoint, arm in dict.fromkeys((e, a) for e, a, _ in pairs.index):
        gap = pairs.loc[(endpoint, arm, MEAN)]
        ratio = pairs.loc[(endpoint, arm, MEAN_RATIO)]
        rows.append(
            {
                "heading": f"{endpoint}, mean time within {gap['time']:.3g} {gap['unit']}s",
                "treated": arm,
                "difference": _cell(gap, False),
                "p": fmt.p_value(gap["p_value"]),
                "ratio": ratio_cell(ratio),
                "ratio_p": fmt.p_value(ratio["p_value"]),
            }
        )
    return tables.table(
        pd.DataFrame(rows),
        "Mean time without the event, compared",
        {
            "treated": "Arm",
            "difference": "Difference",
            "p": "p",
            "ratio": "Ratio",
            "ratio_p": "p of the ratio",
        },
        group="heading",
        notes=[
            f"In brackets {fmt.percent(study.conf_level)} intervals. Differences are the arm minus "
            f"{study.control}, ratios the arm over {study.control}; the interval of the ratio is "
            "made on the scale of its logarithm.",
            *compared.notes,
        ],
        results=compared.frame[compared.frame["measure"] == MEAN_RATIO],
    )


def _label(row: pd.Series) -> str:
    """Word a row: what is read off the curve, and when."""
    if row["measure"] in QUARTILES:
        return f"{_BY[row['measure']]}, {row['unit']}s"
    if row["measure"] == "share":
        return f"Without the event at {row['unit']} {row['time']:g}"
    if pd.isna(row["time"]):
        return "Restricted mean time"
    return f"Mean time within {row['time']:.3g} {row['unit']}s"


def _cell(row: pd.Series, share: bool) -> str:
    """Write a figure with its interval, shares as percentages."""
    if pd.isna(row["estimate"]):
        return fmt.MISSING
    if share:
        low, high = fmt.number(100 * row["conf_low"], 0), fmt.number(100 * row["conf_high"], 0)
        return f"{fmt.percent(row['estimate'])} ({low} to {high})"
    if row["measure"] in QUARTILES:
        limits = time_interval(row["conf_low"], row["conf_high"])
        return f"{fmt.number(row['estimate'], 1)} ({limits})"
    return fmt.estimate(row["estimate"], row["conf_low"], row["conf_high"], 1)


def _one(value: float) -> str:
    return fmt.number(value, 1)
