"""Pairs of patients."""

import altair as alt

from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.primary.together import Together
from alsutils.study import Study


def pairs(study: Study, result: Together | None) -> Figure | Prose:
    """Draw how pairs of a treated and a control patient are decided."""
    if result is None:
        return Prose("This study names no death to rank together with the endpoint.")
    if result.pairs.empty:
        return Prose(" ".join(result.notes))
    long = result.pairs.melt(["treated", "layer", "share"], ["wins", "losses"], "who", "pairs")
    total = long.groupby("treated")["pairs"].transform("sum")
    long = long.assign(part=long["pairs"] / total)
    tied = long["layer"] == "tied"
    long = long[~tied | (long["who"] == "wins")]
    words = {"wins": "treated patient did better", "losses": f"{study.control} patient did better"}
    long["who"] = long["who"].map(words).where(long["layer"] != "tied", "tied")
    layers = {"survival": "By death", "function": "By the endpoint", "tied": "Tied"}
    long["layer"] = long["layer"].map(layers)
    colours = alt.Scale(
        domain=[*words.values(), "tied"], range=[theme.ACCENT, theme.CONTROL, theme.SERIES[3]]
    )
    chart = (
        alt.Chart(long)
        .mark_bar()
        .encode(
            x=alt.X("part:Q", title="Share of all pairs", axis=alt.Axis(format="%")),
            y=alt.Y("layer:N", sort=list(layers.values()), title=None),
            color=alt.Color("who:N", scale=colours, title=None),
            tooltip=[
                alt.Tooltip("layer:N", title="Decided"),
                alt.Tooltip("who:N", title="In favour"),
                alt.Tooltip("pairs:Q", title="Pairs", format=",d"),
                alt.Tooltip("part:Q", title="Share", format=".1%"),
            ],
        )
        .properties(height=alt.Step(30))
        .facet(alt.Facet("treated:N", sort=list(study.treated), title=None), columns=1)
    )
    told = [f"{r['layer']}, {r['who']}: {fmt.percent(r['part'])}" for r in long.to_dict("records")]
    return Figure(
        chart,
        f"How pairs of a treated and a control patient are decided. {'; '.join(told)}.",
        "Every treated patient is set against every control: first by who lived longer, and where "
        "that is open by who changed for the better.",
    )
