"""What all endpoints on one scale show, in words."""

from alsutils.appraisal.analysis import MEASURED_BY, Standardised
from alsutils.display import Prose
from alsutils.display import format as fmt


def by_measurement(result: Standardised) -> Prose:
    """Say how the differences go by who or what took the measurement."""
    frame = result.frame.dropna(subset=["conf_low"])
    lines = []
    for words in MEASURED_BY.values():
        rows = frame[frame["measured_by"] == words]
        if rows.empty:
            continue
        better = int((rows["conf_low"] > 0).sum())
        worse = int((rows["conf_high"] < 0).sum())
        neither = len(rows) - better - worse
        lines.append(
            f"{words}: of {fmt.plural(len(rows), 'interval')}, {better} wholly on the better side, "
            f"{worse} wholly on the worse and {neither} across no difference."
        )
    return Prose("\n".join(f"- {line}" for line in lines))
