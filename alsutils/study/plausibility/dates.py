"""Dates that cannot be read, after death, or in the wrong order, and times in another unit."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from alsutils.study.config import DAYS, StudyConfig
from alsutils.study.contract import Source
from alsutils.study.plausibility.concern import Concern, days, odd_rows

UNIT_FACTOR = 1.5
ONE_DAY = np.timedelta64(1, "D")


def check_dates(sources: Mapping[str, Source], config: StudyConfig) -> Iterator[Concern]:
    """Find odd dates, adverse events and times to events.

    Parameters
    ----------
    sources : Mapping of str to Source
        The datasets by role, with the records that count.
    config : StudyConfig
        What the study says.

    Yields
    ------
    Concern
        Dates that are none, records after death, events that end before they begin or began before
        the treatment that they are said to follow, identical events, and times that do not fit
        their dates.
    """
    deaths = _deaths(sources["adsl"])
    for source in sources.values():
        yield from _unreadable(source)
        if deaths is not None and source.role != "adsl":
            yield from _after_death(source, deaths)
    if "adae" in sources:
        yield from _events(sources["adae"], config)
    if "adtte" in sources:
        yield from _times(sources["adtte"], config)


def _unreadable(source: Source) -> Iterator[Concern]:
    """Find columns with the name of a date that hold something else."""
    for column in source.table.columns:
        if str(column).endswith("DT") and len(str(column)) > 2:
            cells = source.table[column]
            odd = cells.notna() & days(cells).isna()
            message = "is no date; write dates as YYYY-MM-DD, or as SAS dates with their format"
            yield from odd_rows(source, odd, "no_date", message, str(column))


def _deaths(adsl: Source) -> pd.Series | None:
    if "DTHDT" not in adsl.table:
        return None
    return pd.Series(days(adsl.table["DTHDT"]).to_numpy(), index=adsl.table["USUBJID"])


def _after_death(source: Source, deaths: pd.Series) -> Iterator[Concern]:
    died = np.append(deaths.reindex(source.subjects.distinct).to_numpy(), np.datetime64("NaT"))
    died = died[source.subjects.codes]
    for column in ("ADT", "ASTDT"):
        if column in source.table:
            # A report may be dated the day after.
            late = days(source.table[column]).to_numpy() > died + ONE_DAY
            message = "is dated after the subject's death (DTHDT of ADSL)"
            yield from odd_rows(source, late, "after_death", message, column)


def _events(adae: Source, config: StudyConfig) -> Iterator[Concern]:
    table, block = adae.table, config.adverse_events
    if block is None:  # then no rule says what the columns hold
        return
    for start, end in (("ASTDT", "AENDT"), ("ASTDY", "AENDY")):
        if {start, end} <= set(table.columns):
            if start == "ASTDT":
                odd = days(table[end]) < days(table[start])
            else:
                odd = pd.to_numeric(table[end], errors="coerce") < table[start]
            yield from odd_rows(adae, odd, "negative_duration", f"ends before {start}", end)
            break
    if block.treatment_emergent:
        odd = (table["ASTDY"] < 1) & (table[block.treatment_emergent] == "Y")
        message = f"began before treatment, and {block.treatment_emergent} is Y"
        yield from odd_rows(adae, odd, "emergent_before_treatment", message, "ASTDY")
    own = [c for c in table.columns if not str(c).endswith("SEQ")]
    message = "the same event stands twice, in every column"
    yield from odd_rows(adae, table.duplicated(own), "same_event", message, block.term)


def _times(adtte: Source, config: StudyConfig) -> Iterator[Concern]:
    """Compare times with the dates that they run between."""
    table = adtte.table
    if not {"STARTDT", "ADT"} <= set(table.columns):
        return
    elapsed = (days(table["ADT"]) - days(table["STARTDT"])).dt.days.to_numpy(float)
    message = "ends before it starts (STARTDT)"
    yield from odd_rows(adtte, elapsed < 0, "negative_duration", message, "ADT")
    value = table["AVAL"].to_numpy(float)
    for event in config.time_to_event:
        rows = adtte.parameters.among([event.parameter]) & (elapsed > 0) & (value > 0)
        if not rows.any():
            continue
        ratio = float(np.median(elapsed[rows] / value[rows])) / DAYS[event.unit]
        if not 1 / UNIT_FACTOR < ratio < UNIT_FACTOR:
            message = (
                f"{event.parameter} does not fit its dates: a {event.unit} would have "
                f"{ratio * DAYS[event.unit]:.3g} days; see `unit` under time_to_event in study.yml"
            )
            yield from odd_rows(adtte, rows, "unit_of_time", message, "AVAL")
