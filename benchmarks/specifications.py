"""How long the specification curve of a study takes, with the test of the whole curve.

    python benchmarks/specifications.py            # prints a table and writes the CSV
    python benchmarks/specifications.py --quick    # one treated arm of the default study

Processor time of ``appraisal.specifications`` in one process, which other work hardly
changes, with what it takes to name the specifications and to impute. The target is at least 500
specifications in 20 seconds.
"""

import argparse
import time
from pathlib import Path

import pandas as pd

from alsutils.appraisal import specifications
from alsutils.study import load_study

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "tests" / "reference" / "appraisal" / "speed.csv"
STUDIES = ("oh2018", "cdisc-pilot")
WAYS = 500
LEAST, MOST_SECONDS = 500, 20.0


def measure(name: str, n_ways: int) -> dict[str, object]:
    """Time one study's curves."""
    study = load_study(ROOT / "data" / name)
    start = time.process_time()
    result = specifications(study, n_ways=n_ways)
    processor = time.process_time() - start
    return {
        "study": name,
        "arms": len(result.curves),
        "specifications": sum(curve.n for curve in result.curves.values()),
        "redrawn": sum(curve.test.n_specifications for curve in result.curves.values()),
        "ways": n_ways + 1,
        "processor_seconds": round(processor, 1),
    }


def main() -> None:
    """Measure, print, and write unless quick."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="the default study alone")
    quick = parser.parse_args().quick
    names = [n for n in STUDIES if (ROOT / "data" / n / "study.yml").is_file()]
    rows = [measure(name, WAYS) for name in names[: 1 if quick else None]]
    frame = pd.DataFrame(rows)
    print(frame.to_string(index=False))
    first = frame.iloc[0]
    kept = first["specifications"] >= LEAST and first["processor_seconds"] <= MOST_SECONDS
    print(f"Target of {LEAST} in {MOST_SECONDS:g} s: {'kept' if kept else 'missed'}")
    if not quick:
        frame.to_csv(OUTPUT, index=False)


if __name__ == "__main__":
    main()
