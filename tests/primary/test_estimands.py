"""The estimand and its intercurrent events, as study.yml and the data tell them."""

import re

import pytest

from alsutils import primary
from alsutils.study import Study, StudyError, load_study


def counts(study: Study) -> dict[tuple[str, str], int]:
    events = primary.estimands(study).events
    return {(row["event"], row["arm"]): row["n"] for row in events.to_dict("records")}


def test_events_are_counted_by_arm(twin: Study) -> None:
    found = counts(twin)
    patients = twin.subjects()
    for label, reason in (("Withdrawal", "Withdrawal by subject"), ("Death", "Death")):
        for arm in twin.arms:
            mine = patients[patients["ARM"] == arm]
            assert found[label, arm] == (mine["DCSREAS"] == reason).sum()
    assert found["Tracheostomy", twin.control] == 0


def test_deaths_after_the_last_visit_are_not_in_the_way(copy_of_twin) -> None:
    early = load_study(copy_of_twin(primary=lambda block: block.update(visits=[4])))
    # Of the four deaths within 6 months (months 3.7, 4.2, 4.7, 5.9) one comes before month 4.
    assert sum(n for (event, _), n in counts(early).items() if event == "Death") == 1


def test_without_the_block_reasons_and_deaths_are_found_out(twin: Study, copy_of_twin) -> None:
    derived = counts(load_study(copy_of_twin(intercurrent_events=[])))
    named = counts(twin)
    for arm in twin.arms:
        assert derived["Death", arm] == named["Death", arm]
        assert derived["Withdrawal by subject", arm] == named["Withdrawal", arm]
        assert derived["Lost to follow-up", arm] == named["Loss to follow-up", arm]
    assert len(derived) == 3 * len(twin.arms)


def test_the_tables_name_what_the_study_has(twin: Study, copy_of_twin) -> None:
    asked = primary.estimands(twin)
    page = primary.tables.estimand(asked).to_html()
    assert "change of ALSFRS-R total from baseline at month 4 and month 6" in page
    assert "Tracheostomy: Riluzole 0 of 31" in page
    assert "Joint rank and pairs" in primary.tables.estimands(asked).to_html()
    without = load_study(copy_of_twin(primary=lambda block: block.pop("death")))
    asked = primary.estimands(without)
    assert "Joint rank and pairs" not in primary.tables.estimands(asked).to_html()


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"label": "Relapse", "parameter": "RLPS"}, "'RLPS' is not one of time_to_event"),
        ({"label": "Relapse"}, "give either parameter or reasons"),
        ({"label": "Relapse", "parameter": "OS", "reasons": ["x"]}, "give either"),
    ],
)
def test_an_event_that_is_nowhere_is_a_problem_of_the_study(copy_of_twin, event, said) -> None:
    folder = copy_of_twin(intercurrent_events=[event])
    with pytest.raises(StudyError, match=re.escape(said)):
        load_study(folder)
