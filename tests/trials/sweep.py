"""Run all chapters on every shape and print what is wrong: `python -m tests.trials.sweep [NAME ...]`."""

import sys
import tempfile
from pathlib import Path

from tests.trials.checks import complaints
from tests.trials.runner import CHAPTERS, fewer_draws, run_chapters
from tests.trials.shapes import SHAPES, write


def main(names: list[str]) -> int:
    """Run the shapes of these names, or all; give the number of complaints."""
    total = 0
    chapters = [name for name in names if name in CHAPTERS]
    names = [name for name in names if name not in CHAPTERS]
    for shape in SHAPES:
        if names and shape.name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder, fewer_draws():
            run = run_chapters(write(shape, Path(folder)), chapters or CHAPTERS)
        found = complaints(shape, run)
        spent = sum(run.seconds.values())
        print(f"== {shape.name}: {len(found)} in {spent:.0f} s", flush=True)
        for complaint in found:
            print(f"{complaint}\n", flush=True)
        total += len(found)
    return total


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
