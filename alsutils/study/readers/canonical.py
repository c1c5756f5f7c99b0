"""One form for every column, whichever kind of file it comes from.

A column is looked at by its distinct values, which are few: dates, codes and names repeat.
"""

import datetime as dt
import re
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from alsutils.study.readers.errors import UnreadableTableError
from alsutils.study.readers.raw import Moment, Raw

_SAS_EPOCH = np.datetime64("1960-01-01", "D")
_MOST_DAYS = 2_900_000  # the year 9900, beyond which no calendar helps
_DATE_NAME, _DATETIME_NAME = re.compile(r"^\w*[A-Z]DT$"), re.compile(r"^\w*[A-Z]DTM$")
_FIRST_DAY, _LAST_DAY = (
    -29_219,
    87_658,
)  # 1880 to 2199, for numbers that only their name makes dates
_RECENT = (3_653, 54_787)  # 1970 to 2109, where the middle of such dates lies
_NO_VALUE = re.compile(r"NA|NaN|\.[A-Z_a-z]?")  # R's and SAS's marks of a missing number
_CODE = re.compile(r"^[+-]?(0\d+|\d{16,})$")  # digits that are a name: zeros in front, or too many
_WHOLE = re.compile(r"[+-]?\d+")
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?|[+-]?\d+")
_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_ISO_DATETIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.0+)?)?")
_SAS_DATE = re.compile(r"(\d{1,2})([A-Za-z]{3})(\d{4})")
_SAS_DATETIME = re.compile(r"(\d{1,2})([A-Za-z]{3})(\d{4}):(\d\d):(\d\d)(?::(\d\d)(?:\.0+)?)?")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_TRUTH = {"TRUE": "Y", "FALSE": "N"}
_MIDNIGHT = "T00:00:00"


def canonical(name: str, values: pa.ChunkedArray, raw: Raw, *, keep_text: bool) -> pa.Array:
    """Bring one column into its form.

    Parameters
    ----------
    name : str
        Its name.
    values : ChunkedArray
        As its file holds it.
    raw : Raw
        The file's table, for what it says of its columns.
    keep_text : bool
        Whether its numbers stay, or become, text.

    Returns
    -------
    Array
        Text, 64-bit integers or 64-bit floats. Trailing blanks are no part of a text, and a text of
        blanks is missing.

    Raises
    ------
    UnreadableTableError
        If it holds lists or other things that are no cells, or a NUL character.
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        if _is_text(kind.value_type):
            return _text(name, values, raw, keep_text=keep_text)
        values = values.cast(kind.value_type)
        kind = values.type
    if pa.types.is_null(kind):
        return pa.nulls(len(values), pa.string() if keep_text else pa.float64())
    if pa.types.is_boolean(kind):
        return _flat(pc.if_else(values, "Y", "N"))
    if pa.types.is_temporal(kind):
        return _temporal(values)
    if _is_text(kind):
        if raw.typeless and not keep_text:
            numbers = _plain_numbers(values)
            if numbers is not None:
                return _number(name, numbers, raw, keep_text=False)
        return _text(name, values, raw, keep_text=keep_text)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _number(name, values, raw, keep_text=keep_text)
    raise UnreadableTableError(f"holds {kind}, no single values; make it text", column=name)


def _is_text(kind: pa.DataType) -> bool:
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(test(kind) for test in (*tests, pa.types.is_binary, pa.types.is_large_binary))


def _flat(values: pa.ChunkedArray | pa.Array) -> pa.Array:
    if isinstance(values, pa.Array):
        return values
    return pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)


def _mapped(
    values: pa.ChunkedArray | pa.Array,
    change: Callable[[list], Sequence[object]],
    kind: pa.DataType,
) -> pa.Array:
    """Change each distinct value once; None makes it missing."""
    coded = _flat(values).dictionary_encode()
    changed = pa.array(change(coded.dictionary.to_pylist()), type=kind, from_pandas=True)
    return changed.take(coded.indices)


def _temporal(values: pa.ChunkedArray) -> pa.Array:
    kind = values.type
    if pa.types.is_date(kind):
        return _flat(values.cast(pa.date32()).cast(pa.string()))
    if pa.types.is_timestamp(kind):
        if kind.tz is not None:
            values = pc.local_timestamp(values)
        seconds = values.cast(pa.timestamp("s"), safe=False)
        return _without_midnight(_mapped(seconds, _isoformat, pa.string()))
    if pa.types.is_time(kind):
        return _flat(values.cast(pa.time32("s"), safe=False).cast(pa.string()))
    return _flat(values.cast(pa.string()))


def _isoformat(found: list[dt.datetime | None]) -> list[str | None]:
    return [None if value is None else value.isoformat() for value in found]


def _without_midnight(flat: pa.Array) -> pa.Array:
    """Make dates of datetimes that are all at midnight."""
    if pc.all(pc.ends_with(flat, _MIDNIGHT)).as_py():
        return pc.utf8_slice_codeunits(flat, 0, stop=len("YYYY-MM-DD"))
    return flat


def _number(name: str, values: pa.ChunkedArray, raw: Raw, *, keep_text: bool) -> pa.Array:
    flat = _flat(values)
    if not pa.types.is_integer(flat.type):
        flat = flat.cast(pa.float64(), safe=False)
        flat = pc.if_else(pc.is_nan(flat), None, flat)
    moment = raw.moments.get(name) or _moment_by_name(name, flat)
    if moment and flat.null_count < len(flat):
        dated = _moments(flat.cast(pa.float64(), safe=False), moment)
        if dated is not None:
            return dated
    if keep_text:
        return _mapped(flat, lambda found: [None if v is None else _code(v) for v in found],
                       pa.string())  # fmt: skip
    return _plain(flat)


def _plain(numbers: pa.Array) -> pa.Array:
    """Whole numbers without a gap as integers, others as floats."""
    if pa.types.is_integer(numbers.type):
        whole = numbers.null_count == 0 and not pa.types.is_uint64(numbers.type)
        return numbers.cast(pa.int64() if whole else pa.float64(), safe=False)
    if numbers.null_count == 0 and len(numbers):
        bare = numbers.to_numpy(zero_copy_only=False)
        if (np.abs(bare) < 2**53).all() and (bare == np.rint(bare)).all():
            return pa.array(bare.astype(np.int64))
    return numbers


def _code(value: float) -> str:
    """Text of a code: a whole number without the decimal point that a float column adds."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _moment_by_name(name: str, numbers: pa.Array) -> Moment | None:
    """Tell a date from a plain number by ADaM's name for it and by where its values lie."""
    if not (_DATE_NAME.match(name) or _DATETIME_NAME.match(name)):
        return None
    known = pc.drop_null(numbers).to_numpy(zero_copy_only=False).astype(float)
    if not len(known):
        return None
    moment: Moment = "date" if _DATE_NAME.match(name) else "datetime"
    days = known if moment == "date" else known / 86_400
    around = (days > _FIRST_DAY) & (days < _LAST_DAY)
    recent = _RECENT[0] < np.median(days) < _RECENT[1]
    return moment if around.all() and recent and (known == np.rint(known)).all() else None


def _moments(numbers: pa.Array, moment: Moment) -> pa.Array | None:
    """Word SAS's days and seconds; None where they lie beyond any calendar."""
    most = pc.max(pc.abs(numbers)).as_py()
    per_day = 1 if moment == "date" else 86_400
    if most is not None and most > _MOST_DAYS * per_day:
        return None

    def words(found: list) -> list[str | None]:
        return [None if value is None else _moment_words(value, moment) for value in found]

    worded = _mapped(numbers, words, pa.string())
    return _without_midnight(worded) if moment == "datetime" else worded


def _moment_words(value: float, moment: Moment) -> str:
    if moment == "date":
        return str(_SAS_EPOCH + np.timedelta64(int(np.floor(value)), "D"))
    if moment == "datetime":
        start = _SAS_EPOCH.astype("datetime64[s]")
        return str(start + np.timedelta64(int(np.floor(value)), "s"))
    seconds = int(np.floor(value))
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _text(name: str, values: pa.ChunkedArray, raw: Raw, *, keep_text: bool) -> pa.Array:
    try:
        coded = _coded(values)
    except pa.ArrowInvalid as error:
        message = "holds bytes that are no UTF-8 text; export the table again"
        raise UnreadableTableError(message, column=name) from error
    found = [None if v is None else v.rstrip(" ") or None for v in coded.dictionary.to_pylist()]
    for place, value in enumerate(found):
        if value is not None and "\0" in value:
            index = pc.index(coded.indices, pa.scalar(place, coded.indices.type)).as_py()
            message = "holds a NUL character; remove it"
            raise UnreadableTableError(message, raw.first_row + index, name, value[:40])
    found = [None if value is not None and not value.strip() else value for value in found]
    indices = coded.indices
    rest = [value for value in found if value is not None]
    if raw.typeless:
        rest = [value for value in rest if not _NO_VALUE.fullmatch(value.strip())]
    if not rest and not keep_text:
        return pa.nulls(len(indices), pa.float64())
    if raw.typeless and not keep_text:
        numbers = _as_numbers(found, rest, comma=raw.decimal_comma)
        if numbers is not None:
            number = pa.chunked_array([numbers.take(indices)])
            return _number(name, number, raw, keep_text=False)
    changed = _one_kind(rest)
    if changed is not None:
        found = [None if value is None else changed.get(value) for value in found]
    return pa.array(found, type=pa.string()).take(indices)


def _coded(values: pa.ChunkedArray) -> pa.DictionaryArray:
    """Give texts as codes and their distinct values."""
    if not pa.types.is_dictionary(values.type):
        return _flat(values.cast(pa.string())).dictionary_encode()
    return _flat(values.unify_dictionaries()).cast(pa.dictionary(pa.int32(), pa.string()))


def _plain_numbers(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Read texts as numbers where all are plain ones; that is quick for many distinct ones."""
    try:
        numbers = pc.cast(values, pa.float64())
    except pa.ArrowInvalid:
        return None
    if numbers.null_count == len(numbers):
        return None
    if pc.any(pc.is_nan(numbers)).as_py():
        return None
    # A fraction among them says that the column is no list of codes.
    whole = pc.all(pc.equal(numbers, pc.round(numbers))).as_py()
    codes = whole and pc.any(pc.match_substring_regex(values, _CODE.pattern)).as_py()
    return None if codes else numbers


def _as_numbers(found: list[str | None], rest: list[str], *, comma: bool) -> pa.Array | None:
    """Read distinct texts as numbers; None where one of them is none, or a code."""
    stripped = [value.strip() for value in rest]
    if any(map(_CODE.search, stripped)) and all(map(_WHOLE.fullmatch, stripped)):
        return None
    try:
        numbers = pc.cast(pa.array(stripped, pa.string()), pa.float64())
    except pa.ArrowInvalid:
        if not comma or not all(_COMMA.fullmatch(value) for value in stripped):
            return None
        dotted = [value.replace(",", ".") for value in stripped]
        numbers = pc.cast(pa.array(dotted, pa.string()), pa.float64())
    known = dict(zip(rest, numbers.to_pylist(), strict=True))
    return pa.array(
        [None if value is None else known.get(value) for value in found], type=pa.float64()
    )


def _one_kind(rest: list[str]) -> dict[str, str] | None:
    """Give the one form of texts that are all dates, all datetimes or all yes and no."""
    if not rest:
        return None
    if all(value.upper() in _TRUTH for value in rest):
        return {value: _TRUTH[value.upper()] for value in rest}
    if all(value in {"Y", "N"} for value in rest):
        return {value: value for value in rest}
    dates: dict[str, str] = {}
    for value in rest:
        form = _date(value)
        if form is None:
            return None
        dates[value] = form
    at_midnight = all(form.endswith(_MIDNIGHT) or "T" not in form for form in dates.values())
    return {v: f.removesuffix(_MIDNIGHT) for v, f in dates.items()} if at_midnight else dates


def _date(value: str) -> str | None:
    """Give the ISO form of a date or datetime as ISO or SAS write it; None for other text."""
    found = _ISO_DATETIME.fullmatch(value) or _ISO_DATE.fullmatch(value)
    if found:
        year, month, day, *clock = found.groups()
    else:
        found = _SAS_DATETIME.fullmatch(value) or _SAS_DATE.fullmatch(value)
        if not found or found[2].upper() not in _MONTHS:
            return None
        day, name, year, *clock = found.groups()
        month = str(_MONTHS.index(name.upper()) + 1)
    try:
        hour, minute, second = (int(part or 0) for part in clock or (0, 0, 0))
        at = dt.datetime(int(year), int(month), int(day), hour, minute, second)
    except ValueError:
        return None
    return at.isoformat() if clock else at.date().isoformat()
