"""A chapter that reads a study's counterpart is executed again when the counterpart changes."""

import shutil
from pathlib import Path

from alsutils.book.build import _plan
from alsutils.book.chapters import find_book
from alsutils.study import load_study

ROOT = Path(__file__).parents[2]


def test_the_counterpart_is_part_of_the_key(tmp_path):
    for name in ("oh2018", "oh2018-no-effect"):
        shutil.copytree(ROOT / "data" / name, tmp_path / name)
    book = find_book(ROOT)

    def keys():
        plan = _plan(book, load_study(tmp_path / "oh2018"))
        return {page.name: key for page, key in plan.keys.items()}

    before = keys()
    assert keys() == before
    with (tmp_path / "oh2018-no-effect" / "truth.csv").open("a") as file:
        file.write("\n")
    after = keys()
    assert before["chapters/06_appraisal"] != after["chapters/06_appraisal"]
    shutil.rmtree(tmp_path / "oh2018-no-effect")
    assert keys()["chapters/06_appraisal"] not in (
        before["chapters/06_appraisal"],
        after["chapters/06_appraisal"],
    )
