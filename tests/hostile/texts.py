"""Words that want to be more than words, and a study that is full of them."""

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

ROOT = Path(__file__).parents[2]
LONG = "long " * 2000  # 10,000 characters
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "</script><svg onload=alert(3)>",
    "<!--<script>",
    "**b** *i* _u_ ~~s~~ `c` # h",
    "[a](javascript:alert(4)) ![i](http://evil.test/i.png) <http://evil.test>",
    "```{include} /etc/passwd",
    "{eval-rst}`x` {cite:p}`nobody2000` {ref}`no`",
    "{{ 7*7 }} {{ env.app }} {% raw %} {0} {x!r} %s %(a)s",
    "$\\frac{1}{0}$ $$x$$ \\(y\\) \\u0041 \\x41 \\par",
    "| a | b | ^s^ ~t~ &amp; &lt; (x)=",
    "quotes \" ' ` “ ” '''",
    "=cmd|' /C calc'!A0",
    "+1 -1 @SUM(A1) ;DDE",
    "- item",
    "1. item",
    "% comment",
    "::: {note}",
    "line\nbreak\ttab\r\nmore\u2028end",
    "bell\x07esc\x1b[31mdel\x7fc1\x85",
    "\u202eright to left\u202c \u2067isolate\u2069 \u200fmark",
    "emoji 👩‍🔬🏳️‍🌈 \U0001f9ec z" + "\u0301\u0316" * 40,
    "a.b[0]['c'] datum.x \\. :Q",
    "__proto__ constructor image",
    "../../etc/passwd CON NUL:",
    "nan NaN None null True 1e5",
    LONG,
)
# Of study.yml: what names columns, files, code or one of a few words, and is no text of a page.
_KEPT = {
    *("provenance", "file", "records", "observed", "dataset", "datasets", "flag", "column"),
    *("covariates", "term", "system", "treatment_emergent", "better", "measured_by", "masking"),
    *("systems", "role", "main_analysis", "source", "side", "batch", "arm_column", "method"),
    *("strata", "order", "measure", "doi", "cite_key", "flow", "time", "p"),
}
_KEYED = {"populations", "parameters", "levels", "groups", "counts", "of", "limits"}
_DATES = r"\d{4}-\d\d-\d\d"
_CODES = ("AVALC", "DTYPE", "AESEV")


class Texts:
    """Give each next text the next payload, so that every kind reaches every place in turn.

    Parameters
    ----------
    start : int
        Which payload comes first.
    """

    def __init__(self, start: int) -> None:
        self._next = start
        self._made: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """Put a payload before a text; the same one whenever the same text comes."""
        if text not in self._made:
            self._made[text] = f"{PAYLOADS[self._next % len(PAYLOADS)]} {text}"
            self._next += 1
        return self._made[text]


def write_hostile(source: Path, folder: Path, start: int = 0) -> Path:
    """Write a copy of a study of which every word is hostile.

    Parameters
    ----------
    source : Path
        A good study with tables in CSV.
    folder : Path
        Where to; made anew.
    start : int
        Which payload comes first; over ``range(len(PAYLOADS))`` each meets each text.

    Returns
    -------
    Path
        The folder.
    """
    folder.mkdir(parents=True)
    made = Texts(start)
    content = yaml.safe_load((source / "study.yml").read_text("utf-8"))
    content.pop("world", None)
    hostile = _hostile(content, made)
    if "flow" in content:
        stayed = content["flow"].get("completed", "COMPLETED")
        hostile["flow"] = {**content["flow"], "completed": made(stayed)}
    (folder / "study.yml").write_text(yaml.safe_dump(hostile, sort_keys=False), "utf-8")
    for dataset in content["datasets"].values():
        table = pd.read_csv(source / dataset["file"], dtype=str, keep_default_na=False)
        for column in table:
            if column not in _CODES and not _is_code(table[column]):
                table[column] = [made(word) if word else "" for word in table[column]]
        table.to_csv(folder / dataset["file"], index=False, lineterminator="\n")
    return folder


def _hostile(node: Any, made: Texts, key: str = "") -> Any:
    """Make every text of study.yml hostile that stands for words or for values of the data."""
    if isinstance(node, dict):
        keyed = key in _KEYED
        return {
            made(name) if keyed else name: value
            if name in _KEPT or _is_chosen(name, node)
            else _hostile(value, made, name)
            for name, value in node.items()
        }
    if isinstance(node, list):
        return [_hostile(value, made, key) for value in node]
    return made(node) if isinstance(node, str) else node


def _is_chosen(name: str, node: dict[str, Any]) -> bool:
    """Tell the unit of a time, one of four words, and the kind of an endpoint's value."""
    return (name == "unit" and "population" in node) or (name == "value" and "visits" in node)


def _is_code(column: pd.Series) -> bool:
    """Tell numbers, dates and flags from words."""
    words = column[column != ""]
    numbers = pd.to_numeric(words, errors="coerce").notna().all()
    return bool(numbers or words.isin(["Y", "N"]).all() or words.str.fullmatch(_DATES).all())
