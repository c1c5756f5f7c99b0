"""Every chapter stands on every kind of trial, in the trial's own words."""

from pathlib import Path

import pytest

from tests.trials.checks import complaints
from tests.trials.runner import fewer_draws, run_chapters
from tests.trials.shapes import COVERING, Shape, write


@pytest.mark.parametrize(
    "shape",
    [COVERING[0], *(pytest.param(shape, marks=pytest.mark.long) for shape in COVERING[1:])],
    ids=lambda shape: shape.name,
)
def test_every_chapter_stands(shape: Shape, tmp_path: Path) -> None:
    with fewer_draws():
        run = run_chapters(write(shape, tmp_path))
    assert complaints(shape, run) == []
    assert len(run.shown) > 200  # a chapter that shows nothing has no complaints either
