"""Visits out of their window, baselines after treatment, and baselines that differ."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from alsutils.study.config import DAYS, StudyConfig
from alsutils.study.contract import SPECIAL, Source
from alsutils.study.plausibility.concern import Concern, days, odd_rows

FEWEST = 5  # records of a visit before its days say where it lies
UNIT_FACTOR = 2.0  # median days may be off what the unit says by this factor
SAME = 1e-6  # relative difference that is none


def check_visits(sources: Mapping[str, Source], config: StudyConfig) -> Iterator[Concern]:
    """Find odd visits in tables of parameters at visits.

    Parameters
    ----------
    sources : Mapping of str to Source
        The datasets by role, with the records that count.
    config : StudyConfig
        What the study says.

    Yields
    ------
    Concern
        Records whose day belongs to another visit, visits whose days do not rise or do not fit the
        unit of time, days 0, baselines after the start of treatment, and baselines that differ
        within a subject and parameter.
    """
    starts = _starts(sources["adsl"])
    compared = {parameter.dataset for parameter in config.parameters.values()}
    compared |= {config.biomarkers.dataset} if config.biomarkers else set()
    for role, source in sources.items():
        if role in SPECIAL:
            continue
        # Elsewhere all visits count, and which one a record belongs to says nothing.
        if role in compared and _has_numbers(source.table, "ADY"):
            yield from _days_of_visits(source, config)
        yield from _late_baselines(source, config, starts)
        if _has_numbers(source.table, "BASE"):
            yield from _differing_baselines(source, config)


def _has_numbers(table: pd.DataFrame, column: str) -> bool:
    return column in table and pd.api.types.is_numeric_dtype(table[column].dtype)


def _starts(adsl: Source) -> pd.Series | None:
    """First day of treatment by subject, where ADSL has it."""
    if "TRTSDT" not in adsl.table:
        return None
    return pd.Series(days(adsl.table["TRTSDT"]).to_numpy(), index=adsl.table["USUBJID"])


def _days_of_visits(source: Source, config: StudyConfig) -> Iterator[Concern]:
    table = source.table
    yield from odd_rows(
        source, table["ADY"] == 0, "day_zero", "there is no day 0; day 1 is the first", "ADY"
    )
    measured = _measured(table) & table["ADY"].notna() & table["AVISITN"].notna()
    found = (
        table.loc[measured, ["AVISITN", "ADY"]].groupby("AVISITN")["ADY"].agg(["size", "median"])
    )
    found = found[found["size"] >= FEWEST]
    if len(found) < 2:
        return
    at, middle = found.index.to_numpy(float), found["median"].to_numpy(float)
    falls = np.flatnonzero(np.diff(middle) <= 0)
    if len(falls):
        visit = at[falls[0] + 1]
        message = (
            f"visit {visit:g} lies, by its days, no later than visit {at[falls[0]]:g}; if it is no "
            f"visit of its own, leave it out by `records` of {source.role}"
        )
        yield from odd_rows(
            source, table["AVISITN"] == visit, "order_of_visits", message, "AVISITN"
        )
        return
    wrong_unit = list(_unit(source, config, at, middle))
    yield from wrong_unit
    if not wrong_unit:
        yield from _out_of_window(source, measured.to_numpy(), at, middle)


def _measured(table: pd.DataFrame) -> pd.Series:
    """Rows that were measured and not derived from others."""
    return table["DTYPE"].isna() if "DTYPE" in table else pd.Series(True, index=table.index)


def _unit(
    source: Source, config: StudyConfig, at: np.ndarray, middle: np.ndarray
) -> Iterator[Concern]:
    """Compare the days of visits with what the unit of time says of them."""
    later = at > config.time.baseline
    expected = (at[later] - config.time.baseline) * DAYS[config.time.unit]
    ratio = np.median(middle[later] / expected) if later.any() else 1.0
    if not 1 / UNIT_FACTOR < ratio < UNIT_FACTOR:
        visit, day = at[later][-1], middle[later][-1]
        yield Concern(
            "unit_of_time",
            source.file,
            f"visit {visit:g} lies at day {day:g}; `time: unit: {config.time.unit}` in study.yml "
            "does not fit, or AVISITN only counts visits",
            column="AVISITN",
        )


def _out_of_window(
    source: Source, measured: np.ndarray, at: np.ndarray, middle: np.ndarray
) -> Iterator[Concern]:
    """Find records nearer to another visit than to their own."""
    visits, day = source.table["AVISITN"].to_numpy(float), source.table["ADY"].to_numpy(float)
    bounds = (middle[1:] + middle[:-1]) / 2
    # Before the first visit and after the last one a window is as wide as on the other side.
    low = np.append(middle[0] - (bounds[0] - middle[0]) * 2, bounds)
    high = np.append(bounds, middle[-1] + (middle[-1] - bounds[-1]) * 2)
    if at[0] <= 0:
        low[0] = -np.inf  # screening may have been any time ago
    place = np.clip(np.searchsorted(at, visits), 0, len(at) - 1)
    known = measured & (at[place] == visits)
    odd = known & ((day < low[place]) | (day > high[place]))
    if not odd.any():
        return
    first = int(np.argmax(odd))
    message = (
        f"the day lies nearer to another visit than to its own, here visit {visits[first]:g}, "
        f"which lies about day {middle[place[first]]:g}"
    )
    yield from odd_rows(source, odd, "visit_window", message, "ADY")


def _late_baselines(
    source: Source, config: StudyConfig, starts: pd.Series | None
) -> Iterator[Concern]:
    table = source.table
    if "ABLFL" in table:
        baseline = table["ABLFL"] == "Y"
    else:
        baseline = table["AVISITN"] == config.time.baseline
    if "ADT" in table and starts is not None:
        first = starts.reindex(source.subjects.distinct).to_numpy()
        first = np.append(first, np.datetime64("NaT"))[source.subjects.codes]
        late, column = days(table["ADT"]).to_numpy() > first, "ADT"
    elif _has_numbers(table, "ADY"):
        late, column = (table["ADY"] > 1).to_numpy(), "ADY"
    else:
        return
    message = "a baseline that was measured after treatment began (TRTSDT, day 1)"
    yield from odd_rows(source, baseline.to_numpy() & late, "late_baseline", message, column)


def _differing_baselines(source: Source, config: StudyConfig) -> Iterator[Concern]:
    table = source.table
    key = pd.DataFrame({"s": source.subjects.codes, "p": source.parameters.codes})
    if "BASETYPE" in table:
        key["t"] = pd.factorize(table["BASETYPE"])[0]
    base = table["BASE"].to_numpy(float)
    grouped = pd.Series(base).groupby([key[c] for c in key])
    low, high = grouped.transform("min").to_numpy(), grouped.transform("max").to_numpy()
    differ = (high - low) > SAME * np.maximum(1, np.abs(high))
    message = "BASE differs within this subject and parameter; it must be one value"
    yield from odd_rows(source, differ & (base != low), "baseline_differs", message, "BASE")
    at_baseline = (table["AVISITN"] == config.time.baseline).to_numpy()
    if "ABLFL" in table:
        at_baseline = at_baseline & (table["ABLFL"] == "Y").to_numpy()
    value = table["AVAL"].to_numpy(float)
    odd = at_baseline & ~differ & (np.abs(base - value) > 0.01 * np.maximum(1, np.abs(value)))
    message = "BASE is not the value (AVAL) of the baseline visit"
    yield from odd_rows(source, odd, "baseline_value", message, "BASE")
