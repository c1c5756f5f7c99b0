"""What the tests of whole curves say."""

import math

import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.comparisons import COMBO, LOG_RANK, SHUFFLED, CurveTests, Gains
from alsutils.survival.times import Figures
from alsutils.survival.words import NO_EVENT, SAID


def log_rank(result: Figures | None) -> Prose:
    """State the log-rank tests."""
    if result is None:
        return Prose(NO_EVENT)
    lines = []
    for endpoint, rows in result.frame.groupby("endpoint", sort=False):
        parts = []
        for r in rows.to_dict("records"):
            p = r.get("p_value", math.nan)
            words = f"{r['contrast']}: no test, for want of events or patients"
            if not math.isnan(p):
                chi = f"chi-square {fmt.number(r['statistic'], 2)} on {r['df']:.0f} df"
                words = f"{r['contrast']}: {chi}, {fmt.p_phrase(p)}"
            parts.append(words)
        lines.append(f"- **{endpoint}**: {'; '.join(parts)}.")
    return Prose("\n".join(lines))


def curve_tests(study: Study, result: CurveTests | None) -> Prose:
    """Say how much the choice of the test decides."""
    if result is None:
        return Prose(SAID)
    if result.frame.empty:
        return Prose(SAID)
    lines = []
    for (endpoint, contrast), rows in result.frame.groupby(["endpoint", "contrast"], sort=False):
        apart = result.correlation
        apart = apart[(apart["endpoint"] == endpoint) & (apart["contrast"] == contrast)].iloc[0]
        lines.append(f"- **{endpoint}**, {contrast}: {_choice(study, rows, apart)}")
    return Prose("\n".join(lines))


def _choice(study: Study, rows: pd.DataFrame, apart: pd.Series) -> str:
    """Word what the tests of one contrast find."""
    p = rows.set_index("analysis")["p_value"]
    weighted = rows.loc[rows["family"].isin(["all patients", "weighted"]), "p_value"]
    found = (weighted < study.alpha).mean()
    agree = "none of these tests finds" if found == 0 else "all these tests find"
    agree = agree if found in (0, 1) else "some of these tests but not all find"
    low, high = fmt.p_value(weighted.min()), fmt.p_value(weighted.max())
    span = f"lies between {low} and {high}" if low != high else f"is {low} with each"
    words = (
        f"with different weights p {span}; {agree} a difference at the level {study.alpha:g}. The "
        f"max-combo test, which pays for choosing the best, gives {fmt.p_phrase(p[COMBO])}"
    )
    if math.isfinite(apart["lowest"]):
        words += (
            f"; its statistics are correlated with {fmt.number(apart['lowest'])} to "
            f"{fmt.number(apart['highest'])}"
        )
    name = SHUFFLED["log-rank"]
    if name not in p:
        return f"{words}."
    return (
        f"{words}. Shuffling the arms gives {fmt.p_phrase(p[name])} for the log-rank test, whose "
        f"chi-square distribution gives {fmt.p_value(p[LOG_RANK])}."
    )


def gains(result: Gains | None) -> Prose:
    """Say whether the time gained changes sign with the horizon."""
    if result is None:
        return Prose(SAID)
    lines = []
    for (endpoint, contrast), rows in result.frame.groupby(["endpoint", "contrast"], sort=False):
        unit = f"{rows['unit'].iloc[0]}s"
        sure = rows[(rows["conf_low"] > 0) | (rows["conf_high"] < 0)]
        turns = (
            "changes"
            if (rows["estimate"] > 0).any() and (rows["estimate"] < 0).any()
            else ("does not change")
        )
        where = (
            "at no horizon does its interval exclude no difference"
            if sure.empty
            else f"its interval excludes no difference at some horizons between "
            f"{sure['time'].min():.3g} and {sure['time'].max():.3g} {unit}"
        )
        lines.append(
            f"- **{endpoint}**, {contrast}: the sign of the difference {turns} with the horizon, "
            f"and {where}."
        )
    return Prose("\n".join(lines))
