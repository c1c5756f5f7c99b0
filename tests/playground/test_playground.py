"""The sentences under the sliders, computed by Vega, against simulation and other formulas."""

import html
import re

import numpy as np
import pytest
import vl_convert
from scipy import integrate, stats

from alsutils import playground
from alsutils.playground import chance, patients, times
from alsutils.stats.power import MeanTest
from alsutils.stats.strength import normal_posterior
from alsutils.stats.wins import Continuous, win_statistics

MANY = 200_000
NOISE = 4 / np.sqrt(MANY)  # four standard errors of a share in so many draws, at its widest


def sentence(figure, **moved):
    """Let Vega write the sentence under the sliders, some of them moved."""
    params = []
    for param in figure.spec()["params"]:
        if "bind" in param:
            value = moved.pop(param["name"], param["value"])
            assert param["bind"]["min"] <= value <= param["bind"]["max"]
            params.append({"name": param["name"], "value": value})
    assert not moved
    spec = {
        "params": params,
        "data": {"values": [{}]},
        "mark": {"type": "text", "limit": 0},
        "encoding": {"text": {"value": {"expr": figure.readout}}},
    }
    svg = vl_convert.vegalite_to_svg(spec)
    return html.unescape(re.search(r"<text[^>]*>([^<]+)</text>", svg)[1]).replace("−", "-")


def numbers(text):
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text)]


@pytest.mark.parametrize("name", playground.__all__)
def test_every_chart_can_be_played_read_and_drawn(name):
    figure = getattr(playground, name)()
    spec = figure.spec()
    bound = [p["bind"]["name"] for p in spec["params"] if "bind" in p]
    assert bound
    assert len(figure.description) > 60
    assert "Try it:" in figure.caption
    svg = vl_convert.vegalite_to_svg({**spec, "width": 330})
    assert svg.count("<path") > 3
    assert "NaN" not in svg
    assert not re.search(r"NaN|Infinity|undefined", sentence(figure))


@pytest.mark.parametrize("name", playground.__all__)
def test_the_ends_of_every_slider_have_a_figure(name):
    figure = getattr(playground, name)()
    for param in figure.spec()["params"]:
        for end in ("min", "max"):
            if "bind" in param:
                moved = sentence(figure, **{param["name"]: param["bind"][end]})
                assert not re.search(r"NaN|Infinity|undefined", moved), moved


@pytest.mark.parametrize("effect", [0, 1, 2.8])
def test_p_values(effect):
    share = numbers(sentence(playground.p_values(), effect=effect))[1] / 100
    z = stats.norm.isf(0.025)
    assert share == pytest.approx(
        stats.norm.sf(z - effect) + stats.norm.cdf(-z - effect), abs=0.005
    )


def test_the_bars_of_p_values_add_up():
    spec = playground.p_values().spec()
    drawn = vl_convert.vegalite_to_svg({**spec, "width": 330})
    shares = [float(s) for s in re.findall(r"Share of trials: ([\d.]+)%", drawn)]
    assert len(shares) == 20
    assert shares == pytest.approx([5.0] * 20, abs=0.01)


@pytest.mark.parametrize(("number", "together"), [(1, 0.5), (20, 0), (40, 0.5), (100, 0.95)])
def test_forks(number, together):
    told = sentence(playground.forks(), number=number, together=together)
    z = stats.norm.isf(chance.ALPHA / 2)

    def silent(x):
        ends = (np.array([z, -z]) - np.sqrt(together) * x) / np.sqrt(1 - together)
        inside = stats.norm.cdf(ends[0]) - stats.norm.cdf(ends[1])
        return inside**number * stats.norm.pdf(x)

    exact = 1 - integrate.quad(silent, -9, 9, points=[-2, 2], limit=400)[0]
    assert numbers(told)[1] / 100 == pytest.approx(exact, abs=0.0075)  # of which rounding is 0.005


def test_priors():
    told = numbers(sentence(playground.priors(), before=1.0, doubt=0.5).replace("95%", ""))
    found = normal_posterior(chance.ESTIMATE, chance.STD_ERROR, 1.0, 0.5)
    assert told[:3] == pytest.approx([found.estimate, found.conf_low, found.conf_high], abs=0.0051)
    assert told[-1] / 100 == pytest.approx(found.probability_above, abs=0.00051)


@pytest.mark.parametrize(("noise", "bar"), [(4, 30), (8, 26), (0, 33)])
def test_regression_to_mean(noise, bar):
    entry, later, rise = numbers(sentence(playground.regression_to_mean(), noise=noise, bar=bar))
    rng = np.random.default_rng(1)
    true = rng.normal(patients.MEAN, patients.SPREAD, MANY)
    first, second = true + noise * rng.normal(size=(2, MANY))
    chosen = first < bar
    error = 4 * second[chosen].std() / np.sqrt(chosen.sum()) + 0.05
    assert entry == pytest.approx(first[chosen].mean(), abs=error)
    assert later == pytest.approx(second[chosen].mean(), abs=error)
    assert rise == pytest.approx(later - entry, abs=0.11)


@pytest.mark.parametrize(("treated", "control"), [(15, 5), (40, 0), (10, 10)])
def test_carried_forward(treated, control):
    told = sentence(playground.carried_forward(), leave1=treated, leave0=control)
    rng = np.random.default_rng(2)
    means = []
    for leave in (treated, control):
        stays = rng.random((MANY, patients.VISITS)) >= leave / 100
        means.append(-np.cumprod(stays, axis=1).sum(axis=1).mean())
    assert numbers(told)[0] == pytest.approx(means[0] - means[1], abs=0.05 + 3 * NOISE)


def test_ties():
    ratio, odds, benefit, tied = numbers(sentence(playground.ties(), gain=0.5, margin=1))
    rng = np.random.default_rng(3)
    treated = np.arange(6000) % 2 == 1
    values = rng.normal(0.5 * treated)
    found = win_statistics([Continuous(values, tie_within=1.0)], treated)
    measures = found.frame.set_index("measure")["estimate"]
    assert ratio == pytest.approx(measures["win_ratio"], rel=0.12)
    assert odds == pytest.approx(measures["win_odds"], rel=0.08)
    assert benefit / 100 == pytest.approx(measures["net_benefit"], abs=0.04)
    assert tied / 100 == pytest.approx(found.layers["tie_share"].iloc[-1], abs=0.03)


@pytest.mark.parametrize("until", [3, 24, 60])
def test_horizon(until):
    told = numbers(sentence(playground.horizon(), until=until))
    grid = np.linspace(0, until, 20_001)
    control = np.exp(-grid / times.MEAN_TIME)
    late = np.exp(-times.DELAY / times.MEAN_TIME - (grid - times.DELAY) / times.LATER_MEAN)
    treated = np.where(grid <= times.DELAY, control, late)
    areas = [integrate.trapezoid(curve, grid) for curve in (treated, control)]
    assert told == pytest.approx([until, *areas, areas[0] - areas[1]], abs=0.051)


@pytest.mark.parametrize("known", [0, 6, 18])
def test_immortal_time(known):
    told = numbers(sentence(playground.immortal_time(), known=known))
    rng = np.random.default_rng(4)
    time = rng.exponential(times.IMMORTAL_MEAN, MANY)
    responds = (time > known) & (rng.random(MANY) < times.RESPOND)
    alive = [100 * (time[group] > times.SEEN_AT).mean() for group in (responds, ~responds)]
    assert told[1:3] == pytest.approx(alive, abs=0.5 + 100 * 2 * NOISE)


@pytest.mark.parametrize(("patients", "gain", "sd"), [(60, 2, 4), (12, 4.5, 4), (200, 0, 6)])
def test_power(patients, gain, sd):
    shown = numbers(sentence(playground.power(), patients=patients, gain=gain, sd=sd))[2] / 100
    plan = MeanTest(sd=sd)
    expected = 0.05 if gain == 0 else float(plan.power(gain, patients, patients))
    assert shown == pytest.approx(expected, abs=0.01)  # the formula is near, and it is rounded


@pytest.mark.parametrize(("truth", "spread"), [(0.7, 1), (1.5, 0.5), (1, 2)])
def test_numbers_written_below_a_limit(truth, spread):
    shown = numbers(sentence(playground.below_limit(), truth=truth, spread=spread))[1]
    rng = np.random.default_rng(4)
    control, treated = rng.normal([[0], [np.log(truth)]], spread, (2, MANY))
    limit = 0.0  # the median of the controls, as a logarithm
    written = [np.where(v < limit, np.log(0.5), v).mean() for v in (treated, control)]
    assert shown == pytest.approx(np.exp(written[0] - written[1]), abs=0.005 + 2 * spread * NOISE)
