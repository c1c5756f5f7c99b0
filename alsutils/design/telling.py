"""What of the patients' way through a trial may be told where single patients must not be."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alsutils.stats.disclosure import is_small
from alsutils.stats.telling import quantile_is_told, significant
from alsutils.study import ARM, Study
from alsutils.study.nested import (
    COMPLETED,
    RECEIVED,
    nested_groups,
    population_group,
    seen_group,
)
from alsutils.study.telling import hides_sizes

# Counts of which each may hold the next, and the count of those who are not in one.
_CHAIN = {
    "received": "not_received",
    "completed": "left",
    "population": None,
    "primary": "excluded",
}
_REASONS = {
    "not_received_reason": "not_received",
    "stopped_reason": "stopped",
    "reason": "left",
    "excluded_reason": "excluded",
}


def common_words(study: Study, words: pd.Series, arms: pd.Series, kept: str = "") -> pd.Series:
    """Put words together that fewer patients of every arm have than may be told.

    Parameters
    ----------
    study : Study
        Says how few that is.
    words : Series of str
        One a patient, such as a reason or a category; missing ones stay so.
    arms : Series
        Their arms, on the same index.
    kept : str
        Pattern of words that name nobody and stay.

    Returns
    -------
    Series of str
        The same where single patients may be told.
    """
    rule = study.disclosure
    if rule.is_open or words.empty:
        return words
    texts = words.astype(object)
    most = pd.crosstab(texts, arms).max(axis=1)
    rare = list(most.index[most < rule.minimum])
    if kept:
        rare = [w for w in rare if not pd.Series([w]).str.fullmatch(kept, case=False).iloc[0]]
    return texts.where(~texts.isin(rare), f"Other, each in {rule.few_patients} of every arm")


def told_flow(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """Hide the counts of a flow of patients that tell of few, also by subtraction.

    Parameters
    ----------
    study : Study
        Says how few that is.
    frame : DataFrame
        As of `PatientFlow`, with all numbers.

    Returns
    -------
    DataFrame
        ``n`` is missing where it must not be told, and ``instead`` says what stands in its place.
    """
    rule = study.disclosure
    hidden = pd.Series(False, index=frame.index)
    if not rule.is_open:
        for _, rows in frame.groupby("arm", sort=False):
            hidden[rows.index] = _hidden_steps(study, rows)
    return rule.masked(frame, hidden, "n", of="of")


def _hidden_steps(study: Study, rows: pd.DataFrame) -> pd.Series:
    """Find the counts of one arm that must not be told."""
    rule = study.disclosure
    hidden = pd.Series(rule.hides(rows["n"], rows["of"]), index=rows.index)
    shown, groups, arm = [int(rows["of"].iloc[0])], nested_groups(study), rows["arm"].iloc[0]
    named = _group_names(study)
    for kind, rest in _CHAIN.items():
        for i, name in zip(rows.index[rows["kind"] == kind], named[kind], strict=False):
            n = int(rows.at[i, "n"])
            hidden[i] |= bool(is_small(np.abs(np.array(shown) - n), rule.minimum).any())
            # Other chapters tell sizes of these groups, too.
            hidden[i] |= not groups.tells(name, arm)
            if not hidden[i]:
                shown.append(n)
            # Both add up to those randomised.
            others = rows.index[(rows["kind"] == rest) & _same_visit(rows, i)]
            hidden[others] = hidden[i]
    for i in rows.index[rows["kind"] == "carried_forward"]:
        [whole] = rows.index[(rows["kind"] == "primary") & _same_visit(rows, i)]
        hidden[i] |= hidden[whole] or bool(rule.hides(rows.at[i, "n"], rows.at[whole, "n"]))
    for kind, of in _REASONS.items():
        reasons = rows[rows["kind"] == kind]
        for _, cells in reasons.groupby(reasons["visit"].fillna(""), sort=False):
            whole = rows.index[(rows["kind"] == of) & _same_visit(rows, cells.index[0])]
            if hidden[whole].any():
                hidden[cells.index] = cells["n"] > 0
            else:
                hidden[cells.index] = rule.closes(cells["n"])
    return hidden


def _group_names(study: Study) -> dict[str, list[str]]:
    """Name the groups that the steps of each kind count, in the order of the steps."""
    primary = study.primary
    return {
        "received": [RECEIVED],
        "completed": [COMPLETED],
        "population": [population_group(name) for name in study.config.populations],
        "primary": [seen_group(primary.parameter, visit) for visit in primary.visits],
    }


def _same_visit(rows: pd.DataFrame, i: int) -> pd.Series:
    return rows["visit"].fillna("") == (rows.at[i, "visit"] or "")


def told_descriptions(study: Study, descriptions: pd.DataFrame) -> pd.DataFrame:
    """Hide what tells of few patients in a description of the arms before treatment.

    Parameters
    ----------
    study : Study
        Says how few that is.
    descriptions : DataFrame
        As of `Baseline`, with all numbers.

    Returns
    -------
    DataFrame
        Counts of categories are closed within each arm, with those of missing values; where how
        many are missing is not told, shares are of all patients of an arm. The arms together are
        told where each of them is. Figures of few patients are missing.
    """
    rule, frame = study.disclosure, descriptions
    hidden = pd.Series(False, index=frame.index)
    if rule.is_open:
        return rule.masked(frame, hidden, "n")
    everybody = {**arm_sizes(study), "": len(study.subjects())}
    counts = frame["kind"].isin(["level", "missing"])
    for (_, arm), cells in frame[counts].groupby(["characteristic", "arm"], sort=False):
        if arm in everybody:
            # Of a quantity only the missing are counted, which are told beside all.
            alone = (cells["kind"] == "missing").all()
            hidden[cells.index] = (
                rule.hides(cells["n"], everybody[arm]) if alone else rule.closes(cells["n"])
            )
    lost = hidden & (frame["kind"] == "missing")
    unknown = frame["characteristic"].isin(frame.loc[lost, "characteristic"])
    all_of = frame["arm"].map(everybody).fillna(everybody[""])
    of = frame["of"].where(~(unknown & (frame["kind"] == "level")), all_of)
    levels = frame["kind"] == "level"
    frame = frame.assign(of=of, estimate=frame["estimate"].mask(levels, frame["n"] / of))
    keys = [frame["characteristic"], frame["row"]]
    hidden |= ~frame["arm"].isin(everybody) & hidden.groupby(keys).transform("any")
    hidden |= ~counts & rule.hides(frame["n"])
    quartiles = frame["kind"] == "median"
    hidden |= quartiles & ~quantile_is_told(frame["n"], 0.25, rule.minimum)
    figures = ["estimate", "spread", "low", "high"]
    told = rule.masked(frame, hidden, "n", figures, of="of")
    # How many values are known tells how many are not.
    pairs = set(zip(frame.loc[lost, "characteristic"], frame.loc[lost, "arm"], strict=True))
    gone = [key in pairs for key in zip(frame["characteristic"], frame["arm"], strict=True)]
    known = [c for c in ("n_control", "n_treated") if c in told]
    told = told.assign(**{c: told[c].astype(float).mask(gone) for c in known})
    quantities = np.array(gone) & ~counts.to_numpy()
    # A mean of whole numbers with all its digits tells of how many it is the mean.
    digits = told["decimals"].fillna(2) if "decimals" in told else pd.Series(2, told.index)
    short = {
        c: [round(v, int(d) + 1) for v, d in zip(told[c], digits, strict=True)]
        for c in ("estimate", "spread")
        if c in told
    }
    told = told.assign(**{c: told[c].astype(float).mask(quantities, v) for c, v in short.items()})
    return told.assign(n=told["n"].astype(float).mask(quantities))


def told_balance(study: Study, told: pd.DataFrame, balance: pd.DataFrame) -> pd.DataFrame:
    """Hide the differences that rest on counts or figures which are not told.

    Parameters
    ----------
    study : Study
        Its arms.
    told : DataFrame
        From `told_descriptions`.
    balance : DataFrame
        As of `Baseline`, with all numbers.

    Returns
    -------
    DataFrame
        Without the estimates of such characteristics and arms, and without how many values are
        known where that tells of a few who are not.
    """
    if study.disclosure.is_open:
        return balance
    untold = told[(told["instead"] != "") & (told["kind"] != "missing")]
    lost = set(zip(untold["characteristic"], untold["arm"], strict=True))
    few = told[(told["instead"] != "") & (told["kind"] == "missing")]
    missing = set(zip(few["characteristic"], few["arm"], strict=True))
    gone: list[bool] = []
    sizes: dict[str, list[bool]] = {"n_control": [], "n_treated": []}
    for name, arm in zip(balance["characteristic"], balance["treated"], strict=True):
        gone.append((name, arm) in lost or (name, study.control) in lost)
        sizes["n_treated"].append((name, arm) in missing)
        sizes["n_control"].append((name, study.control) in missing)
    # The error of a standardised difference follows from both numbers.
    unsized = np.array(gone) | np.any([*sizes.values()], axis=0)
    errors = ["std_error", "conf_low", "conf_high"]
    masks = {"estimate": gone} | dict.fromkeys(errors, unsized) | sizes
    return balance.assign(**{c: balance[c].astype(float).mask(m) for c, m in masks.items()})


def arm_sizes(study: Study) -> dict[str, int]:
    """Count the patients randomised to each arm, the control first."""
    counts = study.subjects()[ARM].value_counts()
    return {arm: int(counts[arm]) for arm in study.arms}


def planned_sizes(study: Study, analysed: Mapping[str, int]) -> dict[str, int]:
    """Give the patients of each arm with whom a plan is computed.

    Parameters
    ----------
    study : Study
        Says how few are too few.
    analysed : Mapping of str to int
        An arm's label to how many of its patients have the endpoint.

    Returns
    -------
    dict of str to int
        The same; all randomised to the arm where the number analysed must not be told, so that no
        power tells it.
    """
    sizes = pd.Series(dict(analysed), dtype=float)
    hidden = hides_sizes(study, pd.Series(sizes.index, index=sizes.index), sizes)
    everybody = arm_sizes(study)
    pairs = zip(sizes.index, hidden, strict=True)
    return {arm: everybody[arm] if gone else int(analysed[arm]) for arm, gone in pairs}


def planned_spread(study: Study, sd: float, sizes: Mapping[str, int]) -> float:
    """Give a standard deviation for a plan, rounded where a number analysed is not told.

    Parameters
    ----------
    study : Study
        Says how few are too few.
    sd : float
        All its digits would tell of how many patients it is.
    sizes : Mapping of str to int
        How many were analysed of each arm.

    Returns
    -------
    float
    """
    same = planned_sizes(study, sizes) == dict(sizes)
    return sd if same else float(significant(sd, 3))
