"""Tables of how many patients a trial needs."""

import pandas as pd

from alsutils.design.sample_size import EventSizes, SampleSizes
from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study


def sample_sizes(study: Study, result: SampleSizes | None) -> Table | Prose:
    """Lay out the patients that each analysis would need."""
    if result is None:
        return Prose(
            "No trial can be planned from these data: there are too few values of the primary "
            "endpoint, or they do not differ."
        )
    powers = sorted(result.frame["power"].unique())
    wide = _wide(result.frame, ["analysis", "effect_words", "sd"], {"estimate": powers})
    wide["analysis"] = wide["analysis"].map(fmt.capitalised)
    total = result.frame.loc[result.frame["power"] == powers[0], "total"]
    wide["total"] = total.to_numpy(float)
    sizes = {f"estimate {power:g}": f"{fmt.percent(power)} power" for power in powers}
    labels = {
        "analysis": "Analysis",
        **sizes,
        "total": f"All arms, {fmt.percent(powers[0])}",
        "effect_words": "True effect",
        "sd": "SD of a patient",
    }
    lost = fmt.percent(result.spread.dropout)
    return tables.table(
        wide,
        f"Patients that each analysis of {result.label} would need",
        labels,
        {"sd": fmt.number, "total": _whole} | dict.fromkeys(sizes, _whole),
        spanners={"Randomised to each arm": list(sizes)},
        notes=[
            f"Two-sided level {result.alpha:g}, {fmt.plural(len(study.arms), 'arm')} of one size. "
            f"Drop-out as in this trial, {lost} by {result.visit.lower()}.",
            "SD of a patient: how far what one patient adds to the estimate scatters; for models "
            "of several visits the drop-out is in it.",
        ],
        results=result.frame,
    )


def event_sizes(_study: Study, result: EventSizes | None) -> Table | Prose:
    """Lay out the events and patients that a log-rank test would need."""
    if result is None:
        return Prose("Without events there is no log-rank test to plan.")
    powers = sorted(result.frame["power"].unique())
    wide = _wide(result.frame, ["endpoint", "ratio"], {"events": powers, "estimate": powers})
    columns = {
        f"{name} {power:g}": f"{fmt.percent(power)} power"
        for name in ("events", "estimate")
        for power in powers
    }
    names = list(columns)
    followed = result.frame.drop_duplicates("endpoint")
    assumed = [
        f"{row['endpoint']}: {fmt.percent(row['share'])} within "
        f"{fmt.plural(round(row['follow_up']), row['unit'])}"
        for _, row in followed.iterrows()
    ]
    return tables.table(
        wide,
        "Events and patients that a log-rank test would need",
        {"ratio": "Hazard ratio", **columns},
        {"ratio": lambda v: f"{v:g}"} | dict.fromkeys(columns, _whole),
        group="endpoint",
        spanners={
            "Events in two arms": names[: len(powers)],
            "Randomised to each arm": names[len(powers) :],
        },
        notes=[
            "Schoenfeld's formula, two-sided, arms of one size, every patient followed for the "
            f"median follow-up. Control arms as all arms here together. {'; '.join(assumed)}."
        ],
        results=result.frame,
    )


def _wide(frame: pd.DataFrame, keys: list[str], values: dict[str, list[float]]) -> pd.DataFrame:
    """Put the powers beside each other, in the order of the rows."""
    rows = frame.drop_duplicates(keys[:2])[keys].reset_index(drop=True)
    for name, powers in values.items():
        for power in powers:
            rows[f"{name} {power:g}"] = frame.loc[frame["power"] == power, name].to_numpy(float)
    return rows


def _whole(value: float) -> str:
    return f"{value:,.0f}"
