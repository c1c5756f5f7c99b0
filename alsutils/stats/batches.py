"""Independent pieces of work on the cores of one machine or on a Dask cluster."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from joblib import Parallel, delayed, parallel_config

Result = TypeVar("Result")


class ClusterError(RuntimeError):
    """A cluster that cannot be used, or that lost a piece of work again and again."""


def run_batches(
    task: Callable[[int], Result],
    numbers: Sequence[int],
    jobs: int = 1,
    cluster: str | None = None,
) -> Iterator[tuple[int, Result]]:
    """Run a task for each number, and give the results as they come.

    Parameters
    ----------
    task : callable
        From a number to a result; must depend on nothing else, so that it does not matter where or
        how often it runs. It is sent to other processes by pickling.
    numbers : sequence of int
        One a piece of work.
    jobs : int
        Processes on this machine.
    cluster : str or None
        Address of a Dask scheduler, such as ``tcp://10.0.0.1:8786``, which takes the place of this
        machine's processes. Its workers need this package.

    Yields
    ------
    tuple of int and result
        Each number once, in any order.

    Raises
    ------
    ClusterError
        If ``distributed`` is not installed, nobody answers at the address, or a piece of work was
        lost with several workers.
    """
    if cluster is not None:
        yield from _on_cluster(task, numbers, cluster)
    elif jobs == 1 or len(numbers) < 2:
        for number in numbers:
            yield number, task(number)
    else:
        with parallel_config(backend="loky", inner_max_num_threads=1):
            pool = Parallel(n_jobs=min(jobs, len(numbers)), return_as="generator_unordered")
            yield from pool(delayed(_numbered)(task, number) for number in numbers)


def _numbered(task: Callable[[int], Result], number: int) -> tuple[int, Result]:
    return number, task(number)


def _on_cluster(
    task: Callable[[int], Result], numbers: Sequence[int], address: str
) -> Iterator[tuple[int, Result]]:
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise ClusterError(
            "a cluster needs the package distributed: pip install 'alsutils[cluster]'"
        ) from error
    try:
        client = Client(address, set_as_default=False, timeout="5s")
    except (OSError, ValueError) as error:
        raise ClusterError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        # The cluster runs a piece of work again elsewhere when its worker dies, and forgets no
        # result that has not been fetched; every future ends once.
        futures = client.map(task, numbers, pure=False)
        place = dict(zip((future.key for future in futures), numbers, strict=True))
        for future in as_completed(futures, loop=client.loop):
            if future.status == "error" and type(future.exception()).__name__ == "KilledWorker":
                raise ClusterError(
                    f"piece {place[future.key]} was lost with its worker too often: "
                    f"{future.exception()}"
                )
            yield place[future.key], future.result()
