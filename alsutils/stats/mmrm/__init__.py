"""The mixed model for repeated measures (MMRM).

The primary analysis of most trials that measure a patient at several visits: a linear model of
the outcome in which a patient's visits share one covariance matrix, fitted by restricted maximum
likelihood, with the small-sample inference of Kenward and Roger. It needs nothing else of this
package::

    from alsutils.stats.mmrm import fit_mmrm

    fit = fit_mmrm("CHG ~ BASE*AVISIT + TRT01P*AVISIT", data, subject="USUBJID", visit="AVISIT")
    fit.contrasts("TRT01P", by="AVISIT")
"""

from alsutils.stats.mmrm.errors import (
    ConstantOutcomeError,
    ConvergenceError,
    DuplicateVisitError,
    FormulaError,
    GroupError,
    InfiniteValueError,
    MissingValueError,
    MMRMError,
    OptionError,
    RankDeficientError,
    TooFewSubjectsError,
    UnknownLevelError,
    UnknownVisitError,
    WeightError,
)
from alsutils.stats.mmrm.fit import fit_mmrm
from alsutils.stats.mmrm.inference import TestResult
from alsutils.stats.mmrm.result import Attempt, MMRMFit
from alsutils.stats.mmrm.structures import STRUCTURES

__all__ = [
    "STRUCTURES",
    "Attempt",
    "ConstantOutcomeError",
    "ConvergenceError",
    "DuplicateVisitError",
    "FormulaError",
    "GroupError",
    "InfiniteValueError",
    "MMRMError",
    "MMRMFit",
    "MissingValueError",
    "OptionError",
    "RankDeficientError",
    "TestResult",
    "TooFewSubjectsError",
    "UnknownLevelError",
    "UnknownVisitError",
    "WeightError",
    "fit_mmrm",
]
