"""Data at the edge give a figure, a missing figure or a sentence: no other error, no warning."""

import warnings

import numpy as np
import pandas as pd
import pytest

from alsutils.stats.censoring import tipping_censoring
from alsutils.stats.hazards import (
    HazardFitError,
    cause_specific,
    cox,
    cox_residuals,
    fine_gray,
    firth_cox,
    functional_form,
    piecewise_exponential,
    proportionality_test,
    quantile_cuts,
    royston_parmar,
    schoenfeld,
    time_varying,
)
from alsutils.stats.survival import (
    BandError,
    TimesError,
    at_risk,
    click_curve,
    kaplan_meier,
    log_rank,
    max_combo,
    median_follow_up,
    permutation_test,
    quantiles,
    reconstruct,
    restricted_mean,
    restricted_mean_difference,
    restricted_mean_ratio,
    restricted_time_lost,
    simultaneous_band,
    survival_difference,
    weighted_log_rank,
)

N = 12
ARM = np.arange(N) % 2
EVENT = np.arange(N) % 3 > 0
TIME = np.arange(1.0, N + 1)

DATA = {
    "usual": (TIME, EVENT, ARM),
    "no events": (TIME, np.zeros(N, bool), ARM),
    "all events": (TIME, np.ones(N, bool), ARM),
    "one event": (TIME, TIME == 5, ARM),
    "events in one arm": (TIME, EVENT & (ARM == 1), ARM),
    "one arm": (TIME, EVENT, np.zeros(N, int)),
    "all at once": (np.full(N, 3.0), np.ones(N, bool), ARM),
    "all at once, some censored": (np.full(N, 3.0), EVENT, ARM),
    "all at time 0": (np.zeros(N), np.ones(N, bool), ARM),
    "some at time 0": (np.where(TIME < 5, 0.0, TIME), EVENT, ARM),
    "ties everywhere": (np.ceil(TIME / 4), EVENT, ARM),
    "two people": (np.array([1.0, 2.0]), np.array([True, True]), np.array([0, 1])),
    "one person": (np.array([1.0]), np.array([True]), np.array([0])),
    "arms that part": (TIME, np.ones(N, bool), (TIME > 6).astype(int)),
    "tiny times": (TIME * 1e-6, EVENT, ARM),
    "huge times": (TIME * 1e6, EVENT, ARM),
}


def both(function):
    """Apply a function to the curves of two arms, where both have somebody."""

    def applied(t, e, a):
        curves = [kaplan_meier(t[a == k], e[a == k]) for k in (1, 0)]
        return function(*curves, min(c.last for c in curves))

    return applied


def after_cox(function):
    def applied(t, e, a):
        design = pd.DataFrame({"arm": a * 1.0})
        return function(t, e, design, cox(t, e, design))

    return applied


def arm_of(a) -> pd.DataFrame:
    return pd.DataFrame({"arm": a * 1.0})


def kinds(e) -> np.ndarray:
    return e * (1 + np.arange(len(e)) // 2 % 2)


def read_back(t, e, a):
    curve = kaplan_meier(t, e)
    clicks = click_curve(curve)
    moments = [0.0, curve.last / 2] if curve.last > 0 else [0.0]
    return reconstruct(clicks["time"], clicks["share"], moments, at_risk(curve, moments))


RNG = np.random.default_rng(0)
FUNCTIONS = {
    "curve": lambda t, e, a: kaplan_meier(t, e),
    "band": lambda t, e, a: simultaneous_band(kaplan_meier(t, e)),
    "Hall-Wellner": lambda t, e, a: simultaneous_band(kaplan_meier(t, e), "Hall-Wellner"),
    "quantiles": lambda t, e, a: quantiles(kaplan_meier(t, e)),
    "follow-up": lambda t, e, a: median_follow_up(t, e),
    "difference": both(survival_difference),
    "mean": lambda t, e, a: restricted_mean(kaplan_meier(t, e), float(t.max())),
    "means": both(restricted_mean_difference),
    "ratio of means": both(restricted_mean_ratio),
    "time lost": lambda t, e, a: restricted_time_lost(t, e.astype(int), float(t.max())),
    "log-rank": log_rank,
    "weighted": lambda t, e, a: weighted_log_rank(t, e, a, 1, 1, t > 3),
    "max-combo": lambda t, e, a: max_combo(t, e, a == 1),
    "shuffled": lambda t, e, a: permutation_test(t, e, a == 1, RNG),
    "shuffled combo": lambda t, e, a: permutation_test(t, e, a == 1, RNG, "max-combo"),
    "shuffled means": lambda t, e, a: permutation_test(t, e, a == 1, RNG, "restricted mean", 5.0),
    "Cox": lambda t, e, a: cox(t, e, arm_of(a)),
    "Cox, Breslow": lambda t, e, a: cox(t, e, arm_of(a), ties="breslow"),
    "stratified": lambda t, e, a: cox(t, e, arm_of(a), strata=np.arange(len(t)) // 4),
    "Firth": lambda t, e, a: firth_cox(t, e, arm_of(a)),
    "residuals": after_cox(cox_residuals),
    "proportional": after_cox(proportionality_test),
    "Schoenfeld": after_cox(schoenfeld),
    "form": lambda t, e, a: functional_form(t, e, np.arange(len(t)) * 1.0),
    "step": lambda t, e, a: time_varying(t, e, arm_of(a), "arm", cut=float(np.median(t))),
    "line": lambda t, e, a: time_varying(t, e, arm_of(a), "arm"),
    "pieces": lambda t, e, a: piecewise_exponential(t, e, arm_of(a), quantile_cuts(t, e, 3)),
    "spline": lambda t, e, a: royston_parmar(t, e, arm_of(a), 2),
    "cause": lambda t, e, a: cause_specific(t, kinds(e), arm_of(a)),
    "subdistribution": lambda t, e, a: fine_gray(t, kinds(e), arm_of(a)),
    "tipping": lambda t, e, a: tipping_censoring(
        t, e, a == 1, float(t.max()) + 1, [1.0, 2.0], RNG, n_imputations=4
    ),
    "read back": read_back,
}


@pytest.mark.parametrize("data", list(DATA))
@pytest.mark.parametrize("function", list(FUNCTIONS))
def test_a_figure_or_a_sentence(function: str, data: str) -> None:
    sentence = ""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            FUNCTIONS[function](*DATA[data])
        except (TimesError, HazardFitError, BandError) as error:
            sentence = str(error)
    assert sentence == "" or (len(sentence) > 25 and data != "usual"), sentence


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if name != "form"])
@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_impossible_times_are_refused(function: str, bad: float) -> None:
    time = np.where(TIME == 4, bad, TIME)
    with pytest.raises(TimesError, match="at least 0"):
        FUNCTIONS[function](time, EVENT, ARM)
