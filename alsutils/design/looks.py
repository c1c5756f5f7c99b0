"""What looking early does to any trial: false alarms, boundaries, and a size that may grow."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.stats.group_sequential import (
    Boundaries,
    PromisingZone,
    Spending,
    group_sequential_design,
    reestimation_probabilities,
    simulate_paths,
    simulate_reestimation,
    spending_boundaries,
    stop_trials,
    unadjusted_boundaries,
)
from alsutils.study import Study

OBRIEN_FLEMING, POCOCK = "O'Brien-Fleming", "Pocock"
SPENDING = {
    OBRIEN_FLEMING: Spending("obrien_fleming"),
    POCOCK: Spending("pocock"),
    "Power, exponent 2": Spending("power", 2),
    "Gamma, −2": Spending("gamma", -2),
}
UNADJUSTED, ADJUSTED = "As if the only look", f"{OBRIEN_FLEMING} boundary"
NUMBERS_OF_LOOKS = (1, 2, 5, 10)
MENU = (2, 3, 4, 5, 6)
USUAL_LOOKS = 4
POWER = 0.8
PROMISING, ALWAYS = "Promising results only", "Any result that falls short"
TESTS = {"pooled": "All patients alike", "combination": "Combination test"}
MOST = 3.0  # times the planned size
EFFECTS = (0.0, 0.7, 1.0)  # of what the plan was made for
_TRIALS = 100_000


@dataclass(frozen=True)
class Peeking:
    """How often a trial without an effect comes out positive, by its number of looks.

    Attributes
    ----------
    frame : DataFrame
        One row a rule (UNADJUSTED or ADJUSTED) and number of looks: the result columns
        (``estimate`` is the share of simulated trials), ``rule``, ``looks`` and ``exact``.
    alpha : float
        Two-sided level of every single look.
    n_trials : int
        Simulated trials.
    """

    frame: pd.DataFrame
    alpha: float
    n_trials: int

    def share(self, rule: str, looks: int) -> float:
        """Give the simulated share of one rule and number of looks."""
        chosen = (self.frame["rule"] == rule) & (self.frame["looks"] == looks)
        return float(self.frame.loc[chosen, "estimate"].iloc[0])


@dataclass(frozen=True)
class BoundaryChoices:
    """Boundaries of spending functions for equally spaced looks.

    Attributes
    ----------
    frame : DataFrame
        One row a spending function, number of looks and look: ``rule``, ``looks``, ``look``,
        ``fraction``, ``upper``, ``nominal_p`` (two-sided), ``spent``.
    designs : DataFrame
        One row a spending function and number of looks: ``rule``, ``looks``, ``inflation``
        (maximal over fixed size, power POWER), ``expected_null``, ``expected_effect`` (mean size
        over fixed size without an effect and under the design's).
    alpha : float
        Two-sided level in all.
    """

    frame: pd.DataFrame
    designs: pd.DataFrame
    alpha: float


@dataclass(frozen=True)
class Reestimation:
    """Two-stage trials whose size may grow after half of the patients.

    Attributes
    ----------
    frame : DataFrame
        One row a rule (PROMISING or ALWAYS), effect and final test: the result columns
        (``estimate`` is the share of simulated trials that end in favour of treatment), ``rule``,
        ``effect`` (multiples of the design's), ``test`` (a value of TESTS), ``exact``,
        ``mean_size`` (planned sizes), ``share_raised``.
    alpha : float
        One-sided level.
    planned_power : float
        Power of the plan if the size is never changed.
    least : float
        Conditional power from which a result is promising.
    n_trials : int
        Simulated trials.
    """

    frame: pd.DataFrame
    alpha: float
    planned_power: float
    least: float
    n_trials: int


def peeking(study: Study, seed: int = 1969, n_trials: int = _TRIALS) -> Peeking:
    """Look at trials without an effect again and again.

    Parameters
    ----------
    study : Study
        Only its level is used.
    seed : int
        Of the simulation.
    n_trials : int
        Trials for each number of looks.

    Returns
    -------
    Peeking
        Two-sided tests at equally spaced looks.

    References
    ----------
    Armitage P, McPherson CK, Rowe BC. Repeated significance tests on accumulating data. J R Stat
    Soc A 1969;132:235-244. doi:10.2307/2343787
    """
    rows = []
    for looks in NUMBERS_OF_LOOKS:
        times = np.arange(1, looks + 1) / looks
        paths = simulate_paths(times, 0.0, n_trials, np.random.default_rng([seed, looks]))
        rules = {
            UNADJUSTED: unadjusted_boundaries(times, study.alpha),
            ADJUSTED: spending_boundaries(times, SPENDING[OBRIEN_FLEMING], study.alpha),
        }
        for rule, boundaries in rules.items():
            share = float(stop_trials(boundaries, paths).rejected.mean())
            rows.append(
                {
                    "analysis": f"simulated looks without an effect: {rule.lower()}",
                    "endpoint": f"share of positive trials, {looks} look(s)",
                    "rule": rule,
                    "looks": looks,
                    "exact": float(boundaries.crossing().stopped.sum()),
                }
                | _share(share, n_trials)
            )
    return Peeking(pd.DataFrame(rows), study.alpha, n_trials)


def boundary_choices(study: Study) -> BoundaryChoices:
    """Compute the boundaries of four spending functions for two to six looks.

    Parameters
    ----------
    study : Study
        Only its level is used.

    Returns
    -------
    BoundaryChoices
        Two-sided, with what each design costs in patients.
    """
    parts, designs = [], []
    for rule, spending in SPENDING.items():
        for looks in MENU:
            times = np.arange(1, looks + 1) / looks
            boundaries = spending_boundaries(times, spending, study.alpha)
            parts.append(boundaries.frame.drop(columns="lower").assign(rule=rule, looks=looks))
            design = group_sequential_design(boundaries, POWER)
            expected = design.characteristics([0, 1])["expected_over_fixed"]
            designs.append(
                {
                    "rule": rule,
                    "looks": looks,
                    "inflation": design.inflation,
                    "expected_null": expected.iloc[0],
                    "expected_effect": expected.iloc[1],
                }
            )
    frame = pd.concat(parts, ignore_index=True)
    return BoundaryChoices(frame, pd.DataFrame(designs), study.alpha)


def reestimation(study: Study, seed: int = 2011, n_trials: int = _TRIALS) -> Reestimation:
    """Let two-stage trials grow after half of the patients and test them in two ways.

    Parameters
    ----------
    study : Study
        Only its level is used; half of it for the side of treatment.
    seed : int
        Of the simulation.
    n_trials : int
        Trials for each rule and effect.

    Returns
    -------
    Reestimation
        Up to MOST times the planned size, without an effect and under several.

    References
    ----------
    Mehta CR, Pocock SJ. Adaptive increase in sample size when interim results are promising: a
    practical guide with examples. Stat Med 2011;30:3267-3284. doi:10.1002/sim.4102
    """
    alpha = study.alpha / 2
    boundaries = spending_boundaries([0.5, 1.0], SPENDING[OBRIEN_FLEMING], alpha, 1)
    design = group_sequential_design(boundaries, POWER)
    plans = {
        PROMISING: PromisingZone(boundaries, POWER, most=MOST),
        ALWAYS: PromisingZone(boundaries, POWER, least=0.0, most=MOST),
    }
    parts = []
    for i, (rule, plan) in enumerate(plans.items()):
        for j, effect in enumerate(EFFECTS):
            drift = effect * design.drift
            rng = np.random.default_rng([seed, i, j])
            found = simulate_reestimation(plan, drift, n_trials, rng)
            exact = reestimation_probabilities(plan, drift)["rejected"]
            parts.append(found.assign(rule=rule, effect=effect, exact=exact))
    frame = pd.concat(parts, ignore_index=True).rename(columns={"rejected": "estimate"})
    half = [1.96 * error for error in frame["std_error"]]
    frame = frame.assign(
        test=frame["test"].map(TESTS),
        conf_low=frame["estimate"] - half,
        conf_high=frame["estimate"] + half,
    )
    words = "simulated size re-estimation: " + frame["rule"].str.lower()
    effects = frame["effect"].map("{:g} of the design's effect".format)
    return Reestimation(
        frame.assign(analysis=words, endpoint=frame["test"].str.lower() + ", " + effects),
        alpha,
        POWER,
        plans[PROMISING].least,
        n_trials,
    )


def planned_boundaries(fractions: np.ndarray, rule: str, alpha: float) -> Boundaries:
    """Give the two-sided boundaries of a rule by name at any information fractions."""
    return spending_boundaries(fractions, SPENDING[rule], alpha)


def _share(share: float, n_trials: int) -> dict[str, float]:
    """Give a simulated share with its error."""
    error = math.sqrt(share * (1 - share) / n_trials)
    half = 1.96 * error
    return {
        "estimate": share,
        "std_error": error,
        "conf_low": max(0.0, share - half),
        "conf_high": min(1.0, share + half),
    }
