"""Mean cumulative numbers of events, against survival and numerical jackknife in R."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alsutils.stats.recurrent import mean_at, mean_cumulative_events, mean_difference

REFERENCE = Path(__file__).parents[1] / "reference" / "recurrent"
EXACT = 1e-10
DERIVATIVE = 1e-7  # R takes the derivative in the weights numerically, in steps of 1e-5

PATIENTS = pd.read_csv(REFERENCE / "patients.csv")
EVENTS = pd.read_csv(REFERENCE / "events.csv")
MEANS = pd.read_csv(REFERENCE / "means.csv", skipinitialspace=True)


def curve(died=None, **options):
    return mean_cumulative_events(
        EVENTS["subject"], EVENTS["day"], PATIENTS["subject"], PATIENTS["end"], died, **options
    )


def test_without_deaths_it_agrees_with_survfit():
    frame = curve().frame.iloc[1:]
    np.testing.assert_allclose(frame["time"], MEANS["time"])
    np.testing.assert_allclose(frame["estimate"], MEANS["survfit"], rtol=EXACT)
    np.testing.assert_allclose(frame["std_error"], MEANS["survfit_error"], rtol=EXACT)
    np.testing.assert_allclose(frame["std_error"], MEANS["nelson_error"], rtol=DERIVATIVE)


def test_with_deaths_it_agrees_with_the_weighted_estimator():
    frame = curve(PATIENTS["died"]).frame.iloc[1:]
    np.testing.assert_allclose(frame["estimate"], MEANS["ghosh"], rtol=EXACT)
    np.testing.assert_allclose(frame["std_error"], MEANS["ghosh_error"], rtol=DERIVATIVE)
    np.testing.assert_allclose(
        np.sqrt(frame["conf_low"] * frame["conf_high"]), frame["estimate"], rtol=EXACT
    )


def test_without_anybody_leaving_it_is_the_plain_mean():
    found = mean_cumulative_events(list("aabc"), [1, 4, 2, 9], list("abcd"), [5, 5, 5, 5])
    assert found.left_out == 1
    assert found.frame["estimate"].tolist() == [0, 0.25, 0.5, 0.75]
    numbers = np.array([2, 1, 0, 0])
    assert found.frame["std_error"].iloc[-1] == pytest.approx(numbers.std() / 2)


def test_a_death_ends_the_events_but_not_the_patient():
    # Both had one event before the first died; the other had two more.
    who, when = ["a", "b", "b", "b"], [1, 1, 5, 6]
    dead = mean_cumulative_events(who, when, ["a", "b"], [3, 8], [True, False])
    gone = mean_cumulative_events(who, when, ["a", "b"], [3, 8])
    assert dead.frame["estimate"].iloc[-1] == pytest.approx(1 + 0.5 + 0.5)
    assert gone.frame["estimate"].iloc[-1] == pytest.approx(1 + 1 + 1)


def test_order_units_and_names_change_nothing():
    rng = np.random.default_rng(2)
    events, patients = (
        EVENTS.sample(frac=1, random_state=1),
        PATIENTS.sample(frac=1, random_state=2),
    )
    other = mean_cumulative_events(
        events["subject"].str.replace("P", "x"),
        events["day"] / 7,
        patients["subject"].str.replace("P", "x"),
        patients["end"] / 7,
        patients["died"],
    ).frame
    here = curve(PATIENTS["died"]).frame
    np.testing.assert_allclose(other["time"] * 7, here["time"])
    np.testing.assert_allclose(other["std_error"], here["std_error"], rtol=1e-9)
    chosen = np.sort(rng.choice(here["time"][1:], 6, replace=False))
    some = curve(PATIENTS["died"], times=chosen).frame.iloc[1:]
    whole = here[here["time"].isin(chosen)]
    np.testing.assert_allclose(some["std_error"], whole["std_error"])
    assert some["at_risk"].tolist() == [(PATIENTS["end"] >= t).sum() for t in chosen]


def test_chosen_times_need_not_be_times_of_events():
    found = curve(times=[0, 2.5, 1000]).frame
    assert found["time"].tolist() == [0, 2.5]
    assert found["estimate"].iloc[1] == MEANS["nelson"].iloc[1]
    early = curve(times=[0.5]).frame
    assert early[["estimate", "std_error"]].to_numpy().tolist() == [[0, 0], [0, 0]]


def test_an_event_at_the_start_counts_from_the_start_and_one_before_not_at_all():
    found = mean_cumulative_events(["a", "a", "b"], [0, 2, -1], ["a", "b"], [3, 4])
    assert found.left_out == 1
    assert found.frame["time"].tolist() == [0, 2]
    assert found.frame["estimate"].tolist() == [0.5, 1]


def test_no_event_is_a_flat_curve_with_an_upper_limit():
    found = mean_cumulative_events([], [], ["a", "b"], [3, 4])
    assert found.frame["estimate"].tolist() == [0]
    at = mean_at(found, 2)
    assert (at.estimate, at.conf_low) == (0, 0)
    # With this mean in each of two patients, seeing nothing has probability 0.025.
    assert np.exp(-2 * at.conf_high) == pytest.approx(0.025)
    assert np.isnan(mean_at(found, 5).estimate)
    assert mean_at(mean_cumulative_events([], [], ["a"], [3], [True]), 5).estimate == 0


def test_a_difference_joins_the_limits_of_both_means():
    half = PATIENTS["subject"] <= "P20"
    parts = [
        mean_cumulative_events(EVENTS["subject"], EVENTS["day"], d["subject"], d["end"])
        for d in (PATIENTS[half], PATIENTS[~half])
    ]
    assert parts[0].left_out + parts[1].left_out == len(EVENTS)
    found, back = mean_difference(*parts, time=15), mean_difference(*parts[::-1], time=15)
    one, two = (mean_at(part, 15) for part in parts)
    assert found.estimate == pytest.approx(one.estimate - two.estimate)
    assert found.std_error == pytest.approx(np.hypot(one.std_error, two.std_error))
    assert found.conf_low == pytest.approx(-back.conf_high)
    assert (found.p_value < 0.05) == (found.conf_low > 0 or found.conf_high < 0)


@pytest.mark.parametrize(
    ("patients", "words"),
    [
        ({"subject": ["a", "a"], "end": [1, 2]}, "more than once"),
        ({"subject": ["a", "b"], "end": [1, np.nan]}, "at least 0"),
        ({"subject": ["a", "b"], "end": [1, 2], "died": [True]}, "expected one of each"),
    ],
)
def test_bad_input_is_named(patients, words):
    with pytest.raises(ValueError, match=words):
        mean_cumulative_events(["a"], [1.0], **patients)


def test_intervals_cover_where_events_hang_together():
    rng = np.random.default_rng(8)
    trials, n, horizon = 250, 90, 10.0
    covered = []
    truth = 0.3 * (1 - np.exp(-0.04 * horizon)) / 0.04
    for _ in range(trials):
        own = rng.gamma(1, 1, n)
        death, leaves = rng.exponential(25, n), rng.uniform(6, 30, n)
        end = np.minimum(death, leaves)
        number = rng.poisson(0.3 * own * end)
        who = np.repeat(np.arange(n), number)
        when = rng.random(len(who)) * end[who]
        times = [horizon]
        found = mean_cumulative_events(who, when, np.arange(n), end, death < leaves, times)
        at = mean_at(found, horizon)
        covered.append(at.conf_low <= truth <= at.conf_high)
    # Four simulation errors of a share of 0.95 in 250 trials.
    assert abs(np.mean(covered) - 0.95) < 0.055
