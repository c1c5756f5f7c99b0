"""The panel's measurements: which are below a limit, and each patient's baseline."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.study import ARM, Study
from alsutils.study.config import Biomarker


@dataclass(frozen=True)
class Samples:
    """Every usable measurement of the panel.

    Attributes
    ----------
    frame : DataFrame
        One row a patient, analyte and visit: ``parameter``, ``endpoint`` (its label), ``role``,
        ``unit``, ``limit``, ``USUBJID``, ``arm``, ``visit``, ``visit_label``, ``below``, ``bound``
        (the value; the limit where it is below), ``base_below`` and ``base_bound`` (missing without
        a baseline).
    unusable : int
        Measurements left out because they are 0 or negative, so that they have no logarithm.
    """

    frame: pd.DataFrame
    unusable: int


def samples(study: Study) -> Samples | None:
    """Collect the panel's measurements at baseline and later.

    A measurement is below the limit where AVALC begins with ``<`` or AVAL is under the limit of
    study.yml; the number after ``<`` is its limit. The baseline is the record of the baseline
    visit, or BASE where there is none.

    Parameters
    ----------
    study : Study
        With or without biomarkers.

    Returns
    -------
    Samples or None
        None where the study has no biomarkers.
    """
    block = study.config.biomarkers
    if block is None:
        return None
    parts = [_measurements(study, marker) for marker in block.panel]
    frame = pd.concat(parts, ignore_index=True)
    positive = frame["bound"] > 0
    kept = frame[positive].reset_index(drop=True)
    kept.loc[~(kept["base_bound"] > 0), "base_bound"] = np.nan
    return Samples(kept, int((~positive).sum()))


def halved(frame: pd.DataFrame, prefix: str = "") -> pd.Series:
    """Give the values, half the limit for those below it.

    Parameters
    ----------
    frame : DataFrame
        Of `Samples`.
    prefix : str
        Empty for the values, ``base_`` for the baselines.

    Returns
    -------
    Series
        In the analyte's unit.
    """
    bound = frame[f"{prefix}bound"]
    return bound.where(~frame[f"{prefix}below"], bound / 2)


@dataclass(frozen=True)
class Cell:
    """One analyte at one visit in one arm: what names it and its rows of `Samples`."""

    names: dict[str, object]
    rows: pd.DataFrame


def cells_of(study: Study, frame: pd.DataFrame) -> list[Cell]:
    """Split the measurements by analyte, visit and arm.

    Parameters
    ----------
    study : Study
        With biomarkers.
    frame : DataFrame
        Of `Samples`.

    Returns
    -------
    list of Cell
        Every analyte, visit (the baseline too, where there are samples) and arm, with or without
        rows.
    """
    block = study.config.biomarkers
    assert block is not None
    start = study.config.time.baseline
    visits = sorted({start, *block.visits} if (frame["visit"] == start).any() else block.visits)
    cells: list[Cell] = []
    for marker in block.panel:
        for visit in visits:
            for arm in study.arms:
                chosen = (
                    (frame["parameter"] == marker.parameter)
                    & (frame["visit"] == visit)
                    & (frame["arm"] == arm)
                )
                names: dict[str, object] = {
                    "endpoint": marker.label,
                    "role": marker.role,
                    "unit": marker.unit,
                    "limit": np.nan if marker.lower_limit is None else marker.lower_limit,
                    "visit": visit,
                    "visit_label": study.visit_label(visit),
                    "arm": arm,
                }
                cells.append(Cell(names, frame[chosen]))
    return cells


def _measurements(study: Study, marker: Biomarker) -> pd.DataFrame:
    """One analyte's measurements, each with its limit and its baseline."""
    block = study.config.biomarkers
    assert block is not None
    start = study.config.time.baseline
    records = study.records(
        marker.parameter, block.population, {start, *block.visits}, dataset=block.dataset
    )
    read = _read(records, marker)
    frame = pd.DataFrame(
        {
            "parameter": marker.parameter,
            "endpoint": marker.label,
            "role": marker.role,
            "unit": marker.unit,
            "limit": np.nan if marker.lower_limit is None else marker.lower_limit,
            "USUBJID": records["USUBJID"],
            "arm": records[ARM].astype(str),
            "visit": records["AVISITN"],
            "visit_label": [study.visit_label(v) for v in records["AVISITN"]],
            "below": read["below"],
            "bound": read["bound"],
            "base": records["BASE"],
        }
    )
    first = frame.loc[frame["visit"] == start].set_index("USUBJID")[["bound", "below"]]
    joined = frame.join(first.add_prefix("base_"), on="USUBJID")
    by_record = joined["base_bound"].notna()
    low = joined["base"] < joined["limit"]
    column = joined["base"].where(~low, joined["limit"])
    joined["base_bound"] = joined["base_bound"].where(by_record, column)
    joined["base_below"] = joined["base_below"].where(by_record, low).fillna(False).astype(bool)
    return joined[joined["bound"].notna()].drop(columns="base")


def _read(records: pd.DataFrame, marker: Biomarker) -> pd.DataFrame:
    """Whether each record is below a limit, and its value or that limit; missing is neither."""
    value = records["AVAL"]
    limit = np.nan if marker.lower_limit is None else float(marker.lower_limit)
    said = pd.Series(np.nan, index=records.index)
    marked = pd.Series(False, index=records.index)
    if "AVALC" in records:
        text = records["AVALC"].astype("string").str.strip()
        marked = text.str.startswith("<").fillna(False).astype(bool)
        said = pd.to_numeric(text.str.lstrip("<= ").where(marked), errors="coerce").astype(float)
    below = marked | (value < limit)
    bound = value.where(~below, said.fillna(limit))
    return pd.DataFrame({"below": below & bound.notna(), "bound": bound})
