"""What is wrong with a study, said so that it can be mended."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a study.

    Attributes
    ----------
    file : str
        File name in the study folder.
    message : str
        What was expected and how to mend it.
    row : int or None
        Line of a CSV file (the header is line 1) or row of another table (the first is 1).
    column : str or None
        Column, or field of study.yml.
    value : str or None
        The offending value as it was read.
    """

    file: str
    message: str
    row: int | None = None
    column: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        place = [self.file]
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column is not None:
            place.append(self.column)
        found = "" if self.value is None else f" (found {self.value!r})"
        return f"{', '.join(place)}: {self.message}{found}"


class StudyError(ValueError):
    """A study that cannot be used; ``problems`` lists everything found wrong with it.

    Parameters
    ----------
    folder : str
        The study folder, as it was named.
    problems : sequence of Problem
        At least one.
    """

    def __init__(self, folder: str, problems: Sequence[Problem]) -> None:
        self.folder = folder
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = [f"{folder}: {count} problem{'' if count == 1 else 's'}"]
        super().__init__("\n".join([*lines, *(f"  - {problem}" for problem in self.problems)]))

    def __reduce__(self) -> tuple[type["StudyError"], tuple[str, tuple[Problem, ...]]]:
        return (StudyError, (self.folder, self.problems))
