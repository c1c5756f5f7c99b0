"""Several chances to find a difference: the primary visits and arms as one family of tests."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.primary.analysis import published_analysis
from alsutils.stats.gatekeeping import GraphicalTest, HypothesisGraph, family_tests, graphical_test
from alsutils.study import Study

PROCEDURES = {
    "fixed_sequence": "fixed sequence",
    "holm": "Holm",
    "hochberg": "Hochberg",
    "bonferroni": "Bonferroni",
    "graphical": "graph",
}


@dataclass(frozen=True, eq=False)
class Family:
    """The primary hypotheses, tested together.

    Attributes
    ----------
    frame : DataFrame
        The result columns of the main analysis, one row a hypothesis in the order in which a fixed
        sequence takes them, with ``hypothesis``, ``treated``, ``visit_number`` and one column of
        adjusted p-values for each of PROCEDURES.
    test : GraphicalTest
        The graphical procedure, step by step.
    notes : tuple of str
        Which hypotheses could not be tested.
    """

    frame: pd.DataFrame
    test: GraphicalTest
    notes: tuple[str, ...]

    @property
    def results(self) -> pd.DataFrame:
        """The result columns, one row a hypothesis and procedure, with adjusted p-values."""
        parts = [
            self.frame.assign(
                analysis=self.frame["analysis"] + f", p adjusted: {words}",
                p_value=self.frame[name],
            )
            for name, words in PROCEDURES.items()
        ]
        return pd.concat(parts, ignore_index=True)


def multiplicity(study: Study) -> Family:
    """Test the primary endpoint at every primary visit and in every arm as one family.

    Parameters
    ----------
    study : Study
        The order of its primary visits is that of the fixed sequence; ``graph`` of the primary
        endpoint says how the level is shared and handed on. Without it every arm starts with the
        same share and hands it from visit to visit, and at the end to the other arms.

    Returns
    -------
    Family
        A hypothesis that could not be tested counts with p = 1.

    References
    ----------
    Bretz F, Maurer W, Brannath W, Posch M. A graphical approach to sequentially rejective multiple
    test procedures. Stat Med 2009;28:586-604. doi:10.1002/sim.3495
    """
    main = published_analysis(study)
    found = main.frame.set_index(["visit_number", "treated"])
    keys = [(visit, arm) for visit in study.primary.visits for arm in study.treated]
    frame = found.reindex(pd.MultiIndex.from_tuples(keys, names=found.index.names)).reset_index()
    several = len(study.treated) > 1
    frame["hypothesis"] = [
        study.visit_label(visit) + (f", {arm}" if several else "") for visit, arm in keys
    ]
    missing = frame["p_value"].isna()
    p = frame["p_value"].fillna(1.0)
    names = frame["hypothesis"].tolist()
    graph = _graph(study, names)
    family = family_tests(p, names, study.alpha, graph).frame
    for name in PROCEDURES:
        frame[name] = family.loc[family["method"] == name, "adjusted_p"].to_numpy()
    untested = [
        f"{name} could not be tested and counts with p = 1."
        for name in frame.loc[missing, "hypothesis"]
    ]
    return Family(frame, graphical_test(p, graph, study.alpha), (*main.notes, *untested))


def _graph(study: Study, names: list[str]) -> HypothesisGraph:
    """Take the study's graph, or let each arm pass its level from visit to visit."""
    given = study.primary.graph
    if given is not None:
        return HypothesisGraph(tuple(names), np.array(given.weights), np.array(given.transitions))
    visits, arms = len(study.primary.visits), len(study.treated)
    weights = np.zeros((visits, arms))
    weights[0] = 1 / arms
    transitions = np.zeros((visits, arms, visits, arms))
    for arm in range(arms):
        for visit in range(visits - 1):
            transitions[visit, arm, visit + 1, arm] = 1
        for other in set(range(arms)) - {arm}:
            transitions[visits - 1, arm, 0, other] = 1 / (arms - 1)
    size = visits * arms
    return HypothesisGraph(tuple(names), weights.ravel(), transitions.reshape(size, size))
