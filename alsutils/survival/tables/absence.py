"""Tables of what "no difference" excludes."""

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.times import Figures
from alsutils.survival.words import NO_EVENT, whole


def power(study: Study, result: Figures | None) -> Table | Prose:
    """Lay out what the number of events could show."""
    if result is None:
        return Prose(NO_EVENT)
    frame = result.frame.copy()
    for column in ("power", "detectable_ratio", "events_needed"):
        if column not in frame:
            frame[column] = float("nan")
    several = len(study.treated) > 1
    supposed = frame["ratio"].dropna().iloc[0] if "ratio" in frame and len(frame) else 0.7
    target = frame["target"].dropna().iloc[0] if "target" in frame else 0.8
    return tables.table(
        frame,
        "What the number of events could show",
        {
            "endpoint": "Event",
            **({"treated": "Arm"} if several else {}),
            "events": "Events",
            "power": f"Power for a ratio of {supposed:g}",
            "events_needed": f"Events for {fmt.percent(target)} power",
            "detectable_ratio": f"Ratio found with {fmt.percent(target)} power",
        },
        {
            "events": whole,
            "power": fmt.percent,
            "events_needed": whole,
            "detectable_ratio": fmt.number,
        },
        notes=[
            "Schoenfeld's formula for the log-rank test, with the arms' shares of the patients."
        ],
        results=frame,
    )
