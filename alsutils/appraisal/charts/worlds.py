"""Pictures of one trial in two worlds."""

import altair as alt

from alsutils.appraisal.worlds import Worlds
from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.study import Study


def telling(study: Study, result: Worlds | None) -> Figure | Prose:
    """Draw which ways of measuring would tell the two worlds apart."""
    if result is None:
        return Prose("")
    frame = result.telling.dropna(subset=["conf_low"])
    several = len(study.treated) > 1
    shown = frame.assign(
        row=frame["measure"] + (": " + frame["treated"] if several else ""),
        World=[fmt.capitalised(words) for words in frame["world"]],
    )
    names = [fmt.capitalised(words) for words in (result.here, result.there)]
    colour = alt.Color(
        "World:N",
        scale=alt.Scale(domain=names, range=[theme.TREATED[0], theme.TREATED[1]]),
        title=None,
        legend=alt.Legend(columns=1),
    )
    title = "SD apart (above 0 is better)"
    chart = charts.forest(shown, "row", title, colour=colour, within="World")
    told = [
        f"{r['World']}, {r['row']}: {fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in shown.to_dict("records")
    ]
    return Figure(
        chart,
        f"Differences between the arms in two worlds, by how they are measured. {'. '.join(told)}.",
        f"Hedges' g with {fmt.percent(study.conf_level)} intervals at the last visit of each "
        "endpoint; the dashed line is no difference. Where the two colours part, the worlds can be "
        "told apart.",
        frame.assign(
            analysis="Hedges' g, " + frame["measure"] + ": " + frame["world"],
            endpoint=study.parameter(study.primary.parameter).label,
        ).loc[~frame["objective"]],
    )
