"""The table contract: which columns each ADaM dataset needs, what they may hold, and the checks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from alsutils.study.config import StudyConfig
from alsutils.study.errors import Problem

SHOWN_PER_CHECK = 20  # rows named for one broken rule before the rest are only counted
_NO_VALUE = re.compile(r"NA|NaN|\.[A-Z_a-z]?")  # R's and SAS's marks of a missing number


@dataclass(frozen=True)
class Coded:
    """A column as codes, because comparing numbers is quicker than comparing texts.

    Attributes
    ----------
    codes : ndarray of int, shape (n,)
        Position in `distinct` of each row's value; -1 where it is missing.
    distinct : Index
        The distinct values.
    """

    codes: np.ndarray
    distinct: pd.Index

    def among(self, wanted: object) -> np.ndarray:
        """Tell for each row whether its value is one of those wanted; shape (n,)."""
        found = np.append(self.distinct.isin(list(wanted)), False)  # type: ignore[call-overload]
        return found[self.codes]


def coded(column: pd.Series) -> Coded:
    """Code a column.

    Parameters
    ----------
    column : Series
        Any values.

    Returns
    -------
    Coded
        Its codes.
    """
    codes, values = pd.factorize(column)
    return Coded(codes, pd.Index(values))


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

    @cached_property
    def subjects(self) -> Coded:
        """USUBJID as codes."""
        return coded(self.table["USUBJID"])

    @cached_property
    def parameters(self) -> Coded:
        """PARAMCD as codes."""
        return coded(self.table["PARAMCD"])

    def problem(
        self,
        message: str,
        index: int | None = None,
        column: str | None = None,
        value: object = None,
    ) -> Problem:
        """Build a problem of this table, naming the row as the file's reader would."""
        row = None if index is None else int(index) + self.first_row
        return Problem(self.file, message, row, column, None if value is None else shown(value))

    def rows(self, wrong: pd.Series, message: str, column: str) -> Iterator[Problem]:
        """Yield a problem for the first rows that break a rule, and count the rest.

        Parameters
        ----------
        wrong : Series of bool
            True for rows that break it, on the table's index.
        message : str
            The rule, and how to mend it.
        column : str
            The column whose value is shown.

        Yields
        ------
        Problem
            At most 20 rows and the number of others.
        """
        indexes = wrong.index[wrong.to_numpy()]
        for index in indexes[:SHOWN_PER_CHECK]:
            value = self.table.at[index, column]
            yield self.problem(message, index, column, None if pd.isna(value) else value)
        if len(indexes) > SHOWN_PER_CHECK:
            count = len(indexes) - SHOWN_PER_CHECK
            rows = "1 more row" if count == 1 else f"{count} more rows"
            yield self.problem(f"{message}: {rows} like this", column=column)


@dataclass(frozen=True)
class Rule:
    """What one column must hold.

    Attributes
    ----------
    number : bool
        Whether it holds finite numbers.
    may_be_empty : bool
        Whether cells may be empty.
    unique : bool
        Whether each value may stand once only.
    allowed : tuple of str
        The only values allowed; any where empty.
    from_zero : bool
        Whether numbers below zero are wrong.
    whole : bool
        Whether fractions are wrong.
    """

    number: bool = False
    may_be_empty: bool = True
    unique: bool = False
    allowed: tuple[str, ...] = ()
    from_zero: bool = False
    whole: bool = False


SPECIAL = ("adsl", "adae", "adtte")  # roles with rules of their own; any other is a BDS table

_SUBJECT = Rule(may_be_empty=False)
_NUMBER = Rule(number=True)
_ANYTHING = Rule()
_FLAG = Rule(allowed=("Y", "N"))


def column_rules(role: str, config: StudyConfig) -> dict[str, Rule]:
    """Give the columns that a dataset needs; it may have others.

    Parameters
    ----------
    role : str
        Key under ``datasets``: ``adsl``, ``adae`` and ``adtte`` have rules of their own, any other
        is a BDS table.
    config : StudyConfig
        What the study says.

    Returns
    -------
    dict of str to Rule
        What each column must hold.
    """
    if role == "adsl":
        return _adsl_columns(config)
    if role == "adae":
        return _adae_columns(config)
    if role == "adtte":
        return _adtte_columns(config)
    return _bds_columns(role, config)


def check_columns(source: Source, config: StudyConfig) -> tuple[Source, list[Problem]]:
    """Check the columns of one table and give its numbers their type.

    Parameters
    ----------
    source : Source
        The table.
    config : StudyConfig
        What the study says of it.

    Returns
    -------
    source : Source
        With the numbers of its rules as floats.
    problems : list of Problem
        Missing columns, empty tables, wrong types and forbidden values; empty where the table keeps
        the contract.
    """
    if source.table.empty:
        columns = ", ".join(column_rules(source.role, config))
        mend = f"fill {columns}, or leave it out of datasets"
        return source, [source.problem(f"the table has no rows; {mend}")]
    problems: list[Problem] = []
    numbers: dict[str, pd.Series] = {}
    for column, rule in column_rules(source.role, config).items():
        if column not in source.table:
            problems.append(_absent(source, column))
        elif rule.number:
            numbers[column], found = _numbers(source, column, rule)
            problems += found
        else:
            problems += _check_values(source, column, rule)
    return replace(source, table=source.table.assign(**numbers)), problems


def with_arms(adsl: pd.DataFrame, config: StudyConfig) -> pd.DataFrame:
    """Make the arm of ADSL an ordered category of the arms' labels, the control first.

    Parameters
    ----------
    adsl : DataFrame
        ADSL with the arms' values.
    config : StudyConfig
        What the study says of them.

    Returns
    -------
    DataFrame
        A copy.
    """
    labels = {arm.value: arm.label for arm in config.arms}
    order = pd.CategoricalDtype([arm.label for arm in config.arms], ordered=True)
    words = adsl[config.arm_column].map(labels)
    return adsl.assign(**{config.arm_column: words.astype(order)})


def shown(value: object, most: int = 80) -> str:
    """Word a value for an error message; a long one is cut."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters)"


def listed(values: object, most: int = 12) -> str:
    """Join a few values for an error message."""
    words = [shown(value, 40) for value in sorted(values)]  # type: ignore[call-overload]
    return ", ".join(words[:most]) + (", ..." if len(words) > most else "") if words else "none"


def _adsl_columns(config: StudyConfig) -> dict[str, Rule]:
    columns = {"USUBJID": Rule(may_be_empty=False, unique=True)}
    # A subject without an arm was screened and not randomised.
    columns[config.arm_column] = Rule(allowed=tuple(arm.value for arm in config.arms))
    for population in config.populations.values():
        columns[population.flag] = _FLAG
    endpoints = (config.primary, *config.secondary)
    wanted = [c for e in endpoints for c in e.covariates if c != "BASE"]
    wanted += [c for t in config.time_to_event for c in t.covariates]
    wanted += [c.column for c in config.baseline]
    if config.flow:
        flow = config.flow
        optional = (flow.reason, flow.received, flow.stopped)
        wanted += [flow.status, *(c for c in optional if c is not None)]
    if config.design and config.design.randomisation:
        drawn = config.design.randomisation
        wanted += [*drawn.strata, *([drawn.order] if drawn.order else [])]
    for column in wanted:
        columns.setdefault(column, _ANYTHING)
    return columns


def _adae_columns(config: StudyConfig) -> dict[str, Rule]:
    columns = {"USUBJID": _SUBJECT}
    block = config.adverse_events
    if block is None:
        return columns
    columns[block.term] = Rule(may_be_empty=False)
    columns[block.system] = Rule(may_be_empty=False)
    columns["AESER"] = _FLAG
    columns["AESEV"] = Rule(allowed=("MILD", "MODERATE", "SEVERE"))
    columns["AEREL"] = _ANYTHING
    columns["ASTDY"] = _NUMBER
    for event in block.interest:
        if event.column:
            columns.setdefault(event.column, _ANYTHING)
    if block.treatment_emergent:
        columns[block.treatment_emergent] = _FLAG
    return columns


def _adtte_columns(config: StudyConfig) -> dict[str, Rule]:
    columns = {
        "USUBJID": _SUBJECT,
        "PARAMCD": Rule(may_be_empty=False),
        "AVAL": Rule(number=True, may_be_empty=False, from_zero=True),
        "CNSR": Rule(number=True, may_be_empty=False, from_zero=True, whole=True),
    }
    if any(event.description is not None for event in config.intercurrent_events):
        columns["EVNTDESC"] = _ANYTHING
    return columns


def _bds_columns(role: str, config: StudyConfig) -> dict[str, Rule]:
    columns = {
        "USUBJID": _SUBJECT,
        "PARAMCD": Rule(may_be_empty=False),
        "AVISITN": _NUMBER,
        "AVAL": _NUMBER,
    }
    for endpoint in (config.primary, *config.secondary):
        if config.parameters[endpoint.parameter].dataset == role:
            if endpoint.value == "CHG":
                columns |= {"BASE": _NUMBER, "CHG": _NUMBER}
            if "BASE" in endpoint.covariates:
                columns["BASE"] = _NUMBER
    if config.biomarkers and config.biomarkers.dataset == role:
        columns["BASE"] = _NUMBER
        if config.biomarkers.batch:
            columns[config.biomarkers.batch] = _ANYTHING
    return columns


def _absent(source: Source, column: str) -> Problem:
    have = {str(name).casefold(): str(name) for name in source.table.columns}
    near = have.get(column.casefold())
    hint = f"rename {near} to {column}" if near else f"the file has {listed(have.values(), 40)}"
    return source.problem(f"column is missing; {hint}", column=column)


def _numbers(source: Source, column: str, rule: Rule) -> tuple[pd.Series, list[Problem]]:
    """Give a column as floats, and the cells that are no such number."""
    cells = source.table[column]
    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    problems: list[Problem] = []
    if not pd.api.types.is_numeric_dtype(cells.dtype):
        wrong = numbers.isna() & cells.notna()
        wrong &= ~cells.where(wrong).astype("str").str.fullmatch(_NO_VALUE.pattern).fillna(False)
        problems += source.rows(wrong, "must be a number", column)
        comma = cells[wrong].astype("str").str.fullmatch(r"-?\d+,\d+")
        if comma.any():
            mend = "numbers have a decimal comma; write a point, or separate the fields by ;"
            problems.append(source.problem(mend, column=column))
    problems += source.rows(np.isinf(numbers), "must be a finite number", column)
    if not rule.may_be_empty:
        problems += source.rows(cells.isna(), "must not be empty", column)
    if rule.whole:
        message = "must be 0 (event) or a whole number above it (reason for censoring)"
        wrong = (numbers < 0) | (numbers != numbers.round())
        problems += source.rows(wrong & numbers.notna() & ~np.isinf(numbers), message, column)
    elif rule.from_zero:
        problems += source.rows(numbers < 0, "a time must not be negative", column)
    return numbers, problems


def _check_values(source: Source, column: str, rule: Rule) -> Iterator[Problem]:
    cells = source.table[column]
    if not rule.may_be_empty:
        yield from source.rows(cells.isna(), "must not be empty", column)
    if rule.unique:
        twice = cells.duplicated(keep=False) & cells.notna()
        yield from source.rows(twice, "must not stand twice; keep one row of this subject", column)
    if rule.allowed:
        wrong = cells.notna() & ~cells.astype("str").isin(rule.allowed)
        message = f"must be one of {', '.join(map(repr, rule.allowed))}"
        if cells[wrong].astype("str").str.fullmatch(_NO_VALUE.pattern).any():
            message += "; a missing value is an empty cell"
        yield from source.rows(wrong, message, column)
