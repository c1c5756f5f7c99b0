"""Break the good studies in every way and print what goes wrong.

`python -m tests.hostile.sweep [EACH [EACH_BOOK [BASE ...]]]` tries one of EACH ways (1), and of
those that still load it runs one of EACH_BOOK through its chapters (20). It can be run in slices:
of the good studies named alone, or with EACH_BOOK as ``20+3``, which takes the fourth twentieth.
"""

import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from pathlib import Path

from tests.hostile.corpus import broken, chapters_for, load, malformed, run, write_bases


def main(each: str = "1", each_book: str = "20", *names: str) -> int:
    """Print every finding as it comes; give their number."""
    findings = 0
    with tempfile.TemporaryDirectory() as work:
        for base in write_bases(Path(work) / "bases"):
            if names and base.name not in names:
                continue
            counts: Counter[str] = Counter()
            start, chosen, with_book = time.perf_counter(), _chooser(each), _chooser(each_book)
            for mutation, place in broken(base, Path(work), lambda m, c=chosen: c(m.name)):
                found = _findings(mutation, place, counts, with_book(mutation.name[::-1]))
                for words in found:
                    print(f"{base.name}, {mutation.name}\n  {words}\n", flush=True)
                counts["findings"] += len(found)
                if counts["tried"] % 250 == 0:
                    print(f"{base.name}: {dict(counts)} so far", flush=True)
            took = time.perf_counter() - start
            print(f"{base.name}: {dict(counts)}, {took:.0f} s", flush=True)
            findings += counts["findings"]
    return findings


def _chooser(each: str):
    """Choose one of so many names; after a plus sign which of them."""
    many, _, which = each.partition("+")
    return lambda name: zlib.crc32(name.encode()) % int(many) == int(which or 0)


def _findings(mutation, place, counts, with_book):
    """Load a broken study, and run its chapters where it loads and is chosen."""
    counts["tried"] += 1
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
    sys.exit(min(main(*sys.argv[1:]), 1))
