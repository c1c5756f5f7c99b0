"""Two changes that go together, and what chance and choice make of them, in words."""

import numpy as np
import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.mechanism.association import (
    EVERYBODY,
    REDRAWN,
    SLOPES,
    WITHIN,
    ZOU,
    Associations,
)
from alsutils.mechanism.connections import Connections
from alsutils.mechanism.responders import GOOD, OTHERS
from alsutils.mechanism.selection import ARMS, NOTHING, OUTCOME, Forks, Selection
from alsutils.study import Study


def association(study: Study, result: Associations | None) -> Prose:
    """State the correlations in good responders and the others."""
    if result is None:
        return Prose("")
    about = f"the changes of {result.x} and {result.y} at {result.visit.lower()}"
    level = fmt.percent(study.conf_level)
    everybody = result.row(EVERYBODY)
    if not result.responders.words:
        return Prose(
            f"The study does not say who is a good responder. Over all patients, {about} have a "
            f"correlation of {_correlation(everybody, level)}."
        )
    parts = [
        f"{_correlation(result.row(group), level)} in {words}"
        for group, words in ((GOOD, "good responders"), (OTHERS, "the others"))
    ]
    text = (
        f"Good responders are patients with {result.responders.words}. The correlation of {about} "
        f"is {fmt.listed(parts)}."
    )
    if result.unclassified:
        one = result.unclassified == "1"
        text += (
            f" {result.unclassified} {'patient' if one else 'patients'} without a known response "
            f"{'is' if one else 'are'} in neither group."
        )
    if result.low:
        text += (
            f" In {result.low} {'patient' if result.low == '1' else 'patients'} a value lies below "
            "its limit and counts as half."
        )
    return Prose(text)


def _correlation(row: pd.Series, level: str) -> str:
    n = "" if pd.isna(row["n"]) else f"n {row['n']:.0f}"
    if pd.isna(row["estimate"]):
        return f"not known ({n or 'few patients'})"
    interval = fmt.interval(row["conf_low"], row["conf_high"])
    told = ", ".join([f"{level} interval {interval}", *([n] if n else [])])
    return f"{fmt.number(row['estimate'])} ({told})"


def claim(study: Study, result: Associations | None) -> Prose:
    """State whether good responders differ from the others in how the two go together."""
    if result is None:
        return Prose("Without a pair of analytes there is nothing to compare here.")
    if result.claim.empty:
        return Prose("The study does not say who is a good responder, so there is no difference.")
    rows = result.claim.set_index("analysis")
    text = gap(rows.loc[ZOU], fmt.percent(study.conf_level))
    further = [
        f"{words}, {fmt.p_phrase(rows.at[analysis, 'p_value'])}"
        for analysis, words in (
            (REDRAWN, "by drawing the groups again"),
            (SLOPES, "of the slopes"),
        )
        if pd.notna(rows.at[analysis, "p_value"])
    ]
    if further:
        text += f" The same question asked otherwise: {'; '.join(further)}."
    return Prose(text)


def gap(row: pd.Series, level: str) -> str:
    """State one difference of correlations and whether its interval excludes none."""
    if pd.isna(row["estimate"]):
        return "Their difference cannot be estimated."
    includes = row["conf_low"] <= 0 <= row["conf_high"]
    return (
        f"They differ by {fmt.number(row['estimate'])} ({level} interval "
        f"{fmt.interval(row['conf_low'], row['conf_high'])}, {fmt.p_phrase(row['p_value'])}): the "
        f"interval {'includes' if includes else 'excludes'} no difference"
        + (
            ", so the data do not show that good responders differ from the rest in this."
            if includes
            else "."
        )
    )


def within(study: Study, result: Associations | None) -> Prose:
    """State the correlation within patients over their visits."""
    if result is None:
        return Prose("")
    row = result.row(EVERYBODY, WITHIN)
    if pd.isna(row["estimate"]):
        return Prose(
            "Too few patients have both analytes at several visits to look within patients."
        )
    level = fmt.percent(study.conf_level)
    return Prose(
        f"Within patients, over all visits, {result.x} and {result.y} have a correlation of "
        f"{_correlation(row, level)}."
    )


def selection(_study: Study, result: Selection | None) -> Prose:
    """State how often unrelated analytes go together among responders."""
    if result is None:
        return Prose("")
    rows = result.frame.set_index("world")
    size = (
        "as many patients and responders as this study has"
        if result.own
        else f"{result.n} patients, {result.picked} of them responders"
    )
    claimed, apart = (
        {world: fmt.percent(share) for world, share in rows[name].items()}
        for name in ("claimed", "difference")
    )
    text = (
        f"In trials with {size}, and two analytes that do nothing to each other, a correlation is "
        f"found in responders and not in the others in {claimed[NOTHING]} if nothing goes with "
        f"anything, in {claimed[OUTCOME]} if each goes with the outcome (mean correlation among "
        f"responders {fmt.number(rows.at[OUTCOME, 'mean_selected'])}), and in {claimed[ARMS]} if "
        f"treatment moves all three. The test of the difference finds one in {apart[NOTHING]}, "
        f"{apart[OUTCOME]} and {apart[ARMS]}."
    )
    if np.isfinite(result.seen):
        text += f" This study's responders have {fmt.number(result.seen)}."
    return Prose(text)


def forks(_study: Study, result: Forks | None) -> Prose:
    """Count the ways of looking and state how often chance alone brings a finding."""
    if result is None:
        return Prose("")
    frame = result.frame
    last = frame.iloc[-1]
    pairs = int(frame.loc[frame["step"] == "all pairs", "paths"].iloc[0])
    given = "as the study lists them" if result.own else "as an example"
    groups = 1 + 2 * result.definitions
    return Prose(
        f"With {fmt.plural(result.analytes, 'analyte')} there {'is' if pairs == 1 else 'are'} "
        f"{fmt.plural(pairs, 'pair')}; at "
        f"{fmt.plural(result.visits, 'visit')}, in everybody, the responders or the others, under "
        f"{fmt.plural(result.definitions, 'definition')} of response ({given}), that makes "
        f"{pairs} × {result.visits} × {groups} = {fmt.plural(last['paths'], 'test')}. In simulated "
        f"studies in which nothing goes with anything, {fmt.percent(last['found'])} have at least "
        f"one at {result.alpha:g}, and on average {fmt.number(last['mean_findings'], 1)}."
    )


def connections(study: Study, result: Connections | None) -> Prose:
    """State how many pairs of changes go together in each arm."""
    if result is None:
        return Prose("")
    text = ""
    tested = result.frame.dropna(subset=["p_value"])
    if tested.empty:
        text = "There are not two analytes with changes enough to correlate."
    else:
        told = []
        for arm, rows in tested.groupby("arm", sort=False):
            plain = int((rows["p_value"] < study.alpha).sum())
            left = int((rows["p_benjamini_hochberg"] < study.alpha).sum())
            told.append(
                f"on {arm} {plain} of {fmt.plural(len(rows), 'pair')} below {study.alpha:g} before "
                f"adjustment and {left} after Benjamini and Hochberg's"
            )
        text = fmt.capitalised("; ".join(told)) + "."
    if result.left_out:
        text += (
            " Left out, because more than half of the changes rest on values below a limit or "
            f"none is known: {fmt.listed(result.left_out)}."
        )
    return Prose(text)
