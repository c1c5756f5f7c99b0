"""Measurements of which some are only known to lie below a limit of quantification."""

from alsutils.stats.censored.regression import CensoredFit, CensoredFitError, censored_regression

__all__ = ["CensoredFit", "CensoredFitError", "censored_regression"]
