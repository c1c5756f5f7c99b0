"""Run all chapters on every shape and print what is wrong.

`python -m tests.trials.sweep [NAME ...] [CHAPTER ...] [--keep FOLDER]`; what was shown is kept in
the folder, a text and a JSON file of the charts for each shape.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.trials.checks import complaints
from tests.trials.runner import CHAPTERS, Run, fewer_draws, run_chapters
from tests.trials.shapes import COVERING, SHAPES, Shape, write


def main() -> int:
    """Run the shapes that are named, or all; give the number of complaints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    chapters = [name for name in arguments.names if name in CHAPTERS] or CHAPTERS
    names = [name for name in arguments.names if name not in CHAPTERS]
    chosen = [shape for shape in (*COVERING, *SHAPES) if not names or shape.name in names]
    total = 0
    for shape in sorted(chosen, key=lambda s: names.index(s.name) if names else 0):
        with tempfile.TemporaryDirectory() as folder, fewer_draws():
            run = run_chapters(write(shape, Path(folder)), chapters)
        if arguments.keep:
            _keep(shape, run, arguments.keep)
        found = complaints(shape, run)
        print(f"== {shape.name}: {len(found)} in {sum(run.seconds.values()):.0f} s", flush=True)
        for complaint in found:
            print(f"{complaint}\n", flush=True)
        total += len(found)
    return total


def _keep(shape: Shape, run: Run, folder: Path) -> None:
    """Write what was shown, for reading."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [f"[{s.kind}] {s.place}\n{s.words}\n" for s in run.shown]
    (folder / f"{shape.name}.txt").write_text("\n".join(parts), "utf-8")
    specs = [{"place": s.place, "spec": s.spec} for s in run.shown if s.spec]
    (folder / f"{shape.name}.json").write_text(json.dumps(specs), "utf-8")


if __name__ == "__main__":
    sys.exit(min(main(), 1))
