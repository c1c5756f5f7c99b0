"""Responders: who is at or above a threshold."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from alsutils.display.format import MISSING, percent
from alsutils.primary.telling import DIGITS, rounded, told_numbers
from alsutils.stats.dichotomy import chi_square_p
from alsutils.stats.proportions import risk_difference
from alsutils.stats.survival.telling import told_times
from alsutils.study import ARM, Study


@dataclass(frozen=True)
class Responders:
    """Patients at or above thresholds of a parameter, by arm and visit.

    Attributes
    ----------
    parameter : str
        PARAMCD of what is cut.
    shares : DataFrame
        One row a visit, threshold and arm: ``visit``, ``threshold``, ``threshold_label``, ``arm``,
        ``responders``, ``n``, ``share``, ``count_text``. What tells of a few patients is missing.
    frame : DataFrame
        The result columns, one row a visit, threshold and treated arm: difference of shares with
        Newcombe's interval and Fisher's exact p; and ``treated``, ``threshold_label``,
        ``x_control``, ``x_treated``, ``chi_square_p`` (asymptotic p of the uncorrected chi-square
        test), ``text_control`` and ``text_treated`` (counts in words) and ``printed`` (the printed
        counts, missing where none). What tells of a few patients is missing.
    """

    parameter: str
    shares: pd.DataFrame
    frame: pd.DataFrame


def responders(study: Study) -> Responders | None:
    """Count the responders that study.yml defines; None where it defines none.

    Parameters
    ----------
    study : Study
        With a ``responders`` block.

    Returns
    -------
    Responders or None
        Of the patients with a value at the visit, carried forward or not as the data have it.

    References
    ----------
    Newcombe RG. Interval estimation for the difference between independent proportions. Stat Med
    1998;17:873-890, method 10.
    """
    block = study.config.responders
    if block is None:
        return None
    about = study.parameter(block.parameter)
    shares, rows = [], []
    for visit, threshold in product(block.visits, block.thresholds):
        records = study.records(block.parameter, block.population, [visit]).dropna(subset="AVAL")
        label = f"{study.visit_label(visit)}, at least {threshold:g}{about.unit}"
        counts = {}
        for arm in study.arms:
            values = records.loc[records[ARM] == arm, "AVAL"]
            counts[arm] = (int((values >= threshold).sum()), len(values))
            x, n = counts[arm]
            share = x / n if n else np.nan
            cell = (visit, threshold, label, arm, x, n, share, f"{x} of {n}")
            known = threshold in _told_thresholds(study, values)
            shares.append(dict(zip(_SHARE_COLUMNS, cell, strict=True)) | {"known": known})
        for arm in study.treated:
            if min(counts[arm][1], counts[study.control][1]) == 0:
                continue  # nobody to compare; the counts say so
            compared = risk_difference(*counts[arm], *counts[study.control], study.alpha)
            rows.append(
                {
                    "analysis": "responders, Fisher's exact test",
                    "endpoint": f"{about.label}, at least {threshold:g}{about.unit}",
                    "population": study.population_label(block.population),
                    "visit": study.visit_label(visit),
                    "visit_number": visit,
                    "threshold": threshold,
                    "contrast": f"{arm} vs {study.control}",
                    "n_control": compared.n_control,
                    "n_treated": compared.n_treated,
                    "estimate": compared.estimate,
                    "p_value": compared.p_value,
                    "chi_square_p": chi_square_p(*counts[arm], *counts[study.control]),
                    "conf_low": compared.newcombe.low,
                    "conf_high": compared.newcombe.high,
                    "x_control": compared.events_control,
                    "x_treated": compared.events_treated,
                    "treated": arm,
                    "threshold_label": f"At least {threshold:g}{about.unit}",
                    "printed": _printed_count(study, visit, threshold, arm),
                }
            )
    return _told_responders(study, block.parameter, pd.DataFrame(shares), pd.DataFrame(rows))


def _told_thresholds(study: Study, values: pd.Series) -> list[float]:
    """Give the thresholds between which nobody or enough patients of an arm lie."""
    block = study.config.responders
    assert block is not None
    wanted = sorted(block.thresholds, key=lambda t: t != block.good)
    least = study.disclosure.minimum
    # Counted from above: who is at least at a threshold.
    found = told_times([(-values, np.ones(len(values)))], [-t for t in wanted], least)
    return [-t for t in found]


def _told_responders(
    study: Study, parameter: str, shares: pd.DataFrame, rows: pd.DataFrame
) -> Responders:
    """Take out the counts of a few responders, and what was computed from them."""
    rule, known = study.disclosure, shares.pop("known")
    if not rows.empty:
        sides = {"control": pd.Series(study.control, index=rows.index), "treated": rows["treated"]}
        for side in sides:
            x, n = rows[f"x_{side}"], rows[f"n_{side}"]
            words = [rule.count_of(a, b) for a, b in zip(x, n, strict=True)]
            rows[f"text_{side}"] = words
    if rule.is_open:
        return Responders(parameter, shares, rows)
    n = told_numbers(study, shares)
    coarse = pd.Series(shares["share"]).round(DIGITS)
    words = [
        f"{x:.0f} of {m:.0f}"
        if ok and m == m
        else percent(share)
        if ok
        else rule.few
        if rule.hides(x)
        else MISSING
        for x, m, ok, share in zip(shares["responders"], n, known, coarse, strict=True)
    ]
    shares = shares.assign(
        responders=shares["responders"].where(known & n.notna()),
        share=shares["share"].where(n.notna(), coarse).where(known),
        n=n,
        count_text=words,
    )
    if rows.empty:
        return Responders(parameter, shares, rows)
    by = shares.set_index(["visit", "threshold", "arm"])
    keys = {
        side: pd.MultiIndex.from_arrays([rows["visit_number"], rows["threshold"], arms])
        for side, arms in sides.items()
    }
    cells = {side: by.reindex(key) for side, key in keys.items()}
    lost = np.logical_or(*(c["share"].isna().to_numpy() for c in cells.values()))
    unsized = pd.Series(
        np.logical_or(*(c["n"].isna().to_numpy() for c in cells.values())), rows.index
    )
    figures = ["estimate", "p_value", "chi_square_p", "conf_low", "conf_high"]
    rows = rows.assign(**{c: rows[c].mask(lost) for c in figures})
    rows = rounded(rows, figures, unsized)
    for side, cell in cells.items():
        rows[f"n_{side}"] = cell["n"].to_numpy()
        rows[f"x_{side}"] = cell["responders"].to_numpy()
        full = cell["responders"].notna().to_numpy()
        rows[f"text_{side}"] = np.where(full, rows[f"text_{side}"], cell["count_text"])
    return Responders(parameter, shares, rows)


_SHARE_COLUMNS = (
    "visit",
    "threshold",
    "threshold_label",
    "arm",
    "responders",
    "n",
    "share",
    "count_text",
)


def _printed_count(study: Study, visit: float, threshold: float, arm: str) -> str | None:
    """Word the printed counts of one threshold, the arm before the control."""
    for row in study.published.responders if study.published else ():
        if (row.visit, row.threshold, row.side) == (visit, threshold, "at_least"):
            values = {a.label: a.value for a in study.config.arms}
            cells = [
                f"{row.counts[values[a]]} of {row.of[values[a]]}" for a in (arm, study.control)
            ]
            return f"{cells[0]} against {cells[1]}, p {row.p}"
    return None
