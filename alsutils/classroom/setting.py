"""Set a class: a trial, a notebook and a key for every student."""

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from alsutils.classroom.handout import ANSWERS_FILE, NOTEBOOK_FILE, handout
from alsutils.classroom.questions import Question, questions
from alsutils.classroom.roster import Student, read_roster
from alsutils.classroom.truth import draw_truth
from alsutils.stats.batches import run_batches
from alsutils.study import load_study
from alsutils.study.errors import Problem, StudyError
from alsutils.study.simulate import config_like, simulate_study

KEY, SLIPS, TRUTH = "key.csv", "slips.csv", "truth.csv"
STUDENTS, TEACHER, SUBMISSIONS = "students", "teacher", "submissions"
KEY_COLUMNS = (
    "student", "folder", "question", "chapter", "answer", "tolerance", "choices", "points", "text",
)  # fmt: skip
_README = """# A class

- `students/`: one folder each. Give it to its student, whole: the trial's tables, `{notebook}` and
  an empty `{answers}`.
- `teacher/`: keep it. `key.csv` has every answer with its tolerance, `slips.csv` what common
  mistakes give, `truth.csv` what is true of each trial.
- `submissions/`: put what comes back here, one file a student, named as the student's folder
  (`students/anna` hands in `submissions/anna.csv`). Then run `alsbook grade` on this folder.
"""


@dataclass(frozen=True)
class ClassReport:
    """What was made.

    Attributes
    ----------
    folder : Path
        The class.
    students : int
        How many trials there are.
    questions : int
        Questions to all of them together.
    """

    folder: Path
    students: int
    questions: int


def set_class(
    folder: Path,
    roster: Path,
    *,
    seed: int,
    like: Path,
    n_per_arm: int = 60,
    jobs: int = 1,
    report: Callable[[int, int], None] | None = None,
) -> ClassReport:
    """Make a trial, a notebook and a key for every student of a roster.

    Parameters
    ----------
    folder : Path
        A new or empty folder. It is filled all at once, when everything is made.
    roster : Path
        See `read_roster`.
    seed : int
        The same seed and id give the same trial, whoever else is in the class.
    like : Path
        Study of two arms whose study.yml says how the trials are run.
    n_per_arm : int
        Patients in each arm.
    jobs : int
        Processes.
    report : callable or None
        Called with how many trials are made, and of how many.

    Returns
    -------
    ClassReport
        In short.

    Raises
    ------
    StudyError
        If the roster or the study is wrong, or the folder is in use.
    ValueError
        If no trial of that size can be simulated.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StudyError(
            str(folder), [Problem(str(folder), "is not an empty folder; give another")]
        )
    students = read_roster(roster)
    study_yml = like / "study.yml"
    if not study_yml.is_file():
        raise StudyError(str(like), [Problem("study.yml", "is not there; name a study's folder")])
    description = f"{n_per_arm} patients an arm, invented for one student of a class."
    content = config_like(study_yml, "", description)
    if len(content["arms"]) != 2:
        raise StudyError(
            str(like), [Problem("study.yml", "give a study of two arms", column="arms")]
        )
    work = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    try:
        (work / STUDENTS).mkdir(parents=True)
        task = partial(_set_one, students, work / STUDENTS, content, seed, n_per_arm)
        asked: dict[int, tuple[Question, ...]] = {}
        for number, found in run_batches(task, range(len(students)), jobs):
            asked[number] = found
            if report is not None:
                report(len(asked), len(students))
        _write_teacher(work, students, [asked[i] for i in range(len(students))], seed)
        if folder.exists():
            folder.rmdir()
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return ClassReport(folder, len(students), sum(map(len, asked.values())))


def _set_one(
    students: tuple[Student, ...],
    folder: Path,
    content: dict[str, Any],
    seed: int,
    size: int,
    number: int,
) -> tuple[Question, ...]:
    """Make what one student gets, and give the questions with their answers."""
    student = students[number]
    own = folder / student.folder
    truth = draw_truth(seed, student.id)
    arms = (content["arms"][0]["value"], content["arms"][1]["value"])
    simulate_study(truth.scenario(arms, size), truth.seed).write(own)
    titled = content | {"title": f"Trial {student.folder}"}
    dumped = yaml.safe_dump(titled, allow_unicode=True, sort_keys=False, width=110)
    (own / "study.yml").write_text(dumped, "utf-8")
    study = load_study(own)
    asked = questions(study)
    (own / NOTEBOOK_FILE).write_text(handout(student, study, asked), "utf-8")
    blank = pd.DataFrame({"question": [q.id for q in asked], "answer": ""})
    blank.to_csv(own / ANSWERS_FILE, index=False, lineterminator="\n")
    return asked


def _write_teacher(
    folder: Path, students: tuple[Student, ...], asked: list[tuple[Question, ...]], seed: int
) -> None:
    teacher = folder / TEACHER
    teacher.mkdir()
    (folder / SUBMISSIONS).mkdir()
    keys, slips, truths = [], [], []
    for student, own in zip(students, asked, strict=True):
        truth = draw_truth(seed, student.id)
        truths.append({"student": student.id, "folder": student.folder, **asdict(truth)})
        for question in own:
            answer = ("yes" if truth.effect > 0 else "no") if question.id == "verdict" else ""
            keys.append(
                {
                    "student": student.id,
                    "folder": student.folder,
                    "question": question.id,
                    "chapter": question.chapter,
                    "answer": answer or question.answer,
                    "tolerance": question.tolerance,
                    "choices": "|".join(question.choices),
                    "points": question.points,
                    "text": question.text,
                }
            )
            slips += [
                {
                    "folder": student.folder,
                    "question": question.id,
                    "value": slip.value,
                    "feedback": slip.feedback,
                }
                for slip in question.slips
            ]
    frames = {
        KEY: pd.DataFrame(keys, columns=list(KEY_COLUMNS)),
        SLIPS: pd.DataFrame(slips),
        TRUTH: pd.DataFrame(truths),
    }
    for name, frame in frames.items():
        frame.to_csv(teacher / name, index=False, lineterminator="\n")
    readme = _README.format(notebook=NOTEBOOK_FILE, answers=ANSWERS_FILE)
    (folder / "README.md").write_text(readme, "utf-8")
