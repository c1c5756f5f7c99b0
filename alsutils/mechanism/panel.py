"""The panel's measurements: which are below a limit, each patient's baseline, and the changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alsutils.study import ARM, Study
from alsutils.study.config import Biomarker, Biomarkers

SIGNS = {"pro-inflammatory": -1, "anti-inflammatory": 1, "trophic": 1, "other": 0}
"""Which way each role is good: 1 where a rise is, -1 where a fall is, 0 where neither is said."""

FEWEST, PLAIN_SIZE = 5, 30  # patients in an arm of simulated trials: at least, and without data


@dataclass(frozen=True)
class Samples:
    """Every usable measurement of the panel.

    Attributes
    ----------
    frame : DataFrame
        One row a patient, analyte and visit: ``parameter``, ``endpoint`` (its label), ``role``,
        ``unit``, ``limit``, ``USUBJID``, ``arm`` (a category, the control first), ``visit``,
        ``visit_label``, ``batch`` (missing where the study names none), ``below``, ``bound`` (the
        value; the limit where it is below), ``base_below`` and ``base_bound`` (missing without a
        baseline).
    panel : tuple of Biomarker
        The analytes, in the order of the page.
    visits : tuple of float
        Visits after baseline.
    baseline : float
        AVISITN of the baseline.
    population : str
        Label of the population.
    unusable : int
        Measurements left out because they are 0 or negative, so that they have no logarithm.
    above : int
        Measurements reported as above a limit, which stand at it.
    """

    frame: pd.DataFrame
    panel: tuple[Biomarker, ...]
    visits: tuple[float, ...]
    baseline: float
    population: str
    unusable: int
    above: int

    @property
    def labels(self) -> dict[str, str]:
        """Label of each analyte by its parameter."""
        return {marker.parameter: marker.label for marker in self.panel}

    @cached_property
    def based(self) -> pd.DataFrame:
        """The measurements after baseline of patients who have a baseline of that analyte."""
        later = self.frame["visit"].isin(self.visits) & self.frame["base_bound"].notna()
        return self.frame[later]

    @property
    def per_arm(self) -> int:
        """Patients of an arm with a change from baseline, about; 30 where there is none."""
        sizes = self.based.groupby(["parameter", "visit", "arm"], observed=True).size()
        return max(round(sizes.median()), FEWEST) if len(sizes) else PLAIN_SIZE

    def at(self, parameter: str, visit: float) -> pd.DataFrame:
        """Rows of `based` of one analyte at one visit."""
        return self.based.iloc[self._cells.get((parameter, visit), [])]

    @cached_property
    def _cells(self) -> dict[object, np.ndarray]:
        # A big panel is asked for hundreds of cells; searching all of it each time takes minutes.
        return dict(self.based.groupby(["parameter", "visit"], sort=False).indices)


def samples(study: Study) -> Samples | None:
    """Collect the panel's measurements at baseline and later.

    A measurement is below the limit where AVALC begins with ``<`` or AVAL is under the limit of
    LBLLOQ or study.yml; the number after ``<`` is its limit. The baseline is the record of the
    baseline visit, or BASE where there is none.

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
    records = _records(study, block)
    read = _read(records)
    frame = records.drop(columns=["AVAL", "AVALC"]).join(read[["below", "bound"]])
    frame = _with_baseline(frame, study.config.time.baseline)
    frame = frame[frame["bound"].notna()]
    positive = frame["bound"] > 0
    kept = frame[positive].reset_index(drop=True)
    kept.loc[~(kept["base_bound"] > 0), "base_bound"] = np.nan
    return Samples(
        frame=kept,
        panel=block.panel,
        visits=block.visits,
        baseline=study.config.time.baseline,
        population=study.population_label(block.population),
        unusable=int((~positive).sum()),
        above=int((read["above"] & read["bound"].notna()).sum()),
    )


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
    """One analyte at one visit in one arm: what names it, and ``bound`` and ``below`` there."""

    names: dict[str, object]
    rows: pd.DataFrame


def cells_of(study: Study, data: Samples) -> list[Cell]:
    """Split the measurements by analyte, visit and arm.

    Parameters
    ----------
    study : Study
        With biomarkers.
    data : Samples
        Its measurements.

    Returns
    -------
    list of Cell
        Every analyte, visit (the baseline too, where there are samples) and arm, with or without
        rows.
    """
    frame = data.frame
    begun = (frame["visit"] == data.baseline).any()
    visits = sorted({data.baseline, *data.visits} if begun else data.visits)
    places = frame.groupby(["parameter", "visit", "arm"], observed=True).indices
    values = frame[["bound", "below"]]
    units = frame.groupby("parameter")["unit"].first()
    cells: list[Cell] = []
    for marker in data.panel:
        for visit in visits:
            for arm in study.arms:
                names: dict[str, object] = {
                    "endpoint": marker.label,
                    "role": marker.role,
                    "unit": units.get(marker.parameter, marker.unit),
                    "visit": visit,
                    "visit_label": study.visit_label(visit),
                    "arm": arm,
                }
                rows = places.get((marker.parameter, visit, arm), [])
                cells.append(Cell(names, values.iloc[rows]))
    return cells


@dataclass(frozen=True)
class LogChanges:
    """Log changes from baseline, one row a patient and one column an analyte and visit.

    A value below its limit counts as half of it. Tests by permutation keep their level whatever is
    written for such values; what suffers is what they can find.

    Attributes
    ----------
    change, base : DataFrame
        Natural logarithm of the ratio to baseline, and of the baseline; columns (parameter, visit).
    low : DataFrame
        Whether the value or its baseline lies below a limit.
    arm : Series
        Arm of each patient.
    """

    change: pd.DataFrame
    base: pd.DataFrame
    low: pd.DataFrame
    arm: pd.Series

    def of(self, arms: Sequence[str]) -> "LogChanges":
        """Keep the patients of some arms."""
        kept = self.arm.isin(list(arms))
        return LogChanges(self.change[kept], self.base[kept], self.low[kept], self.arm[kept])

    def share_low(self) -> pd.Series:
        """Share of the changes of each column that rest on a value below a limit."""
        known = self.change.notna()
        return (self.low & known).sum() / known.sum().where(known.sum() > 0)


def log_changes(data: Samples, visits: Sequence[float] | None = None) -> LogChanges:
    """Lay the changes from baseline side by side.

    Parameters
    ----------
    data : Samples
        The measurements.
    visits : sequence of float or None
        Visits to keep; all after baseline where None.

    Returns
    -------
    LogChanges
        Every analyte at every visit has a column; patients without any change are left out.
    """
    visits = data.visits if visits is None else tuple(visits)
    rows = data.based
    rows = rows[rows["visit"].isin(visits)]
    base = np.log(halved(rows, "base_"))
    long = rows[["USUBJID", "parameter", "visit"]].assign(
        change=np.log(halved(rows)) - base, base=base, low=rows["below"] | rows["base_below"]
    )
    columns = pd.MultiIndex.from_product([[m.parameter for m in data.panel], visits])
    wide = {
        name: long.pivot_table(
            name, index="USUBJID", columns=["parameter", "visit"], aggfunc="first"
        ).reindex(columns=columns)
        for name in ("change", "base", "low")
    }
    arm = rows.drop_duplicates("USUBJID").set_index("USUBJID")["arm"].reindex(wide["change"].index)
    low = wide["low"].eq(True)
    return LogChanges(wide["change"].astype(float), wide["base"].astype(float), low, arm)


def _records(study: Study, block: Biomarkers) -> pd.DataFrame:
    """Take the records of the panel at its visits, with what names each."""
    table = study.tables[block.dataset]
    needed = ("USUBJID", "PARAMCD", "AVISITN", "AVAL", "AVALC", "AVALU", "BASE", "LBLLOQ")
    table = table[[c for c in table if c in (*needed, block.batch)]]
    names = pd.DataFrame(
        {
            "PARAMCD": [m.parameter for m in block.panel],
            "endpoint": [m.label for m in block.panel],
            "role": [m.role for m in block.panel],
            "unit": [m.unit for m in block.panel],
            "limit": [np.nan if m.lower_limit is None else m.lower_limit for m in block.panel],
            "order": range(len(block.panel)),
        }
    )
    wanted = table["AVISITN"].isin([study.config.time.baseline, *block.visits])
    people = study.subjects(block.population)[["USUBJID", ARM]]
    found = table[wanted].merge(names, on="PARAMCD").merge(people, on="USUBJID")
    found = found.sort_values(["order", "USUBJID", "AVISITN"], ignore_index=True)
    absent = pd.Series(np.nan, index=found.index)
    units = found["AVALU"].fillna("") if "AVALU" in found else ""
    return pd.DataFrame(
        {
            "parameter": found["PARAMCD"],
            "endpoint": found["endpoint"],
            "role": found["role"],
            "unit": found["unit"].where(found["unit"] != "", units),
            "limit": found.get("LBLLOQ", absent).astype(float).fillna(found["limit"]),
            "USUBJID": found["USUBJID"],
            "arm": pd.Categorical(found[ARM], categories=list(study.arms)),
            "visit": found["AVISITN"],
            "visit_label": found["AVISITN"].map(
                {v: study.visit_label(v) for v in found["AVISITN"].unique()}
            ),
            "batch": _batches(found[block.batch] if block.batch else absent),
            "AVAL": found["AVAL"],
            "AVALC": found.get("AVALC"),
            "base": found["BASE"],
        }
    )


def _batches(column: pd.Series) -> pd.Series:
    """Name the batches; missing where a record has none."""
    words = column.map(lambda name: f"{name:g}" if isinstance(name, float) else str(name))
    return words.astype(object).where(column.notna(), None)


def _with_baseline(frame: pd.DataFrame, start: float) -> pd.DataFrame:
    """Add each measurement's baseline: the record of the baseline visit, or the column BASE."""
    key = ["parameter", "USUBJID"]
    first = frame.loc[frame["visit"] == start, [*key, "bound", "below"]]
    first = first.rename(columns={"bound": "base_bound", "below": "base_below"})
    joined = frame.merge(first, on=key, how="left")
    by_record = joined["base_bound"].notna()
    low = joined["base"] < joined["limit"]
    column = joined["base"].where(~low, joined["limit"])
    joined["base_bound"] = joined["base_bound"].where(by_record, column)
    joined["base_below"] = joined["base_below"].eq(True).where(by_record, low)
    return joined.drop(columns="base")


def _read(records: pd.DataFrame) -> pd.DataFrame:
    """Whether each record is below or above a limit, and its value or that limit."""
    value, limit = records["AVAL"], records["limit"]
    text = records["AVALC"].astype("string").str.strip()
    marked, over = (text.str.startswith(sign).fillna(False).astype(bool) for sign in "<>")
    said = pd.to_numeric(text.str.lstrip("<>= ").where(marked | over), errors="coerce")
    said = said.astype(float)
    below = marked | (value < limit)
    bound = value.where(~below, said.fillna(limit)).where(~over, value.fillna(said))
    return pd.DataFrame({"below": below & bound.notna(), "above": over, "bound": bound})
