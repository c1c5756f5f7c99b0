"""Execute the notebooks, each in a Python process of its own, several at a time."""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alsutils.book import kernels
from alsutils.book.errors import BuildError

KERNEL = "alsbook"
START_TIMEOUT = 120  # seconds; a cold start on a busy machine takes tens of them
INJECTED_TAG, HIDDEN_TAG = "injected-parameters", "remove-cell"

# Of observed data even the terminal gets no values of patients: it may be a log that others read.
HELD_BACK = (
    "{what} may hold values of patients and is not repeated here; run the chapter's cells on the "
    "study yourself to see it"
)

_KERNEL_COMMAND = (sys.executable, "-m", "ipykernel_launcher")

# One thread a kernel: chapters run side by side, and sums come out the same on any machine. Nothing
# else of the machine or of its user is to change a result, either.
ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONUTF8": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


@dataclass(frozen=True)
class Task:
    """A notebook to execute.

    Attributes
    ----------
    name : str
        What messages call it.
    notebook : nbformat.NotebookNode
        Its cells; it is not changed.
    folder : Path
        Working directory of its code.
    parameters : dict of str to str
        Values for the cell tagged ``parameters``; empty where it has none.
    private : bool
        Whether messages of its code may hold values of patients, who must not be seen.
    weight : float
        How long it may take beside the others, in any unit: the heaviest is started first.
    """

    name: str
    notebook: Any
    folder: Path
    parameters: dict[str, str]
    private: bool = False
    weight: float = 1.0


@dataclass(frozen=True)
class Executed:
    """An executed notebook and how many seconds its cells took."""

    notebook: Any
    seconds: float


@dataclass
class Running:
    """What the threads of one execution share: a folder, whether to stop, the kernels to end."""

    folder: Path
    timeout: float | None = None
    warm: kernels.WarmProcess | None = None
    managers: list[Any] = field(default_factory=list)
    cells: dict[str, str] = field(default_factory=dict)
    stopped: bool = False

    def stop(self) -> None:
        """Let no further cell start, and end the kernels that this run started."""
        self.stopped = True
        if self.warm is not None:
            self.warm.kill()
        for manager in list(self.managers):
            process = getattr(getattr(manager, "provisioner", None), "process", None)
            if process is not None and process.poll() is None:
                with suppress(ProcessLookupError):
                    process.kill()


def execute_all(
    tasks: Sequence[Task],
    jobs: int,
    on_cell: Callable[[str], None],
    on_done: Callable[[str, Executed], None],
    *,
    modules: Sequence[str] = (),
    timeout: float | None = None,
) -> list[BuildError]:
    """Execute notebooks side by side.

    Parameters
    ----------
    tasks : sequence of Task
        The notebooks.
    jobs : int
        How many run at the same time.
    on_cell : callable
        Called with a task's name after each of its cells.
    on_done : callable
        Called with a task's name and its executed notebook, from this thread.
    modules : sequence of str
        What most of them import, imported once for all where this machine can fork kernels.
    timeout : float or None
        Seconds that a notebook may take.

    Returns
    -------
    list of BuildError
        One for each notebook that failed, in the order of ``tasks``.
    """
    errors: dict[str, BuildError] = {}
    if not tasks:
        return []
    with ExitStack() as stack:
        folder = stack.enter_context(_work_folder())
        warm = stack.enter_context(_warm_process(modules, folder)) if kernels.can_fork() else None
        pool = stack.enter_context(ThreadPoolExecutor(max_workers=jobs))
        running = Running(folder, timeout, warm)
        ordered = sorted(tasks, key=lambda task: -task.weight)
        futures = {pool.submit(_execute, task, running, on_cell): task for task in ordered}
        try:
            for future in _as_completed(futures):
                task = futures[future]
                try:
                    on_done(task.name, future.result())
                except BuildError as error:
                    errors[task.name] = error
        except BaseException:
            running.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [errors[task.name] for task in tasks if task.name in errors]


def _as_completed(futures: dict[Future[Any], Task]) -> Iterator[Future[Any]]:
    """Yield futures as they finish; waits in short steps so that Ctrl-C is heard."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
        yield from done


def _warm_process(modules: Sequence[str], folder: Path) -> kernels.WarmProcess:
    """Start the process that kernels are forked from; nothing of the user's own goes into it."""
    environment = {**os.environ, **ENVIRONMENT, "IPYTHONDIR": str(folder / "ipython")}
    return kernels.WarmProcess(modules, environment, folder / "kernels.log")


def _execute(task: Task, running: Running, on_cell: Callable[[str], None]) -> Executed:
    """Execute one notebook with papermill and tidy what it leaves behind."""
    import nbformat
    import papermill
    from nbclient.exceptions import CellTimeoutError
    from papermill.exceptions import PapermillExecutionError

    _register_engine()
    started = time.perf_counter()
    source = running.folder / f"{task.name.replace('/', '-')}.ipynb"
    nbformat.write(task.notebook, source)
    try:
        executed = papermill.execute_notebook(
            source,
            None,
            parameters=task.parameters,
            engine_name=KERNEL,
            kernel_name=KERNEL,
            language="python",
            progress_bar=False,
            start_timeout=START_TIMEOUT,
            name=task.name,
            folder=task.folder,
            log=source.with_suffix(".log"),
            running=running,
            report=lambda: on_cell(task.name),
        )
    except PapermillExecutionError as error:
        raise BuildError(_cell_message(task, error)) from error
    except CellTimeoutError as error:
        raise BuildError(_timeout_message(task, running)) from error
    except Exception as error:
        if running.stopped:
            raise BuildError(f"{task.name}: stopped") from error
        raise BuildError(_process_message(task, error, source.with_suffix(".log"))) from error
    return Executed(tidied(executed), time.perf_counter() - started)


def _register_engine() -> None:
    """Tell papermill of an engine that counts cells and runs this very Python."""
    from jupyter_client.kernelspec import KernelSpecManager
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import Engine, papermill_engines

    class CountingEngine(Engine):
        @classmethod
        def execute_managed_notebook(  # type: ignore[no-untyped-def]
            cls, nb_man, kernel_name, *, name, folder, log, running, report, start_timeout, **_
        ):
            complete, deadline = nb_man.cell_complete, None

            def allowed(cell: Any) -> float | None:
                """Give the seconds that are left for a cell, and remember which it is."""
                nonlocal deadline
                if running.stopped:
                    raise BuildError("stopped")
                if running.timeout is None:
                    return None
                if deadline is None:
                    deadline = time.monotonic() + running.timeout
                running.cells[name] = cell.source
                return max(deadline - time.monotonic(), 0.001)

            def counted(*args: Any, **kwargs: Any) -> None:
                complete(*args, **kwargs)
                report()
                if running.stopped:
                    raise BuildError("stopped")

            nb_man.cell_complete = counted
            specs = KernelSpecManager(kernel_dirs=[str(running.folder)], ensure_native_kernel=False)
            manager = kernels.WarmManager(
                kernel_name=kernel_name,
                kernel_spec_manager=specs,
                connection_file=str(log.with_suffix(".json")),
            )
            manager.warm = running.warm
            running.managers.append(manager)
            client = PapermillNotebookClient(
                nb_man, km=manager, timeout_func=allowed, startup_timeout=start_timeout
            )
            with log.open("wb") as kernel_log:
                client.execute(
                    cleanup_kc=True, cwd=str(folder), stdout=kernel_log, stderr=kernel_log
                )

    papermill_engines.register(KERNEL, CountingEngine)
    kernels.register()


@contextmanager
def _work_folder() -> Iterator[Path]:
    """Make a folder with one kernel: this Python, whatever others the machine has."""
    with tempfile.TemporaryDirectory(prefix="alsbook-") as folder:
        kernel = Path(folder) / KERNEL
        kernel.mkdir()
        specification = {
            "argv": [*_KERNEL_COMMAND, "-f", "{connection_file}"],
            "display_name": "Python 3",
            "language": "python",
            "env": {**ENVIRONMENT, "IPYTHONDIR": str(Path(folder) / "ipython")},
        }
        if kernels.can_fork():
            specification["metadata"] = {
                "kernel_provisioner": {"provisioner_name": kernels.PROVISIONER}
            }
        (kernel / "kernel.json").write_text(json.dumps(specification), "utf-8")
        yield Path(folder)


def tidied(notebook: Any) -> Any:
    """Remove what differs between two runs, and hide the cells that set parameters."""
    import nbformat

    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        }
    )
    for position, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{position}"
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        tags = list(cell.metadata.pop("tags", []))
        if {INJECTED_TAG, "parameters"} & set(tags) and HIDDEN_TAG not in tags:
            tags.append(HIDDEN_TAG)
        if tags:
            cell.metadata["tags"] = tags
    return notebook


def _cell_message(task: Task, error: Any) -> str:
    """Say which cell of which chapter failed, and how."""
    message = HELD_BACK.format(what="the message") if task.private else error.evalue
    return f"{_place(task, error.source)}\n    {error.ename}: {message}".rstrip()


def _timeout_message(task: Task, running: Running) -> str:
    """Say which cell of which chapter was still running at the time limit."""
    place = _place(task, running.cells.get(task.name, ""))
    return f"{place}\n    stopped: the chapter may take {running.timeout:g} seconds"


def _place(task: Task, source: str) -> str:
    """Name a cell of a chapter; cells are counted in the source."""
    sources = [cell.source for cell in task.notebook.cells if cell.cell_type == "code"]
    number = sources.index(source) + 1 if source in sources else 0
    first_line = next((line for line in source.splitlines() if line.strip()), "")
    return f"{task.name}, code cell {number} ({first_line.strip()})"


def _process_message(task: Task, error: Exception, log: Path) -> str:
    """Say that the Python process itself failed, with the last it had to say."""
    if task.private:
        why = f"{type(error).__name__}; {HELD_BACK.format(what='what it said')}"
        return f"{task.name}: the Python process failed: {why}"
    written = log.read_text("utf-8", errors="replace") if log.is_file() else ""
    last = [f"    {line}" for line in written.splitlines()[-5:]]
    return "\n".join([f"{task.name}: the Python process failed: {error}", *last])


def error_outputs(notebook: Any) -> list[str]:
    """Collect what an executed notebook wrote to standard error, one text a cell."""
    texts = []
    for cell in notebook.cells:
        streams = [o for o in cell.get("outputs", []) if o.output_type == "stream"]
        text = "".join(o.text for o in streams if o.name == "stderr").strip()
        if text:
            texts.append(text)
    return texts
