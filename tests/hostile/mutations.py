"""Good studies broken in every way that a table or a study.yml gets broken."""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

Change = Callable[[Path], None]
STUDY_FILE = "study.yml"
VALUES: tuple[Any, ...] = (
    *(None, "", "x", 0, -1, 1e308, float("nan"), float("inf"), True, [], {}, "ü\n**", [[]]),
    *({"x": 1}, "2001-01-01", ["x", "x"], 10**30, 0.5, "999", ["999"], [999.0]),
)
CELLS = ("", "abc", "-1", "1e300", "inf", "NaN", ".", "1,5", "y", " ", "0", "2020-13-45", "ü")


@dataclass(frozen=True)
class Mutation:
    """One way to break a study.

    Attributes
    ----------
    name : str
        What is done.
    touches : str
        Role of the table that it changes, or ``study.yml``.
    change : callable
        Does it to a study's folder.
    """

    name: str
    touches: str
    change: Change


def mutations(study: Path) -> Iterator[Mutation]:
    """Yield ways to break a study, always the same ones in the same order.

    Parameters
    ----------
    study : Path
        A good study with tables in CSV.

    Yields
    ------
    Mutation
        For each of its tables' columns and each of its settings some.
    """
    text = (study / STUDY_FILE).read_text("utf-8")
    content = yaml.safe_load(text)
    for role, dataset in content["datasets"].items():
        file = dataset["file"]
        table = _read(study / file)
        for name, frame_change in (*_columns(table), *_rows(table)):
            yield Mutation(f"{role}: {name}", role, _on_table(file, frame_change))
        for name, bytes_change in _FILES:
            yield Mutation(f"{role}: {name}", role, _on_file(file, bytes_change))
        yield Mutation(f"{role}: no file", role, _removed(file))
        for ending in ("parquet", "xpt", "sas7bdat", "json", "ndjson", "xlsx"):
            yield Mutation(f"{role}: CSV called .{ending}", role, _renamed(file, role, ending))
    for name, settings in _settings(content):
        yield Mutation(f"study.yml: {name}", STUDY_FILE, _on_settings(settings))
    for name, bytes_change in (*_FILES, *_TEXTS):
        yield Mutation(f"study.yml: {name}", STUDY_FILE, _on_file(STUDY_FILE, bytes_change))


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _on_table(file: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Change:
    def do(folder: Path) -> None:
        change(_read(folder / file)).to_csv(folder / file, index=False, lineterminator="\n")

    return do


def _on_file(file: str, change: Callable[[bytes], bytes]) -> Change:
    def do(folder: Path) -> None:
        (folder / file).write_bytes(change((folder / file).read_bytes()))

    return do


def _on_settings(content: Any) -> Change:
    def do(folder: Path) -> None:
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (folder / STUDY_FILE).write_text(text, "utf-8")

    return do


def _removed(file: str) -> Change:
    return lambda folder: (folder / file).unlink()


def _renamed(file: str, role: str, ending: str) -> Change:
    def do(folder: Path) -> None:
        new = f"{Path(file).stem}.{ending}"
        (folder / file).rename(folder / new)
        content = yaml.safe_load((folder / STUDY_FILE).read_text("utf-8"))
        content["datasets"][role]["file"] = new
        _on_settings(content)(folder)

    return do


def _columns(table: pd.DataFrame) -> Iterator[tuple[str, Any]]:
    """Yield changes of each column."""
    for k, column in enumerate(table):
        cells = [CELLS[(k + j) % len(CELLS)] for j in (0, 4, 8)]
        yield f"{column} dropped", lambda t, c=column: t.drop(columns=c)
        yield f"{column} in small letters", lambda t, c=column: t.rename(columns={c: c.lower()})
        yield f"{column} twice", lambda t, c=column: pd.concat([t, t[[c]]], axis=1)
        yield f"{column} empty", lambda t, c=column: t.assign(**{c: ""})
        yield f"{column} all its first", lambda t, c=column: t.assign(**{c: t[c].iloc[0]})
        yield f"{column} shuffled", lambda t, c=column: t.assign(**{c: t[c].to_numpy()[::-1]})
        for cell in cells:
            yield f"{column} one {cell!r}", lambda t, c=column, v=cell: _with_cell(t, c, 1, v)
        yield (
            f"{column} all {cells[1]!r}",
            lambda t, c=column, v=cells[1]: t.assign(**{c: v}),
        )
        if pd.to_numeric(table[column], errors="coerce").notna().any():
            for factor in (0.0, -1.0, 1e12):
                yield (
                    f"{column} times {factor:g}",
                    lambda t, c=column, f=factor: t.assign(**{c: _times(t[c], f)}),
                )


def _with_cell(table: pd.DataFrame, column: str, row: int, value: str) -> pd.DataFrame:
    out = table.copy()
    out.loc[out.index[row], column] = value
    return out


def _times(column: pd.Series, factor: float) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    return (numbers * factor).astype("str").where(numbers.notna(), column)


def _rows(table: pd.DataFrame) -> Iterator[tuple[str, Any]]:
    """Yield changes of rows."""
    yield "first row twice", lambda t: pd.concat([t.head(1), t])
    yield "every row twice", lambda t: pd.concat([t, t])
    yield "rows shuffled", lambda t: t.sample(frac=1, random_state=1)
    yield "only the first row", lambda t: t.head(1)
    yield "only the first ten rows", lambda t: t.head(10)
    yield "every third row", lambda t: t.iloc[::3]
    yield "without every third row", lambda t: t[np.arange(len(t)) % 3 > 0]
    yield "header only", lambda t: t.head(0)
    yield "a row of nothing", lambda t: pd.concat([t, t.head(1).assign(**dict.fromkeys(t, ""))])
    if "USUBJID" in table:
        yield "a row of an unknown subject", lambda t: _with_cell(t, "USUBJID", 0, "nobody")
        yield "first subject gone", lambda t: t[t["USUBJID"] != t["USUBJID"].iloc[0]]
        yield "first subject only", lambda t: t[t["USUBJID"] == t["USUBJID"].iloc[0]]
        yield "subjects as numbers", lambda t: t.assign(USUBJID=_numbered(t["USUBJID"]))
    for column in ("TRT01P", "PARAMCD", "AVISITN", "CNSR", "AEBODSYS"):
        if column in table:
            for value in dict.fromkeys(table[column]):
                yield (
                    f"no {column} {value!r}",
                    lambda t, c=column, v=value: t[t[c] != v],
                )
                yield (
                    f"one row of {column} {value!r}",
                    lambda t, c=column, v=value: t[(t[c] != v) | (t[c] == v).cumsum().eq(1)],
                )


def _numbered(column: pd.Series) -> pd.Series:
    return pd.Series(pd.factorize(column)[0] + 1, index=column.index).astype("str")


_FILES: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("no bytes", lambda b: b""),
    ("one line break", lambda b: b"\n"),
    ("cut in half", lambda b: b[: len(b) // 2]),
    ("last byte gone", lambda b: b[:-1]),
    ("in UTF-16", lambda b: b.decode().encode("utf-16")),
    ("in UTF-16 without mark", lambda b: b.decode().encode("utf-16-le")),
    ("with a byte order mark", lambda b: b"\xef\xbb\xbf" + b),
    ("with Latin-1 in it", lambda b: b + "\nM\xfcller".encode("latin-1")),
    ("with NUL in it", lambda b: b[:40] + b"\x00" + b[40:]),
    ("with an open quote", lambda b: b + b'\n"open'),
    ("with an open quote in front", lambda b: b'"' + b),
    ("with old line ends", lambda b: b.replace(b"\n", b"\r")),
    ("with Windows line ends", lambda b: b.replace(b"\n", b"\r\n")),
    ("with semicolons", lambda b: b.replace(b",", b";")),
    ("with tabs", lambda b: b.replace(b",", b"\t")),
    ("with a longer last row", lambda b: b + b"a,b,c" * 40 + b"\n"),
    ("of random bytes", lambda b: np.random.default_rng(1).bytes(2000)),
    ("a picture", lambda b: b"\x89PNG\r\n\x1a\n" + bytes(500)),
    ("a web page", lambda b: b"<!DOCTYPE html><html><body>Sign in</body></html>"),
    ("a title line in front", lambda b: b"Listing 16.2.1 of all data\n\n" + b),
)
_TEXTS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("a list", lambda b: b"- a\n- b\n"),
    ("a word", lambda b: b"study\n"),
    ("a number", lambda b: b"1\n"),
    ("two documents", lambda b: b + b"---\n" + b),
    ("a tab", lambda b: b + b"\tx: 1\n"),
    ("an object", lambda b: b + b"x: !!python/object/apply:os.system [ls]\n"),
    ("an unknown tag", lambda b: b.replace(b"title: ", b"title: !x ", 1)),
    ("an alias of nothing", lambda b: b + b"x: *y\n"),
    ("an alias of itself", lambda b: b + b"x: &y [*y]\n"),
    ("doubling aliases", lambda b: b + _doubling()),
    ("a key twice", lambda b: b + b"title: again\n"),
    ("very deep", lambda b: b + b"x: " + b"[" * 3000),
    ("very long", lambda b: b + b"# " + b"x" * 3_000_000),
    ("a list as key", lambda b: b + b"[a, b]: 1\n"),
)


def _doubling() -> bytes:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{k}: &a{k} [*a{k - 1}, *a{k - 1}]" for k in range(1, 40)]
    return "\n".join(lines).encode() + b"\n"


def _settings(content: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield study.yml with each of its settings gone, of another kind, or not alone."""
    for k, place in enumerate(_places(content)):
        name = ".".join(map(str, place))
        yield f"{name} gone", _without(content, place)
        for j in (0, 5, 10, 15):
            value = VALUES[(k + j) % len(VALUES)]
            yield f"{name} is {str(value)[:20]!r}", _with(content, place, value)
        here = _at(content, place)
        if isinstance(here, dict):
            yield f"{name} has an unknown field", _with(content, (*place, "nonsense"), 1)
        if isinstance(here, list) and here:
            yield f"{name} repeats its last", _with(content, place, [*here, here[-1]])
            yield f"{name} is turned round", _with(content, place, here[::-1])
            yield f"{name} has only its first", _with(content, place, here[:1])
        if isinstance(here, int | float) and not isinstance(here, bool):
            for value in (-here, here * 1000, here + 0.5):
                yield f"{name} is {value:g}", _with(content, place, value)
        if isinstance(here, str):
            yield f"{name} has a blank after it", _with(content, place, here + " ")
            yield f"{name} in small letters", _with(content, place, here.lower())


def _places(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each setting; of a list, to its first and last."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield (*above, key)
            yield from _places(value, (*above, key))
    elif isinstance(node, list):
        for k in sorted({0, len(node) - 1} & set(range(len(node)))):
            yield (*above, k)
            yield from _places(node[k], (*above, k))


def _at(content: Any, place: Sequence[Any]) -> Any:
    for step in place:
        content = content[step]
    return content


def _with(content: Any, place: Sequence[Any], value: Any) -> Any:
    out = copy.deepcopy(content)
    _at(out, place[:-1])[place[-1]] = value
    return out


def _without(content: Any, place: Sequence[Any]) -> Any:
    out = copy.deepcopy(content)
    del _at(out, place[:-1])[place[-1]]
    return out
