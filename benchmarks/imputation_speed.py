"""How long imputation takes.

    python benchmarks/imputation_speed.py [PER_ARM ...]

Two arms, four visits, a tenth of the outcomes missing, by drop-out and by gaps. Prints seconds of
wall clock and of processor time for conditional means with the jackknife, for 1,000 imputations
by each way to draw parameters, and for a tipping point of 41 by 41 deltas.
"""

import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pandas as pd

from alsutils.stats.imputation import (
    conditional_mean_imputation,
    multiple_imputation,
    tipping_point,
)

T = TypeVar("T")
COLUMNS = {"outcome": "CHG", "subject": "USUBJID", "visit": "AVISIT", "arm": "TRT01P"}
VISITS, SEED = 4, 20180101


def make_trial(per_arm: int) -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    n = 2 * per_arm
    arm = np.repeat([0, 1], per_arm)
    base = rng.normal(35.0, 4.0, n)
    steps = rng.normal(-1.5, 1.5, (n, VISITS)) + 0.4 * arm[:, None]
    change = steps.cumsum(axis=1) + 0.1 * (base[:, None] - 35.0)
    gone = (rng.random((n, VISITS)) < 0.05).cumsum(axis=1) > 0
    change[gone | (rng.random((n, VISITS)) < 0.03)] = np.nan
    names = pd.CategoricalDtype(["Control", "Active"])
    return pd.DataFrame(
        {
            "USUBJID": np.repeat(np.arange(n), VISITS),
            "TRT01P": pd.Categorical.from_codes(np.repeat(arm, VISITS), dtype=names),
            "AVISIT": np.tile([f"Visit {j + 1}" for j in range(VISITS)], n),
            "BASE": np.repeat(base, VISITS),
            "CHG": change.ravel(),
        }
    )


def timed(label: str, action: Callable[[], T]) -> T:
    wall, processor = time.perf_counter(), time.process_time()
    result = action()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"  {label:<40} {wall:8.2f} s wall {processor:8.2f} s processor")
    return result


def measure(data: pd.DataFrame) -> None:
    options = COLUMNS | {"covariates": ["BASE"], "strategy": "J2R"}
    grid = np.linspace(-10.0, 10.0, 41)
    results = {
        "jackknife": timed(
            "conditional means, jackknife", lambda: conditional_mean_imputation(data, **options)
        )
    }
    for draw in ("bootstrap", "normal"):
        results[draw] = timed(
            f"1,000 imputations, {draw} draws",
            lambda d=draw: multiple_imputation(data, **options, draw=d, workers=2),
        )
    for name, result in results.items():
        timed(f"tipping point, {name}", lambda r=result: tipping_point(r, grid, grid))


def main(sizes: list[int]) -> None:
    for per_arm in sizes:
        data = make_trial(per_arm)
        print(f"{2 * per_arm} subjects, {data['CHG'].isna().sum()} missing outcomes")
        measure(data)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [32, 250])
