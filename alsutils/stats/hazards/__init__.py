"""Models of hazards: Cox, with and without a penalty, their checks, and parametric ones."""

from alsutils.stats.hazards.changing import ChangingEffect, time_varying
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
from alsutils.stats.hazards.flexible import FlexibleFit, royston_parmar
from alsutils.stats.hazards.partial import HazardFitError
from alsutils.stats.hazards.piecewise import PiecewiseFit, piecewise_exponential, quantile_cuts
from alsutils.stats.hazards.subdistribution import cause_specific, fine_gray
from alsutils.stats.survival.weighted import LogRank, log_rank

__all__ = [
    "ChangingEffect",
    "CoxFit",
    "CoxResiduals",
    "FlexibleFit",
    "FunctionalForm",
    "HazardFitError",
    "LikelihoodRatio",
    "LogRank",
    "PiecewiseFit",
    "ProportionalityTest",
    "Schoenfeld",
    "cause_specific",
    "cox",
    "cox_residuals",
    "fine_gray",
    "firth_cox",
    "functional_form",
    "log_rank",
    "piecewise_exponential",
    "proportionality_test",
    "quantile_cuts",
    "royston_parmar",
    "schoenfeld",
    "time_varying",
]
