"""From a folder to a validated Study."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import pyarrow
from pydantic import ValidationError

from alsutils.study import contract
from alsutils.study.baseline import with_baseline_records
from alsutils.study.config import StudyConfig
from alsutils.study.contract import Source
from alsutils.study.conventions import apply_conventions
from alsutils.study.document import Document, DocumentError, read_document
from alsutils.study.errors import Problem, StudyError
from alsutils.study.model import Study
from alsutils.study.paths import inside
from alsutils.study.query import QueryError, choose
from alsutils.study.readers import ENDINGS, TableFile, UnreadableTableError, read_file
from alsutils.study.relations import check_relations
from alsutils.study.story import check_stories
from alsutils.study.text import plain, plain_content, plain_table
from alsutils.study.world import read_truth

STUDY_FILE = "study.yml"


@dataclass(frozen=True)
class Examination:
    """All that was found in a study folder, whether or not it makes a study.

    Attributes
    ----------
    name : str
        The folder as it was named.
    config : StudyConfig or None
        What study.yml says, where it can be read.
    sources : Mapping of str to Source
        The datasets that were read, by role, all rows.
    kept : Mapping of str to Source
        Those whose columns are right, with only the records that study.yml chooses.
    problems : tuple of Problem
        Everything that is wrong.
    study : Study or None
        The study, where nothing is.
    """

    name: str
    config: StudyConfig | None
    sources: Mapping[str, Source] = field(default_factory=dict)
    kept: Mapping[str, Source] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    study: Study | None = None


def load_study(path: str | Path) -> Study:
    """Load a study folder and check all of it.

    Parameters
    ----------
    path : str or Path
        Folder that holds ``study.yml`` and the ADaM datasets it names.

    Returns
    -------
    Study
        Its tables checked and typed, the arms an ordered category with the control first.

    Raises
    ------
    StudyError
        If anything is wrong. Every problem is listed at once, each with file, row, column, value
        and how to mend it. What depends on something broken is checked once that is mended.

    References
    ----------
    CDISC Analysis Data Model Implementation Guide, version 1.3 (2021).
    """
    found = examine(path)
    if found.study is None:
        raise StudyError(found.name, found.problems)
    pyarrow.default_memory_pool().release_unused()  # what reading took beside the tables
    return found.study


def examine(path: str | Path) -> Examination:
    """Look through a study folder, as `load_study` does, and keep what is there.

    Parameters
    ----------
    path : str or Path
        The folder.

    Returns
    -------
    Examination
        The study, or all that is wrong with it.
    """
    folder, name = Path(path), str(path)
    config, wrong = _read_config(folder, name)
    if config is None:
        return Examination(name, None, problems=tuple(wrong))
    sources, labels, problems = _read_sources(folder, config)
    kept: dict[str, Source] = {}
    for role, source in sources.items():
        numbered, found = contract.check_columns(source, config)
        if not found:
            numbered, found = _select(numbered, config)
            kept[role] = numbered
        problems += found
    if "adsl" in kept:
        problems += check_relations(kept, config)
    problems += check_stories(folder, config)
    if not problems:
        problems += [*_check_observed(kept, config), *_check_truth(folder, config)]
    if problems:
        return Examination(name, config, sources, kept, tuple(problems))
    tables = with_baseline_records(_with_arms(kept, config), config)
    study = Study(folder=folder.resolve(), config=config, tables=tables, labels=labels)
    return Examination(name, config, sources, kept, (), study)


def _read_config(folder: Path, name: str) -> tuple[StudyConfig | None, list[Problem]]:
    """Read study.yml, or list every field that is wrong."""
    if not folder.is_dir():
        return None, [Problem(name, "there is no such folder; give a study's folder")]
    path = folder / STUDY_FILE
    if not path.is_file():
        hint = "write one, or let `alsbook new` make a template"
        return None, [Problem(STUDY_FILE, f"the folder has no study.yml; {hint}")]
    if inside(folder, STUDY_FILE) is None:
        return None, [Problem(STUDY_FILE, "is a link that leads out of the folder; copy the file")]
    try:
        document = read_document(path)
        # JSON is the strict mode in which a YAML list may fill a tuple and 4 may fill a float.
        content = json.dumps(plain_content(document.content), default=str)
    except DocumentError as error:
        return None, [Problem(STUDY_FILE, str(error), error.line, error.field)]
    except (TypeError, ValueError, RecursionError) as error:
        return None, [Problem(STUDY_FILE, f"is not a description of a study: {error}")]
    try:
        return StudyConfig.model_validate_json(content), []
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False)
        places = [e["loc"] for e in errors]
        # A list is also called too short where one of its items is wrong.
        own = [e for e in errors if e["type"] != "too_short" or not _has_part(e["loc"], places)]
        return None, [_config_problem(dict(e), document) for e in own]


def _has_part(place: tuple[object, ...], places: list[tuple[str | int, ...]]) -> bool:
    return any(len(part) > len(place) and part[: len(place)] == place for part in places)


def _config_problem(error: dict[str, object], document: Document) -> Problem:
    """Word one of pydantic's errors: the field's path, what was found, what was expected."""
    place: tuple[object, ...] = error["loc"]  # type: ignore[assignment]
    name = ".".join(str(part) for part in place) or None
    line, kind = document.line(place), error["type"]
    if kind == "missing":
        return Problem(STUDY_FILE, "this field is missing; add it", line, name)
    if kind == "extra_forbidden":
        return Problem(STUDY_FILE, "no such field; check its spelling or remove it", line, name)
    if not place and not isinstance(document.content, dict):
        return Problem(STUDY_FILE, "must hold fields, such as `title: ...`, and holds none", line)
    message, value = str(error["msg"]).removeprefix("Value error, "), error["input"]
    written = document.written(place)
    if kind == "string_type" and written:
        message = f'must be text, and YAML reads it otherwise; put it in quotes: "{written}"'
        value = written
    found = None if isinstance(value, dict | list) else contract.shown(value)
    return Problem(STUDY_FILE, message, line, name, found)


def _read_sources(
    folder: Path, config: StudyConfig
) -> tuple[dict[str, Source], dict[str, dict[str, str]], list[Problem]]:
    """Read every dataset that study.yml names, each file once."""
    sources: dict[str, Source] = {}
    labels: dict[str, dict[str, str]] = {}
    problems: list[Problem] = []
    flags = tuple(p.flag for p in config.populations.values())
    levels = tuple(c.column for c in config.baseline if c.levels)
    text = (config.arm_column, *flags, *levels)
    read: dict[Path, TableFile] = {}
    for role, dataset in config.datasets.items():
        path, found = _find(folder, role, dataset.file)
        if path is None:
            problems += found
            continue
        file = str(path.relative_to(folder))
        try:
            if path not in read:
                read[path] = read_file(path, text)
        except UnreadableTableError as error:
            problems.append(Problem(file, str(error), error.row, error.column, error.value))
            continue
        labels[role] = {name: plain(label) for name, label in read[path].labels.items()}
        table = apply_conventions(plain_table(read[path].table), role, config)
        sources[role] = Source(role, file, read[path].first_row, table)
    return sources, labels, problems


def _find(folder: Path, role: str, name: str) -> tuple[Path | None, list[Problem]]:
    """Find the one file of a dataset, named with or without its ending."""
    where = f"datasets.{role}.file"
    path = inside(folder, name)
    if path is None:
        message = "must be a file within the study's folder, not one that `..` or a link leads to"
        return None, [Problem(STUDY_FILE, message, None, where, contract.shown(name))]
    stem = path.stem if path.suffix.lower() in ENDINGS else path.name
    beside = sorted(_of_stem(path.parent, stem))
    names = [str(other.relative_to(folder)) for other in beside]
    if len(beside) > 1:
        message = f"the same table stands in {' and '.join(names)}; keep one of them"
        return None, [Problem(names[0], message, None, where)]
    if not beside or (path.suffix.lower() in ENDINGS and beside[0] != path):
        hint = f"; it has {names[0]}" if names else f"; datasets.{role} names it"
        return None, [Problem(name, f"there is no such file in the study folder{hint}")]
    if inside(folder, names[0]) is None:
        message = "is a link that leads out of the study's folder; copy the file into it"
        return None, [Problem(names[0], message, None, where)]
    return beside[0], []


def _of_stem(folder: Path, stem: str) -> Iterator[Path]:
    """Yield the files of a folder that may hold the same table."""
    try:
        for path in folder.iterdir():
            if path.stem.casefold() == stem.casefold() and path.suffix.lower() in ENDINGS:
                yield path
    except OSError:  # no folder, or none that may be looked into
        return


def _select(source: Source, config: StudyConfig) -> tuple[Source, list[Problem]]:
    """Keep the records that study.yml chooses; rows keep their numbers."""
    query = config.datasets[source.role].records
    if query is None:
        return source, []
    where = f"datasets.{source.role}.records"
    try:
        table = choose(source.table, query)
    except QueryError as error:
        return source, [Problem(STUDY_FILE, f"{source.file}: {error}", None, where, query)]
    if table.empty:
        message = f"records of {source.role} leaves no row of {source.file}"
        return source, [Problem(STUDY_FILE, message, None, where, query)]
    return replace(source, table=table), []


def _check_observed(sources: Mapping[str, Source], config: StudyConfig) -> Iterator[Problem]:
    """Find queries of observed rows that do not fit their table."""
    endpoints = [("primary", config.primary)]
    endpoints += [(f"secondary.{place}", e) for place, e in enumerate(config.secondary)]
    for where, endpoint in endpoints:
        if endpoint.observed is None:
            continue
        source = sources[config.parameters[endpoint.parameter].dataset]
        rows = source.table[source.parameters.among([endpoint.parameter])]
        place, query = f"{where}.observed", endpoint.observed
        try:
            empty = choose(rows, query).empty
        except QueryError as error:
            yield Problem(STUDY_FILE, f"{source.file}: {error}", None, place, query)
        else:
            if empty:
                message = f"observed leaves no row of {endpoint.parameter} in {source.file}"
                yield Problem(STUDY_FILE, message, None, place, query)


def _check_truth(folder: Path, config: StudyConfig) -> Iterator[Problem]:
    """Find out whether the truth behind invented data can be read."""
    if config.world is None or config.world.truth is None:
        return
    try:
        read_truth(folder, config.world)
    except UnreadableTableError as error:
        yield Problem(config.world.truth, str(error), error.row, error.column, error.value)


def _with_arms(sources: Mapping[str, Source], config: StudyConfig) -> dict[str, pd.DataFrame]:
    """Give every table the arm of ADSL; a table's own arm columns are not trusted."""
    adsl = contract.with_arms(sources["adsl"].table, config)
    arms = adsl[config.arm_column].array
    places = pd.Index(adsl["USUBJID"])
    dressed = {"adsl": adsl}
    for role, source in sources.items():
        if role != "adsl":
            own = places.get_indexer(source.subjects.distinct)[source.subjects.codes]
            dressed[role] = source.table.assign(**{config.arm_column: arms.take(own)})
    return dressed
