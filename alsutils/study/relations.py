"""What must hold between the rows of a table and between tables."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from alsutils.study.config import Endpoint, StudyConfig
from alsutils.study.contract import SHOWN_PER_CHECK, Source, listed
from alsutils.study.errors import Problem

CHANGE_TOLERANCE = 0.01  # CHG may be rounded to two decimals where AVAL and BASE are not


def check_relations(sources: dict[str, Source], config: StudyConfig) -> list[Problem]:
    """Check what holds between rows and between tables.

    Parameters
    ----------
    sources : dict of str to Source
        Tables whose columns are right, by role, with only the records that count.
    config : StudyConfig
        What the study says of them.

    Returns
    -------
    list of Problem
        Subjects that ADSL does not know, duplicate records, scores out of range, changes that are
        not a difference, and parameters, visits, arms or populations with nobody in them.
    """
    problems: list[Problem] = []
    adsl = sources["adsl"]
    known = adsl.table["USUBJID"]
    problems += _empty_groups(adsl, config)
    for role, source in sources.items():
        if role == "adsl":
            continue
        message = f"subject is not in {adsl.file}; add it there or remove the record"
        unknown = pd.Series(~source.subjects.among(known), index=source.table.index)
        problems += source.rows(unknown, message, "USUBJID")
        if "PARAMCD" in source.table:
            problems += _duplicates(source, config)
        if "AVISITN" in source.table:
            problems += [*_out_of_range(source, config), *_not_whole(source, config)]
            problems += _wrong_changes(source)
    problems += _absent(sources, config)
    return problems


def _used_parameters(role: str, config: StudyConfig) -> list[str]:
    """PARAMCDs of a dataset that the study names."""
    codes = [code for code, p in config.parameters.items() if p.dataset == role]
    if config.biomarkers and config.biomarkers.dataset == role:
        codes += [b.parameter for b in config.biomarkers.panel if b.parameter not in codes]
    if role == "adtte":
        codes += [t.parameter for t in config.time_to_event]
    return codes


def _duplicates(source: Source, config: StudyConfig) -> Iterator[Problem]:
    """Find second records of a subject for one parameter and visit."""
    table = source.table
    key = {"subject": source.subjects.codes, "parameter": source.parameters.codes}
    counts = source.parameters.among(_used_parameters(source.role, config))
    if "AVISITN" in table:
        key["visit"] = table["AVISITN"].to_numpy()
        counts &= table["AVISITN"].notna().to_numpy()
    again = table.index[counts][pd.DataFrame(key)[counts].duplicated().to_numpy()]
    mend = f"remove one, or choose among them with `records` of {source.role} in study.yml"
    for index in again[:SHOWN_PER_CHECK]:
        visit = f" at AVISITN {table.at[index, 'AVISITN']:g}" if "visit" in key else ""
        message = f"second record of {table.at[index, 'PARAMCD']}{visit} for this subject; {mend}"
        yield source.problem(message, index, "USUBJID", table.at[index, "USUBJID"])
    if len(again) > SHOWN_PER_CHECK:
        count = len(again) - SHOWN_PER_CHECK
        message = f"second records of subject, parameter and visit: {count} more rows like this"
        yield source.problem(f"{message}; {mend}", column="USUBJID")


def _out_of_range(source: Source, config: StudyConfig) -> Iterator[Problem]:
    """Find scores outside the range that study.yml gives for the parameter."""
    for code, parameter in config.parameters.items():
        if parameter.dataset != source.role or parameter.range is None:
            continue
        low, high = parameter.range
        rows = source.table[source.parameters.among([code])]
        for column in ("AVAL", "BASE"):
            if column in rows and pd.api.types.is_numeric_dtype(rows[column].dtype):
                message = (
                    f"{code} must lie between {low:g} and {high:g}; "
                    "correct the record, or the range under parameters in study.yml"
                )
                yield from source.rows(
                    (rows[column] < low) | (rows[column] > high), message, column
                )


def _not_whole(source: Source, config: StudyConfig) -> Iterator[Problem]:
    """Find fractions among the scores that study.yml calls whole numbers."""
    for code, parameter in config.parameters.items():
        if parameter.whole and parameter.dataset == source.role:
            values = source.table.loc[source.parameters.among([code]), "AVAL"].dropna()
            message = f"{code} must be a whole number; correct the record"
            yield from source.rows(values != values.round(), message, "AVAL")


def _wrong_changes(source: Source) -> Iterator[Problem]:
    """Find changes that are not the value less the baseline."""
    table = source.table
    columns = ["AVAL", "BASE", "CHG"]
    if not set(columns) <= set(table.columns):
        return
    if not all(pd.api.types.is_numeric_dtype(table[c].dtype) for c in columns):
        return
    difference = table["AVAL"] - table["BASE"]
    allowed = CHANGE_TOLERANCE * np.maximum(1, table["AVAL"].abs())
    wrong = (table["CHG"] - difference).abs() > allowed
    if wrong.any():
        first = wrong.idxmax()
        message = f"CHG must be AVAL less BASE, here {difference[first]:g}"
        yield from source.rows(wrong[[first]], message, "CHG")
        rest = replace(source, table=table[wrong].drop(index=first))
        yield from rest.rows(wrong[wrong].drop(first), "CHG must be AVAL less BASE", "CHG")


def _empty_groups(adsl: Source, config: StudyConfig) -> Iterator[Problem]:
    """Find arms and populations that nobody is in."""
    arms = adsl.table[config.arm_column]
    for arm in config.arms:
        if not (arms == arm.value).any():
            have = listed(arms.dropna().unique())
            message = f"no subject of arm {arm.value!r}; the file has {have}"
            yield adsl.problem(message, column=config.arm_column)
    for name, population in config.populations.items():
        for arm in config.arms:
            members = (arms == arm.value) & (adsl.table[population.flag] == "Y")
            if (arms == arm.value).any() and not members.any():
                message = f"population {name!r} has nobody in arm {arm.value!r}"
                yield adsl.problem(message, column=population.flag)


def _absent(sources: dict[str, Source], config: StudyConfig) -> Iterator[Problem]:
    """Find parameters and visits that study.yml names and the tables do not hold."""
    for role, source in sources.items():
        have = set(source.parameters.distinct) if "PARAMCD" in source.table else set()
        for code in _used_parameters(role, config):
            if code not in have:
                message = f"no record of {code!r}, which study.yml names; it has {listed(have)}"
                yield source.problem(message, column="PARAMCD")
    for endpoint in (config.primary, *config.secondary):
        role = config.parameters[endpoint.parameter].dataset
        if role in sources:
            yield from _absent_visits(sources[role], endpoint)
    if config.biomarkers and config.biomarkers.dataset in sources:
        source = sources[config.biomarkers.dataset]
        visits = set(source.table["AVISITN"].dropna().unique())
        for visit in config.biomarkers.visits:
            if visit not in visits:
                message = f"no biomarker record at visit {visit:g}; it has {listed(visits)}"
                yield source.problem(message, column="AVISITN")


def _absent_visits(source: Source, endpoint: Endpoint) -> Iterator[Problem]:
    rows = source.table[source.parameters.among([endpoint.parameter])]
    visits = set(rows["AVISITN"].dropna().unique())
    for visit in endpoint.visits:
        if len(rows) and visit not in visits:
            message = (
                f"no record of {endpoint.parameter} at visit {visit:g}; it has {listed(visits)}"
            )
            yield source.problem(message, column="AVISITN")
