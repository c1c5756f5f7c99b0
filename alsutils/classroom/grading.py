"""Grade what students hand in."""

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alsutils.classroom.roster import folder_name
from alsutils.classroom.setting import KEY, SLIPS, SUBMISSIONS, TEACHER
from alsutils.display import format as fmt
from alsutils.study.errors import Problem, StudyError
from alsutils.study.readers import UnreadableTableError, read_table

GRADES = "grades"
_RIGHT = "Right."
_NUMBER = re.compile(r"^([<>]?)([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$", re.IGNORECASE)


@dataclass(frozen=True)
class Grades:
    """Every answer of a class.

    Attributes
    ----------
    frame : DataFrame
        One row a student and question: ``student``, ``question``, ``given`` (as handed in),
        ``expected``, ``tolerance``, ``correct`` (bool; missing where not graded), ``points``,
        ``out_of`` and ``feedback``.
    students : DataFrame
        One row a student: ``student``, ``handed_in`` (bool), ``points``, ``out_of``.
    questions : DataFrame
        One row a question: ``question``, ``answered``, ``correct`` (numbers of students) and
        ``commonest`` (the commonest feedback to a wrong answer).
    notes : tuple of str
        What was handed in and belongs to nobody, or could not be read.
    """

    frame: pd.DataFrame
    students: pd.DataFrame
    questions: pd.DataFrame
    notes: tuple[str, ...]


def grade_class(folder: Path) -> Grades:
    """Grade all submissions of a class and write the grades and a note to each student.

    Parameters
    ----------
    folder : Path
        Of `set_class`, with submissions.

    Returns
    -------
    Grades
        Written to ``grades/grades.csv``, ``students.csv``, ``questions.csv`` and
        ``feedback/NAME.md``, in place of those of an earlier run.

    Raises
    ------
    StudyError
        If the folder is no class.
    """
    teacher = folder / TEACHER
    if not (teacher / KEY).is_file():
        message = "is not there; give the folder that `alsbook class` made"
        raise StudyError(str(folder), [Problem(f"{TEACHER}/{KEY}", message)])
    key = pd.read_csv(teacher / KEY, dtype=str, keep_default_na=False)
    slips = pd.read_csv(teacher / SLIPS, dtype={"folder": str, "question": str})
    known = dict(list(slips.groupby(["folder", "question"])))
    handed_in, notes = _submissions(folder / SUBMISSIONS, set(key["folder"]))
    rows = []
    for row in key.to_dict("records"):
        given = handed_in.get(row["folder"], {}).get(row["question"])
        mistakes = known.get((row["folder"], row["question"]))
        correct, feedback = _judged(row, given, mistakes)
        points = int(row["points"])
        rows.append(
            {
                "student": row["student"],
                "folder": row["folder"],
                "question": row["question"],
                "given": given or "",
                "expected": row["answer"],
                "tolerance": row["tolerance"],
                "correct": correct if points else None,
                "points": points if correct else 0,
                "out_of": points,
                "feedback": feedback,
                "text": row["text"],
            }
        )
        if given is not None:
            handed_in[row["folder"]].pop(row["question"])
    for name, left in handed_in.items():
        notes += [f"{name}.csv: no question is called {question!r}" for question in left]
    frame = pd.DataFrame(rows)
    grades = Grades(
        frame.drop(columns=["folder", "text"]),
        _by_student(frame, set(handed_in)),
        _by_question(frame),
        tuple(notes),
    )
    _write(folder / GRADES, grades, frame)
    return grades


def _submissions(folder: Path, known: set[str]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Read every file that was handed in; what cannot be read is told and left out."""
    found: dict[str, dict[str, str]] = {}
    notes = []
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        name = folder_name(path.stem)
        if path.name.startswith("."):
            continue
        if name not in known:
            notes.append(f"{path.name}: nobody of the class has this name")
            continue
        if name in found:
            notes.append(f"{path.name}: a second file of {name}; the first one counts")
            continue
        try:
            table = read_table(path, ("question", "answer"))
        except (UnreadableTableError, OSError) as error:
            notes.append(f"{path.name}: {error}")
            continue
        if not {"question", "answer"} <= set(table.columns):
            notes.append(f"{path.name}: has no columns question and answer")
            continue
        table = table.dropna(subset=["question", "answer"])
        twice = table.loc[table["question"].duplicated(), "question"].unique()
        notes += [f"{path.name}: {q!r} stands twice; the last counts" for q in twice]
        cells = zip(table["question"], table["answer"], strict=True)
        found[name] = {str(q).strip(): str(a).strip() for q, a in cells if str(a).strip()}
    return found, notes


def _judged(key: dict[str, str], given: str | None, slips: pd.DataFrame | None) -> tuple[bool, str]:
    """Tell whether an answer is right, and what to say to it."""
    if given is None:
        return False, "No answer."
    if key["choices"]:
        correct = given.casefold() == key["answer"].casefold()
        if given.casefold() not in key["choices"].casefold().split("|"):
            return False, f"Answer one of {', '.join(key['choices'].split('|'))}."
        if key["points"] == "0":
            truth = "does something" if key["answer"] == "yes" else "does nothing"
            return correct, f"In truth the treatment {truth}."
        return correct, _RIGHT if correct else "The other way round."
    number = read_number(given)
    if number is None:
        return False, "Not a number."
    sign, value = number
    expected, tolerance = float(key["answer"]), float(key["tolerance"])
    if sign:
        # Only of a p-value: below or above a bound of three decimals or so.
        correct = expected < value if sign == "<" else expected > value
        correct = correct and sign == "<" and value <= 0.01
        return correct, _RIGHT if correct else "Give the figure itself."
    if abs(value - expected) <= tolerance * (1 + 1e-9):
        return True, _RIGHT
    for slip in slips.to_dict("records") if slips is not None else ():
        if abs(value - slip["value"]) <= tolerance * (1 + 1e-9):
            return False, str(slip["feedback"])
    return False, "Not the figure that the data give."


def read_number(text: str) -> tuple[str, float] | None:
    """Read a number as people write it.

    Parameters
    ----------
    text : str
        Such as ``−1,25``, ``12.5 %``, ``<0.001`` or ``p = .03``.

    Returns
    -------
    (str, float) or None
        A bound's sign (``<``, ``>`` or empty) and the number; None where it is none.
    """
    plain = text.replace("−", "-").replace("–", "-").replace("%", "").replace("\u00a0", " ")
    plain = re.sub(r"^\s*p\s*[=:]?\s*", "", plain, flags=re.IGNORECASE)
    plain = re.sub(r"\s+", "", plain)
    if "," in plain and "." not in plain and plain.count(",") == 1:
        plain = plain.replace(",", ".")
    found = _NUMBER.match(plain)
    return None if found is None else (found[1], float(found[2]))


def _by_student(frame: pd.DataFrame, handed_in: set[str]) -> pd.DataFrame:
    sums = frame.groupby(["student", "folder"], sort=False)[["points", "out_of"]].sum()
    sums = sums.reset_index()
    sums.insert(1, "handed_in", sums.pop("folder").isin(handed_in))
    return sums


def _by_question(frame: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for question, part in frame.groupby("question", sort=False):
        answered = part[part["given"] != ""]
        wrong = answered[(answered["points"] == 0) & (answered["out_of"] > 0)]
        commonest = wrong["feedback"].mode()
        right = answered["feedback"].eq(_RIGHT) | answered["given"].str.casefold().eq(
            answered["expected"].str.casefold()
        )
        rows.append(
            {
                "question": question,
                "answered": len(answered),
                "correct": int(right.sum()),
                "commonest": commonest.iloc[0] if len(commonest) else "",
            }
        )
    return pd.DataFrame(rows, columns=["question", "answered", "correct", "commonest"])


def _write(folder: Path, grades: Grades, frame: pd.DataFrame) -> None:
    notes = folder / "feedback"
    notes.mkdir(parents=True, exist_ok=True)
    for name in ("frame", "students", "questions"):
        table: pd.DataFrame = getattr(grades, name)
        text = table.select_dtypes(["str", "object"]).columns
        # What a student typed opens in the teacher's spreadsheet: it must not run there.
        safe = table.assign(**{column: table[column].map(_harmless) for column in text})
        path = folder / ("grades.csv" if name == "frame" else f"{name}.csv")
        safe.to_csv(path, index=False, lineterminator="\n")
    for (student, own), part in frame.groupby(["student", "folder"], sort=False):
        lines = [f"# Answers of {student}", ""]
        lines.append(f"{part['points'].sum()} of {part['out_of'].sum()} points.")
        for row in part.to_dict("records"):
            given = f"You gave `{row['given'].replace('`', ' ')}`. " if row["given"] else ""
            lines += ["", f"**{row['question']}.** {row['text']}", "", f"{given}{row['feedback']}"]
        (notes / f"{own}.md").write_text("\n".join(lines) + "\n", "utf-8")


def _harmless(value: object) -> object:
    return (
        fmt.spreadsheet_text(value) if isinstance(value, str) and not read_number(value) else value
    )
