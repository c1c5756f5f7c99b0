"""Multiple tests against R, worked examples, the closed test, and their own promise."""

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alsutils.stats.gatekeeping import (
    GraphError,
    HypothesisGraph,
    family_tests,
    fixed_sequence_graph,
    graphical_test,
    holm_graph,
)

REFERENCE = Path(__file__).parents[1] / "reference" / "gatekeeping" / "adjust.json"
ROUNDING = 1e-10
EXPECTED = json.loads(REFERENCE.read_text())

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def names(n: int) -> tuple[str, ...]:
    return tuple(f"H{k + 1}" for k in range(n))


def adjusted(p: list[float], method: str, **options: object) -> list[float]:
    frame = family_tests(p, names(len(p)), **options).frame
    return frame.loc[frame["method"] == method, "adjusted_p"].tolist()


@pytest.mark.parametrize("family", EXPECTED["families"])
@pytest.mark.parametrize("method", ["holm", "hochberg", "bonferroni"])
def test_agrees_with_p_adjust(family: dict, method: str) -> None:
    assert adjusted(family["p"], method) == pytest.approx(family[method], rel=ROUNDING)


@pytest.mark.parametrize("case", EXPECTED["graph"]["tests"])
def test_graph_agrees_with_the_closed_test_in_r(case: dict) -> None:
    known = EXPECTED["graph"]
    graph = HypothesisGraph(names(4), known["weights"], known["transitions"])
    result = graphical_test(case["p"], graph).frame["adjusted_p"]
    assert result.tolist() == pytest.approx(case["adjusted"], rel=ROUNDING)


@given(P_VALUES)
def test_holm_and_fixed_sequence_are_graphs(p: list[float]) -> None:
    by_graph = graphical_test(p, holm_graph(names(len(p)))).frame["adjusted_p"]
    assert by_graph.tolist() == pytest.approx(adjusted(p, "holm"), rel=ROUNDING)
    by_graph = graphical_test(p, fixed_sequence_graph(names(len(p)))).frame["adjusted_p"]
    assert by_graph.tolist() == pytest.approx(np.maximum.accumulate(p).tolist())
    assert adjusted(p, "fixed_sequence") == pytest.approx(np.maximum.accumulate(p).tolist())


@st.composite
def graphs(draw: st.DrawFn) -> tuple[HypothesisGraph, list[float]]:
    n = draw(st.integers(2, 5))
    share = st.integers(0, 6)
    weights = np.array(draw(st.lists(share, min_size=n, max_size=n)), float)
    arrows = np.array(draw(st.lists(share, min_size=n * n, max_size=n * n)), float).reshape(n, n)
    np.fill_diagonal(arrows, 0)
    # The slack of 1 lets some level leak away, so that the closed test below can be solved.
    graph = HypothesisGraph(
        names(n),
        weights / (weights.sum() + draw(st.integers(0, 1)) or 1),
        arrows / (arrows.sum(axis=1, keepdims=True) + 1),
    )
    return graph, draw(st.lists(st.floats(0, 1), min_size=n, max_size=n))


def closed_test(p: np.ndarray, graph: HypothesisGraph) -> np.ndarray:
    """Test every intersection; the level of those outside runs along the arrows to those inside."""
    n, result = len(p), np.zeros(len(p))
    for code in range(1, 2**n):
        inside = np.array([bool(code >> k & 1) for k in range(n)])
        among = graph.transitions[np.ix_(~inside, ~inside)]
        into = graph.transitions[np.ix_(~inside, inside)]
        through = np.linalg.solve(np.eye(len(among)) - among, into)
        weights = graph.weights[inside] + graph.weights[~inside] @ through
        ratio = [a / b if b > 0 else np.inf for a, b in zip(p[inside], weights, strict=True)]
        result[inside] = np.maximum(result[inside], min(1.0, *ratio))
    return result


@given(graphs())
@settings(max_examples=150, deadline=None)
def test_any_graph_is_a_shortcut_to_its_closed_test(case: tuple) -> None:
    graph, p = case
    result = graphical_test(p, graph).frame["adjusted_p"].to_numpy()
    np.testing.assert_allclose(result, closed_test(np.array(p), graph), rtol=1e-8)


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_a_graph_does_not_care_in_which_order_it_lists_or_loses_hypotheses(case: tuple) -> None:
    graph, p = case
    turned = HypothesisGraph(graph.names[::-1], graph.weights[::-1], graph.transitions[::-1, ::-1])
    np.testing.assert_allclose(
        graphical_test(p[::-1], turned).frame["adjusted_p"][::-1],
        graphical_test(p, graph).frame["adjusted_p"],
        rtol=1e-8,
    )
    ends = []
    for order in permutations(graph.names[:3]):
        left = graph
        for name in order:
            left = left.without(name)
        ends.append(np.concatenate([left.weights, left.transitions.ravel()]))
    np.testing.assert_allclose(ends, np.tile(ends[0], (len(ends), 1)), atol=1e-9)


def test_two_doses_and_two_endpoints_step_by_step() -> None:
    """The worked example of the graphicalMCP manual (Xi and Brockmann, shortcut testing)."""
    graph = HypothesisGraph(
        names(4),
        [0.5, 0.5, 0, 0],
        [[0, 0.5, 0.5, 0], [0.5, 0, 0, 0.5], [0, 1, 0, 0], [1, 0, 0, 0]],
    )
    result = graphical_test([0.018, 0.01, 0.105, 0.006], graph, alpha=0.025)
    frame = result.frame.set_index("hypothesis")
    assert frame["rejected"].tolist() == [True, True, False, True]
    assert frame["step"].astype("float").tolist()[:2] == [2, 1]
    assert frame.loc["H4", "step"] == 3
    # levels as printed there: H2 at alpha/2, H1 at 3/4, H4 at 1/2, H3 at last with all of it
    levels = result.steps.set_index(["step", "hypothesis"])["level"] / 0.025
    expected = {(0, "H2"): 0.5, (1, "H1"): 0.75, (2, "H4"): 0.5, (3, "H3"): 1.0}
    assert {key: levels[key] for key in expected} == pytest.approx(expected)
    assert frame["adjusted_p"].tolist() == pytest.approx([0.024, 0.02, 0.105, 0.024])
    assert len(result.graphs) == 4
    assert result.graphs[-1].weights.tolist() == pytest.approx([0, 0, 1, 0])


def test_gatekeeping_by_pairs_worked_by_hand() -> None:
    """Graph and p-values of Bretz et al. 2011, section 3, as quoted in the manual of gMCP."""
    graph = HypothesisGraph(
        names(4), [0.5, 0.5, 0, 0], [[0, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0], [1, 0, 0, 0]]
    )
    result = graphical_test([0.0121, 0.0337, 0.0084, 0.0160], graph, alpha=0.025)
    # H1 at 0.0125, which goes to H3 and on to H2: 0.0337 is above 0.025 and H4 never has a share
    assert result.frame["rejected"].tolist() == [True, False, True, False]
    assert result.frame["adjusted_p"].tolist() == pytest.approx([0.0242, 0.0337, 0.0242, 0.0337])
    assert result.graphs[-1].weights.tolist() == [0, 1, 0, 0]
    assert result.graphs[-1].edges.to_numpy().tolist() == [["H2", "H4", 1.0], ["H4", "H2", 1.0]]


def test_no_p_value_is_small_enough_without_a_share_of_alpha() -> None:
    graph = HypothesisGraph(names(2), [1, 0], np.zeros((2, 2)))
    result = graphical_test([0.001, 0.0], graph)
    assert result.frame["rejected"].tolist() == [True, False]
    assert result.frame["adjusted_p"].tolist() == [0.001, 1.0]


@pytest.mark.parametrize("correlation", [0.0, pytest.param(0.7, marks=pytest.mark.long)])
@pytest.mark.parametrize("false", [0, 1])
def test_familywise_error_stays_below_alpha(correlation: float, false: int) -> None:
    """Four correlated z-tests, none or the first of them truly different from nothing."""
    rng, repeats, n = np.random.default_rng(2009), 1500, 4
    common = rng.normal(size=(repeats, 1))
    z = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * rng.normal(size=(repeats, n))
    z[:, :false] += 10
    p = stats.norm.sf(z)
    graph = HypothesisGraph(
        names(4),
        [0.5, 0.5, 0, 0],
        [[0, 0.5, 0.5, 0], [0.5, 0, 0, 0.5], [0, 1, 0, 0], [1, 0, 0, 0]],
    )
    methods = family_tests(p[0], names(4), graph=graph).frame["method"].unique()
    wrong = dict.fromkeys(methods, 0)
    for row in p:
        rejected = family_tests(row, names(4), graph=graph).frame["rejected"].to_numpy()
        for method, decisions in zip(methods, rejected.reshape(-1, n), strict=True):
            wrong[method] += bool(decisions[false:].any())
    upper = 0.05 + 3 * np.sqrt(0.05 * 0.95 / repeats)
    for method in ("bonferroni", "fixed_sequence", "holm", "hochberg", "graphical"):
        assert wrong[method] / repeats < upper, method
    # and without adjustment it does not: the simulation can tell
    assert wrong["unadjusted"] / repeats > upper


def test_hochberg_rejects_all_that_holm_does_and_sometimes_more() -> None:
    p = [0.04, 0.045]
    assert adjusted(p, "holm") == pytest.approx([0.08, 0.08])
    assert adjusted(p, "hochberg") == pytest.approx([0.045, 0.045])


def test_says_what_is_wrong() -> None:
    graph = holm_graph(["a", "b"])
    with pytest.raises(GraphError, match="between 0 and 1"):
        graphical_test([0.2, np.nan], graph)
    with pytest.raises(GraphError, match="2 hypotheses need 2 p-values"):
        graphical_test([0.2], graph)
    with pytest.raises(ValueError, match="alpha"):
        graphical_test([0.2, 0.1], graph, alpha=5)
    with pytest.raises(GraphError, match="the graph tests"):
        family_tests([0.1, 0.2], ["b", "a"], graph=graph)
    with pytest.raises(GraphError, match="names of their own"):
        holm_graph(["a", "a"])
    with pytest.raises(GraphError, match="names of their own"):
        fixed_sequence_graph([])
    with pytest.raises(GraphError, match="at most 1 in all"):
        HypothesisGraph(("a", "b"), [0.6, 0.6], np.zeros((2, 2)))
    with pytest.raises(GraphError, match="to itself"):
        HypothesisGraph(("a", "b"), [0.5, 0.5], np.eye(2))
    with pytest.raises(GraphError, match="more than 1 in all"):
        HypothesisGraph(("a", "b", "c"), [1, 0, 0], [[0, 0.7, 0.7], [0, 0, 0], [0, 0, 0]])
    with pytest.raises(GraphError, match="2 x 2 transitions"):
        HypothesisGraph(("a", "b"), [0.5, 0.5], np.zeros((3, 3)))
    with pytest.raises(GraphError, match="no hypothesis 'z'"):
        graph.without("z")
