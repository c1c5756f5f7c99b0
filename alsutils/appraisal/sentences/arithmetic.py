"""What adds up in print, and what does not."""

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.stats.forensics import TableChecks


def arithmetic(result: TableChecks | None) -> Prose:
    """Say how many printed figures add up, and name those that do not."""
    if result is None:
        return Prose("")
    frame = result.frame
    wrong = frame[~frame["agrees"]]
    text = f"{result.n_agree} of {fmt.plural(len(frame), 'check')} add up."
    if wrong.empty:
        return Prose(text)
    lines = [
        f"{row}: {fmt.listed(list(checks['check']))}."
        for row, checks in wrong.groupby("row", sort=False)
    ]
    listed = "\n".join(f"- {line}" for line in lines)
    return Prose(
        f"{text} These do not, within rounding:\n\n{listed}\n\nA figure that does not add up can "
        "have a harmless reason, such as a patient less or another analysis than the one assumed."
    )
