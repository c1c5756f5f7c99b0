"""A chart's data in few letters: no column that it does not use, no digit that it cannot show."""

import math
import re
from typing import Any

_DIGITS = 6  # significant; a page is some thousand pixels wide
_PLAIN = re.compile(r"\w+")
_FONT = re.compile(r' font-family="[^"]*"')
_TAG = re.compile(r"<[^>]*>")
_LONG = re.compile(r"(\d\.\d\d)\d+")

Spec = dict[str, Any]


def trimmed(spec: Spec, words: str) -> Spec:
    """Leave out of a specification's data what no mark, axis or tooltip uses.

    Parameters
    ----------
    spec : dict
        A Vega-Lite specification with its data under ``datasets``.
    words : str
        The rest of the specification as JSON; a column that it does not name goes.

    Returns
    -------
    dict
        With as many rows as before; numbers have six significant digits.
    """
    if "datasets" not in spec:
        return spec
    return {**spec, "datasets": {k: _rows(v, words) for k, v in spec["datasets"].items()}}


def _rows(rows: Any, words: str) -> Any:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return rows
    names = dict.fromkeys(name for row in rows for name in row)
    used = [name for name in names if name in words or not _PLAIN.fullmatch(name)]
    return [{name: _short(row[name]) for name in used if name in row} for row in rows]


def _short(value: Any) -> Any:
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.{_DIGITS}g}")
    return value


def packed(spec: Spec) -> Spec:
    """Write the data of a specification by columns, as the site's script reads them.

    Parameters
    ----------
    spec : dict
        A Vega-Lite specification.

    Returns
    -------
    dict
        Its ``datasets`` are ``{"rows": n, "columns": [[name, values], ...]}``; of texts that repeat
        themselves each stands once, ``[name, places, texts]``. Data whose rows have not all the
        same columns stay rows.
    """
    if "datasets" not in spec:
        return spec
    return {**spec, "datasets": {k: _columns(v) for k, v in spec["datasets"].items()}}


def _columns(rows: Any) -> Any:
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        return rows
    names = list(rows[0])
    if any(list(row) != names for row in rows):
        return rows
    return {
        "rows": len(rows),
        "columns": [_column(name, [r[name] for r in rows]) for name in names],
    }


def _column(name: str, values: list[Any]) -> list[Any]:
    texts = list(dict.fromkeys(v for v in values if isinstance(v, str)))
    if not texts or any(not isinstance(v, str) for v in values) or 2 * len(texts) > len(values):
        return [name, [_number(value) for value in values]]
    places = {text: place for place, text in enumerate(texts)}
    return [name, [places[value] for value in values], texts]


def _number(value: Any) -> Any:
    """Write a whole number without a decimal point."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
    return int(value) if whole else value


def lean_svg(svg: str, font: str) -> str:
    """Shorten a drawing: its font named once, its places to hundredths of a pixel.

    Parameters
    ----------
    svg : str
        A drawing by Vega.
    font : str
        The font of its texts.

    Returns
    -------
    str
        It looks the same.
    """
    lean = _TAG.sub(lambda tag: _LONG.sub(r"\1", _FONT.sub("", tag[0])), svg)
    return lean.replace("<svg ", f'<svg font-family="{font}" ', 1)
