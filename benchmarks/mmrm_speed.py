"""How long a fit takes and how much memory, by patients and visits.

    python benchmarks/mmrm_speed.py            # prints a table and writes the CSV
    python benchmarks/mmrm_speed.py --quick    # the two cases with a target

Each case is an unstructured fit with Kenward-Roger, all coefficients, the marginal means of arm by
visit and their contrasts: the work behind one table of a trial report. The time is the best of
several runs, of the clock and of the processor (the fairer one on a busy machine), with one BLAS
thread, since the matrices are too small for two to help. The memory is the peak of the process,
what the fit adds to it, and what the fit allocates, in a process of its own.

The peer in the same run is R's nlme, where it is installed: ``gls`` with the same covariance, the
fit alone, for it has no Kenward-Roger; its coefficient of the baseline must be ours. It is asked up
to 1,000 patients and six visits, beyond which it takes minutes. Times of R's mmrm 0.3.18 for the
whole work on two cores stand beside the two cases for which they are known.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
from mmrm_trial import make_trial

OUTPUT = Path(__file__).parents[1] / "tests" / "reference" / "mmrm" / "speed.csv"
FORMULA = "CHG ~ BASE*AVISIT + TRT01P*AVISIT"
SUBJECTS = (100, 200, 1_000, 10_000, 100_000)
VISITS = (3, 4, 6, 10, 12)
TARGET_SECONDS = {(1_000, 10): 0.5, (200, 4): 0.04}
R_SECONDS = {(1_000, 10): 20.0, (200, 4): 0.053}
NLME_SUBJECTS, NLME_VISITS = 1_000, 6  # the largest that nlme is asked
NLME = """
suppressPackageStartupMessages(library(nlme)); library(jsonlite)
d <- na.omit(read.csv("trial.csv", stringsAsFactors = TRUE))
d$index <- as.integer(d$AVISIT)
fit <- function() gls(CHG ~ BASE * AVISIT + TRT01P * AVISIT, d,
  correlation = corSymm(form = ~ index | USUBJID), weights = varIdent(form = ~ 1 | AVISIT))
found <- fit()
seconds <- min(replicate(3, sum(system.time(fit())[c("user.self", "sys.self")])))
write_json(list(seconds = seconds, slope = coef(found)[["BASE"]]), "out.json",
  auto_unbox = TRUE, digits = 12)
"""
MEBIBYTE = 1 << 20
ONE_THREAD = os.environ | {"OPENBLAS_NUM_THREADS": "1"}


def resident() -> float:
    """Peak resident memory of this process, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_case(path: str, n_subjects: int, n_visits: int) -> dict[str, float]:
    from alsutils.stats.mmrm import fit_mmrm

    small = make_trial(60, 3)
    fit_mmrm(FORMULA, small, "USUBJID", "AVISIT").coefficients  # noqa: B018 - warm up
    data = pd.read_pickle(path)
    before = resident()
    seconds, cpu = [], []
    for _ in range(3 if n_subjects >= 10_000 else 15):
        start, start_cpu = time.perf_counter(), time.process_time()
        fit = fit_mmrm(FORMULA, data, "USUBJID", "AVISIT")
        _ = fit.coefficients
        fit.emmeans("TRT01P", by="AVISIT")
        fit.contrasts("TRT01P", by="AVISIT")
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - start_cpu)
    return {
        "subjects": n_subjects,
        "visits": n_visits,
        "rows": fit.n_observations,
        "seconds": round(min(seconds), 4),
        "cpu_seconds": round(min(cpu), 4),
        "slope": float(fit.coefficients.set_index("term").at["BASE", "estimate"]),
        "iterations": fit.iterations,
        "peak_mib": round(resident(), 1),
        "added_mib": round(resident() - before, 1),
        "traced_mib": round(traced_memory(data), 1),
    }


def nlme(trial: pd.DataFrame) -> dict[str, float]:
    """Processor seconds and the coefficient of the baseline of nlme's fit."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        trial.to_csv(place / "trial.csv", index=False)
        (place / "run.R").write_text(NLME)
        subprocess.run(["Rscript", "run.R"], cwd=place, check=True, env=ONE_THREAD)
        found: dict[str, float] = json.loads((place / "out.json").read_text())
        return found


def traced_memory(data: pd.DataFrame) -> float:
    """Peak of what one fit allocates, MiB."""
    import tracemalloc

    from alsutils.stats.mmrm import fit_mmrm

    tracemalloc.start()
    fit = fit_mmrm(FORMULA, data, "USUBJID", "AVISIT")
    fit.emmeans("TRT01P", by="AVISIT")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / MEBIBYTE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="only the cases with a target")
    parser.add_argument("--case", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        path, subjects, visits = options.case
        print(json.dumps(one_case(path, int(subjects), int(visits))))
        return
    cases = list(TARGET_SECONDS) if options.quick else [(n, m) for n in SUBJECTS for m in VISITS]
    rows = []
    for n, m in cases:
        # made here and read there, so that making it does not count as the fit's memory
        trial = make_trial(n, m)
        with tempfile.NamedTemporaryFile(suffix=".pkl") as file:
            trial.to_pickle(file.name)
            command = [sys.executable, __file__, "--case", file.name, str(n), str(m)]
            done = subprocess.run(command, check=True, capture_output=True, env=ONE_THREAD)
        row = json.loads(done.stdout)
        slope = row.pop("slope")
        row["nlme_cpu_seconds"] = None
        if shutil.which("Rscript") and n <= NLME_SUBJECTS and m <= NLME_VISITS:
            peer = nlme(trial)
            # nlme stops short of the maximum, which the fourth decimal of a coefficient shows.
            if abs(peer["slope"] - slope) > 1e-3 * max(abs(slope), 0.01):
                raise SystemExit(f"{n} x {m}: {slope} against {peer['slope']}")
            row["nlme_cpu_seconds"] = round(peer["seconds"], 3)
        row["target_seconds"] = TARGET_SECONDS.get((n, m))
        row["r_seconds"] = R_SECONDS.get((n, m))
        row["times_faster_than_r"] = (
            round(row["r_seconds"] / row["seconds"], 1) if row["r_seconds"] else None
        )
        rows.append(row)
        print(row, flush=True)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    if not options.quick:
        table.to_csv(OUTPUT, index=False)


if __name__ == "__main__":
    main()
