"""Who is in the class."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alsutils.study.errors import Problem, StudyError
from alsutils.study.readers import UnreadableTableError, first_row_number, read_table

_LONGEST = 60


@dataclass(frozen=True)
class Student:
    """One line of the roster.

    Attributes
    ----------
    id : str
        What the teacher calls the student; it fixes the student's trial.
    name : str
        For the hand-out; the id where the roster has no name.
    folder : str
        The id as a name that any file system takes.
    """

    id: str
    name: str
    folder: str


def read_roster(path: Path) -> tuple[Student, ...]:
    """Read the list of students.

    Parameters
    ----------
    path : Path
        A table with a column ``student`` (an id each) and, if wanted, ``name``.

    Returns
    -------
    tuple of Student
        In the order of the file.

    Raises
    ------
    StudyError
        If it cannot be read, has no such column or nobody in it, or two ids are the same as file
        names; every problem is listed.
    """
    try:
        table = read_table(path, ("student", "name"))
    except FileNotFoundError as error:
        message = "there is no such file; give a CSV file with a column student"
        raise StudyError(path.name, [Problem(path.name, message)]) from error
    except UnreadableTableError as error:
        raise StudyError(path.name, [Problem(path.name, str(error))]) from error
    if "student" not in table:
        has = ", ".join(map(str, table.columns)) or "none"
        message = f"column is missing; name the column of ids so (the file has {has})"
        raise StudyError(path.name, [Problem(path.name, message, column="student")])
    table = table.dropna(how="all")
    problems, students = [], []
    taken: dict[str, int] = {}
    for position, row in table.iterrows():
        number = int(str(position)) + first_row_number(path)
        identifier = "" if pd.isna(row["student"]) else str(row["student"]).strip()
        folder = folder_name(identifier)
        if not folder:
            message = "must hold a letter or a digit"
            problems.append(Problem(path.name, message, number, "student", identifier))
        elif folder in taken:
            message = f"is the same as row {taken[folder]} once written as a file name; change one"
            problems.append(Problem(path.name, message, number, "student", identifier))
        else:
            taken[folder] = number
            name = row.get("name")
            students.append(Student(identifier, _one_line(name) or identifier, folder))
    if not problems and not students:
        problems.append(Problem(path.name, "there is nobody in it; write a line a student"))
    if problems:
        raise StudyError(path.name, problems)
    return tuple(students)


def folder_name(identifier: str) -> str:
    """Turn an id into a name of a folder: plain lower-case letters, digits, hyphens."""
    plain = unicodedata.normalize("NFKD", identifier).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_LONGEST]


def _one_line(name: object) -> str:
    return "" if name is None or pd.isna(name) else " ".join(str(name).split())
