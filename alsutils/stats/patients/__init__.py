"""One generative model of an ALS patient in a trial.

A patient has a rate of decline before treatment (the lead-in) and a rate after it. The functional
score is a line in each period, seen at visits with noise, on a scale of steps with a floor and a
ceiling. Patients whose score falls faster die sooner, and some leave the trial. What may go wrong
can be switched on: a decline that slows, an effect that wanes, raters who know the arm, patients
who leave because of their course, and items that cannot fall below their own floor.

Nothing here knows a study, a file or a chart: power simulations and simulated studies draw from
the same model.
"""

from alsutils.stats.patients.model import (
    Patients,
    baseline_scores,
    event_months,
    log_hazard_ratios,
    simulate_patients,
)
from alsutils.stats.patients.scenario import Scenario
from alsutils.stats.patients.slopes import lead_in_slopes, slope_improvement

__all__ = [
    "Patients",
    "Scenario",
    "baseline_scores",
    "event_months",
    "lead_in_slopes",
    "log_hazard_ratios",
    "simulate_patients",
    "slope_improvement",
]
