"""How long pairwise comparisons take and how much memory, by patients in each arm.

    python benchmarks/wins.py            # prints a table and writes the CSV
    python benchmarks/wins.py --quick    # the case with a target

Survival with censoring first, then a change in whole points: the win statistics with their errors.
Up to 4,000 patients in each arm the same counts are also found by looking at every pair, and must
be the same. The time is the best of three; the memory is what the process needs beyond the data
and the imports (resident, peak), in a process of its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

OUTPUT = Path(__file__).parents[1] / "tests" / "reference" / "wins" / "speed.csv"
PER_ARM = (100, 1_000, 4_000, 20_000, 100_000)
EVERY_PAIR_UP_TO = 4_000
TARGET = {20_000: (3.0, 1024.0)}  # seconds, MiB
SEED = 20120104


def make_layers(per_arm: int) -> tuple[list, np.ndarray]:
    from alsutils.stats.wins import Continuous, TimeToEvent

    rng = np.random.default_rng(SEED)
    treated = np.arange(2 * per_arm) % 2 == 0
    death = rng.exponential(900 + 200 * treated)
    last = np.minimum(rng.exponential(1500, 2 * per_arm), 365.0)
    change = np.round(rng.normal(-6 + treated, 5))
    change[rng.random(2 * per_arm) < 0.03] = np.nan
    time_ = np.ceil(np.minimum(death, last))
    return [TimeToEvent(time_, death <= last), Continuous(change, "change")], treated


def resident() -> float:
    """Peak resident memory of this process, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_case(per_arm: int) -> dict[str, float]:
    from alsutils.stats.wins import win_statistics
    from alsutils.stats.wins.counting import encode, outcomes

    small, few = make_layers(50)
    win_statistics(small, few)
    layers, treated = make_layers(per_arm)
    before = resident()
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        result = win_statistics(layers, treated)
        seconds.append(time.perf_counter() - start)
    case = {
        "per_arm": per_arm,
        "seconds": round(min(seconds), 4),
        "mebibytes": round(resident() - before, 1),
        "wins": int(result.layers["wins"].iloc[-1]),
        "losses": int(result.layers["losses"].iloc[-1]),
        "every_pair_seconds": np.nan,
    }
    if per_arm <= EVERY_PAIR_UP_TO:
        start = time.perf_counter()
        codes = encode(layers, len(treated))
        pairs = outcomes(
            [c.take(np.flatnonzero(treated)) for c in codes],
            [c.take(np.flatnonzero(~treated)) for c in codes],
        )
        case["every_pair_seconds"] = round(time.perf_counter() - start, 4)
        if (int((pairs == 1).sum()), int((pairs == -1).sum())) != (case["wins"], case["losses"]):
            raise SystemExit(f"{per_arm} in each arm: the counts are not those of all pairs")
    return case


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--case", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(one_case(options.case)))
        return 0
    rows = []
    for per_arm in TARGET if options.quick else PER_ARM:
        command = [sys.executable, __file__, "--case", str(per_arm)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rows.append(json.loads(done.stdout))
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    if not options.quick:
        table.to_csv(OUTPUT, index=False)
    missed = 0
    for row in rows:
        seconds, memory = TARGET.get(int(row["per_arm"]), (np.inf, np.inf))
        if row["seconds"] > seconds or row["mebibytes"] > memory:
            print(f"{row['per_arm']} in each arm: over {seconds} s or {memory} MiB")
            missed += 1
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
