"""One trial in two worlds, side by side."""

from alsutils.appraisal.worlds import Worlds
from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study


def worlds(study: Study, result: Worlds | None) -> Table | Prose:
    """Lay out every test of the primary endpoint in both worlds."""
    if result is None:
        return Prose(
            "This study has no counterpart in another world: nobody made the same printed figures "
            "from another truth."
        )
    frame = result.pairs
    several = len(study.treated) > 1
    words = {
        side: [
            fmt.estimate(r[f"estimate_{side}"], r[f"conf_low_{side}"], r[f"conf_high_{side}"])
            for r in frame.to_dict("records")
        ]
        for side in ("here", "there")
    }
    shown = frame.assign(
        here=words["here"],
        there=words["there"],
        test=frame["test"] + (", " + frame["treated"] if several else ""),
        group=frame["endpoint"] + ", " + frame["visit"].str.lower(),
    )
    level = fmt.percent(study.conf_level)
    return tables.table(
        shown,
        "Two worlds, one table",
        {
            "test": "Analysis",
            "here": f"Estimate ({level} CI)",
            "p_value_here": "p",
            "there": f"Estimate ({level} CI)",
            "p_value_there": "p",
        },
        {"p_value_here": fmt.p_value, "p_value_there": fmt.p_value},
        group="group",
        spanners={
            fmt.capitalised(result.here): ["here", "p_value_here"],
            fmt.capitalised(result.there): ["there", "p_value_there"],
        },
        notes=[
            "No difference is 0, but 1 for win ratio and win odds and 0.5 for the probabilistic "
            "index.",
            *result.notes,
        ],
        results=result.frame,
    )
