"""The data dictionary: every field of study.yml and every column that the datasets need."""

import re
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path

import annotated_types
import pandas as pd
import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from alsutils.study.config import StudyConfig
from alsutils.study.contract import Rule, column_rules
from alsutils.study.conventions import EVENT_DETAILS

_LONGEST_EXAMPLE = 60  # characters
TEMPLATE = Path(__file__).with_name("template.yml")
EXAMPLES = Path(__file__).with_name("examples.yml")

# What each column holds, and an example; the contract gives types and allowed values.
_HOLDS: dict[str, tuple[str, str]] = {
    "USUBJID": ("The subject, by the same name in all tables", "01-001"),
    "PARAMCD": ("What was measured or happened, in short", "SCORE"),
    "AVISITN": ("The visit as a number; empty if unscheduled", "12"),
    "AVAL": ("The value; empty if missing", "31"),
    "BASE": ("The value before treatment", "35"),
    "CHG": ("AVAL less BASE", "-4"),
    "CNSR": ("0 if the event happened, above 0 if it was censored", "0"),
    "EVNTDESC": ("What happened, in words", "Death"),
    "ANL01FL": ("Y for the record that counts at a visit", "Y"),
    "DTYPE": ("How a value was filled in; empty if it was observed", "LOCF"),
    "AESER": ("Whether the event was serious", "N"),
    "AESEV": ("How severe it was", "MILD"),
    "AEREL": ("Whether it was related to treatment; see `related`", "POSSIBLE"),
    "ASTDY": ("Study day on which it began; the first day of treatment is 1", "15"),
}
_DETAIL = "if there is; else the pages say that the data do not tell"
# Columns that no study needs and that the book makes use of: dataset, name, what it holds, what
# for, and an example.
_OPTIONAL = (
    ("adsl", "SITEID", "The site", "for sites and cluster effects", "S01"),
    ("adsl", "RANDDT", "Day of randomisation", "for enrolment over time", "2024-03-01"),
    ("adsl", "TRTSDT", "First day of treatment", "for rates of events", "2024-03-02"),
    ("adsl", "TRTEDT", "Last day of treatment", "for rates of events", "2024-09-01"),
    ("adsl", "EOSDT", "Last day in the study", "for events over time", "2024-09-15"),
    ("adsl", "EOSDY", "Last study day", "for events over time, in place of EOSDT", "198"),
    ("adsl", "DTHFL", "Y for who died", "for deaths", "Y"),
    ("adsl", "DTHDT", "Day of death", "for deaths", "2024-08-20"),
    ("bds", "PARAM", "What was measured, in words", "for labels", "Total score"),
    ("bds", "AVISIT", "Name of the visit", "where `time: visits` gives its time", "Week 12"),
    ("bds", "AVALC", "The value as text, `<limit` where below it", "for limits", "<0.5"),
    ("bds", "DTYPE", "How a value was filled in", "for `observed`", "LOCF"),
    ("bds", "LBLLOQ", "Lower limit of quantification", "for biomarkers", "0.5"),
    ("bds", "ABLFL", "Y for the value before treatment", "for shifts", "Y"),
    ("bds", "ADY", "Study day of the value", "for shifts", "85"),
    ("bds", "ANRIND", "N, L or H: within its limits of normal", "for shifts", "N"),
    ("bds", "BNRIND", "The same before treatment", "for shifts", "N"),
    ("bds", "A1LO", "Lower limit of normal", "for shifts, in place of ANRIND", "6"),
    ("bds", "A1HI", "Upper limit of normal", "for shifts, in place of ANRIND", "43"),
    ("adae", "AEACN", "What was done with the treatment", "for `withdrawn`", "DRUG WITHDRAWN"),
    ("adae", "AEOUT", "How the event ended", "for the list of serious events", "RECOVERED"),
    ("adae", "AESDTH", "Y if the event was fatal", "for fatal events", "N"),
    ("adae", "AENDY", "Study day on which it ended", "for the length of events", "20"),
    ("adae", "AETOXGR", "Grade from 1 to 5", "in place of AESEV", "2"),
    ("adtte", "EVNTDESC", "What happened, in words", "for events of several kinds", "Death"),
)


def specimen() -> StudyConfig:
    """Give the study of the template, which has every kind of dataset."""
    return StudyConfig.model_validate(yaml.safe_load(TEMPLATE.read_text("utf-8")), strict=False)


def study_fields(*examples: Mapping[str, object]) -> pd.DataFrame:
    """List every field of study.yml.

    Parameters
    ----------
    *examples : Mapping
        Contents of study.yml files that examples are taken from, after the template's and before
        those of an invented trial.

    Returns
    -------
    DataFrame
        One row a field: ``block`` (where it stands, with ``[]`` for lists and ``<name>`` for keys
        of one's own), ``field``, ``type`` with its limits, ``default`` ("needed" where there is
        none), ``meaning`` and ``example`` (empty where no file has the field).
    """
    template, invented = (yaml.safe_load(path.read_text("utf-8")) for path in (TEMPLATE, EXAMPLES))
    contents = [template, *examples, invented]
    rows = [
        (*row, next((found for c in contents if (found := _example(c, row[0], row[1]))), ""))
        for row in _fields(StudyConfig, "")
    ]
    columns = ["block", "field", "type", "default", "meaning", "example"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(block=frame["block"].replace("", "top level"))


def table_columns(config: StudyConfig | None = None) -> pd.DataFrame:
    """List the columns of each dataset of a study, from the contract that checks them.

    Parameters
    ----------
    config : StudyConfig or None
        The study; that of the template where None.

    Returns
    -------
    DataFrame
        One row a column: ``dataset``, ``column``, ``holds``, ``type`` with the allowed values,
        ``when`` it is needed, ``example`` and ``needed`` (bool).
    """
    config = config or specimen()
    rows: list[tuple[object, ...]] = []
    for role in config.datasets:
        needed = _needed(role, config)
        for name, column in needed.items():
            holds, when, example = _explained(role, name, config)
            rows.append((role, name, holds, _allowed(column), when, example, True))
        kind = role if role in ("adsl", "adae", "adtte") else "bds"
        for of, name, holds, what_for, example in _OPTIONAL:
            if of == kind and name not in needed:
                when = f"if there is, {what_for}"
                rows.append((role, name, holds, _kind_of(example), when, example, False))
    columns = ["dataset", "column", "holds", "type", "when", "example", "needed"]
    return pd.DataFrame(rows, columns=columns)


def empty_tables(template: str) -> dict[str, str]:
    """Give tables with a header and no rows, and the page that explains their columns.

    Parameters
    ----------
    template : str
        Text of a study.yml.

    Returns
    -------
    dict of str to str
        Text by file name: one CSV a dataset, and README.md.
    """
    config = StudyConfig.model_validate(yaml.safe_load(template), strict=False)
    table = table_columns(config)
    files: dict[str, str] = {}
    page = [
        "# The tables of this study",
        "",
        "Each table has a header and waits for rows; `study.yml` names what the columns mean for",
        "this trial. Columns that are not listed here are let through. A table may be of another",
        "kind, such as .parquet or .xpt, if `study.yml` names that file.",
    ]
    for role, dataset in config.datasets.items():
        rows = table[table["dataset"] == role]
        needed = rows.loc[rows["needed"], "column"]
        files[dataset.file] = ",".join(needed) + "\n"
        page += ["", f"## {dataset.file}", "", *_markdown(rows)]
    return {**files, "README.md": "\n".join(page) + "\n"}


def _markdown(rows: pd.DataFrame) -> list[str]:
    lines = ["| Column | Holds | Type and values | Needed | Example |", "|---|---|---|---|---|"]
    for row in rows.to_dict("records"):
        cells = (row["column"], row["holds"], row["type"], row["when"], row["example"])
        lines.append("| " + " | ".join(str(c).replace("|", "\\|") for c in cells) + " |")
    return lines


def _needed(role: str, config: StudyConfig) -> dict[str, Rule | None]:
    """Columns that a dataset needs: of the contract, of study.yml's queries, and of details."""
    columns: dict[str, Rule | None] = dict(column_rules(role, config))
    queries = [config.datasets[role].records]
    endpoints = (config.primary, *config.secondary)
    queries += [e.observed for e in endpoints if config.parameters[e.parameter].dataset == role]
    for query in queries:
        words = re.sub(r"(['\"]).*?\1", "", query or "")
        for name in re.findall(r"\b[A-Z][A-Z0-9]+\b", words):
            columns.setdefault(name, None)
    return columns


def _explained(role: str, name: str, config: StudyConfig) -> tuple[str, str, str]:
    """Say what a needed column holds, when it is needed, and give an example."""
    if role == "adsl" and name != "USUBJID":
        return _explained_of_subjects(name, config)
    block = config.adverse_events
    if role == "adae" and block is not None:
        if name == block.term:
            return "Name of the event", "always", "HEADACHE"
        if name == block.system:
            return "Body system of the event", "always", "NERVOUS SYSTEM DISORDERS"
        if name == block.treatment_emergent:
            return "Y for an event that counts", "named by `adverse_events`", "Y"
        for event in block.interest:
            if name == event.column:
                return "Group of events", "named by `interest`", event.model_dump()["values"][0]
    holds, example = _HOLDS.get(name, ("See study.yml", ""))
    if name in EVENT_DETAILS and role == "adae":
        return holds, _DETAIL, example
    when = "always" if name in ("USUBJID", "PARAMCD", "AVISITN", "AVAL", "CNSR") else "as named"
    if name in ("BASE", "CHG"):
        when = "for changes from baseline"
    return holds, when, example


def _explained_of_subjects(name: str, config: StudyConfig) -> tuple[str, str, str]:
    if name == config.arm_column:
        holds = "The arm, a value of `arms`; empty for who was not randomised"
        return holds, "always", config.arms[0].value
    for population in config.populations.values():
        if name == population.flag:
            return f"Y for the members of: {population.label}", "named by `populations`", "Y"
    for found in config.baseline:
        if name == found.column:
            words = f"{found.label}, in {found.unit}" if found.unit else found.label
            return words, "named by `baseline`", next(iter(found.levels), "54")
    flow = config.flow
    if flow is not None:
        of_flow = {
            flow.status: ("Status at the end of the study", flow.completed),
            flow.reason: ("Reason for leaving; empty for who stayed", "ADVERSE EVENT"),
            flow.received: ("Y for who received the treatment of the arm", "Y"),
            flow.stopped: ("Reason for stopping treatment; empty for who did not", "DEATH"),
        }
        if name in of_flow:
            return of_flow[name][0], "named by `flow`", of_flow[name][1]
    return "A covariate or stratum", "where study.yml names it", ""


def _allowed(rule: Rule | None) -> str:
    """Word the type and the allowed values of a column of the contract."""
    if rule is None:
        return "text or number"
    said = ["number" if rule.number else " or ".join(rule.allowed) or "text or number"]
    said += ["whole"] if rule.whole else []
    said += ["0 or above"] if rule.from_zero else []
    said += ["each only once"] if rule.unique else []
    said += [] if rule.may_be_empty else ["never empty"]
    return "; ".join(said)


def _kind_of(example: str) -> str:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", example):
        return "date"
    return "number" if re.fullmatch(r"-?\d+(\.\d+)?", example) else "text"


def _fields(model: type[BaseModel], block: str) -> Iterator[tuple[str, ...]]:
    """Walk through a block, its own fields first and then the blocks within it."""
    inner: list[tuple[type[BaseModel], str]] = []
    for name, field in model.model_fields.items():
        nested, suffix = _nested(field.annotation)
        default = "needed" if field.is_required() else _default(field.get_default())
        path = f"{block}.{name}" if block else name
        words = f"block{suffix}" if nested else _words(field.annotation)
        limits = "" if words == "text" else _limits(field.metadata)
        meaning = " ".join((field.description or "").split())
        yield block, name, f"{words}{limits}", default, meaning
        if nested:
            inner.append((nested, path + suffix))
    for nested, path in inner:
        yield from _fields(nested, path)


def _limits(metadata: list[object]) -> str:
    """Word what a field's number or length may be."""
    said = []
    for rule in metadata:
        if isinstance(rule, annotated_types.Ge):
            said.append(f"at least {rule.ge:g}")
        elif isinstance(rule, annotated_types.Gt):
            said.append(f"above {rule.gt:g}")
        elif isinstance(rule, annotated_types.Le):
            said.append(f"at most {rule.le:g}")
        elif isinstance(rule, annotated_types.Lt):
            said.append(f"below {rule.lt:g}")
        elif isinstance(rule, annotated_types.MinLen):
            said.append(f"{rule.min_length} or more")
    return f" ({', '.join(said)})" if said else ""


def _example(content: object, block: str, field: str) -> str:
    """Find a value of a field in the content of a study.yml."""
    parts = [p for p in block.replace("[]", ".[]").split(".") if p]
    for found in _reached(content, parts):
        if isinstance(found, Mapping) and found.get(field) is not None:
            value = found[field]
            if isinstance(value, Mapping) or (isinstance(value, list) and not _is_flat(value)):
                return ""
            dumped = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
            shown = dumped.removesuffix("...\n").strip()
            return shown if len(shown) <= _LONGEST_EXAMPLE else f"{shown[:_LONGEST_EXAMPLE]}…"
    return ""


def _is_flat(value: list[object]) -> bool:
    return not any(isinstance(v, Mapping | list) for v in value)


def _reached(content: object, parts: list[str]) -> Iterator[object]:
    """Yield every block at a path."""
    if not parts:
        yield content
        return
    first, rest = parts[0], parts[1:]
    if first == "[]":
        inner = content if isinstance(content, list) else []
    elif first == "<name>":
        inner = list(content.values()) if isinstance(content, Mapping) else []
    else:
        inner = [content[first]] if isinstance(content, Mapping) and first in content else []
    for found in inner:
        yield from _reached(found, rest)


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
