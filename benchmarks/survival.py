"""How long the survival statistics take, by patients, beside lifelines and R.

    python benchmarks/survival.py            # prints a table and writes the CSV
    python benchmarks/survival.py --quick    # 100,000 patients, the cases with a target, no peers

Two arms, five covariates, times in whole days (so that ties abound), a third censored. Each time is
the best of three after a first run; the figures of all programs must agree. R is asked only where
it is installed. Run it on a quiet machine with OPENBLAS_NUM_THREADS=1.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

OUTPUT = Path(__file__).parents[1] / "tests" / "reference" / "survival" / "speed.csv"
SIZES = (64, 1_000, 10_000, 100_000)
LARGEST = 100_000
SEED = 20120104
COVARIATES = ["arm", "age", "onset", "slope", "fvc"]
# Seconds with 100,000 patients.
TARGET = {"curves with bands": 2.0, "log-rank": 2.0, "restricted means": 2.0, "Cox": 10.0}


def patients(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    frame = pd.DataFrame({name: rng.normal(size=n) for name in COVARIATES})
    frame["arm"] = np.arange(n) % 2 * 1.0
    risk = frame.to_numpy() @ np.array([-0.3, 0.2, 0.1, 0.3, -0.1])
    death = rng.weibull(1.3, n) * 900 * np.exp(-risk / 1.3)
    stop = rng.uniform(200, 1400, n)
    frame["time"], frame["event"] = np.ceil(np.minimum(death, stop)), death <= stop
    return frame


def ours(data: pd.DataFrame) -> dict[str, Callable[[], float]]:
    from alsutils.stats.hazards import cox, firth_cox
    from alsutils.stats.survival import (
        kaplan_meier,
        log_rank,
        max_combo,
        restricted_mean_difference,
        simultaneous_band,
    )

    t, e, arm = (data[name].to_numpy() for name in ("time", "event", "arm"))
    sides = [(t[arm == a], e[arm == a]) for a in (1.0, 0.0)]

    def curves() -> float:
        found = [kaplan_meier(*side) for side in sides]
        for curve in found:
            simultaneous_band(curve)
            simultaneous_band(curve, "Hall-Wellner")
        return float(found[0].frame["estimate"].iloc[-1])

    def means() -> float:
        pair = [kaplan_meier(*side) for side in sides]
        return restricted_mean_difference(pair[0], pair[1], 365.0).estimate

    return {
        "curves with bands": curves,
        "log-rank": lambda: log_rank(t, e, arm).statistic,
        "max-combo": lambda: max_combo(t, e, arm == 1).statistic,
        "restricted means": means,
        "Cox": lambda: float(cox(t, e, data[COVARIATES]).frame["estimate"][0]),
        "Firth": lambda: float(firth_cox(t, e, data[["arm"]]).frame["estimate"][0]),
    }


def lifelines(data: pd.DataFrame) -> dict[str, Callable[[], float]]:
    from lifelines import CoxPHFitter, KaplanMeierFitter
    from lifelines.statistics import multivariate_logrank_test

    def curves() -> float:
        found = [KaplanMeierFitter().fit(d["time"], d["event"]) for _, d in data.groupby("arm")]
        return float(found[1].survival_function_.iloc[-1, 0])

    def fit() -> float:
        columns = data[[*COVARIATES, "time", "event"]]
        return float(CoxPHFitter().fit(columns, "time", "event").params_["arm"])

    return {
        "curves with bands": curves,  # pointwise intervals only
        "log-rank": lambda: float(
            multivariate_logrank_test(data["time"], data["arm"], data["event"]).test_statistic
        ),
        "Cox": fit,
    }


R_SCRIPT = """
library(survival); library(jsonlite)
d <- read.csv("patients.csv"); out <- list()
once <- function(name, f) { f(); s <- replicate(3, system.time(f())[["elapsed"]])
  out[[name]] <<- list(seconds = min(s), value = f()) }
f <- Surv(time, event) ~ arm
once("curves with bands", function() { s <- survfit(f, d, conf.type = "log-log"); tail(s$surv, 1) })
once("log-rank", function() survdiff(f, d)$chisq)
once("restricted means", function() { m <- summary(survfit(f, d), rmean = 365)$table[, "rmean"]
  unname(m[2] - m[1]) })
g <- Surv(time, event) ~ arm + age + onset + slope + fvc
once("Cox", function() unname(coef(coxph(g, d))[1]))
write_json(out, "out.json", auto_unbox = TRUE, digits = 12)
"""


def from_r(data: pd.DataFrame) -> dict[str, dict[str, float]]:
    if shutil.which("Rscript") is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        data.assign(event=data["event"].astype(int)).to_csv(place / "patients.csv", index=False)
        (place / "run.R").write_text(R_SCRIPT)
        subprocess.run(["Rscript", "run.R"], cwd=place, check=True, capture_output=True)
        found: dict[str, dict[str, float]] = json.loads((place / "out.json").read_text())
        return found


def best(function: Callable[[], float]) -> tuple[float, float]:
    value, seconds = function(), []
    for _ in range(3):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return round(min(seconds), 5), value


def one_size(n: int, peers: bool) -> list[dict[str, object]]:
    data = patients(n)
    asked = from_r(data) if peers else {}
    other = lifelines(data) if peers else {}
    rows = []
    for name, function in ours(data).items():
        seconds, value = best(function)
        row = {"patients": n, "statistic": name, "seconds": seconds}
        row |= {"lifelines": np.nan, "r": np.nan}
        values = []
        if name in other:
            row["lifelines"], found = best(other[name])
            values.append(found)
        if name in asked:
            row["r"] = asked[name]["seconds"]
            values.append(asked[name]["value"])
        # lifelines stops its Cox model in the sixth decimal.
        if not np.allclose(values, value, rtol=1e-4, atol=1e-5):
            raise SystemExit(f"{name}, {n} patients: {value} against {values}")
        rows.append(row)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    sizes = (LARGEST,) if options.quick else SIZES
    table = pd.DataFrame([row for n in sizes for row in one_size(n, not options.quick)])
    print(table.to_string(index=False))
    if not options.quick:
        table.to_csv(OUTPUT, index=False)
    largest = table[table["patients"] == LARGEST].set_index("statistic")["seconds"]
    missed = [name for name, limit in TARGET.items() if largest[name] > limit]
    for name in missed:
        print(f"{name}: over {TARGET[name]:g} s")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
