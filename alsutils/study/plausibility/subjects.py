"""Subjects that are in one table only, in two arms, or dead before they began."""

from collections.abc import Iterator, Mapping

import pandas as pd

from alsutils.study.config import StudyConfig
from alsutils.study.contract import Source
from alsutils.study.plausibility.concern import Concern, days, missing_subjects, odd_rows

OLDEST = 115


def check_subjects(sources: Mapping[str, Source], config: StudyConfig) -> Iterator[Concern]:
    """Find odd subjects.

    Parameters
    ----------
    sources : Mapping of str to Source
        The datasets by role, with the records that count.
    config : StudyConfig
        What the study says.

    Yields
    ------
    Concern
        Randomised subjects without a record of the primary endpoint or of anything, arms planned
        and received that differ, dates of treatment, randomisation and death that contradict each
        other, ages that nobody has.
    """
    adsl = sources["adsl"]
    table = adsl.table
    randomised = table.loc[table[config.arm_column].notna(), "USUBJID"]
    others = {role: source for role, source in sources.items() if role != "adsl"}
    seen = set().union(*(source.subjects.distinct for source in others.values()))
    nowhere = randomised[~randomised.isin(seen)]
    message = "randomised, and without a record in any other dataset; is a dataset incomplete?"
    yield from missing_subjects(adsl, nowhere, "only_in_adsl", message)
    yield from _without_endpoint(sources, config, randomised[randomised.isin(seen)])
    if {"TRT01P", "TRT01A"} <= set(table.columns):
        both = table["TRT01P"].notna() & table["TRT01A"].notna()
        other = both & table["TRT01A"].isin(table["TRT01P"].dropna()) & (
            table["TRT01P"].astype("str") != table["TRT01A"].astype("str")
        )  # fmt: skip
        message = "received another treatment than was planned; the book compares arms as planned"
        yield from odd_rows(adsl, other, "arm_as_treated", message, "TRT01A")
    if "AGE" in table and pd.api.types.is_numeric_dtype(table["AGE"].dtype):
        message = f"an age outside 0 to {OLDEST}"
        odd = (table["AGE"] < 0) | (table["AGE"] > OLDEST)
        yield from odd_rows(adsl, odd, "age", message, "AGE")
    yield from _dates(adsl)


def _without_endpoint(
    sources: Mapping[str, Source], config: StudyConfig, subjects: pd.Series
) -> Iterator[Concern]:
    """Find members of the primary population whom the primary endpoint lacks."""
    endpoint = config.primary
    source = sources[config.parameters[endpoint.parameter].dataset]
    adsl = sources["adsl"].table
    flag = config.populations[endpoint.population].flag
    members = subjects[adsl.loc[subjects.index, flag] == "Y"]
    rows = source.parameters.among([endpoint.parameter]) & source.table["AVAL"].notna().to_numpy()
    measured = source.subjects.distinct[pd.unique(source.subjects.codes[rows])]
    label = config.populations[endpoint.population].label
    message = (
        f"of the population {endpoint.population!r} ({label}) and without a value of "
        f"{endpoint.parameter}"
    )
    yield from missing_subjects(
        source, members[~members.isin(measured)], "no_primary_value", message
    )


def _dates(adsl: Source) -> Iterator[Concern]:
    """Compare the dates of one subject."""
    table = adsl.table
    known = {c: days(table[c]) for c in ("RANDDT", "TRTSDT", "TRTEDT", "DTHDT") if c in table}
    for earlier, later, words in (
        ("RANDDT", "TRTSDT", "treatment began before randomisation"),
        ("TRTSDT", "TRTEDT", "treatment ended before it began"),
        ("RANDDT", "DTHDT", "died before randomisation"),
        ("TRTEDT", "DTHDT", "died before the last treatment"),
    ):
        if earlier in known and later in known:
            odd = known[later] < known[earlier]
            yield from odd_rows(adsl, odd, "order_of_dates", f"{words} ({earlier})", later)
    if {"DTHFL", "DTHDT"} <= set(table.columns):
        odd = table["DTHDT"].notna() & (table["DTHFL"] != "Y")
        yield from odd_rows(adsl, odd, "death", "a date of death, and DTHFL is not Y", "DTHDT")
