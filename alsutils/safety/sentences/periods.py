"""What the events around treatment come to, in words."""

from collections.abc import Hashable
from typing import Any

import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.safety.periods import Ascertainment, Periods
from alsutils.study import Study


def periods(study: Study, result: Periods | None) -> Prose:
    """Say in which period events were most frequent in each arm."""
    if result is None:
        return Prose("")
    known = result.frame[result.frame["rate"].notna() & (result.frame["events"] > 0)]
    if known.empty and result.frame["events"].isna().any():
        few = study.disclosure.few_patients
        return Prose(
            f"In each period events are those of {few} of an arm, so none is shown. "
            f"{result.meaning}"
        )
    if known.empty:
        return Prose(f"There was no event in any period. {result.meaning}")
    top = known.loc[known.groupby("arm", sort=False)["rate"].idxmax()].set_index("arm")["period"]
    if len(set(top)) == 1 and len(top) == len(study.arms):
        told = f"in every arm in the period “{top.iloc[0].lower()}”"
    else:
        told = fmt.listed([f"in {arm} in the period “{when.lower()}”" for arm, when in top.items()])
    return Prose(f"Events were most frequent {told}. {result.meaning}")


def ascertainment(study: Study, result: Ascertainment | None) -> Prose:
    """Say how far events cluster around treatment, and what of the arms' difference lies there."""
    if result is None:
        return Prose("")
    window = fmt.plural(result.periods.window or 0, "day")
    parts = []
    untold = [row["arm"] for row in result.windows.to_dict("records") if pd.isna(row["events"])]
    if untold:
        parts.append(
            f"For {fmt.listed(untold)} the days around a treatment are not set apart, for the "
            f"events of {study.disclosure.few_patients} would be told."
        )
    for row in result.windows.dropna(subset="events").to_dict("records"):
        total = row["events"] + row["events_other"]
        on = " on the same days" if row["arm"] == study.control else ""
        time = row["days"] / (row["days"] + row["days_other"])
        ratio = ""
        if pd.notna(row["estimate"]):
            limits = fmt.interval(row["conf_low"], row["conf_high"], 1)
            ratio = (
                f": {fmt.number(row['estimate'], 1)} times as often as on its other days (interval "
                f"{limits})"
            )
        parts.append(
            f"In {row['arm']}, {row['events']:,.0f} of {fmt.plural(total, 'event')} began within "
            f"{window} of a treatment{on}, in {fmt.percent(time)} of the time watched{ratio}."
        )
    for row in result.frame.dropna(subset=["excess", "excess_around"]).to_dict("records"):
        parts.append(_excess(study, row))
    sham = study.config.design.sham if study.config.design else None
    if sham is False:
        parts.append(
            f"{study.control} had no such procedure, so this part of the difference cannot be told "
            "from the procedure itself."
        )
    return Prose(" ".join(parts))


def _excess(study: Study, row: dict[Hashable, Any]) -> str:
    """Say how much of one arm's excess of events lies around the treatment."""
    whole, around = row["excess"], row["excess_around"]
    more = "more" if whole > 0 else "fewer"
    start = (
        f"{row['arm']} had {fmt.number(abs(whole))} events per patient {more} than {study.control}"
    )
    if pd.notna(row["share"]):
        share = fmt.percent(row["share"])
        return f"{start}, and {fmt.number(around)} of these ({share}) began around a treatment."
    all_of_it = ", so all of it arose there" if 0 < whole < around else ""
    return f"{start}; around a treatment alone the difference is {fmt.number(around)}{all_of_it}."
