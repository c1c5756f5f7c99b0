"""Break the good studies in every way and print what goes wrong.

`python -m tests.hostile.sweep [EACH [EACH_BOOK]]` tries one of EACH ways (1), and of those that
still load it runs one of EACH_BOOK through its chapters (20).
"""

import sys
import tempfile
import traceback
import zlib
from collections import Counter
from pathlib import Path

from tests.hostile.corpus import broken, chapters_for, load, malformed, run, write_bases


def main(each: int = 1, each_book: int = 20) -> int:
    """Print every finding as it comes; give their number."""
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as work:
        for base in write_bases(Path(work) / "bases"):
            chosen = _chooser(each)
            for mutation, place in broken(base, Path(work), lambda m, c=chosen: c(m.name)):
                found = _findings(mutation, place, counts, _chooser(each_book)(mutation.name[::-1]))
                for words in found:
                    print(f"{base.name}, {mutation.name}\n  {words}\n", flush=True)
                counts["findings"] += len(found)
    print(dict(counts))
    return counts["findings"]


def _chooser(each: int):
    return lambda name: zlib.crc32(name.encode()) % each == 0


def _findings(mutation, place, counts, with_book):
    """Load a broken study, and run its chapters where it loads and is chosen."""
    try:
        outcome = load(place)
    except Exception:
        counts["raised"] += 1
        return [traceback.format_exc(limit=-4)]
    if outcome.error is not None:
        counts["refused"] += 1
        return malformed(outcome.error)[:2]
    counts["loaded"] += 1
    if not with_book:
        return []
    counts["books"] += 1
    return run(place, chapters_for(mutation))


if __name__ == "__main__":
    sys.exit(min(main(*map(int, sys.argv[1:])), 1))
