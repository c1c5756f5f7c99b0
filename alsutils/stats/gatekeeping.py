"""Several confirmatory hypotheses in one trial: sequences, Holm, Hochberg and graphs of tests."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_ROUNDING = 1e-12  # weights such as 1/3 + 2/3, and p-values that equal their level but for rounding


class GraphError(ValueError):
    """Weights or p-values that make no multiple test."""


@dataclass(frozen=True, eq=False)
class HypothesisGraph:
    """Hypotheses that share one significance level and hand it on when rejected.

    Attributes
    ----------
    names : tuple of str, length n
        The hypotheses.
    weights : ndarray, shape (n,)
        Share of alpha with which each starts; 0 or more, at most 1 in all.
    transitions : ndarray, shape (n, n)
        Share of its level that the hypothesis of a row hands to that of a column once it is
        rejected; 0 on the diagonal, a row at most 1 in all.

    Raises
    ------
    GraphError
        If names repeat, shapes differ or the shares are not as described.
    """

    names: tuple[str, ...]
    weights: Floats
    transitions: Floats

    def __post_init__(self) -> None:
        names = tuple(str(name) for name in self.names)
        weights, transitions = np.array(self.weights, float), np.array(self.transitions, float)
        n = len(names)
        if n == 0 or len(set(names)) < n:
            raise GraphError(f"hypotheses need names of their own, not {list(names)}")
        if weights.shape != (n,) or transitions.shape != (n, n):
            raise GraphError(
                f"{n} hypotheses need {n} weights and {n} x {n} transitions, "
                f"not {weights.shape} and {transitions.shape}"
            )
        if not (weights >= 0).all() or weights.sum() > 1 + _ROUNDING:
            raise GraphError(f"weights must be 0 or more and at most 1 in all: {weights.tolist()}")
        if not (transitions >= 0).all() or np.diag(transitions).any():
            raise GraphError("transitions must be 0 or more, and 0 from a hypothesis to itself")
        over = [name for name, row in zip(names, transitions, strict=True)
                if row.sum() > 1 + _ROUNDING]  # fmt: skip
        if over:
            raise GraphError(f"transitions from {over} are more than 1 in all")
        for field, value in (("names", names), ("weights", weights), ("transitions", transitions)):
            object.__setattr__(self, field, value)

    @property
    def edges(self) -> pd.DataFrame:
        """The arrows of the graph: ``source``, ``target``, ``weight`` (above 0)."""
        rows, columns = np.nonzero(self.transitions)
        names = np.array(self.names, dtype=object)
        return pd.DataFrame(
            {
                "source": names[rows],
                "target": names[columns],
                "weight": self.transitions[rows, columns],
            }
        )

    def without(self, name: str) -> "HypothesisGraph":
        """Reject a hypothesis: its level is handed on and its arrows are joined up.

        Parameters
        ----------
        name : str
            One of ``names``; it stays in the graph with no weight and no arrows.

        Returns
        -------
        HypothesisGraph
            The updated graph (Bretz et al. 2009, algorithm 1).
        """
        if name not in self.names:
            raise GraphError(f"there is no hypothesis {name!r} among {list(self.names)}")
        weights, transitions = _remove(self.weights, self.transitions, self.names.index(name))
        return HypothesisGraph(self.names, weights, transitions)


@dataclass(frozen=True, eq=False)
class GraphicalTest:
    """Outcome of a graphical multiple test.

    Attributes
    ----------
    frame : DataFrame
        One row a hypothesis: ``hypothesis``, ``weight`` at the start, ``p_value``, ``adjusted_p``,
        ``rejected`` and ``step`` (1 for the first rejected; missing where not rejected).
    steps : DataFrame
        One row a step and hypothesis still tested: ``step`` (0 is the start), ``hypothesis``,
        ``weight``, ``level`` (alpha times weight), ``p_value`` and ``passes`` (p no more than the
        level).
    graphs : tuple of HypothesisGraph
        The graph at the start and after each rejection, for drawing.
    alpha : float
        Level of the family.
    """

    frame: pd.DataFrame
    steps: pd.DataFrame
    graphs: tuple[HypothesisGraph, ...]
    alpha: float


@dataclass(frozen=True)
class FamilyTests:
    """One family of hypotheses, tested by several procedures.

    Attributes
    ----------
    frame : DataFrame
        One row a procedure and hypothesis: ``method`` ("unadjusted", "bonferroni",
        "fixed_sequence", "holm", "hochberg", and "graphical" where a graph was given),
        ``hypothesis``, ``p_value``, ``adjusted_p``, ``rejected``.
    alpha : float
        Level of the family.
    """

    frame: pd.DataFrame
    alpha: float


def holm_graph(names: Sequence[str]) -> HypothesisGraph:
    """Draw Holm's procedure: equal shares, handed on in equal parts to all the others."""
    n = len(names)
    transitions = (1 - np.eye(n)) / max(1, n - 1)
    return HypothesisGraph(tuple(names), np.full(n, 1 / max(1, n)), transitions)


def fixed_sequence_graph(names: Sequence[str]) -> HypothesisGraph:
    """Draw a fixed sequence: the first has all of alpha and hands it to the next."""
    n = len(names)
    weights = np.zeros(n)
    weights[:1] = 1.0
    return HypothesisGraph(tuple(names), weights, np.eye(n, k=1))


def graphical_test(
    p_values: ArrayLike, graph: HypothesisGraph, alpha: float = 0.05
) -> GraphicalTest:
    """Test hypotheses one after the other, the level of each rejected one going to the rest.

    Parameters
    ----------
    p_values : array_like, shape (n,)
        In the order of the graph's names.
    graph : HypothesisGraph
        Who starts with what and hands it to whom.
    alpha : float
        Chance of even one false rejection, at most.

    Returns
    -------
    GraphicalTest
        Decisions, adjusted p-values and every step. The decisions do not depend on the order in
        which hypotheses that pass are rejected.

    Raises
    ------
    GraphError
        If a p-value is missing or not between 0 and 1.
    ValueError
        If alpha is not between 0 and 1.

    References
    ----------
    Bretz F, Maurer W, Brannath W, Posch M. A graphical approach to sequentially rejective multiple
    test procedures. Stat Med 2009;28:586-604. doi:10.1002/sim.3495 (algorithms 1 and 2).
    """
    p = _check(p_values, len(graph.names), alpha)
    adjusted, order = _adjusted(p, graph)
    rejected = _reject(adjusted, alpha)
    graphs = [graph]
    step = pd.array([pd.NA] * len(p), dtype="Int64")
    for j in order:
        if not rejected[j]:
            break
        step[j] = len(graphs)
        graphs.append(graphs[-1].without(graph.names[j]))
    frame = pd.DataFrame(
        {
            "hypothesis": graph.names,
            "weight": graph.weights,
            "p_value": p,
            "adjusted_p": adjusted,
            "rejected": rejected,
            "step": step,
        }
    )
    rows = []
    for k, current in enumerate(graphs):
        gone = set(order[:k])
        for j, name in enumerate(graph.names):
            if j not in gone:
                weight = float(current.weights[j])
                passes = weight > 0 and bool(_reject(p[j] / weight, alpha))
                rows.append((k, name, weight, alpha * weight, p[j], passes))
    columns = ["step", "hypothesis", "weight", "level", "p_value", "passes"]
    return GraphicalTest(frame, pd.DataFrame(rows, columns=columns), tuple(graphs), alpha)


def family_tests(
    p_values: ArrayLike,
    names: Sequence[str],
    alpha: float = 0.05,
    graph: HypothesisGraph | None = None,
) -> FamilyTests:
    """Test one family of hypotheses by every procedure, side by side.

    Parameters
    ----------
    p_values : array_like, shape (n,)
        In the order of importance, in which the fixed sequence takes them.
    names : sequence of str
        The hypotheses.
    alpha : float
        Chance of even one false rejection, at most.
    graph : HypothesisGraph, optional
        A graph with the same names in the same order.

    Returns
    -------
    FamilyTests
        Adjusted p-values; a hypothesis is rejected where its adjusted p is no more than alpha.

    Raises
    ------
    GraphError
        If a p-value is missing or not between 0 and 1, or the names do not fit.
    ValueError
        If alpha is not between 0 and 1.

    Notes
    -----
    Hochberg's procedure keeps the level where the tests are independent or positively dependent
    (as visits of one trial usually are); the others keep it whatever the dependence.

    References
    ----------
    Holm S. Scand J Stat 1979;6:65-70. Hochberg Y. A sharper Bonferroni procedure for multiple tests
    of significance. Biometrika 1988;75:800-802. Maurer W, Hothorn LA, Lehmacher W. Multiple
    comparisons in drug clinical trials and preclinical assays: a-priori ordered hypotheses.
    Biometrie in der chemisch-pharmazeutischen Industrie 1995;6:3-18.
    """
    # Reading any study.yml loads this module; statsmodels takes a second, and only this needs it.
    from statsmodels.stats.multitest import multipletests

    p = _check(p_values, len(names), alpha)
    family = {
        "unadjusted": p,
        "bonferroni": np.minimum(1, p * len(p)),
        "fixed_sequence": np.maximum.accumulate(p),
        "holm": _adjusted(p, holm_graph(names))[0],
        "hochberg": multipletests(p, method="simes-hochberg")[1],
    }
    if graph is not None:
        if graph.names != tuple(names):
            raise GraphError(f"the graph tests {list(graph.names)}, not {list(names)}")
        family["graphical"] = _adjusted(p, graph)[0]
    parts = [
        pd.DataFrame(
            {
                "method": method,
                "hypothesis": list(names),
                "p_value": p,
                "adjusted_p": adjusted,
                "rejected": _reject(adjusted, alpha),
            }
        )
        for method, adjusted in family.items()
    ]
    return FamilyTests(pd.concat(parts, ignore_index=True), alpha)


def _check(p_values: ArrayLike, n: int, alpha: float) -> Floats:
    """Refuse what is no family of p-values."""
    p = np.asarray(p_values, float)
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    if p.shape != (n,) or n == 0:
        raise GraphError(f"{n} hypotheses need {n} p-values, not {p.shape}")
    if not ((p >= 0) & (p <= 1)).all():
        raise GraphError(
            f"p-values must lie between 0 and 1, got {p.tolist()}; "
            "give 1 for a hypothesis that could not be tested"
        )
    return p


def _reject(adjusted: Floats, alpha: float) -> NDArray[np.bool_]:
    return np.asarray(adjusted <= alpha * (1 + _ROUNDING))


def _adjusted(p: Floats, graph: HypothesisGraph) -> tuple[Floats, list[int]]:
    """Adjust p-values by rejecting the smallest p in relation to its weight, one after another."""
    weights, transitions = graph.weights, graph.transitions
    left, order, highest = list(range(len(p))), [], 0.0
    adjusted = np.ones(len(p))
    while left:
        # Without a share of alpha nothing can be rejected, however small its p-value.
        ratio = [p[j] / weights[j] if weights[j] > 0 else np.inf for j in left]
        chosen = left[int(np.argmin(ratio))]
        highest = max(highest, min(1.0, min(ratio)))
        adjusted[chosen] = highest
        order.append(chosen)
        left.remove(chosen)
        weights, transitions = _remove(weights, transitions, chosen)
    return adjusted, order


def _remove(weights: Floats, transitions: Floats, j: int) -> tuple[Floats, Floats]:
    """Take out one hypothesis: its weight goes along its arrows, its arrows are joined up."""
    new_weights = weights + weights[j] * transitions[j]
    there_and_back = transitions[:, j] * transitions[j]
    through = np.outer(transitions[:, j], transitions[j])
    kept = 1 - there_and_back
    with np.errstate(divide="ignore", invalid="ignore"):
        joined = (transitions + through) / kept[:, None]
    joined[kept <= _ROUNDING] = 0.0
    np.fill_diagonal(joined, 0.0)
    new_weights[j] = 0.0
    joined[j] = 0.0
    joined[:, j] = 0.0
    return new_weights, joined
