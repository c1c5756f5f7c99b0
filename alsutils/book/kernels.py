"""Kernels forked from one warm process, which has imported once what every chapter imports.

Starting Python and importing the package costs seconds of processor time a chapter; a fork costs
milliseconds. ``python -m alsutils.book.kernels MODULE...`` is that process: it reads requests from
its standard input, answers with process ids, and ends with whoever started it, and its kernels end
with it. Only Linux forks safely and tells by a file descriptor when a process is over; elsewhere
kernels start as they do everywhere.
"""

import ctypes
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NoReturn, Self

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

PROVISIONER = "alsbook-fork"
_PATIENCE = 5  # seconds
_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


def can_fork() -> bool:
    """Tell whether this machine can fork kernels and watch them."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):  # an old kernel, or a container that forbids it
        return False
    return True


class WarmProcess:
    """The process that kernels are forked from.

    Parameters
    ----------
    modules : sequence of str
        What it imports before the first fork; those that cannot be imported are left to the
        kernels, where the error is seen.
    environment : dict of str to str
        Its environment and that of its kernels.
    log : Path
        File for what it writes itself.
    """

    def __init__(self, modules: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self._lock = threading.Lock()
        self._log: IO[bytes] = log.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            start_new_session=True,  # Ctrl-C is for the build, which then ends this process
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it and the kernels that are left."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:  # still importing, perhaps
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()

    def kill(self) -> None:
        """End it at once; the system then ends its kernels."""
        self._process.kill()

    def fork(self, connection_file: str, folder: str, log: str) -> "ForkedProcess":
        """Fork a kernel.

        Parameters
        ----------
        connection_file : str
            File that says where the kernel listens.
        folder : str
            Its working directory.
        log : str
            File for what it writes outside any cell.

        Returns
        -------
        ForkedProcess
            The kernel's process.

        Raises
        ------
        OSError
            If the warm process is gone.
        """
        request = json.dumps({"connection": connection_file, "folder": folder, "log": log})
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(f"{request}\n".encode())
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        if not answer:
            raise OSError("the process that kernels are forked from has ended")
        return ForkedProcess(int(answer))


class ForkedProcess:
    """A process that is no child of this one, with the methods of ``subprocess.Popen``."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        try:
            self._descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            self._descriptor, self.returncode = -1, 1

    def poll(self) -> int | None:
        """Give None while it runs; with what it ended is not known, so that counts as 1."""
        return self._ended(0)

    def wait(self) -> int:
        """Wait for its end."""
        return self._ended(None) or 1

    def _ended(self, milliseconds: int | None) -> int | None:
        if self.returncode is None:
            watch = select.poll()
            watch.register(self._descriptor, select.POLLIN)
            if watch.poll(milliseconds):
                self.returncode = 1
                os.close(self._descriptor)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to it and to the processes that it has started."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class WarmManager(AsyncKernelManager):
    """A manager of one kernel that knows where to fork it from."""

    warm: WarmProcess | None = None


class ForkProvisioner(LocalProvisioner):
    """Gives jupyter_client a kernel from the ``WarmProcess`` of its manager."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:  # noqa: ARG002
        """Fork a kernel; the command serves for nothing but its connection file."""
        manager = self.parent
        assert isinstance(manager, WarmManager)
        assert manager.warm is not None
        folder = str(kwargs["cwd"])
        # Nobody else listens: the manager's own log file is the kernel's, too.
        process = manager.warm.fork(manager.connection_file, folder, kwargs["stdout"].name)
        self.process = process  # type: ignore[assignment]
        self.pid = self.pgid = process.pid
        self.cwd = folder
        return self.connection_info


def register() -> None:
    """Tell jupyter_client of the provisioner."""
    from importlib.metadata import EntryPoint

    known = KernelProvisionerFactory.instance().provisioners
    value = f"{__name__}:{ForkProvisioner.__name__}"
    known[PROVISIONER] = EntryPoint(PROVISIONER, value, KernelProvisionerFactory.GROUP_NAME)


def _serve(modules: Sequence[str]) -> None:
    """Import modules, then fork a kernel for each line of standard input, until its end."""
    import gc

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a module prints when it is imported is no answer
    for name in ("ipykernel.kernelapp", "ipykernel.ipkernel", *modules):
        # A chapter that needs it shows the error where a reader looks for it.
        with suppress(Exception):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what is shared stays shared
    children = []
    for line in sys.stdin.buffer:
        request = json.loads(line)
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become_kernel(parent, **request)
        # Waited for at the end only: until then the number belongs to that kernel.
        children.append(pid)
        answers.write(f"{pid}\n")
        answers.flush()
    for pid in children:
        for kill in (os.killpg, os.kill):  # the latter for one that has no group of its own yet
            with suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _become_kernel(parent: int, connection: str, folder: str, log: str) -> NoReturn:
    """Turn a fork of the warm process into a kernel."""
    status = 1
    try:
        os.setsid()
        _die_with(parent)
        for descriptor, (path, flags) in enumerate(
            [(os.devnull, os.O_RDONLY), *[(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)] * 2]
        ):
            opened = os.open(path, flags, 0o600)
            os.dup2(opened, descriptor)
            os.close(opened)
        os.chdir(folder)
        sys.argv = ["ipykernel_launcher", "-f", connection]
        from ipykernel.kernelapp import launch_new_instance

        launch_new_instance(argv=[*sys.argv[1:], "--HistoryManager.enabled=False"])
        status = 0
    finally:
        os._exit(status)


def _die_with(parent: int) -> None:
    """Have the system kill this process when its parent ends, however that does."""
    ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before it was asked for
        os._exit(1)


if __name__ == "__main__":
    # As ipykernel's own launcher: the current folder is no place to import from.
    if sys.path[0] in ("", str(Path.cwd())):
        del sys.path[0]
    _serve(sys.argv[1:])
