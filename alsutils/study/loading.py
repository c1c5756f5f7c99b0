"""From a folder to a validated Study."""

import json
from pathlib import Path

import pandas as pd
import yaml
from pydantic import ValidationError

from alsutils.study import contract
from alsutils.study.config import StudyConfig
from alsutils.study.contract import Source
from alsutils.study.errors import Problem, StudyError
from alsutils.study.model import Study
from alsutils.study.readers import UnreadableTableError, first_row_number, read_table

STUDY_FILE = "study.yml"


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
    folder = Path(path)
    name = str(path)
    if not folder.is_dir():
        raise StudyError(name, [Problem(name, "there is no such folder; give a study's folder")])
    config = _read_config(folder, name)
    sources, problems = _read_sources(folder, config)
    sound = {}
    for role, source in sources.items():
        found = contract.check_columns(source, config)
        problems += found
        if not found:
            selected, found = _select(source, config)
            problems += found
            sound[role] = selected
    if "adsl" in sound:
        numbers = {role: _with_numbers(source, config) for role, source in sound.items()}
        problems += contract.check_relations(numbers, config)
    if problems:
        raise StudyError(name, problems)
    tables = {role: contract.typed(source, config) for role, source in sound.items()}
    return Study(folder=folder.resolve(), config=config, tables=_with_arms(tables, config))


def _read_config(folder: Path, name: str) -> StudyConfig:
    """Read study.yml, or raise with every field that is wrong."""
    path = folder / STUDY_FILE
    if not path.is_file():
        hint = "write one, or let `alsbook new` make a template"
        raise StudyError(name, [Problem(STUDY_FILE, f"the folder has no study.yml; {hint}")])
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        # JSON is the strict mode in which a YAML list may fill a tuple and 4 may fill a float.
        return StudyConfig.model_validate_json(json.dumps(content, default=str))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        message = f"is not readable YAML: {' '.join(str(error).split())}"
        raise StudyError(name, [Problem(STUDY_FILE, message)]) from error
    except ValidationError as error:
        raise StudyError(name, [_config_problem(e) for e in error.errors()]) from error  # type: ignore[arg-type]


def _config_problem(error: dict[str, object]) -> Problem:
    """Word one of pydantic's errors: the field's path, what was found, what was expected."""
    place: tuple[object, ...] = error["loc"]  # type: ignore[assignment]
    field = ".".join(str(part) for part in place) or None
    message, value = str(error["msg"]), error["input"]
    if error["type"] == "missing":
        return Problem(STUDY_FILE, "this field is missing; add it", column=field)
    if error["type"] == "extra_forbidden":
        return Problem(STUDY_FILE, "no such field; check its spelling or remove it", column=field)
    shown = None if isinstance(value, dict | list) else str(value)
    return Problem(STUDY_FILE, message.removeprefix("Value error, "), column=field, value=shown)


def _read_sources(folder: Path, config: StudyConfig) -> tuple[dict[str, Source], list[Problem]]:
    """Read every dataset that study.yml names."""
    sources, problems = {}, []
    flags = tuple(p.flag for p in config.populations.values())
    levels = tuple(c.column for c in config.baseline if c.levels)
    text = (config.arm_column, *flags, *levels)
    for role, dataset in config.datasets.items():
        path = folder / dataset.file
        try:
            table = read_table(path, text)
        except FileNotFoundError:
            message = f"there is no such file in the study folder; datasets.{role} names it"
            problems.append(Problem(dataset.file, message))
        except UnreadableTableError as error:
            problems.append(Problem(dataset.file, str(error)))
        else:
            table = table.reset_index(drop=True)
            sources[role] = Source(role, dataset.file, first_row_number(path), table)
    return sources, problems


def _select(source: Source, config: StudyConfig) -> tuple[Source, list[Problem]]:
    """Keep the records that study.yml chooses; rows keep their numbers."""
    query = config.datasets[source.role].records
    if query is None:
        return source, []
    try:
        table = source.table.query(query, engine="python")
    except Exception as error:  # a user's own expression: whatever it raises is a problem of it
        message = f"records of {source.role} is not a query of {source.file}: {error}"
        return source, [Problem(STUDY_FILE, message, column="datasets", value=query)]
    if table.empty:
        message = f"records of {source.role} leaves no row of {source.file}"
        return source, [Problem(STUDY_FILE, message, column="datasets", value=query)]
    return Source(source.role, source.file, source.first_row, table), []


def _with_numbers(source: Source, config: StudyConfig) -> Source:
    """Type the numeric columns, so that values can be compared; the arm stays as it was read."""
    table = contract.typed(source, config)
    if source.role == "adsl":
        table = table.assign(**{config.arm_column: source.table[config.arm_column]})
    return Source(source.role, source.file, source.first_row, table)


def _with_arms(tables: dict[str, pd.DataFrame], config: StudyConfig) -> dict[str, pd.DataFrame]:
    """Give every table the arm of ADSL; a table's own arm columns are not trusted."""
    arms = tables["adsl"].set_index("USUBJID")[config.arm_column]
    dressed = {"adsl": tables["adsl"]}
    for role, table in tables.items():
        if role != "adsl":
            dressed[role] = table.assign(
                **{config.arm_column: arms.reindex(table["USUBJID"]).array}
            )
    return dressed
