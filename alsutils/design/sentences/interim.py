"""Looking early, in words."""

import math

import pandas as pd

from alsutils.design.interim import FUTILE, RULES, InterimLooks, StoppingBias
from alsutils.design.looks import (
    ADJUSTED,
    ALWAYS,
    NUMBERS_OF_LOOKS,
    PROMISING,
    TESTS,
    UNADJUSTED,
    Peeking,
    Reestimation,
)
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study


def peeking(_study: Study, result: Peeking) -> Prose:
    """Say what repeated looks did to trials without an effect."""
    told = [
        f"with {looks} looks in {fmt.percent(result.share(UNADJUSTED, looks), 1)}"
        for looks in NUMBERS_OF_LOOKS[1:]
    ]
    most = NUMBERS_OF_LOOKS[-1]
    return Prose(
        f"Of {result.n_trials:,} simulated trials without an effect, a single look at the end "
        f"finds p < {result.alpha:g} in {fmt.percent(result.share(UNADJUSTED, 1), 1)}. If the "
        f"trial stops at the first such p-value, it does so {fmt.listed(told)}. With a boundary "
        f"made for {most} looks it is {fmt.percent(result.share(ADJUSTED, most), 1)}."
    )


def interim_plan(study: Study, result: InterimLooks | None) -> Prose:
    """Say whether looks were planned, and how patients are put in order."""
    if result is None:
        return Prose(
            f"Too few patients have the primary endpoint at "
            f"{study.visit_phrase(study.primary.visits[-1])}, or their values do not let the arms "
            "be compared, so that a look before the end of this trial cannot be shown."
        )
    shares = fmt.listed([fmt.percent(s) for s in dict.fromkeys(result.frame["share"]) if s < 1])
    if result.planned:
        plan = "study.yml says at which shares of the patients looks were planned"
        same = {*result.planned} >= {s for s in result.frame["share"] if s < 1}
        plan += f": {shares}." if same else f"; they cannot be shown, so here are others: {shares}."
    elif result.planned is None:
        plan = (
            "study.yml names no interim look, so this trial is taken to have planned none. What "
            f"follows is an exercise with looks at {shares} of the patients; a boundary that is "
            "chosen afterwards proves nothing."
        )
    else:
        plan = (
            "This trial planned no interim look. What follows is an exercise with looks at "
            f"{shares} of the patients; a boundary that is chosen afterwards proves nothing."
        )
    return Prose(f"{plan} {_order(result)}")


def interim_looks(_study: Study, result: InterimLooks | None) -> Prose:
    """Say what the trial would have done at its looks."""
    if result is None:
        return Prose("What an early look would have done has to be left open.")
    groups = list(result.outcomes.groupby("treated", sort=False))
    told = [_ends(arm, rows, result, len(groups) > 1) for arm, rows in groups]
    orders = result.outcomes["orders_early"]
    if len(groups) > 1:
        least, most = fmt.percent(orders.min()), fmt.percent(orders.max())
        share = f"{least} of the orders, whatever the arm and the boundary"
        if least != most:
            share = f"{least} to {most} of the orders, by arm and boundary"
    else:
        each = [
            f"{fmt.percent(row['orders_early'])} ({row['rule']})"
            for _, row in result.outcomes.iterrows()
        ]
        share = f"{fmt.listed(each)} of the orders"
    told.append(
        "The order in which patients come is chance: had the same patients come in another order, "
        f"the trial would have stopped early in {share}."
    )
    return Prose(" ".join(told))


def stopping_bias(_study: Study, result: StoppingBias | None) -> Prose:
    """Say how far the estimate of a trial that stopped early goes beyond the truth."""
    if result is None or result.frame["estimate"].isna().all():
        return Prose("What stopping early does to the estimate cannot be shown here.")
    frame = result.frame.dropna(subset="estimate")
    arms = list(dict.fromkeys(frame["treated"]))
    unit = f" {result.unit}" if result.unit else ""
    told = [f"Take {arms[0]}; the picture has the other arms."] if len(arms) > 1 else []
    for truth, rows in frame[frame["treated"] == arms[0]].groupby("truth", sort=False):
        means = fmt.listed(
            [f"{fmt.number(row['estimate'])} ({row['rule']})" for _, row in rows.iterrows()]
        )
        stops = fmt.listed([fmt.percent(s, 1) for s in rows["stopped"]])
        if truth == "none":
            told.append(
                f"Without an effect, {stops} of the trials stop early in favour of treatment, and "
                f"then they show {means} on average."
            )
        else:
            true = fmt.number(rows["true_difference"].iloc[0])
            told.append(
                f"If {true}{unit} were the truth, {stops} would, and show {means} on average."
            )
    told.append(
        "A trial stops when luck and effect add up, so what it shows on that day is too good on "
        "average; the median-unbiased estimate takes the looks into account."
    )
    return Prose(" ".join(told))


def reestimation(_study: Study, result: Reestimation) -> Prose:
    """Say what a growing trial does to the level, and what keeps it."""
    frame = result.frame.set_index(["rule", "effect", "test"])["estimate"]
    alike, combined = TESTS["pooled"], TESTS["combination"]
    power = {rule: frame[rule, 1.0, combined] for rule in (PROMISING, ALWAYS)}
    return Prose(
        f"If every result that falls short brings more patients, counting all alike is positive "
        f"without an effect in {fmt.percent(frame[ALWAYS, 0.0, alike], 1)} of the trials, where "
        f"{fmt.percent(result.alpha, 1)} was promised; the combination test in "
        f"{fmt.percent(frame[ALWAYS, 0.0, combined], 1)}. Its power for the effect planned for "
        f"rises from {fmt.percent(result.planned_power)} to {fmt.percent(power[ALWAYS])}, and to "
        f"{fmt.percent(power[PROMISING])} where only promising results do."
    )


def interim(study: Study, result: InterimLooks | None) -> Prose:
    """Give the section's key point."""
    if result is None:
        return interim_plan(study, result)
    frame = result.outcomes[result.outcomes["rule"] == RULES[0]]
    stopped = frame[frame["early"]]
    if stopped.empty:
        told = f"no {RULES[0]} boundary would have stopped this trial early"
    else:
        several = len(frame) > 1
        told = f"an {RULES[0]} boundary would have stopped this trial at " + fmt.listed(
            [
                f"{fmt.percent(row['share'])} of the patients"
                + (f" ({row['contrast']})" if several else "")
                for _, row in stopped.iterrows()
            ]
        )
    return Prose(
        f"Looking early needs a boundary made beforehand; {told}. A trial that stops early "
        "overstates its effect on average."
    )


def _order(result: InterimLooks) -> str:
    """Say in which order patients are taken."""
    if result.order in ("randomisation", "first treatment"):
        lacking = (
            "" if result.order == "randomisation" else ", for that of randomisation is missing"
        )
        return (
            f"Patients are taken in the order in which they reached {result.visit}, counted from "
            f"the date of {result.order}{lacking}."
        )
    why = (
        f"{fmt.plural(result.undated, 'patient')} {'has' if result.undated == 1 else 'have'} no "
        "date"
        if result.undated
        else "The data hold no dates"
    )
    taken = "of the column that sorts them" if result.order == "order" else "of the file"
    return (
        f"{why}, so patients are taken in the order {taken}. That order is assumed; random orders "
        "show how much hangs on it."
    )


def _ends(arm: str, rows: pd.DataFrame, result: InterimLooks, several: bool) -> str:
    """Say where the boundaries would have ended the comparison of one arm."""
    path = result.frame[result.frame["treated"] == arm]
    name = f"{arm}: " if several else ""
    if rows["early"].any():
        text = fmt.capitalised(
            name + "; ".join(_stop(row, path, result.total) for _, row in rows.iterrows())
        )
    else:
        crossed = rows.loc[rows["favours"] != "", "rule"].tolist()
        at_end = f"crosses that of {fmt.listed(crossed)}" if crossed else "crosses none"
        text = fmt.capitalised(
            f"{name}no boundary would have stopped the trial before its end, and there it {at_end}"
        )
    hopeless = path[path["power_trend"] < FUTILE]
    if hopeless.empty:
        return f"{text}."
    at = fmt.listed([fmt.percent(share) for share in hopeless["share"]])
    return (
        f"{text}. At {at} of the patients the conditional power under the trend was below "
        f"{fmt.percent(FUTILE)}, where many trials are given up."
    )


def _stop(row: pd.Series, path: pd.DataFrame, total: int) -> str:
    """Say where one boundary would have ended the trial."""
    rule = f"with the {row['rule']} boundary the trial would have"
    if not row["early"]:
        return f"{rule} gone on to its end"
    at = f"{fmt.percent(row['share'])} of the patients"
    if not math.isnan(row["n"]):
        at = f"{row['n']:,.0f} of {path['n'].max():,.0f} patients"
    text = f"{rule} stopped in favour of {row['favours']} with {at}"
    if math.isnan(row["randomised"]):
        return text
    spared = total - row["randomised"]
    if spared < 1:
        return f"{text}, when all had been randomised already"
    return f"{text}, before the last {spared:,.0f} of {total:,} had been randomised"
