"""Bias and coverage of the joint model, against decline and death fitted apart.

    python benchmarks/joint_model.py                 # writes the CSV, some minutes on two cores
    python benchmarks/joint_model.py --trials 40     # a look, nothing written

Trials are drawn from the model of a patient with a hazard that depends on each patient's own slope
(`alsutils.stats.joint_model.LINKED`), of two sizes. Each is fitted apart, one after the other and
together. The same seeds give the same numbers, whatever the number of jobs.
"""

import argparse
import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from alsutils.stats.batches import run_batches
from alsutils.stats.joint_model import (
    LINKED,
    JointModelError,
    compare_models,
    simulate_decline_and_death,
)

OUTPUT = Path(__file__).parents[1] / "tests" / "reference" / "survival" / "joint_validation.csv"
SIZES = (32, 100)
TRIALS = 500
SEED = 20120104


def one_trial(number: int, per_arm: int) -> pd.DataFrame | None:
    rng = np.random.default_rng([SEED, per_arm, number])
    drawn = simulate_decline_and_death(rng, replace(LINKED, n_per_arm=(per_arm, per_arm)))
    try:
        rows = compare_models(drawn.scores, drawn.patients, drawn.terms)
    except (JointModelError, ValueError):
        return None
    return rows.merge(drawn.truth, on=["part", "term"])


def summary(frames: list[pd.DataFrame], per_arm: int, failed: int) -> pd.DataFrame:
    every = pd.concat(frames, ignore_index=True)
    every["inside"] = every["truth"].between(every["conf_low"], every["conf_high"])
    grouped = every.groupby(["analysis", "part", "term"], sort=False)
    table = grouped.agg(
        truth=("truth", "first"),
        trials=("estimate", "size"),
        mean=("estimate", "mean"),
        sd=("estimate", "std"),
        mean_std_error=("std_error", "mean"),
        coverage=("inside", "mean"),
    ).reset_index()
    table.insert(0, "per_arm", per_arm)
    table["bias"] = table["mean"] - table["truth"]
    table["bias_error"] = table["sd"] / np.sqrt(table["trials"])
    table["failed"] = failed
    return table.round(5)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cluster", help="address of a Dask scheduler")
    options = parser.parse_args()
    tables = []
    for per_arm in SIZES:
        task = functools.partial(one_trial, per_arm=per_arm)
        done = dict(run_batches(task, range(options.trials), options.jobs, options.cluster))
        kept = [done[i] for i in range(options.trials) if done[i] is not None]
        tables.append(summary(kept, per_arm, options.trials - len(kept)))
    table = pd.concat(tables, ignore_index=True)
    print(table.to_string(index=False))
    if options.trials == TRIALS:
        table.to_csv(OUTPUT, index=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
