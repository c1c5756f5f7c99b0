"""The primary hypotheses as one family: by hand, with the study's own graph, and one alone."""

import re

import pytest

from alsutils import primary
from alsutils.display import Prose
from alsutils.study import Study, StudyError, load_study


def test_two_visits_in_line(twin: Study) -> None:
    family = primary.multiplicity(twin)
    early, late = primary.published_analysis(twin).frame.sort_values("visit_number")["p_value"]
    frame = family.frame.set_index("hypothesis")
    assert frame["p_value"].tolist() == [early, late]
    assert frame["fixed_sequence"].tolist() == [early, max(early, late)]
    assert frame["graphical"].tolist() == frame["fixed_sequence"].tolist()
    assert frame["bonferroni"].tolist() == pytest.approx([2 * early, 2 * late])
    assert frame["holm"].tolist() == pytest.approx([2 * early, late])
    assert frame["hochberg"].tolist() == pytest.approx([2 * early, late])
    assert len(family.results) == 2 * 5
    words = str(primary.sentences.multiplicity(twin, family))
    assert words.startswith("Of 2 primary hypotheses, 2 have p at or below 0.05.")


def test_the_graph_of_the_study_is_used_and_drawn(copy_of_twin) -> None:
    def shared(block: dict) -> None:
        block["graph"] = {"weights": [0.2, 0.8], "transitions": [[0, 1], [0.5, 0]]}

    study = load_study(copy_of_twin(primary=shared))
    family = primary.multiplicity(study)
    early, late = family.frame["p_value"]
    first, second = early / 0.2, late / 0.8
    assert first < second  # so the first goes first and hands on all it has
    assert family.frame["graphical"].tolist() == pytest.approx([first, max(first, late)])
    drawn = primary.charts.level_graph(study, family)
    assert "Month 6 hands 50% of its level to Month 4" in drawn.description
    assert drawn.to_svg().count("<path") == 2
    assert drawn.to_svg().count("<circle") == 2


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        ({"weights": [0.5, 0.6], "transitions": [[0, 1], [1, 0]]}, "at most 1 in all"),
        ({"weights": [1], "transitions": [[0]]}, "2 hypotheses need 2 weights"),
        ({"weights": [1, 0], "transitions": [[0, 1], [1]]}, "as many numbers in each row"),
        ({"weights": [1, 0], "transitions": [[0, 2], [1, 0]]}, "more than 1 in all"),
    ],
)
def test_a_graph_that_does_not_fit_is_a_problem_of_the_study(copy_of_twin, graph, said) -> None:
    folder = copy_of_twin(primary=lambda block: block.update(graph=graph))
    with pytest.raises(StudyError, match=re.escape(said)):
        load_study(folder)


def test_one_hypothesis_needs_no_adjustment(copy_of_twin) -> None:
    study = load_study(copy_of_twin(primary=lambda block: block.update(visits=[6])))
    family = primary.multiplicity(study)
    assert isinstance(primary.charts.level_graph(study, family), Prose)
    assert "one primary hypothesis" in str(primary.tables.multiplicity(study, family))
    assert str(primary.sentences.multiplicity(study, family)) == ""
