"""The table contract: which columns each ADaM dataset needs, what they may hold, and the checks."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandera.errors
import pandera.pandas as pa

from alsutils.study.config import Endpoint, StudyConfig
from alsutils.study.errors import Problem

SHOWN_PER_CHECK = 20  # rows named for one broken rule before the rest are only counted
CHANGE_TOLERANCE = 0.01  # CHG may be rounded to two decimals where AVAL and BASE are not


@dataclass(frozen=True)
class Source:
    """A table as it was read, with the names that a problem needs.

    Attributes
    ----------
    role : str
        Key under ``datasets``.
    file : str
        File name in the study folder.
    first_row : int
        Number that the file's reader would give to the first data row.
    table : DataFrame
        Its rows; the index counts from 0 in file order.
    """

    role: str
    file: str
    first_row: int
    table: pd.DataFrame

    def problem(
        self,
        message: str,
        index: int | None = None,
        column: str | None = None,
        value: object = None,
    ) -> Problem:
        """Build a problem of this table, naming the row as the file's reader would."""
        row = None if index is None else int(index) + self.first_row
        return Problem(self.file, message, row, column, None if value is None else str(value))


def check_columns(source: Source, config: StudyConfig) -> list[Problem]:
    """Find missing columns, empty tables, wrong types and forbidden values of one table.

    Parameters
    ----------
    source : Source
        The table.
    config : StudyConfig
        What the study says of it.

    Returns
    -------
    list of Problem
        Empty where the table keeps the contract.
    """
    if source.table.empty:
        return [
            source.problem("the table has no rows; export it again or leave it out of datasets")
        ]
    try:
        _schema(source.role, config).validate(source.table, lazy=True)
    except pandera.errors.SchemaErrors as error:
        return _limited(list(_as_problems(source, error.failure_cases)), source)
    return []


def typed(source: Source, config: StudyConfig) -> pd.DataFrame:
    """Give the checked table its types: numbers as float, the arm as an ordered category."""
    table = _schema(source.role, config).validate(source.table)
    if source.role == "adsl":
        labels = {arm.value: arm.label for arm in config.arms}
        words = table[config.arm_column].map(labels)
        order = pd.CategoricalDtype([arm.label for arm in config.arms], ordered=True)
        table = table.assign(**{config.arm_column: words.astype(order)})
    return table


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
    known = set(adsl.table["USUBJID"])
    problems += _empty_groups(adsl, config)
    for role, source in sources.items():
        if role == "adsl":
            continue
        unknown = ~source.table["USUBJID"].isin(known)
        message = f"subject is not in {adsl.file}; add it there or remove the record"
        found = [
            source.problem(message, i, "USUBJID", source.table.at[i, "USUBJID"])
            for i in source.table.index[unknown]
        ]
        if "PARAMCD" in source.table:
            found += _duplicates(source, config)
        if "AVISITN" in source.table:
            found += [*_out_of_range(source, config), *_not_whole(source, config)]
            found += _wrong_changes(source)
        problems += _limited(found, source)
    problems += _absent(sources, config)
    return problems


def _schema(role: str, config: StudyConfig) -> pa.DataFrameSchema:
    """Columns of one dataset role; other columns are let through."""
    if role == "adsl":
        columns = _adsl_columns(config)
    elif role == "adae":
        columns = _adae_columns(config)
    elif role == "adtte":
        columns = _adtte_columns(config)
    else:
        columns = _bds_columns(role, config)
    return pa.DataFrameSchema(columns, strict=False, coerce=False)


def _subject(unique: bool = False) -> pa.Column:
    return pa.Column(str, unique=unique, nullable=False, coerce=True)


def _number(nullable: bool = True, checks: list[pa.Check] | None = None) -> pa.Column:
    finite = pa.Check(lambda values: np.isfinite(values), error="must be a finite number")
    return pa.Column(float, coerce=True, nullable=nullable, checks=[finite, *(checks or [])])


def _one_of(values: list[str], nullable: bool) -> pa.Column:
    check = pa.Check.isin(values, error=f"must be one of {', '.join(map(repr, values))}")
    return pa.Column(None, nullable=nullable, checks=[check])


def _adsl_columns(config: StudyConfig) -> dict[str, pa.Column]:
    columns = {"USUBJID": _subject(unique=True)}
    # A subject without an arm was screened and not randomised.
    columns[config.arm_column] = _one_of([arm.value for arm in config.arms], nullable=True)
    for population in config.populations.values():
        columns[population.flag] = _one_of(["Y", "N"], nullable=True)
    anything = pa.Column(None, nullable=True)
    endpoints = (config.primary, *config.secondary)
    wanted = [c for e in endpoints for c in e.covariates if c != "BASE"]
    wanted += [c for t in config.time_to_event for c in t.covariates]
    wanted += [c.column for c in config.baseline]
    if config.flow:
        wanted += [config.flow.status, config.flow.reason]
        wanted += [c for c in (config.flow.received, config.flow.stopped) if c is not None]
    if config.design and config.design.randomisation:
        drawn = config.design.randomisation
        wanted += [*drawn.strata, *([drawn.order] if drawn.order else [])]
    for column in wanted:
        columns.setdefault(column, anything)
    return columns


def _adae_columns(config: StudyConfig) -> dict[str, pa.Column]:
    columns = {"USUBJID": _subject()}
    block = config.adverse_events
    if block is None:
        return columns
    columns[block.term] = pa.Column(None, nullable=False)
    columns[block.system] = pa.Column(None, nullable=False)
    columns["AESER"] = _one_of(["Y", "N"], nullable=True)
    columns["AESEV"] = _one_of(["MILD", "MODERATE", "SEVERE"], nullable=True)
    columns["AEREL"] = pa.Column(None, nullable=True)
    columns["ASTDY"] = _number()
    for event in block.interest:
        if event.column:
            columns.setdefault(event.column, pa.Column(None, nullable=True))
    if block.treatment_emergent:
        columns[block.treatment_emergent] = _one_of(["Y", "N"], nullable=True)
    return columns


def _adtte_columns(config: StudyConfig) -> dict[str, pa.Column]:
    not_negative = pa.Check.ge(0, error="a time must not be negative")
    whole = pa.Check(
        lambda values: (values >= 0) & (values == values.round()),
        error="must be 0 (event) or a whole number above it (reason for censoring)",
    )
    columns = {
        "USUBJID": _subject(),
        "PARAMCD": pa.Column(str, coerce=True),
        "AVAL": _number(nullable=False, checks=[not_negative]),
        "CNSR": _number(nullable=False, checks=[whole]),
    }
    if any(event.description is not None for event in config.intercurrent_events):
        columns["EVNTDESC"] = pa.Column(None, nullable=True)
    return columns


def _bds_columns(role: str, config: StudyConfig) -> dict[str, pa.Column]:
    columns = {
        "USUBJID": _subject(),
        "PARAMCD": pa.Column(str, coerce=True),
        "AVISITN": _number(),
        "AVAL": _number(),
    }
    for endpoint in (config.primary, *config.secondary):
        if config.parameters[endpoint.parameter].dataset == role:
            if endpoint.value == "CHG":
                columns |= {"BASE": _number(), "CHG": _number()}
            if "BASE" in endpoint.covariates:
                columns["BASE"] = _number()
    if config.biomarkers and config.biomarkers.dataset == role:
        columns["BASE"] = _number()
        if config.biomarkers.batch:
            columns[config.biomarkers.batch] = pa.Column(nullable=True)
    return columns


def _as_problems(source: Source, cases: pd.DataFrame) -> Iterator[Problem]:
    """Turn pandera's failure cases into problems, one for each row and rule."""
    missing = cases.loc[cases["check"] == "column_in_dataframe", "failure_case"]
    have = {str(c).casefold(): str(c) for c in source.table.columns}
    for name in missing:
        near = have.get(str(name).casefold())
        hint = f"rename {near} to {name}" if near else f"the file has {_listed(have.values())}"
        yield source.problem(f"column is missing; {hint}", column=str(name))
    uncoerced = set(cases.loc[cases["check"].str.startswith("coerce_dtype"), "column"])
    for case in cases.rename(columns={"index": "position"}).itertuples():
        check, column = str(case.check), case.column
        if check == "column_in_dataframe" or pd.isna(case.position):
            continue  # a check that could not run on a column that is reported already
        if column in uncoerced and not check.startswith("coerce_dtype"):
            continue
        if check.startswith("coerce_dtype"):
            message, value = "must be a number", case.failure_case
        elif check == "not_nullable":
            message, value = "must not be empty", None
        elif check == "field_uniqueness":
            message, value = "must not stand twice; keep one row of this subject", case.failure_case
        else:
            message, value = check, case.failure_case
        yield source.problem(message, int(case.position), str(column), value)


def _limited(problems: list[Problem], source: Source) -> list[Problem]:
    """Name the first rows of each broken rule and count the rest."""
    kept: list[Problem] = []
    seen: dict[tuple[str | None, str], int] = {}
    for problem in sorted(problems, key=lambda p: (p.column or "", p.row or 0)):
        key = (problem.column, problem.message)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= SHOWN_PER_CHECK:
            kept.append(problem)
    for (column, message), count in seen.items():
        if count > SHOWN_PER_CHECK:
            more = f"{message}: {count - SHOWN_PER_CHECK} more rows like this"
            kept.append(source.problem(more, column=column))
    return kept


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
    table = source.table[source.table["PARAMCD"].isin(_used_parameters(source.role, config))]
    key = ["USUBJID", "PARAMCD"]
    if "AVISITN" in table:
        table = table[table["AVISITN"].notna()]
        key.append("AVISITN")
    for record in table[table.duplicated(key)].itertuples():
        visit = f" at AVISITN {record.AVISITN:g}" if "AVISITN" in key else ""
        message = (
            f"second record of {record.PARAMCD}{visit} for this subject; remove one, "
            f"or choose among them with `records` of {source.role} in study.yml"
        )
        yield source.problem(message, record.Index, "USUBJID", record.USUBJID)


def _out_of_range(source: Source, config: StudyConfig) -> Iterator[Problem]:
    """Find scores outside the range that study.yml gives for the parameter."""
    for code, parameter in config.parameters.items():
        if parameter.dataset != source.role or parameter.range is None:
            continue
        low, high = parameter.range
        rows = source.table[source.table["PARAMCD"] == code]
        for column in ("AVAL", "BASE"):
            if column in rows:
                bad = rows[(rows[column] < low) | (rows[column] > high)]
                message = (
                    f"{code} must lie between {low:g} and {high:g}; "
                    "correct the record, or the range under parameters in study.yml"
                )
                for index, value in bad[column].items():
                    yield source.problem(message, index, column, f"{value:g}")


def _not_whole(source: Source, config: StudyConfig) -> Iterator[Problem]:
    """Find fractions among the scores that study.yml calls whole numbers."""
    whole = [c for c, p in config.parameters.items() if p.whole and p.dataset == source.role]
    rows = source.table[source.table["PARAMCD"].isin(whole)]
    for index in rows.index[rows["AVAL"] != rows["AVAL"].round()]:
        if pd.notna(rows.at[index, "AVAL"]):
            message = f"{rows.at[index, 'PARAMCD']} must be a whole number; correct the record"
            yield source.problem(message, index, "AVAL", f"{rows.at[index, 'AVAL']:g}")


def _wrong_changes(source: Source) -> Iterator[Problem]:
    """Find changes that are not the value less the baseline."""
    if not {"BASE", "CHG"} <= set(source.table.columns):
        return
    difference = source.table["AVAL"] - source.table["BASE"]
    allowed = CHANGE_TOLERANCE * np.maximum(1, source.table["AVAL"].abs())
    wrong = (source.table["CHG"] - difference).abs() > allowed
    for index in source.table.index[wrong]:
        message = f"CHG must be AVAL less BASE, here {difference[index]:g}"
        yield source.problem(message, index, "CHG", f"{source.table.at[index, 'CHG']:g}")


def _empty_groups(adsl: Source, config: StudyConfig) -> Iterator[Problem]:
    """Find arms and populations that nobody is in."""
    arms = adsl.table[config.arm_column]
    for arm in config.arms:
        if not (arms == arm.value).any():
            message = (
                f"no subject of arm {arm.value!r}; the file has {_listed(arms.dropna().unique())}"
            )
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
        have = set(source.table["PARAMCD"]) if "PARAMCD" in source.table else set()
        for code in _used_parameters(role, config):
            if code not in have:
                message = f"no record of {code!r}, which study.yml names; it has {_listed(have)}"
                yield source.problem(message, column="PARAMCD")
    for endpoint in (config.primary, *config.secondary):
        role = config.parameters[endpoint.parameter].dataset
        if role in sources:
            yield from _absent_visits(sources[role], endpoint)
    if config.biomarkers and config.biomarkers.dataset in sources:
        source = sources[config.biomarkers.dataset]
        visits = set(source.table["AVISITN"].dropna())
        for visit in config.biomarkers.visits:
            if visit not in visits:
                message = f"no biomarker record at visit {visit:g}; it has {_listed(visits)}"
                yield source.problem(message, column="AVISITN")


def _absent_visits(source: Source, endpoint: Endpoint) -> Iterator[Problem]:
    rows = source.table[source.table["PARAMCD"] == endpoint.parameter]
    visits = set(rows["AVISITN"].dropna())
    for visit in endpoint.visits:
        if len(rows) and visit not in visits:
            message = (
                f"no record of {endpoint.parameter} at visit {visit:g}; it has {_listed(visits)}"
            )
            yield source.problem(message, column="AVISITN")


def _listed(values: object, most: int = 12) -> str:
    """Join a few values for an error message."""
    words = [f"{v:g}" if isinstance(v, float) else str(v) for v in sorted(values)]  # type: ignore[call-overload]
    return ", ".join(words[:most]) + (", ..." if len(words) > most else "") if words else "none"
