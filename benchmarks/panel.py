"""How long the step-down permutation adjustment of a panel takes, beside a plain loop.

    python benchmarks/panel.py            # prints a table and writes the CSV
    python benchmarks/panel.py --quick    # the case with a target

Two arms with missing values, analytes by visits as columns. The loop shuffles the arms and computes
each column's t in Python and NumPy, one way and one column at a time, with the same ways; it is run
over the first ways alone, must give the same statistics, and its time is carried forward to all of
them. The time of the product of matrices is the best of three and includes drawing the ways.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from alsutils.stats.multiplicity import way_statistics, westfall_young
from alsutils.stats.permutation import Redraws, shuffles

OUTPUT = Path(__file__).parents[1] / "tests" / "reference" / "mechanism" / "speed.csv"
CASES = ((59, 12, 2, 10_000), (59, 12, 2, 100_000), (59, 48, 4, 10_000), (400, 12, 2, 10_000))
TARGET = {(59, 12, 2, 10_000): 5.0}  # seconds
LOOPED = 200  # ways that the plain loop goes through
SEED = 20181004


def make_panel(patients: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(SEED)
    treated = np.arange(patients) % 2 == 0
    values = rng.normal(size=(patients, columns)) + rng.normal(size=(patients, 1))
    values[rng.random(values.shape) < 0.05] = np.nan
    return values, treated


def loop(values: np.ndarray, ways: Redraws) -> np.ndarray:
    """Student's t of every way and column, one after the other."""
    found = np.empty((len(ways.treated), values.shape[1]))
    for i, on in enumerate(ways.treated):
        for j in range(values.shape[1]):
            column = values[:, j]
            seen = ~np.isnan(column)
            a, b = column[seen & on], column[seen & ~on]
            squares = ((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()
            spread = squares / (len(a) + len(b) - 2) * (1 / len(a) + 1 / len(b))
            found[i, j] = (a.mean() - b.mean()) / np.sqrt(spread)
    return found


def one_case(patients: int, analytes: int, visits: int, n_ways: int) -> dict[str, float]:
    values, treated = make_panel(patients, analytes * visits)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        ways = shuffles(treated, n_ways, np.random.default_rng(SEED))
        frame = westfall_young(values, ways).frame
        seconds.append(time.perf_counter() - start)
    first = Redraws(ways.treated[:LOOPED], exact=False)
    start = time.perf_counter()
    slow = loop(values, first)
    each = (time.perf_counter() - start) / LOOPED
    if not np.allclose(slow, way_statistics(values, first).statistic, rtol=1e-9):
        raise SystemExit(f"{patients} patients: the statistics are not those of the loop")
    return {
        "patients": patients,
        "analytes": analytes,
        "visits": visits,
        "ways": n_ways,
        "seconds": round(min(seconds), 4),
        "loop_seconds": round(each * n_ways, 2),
        "times_faster": round(each * n_ways / min(seconds)),
        "smallest_p": frame["p_max_t"].min(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    rows = [one_case(*case) for case in (TARGET if options.quick else CASES)]
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    if not options.quick:
        table.to_csv(OUTPUT, index=False)
    missed = 0
    for row in rows:
        case = (row["patients"], row["analytes"], row["visits"], row["ways"])
        if row["seconds"] > TARGET.get(case, np.inf):
            print(f"{case}: over {TARGET[case]} s")
            missed += 1
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
