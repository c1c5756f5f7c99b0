"""Plates and batches: who was measured on which, and whether that matters."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.mechanism.analysis import MAIN, SMALLEST_GROUP, named, ratios, told_changes
from alsutils.mechanism.panel import Samples, halved
from alsutils.stats.telling import quantile_is_told
from alsutils.study import Study

HELD = f"{MAIN}, batch held equal"


@dataclass(frozen=True)
class Batches:
    """What was measured on which plate or in which batch.

    Attributes
    ----------
    counts : DataFrame
        One row a batch and arm: ``batch``, ``arm``, ``n`` (measurements; missing where they may not
        be told).
    spread : DataFrame
        One row an analyte and batch: ``endpoint``, ``batch``, ``n``, ``q25``, ``median``, ``q75``
        of the ratio of each measurement to the geometric mean of its arm and visit. Missing for
        batches of fewer than five measurements where the study does not show subjects.
    held : DataFrame
        Rows of the main analysis with the batch held equal, for analytes measured in more than one.
    column : str
        Column of the data.
    """

    counts: pd.DataFrame
    spread: pd.DataFrame
    held: pd.DataFrame
    column: str


def batches(study: Study, data: Samples | None) -> Batches | None:
    """Compare batches, and compare the arms with the batch held equal.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.

    Returns
    -------
    Batches or None
        None where the study has no biomarkers or does not say in which batch each was measured.
    """
    block = study.config.biomarkers
    if data is None or block is None or block.batch is None or data.frame["batch"].isna().all():
        return None
    frame = data.frame.dropna(subset=["batch"])
    sizes = pd.crosstab(frame["batch"], frame["arm"], dropna=False)
    told = sizes.mask(study.disclosure.closes(sizes)).reset_index()
    counts = told.melt("batch", list(study.arms), var_name="arm", value_name="n")
    counts = counts.sort_values("batch", kind="stable", ignore_index=True)
    log = np.log(halved(frame))
    centre = log.groupby([frame[c] for c in ("parameter", "visit", "arm")], observed=True)
    away = frame[["endpoint", "batch"]].assign(away=np.exp(log - centre.transform("mean")))
    smallest = 1 if study.shows_subjects else SMALLEST_GROUP
    spread = (
        away.groupby(["endpoint", "batch"], sort=False)["away"]
        .agg(
            n="size",
            q25=lambda v: v.quantile(0.25),
            median="median",
            q75=lambda v: v.quantile(0.75),
        )
        .reset_index()
    )
    spread.loc[spread["n"] < smallest, ["q25", "median", "q75"]] = np.nan
    if not study.disclosure.is_open:
        for column, share in (("q25", 0.25), ("median", 0.5), ("q75", 0.75)):
            known = quantile_is_told(spread["n"], share, study.disclosure.minimum)
            spread[column] = spread[column].round(2).where(known)
        spread["n"] = spread["n"].mask(study.disclosure.hides(spread["n"]))
    rows = [pd.DataFrame(columns=["treated", "estimate"])]
    for marker in data.panel:
        for visit in data.visits:
            cell = data.at(marker.parameter, visit)
            if len(cell["batch"].dropna().unique()) > 1:
                found = ratios(study, cell, MAIN, covariates=("batch",)).assign(analysis=HELD)
                rows.append(told_changes(study, named(study, data, found, marker, visit)))
    held = pd.concat(rows[1:] or rows, ignore_index=True)
    return Batches(counts, spread, held, block.batch)
