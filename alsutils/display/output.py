"""What a chapter's cell ends in: a figure, a table or a sentence, each with its results."""

import base64
import copy
import html
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from alsutils.display import format as fmt
from alsutils.display.marks import told_apart
from alsutils.display.packing import lean_svg, trimmed
from alsutils.display.theme import FONT, vega_config
from alsutils.stats.tidy import RESULT_COLUMNS, result_frame

if TYPE_CHECKING:
    from great_tables import GT

# Altair, great_tables and vl_convert come in functions: a build reads what chapters have shown
# without any of them.
RESULTS_MIME = "application/vnd.alsutils.results+json"
TABLE_MIME = "application/vnd.alsutils.table+json"
LONG = 25  # rows; a longer table that can be sorted scrolls in a box of its own
READOUT = "readout"  # what als-charts.js writes under a chart's sliders
STATIC_WIDTH = 640  # pixels of the picture that stands in where scripts are off


def _no_results() -> pd.DataFrame:
    return pd.DataFrame(columns=list(RESULT_COLUMNS))


@dataclass(frozen=True)
class Figure:
    """A chart with the words that replace and explain it.

    Attributes
    ----------
    chart : altair chart
        Any Altair chart; a single or layered one without a width takes the width of the page.
    description : str
        What a reader who cannot see the chart needs to know; read by screen readers.
    caption : str
        The line under the chart; how to read it.
    results : DataFrame
        Estimates that the chart shows, for the table of all results.
    readout : str
        For a chart with sliders: a Vega expression of the sentence under them, which follows them.
    """

    chart: Any
    description: str
    caption: str = ""
    results: pd.DataFrame = field(default_factory=_no_results)
    readout: str = ""

    def spec(self) -> dict[str, Any]:
        """Give the Vega-Lite specification, without a theme."""
        return copy.deepcopy(self._spec)

    @cached_property
    def _spec(self) -> dict[str, Any]:
        import altair as alt

        # A page needs it three times, and Altair checks all of it each time.
        with alt.theme.enable("none"), alt.data_transformers.disable_max_rows():
            spec: dict[str, Any] = self.chart.to_dict()
        spec = told_apart(spec)
        spec["description"] = self.description
        spec.pop("config", None)
        if self.readout:
            spec.setdefault("params", []).append({"name": READOUT, "expr": self.readout})
        if "width" not in spec and ("mark" in spec or "layer" in spec):
            spec["width"] = "container"
            spec["autosize"] = {"type": "fit-x", "contains": "padding"}
        return trimmed(spec, json.dumps({**spec, "datasets": None}, ensure_ascii=False))

    def to_svg(self) -> str:
        """Draw the chart as it stands where scripts are off: light, at a fixed width."""
        import vl_convert

        spec = dict(self._spec)
        if spec.get("width") == "container":
            spec["width"] = STATIC_WIDTH
        elif "facet" in spec and "width" not in spec["spec"]:
            width = (STATIC_WIDTH - 120) // spec.get("columns", 1)
            spec["spec"] = {**spec["spec"], "width": width}
        config = {**vega_config("light"), "background": "white", "aria": False}
        return lean_svg(vl_convert.vegalite_to_svg(spec, config=config), FONT)

    def to_html(self) -> str:
        """Write the figure as the site shows it."""
        # "</script" would end the script element early, and "<!--" would hide its end.
        spec = json.dumps(self._spec, ensure_ascii=False).replace("<", "\\u003c")
        picture = base64.b64encode(self.to_svg().encode()).decode()
        words = html.escape(self.description, quote=True)
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        # Screen readers take an image as a whole; sliders must stay within reach.
        role = "group" if self.readout else "img"
        return (
            f'<figure class="als-figure"><div class="als-chart vega-chart" role="{role}" '
            f'aria-label="{words}"><script type="application/json">{spec}</script>'
            f'<noscript><img alt="{words}" src="data:image/svg+xml;base64,{picture}"></noscript>'
            f"</div>{caption}</figure>"
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        # JupyterLab draws the Vega-Lite type, the site the HTML; both come from the same spec.
        live = {**self._spec, "config": vega_config("light")}
        if live.get("width") == "container":
            live["width"] = STATIC_WIDTH
        return {
            "application/vnd.vegalite.v6+json": live,
            "text/html": self.to_html(),
            "text/plain": self.description,
            **_results_bundle(self.results),
        }


@dataclass(frozen=True)
class Sheet:
    """What a table says, cell by cell, for those who take it elsewhere.

    Attributes
    ----------
    headings : tuple of str
        One a column.
    spanners : tuple of str
        The heading over each column's own; empty where there is none.
    figures : tuple of bool
        Columns that are read by comparing their numbers.
    rows : tuple of tuple of str
        The cells as the page shows them.
    groups : tuple of str
        The group of each row; empty where rows have none.
    levels : tuple of int
        0 for a row of its own or the head of others, 1 for a row under a head.
    group_label : str
        What the groups are.
    notes : tuple of str
        The lines under the table.
    """

    headings: tuple[str, ...]
    spanners: tuple[str, ...]
    figures: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    groups: tuple[str, ...]
    levels: tuple[int, ...]
    group_label: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table for the page.

    Attributes
    ----------
    table : great_tables.GT
        The table as it looks.
    name : str
        What the table holds, for screen readers.
    sheet : Sheet
        The same as plain words, which a build writes as CSV and RTF.
    results : DataFrame
        Estimates that the table shows, for the table of all results.
    sortable : bool
        The reader may sort and filter its rows.
    """

    table: "GT"
    name: str
    sheet: Sheet
    results: pd.DataFrame = field(default_factory=_no_results)
    sortable: bool = False

    def to_html(self) -> str:
        """Write the table in a box of its own, which scrolls where the page is narrow."""
        name = html.escape(self.name, quote=True)
        raw = self.table.as_raw_html(inline_css=False)
        # A blank line would end the HTML block when the page is Markdown.
        body = "\n".join(line for line in raw.splitlines() if line.strip())
        marks = " data-sortable" if self.sortable else ""
        if self.sortable and len(self.sheet.rows) > LONG:
            marks += " data-long"
        return (
            f'<div class="als-table" role="region" aria-label="{name}" tabindex="0"{marks}>'
            f"{body}</div>"
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {
            "text/html": self.to_html(),
            "text/plain": self.name,
            TABLE_MIME: {"name": self.name, **asdict(self.sheet)},
            **_results_bundle(self.results),
        }


@dataclass(frozen=True)
class Prose:
    """Sentences made from results.

    Attributes
    ----------
    text : str
        The sentences. Of Markdown they may use what `format.markdown` lets through; all else is
        shown as it is, whatever the words of the data hold.
    results : DataFrame
        Estimates that they state, where no table or figure beside them does.
    myst : bool
        The text is MyST throughout, such as a study's story; words of the data in it have gone
        through `format.markdown`.
    """

    text: str
    results: pd.DataFrame = field(default_factory=_no_results)
    myst: bool = False

    def __str__(self) -> str:
        return self.text

    def _ipython_display_(self) -> None:
        # Without words there is nothing to show, not even an empty box.
        if self.text:
            from IPython.display import display

            display(self._repr_mimebundle_(), raw=True)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {
            "text/markdown": self.text if self.myst else fmt.markdown(self.text),
            "text/plain": self.text,
            **_results_bundle(self.results),
        }


def _results_bundle(results: pd.DataFrame) -> dict[str, Any]:
    """Give the results as a mimetype of their own, from which the build collects them."""
    if results.empty:
        return {}
    rows = result_frame(results).astype(object)
    return {RESULTS_MIME: rows.where(rows.notna(), None).to_dict("records")}
