"""Which rows of a table count, as study.yml says it: a small language that only looks at columns.

A query reads as pandas queries do, such as ``ANL01FL == "Y" and AVISITN.notna()``, but nothing is
understood besides columns, numbers, texts, comparisons, ``and``, ``or``, ``not``, ``in``,
``isna()``, ``notna()`` and plain arithmetic. It is never handed to an interpreter of code.
"""

import ast
import io
import operator
import tokenize
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Annotated, Any

import pandas as pd
from pydantic import AfterValidator

LONGEST, DEEPEST, LARGEST = 2_000, 40, 1e15
_KNOWS = (
    "a query knows columns, numbers, texts in quotes, ==, !=, <, <=, >, >=, and, or, not, "
    "in [...], COLUMN.isna(), COLUMN.notna(), +, -, * and /"
)
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_COMPUTED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_MISSING = {"isna": True, "isnull": True, "notna": False, "notnull": False}


class QueryError(ValueError):
    """A query that is none, or does not fit its table."""


def parse(query: str) -> ast.expr:
    """Read a query and refuse whatever is more than a look at columns.

    Parameters
    ----------
    query : str
        Such as ``DTYPE != "LOCF"``.

    Returns
    -------
    ast.expr
        Its syntax tree, of known nodes only.

    Raises
    ------
    QueryError
        Saying what is not understood.
    """
    if len(query) > LONGEST:
        raise QueryError(f"a query has at most {LONGEST} characters, this one {len(query)}")
    try:
        tree = ast.parse(_spelt_out(query), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise QueryError(f"is not a query ({reason}); {_KNOWS}") from error
    if not _is_condition(tree):
        raise QueryError(f"must be true or false of each row; {_KNOWS}")
    _check(tree, 0)
    return tree


def checked(query: str) -> str:
    """Give a query back if it is one, for a field of study.yml.

    Parameters
    ----------
    query : str
        The query.

    Returns
    -------
    str
        The same.

    Raises
    ------
    QueryError
        If it is none.
    """
    parse(query)
    return query


Query = Annotated[str, AfterValidator(checked)]


def choose(table: pd.DataFrame, query: str) -> pd.DataFrame:
    """Keep the rows of a table for which a query holds.

    Parameters
    ----------
    table : DataFrame
        The table; it is not changed.
    query : str
        The query. A comparison with a missing value does not hold, but for ``!=`` and ``not in``.

    Returns
    -------
    DataFrame
        Its rows, with their index.

    Raises
    ------
    QueryError
        If it is no query, names a column that is not there, or compares what cannot be compared.
    """
    tree = parse(query)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in table:
            near = {str(c).casefold(): str(c) for c in table.columns}.get(node.id.casefold())
            hint = f"; write {near}" if near else f"; it has {', '.join(map(str, table.columns))}"
            raise QueryError(f"the table has no column {node.id}{hint}")
    try:
        keep = _condition(tree, table)
    except (TypeError, ValueError, OverflowError) as error:
        raise QueryError(f"does not fit the table: {error}") from error
    return table[keep]


def _spelt_out(query: str) -> str:
    """Write ``&`` and ``|`` as the words that they mean, with the words' precedence."""
    line = " ".join(query.split("\n")).strip()
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(line).readline))
    except (tokenize.TokenError, IndentationError) as error:
        raise QueryError(f"is not a query ({error.args[0]}); {_KNOWS}") from error
    words = {"&": (tokenize.NAME, "and"), "|": (tokenize.NAME, "or")}
    changed = [words.get(token.string, (token.type, token.string)) for token in tokens]
    return tokenize.untokenize(changed).strip()


def _is_condition(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not | ast.Invert)
    return isinstance(node, ast.Compare | ast.BoolOp | ast.Call)


def _check(node: ast.expr, depth: int) -> None:
    """Refuse a node that the language lacks, here or below."""
    if depth > DEEPEST:
        raise QueryError("is nested too deeply; split it up")
    for part in _parts(node):
        _check(part, depth + 1)


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """Yield what a node consists of, having looked at the node itself."""
    if isinstance(node, ast.BoolOp):
        yield from _conditions(node.values)
    elif isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.Not | ast.Invert):
            yield from _conditions([node.operand])
        else:
            yield from _values([node.operand])
    elif isinstance(node, ast.BinOp):
        if type(node.op) not in _COMPUTED:
            raise QueryError(f"uses an operator that is not known; {_KNOWS}")
        yield from _values([node.left, node.right])
    elif isinstance(node, ast.Compare):
        yield node.left
        for sign, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(sign, ast.In | ast.NotIn):
                if not isinstance(right, ast.List | ast.Tuple):
                    raise QueryError('in must be followed by a list, such as ["A", "B"]')
            elif type(sign) not in _COMPARED:
                raise QueryError(f"uses a comparison that is not known; {_KNOWS}")
            yield right
        if any(map(_is_condition, (node.left, *node.comparators))):
            raise QueryError("compares a comparison; join comparisons with and, in parentheses")
    elif isinstance(node, ast.Call):
        _check_call(node)
    elif isinstance(node, ast.List | ast.Tuple):
        if not all(isinstance(_signless(item), ast.Constant) for item in node.elts):
            raise QueryError("a list may hold numbers and texts only")
        yield from node.elts
    elif isinstance(node, ast.Constant):
        _check_constant(node)
    elif not isinstance(node, ast.Name):
        raise QueryError(f"holds {ast.unparse(node)[:60]!r}, which is not known; {_KNOWS}")


def _conditions(nodes: list[ast.expr]) -> list[ast.expr]:
    for node in nodes:
        if not _is_condition(node):
            shown = ast.unparse(node)[:60]
            raise QueryError(f"joins {shown!r}, which is neither true nor false; compare it")
    return nodes


def _values(nodes: list[ast.expr]) -> list[ast.expr]:
    for node in nodes:
        text = isinstance(node, ast.Constant) and not isinstance(node.value, int | float)
        if text or _is_condition(node) or isinstance(node, ast.List | ast.Tuple):
            raise QueryError(f"computes with {ast.unparse(node)[:60]!r}, which is no number")
    return nodes


def _signless(node: ast.expr) -> ast.expr:
    minus = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    return node.operand if minus else node  # type: ignore[attr-defined]


def _check_call(node: ast.Call) -> None:
    asked = node.func
    fits = isinstance(asked, ast.Attribute) and asked.attr in _MISSING
    if not fits or not isinstance(asked.value, ast.Name) or node.args or node.keywords:  # type: ignore[attr-defined]
        shown = ast.unparse(node)[:60]
        raise QueryError(f"calls {shown!r}; only COLUMN.isna() and COLUMN.notna() may be called")


def _check_constant(node: ast.Constant) -> None:
    value = node.value
    if value is None:
        raise QueryError("compares with None; ask COLUMN.isna() or COLUMN.notna()")
    if not isinstance(value, str | int | float):
        raise QueryError(f"holds {ast.unparse(node)[:60]!r}; a value is a number or a text")
    if not isinstance(value, str) and not abs(value) < LARGEST:
        raise QueryError("holds a number that no column can")


def _condition(node: ast.expr, table: pd.DataFrame) -> pd.Series:
    """Tell for each row whether a condition holds."""
    if isinstance(node, ast.BoolOp):
        together = operator.and_ if isinstance(node.op, ast.And) else operator.or_
        return reduce(together, [_condition(part, table) for part in node.values])  # noqa: PD011
    if isinstance(node, ast.UnaryOp):
        return ~_condition(node.operand, table)
    if isinstance(node, ast.Call):
        missing = table[node.func.value.id].isna()  # type: ignore[attr-defined]
        return missing if _MISSING[node.func.attr] else ~missing  # type: ignore[attr-defined]
    assert isinstance(node, ast.Compare)
    result = pd.Series(data=True, index=table.index)
    left = node.left
    for sign, right in zip(node.ops, node.comparators, strict=True):
        result &= _compared(sign, _value(left, table), _value(right, table))
        left = right
    return result


def _compared(sign: ast.cmpop, left: Any, right: Any) -> Any:
    """Compare two values; equality with a list means being in it."""
    if isinstance(right, list):
        if not isinstance(left, pd.Series):
            raise TypeError("a column must stand before a list")
        if isinstance(sign, ast.In | ast.Eq):
            return left.isin(right)
        if isinstance(sign, ast.NotIn | ast.NotEq):
            return ~left.isin(right)
        raise TypeError("a list can only be asked with in or not in")
    return _COMPARED[type(sign)](left, right)


def _value(node: ast.expr, table: pd.DataFrame) -> Any:
    """Give a column, a number, a text, a list of them, or what is computed from columns."""
    if isinstance(node, ast.Name):
        return table[node.id]
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(item, table) for item in node.elts]
    if isinstance(node, ast.UnaryOp):
        value = _number(node.operand, table)
        return -value if isinstance(node.op, ast.USub) else value
    assert isinstance(node, ast.BinOp)
    return _COMPUTED[type(node.op)](_number(node.left, table), _number(node.right, table))


def _number(node: ast.expr, table: pd.DataFrame) -> Any:
    value = _value(node, table)
    if isinstance(value, pd.Series) and not pd.api.types.is_numeric_dtype(value.dtype):
        raise TypeError(f"{ast.unparse(node)[:60]} is no number")
    return value
