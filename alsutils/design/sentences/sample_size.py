"""How many patients a trial needs, in words."""

import pandas as pd

from alsutils.design.sample_size import (
    ANCOVA,
    FISHER,
    RATIOS,
    EventSizes,
    SampleSizes,
)
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study


def sample_sizes(study: Study, result: SampleSizes | None) -> Prose:
    """Say how many patients the analyses would need, and how sure that is."""
    if result is None:
        return Prose("How many patients a trial would need cannot be told from these data.")
    power = result.frame["power"].min()
    rows = result.frame[result.frame["power"] == power].set_index("analysis")
    plain = rows.loc[result.compared]
    where = f"in {result.label} at {result.visit.lower()}"
    parts = [
        f"{_effect(result)} To find it {where} with {fmt.percent(power)} power, a t-test of the "
        f"{result.compared.split(',')[0]} needs {_patients(plain['estimate'])} randomised to each "
        f"arm, {_total(plain, study)}. This trial randomised {_randomised(result)}."
    ]
    if ANCOVA in rows.index:
        parts.append(_held(result, plain["estimate"], rows.loc[ANCOVA, "estimate"]))
    fewest = rows["estimate"].idxmin()
    if rows.loc[fewest, "estimate"] < plain["estimate"]:
        parts.append(
            f"The fewest, {rows.loc[fewest, 'estimate']:,.0f}, are needed by the analysis "
            f"“{fewest}”."
        )
    if FISHER in rows.index:
        parts.append(
            f"Counting responders instead would take {_patients(rows.loc[FISHER, 'estimate'])}."
        )
    spread = result.spread
    parts.append(
        f"The standard deviation behind all this, {fmt.number(spread.sd)}, comes from "
        f"{fmt.plural(spread.n, 'patient')}; its interval, "
        f"{fmt.interval(spread.sd_low, spread.sd_high)}, means anything from "
        f"{plain['n_low']:,.0f} to {plain['n_high']:,.0f} in an arm."
    )
    parts += [note if note.endswith(".") else f"{note}." for note in result.notes]
    return Prose(" ".join(parts))


def event_sizes(_study: Study, result: EventSizes | None) -> Prose:
    """Say how fast the patients needed grow as the hazard ratio comes near 1."""
    if result is None:
        return Prose("study.yml lists no event that happened, so events cannot be planned.")
    power = result.frame["power"].min()
    rows = result.frame[result.frame["power"] == power]
    told = []
    for name, group in rows.groupby("endpoint", sort=False):
        by_ratio = group.set_index("ratio")
        strong, weak = by_ratio.loc[RATIOS[0]], by_ratio.loc[RATIOS[-1]]
        told.append(
            f"For {fmt.lowered(str(name))}, a hazard ratio of {RATIOS[0]:g} takes "
            f"{strong['events']:,.0f} events and {_patients(strong['estimate'])} in an arm, a "
            f"ratio of {RATIOS[-1]:g} takes {weak['events']:,.0f} and {weak['estimate']:,.0f}."
        )
    return Prose(
        f"With {fmt.percent(power)} power: {' '.join(told)} What counts is the number of events, "
        "so longer follow-up can stand in for patients as long as there are events to come."
    )


def sample_size_point(_study: Study, result: SampleSizes | None) -> Prose:
    """Give the number of patients in one sentence, for the list of results."""
    if result is None:
        return Prose("How many patients a trial would need cannot be told from these data.")
    power = result.frame["power"].min()
    rows = result.frame[(result.frame["power"] == power)].set_index("analysis")
    return Prose(
        f"A t-test needs {_patients(rows.loc[result.compared, 'estimate'])} randomised to each arm "
        f"to find a true difference of {_amount(result)} with {fmt.percent(power)} power; this "
        f"trial randomised {_randomised(result)}."
    )


def _effect(result: SampleSizes) -> str:
    if not result.stands_in:
        return f"The least difference that matters is {_amount(result)}."
    return (
        "study.yml names no least difference that matters, so half a standard deviation stands in: "
        f"{_amount(result)}."
    )


def _amount(result: SampleSizes) -> str:
    return f"{fmt.number(result.effect)}{f' {result.unit}' if result.unit else ''}"


def _patients(n: float) -> str:
    return fmt.plural(n, "patient")


def _total(row: pd.Series, study: Study) -> str:
    arms = "both arms" if len(study.arms) == 2 else f"all {len(study.arms)} arms"
    return f"{row['total']:,.0f} in {arms}"


def _randomised(result: SampleSizes) -> str:
    counts = [f"{row['n']:,} to {row['arm']}" for _, row in result.randomised.iterrows()]
    return fmt.listed(counts)


def _held(result: SampleSizes, plain: float, held: float) -> str:
    """Say what holding the baseline equal gains."""
    size = fmt.number(abs(result.spread.correlation))
    start = f"Holding the baseline equal changes that to {held:,.0f}"
    if held < plain:
        return f"{start}, because what is compared correlates with it ({size})."
    if held == plain:
        start = "Holding the baseline equal does not change that"
    return (
        f"{start}: what is compared hardly correlates with it ({size}), so there is little to gain."
    )
