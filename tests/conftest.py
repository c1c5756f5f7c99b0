"""What tests of several folders share: a browser, and a search of all that a chapter shows."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import altair as alt
import numpy as np
import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from alsutils.display import Figure

_NUMBER = re.compile(r"[-−]?\d[\d,]*\.\d+")
_PIECES = 1e-6  # charts carry six decimals
_LONGEST = ("trials", "book", "hostile", "playground")  # folders whose files take longest

if "CI" not in os.environ:  # where Hypothesis has a profile of its own that does this
    settings.register_profile("patient", deadline=None)  # a busy machine is not a fault
    settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest, so that no process is left alone with one at the end."""
    items.sort(key=lambda item: item.path.parent.name not in _LONGEST)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium, once for all tests of a process."""
    if os.environ.get("ALSBOOK_NO_BROWSER") == "1":
        pytest.skip("ALSBOOK_NO_BROWSER=1")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.fail(
            "This test needs Chromium: apt-get install chromium (or set ALSBOOK_NO_BROWSER=1 "
            "to go without)"
        )
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def tells_of() -> Callable[[Iterable[Any], Iterable[float]], list[float]]:
    """Search outputs, charts' data and results included, for values of single patients."""

    def search(outputs: Iterable[Any], canaries: Iterable[float]) -> list[float]:
        shown = np.unique([abs(n) for output in outputs for n in _numbers(_bundle(output))])
        # A number of few decimals is a figure of the page, and no patient's own.
        shown = shown[np.abs(shown * 1000 - np.round(shown * 1000)) > 1e-3]
        own = np.unique(np.abs(list(canaries)))
        own = own[own > 0.1]  # small ones are like anything
        if not len(shown):
            return []
        near = np.clip(np.searchsorted(shown, own), 1, len(shown) - 1) if len(shown) > 1 else 0
        gap = np.minimum(abs(shown[near] - own), abs(shown[np.maximum(near - 1, 0)] - own))
        return own[gap < _PIECES].tolist()

    return search


def _bundle(output: Any) -> Any:
    if isinstance(output, Figure):
        # A page carries fewer columns and digits, from which a value is harder to tell.
        with alt.theme.enable("none"), alt.data_transformers.disable_max_rows():
            whole = output.chart.to_dict()
        words = [output.description, output.caption]
        return [whole, output.spec(), words, output.results.to_dict("records")]
    bundle = output._repr_mimebundle_()
    json.dumps(bundle, allow_nan=False)
    return bundle


def _numbers(value: Any) -> Iterator[float]:
    """Yield every number in a JSON value, those within words too."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, (int, float, np.number)):
        if np.isfinite(value):
            yield float(value)
    elif isinstance(value, str):
        for text in _NUMBER.findall(value):
            yield float(text.replace(",", "").replace("−", "-"))
    elif isinstance(value, dict):
        for part in value.values():
            yield from _numbers(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _numbers(part)
