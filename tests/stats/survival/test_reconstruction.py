import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.hazards import cox
from alsutils.stats.survival import (
    ReconstructionError,
    at_risk,
    click_curve,
    kaplan_meier,
    reconstruct,
)


def trial(seed: int, n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    arm = np.arange(2 * n) % 2
    time, stop = rng.weibull(1.3, 2 * n) * 30 * np.exp(0.4 * arm), rng.uniform(6, 48, 2 * n)
    return pd.DataFrame({"time": np.minimum(time, stop), "event": time <= stop, "arm": arm})


def read_back(group: pd.DataFrame, **how):
    curve = kaplan_meier(group["time"], group["event"])
    clicks, moments = click_curve(curve), np.arange(0, curve.last, 6)
    return curve, reconstruct(
        clicks["time"], clicks["share"], moments, at_risk(curve, moments), **how
    )


@pytest.mark.parametrize("seed", range(4))
def test_curve_events_and_hazard_ratio_come_back(seed: int) -> None:
    patients = trial(seed)
    parts = []
    for arm, group in patients.groupby("arm"):
        curve, found = read_back(group, events=int(group["event"].sum()))
        parts.append(found.frame.assign(arm=arm))
        # A share is read to a thousandth; near the end one patient is several per cent.
        early = found.curve.frame[found.curve.frame["time"] < 36]
        place = np.searchsorted(curve.frame["time"], early["time"], side="right") - 1
        heights = curve.frame["estimate"].to_numpy()[place]
        assert np.abs(heights - early["estimate"]).max() < 0.012
        assert len(found.frame) == len(group)
        assert abs(found.frame["event"].sum() - group["event"].sum()) <= 1
        assert found.intervals["at_risk"].iloc[0] == len(group)
        assert (found.intervals["events"] + found.intervals["censored"]).sum() == len(group)
    both = pd.concat(parts, ignore_index=True)
    true, back = (cox(d["time"], d["event"], d[["arm"]]).frame.iloc[0] for d in (patients, both))
    # Guyot and others found hazard ratios within a few per cent.
    assert back["estimate"] == pytest.approx(true["estimate"], abs=0.03)
    assert back["std_error"] == pytest.approx(true["std_error"], rel=0.01)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 9999))
def test_exact_clicks_and_every_number_at_risk_give_the_patients(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    time, event = rng.integers(1, 12, n).astype(float), rng.random(n) < 0.6
    curve = kaplan_meier(time, event)
    clicks = click_curve(curve, resolution=1e-9)
    moments = curve.frame["time"].to_numpy()
    found = reconstruct(
        clicks["time"], clicks["share"], moments, at_risk(curve, moments), int(event.sum())
    )
    np.testing.assert_array_less(np.diff(clicks["share"])[:-1], 0)  # one click after each step
    assert len(found.frame) == n
    assert sorted(found.frame["time"][found.frame["event"]]) == sorted(time[event])
    assert found.gap < 1e-6
    # Who was censored at one of the times is put before the next one.
    censored = np.sort(found.frame["time"][~found.frame["event"]])
    early, late = np.sort(time[~event]), np.append(moments, moments[-1])
    nexts = late[np.searchsorted(moments, early) + 1]
    assert ((censored >= early) & (censored <= nexts)).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999), clicks=st.integers(2, 60), known=st.booleans())
def test_any_clicks_give_as_many_patients_as_were_at_risk(seed, clicks, known) -> None:
    group = trial(seed, 20)
    curve = kaplan_meier(group["time"], group["event"])
    points, moments = click_curve(curve, clicks, 0.01), np.arange(0, curve.last, 9)
    events = int(group["event"].sum()) if known else None
    found = reconstruct(points["time"], points["share"], moments, at_risk(curve, moments), events)
    assert len(found.frame) == len(group)
    assert found.frame["time"].between(0, curve.last).all()


def test_one_number_at_risk_and_no_events() -> None:
    found = reconstruct([0, 10], [1.0, 1.0], [0], [25])
    assert found.frame["event"].sum() == 0
    assert found.frame["time"].tolist() == [10.0] * 25
    found = reconstruct([0, 5, 10], [1.0, 0.5, 0.0], [0], [10])
    assert found.frame["event"].sum() == 10


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([], [], [0], [5]), "0 times"),
        (([0, 1], [100, 90], [0], [5]), "per cent"),
        (([0, 1], [1, 0.9], [0, 1], [5]), "as many numbers"),
        (([0, 1], [1, 0.9], [0, 1], [5, 6]), "cannot rise"),
        (([0, 1], [1, 0.9], [1], [5]), "rise from 0"),
        (([0, -1], [1, 0.9], [0], [5]), "at least 0"),
        (([0, 1], [1, 0.9], [0], [0]), "nobody"),
    ],
)
def test_what_cannot_be_read_is_named(arguments, words) -> None:
    with pytest.raises(ReconstructionError, match=words):
        reconstruct(*arguments)
