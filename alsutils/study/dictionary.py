"""The data dictionary: every field of study.yml and every column that the datasets need."""

import types
import typing
from collections.abc import Iterator

import pandas as pd
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from alsutils.study.config import StudyConfig


def study_fields() -> pd.DataFrame:
    """List every field of study.yml.

    Returns
    -------
    DataFrame
        One row a field: ``block`` (where it stands, with ``[]`` for lists and ``<name>`` for keys
        of one's own), ``field``, ``type``, ``default`` ("needed" where there is none) and
        ``meaning``.
    """
    rows = list(_fields(StudyConfig, ""))
    return pd.DataFrame(rows, columns=["block", "field", "type", "default", "meaning"])


def table_columns() -> pd.DataFrame:
    """List the columns that each kind of dataset needs.

    Returns
    -------
    DataFrame
        One row a column: ``dataset``, ``column``, ``holds`` and ``when`` it is needed.
    """
    always = "always"
    rows = [
        ("ADSL", "USUBJID", "Subject, one row each", always),
        ("ADSL", "the arm column", "A value of `arms`; empty for who was not randomised", always),
        ("ADSL", "population flags", "Y or N", "for each of `populations`"),
        ("ADSL", "covariates", "Number or text", "where an endpoint or event names them"),
        ("ADSL", "baseline columns", "Number or text", "where `baseline` names them"),
        ("ADSL", "status and reason", "Text", "with `flow`"),
        ("ADSL", "strata and order", "Number or text", "where `randomisation` names them"),
        ("ADSL", "received", "Y or N", "where `flow` names it"),
        ("ADSL", "stopped", "Text; empty for who did not stop", "where `flow` names it"),
        ("BDS (ADQS, ADLB, ...)", "USUBJID", "Subject, known to ADSL", always),
        ("BDS (ADQS, ADLB, ...)", "PARAMCD", "What was measured", always),
        ("BDS (ADQS, ADLB, ...)", "AVISITN", "Visit as a number; empty if unscheduled", always),
        ("BDS (ADQS, ADLB, ...)", "AVAL", "Value; empty if missing", always),
        ("BDS (ADQS, ADLB, ...)", "BASE, CHG", "Baseline and change", "for endpoints of change"),
        ("BDS (ADQS, ADLB, ...)", "AVALC", "`<limit` where below it", "with limits of biomarkers"),
        ("BDS (ADLB)", "LBLLOQ", "Lower limit of quantification", "if there is, for biomarkers"),
        ("BDS (ADLB)", "batch", "Assay plate or batch", "where `biomarkers` names it"),
        ("ADSL", "TRTSDT, TRTEDT", "First and last day of treatment", "if there is, for rates"),
        ("ADSL", "EOSDY or EOSDT", "Last study day or date", "if there is, for events over time"),
        ("ADSL", "DTHFL, DTHDT", "Y for who died; date of death", "if there is, for safety"),
        ("BDS (ADLB, ADVS)", "ANRIND, BNRIND", "N, L or H", "if there is, for shifts"),
        ("BDS (ADLB, ADVS)", "A1LO, A1HI", "Limits of normal", "if there is, for shifts"),
        ("BDS (ADLB, ADVS)", "ABLFL", "Y for the baseline value", "if there is, for shifts"),
        ("ADAE", "USUBJID", "Subject, known to ADSL", "with `adverse_events`"),
        ("ADAE", "term and system", "Names of event and body system", "with `adverse_events`"),
        ("ADAE", "AESER", "Y or N", "with `adverse_events`"),
        ("ADAE", "AESEV", "MILD, MODERATE or SEVERE", "with `adverse_events`"),
        ("ADAE", "AEREL", "Text; see `related`", "with `adverse_events`"),
        ("ADAE", "ASTDY", "Study day of onset", "with `adverse_events`"),
        ("ADAE", "AEACN, AESDTH", "Action taken; Y if fatal", "if there is"),
        ("ADTTE", "USUBJID", "Subject, known to ADSL", "with `time_to_event`"),
        ("ADTTE", "PARAMCD", "Which event", "with `time_to_event`"),
        ("ADTTE", "AVAL", "Time, 0 or above", "with `time_to_event`"),
        ("ADTTE", "CNSR", "0 = event; above 0 = censored", "with `time_to_event`"),
    ]
    return pd.DataFrame(rows, columns=["dataset", "column", "holds", "when"])


def _fields(model: type[BaseModel], block: str) -> Iterator[tuple[str, ...]]:
    """Walk through a block, its own fields first and then the blocks within it."""
    inner: list[tuple[type[BaseModel], str]] = []
    for name, field in model.model_fields.items():
        nested, suffix = _nested(field.annotation)
        default = "needed" if field.is_required() else _default(field.get_default())
        path = f"{block}.{name}" if block else name
        words = f"block{suffix}" if nested else _words(field.annotation)
        yield block or "top level", name, words, default, field.description or ""
        if nested:
            inner.append((nested, path + suffix))
    for nested, path in inner:
        yield from _fields(nested, path)


def _nested(annotation: object) -> tuple[type[BaseModel] | None, str]:
    """Find the block that a field holds, and how: once, as a list, or by name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    arguments = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    for argument in arguments:
        found, suffix = _nested(argument)
        if found:
            own = "[]" if origin is tuple else ".<name>" if origin is dict else ""
            return found, own + suffix
    return None, ""


def _default(value: object) -> str:
    if value is PydanticUndefined or value is None or value in ((), {}, ""):
        return "none"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _words(annotation: object) -> str:
    """Word a type for somebody who writes YAML."""
    simple: dict[object, str] = {
        str: "text",
        float: "number",
        int: "whole number",
        bool: "true or false",
    }
    if annotation in simple:
        return simple[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " or ".join(map(str, arguments))
    if origin in (types.UnionType, typing.Union):
        return _words(next(a for a in arguments if a is not type(None)))
    if origin is typing.Annotated:
        return _words(arguments[0])
    if origin is tuple:
        item = _words(arguments[0])
        return f"list of {item}" if arguments[-1] is Ellipsis else f"pair of {item}"
    if origin is dict:
        return f"{_words(arguments[1])} by name"
    return str(annotation)
