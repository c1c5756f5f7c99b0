"""Simulated trials as a stack, beside the same work as a plain loop.

    python benchmarks/operating.py [TRIALS] [LOOPED]

64 patients, five visits after baseline. The stack is ``operating_characteristics`` in one process
and on all cores, the start of the processes included. The loop, in one process, is what one writes
first: one trial after the other, scipy's t-test, statsmodels' least squares for ANCOVA and for the
joint ranks (whose pairs numpy compares), lifelines' log-rank test, and for the mixed model
``fit_mmrm``, for statsmodels has no Kenward-Roger. The loop runs over fewer trials, its time is
given for as many, and both have their p-values compared, so that it is the same work. Writes the
table that it prints.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from lifelines.statistics import logrank_test
from scipy import stats

from alsutils.stats.mmrm import fit_mmrm
from alsutils.stats.patients import Scenario
from alsutils.stats.power import operating_characteristics
from alsutils.stats.power.operating import PATIENTS
from alsutils.stats.power.trials import Trials, simulate_trials

OUTPUT = Path(__file__).parents[1] / "tests" / "reference" / "operating" / "speed.csv"
SCENARIO = Scenario(n_per_arm=(32, 32), months=(0, 1, 2, 3, 4, 6))
QUICK = ("t_test", "ancova", "joint_rank", "log_rank")
SEED = 1


def one_trial(trials: Trials, i: int) -> pd.DataFrame:
    last = trials.change.shape[2]
    frame = pd.DataFrame(trials.change[i], columns=[f"V{k + 1}" for k in range(last)])
    return frame.assign(
        patient=np.arange(len(frame)),
        arm=trials.arm,
        base=trials.baseline[i],
        time=trials.time[i],
        died=trials.died[i],
    )


def joint_ranks(data: pd.DataFrame) -> np.ndarray:
    changes = data.filter(regex="^V").ffill(axis=1).iloc[:, -1].to_numpy()
    time_, died = data["time"].to_numpy(), data["died"].to_numpy()
    score = np.zeros(len(data))
    for i in range(len(data)):
        outlived = died & (time_ < time_[i])
        outlives = died[i] & (time_[i] < time_)
        open_ = ~(outlived | outlives)
        score[i] = outlived.sum() - outlives.sum()
        score[i] += (open_ & (changes < changes[i])).sum() - (open_ & (changes > changes[i])).sum()
    return stats.rankdata(score)


def looped(data: pd.DataFrame) -> list[float]:
    seen = data.dropna(subset="V5")
    treated, control = (seen.loc[seen["arm"] == a, "V5"] for a in (1, 0))
    first, second = (data[data["arm"] == a] for a in (1, 0))
    ranked = data.assign(rank=joint_ranks(data))
    return [
        stats.ttest_ind(treated, control).pvalue,
        smf.ols("V5 ~ base + arm", seen).fit().pvalues["arm"],
        smf.ols("rank ~ base + arm", ranked).fit().pvalues["arm"],
        logrank_test(first["time"], second["time"], first["died"], second["died"]).p_value,
    ]


def looped_mixed(data: pd.DataFrame) -> float:
    long = data.melt(["patient", "arm", "base"], [f"V{k}" for k in range(1, 6)], "visit", "change")
    long["arm"] = long["arm"].map({0: "Control", 1: "Active"})
    fit = fit_mmrm(
        "change ~ base*visit + arm*visit", long.dropna(), "patient", "visit",
        vcov="kenward-roger-linear", reference={"arm": "Control"},
    )  # fmt: skip
    return fit.contrasts("arm", by="visit")["p_value"].iloc[-1]


def stacked(analyses: tuple[str, ...], n_trials: int) -> tuple[list[float], np.ndarray]:
    """Seconds in one process and on all cores, and the p-values."""
    seconds = []
    for jobs in (1, os.cpu_count() or 1):
        start = time.perf_counter()
        found = operating_characteristics(SCENARIO, analyses, n_trials, SEED, jobs=jobs)
        seconds.append(time.perf_counter() - start)
    return seconds, found.trials[:, :, 0, 2]


def main(n_trials: int, n_looped: int) -> None:
    quick_seconds, quick = stacked(QUICK, n_trials)
    whole_seconds, whole = stacked((*QUICK, "mmrm"), n_trials)
    first = simulate_trials(
        SCENARIO,
        PATIENTS // SCENARIO.n,
        np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(0,))),
    )
    start = time.perf_counter()
    for i in range(n_looped):
        one_trial(simulate_trials(SCENARIO, 1, np.random.default_rng(i)), 0)
    simulating = time.perf_counter() - start
    datasets = [one_trial(first, i) for i in range(n_looped)]
    start = time.perf_counter()
    p_values = np.array([looped(data) for data in datasets])
    analysing = time.perf_counter() - start
    start = time.perf_counter()
    mixed = np.array([looped_mixed(data) for data in datasets])
    fitting = time.perf_counter() - start
    quick_loop = (simulating + analysing) / n_looped * n_trials
    whole_loop = (simulating + analysing + fitting) / n_looped * n_trials
    distance = np.abs(p_values - quick[:n_looped])
    furthest = max(np.nanmax(distance), np.abs(mixed - whole[:n_looped, -1]).max())
    table = pd.DataFrame(
        {
            "work": ["t-test, ANCOVA, joint rank, log-rank", "the same and MMRM, Kenward-Roger"],
            "trials": n_trials,
            "one_process": [quick_seconds[0], whole_seconds[0]],
            "all_cores": [quick_seconds[1], whole_seconds[1]],
            "loop": [quick_loop, whole_loop],
        }
    )
    table["loop_by_one_process"] = table["loop"] / table["one_process"]
    print(table.round(2).to_string(index=False))
    print(f"{os.cpu_count()} cores; the p-values of {n_looped} trials differ by {furthest:.1g}")
    table.round(3).to_csv(OUTPUT, index=False, lineterminator="\n")


if __name__ == "__main__":
    arguments = [int(a) for a in sys.argv[1:]]
    main(*(arguments + [10_000, 100][len(arguments) :]))
