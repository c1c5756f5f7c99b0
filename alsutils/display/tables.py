"""Building blocks of tables."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import pandas as pd
from great_tables import GT, loc, style

from alsutils.display import format as fmt
from alsutils.display.output import Table

ESTIMATE_LABELS = {
    "estimate": "Estimate",
    "std_error": "SE",
    "df": "df",
    "statistic": "Statistic",
    "p_value": "p",
    "conf_low": "Lower limit",
    "conf_high": "Upper limit",
}


def table(
    frame: pd.DataFrame,
    name: str,
    labels: Mapping[str, str],
    formats: Mapping[str, Callable[[float], str]] | None = None,
    group: str | None = None,
    spanners: Mapping[str, Sequence[str]] | None = None,
    notes: Sequence[str] = (),
    results: pd.DataFrame | None = None,
) -> Table:
    """Lay out a frame as a table of the book.

    Parameters
    ----------
    frame : DataFrame
        One row a row of the table.
    name : str
        What the table holds; its title and its name for screen readers.
    labels : Mapping of str to str
        Column to heading, in the order of the page; other columns are left out.
    formats : Mapping of str to callable or None
        How to write a column's values; text is left as it is.
    group : str or None
        Column whose values head groups of rows; not in ``labels``.
    spanners : Mapping of str to sequence of str, or None
        Heading over several columns.
    notes : sequence of str
        Lines under the table.
    results : DataFrame or None
        Estimates in it, for the table of all results.

    Returns
    -------
    Table
        Numbers to the right and on one line, words to the left.
    """
    shown = frame[[*([group] if group else []), *labels]].copy()
    text = [c for c in labels if c not in (formats or {})]
    for column, write in (formats or {}).items():
        shown[column] = [write(value) for value in frame[column]]
    shown[text] = shown[text].astype(object).where(shown[text].notna(), fmt.MISSING)
    identity = hashlib.sha256((name + shown.to_csv()).encode()).hexdigest()[:10]
    laid = GT(shown, id=f"t{identity}", groupname_col=group).tab_header(title=name)
    laid = laid.cols_label(dict(labels))
    first, *others = labels
    figures = [column for column in others if _holds_figures(shown[column])]
    words = [column for column in others if column not in figures]
    laid = laid.cols_align("left", [first, *words]).cols_align("right", figures)
    laid = laid.tab_style(style.css("white-space: nowrap;"), loc.body(columns=figures))
    laid = laid.tab_style(style.css("min-width: 6em;"), loc.body(columns=[first, *words]))
    laid = laid.tab_style(style.text(weight="normal"), loc.column_labels())
    for heading, columns in (spanners or {}).items():
        laid = laid.tab_spanner(label=heading, columns=list(columns))
    for note in notes:
        laid = laid.tab_source_note(note)
    kept = {} if results is None else {"results": results}
    return Table(laid, name, **kept)


def _holds_figures(column: pd.Series) -> bool:
    """Say whether a column is read by comparing its numbers: each cell starts with one."""
    starts = column.astype("str").str.lstrip("<>−±").str[:1]
    return bool((starts.str.isdigit() | column.eq(fmt.MISSING)).all())
