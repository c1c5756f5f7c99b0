"""Every interval has the level asked for, about an estimate that does not hang on it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alsutils.stats import (
    ancova,
    baseline,
    censored,
    competing,
    correlation,
    hazards,
    imputation,
    joint_rank,
    mediation,
    mmrm,
    permutation,
    proportions,
    ranks,
    rates,
    recurrent,
    shrinkage,
    specifications,
    strength,
    survival,
    wins,
)
from alsutils.stats.regression_to_mean import slope_change
from alsutils.stats.two_sample import Sample, hedges_g, mean_difference, mean_interval
from alsutils.stats.windows import events_since

RNG = np.random.default_rng(8)
N = 24
TREATED = np.arange(N) % 2 == 0
X = RNG.normal(size=N)
Y = X + RNG.normal(size=N) + 0.5 * TREATED
LOW = np.argsort(np.argsort(Y)) < 5
TIME = RNG.exponential(size=N).round(2) + 0.01
EVENT = RNG.random(N) < 0.7
CAUSE = np.where(EVENT, RNG.integers(1, 3, N), 0)
COUNTS = RNG.poisson(2 * TIME) + 1
DESIGN = pd.DataFrame({"arm": TREATED.astype(float), "x": X})
ARM = pd.Categorical(np.where(TREATED, "t", "c"), ["c", "t"])
ONE = pd.DataFrame(
    {"arm": ARM, "y": Y, "x": X, "time": TIME, "event": EVENT, "change": Y, "value": np.exp(Y)}
).assign(below=LOW)
ROWS = pd.DataFrame(
    {
        "id": np.repeat(np.arange(N), 2),
        "visit": pd.Categorical(np.tile(["1", "2"], N), ordered=True),
        "arm": ARM.repeat(2),
        "y": np.repeat(Y, 2) + RNG.normal(size=2 * N),
    }
)
ROWS.loc[[3, 11], "y"] = np.nan
LINES = pd.DataFrame(
    {
        "id": np.repeat(np.arange(N), 4),
        "t": np.tile([0.0, 1, 2, 3], N),
        "y": RNG.normal(size=4 * N),
        "arm": ARM.repeat(4),
    }
)
TABLES = pd.DataFrame(
    {"events_treated": [9, 7], "n_treated": [30, 20], "events_control": [4, 5], "n_control": 28}
)
PATIENTS = pd.DataFrame({"subject": [1, 2], "first": [0, 0], "last": [40, 50]})
DAYS = pd.DataFrame({"subject": [1, 1, 2, 2], "day": [11, 30, 12, 45]})
TRIAL = {"outcome": "y", "subject": "id", "visit": "visit", "arm": "arm"}


def arms(measure: Callable[..., Any], *values: np.ndarray) -> list[Any]:
    return [measure(*(v[rows] for v in values)) for rows in (TREATED, ~TREATED)]


def shrunken(c: float) -> Any:
    of = partial(shrinkage.shrink_risks, [3, 5, 1, 2], systems=["a", "a", "b", "b"])
    return shrinkage.shrunken_differences(of(n=30), of(n=50), c)


CASES: dict[str, Callable[[float], Any]] = {
    "mean": lambda c: mean_interval(Sample.of(Y), c),
    "means": lambda c: mean_difference(*arms(Sample.of, Y), conf_level=c),
    "hedges g": lambda c: hedges_g(*arms(Sample.of, Y), c),
    "ancova": lambda c: ancova.ancova(ONE, "y", "arm", ["x"], conf_level=c),
    "joint rank": lambda c: joint_rank.joint_rank(
        ONE, "arm", "time", "event", "change", conf_level=c
    ),
    "imbalance of means": lambda c: baseline.standardised_mean_difference(*arms(np.array, Y), c),
    "imbalance of shares": lambda c: baseline.standardised_share_difference(
        *arms(np.array, EVENT), c
    ),
    "values below a limit": lambda c: censored.flipped_kaplan_meier(TIME, ~EVENT, c),
    "censored regression": lambda c: censored.censored_regression(Y, LOW, DESIGN, c),
    "interval regression": lambda c: censored.interval_regression(
        np.where(LOW, -np.inf, Y), Y, DESIGN, c
    ),
    "geometric ratio": lambda c: censored.geometric_ratio(
        ONE, "arm", "value", "below", conf_level=c
    ),
    "ratio by imputation": lambda c: censored.geometric_ratio(
        ONE, "arm", "value", "below", method="imputation", rng=np.random.default_rng(1),
        n_imputations=5, conf_level=c,
    ),
    "ratio by substitution": lambda c: censored.geometric_ratio(
        ONE, "arm", "value", "below", method="substitution", conf_level=c
    ),
    "incidence": lambda c: competing.cumulative_incidence(TIME, CAUSE, 1, conf_level=c),
    "pearson": lambda c: correlation.correlation(X, Y, "pearson", c),
    "spearman": lambda c: correlation.correlation(X, Y, "spearman", c),
    "kendall": lambda c: correlation.correlation(X, Y, "kendall", c),
    "partial": lambda c: correlation.partial_correlation(X, Y, DESIGN[["arm"]], "pearson", c),
    "repeated": lambda c: correlation.repeated_correlation(X, Y, np.arange(N) // 3, c),
    "slopes of groups": lambda c: correlation.slope_interaction(X, Y, TREATED, c),
    "bootstrap": lambda c: correlation.bootstrap_correlation(
        X, Y, np.random.default_rng(1), n_resamples=400, conf_level=c
    ),
    "cox": lambda c: hazards.cox(TIME, EVENT, DESIGN, c),
    "firth": lambda c: hazards.firth_cox(TIME, EVENT, DESIGN, c),
    "fine and gray": lambda c: hazards.fine_gray(TIME, CAUSE, DESIGN, 1, c),
    "cause-specific": lambda c: hazards.cause_specific(TIME, CAUSE, DESIGN, 1, c),
    "piecewise": lambda c: hazards.piecewise_exponential(TIME, EVENT, DESIGN, [0.5], c),
    "royston and parmar": lambda c: hazards.royston_parmar(TIME, EVENT, DESIGN, 1, c),
    "changing": lambda c: hazards.time_varying(TIME, EVENT, DESIGN, "arm", c, cut=0.5),
    "schoenfeld": lambda c: hazards.schoenfeld(
        TIME, EVENT, DESIGN, hazards.cox(TIME, EVENT, DESIGN), conf_level=c
    ).smooth,
    "locf": lambda c: imputation.last_observation_carried_forward(ROWS, **TRIAL, conf_level=c),
    "completers": lambda c: imputation.completers(ROWS, **TRIAL, conf_level=c),
    "available": lambda c: imputation.available_cases(ROWS, **TRIAL, conf_level=c),
    "multiple imputation": lambda c: imputation.multiple_imputation(
        ROWS, **TRIAL, n_imputations=3, seed=1, conf_level=c
    ),
    "conditional mean": lambda c: imputation.conditional_mean_imputation(
        ROWS, **TRIAL, conf_level=c
    ),
    "rubin": lambda c: imputation.rubins_rules(np.array([1.0, 2, 1.5]), np.ones(3), conf_level=c),
    "mediation": lambda c: mediation.mediation(Y, X, TREATED, conf_level=c),
    "mmrm": lambda c: mmrm.fit_mmrm(
        "y ~ arm * visit", ROWS, "id", "visit", conf_level=c
    ).coefficients,
    "draws": lambda c: permutation.randomisation_test(
        Y, permutation.shuffles(TREATED, 400, np.random.default_rng(1)), conf_level=c
    ),
    "stratified": lambda c: proportions.stratified_risks(TABLES, alpha=1 - c),
    "shares": lambda c: proportions.share_limits([9, 7], [30, 20], 1 - c),
    "hodges and lehmann": lambda c: ranks.hodges_lehmann(*arms(np.array, Y), c),
    "intervals' ranks": lambda c: ranks.rank_comparison(
        Y[TREATED], Y[TREATED], Y[~TREATED], Y[~TREATED], c
    ),
    "wilcoxon at a limit": lambda c: ranks.wilcoxon_at_limit(Y, LOW, TREATED, c),
    "poisson": lambda c: rates.poisson_rates(COUNTS, TIME, c),
    "rates": lambda c: rates.compare_rates(
        pd.DataFrame([[9, 30.0, 4, 28.0]], columns=[
            "events_treated", "time_treated", "events_control", "time_control"]), c
    ),
    "rate": lambda c: rates.event_rate(COUNTS, TIME, c),
    "rate ratio": lambda c: rates.rate_ratio(*arms(rates.event_rate, COUNTS, TIME), c),
    "rate model": lambda c: rates.rate_model(COUNTS, TIME, TREATED, conf_level=c),
    "recurrent": lambda c: recurrent.mean_cumulative_events(
        [0, 0, 1, 3], [1.0, 2, 1.5, 3], [0, 1, 2, 3], [4.0, 4, 4, 4], conf_level=c
    ),
    "change of slope": lambda c: slope_change(
        LINES, (0, 1), (2, 3), "id", "t", "y", "arm", c
    ),
    "windows": lambda c: events_since(
        PATIENTS, DAYS.assign(day=[9, 20, 10, 30]), DAYS, [(0, 7)], c
    ),
    "risks": lambda c: shrinkage.shrink_risks([3, 5, 1, 2], 30, ["a", "a", "b", "b"], c),
    "differences": shrunken,
    "specification": lambda c: specifications.pooled(Y, X[:, None], TREATED[None], c),
    "specification, welch": lambda c: specifications.welch(Y, TREATED[None], c),
    "specification, ranks": lambda c: specifications.pairwise(Y, TREATED[None], c),
    "posterior": lambda c: strength.normal_posterior(1.0, 0.5, 0.0, 1.0, c),
    "kaplan and meier": lambda c: survival.kaplan_meier(TIME, EVENT, c),
    "reverse": lambda c: survival.reverse_kaplan_meier(TIME, EVENT, c),
    "follow-up": lambda c: survival.median_follow_up(TIME, TIME > 9, c),
    "time lost": lambda c: survival.restricted_time_lost(TIME, CAUSE, 1.0, 1, c),
    "index": lambda c: wins.probabilistic_index(*arms(np.array, Y), conf_level=c),
    "wins": lambda c: wins.win_statistics([wins.Continuous(Y)], TREATED, conf_level=c),
    "wins, drawn": lambda c: wins.bootstrap_wins(
        [wins.Continuous(Y)], TREATED, np.random.default_rng(1), n_resamples=200, conf_level=c
    ),
}  # fmt: skip


def columns(found: Any) -> pd.DataFrame:
    if isinstance(found, pd.DataFrame):
        return found
    return found.frame if hasattr(found, "frame") else pd.DataFrame(vars(found), index=[0])


@pytest.mark.parametrize("case", CASES)
def test_an_interval_of_a_lower_level_lies_inside(case: str) -> None:
    wide, narrow = (columns(CASES[case](level)) for level in (0.99, 0.6))
    names = [name.removesuffix("low") for name in wide if name.endswith("_low")]
    assert names
    for name in names:
        low, high = (
            narrow[name + end].to_numpy(float) - wide[name + end].to_numpy(float)
            for end in ("low", "high")
        )
        assert np.nanmin(low) >= 0 >= np.nanmax(high), name
        assert (low > 0).any() or (high < 0).any(), name
    if "estimate" in wide:
        np.testing.assert_array_equal(wide["estimate"], narrow["estimate"])
