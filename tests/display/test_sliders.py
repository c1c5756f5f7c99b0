"""Charts with sliders: what Vega computes in the page beside the exact distribution."""

import doctest
import json
import re

import altair as alt
import numpy as np
import pandas as pd
import pytest
import vl_convert
from scipy import stats

from alsutils.display import Figure, sliders
from alsutils.display.sliders import slider, t_power

# The page writes whole percentages; from 8 degrees of freedom on none is off by more than half one.
HALF_A_POINT = 0.005
SMALL_ARMS = 0.02  # four patients an arm; below, no curve is drawn
DF = np.array([6, 7, 8, 9, 10, 12, 16, 20, 30, 50, 100, 300, 2000])
DRIFT = np.linspace(0, 8, 81)


def in_vega(frame: pd.DataFrame, expression: str) -> np.ndarray:
    """Let Vega itself compute an expression for every row, and read the numbers it draws."""
    chart = alt.Chart(frame).transform_calculate(found=expression).mark_text()
    chart = chart.encode(x="df:Q", y="drift:Q", text=alt.Text("found:Q", format=".7f"))
    spec = chart.to_dict()
    spec["config"] = {"axis": {"labels": False, "title": None}}
    svg = vl_convert.vegalite_to_svg(spec)
    return np.array(re.findall(r">(\d\.\d{7})</text>", svg), dtype=float)


def exact(drift, df, alpha):
    t = stats.t.isf(alpha / 2, df)
    lower = np.nan_to_num(stats.nct.cdf(-t, df, drift))  # missing where it is next to nothing
    return stats.nct.sf(t, df, drift) + lower


@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.1])
def test_the_pages_power_is_that_of_the_noncentral_t(alpha):
    frame = pd.DataFrame([(d, f) for f in DF for d in DRIFT], columns=["drift", "df"])
    found = in_vega(frame, t_power("datum.drift", "datum.df", alpha))
    assert len(found) == len(frame)
    apart = pd.Series(np.abs(found - exact(frame["drift"], frame["df"], alpha)))
    worst = apart.groupby(frame["df"]).max()
    assert worst.loc[8:].max() < HALF_A_POINT
    assert worst.max() < SMALL_ARMS
    assert worst.loc[300:].max() < 1e-4  # a slip in a constant would stay


def test_without_a_drift_the_power_is_the_level():
    frame = pd.DataFrame({"drift": 0.0, "df": [20.0, 50.0, 200.0]})
    found = in_vega(frame, t_power("datum.drift", "datum.df", 0.05))
    assert found == pytest.approx([0.05] * 3, abs=0.001)


def test_a_slider_stands_on_one_of_its_steps():
    made = slider("sd", "Spread (points)", 3.987, 0.93, 8.1)
    parameter = made.param.to_dict()
    bind = parameter["bind"]
    assert parameter["name"] == "sd"
    assert bind["name"] == "Spread (points)"
    assert bind["step"] == 0.2
    for figure in (parameter["value"], bind["min"], bind["max"]):
        assert figure / bind["step"] == pytest.approx(round(figure / bind["step"]))
    assert bind["min"] <= parameter["value"] <= bind["max"]
    with pytest.raises(ValueError, match="must lie between"):
        slider("n", "Patients", 5, 10, 20)


def test_a_figure_with_sliders_is_no_image_to_screen_readers():
    chart = alt.Chart(pd.DataFrame({"x": [1]})).mark_point().encode(x="x:Q")
    chart = chart.add_params(slider("n", "Patients", 5, 1, 10))
    figure = Figure(chart, "A point.", readout="'n is ' + n")
    html = figure.to_html()
    assert 'role="group" aria-label="A point."' in html
    spec = json.loads(re.search(r'type="application/json">(.*?)</script>', html, re.S).group(1))
    assert {"name": "readout", "expr": "'n is ' + n"} in spec["params"]
    assert 'role="img"' in Figure(chart, "A point.").to_html()


def test_examples_are_right():
    assert doctest.testmod(sliders).failed == 0
