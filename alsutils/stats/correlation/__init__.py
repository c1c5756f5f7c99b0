"""Correlations: with intervals, compared between groups, and what makes them appear."""

from alsutils.stats.correlation.coefficients import (
    Correlation,
    CorrelationDifference,
    Kind,
    correlation,
    correlation_difference,
)

__all__ = [
    "Correlation",
    "CorrelationDifference",
    "Kind",
    "correlation",
    "correlation_difference",
]
