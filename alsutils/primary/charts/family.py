"""The primary hypotheses and their level."""

from alsutils.display import Prose, theme
from alsutils.display import format as fmt
from alsutils.display.network import Arrow, NetworkDiagram, Node
from alsutils.primary.multiplicity import Family
from alsutils.stats.gatekeeping import HypothesisGraph
from alsutils.study import Study


def level_graph(study: Study, result: Family) -> NetworkDiagram | Prose:
    """Draw the shares of the level, and to which hypothesis each hands its own on."""
    if len(result.frame) == 1:
        return Prose("")
    graph = result.test.graphs[0]
    colours = dict(zip(study.arms, theme.arm_scale(study.arms).to_dict()["range"], strict=True))
    rows = result.frame.to_dict("records")
    nodes = tuple(
        Node(
            study.treated.index(row["treated"]),
            study.primary.visits.index(row["visit_number"]),
            (study.visit_label(row["visit_number"]), fmt.percent(weight)),
            colours[row["treated"]],
        )
        for row, weight in zip(rows, graph.weights, strict=True)
    )
    places = {name: k for k, name in enumerate(graph.names)}
    arrows = tuple(
        Arrow(places[e["source"]], places[e["target"]], fmt.percent(e["weight"]))
        for e in graph.edges.to_dict("records")
    )
    told = [
        f"{e['source']} hands {fmt.percent(e['weight'])} of its level to {e['target']}"
        for e in graph.edges.to_dict("records")
    ]
    starts = [f"{n} starts with {fmt.percent(w)}" for n, w in zip(*_starts(graph), strict=True)]
    return NetworkDiagram(
        nodes,
        arrows,
        study.treated if len(study.treated) > 1 else ("",),
        f"Graph of the primary hypotheses. {'; '.join([*starts, *told])}.",
        "Each circle is a hypothesis with its share of the level at the start. Once its "
        "difference is shown, it hands its level on along its arrows.",
    )


def _starts(graph: HypothesisGraph) -> tuple[list[str], list[float]]:
    """Name the hypotheses that start with a share of the level, and the shares."""
    used = [k for k, weight in enumerate(graph.weights) if weight > 0]
    return [graph.names[k] for k in used], [float(graph.weights[k]) for k in used]
