"""Models of hazards: Cox, with and without a penalty, their checks, and parametric ones."""

from alsutils.stats.hazards.cox import CoxFit, LikelihoodRatio, cox
from alsutils.stats.hazards.diagnostics import (
    CoxResiduals,
    FunctionalForm,
    ProportionalityTest,
    Schoenfeld,
    cox_residuals,
    functional_form,
    proportionality_test,
    schoenfeld,
)
from alsutils.stats.hazards.firth import firth_cox
from alsutils.stats.hazards.partial import HazardFitError
from alsutils.stats.survival.weighted import LogRank, log_rank

__all__ = [
    "CoxFit",
    "CoxResiduals",
    "FunctionalForm",
    "HazardFitError",
    "LikelihoodRatio",
    "LogRank",
    "ProportionalityTest",
    "Schoenfeld",
    "cox",
    "cox_residuals",
    "firth_cox",
    "functional_form",
    "log_rank",
    "proportionality_test",
    "schoenfeld",
]
