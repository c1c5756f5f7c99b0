import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.linalg import solve_banded

from alsutils.stats.survival import (
    BandError,
    band_critical_value,
    kaplan_meier,
    simultaneous_band,
)

EXACT = 1e-9
PRINTED = 6e-5  # the tables have four decimals
# The tables for equal precision come from a tail approximation of the crossing probability,
# which the sources say is off in the second decimal where the stretch is short.
APPROXIMATED = 0.012


def table(from_r, kind: str) -> pd.DataFrame:
    printed = from_r("curves")["tables"][kind]
    rows = np.array([[np.nan if v is None else v for v in row] for row in printed["value"]], float)
    lows = [int(name.removeprefix("al")) / 100 for name in printed["low"]]
    return pd.DataFrame(rows, index=np.round(0.10 + 0.02 * np.arange(len(rows)), 2), columns=lows)


CELLS = [(0.1, 0.0), (0.3, 0.1), (0.5, 0.0), (0.6, 0.4), (0.9, 0.1), (1.0, 0.0)]


@pytest.mark.parametrize(("high", "low"), CELLS)
def test_hall_wellner_values_are_those_of_the_published_table(from_r, high, low) -> None:
    printed = table(from_r, "hall").loc[high, low]
    assert band_critical_value("Hall-Wellner", low, high) == pytest.approx(printed, abs=PRINTED)


def test_the_whole_bridge_has_kolmogorovs_distribution() -> None:
    for level in (0.8, 0.95, 0.99):
        exact = stats.kstwobign.ppf(level)
        assert band_critical_value("Hall-Wellner", 0, 1, level) == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize(("high", "low"), [(0.1, 0.02), (0.3, 0.1), (0.9, 0.1), (0.98, 0.02)])
def test_equal_precision_values_are_near_the_published_table(from_r, high, low) -> None:
    printed = table(from_r, "equal").loc[high, low]
    value = band_critical_value("equal precision", low, high)
    assert value == pytest.approx(printed, abs=APPROXIMATED)


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.9), (0.2, 0.4)])
def test_equal_precision_values_solve_the_equation_of_diffusion(low: float, high: float) -> None:
    """Share of an Ornstein-Uhlenbeck process that never left, by finite differences."""
    limit = band_critical_value("equal precision", low, high)
    x = np.linspace(-limit, limit, 1201)
    step = x[1] - x[0]
    length = 0.5 * np.log(high * (1 - low) / (low * (1 - high)))
    ticks = 1500
    dt = length / ticks
    inner = x[1:-1]
    up, down = 1 / step**2 - inner / (2 * step), 1 / step**2 + inner / (2 * step)
    band = np.zeros((3, len(inner)))
    band[0, 1:], band[1], band[2, :-1] = -dt * up[:-1], 1 + 2 * dt / step**2, -dt * down[1:]
    stays = np.ones(len(inner))
    for _ in range(ticks):
        stays = solve_banded((1, 1), band, stays)
    share = np.sum(stays * stats.norm.pdf(inner)) * step
    assert share == pytest.approx(0.95, abs=5e-4)  # error of the scheme, first order in time


@pytest.mark.parametrize(
    ("kind", "transform", "name"),
    [
        ("Hall-Wellner", "plain", "hall_plain"),
        ("Hall-Wellner", "log-log", "hall_log"),
        ("equal precision", "plain", "equal_plain"),
        ("equal precision", "log-log", "equal_log"),
    ],
)
def test_bands_agree_with_km_ci(from_r, two: pd.DataFrame, kind, transform, name) -> None:
    expected = from_r("curves")["bands"][name]
    band = simultaneous_band(kaplan_meier(two["time"], two["event"]), kind, 4, 30, transform)
    ours = band.frame.set_index("time")
    theirs = pd.DataFrame(expected).set_index("time").astype(float).clip(0, 1)
    times = [t for t in ours.index if t in theirs.index and theirs["lower"].notna()[t]]
    assert len(times) > 10
    # km.ci looks its constants up in tables with steps of 0.02 in a.
    np.testing.assert_allclose(ours.loc[times, "conf_low"], theirs.loc[times, "lower"], atol=0.006)
    np.testing.assert_allclose(ours.loc[times, "conf_high"], theirs.loc[times, "upper"], atol=0.006)


def test_equal_precision_is_the_pointwise_interval_stretched(two: pd.DataFrame) -> None:
    curve = kaplan_meier(two["time"], two["event"], interval="plain")
    band = simultaneous_band(curve, transform="plain")
    both = band.frame.merge(curve.frame, on="time", suffixes=("", "_pointwise"))
    uncut = both[both["conf_high"] < 1]
    stretch = (uncut["conf_high"] - uncut["estimate"]) / uncut["std_error"]
    np.testing.assert_allclose(stretch, band.critical, rtol=EXACT)
    assert band.critical > stats.norm.ppf(0.975)


def test_a_wider_stretch_has_a_wider_band() -> None:
    narrow, wide = (band_critical_value("equal precision", 0.4 - w, 0.6 + w) for w in (0, 0.3))
    point = band_critical_value("equal precision", 0.5, 0.51)
    assert stats.norm.ppf(0.975) < point < narrow < wide
    assert point == pytest.approx(stats.norm.ppf(0.975), abs=0.2)


@pytest.mark.parametrize("kind", ["equal precision", "Hall-Wellner"])
def test_bands_hold_the_whole_curve_as_often_as_they_say(kind: str) -> None:
    rng = np.random.default_rng(5)
    trials, held = 150, 0
    for _ in range(trials):
        time, stop = rng.exponential(10, 150), rng.uniform(2, 30, 150)
        curve = kaplan_meier(np.minimum(time, stop), time <= stop)
        frame = simultaneous_band(curve, kind, 1.0, 15.0).frame
        start, end = frame["time"].to_numpy(), np.append(frame["time"].to_numpy()[1:], 15.0)
        low, high = frame["conf_low"].to_numpy(), frame["conf_high"].to_numpy()
        # Between two steps the true curve is highest at the first and lowest at the second.
        held += bool((np.exp(-start / 10) <= high).all() and (np.exp(-end / 10) >= low).all())
    # Three Monte Carlo standard errors around 95%.
    assert held / trials == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / trials))


def test_stretches_without_a_band_are_refused() -> None:
    curve = kaplan_meier([1, 2, 3, 4], [True, False, False, False])
    with pytest.raises(BandError, match="events at two times"):
        simultaneous_band(curve)
    with pytest.raises(BandError, match="events at two times"):
        simultaneous_band(kaplan_meier([1, 2], [False, False]))
    with pytest.raises(BandError, match="equal precision"):
        band_critical_value("equal precision", 0.0, 0.5)
