"""Tables of looking early."""

import pandas as pd

from alsutils.design.interim import RULES, InterimLooks
from alsutils.design.looks import BoundaryChoices, Reestimation
from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study


def boundary_costs(_study: Study, result: BoundaryChoices) -> Table:
    """Lay out what each boundary costs and saves in patients."""
    last = result.frame.groupby(["rule", "looks"], sort=False)["upper"]
    wide = result.designs.assign(first=last.first().to_numpy(), final=last.last().to_numpy()).query(
        "looks in (2, 5)"
    )
    shown = wide.assign(looks=wide["looks"].map("{:d} looks".format))
    return tables.table(
        shown,
        "What a boundary costs and saves",
        {
            "rule": "Boundary",
            "first": "First look",
            "final": "Last look",
            "inflation": "At most",
            "expected_null": "On average, no effect",
            "expected_effect": "On average, effect",
        },
        {
            "first": fmt.number,
            "final": fmt.number,
            "inflation": fmt.percent,
            "expected_null": fmt.percent,
            "expected_effect": fmt.percent,
        },
        group="looks",
        spanners={
            "z needed": ["first", "final"],
            "Patients, of the trial with one look": [
                "inflation",
                "expected_null",
                "expected_effect",
            ],
        },
        notes=[
            f"Two-sided level {result.alpha:g}; every trial has the same power, 80%, for the "
            "effect it is made for."
        ],
    )


def interim_looks(study: Study, result: InterimLooks | None) -> Table | Prose:
    """Lay out the primary comparison at each look."""
    if result is None:
        return Prose("")
    frame = result.frame
    dated, several = frame["randomised"].notna().any(), len(study.treated) > 1
    shown = pd.DataFrame(
        {
            "contrast": frame["contrast"],
            "n": list(map(_so_far, frame["n"], frame["share"])),
            "randomised": frame["randomised"].map("{:,.0f}".format),
            "estimate": [
                fmt.estimate(*row)
                for row in frame[["estimate", "conf_low", "conf_high"]].itertuples(index=False)
            ],
            "z": frame["z"].map(fmt.number),
            **{rule: frame[rule].map(fmt.number) for rule in RULES},
            "orders": list(map(fmt.interval, frame["z_low"], frame["z_high"])),
        }
    )
    last = frame["look"] == frame.groupby("treated")["look"].transform("max")
    shown.loc[last, "orders"] = fmt.MISSING  # the end is the same in every order
    labels = {
        "n": "Patients so far",
        **({"randomised": "Randomised by then"} if dated else {}),
        "estimate": "Difference (repeated interval)",
        "z": "z",
        **{rule: rule for rule in RULES},
        "orders": "z in random orders",
    }
    return tables.table(
        shown,
        f"{result.label} at {result.visit}, as it stood at each look",
        labels,
        group="contrast" if several else None,
        spanners={"z needed to stop": list(RULES)},
        notes=[
            "z is above 0 where treatment does better. The repeated interval holds the true "
            f"difference at all looks at once, with {fmt.percent(study.conf_level)} "
            f"({RULES[0]} boundary). Random orders: middle 95% of {result.n_orders:,} orders of "
            "the same patients.",
            _model(result)
            + (f" Each arm is tested at the whole level of {study.alpha:g}." if several else ""),
        ],
        results=frame,
    )


def _so_far(n: float, share: float) -> str:
    """Write how many patients there were at a look, or their share alone where that is not told."""
    return fmt.percent(share) if pd.isna(n) else f"{n:,.0f} ({fmt.percent(share)})"


def conditional_power(study: Study, result: InterimLooks | None) -> Table | Prose:
    """Lay out what was to be expected at each interim look."""
    if result is None:
        return Prose("")
    frame = result.frame.dropna(subset="power_trend")
    kinds = {
        "power_null": "No effect",
        "power_effect": "Design's effect",
        "power_trend": "Trend so far",
        "predictive": "Predictive power",
    }
    least = (
        f"The design's effect is the least difference that matters, {result.important:g}."
        if result.important is not None
        else "The design's effect is that which the whole trial finds with 80% power, for "
        "study.yml gives no least difference that matters."
    )
    shown = frame.assign(look=frame["share"].map(lambda share: fmt.percent(share)))
    return tables.table(
        shown,
        f"Chance that the trial ends in favour of treatment ({RULES[0]} boundary)",
        {"look": "Look at", "z": "z", **kinds},
        {"z": fmt.number, **dict.fromkeys(kinds, _chance)},
        group="contrast" if len(study.treated) > 1 else None,
        spanners={"Conditional power, from there on": list(kinds)[:3]},
        notes=[least],
    )


def interim_outcomes(study: Study, result: InterimLooks | None) -> Table | Prose:
    """Lay out where each boundary would have stopped the trial and what it would have said."""
    if result is None:
        return Prose("")
    frame = result.outcomes
    several = len(study.treated) > 1
    shown = pd.DataFrame(
        {
            "contrast": frame["contrast"],
            "rule": frame["rule"],
            "n": list(map(_so_far, frame["n"], frame["share"])),
            "naive": [
                fmt.estimate(*row)
                for row in frame[["naive", "naive_low", "naive_high"]].itertuples(index=False)
            ],
            "estimate": [
                fmt.estimate(*row)
                for row in frame[["estimate", "conf_low", "conf_high"]].itertuples(index=False)
            ],
            "p_value": frame["p_value"].map(fmt.p_value),
            "orders": frame["orders_early"].map(fmt.percent),
        }
    )
    return tables.table(
        shown,
        "Had the trial followed a boundary",
        {
            "rule": "Boundary",
            "n": "Ends with",
            "naive": "Difference, looks ignored",
            "estimate": "Median-unbiased",
            "p_value": "p",
            "orders": "Random orders that stop early",
        },
        group="contrast" if several else None,
        notes=["Median-unbiased estimate, limits and p-value by stage-wise ordering."],
        results=frame,
    )


def reestimation(_study: Study, result: Reestimation) -> Table:
    """Lay out error and power of trials that may grow."""
    frame = result.frame
    effects = {0.0: "No effect", 1.0: "Planned effect"}
    words = frame["effect"].map(lambda e: effects.get(e, f"{fmt.percent(e)} of planned effect"))
    shown = frame.assign(effect_words=words)
    wide = shown.pivot_table(
        index=["rule", "test"], columns="effect", values="estimate", sort=False
    ).reset_index()
    columns = {effect: f"effect{i}" for i, effect in enumerate(sorted(frame["effect"].unique()))}
    names = dict(zip(frame["effect"], words, strict=True))
    size = frame[frame["effect"] == 0].set_index("rule")["mean_size"]
    wide = wide.rename(columns=columns).assign(size=wide["rule"].map(size.groupby(level=0).first()))
    return tables.table(
        wide,
        "Trials that end in favour of treatment, if their size may grow",
        {
            "test": "Test at the end",
            **{columns[effect]: names[effect] for effect in columns},
            "size": "Mean size, no effect",
        },
        {
            **{column: lambda share: fmt.percent(share, 1) for column in columns.values()},
            "size": fmt.percent,
        },
        group="rule",
        notes=[
            f"One-sided level {result.alpha:g}, a look at half of the patients with an "
            f"O'Brien-Fleming boundary, planned power {fmt.percent(result.planned_power)}; "
            f"{result.n_trials:,} simulated trials a figure. Promising: conditional power of "
            f"{fmt.percent(result.least)} to {fmt.percent(result.planned_power)}."
        ],
        results=frame,
    )


def _chance(chance: float) -> str:
    """Write a chance in whole percent, and never as none or all."""
    if 0 < chance < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= chance < 1 else fmt.percent(chance)


def _model(result: InterimLooks) -> str:
    """Say how the arms are compared at a look."""
    if not result.covariates:
        return "Each look compares the means of the patients so far by a t-test."
    words = fmt.listed(result.covariates)
    return f"Each look compares the means of the patients so far with {words} held equal."
