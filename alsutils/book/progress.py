"""How a build or a simulation is shown in a terminal."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)


class _Bars:
    """Bars that run while the block lasts."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()


class TrialBars(_Bars):
    """A bar for each scenario, counted in trials; nothing where there is no terminal."""

    def done(self, scenario: str, trials: int, total: int) -> None:
        """Show how many of a scenario's trials are done."""
        if scenario not in self._tasks:
            self._tasks[scenario] = self._bars.add_task(scenario, total=total)
        self._bars.update(self._tasks[scenario], completed=trials)


class TerminalReporter(_Bars):
    """A bar for each chapter, counted in cells; plain lines where there is no terminal."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._cells: dict[str, int] = {}

    def chapter(self, name: str, cells: int, reused: bool) -> None:
        """Show a chapter that is about to be executed, or is reused."""
        if reused:
            self._say(f"{name}: unchanged, its last execution is used again")
            return
        self._tasks[name] = self._bars.add_task(name, total=cells)
        self._cells[name] = cells

    def cell(self, name: str) -> None:
        """Count one more cell of a chapter."""
        self._bars.advance(self._tasks[name])
        self._cells[name] -= 1
        if self._cells[name] == 0 and not self._console.is_terminal:
            self._say(f"{name}: executed")

    def step(self, words: str) -> None:
        """Show a step whose length is not known."""
        for task in self._bars.tasks:
            if task.total is None:
                self._bars.update(task.id, total=1, completed=1)
        if self._console.is_terminal:
            self._bars.add_task(words, total=None)
        else:
            self._say(words)

    def _say(self, words: str) -> None:
        self._console.print(words, markup=False, highlight=False)
