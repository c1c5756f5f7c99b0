"""The words of a study as a page can hold them: on one line, in one direction, nothing unseen."""

import re
from typing import Any

import pandas as pd

MOST_ACCENTS = 8  # on one letter; more of them pile up over the lines above
_QUERIES = ("records", "observed")  # code in study.yml, no words of a page

_JOINER = "\u2060"  # a sign without width
_ACCENT = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILE = re.compile(f"({_ACCENT}{{{MOST_ACCENTS}}}){_ACCENT}+")
_BREAKS = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]")
# Signs that turn the direction of all text after them round (Unicode Annex 9); no letter needs one.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]")
_CONTROLS = re.compile("[\x00-\x1f\x7f]")
_NO_CHARACTERS = re.compile("[\x80-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# The marks of the book's own sentences: bold, citations, lists.
_MARKS = re.compile(r"\*(?=\*)|\}(?=`)|^ *-(?= )")
_ODD = re.compile(
    "|".join(p.pattern for p in (_PILE, _BREAKS, _TURNS, _CONTROLS, _NO_CHARACTERS, _MARKS))
)


def plain(text: str) -> str:
    r"""Write text so that a page shows what was typed and nothing acts from within it.

    Parameters
    ----------
    text : str
        A word, label or sentence of a study.

    Returns
    -------
    str
        Line breaks and tabs are spaces, other control characters their pictures (␀), signs that
        override the direction of writing are gone, and so are accents beyond MOST_ACCENTS on one
        letter. A sign without width parts what the book's sentences use as marks (``**``, a
        dash and a space in front). All else is as it was.

    Examples
    --------
    >>> plain("Fall\n(twice)\x00")
    'Fall (twice)␀'
    """
    if not _ODD.search(text):
        return text
    text = _TURNS.sub("", _BREAKS.sub(" ", text))
    text = _CONTROLS.sub(lambda m: "␡" if m[0] == "\x7f" else chr(0x2400 + ord(m[0])), text)
    text = _PILE.sub(r"\1", _NO_CHARACTERS.sub("\ufffd", text))
    return _MARKS.sub(lambda m: m[0] + _JOINER, text)


def plain_table(table: pd.DataFrame) -> pd.DataFrame:
    """Write every text of a table with `plain`; the frame given is not changed.

    Parameters
    ----------
    table : DataFrame
        Any columns; those that hold no text stay as they are.

    Returns
    -------
    DataFrame
        The same rows and columns.
    """
    changed = {}
    for column in table.columns[~table.columns.duplicated()]:
        values = table[column]
        if isinstance(values.dtype, pd.CategoricalDtype):
            values = values.astype(values.cat.categories.dtype)
        if pd.api.types.is_string_dtype(values.dtype) or values.dtype == object:
            words = {w: plain(w) for w in values.dropna().unique() if isinstance(w, str)}
            odd = {word: new for word, new in words.items() if new != word}
            if odd:
                changed[column] = values.map(lambda word, odd=odd: odd.get(word, word))
    return table.assign(**changed) if changed else table


def plain_content(content: Any) -> Any:
    """Write every text of study.yml with `plain`, except its queries.

    Parameters
    ----------
    content : Any
        What YAML gives: mappings, lists and single values.

    Returns
    -------
    Any
        The same structure.
    """
    if isinstance(content, dict):
        return {
            plain_content(key): value if key in _QUERIES else plain_content(value)
            for key, value in content.items()
        }
    if isinstance(content, list):
        return [plain_content(value) for value in content]
    return plain(content).strip() if isinstance(content, str) else content
