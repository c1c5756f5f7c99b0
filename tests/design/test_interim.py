"""Interim looks at a study: order, the comparison itself, decisions, and that nothing leaks."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from alsutils import design
from alsutils.design import interim
from alsutils.design.interim import RULES
from alsutils.design.looks import ADJUSTED, ALWAYS, EFFECTS, TESTS, UNADJUSTED
from alsutils.display import Figure, Prose, Table
from alsutils.stats.ancova import ancova
from alsutils.stats.group_sequential import spending_boundaries, stopped_estimate
from alsutils.stats.tidy import result_frame
from alsutils.stats.two_sample import Sample, mean_difference
from alsutils.study import ARM
from alsutils.study.errors import StudyError

FEW = 60  # random orders and trials, where their number does not matter


def large(adqs, n=12, gap=6.0):
    """Twelve patients an arm instead of a handful, with a clear effect."""
    rng = np.random.default_rng(3)
    rows = []
    for k in range(n):
        for arm in "CT":
            base = 40.0 + rng.normal()
            change = -8 + gap * (arm == "T") + 2 * rng.normal()
            for month, value in ((-2, base), (-1, base), (0, base), (4, base + change)):
                rows.append((f"{arm}{k}", month, value, None))
    table = pd.DataFrame(rows, columns=["USUBJID", "AVISITN", "AVAL", "DTYPE"])
    base = table[table["AVISITN"] == 0].set_index("USUBJID")["AVAL"]
    table["BASE"] = table["USUBJID"].map(base)
    return table.assign(PARAMCD="SCORE", CHG=table["AVAL"] - table["BASE"])


def many(_, n=12):
    """Pairs randomised a week apart, from 2020 on."""
    rows = [
        (f"{arm}{k}", arm, f"{pd.Timestamp('2020-01-01') + pd.Timedelta(weeks=k):%Y-%m-%d}")
        for k in range(n)
        for arm in "CT"
    ]
    adsl = pd.DataFrame(rows, columns=["USUBJID", "TRT01P", "RANDDT"])
    return adsl.assign(
        ITTFL="Y", EFFFL="Y", EOSSTT="COMPLETED", DCSREAS=None, AGE=60, SEX="F", SITE="a"
    )


@pytest.fixture(autouse=True)
def _coarse_curves(monkeypatch):
    monkeypatch.setattr(interim, "CURVE_POINTS", 7)


@pytest.fixture
def clear(make):
    return make(many, large)


def without_dates(subjects):
    return many(subjects).drop(columns="RANDDT")


def test_each_look_is_the_t_test_of_those_who_came_first(clear) -> None:
    found = design.interim_looks(clear, n_orders=FEW)
    records = clear.records("SCORE", "seen", [4]).merge(many(None)[["USUBJID", "RANDDT"]])
    records = records.sort_values("RANDDT", kind="stable")
    assert found.order == "randomisation"
    assert found.frame["n"].tolist() == [6, 12, 18, 24]
    for _, row in found.frame.iterrows():
        first = records.head(row["n"])
        groups = [Sample.of(first.loc[first[ARM] == arm, "CHG"]) for arm in ("Treated", "Control")]
        expected = mean_difference(*groups).frame.iloc[0]
        for name in expected.index.difference(["conf_low", "conf_high"]):
            assert row[name] == pytest.approx(expected[name]), name
        assert row["conf_low"] < expected["conf_low"]
        assert row["conf_high"] > expected["conf_high"]
        assert row["fraction"] == pytest.approx(row["n"] / 24)


def test_covariates_of_the_main_analysis_are_held_equal(make) -> None:
    primary = {
        "parameter": "SCORE",
        "visits": [4],
        "population": "seen",
        "covariates": ["BASE"],
        "main_analysis": "ancova",
    }
    study = make(many, large, primary=primary)
    found = design.interim_looks(study, n_orders=FEW)
    fitted = ancova(study.records("SCORE", "seen", [4]), "CHG", ARM, ["BASE"]).frame.iloc[0]
    last = found.frame.iloc[-1]
    for name in ("estimate", "std_error", "df", "statistic", "p_value"):
        assert last[name] == pytest.approx(fitted[name])
    assert "the value at baseline held equal" in design.tables.interim_looks(study, found).to_html()


def test_who_had_been_randomised_is_counted_on_the_day_of_the_look(clear) -> None:
    found = design.interim_looks(clear, n_orders=FEW)
    # Two patients a week; the visit is four months (17.4 weeks) after randomisation, later than the
    # last of twelve weeks.
    assert found.frame["randomised"].tolist() == [24] * 4
    assert "when all had been randomised already" in str(
        design.sentences.interim_looks(clear, found)
    )


def test_the_order_of_rows_does_not_matter_where_there_are_dates(make) -> None:
    def turned(subjects):
        order = many(subjects).sort_values("USUBJID", ascending=False)
        return order.sort_values("RANDDT", ascending=False, kind="stable")

    one, other = (
        design.interim_looks(make(change, large), n_orders=FEW) for change in (many, turned)
    )
    columns = ["n", "estimate", "z", "power_trend", "predictive", *RULES]
    pd.testing.assert_frame_equal(one.frame[columns], other.frame[columns])


@pytest.mark.parametrize(
    ("change", "order", "words"),
    [
        (without_dates, "file", "The data hold no dates, so patients are taken in the order of"),
        (
            lambda s: many(s).assign(RANDDT=lambda f: f["RANDDT"].where(f["USUBJID"] != "C3")),
            "file",
            "1 patient has no date",
        ),
        (lambda s: many(s).rename(columns={"RANDDT": "TRTSDT"}), "first treatment", "is missing"),
        (many, "randomisation", "counted from the date of randomisation"),
    ],
)
def test_the_order_is_said(make, change, order, words) -> None:
    study = make(change, large)
    found = design.interim_looks(study, n_orders=FEW)
    assert found.order == order
    assert words in str(design.sentences.interim_plan(study, found))
    assert found.frame["randomised"].isna().all() == (order == "file")


def test_an_order_that_study_yml_names_is_used(make) -> None:
    def numbered(subjects):
        adsl = without_dates(subjects)
        return adsl.assign(NUMBER=np.arange(len(adsl))[::-1])

    block = {"masking": "none", "randomisation": {"method": "simple", "order": "NUMBER"}}
    study = make(numbered, large, design=block)
    found = design.interim_looks(study, n_orders=FEW)
    assert found.order == "order"
    assert "of the column that sorts them" in str(design.sentences.interim_plan(study, found))


def test_a_lower_score_that_is_better_turns_the_path_over(make) -> None:
    scores = {"dataset": "adqs", "label": "Score", "unit": "points", "better": "lower"}
    up = design.interim_looks(make(many, large), n_orders=FEW)
    down = design.interim_looks(make(many, large, parameters={"SCORE": scores}), n_orders=FEW)
    np.testing.assert_allclose(up.frame["z"], -down.frame["z"])
    np.testing.assert_allclose(up.frame["estimate"], down.frame["estimate"])
    assert (up.outcomes["favours"] == "treatment").all()
    assert (down.outcomes["favours"] == "control").all()
    for name in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(up.outcomes[name], down.outcomes[name])


def test_a_clear_effect_stops_at_the_first_boundary_it_crosses(clear) -> None:
    found = design.interim_looks(clear, n_orders=FEW)
    for rule in RULES:
        path = found.frame
        first = path[path["z"].abs() >= path[rule]].iloc[0]
        outcome = found.outcomes.set_index("rule").loc[rule]
        assert outcome["early"]
        assert outcome["n"] == first["n"]
        assert outcome["naive"] == pytest.approx(first["estimate"])
        boundaries = spending_boundaries(path["fraction"], design.looks.SPENDING[rule], clear.alpha)
        error = first["estimate"] / first["z"]
        exact = stopped_estimate(boundaries, int(first["look"]), first["estimate"], error)
        assert outcome["estimate"] == pytest.approx(exact.estimate)
        assert outcome["p_value"] == pytest.approx(exact.p_value)
    text = str(design.sentences.interim_looks(clear, found))
    assert "stopped in favour of treatment" in text
    assert "% of the patients" in str(design.sentences.interim(clear, found))


def test_without_an_effect_the_trial_goes_on_and_looks_hopeless(make) -> None:
    study = make(many, lambda adqs: large(adqs, gap=-0.3))
    found = design.interim_looks(study, n_orders=FEW)
    assert not found.outcomes["early"].any()
    text = str(design.sentences.interim_looks(study, found))
    assert "No boundary would have stopped the trial before its end" in text
    assert "conditional power under the trend was below 20%" in text
    assert "would have stopped this trial early" in str(design.sentences.interim(study, found))


def test_planned_looks_are_taken_and_said(make) -> None:
    block = {"masking": "none"}
    planned = make(many, large, design=block | {"interim_looks": [0.4]})
    found = design.interim_looks(planned, n_orders=FEW)
    assert found.frame["share"].tolist() == [0.4, 1.0]
    assert "looks were planned: 40%" in str(design.sentences.interim_plan(planned, found))
    none = make(many, large, design=block | {"interim_looks": []})
    text = str(design.sentences.interim_plan(none, design.interim_looks(none, n_orders=FEW)))
    assert text.startswith("This trial planned no interim look.")
    silent = make(many, large, design=block)
    text = str(design.sentences.interim_plan(silent, design.interim_looks(silent, n_orders=FEW)))
    assert text.startswith("study.yml names no interim look")
    with pytest.raises(StudyError, match="interim_looks must rise"):
        make(many, large, design=block | {"interim_looks": [0.7, 0.4]})


def test_the_least_difference_that_matters_is_the_designs_effect(make) -> None:
    block = {"masking": "none", "minimal_important_difference": 30.0}
    study = make(many, large, design=block)
    found = design.interim_looks(study, n_orders=FEW)
    assert found.frame["power_effect"].iloc[0] > 0.999
    html = design.tables.conditional_power(study, found).to_html()
    assert "least difference that matters, 30" in html


def test_too_few_patients_are_told_and_break_nothing(make) -> None:
    study = make(lambda s: many(s, 4), lambda a: large(a, 4))
    found = design.interim_looks(study, n_orders=FEW)
    assert found is None
    shown = everything(study, found)
    check(shown)
    assert "Too few patients" in str(shown["plan"])


def test_small_steps_become_halves(study) -> None:
    found = design.interim_looks(study, n_orders=FEW)
    assert found.frame["share"].tolist() == [0.5, 1.0]
    check(everything(study, found))


def test_one_arm_alone_is_no_comparison(make) -> None:
    study = make(many, lambda a: large(a)[lambda f: f["USUBJID"].str[0] == "C"])
    assert design.interim_looks(study, n_orders=FEW) is None


def test_simulated_stops_agree_with_their_exact_means(clear) -> None:
    found = design.stopping_bias(clear, design.interim_looks(clear, n_orders=FEW))
    assert len(found.frame) == 4
    off = (found.frame["estimate"] - found.frame["exact"]) / found.frame["std_error"]
    assert off.abs().max() < 4
    beyond = found.frame["estimate"] > found.frame["true_difference"]
    assert beyond[found.frame["truth"] == "none"].all()


def test_peeking_and_reestimation_agree_with_their_exact_rates(study) -> None:
    seen, grown = design.peeking(study), design.reestimation(study)
    for result in (seen, grown):
        off = (result.frame["estimate"] - result.frame["exact"]) / result.frame["std_error"]
        assert off.abs().max() < 4
    assert seen.share(UNADJUSTED, 10) > 3 * study.alpha
    assert seen.share(ADJUSTED, 10) == pytest.approx(study.alpha, abs=0.003)
    rate = grown.frame.set_index(["rule", "effect", "test"])["exact"]
    assert rate[ALWAYS, 0.0, TESTS["pooled"]] > 0.03
    for rule in grown.frame["rule"].unique():
        assert rate[rule, 0.0, TESTS["combination"]] == pytest.approx(0.025, abs=1e-4)
        assert rate[rule, EFFECTS[-1], TESTS["combination"]] > 0.8


def test_the_same_seed_gives_the_same_numbers(clear) -> None:
    one, two = (design.interim_looks(clear, n_orders=FEW) for _ in range(2))
    pd.testing.assert_frame_equal(one.frame, two.frame)
    pd.testing.assert_frame_equal(one.outcomes, two.outcomes)


def everything(study, found):
    bias = design.stopping_bias(study, found, n_trials=2_000)
    choices = design.boundary_choices(study)
    seen = design.peeking(study, n_trials=2_000)
    grown = design.reestimation(study, n_trials=2_000)
    c, t, s = design.charts, design.tables, design.sentences
    return {
        "peeking": c.peeking(study, seen),
        "boundaries": c.boundaries(study, choices, found),
        "power": c.conditional_power(study, found),
        "bias": c.stopping_bias(study, bias),
        "costs": t.boundary_costs(study, choices),
        "looks table": t.interim_looks(study, found),
        "power table": t.conditional_power(study, found),
        "outcomes": t.interim_outcomes(study, found),
        "growing": t.reestimation(study, grown),
        "peeking words": s.peeking(study, seen),
        "plan": s.interim_plan(study, found),
        "looks": s.interim_looks(study, found),
        "bias words": s.stopping_bias(study, bias),
        "growing words": s.reestimation(study, grown),
        "key point": s.interim(study, found),
    }


def page_of(output):
    """Give all that a page would carry, without the picture for pages without scripts."""
    if isinstance(output, Figure):
        return json.dumps([output.spec(), output.description, output.caption], allow_nan=False)
    return output.to_html() if isinstance(output, Table) else output.text


def check(shown):
    for name, output in shown.items():
        assert isinstance(output, Figure | Table | Prose), name
        assert not re.search(r"\bnan\b|None|significan", page_of(output)), name
        rows = result_frame(output.results)
        json.dumps(rows.astype(object).where(rows.notna(), None).to_dict(), allow_nan=False)


def test_everything_is_shown(clear) -> None:
    shown = everything(clear, design.interim_looks(clear, n_orders=FEW))
    check(shown)
    for output in shown.values():
        if isinstance(output, Figure):
            assert output.description.endswith(".")
            assert "<svg" in output.to_svg()


def test_an_observed_study_with_three_arms_shows_no_patient(pilot) -> None:
    found = design.interim_looks(pilot, n_orders=FEW)
    assert found.frame["treated"].unique().tolist() == list(pilot.treated)
    assert found.frame[["n", "n_control", "n_treated", "randomised", "df"]].isna().all(axis=None)
    shown = everything(pilot, found)
    check(shown)
    page = "".join(map(page_of, shown.values()))
    subjects = pilot.subjects()
    assert not any(str(subject) in page for subject in subjects["USUBJID"])
    days = {str(day)[:10] for day in pd.to_datetime(subjects["TRTSDT"]).dropna()}
    assert not any(day in page for day in days)
