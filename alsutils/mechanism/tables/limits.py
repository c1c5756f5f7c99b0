"""Tables of values below a limit."""

import numpy as np
import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.mechanism.analysis import IMPUTED, MAIN, NAIVE, RANKS, Changes
from alsutils.mechanism.limits import Distributions, Substitution
from alsutils.mechanism.tables.cells import arm_column, finite, level, worded
from alsutils.study import Study

_RULES = {
    "tobit": "Censored regression",
    "half": "Half the limit",
    "root": "Limit / √2",
    "limit": "The limit itself",
}
_SHARES = (0.2, 0.5, 0.8)


def distributions(study: Study, result: Distributions | None) -> Table | Prose:
    """Lay out medians by the flipped Kaplan-Meier estimate, beside those with half the limit."""
    if result is None:
        return Prose("")
    if result.frame.empty:
        return Prose(f"There is no sample at {result.visit.lower()}.")
    low = result.frame.loc[result.frame["touched"], "endpoint"]
    frame = result.frame[result.frame["endpoint"].isin(low)]
    if frame.empty:
        return Prose(f"No value lies below a limit at {result.visit.lower()}.")
    rows = frame.assign(
        cell=[_median(r) for r in frame.to_dict("records")],
        below=frame["below_told"],
        halved=[_figure(v) for v in frame["halved"]],
        mean=[
            f"{'<' if bound else ''}{_figure(v)}"
            for v, bound in zip(frame["mean"], frame["mean_is_bound"], strict=True)
        ],
        halved_mean=[_figure(v) for v in frame["halved_mean"]],
        analyte=frame["endpoint"] + [f", {u}" if u else "" for u in frame["unit"]],
    )
    return tables.table(
        rows,
        f"Distribution at {result.visit.lower()} of analytes with values below a limit",
        {
            "arm": "Arm",
            "below": "Below the limit",
            "cell": f"Median ({level(study)})",
            "mean": "Mean",
            "halved": "Median",
            "halved_mean": "Mean",
        },
        group="analyte",
        spanners={"Kaplan-Meier": ["cell", "mean"], "Half the limit": ["halved", "halved_mean"]},
        notes=[
            "“<” stands before the lowest limit where a median or one end of its interval lies "
            "below it, and before the most that a mean can be.",
            *result.notes,
        ],
        results=finite(result.frame),
    )


def _median(row: dict[str, float]) -> str:
    """Write a median and its interval, as far as they lie above the limits."""
    floor = f"<{_figure(row['lowest'])}"
    middle, low, high = (
        _figure(row[name]) if np.isfinite(row[name]) else floor
        for name in ("estimate", "conf_low", "conf_high")
    )
    return middle if middle == high == floor else f"{middle} ({low} to {high})"


def _figure(value: float) -> str:
    """Write a concentration with three digits."""
    if not np.isfinite(value):
        return fmt.MISSING
    digits = max(0, 2 - int(np.floor(np.log10(abs(value))))) if value else 0
    return fmt.number(value, min(digits, 4))


def methods(study: Study, result: Changes | None) -> Table | Prose:
    """Lay the four methods side by side."""
    if result is None:
        return Prose("")
    frame = worded(result.frame)
    key = ["endpoint", "visit", "treated"]
    wide = frame.pivot_table(
        index=key, columns="analysis", values="ratio", aggfunc="first", sort=False
    ).reset_index()
    low = frame.drop_duplicates(key)[[*key, "n_below", "touched"]]
    wide = low[low["touched"]].merge(wide, on=key)
    if wide.empty:
        return Prose("")
    # One column for both, so that the four intervals have room beside each other.
    wide["visit"] = [
        f"{r['visit']}, {'some' if pd.isna(r['n_below']) else int(r['n_below'])} low"
        for r in wide.to_dict("records")
    ]
    names = {MAIN: "main", IMPUTED: "imputed", NAIVE: "naive", RANKS: "ranks"}
    return tables.table(
        wide.rename(columns=names),
        "The same comparisons by four methods",
        {
            "visit": "Visit, values below",
            **arm_column(study),
            "main": "Censored regression",
            "imputed": "Multiple imputation",
            "ranks": "Ranks",
            "naive": "Half the limit",
        },
        group="endpoint",
        notes=[
            f"Ratios to {study.control} with {fmt.percent(study.conf_level)} intervals. By ranks: "
            "of medians, not adjusted for baseline; ∞ or 0 where values below the limit leave that "
            "side open, – where they leave the median open. Comparisons without a value below a "
            "limit are left out, for there the three others are the same."
        ],
        results=finite(result.frame[result.frame["analysis"].isin([IMPUTED, NAIVE])]),
    )


def substitution(_study: Study, result: Substitution | None) -> Table | Prose:
    """Lay out bias and coverage of each rule at three shares below the limit."""
    if result is None:
        return Prose("")
    near = [s for s in _SHARES if np.isclose(result.frame["share_below"], s).any()]
    rows = []
    for rule, words in _RULES.items():
        own = result.frame[result.frame["rule"] == rule]
        row = {"rule": words}
        for i, share in enumerate(near):
            here = own[np.isclose(own["share_below"], share)].iloc[0]
            row[f"bias{i}"] = fmt.percent(here["bias"])
            row[f"cover{i}"] = fmt.percent(here["coverage"])
        rows.append(row)
    labels = {"rule": "Written"}
    for i in range(len(near)):
        labels |= {f"bias{i}": "Bias", f"cover{i}": "Coverage"}
    return tables.table(
        pd.DataFrame(rows),
        "What writing a number does to a ratio of geometric means",
        labels,
        spanners={
            f"{fmt.percent(share)} below": [f"bias{i}", f"cover{i}"] for i, share in enumerate(near)
        },
        notes=[
            f"{result.n_trials:,} simulated trials of {result.n_per_arm} patients an arm, a true "
            f"ratio of {result.ratio:g} and a standard deviation of {result.log_sd:g} on the scale "
            "of the natural logarithm. Coverage: intervals that hold the truth."
        ],
    )
