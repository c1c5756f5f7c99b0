"""Numbers and lists in the words of a page."""

import math
import re
import unicodedata
from collections.abc import Sequence

MISSING = "–"
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # what a spreadsheet may take for one
# What Markdown or MyST would act on, save the marks of the sentences themselves.
_MARKS = re.compile(r"(\*\*|\{cite:p\}`[\w-]+`)|([\\`*_{}\[\]<>#$|~^&])")
_FIRST = re.compile(r"[-+=:%(]|\d{1,9}(?=[.)])")  # and only where it begins a line
_BULLET = "- "


def number(value: float, digits: int = 2) -> str:
    """Write a number with fixed decimals and a true minus sign; ``–`` where there is none.

    Examples
    --------
    >>> number(-1.695)
    '−1.70'
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "−")


def p_value(p: float) -> str:
    """Write a p-value as journals do: three decimals, ``<0.001`` below that.

    Examples
    --------
    >>> p_value(0.00021), p_value(0.0026), p_value(0.2)
    ('<0.001', '0.003', '0.200')
    """
    if p is None or math.isnan(p):
        return MISSING
    if p < 0.001:
        return "<0.001"
    return ">0.999" if p > 0.999 else f"{p:.3f}"


def p_phrase(p: float) -> str:
    """Write a p-value within a sentence: ``p = 0.003`` or ``p < 0.001``."""
    text = p_value(p)
    return f"p {text[0]} {text[1:]}" if text[0] in "<>" else f"p = {text}"


def interval(low: float, high: float, digits: int = 2) -> str:
    """Write an interval with its limits in words, so that a minus sign is never a dash."""
    return f"{number(low, digits)} to {number(high, digits)}"


def estimate(value: float, low: float, high: float, digits: int = 2) -> str:
    """Write an estimate with its interval: ``2.98 (1.48 to 4.47)``."""
    return f"{number(value, digits)} ({interval(low, high, digits)})"


def percent(share: float, digits: int = 0) -> str:
    """Write a share (0 to 1) as a percentage."""
    return MISSING if share is None or math.isnan(share) else f"{number(100 * share, digits)}%"


def count_of(n: float, total: float) -> str:
    """Write a count with its percentage: ``12 (38%)``."""
    return f"{n:,.0f} ({percent(n / total if total else math.nan)})"


def mean_sd(mean: float, sd: float, digits: int = 2) -> str:
    """Write a mean with its standard deviation: ``−1.69 (2.51)``."""
    return f"{number(mean, digits)} ({number(sd, digits)})"


def listed(words: Sequence[str], conjunction: str = "and") -> str:
    """Join words as a sentence does: ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def plural(count: float, one: str, many: str | None = None) -> str:
    """Write a count with its noun: ``1 patient``, ``2 patients``."""
    return f"{count:,.0f} {one if count == 1 else many or one + 's'}"


def capitalised(sentence: str) -> str:
    """Give a sentence its capital and leave the rest, such as names, alone."""
    return sentence[:1].upper() + sentence[1:]


def lowered(label: str) -> str:
    """Write a label within a sentence: a word begins small, an abbreviation stays as it is.

    Examples
    --------
    >>> lowered("Pain at rest"), lowered("ALT")
    ('pain at rest', 'ALT')
    """
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def shortened(text: str, most: int) -> str:
    """Cut a text of more than so many letters, with an ellipsis for the rest.

    Examples
    --------
    >>> shortened("Headache", 5)
    'Head…'
    """
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def markdown(text: str) -> str:
    r"""Write sentences as Markdown in which the words of the data are shown as they are.

    Parameters
    ----------
    text : str
        Sentences; ``**`` sets in bold, a line that begins with ``- `` is one of a list, and
        ``{cite:p}`` with a key cites. The words of a study have none of these (`study.text`).

    Returns
    -------
    str
        The same in Markdown; every other sign that Markdown or MyST would act on is escaped.

    Examples
    --------
    >>> print(markdown("- **Fall*** {a}"))
    - **Fall**\* \{a\}
    """
    return "\n".join(_markdown_line(line) for line in text.split("\n"))


def _markdown_line(line: str) -> str:
    lead = _BULLET if line.startswith(_BULLET) else ""
    words = _MARKS.sub(lambda m: m[1] or rf"\{m[2]}", line.removeprefix(lead).lstrip())
    first = _FIRST.match(words)
    if first is None:
        return lead + words
    # A number is escaped at the sign after it, any other mark before it.
    place = first.end() if first[0].isdigit() else 0
    return f"{lead}{words[:place]}\\{words[place:]}"


def on_one_line(words: str) -> str:
    """Write text without line breaks and control characters."""
    return "".join(c for c in " ".join(words.split()) if unicodedata.category(c) != "Cc")


def spreadsheet_text(words: str) -> str:
    """Write text so that no spreadsheet takes it for a formula.

    References
    ----------
    OWASP, CSV injection, https://owasp.org/www-community/attacks/CSV_Injection.
    """
    plain = on_one_line(words)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
