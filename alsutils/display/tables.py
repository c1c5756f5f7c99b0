"""Building blocks of tables."""

import hashlib
import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from great_tables import GT, loc, style
from great_tables import html as markup

from alsutils.display import format as fmt
from alsutils.display.output import Sheet, Table
from alsutils.study.disclosure import INSTEAD

ESTIMATE_LABELS = {
    "estimate": "Estimate",
    "std_error": "SE",
    "df": "df",
    "statistic": "Statistic",
    "p_value": "p",
    "conf_low": "Lower limit",
    "conf_high": "Upper limit",
}

LONGEST = 300  # letters of a cell; a spreadsheet's worth of text in one would push others away
_UNDER = "--als-level: 1; padding-left: 1.6em;"  # the site's script reads the level
# Characters that override the direction of writing (Unicode Annex 9); letters need none of them.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def table(
    frame: pd.DataFrame,
    name: str,
    labels: Mapping[str, str],
    formats: Mapping[str, Callable[[float], str]] | None = None,
    group: str | None = None,
    spanners: Mapping[str, Sequence[str]] | None = None,
    notes: Sequence[str] = (),
    results: pd.DataFrame | None = None,
    *,
    parent: str | None = None,
    group_label: str = "Group",
    sortable: bool = False,
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
    parent : str or None
        Column with the name of the head under which a row stands; missing for heads, which stand
        right above their rows.
    group_label : str
        What the groups or heads are, for those who take the table elsewhere.
    sortable : bool
        Let the reader sort and filter the rows.

    Returns
    -------
    Table
        Numbers to the right and on one line, words to the left.
    """
    shown = _worded(frame, labels, formats or {}, group)
    first, *others = labels
    figures = [column for column in others if _holds_figures(shown[column])]
    under = pd.Series(False, index=shown.index) if parent is None else frame[parent].notna()
    laid = _laid(shown, name, labels, group, figures, under)
    for heading, columns in (spanners or {}).items():
        laid = laid.tab_spanner(label=_heading(heading), columns=list(columns))
    for note in notes:
        laid = laid.tab_source_note(note)
    over = {column: heading for heading, columns in (spanners or {}).items() for column in columns}
    own = None if parent is None else frame[parent].where(under, frame[first])
    groups = shown[group] if group else own
    sheet = Sheet(
        headings=tuple(labels.values()),
        spanners=tuple(over.get(column, "") for column in labels),
        figures=tuple(column in figures for column in labels),
        rows=tuple(shown[list(labels)].astype("str").itertuples(index=False, name=None)),
        groups=() if groups is None else tuple(groups.astype("str")),
        levels=tuple(under.astype(int)),
        group_label=group_label,
        notes=tuple(notes),
    )
    kept = {} if results is None else {"results": results}
    return Table(laid, name, sheet, sortable=sortable, **kept)


def counts(
    frame: pd.DataFrame, count: str, of: str | None = None, instead: str = INSTEAD
) -> list[str]:
    """Write counts of patients, or what stands in place of those that must not be told.

    Parameters
    ----------
    frame : DataFrame
        One row a count.
    count : str
        Its column.
    of : str or None
        Column of the totals; then each count has its share, ``12 (38%)``.
    instead : str
        Column of what stands in place of a count; empty where it is told.

    Returns
    -------
    list of str
        A dash where a count is missing without a word in its place.
    """
    totals = [None] * len(frame) if of is None else list(frame[of])
    rows = zip(frame[count], totals, frame[instead], strict=True)
    return [words or _counted(n, total) for n, total, words in rows]


def _counted(n: float, total: float | None) -> str:
    if total is None or pd.isna(n) or pd.isna(total):
        return fmt.number(n, 0)
    return fmt.count_of(n, total)


def _laid(
    shown: pd.DataFrame,
    name: str,
    labels: Mapping[str, str],
    group: str | None,
    figures: Sequence[str],
    under: pd.Series,
) -> GT:
    """Align and style the cells."""
    first, *others = labels
    words = [column for column in others if column not in figures]
    identity = hashlib.sha256((name + shown.to_csv()).encode()).hexdigest()[:10]
    # The files of the table keep every letter.
    brief = shown.map(lambda cell: fmt.shortened(cell, LONGEST) if isinstance(cell, str) else cell)
    laid = GT(brief, id=f"t{identity}", groupname_col=group).tab_header(title=name)
    laid = laid.cols_label({column: _heading(label) for column, label in labels.items()})
    laid = laid.cols_align("left", [first, *words]).cols_align("right", list(figures))
    laid = laid.tab_style(style.css("white-space: nowrap;"), loc.body(columns=list(figures)))
    laid = laid.tab_style(style.css("min-width: 6em;"), loc.body(columns=[first, *words]))
    laid = laid.tab_style(style.text(weight="normal"), loc.column_labels())
    if under.any():
        rows, heads = (np.flatnonzero(which).tolist() for which in (under, ~under))
        laid = laid.tab_style(style.css(_UNDER), loc.body(columns=[first], rows=rows))
        laid = laid.tab_style(style.css("font-weight: 600;"), loc.body(rows=heads))
    return laid


def _heading(words: str) -> Any:
    """Write a heading as it is; great_tables would take two braces for a unit."""
    return markup(html.escape(words).replace("{", "&#123;"))


def _worded(
    frame: pd.DataFrame,
    labels: Mapping[str, str],
    formats: Mapping[str, Callable[[float], str]],
    group: str | None,
) -> pd.DataFrame:
    """Write every cell in words."""
    shown = frame[[*([group] if group else []), *labels]].copy()
    for column in shown:
        if column in formats:
            shown[column] = [formats[column](value) for value in frame[column]]
        else:
            words = shown[column].astype(object).where(shown[column].notna(), fmt.MISSING)
            shown[column] = [_in_order(w) if isinstance(w, str) else w for w in words]
    return shown


def _in_order(text: str) -> str:
    """Take out the marks that turn the direction of all text after them round."""
    return _TURNS.sub("", text)


def _holds_figures(column: pd.Series) -> bool:
    """Say whether a column is read by comparing its numbers: each cell starts with one."""
    starts = column.astype("str").str.lstrip("<>−±").str[:1]
    return bool((starts.str.isdigit() | starts.eq("∞") | column.eq(fmt.MISSING)).all())
