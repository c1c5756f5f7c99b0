"""Correlations: with intervals, compared between groups, and what makes them appear."""

from alsutils.stats.correlation.bootstrap import BootstrapCorrelation, bootstrap_correlation
from alsutils.stats.correlation.coefficients import (
    Correlation,
    CorrelationDifference,
    Kind,
    correlation,
    correlation_difference,
    partial_correlation,
)
from alsutils.stats.correlation.forking import ForkingPaths, forking_paths
from alsutils.stats.correlation.groups import (
    Interaction,
    RepeatedCorrelation,
    repeated_correlation,
    slope_interaction,
)
from alsutils.stats.correlation.network import Network, correlation_network
from alsutils.stats.correlation.permuted import (
    PermutedCorrelation,
    PermutedDifference,
    permuted_correlation,
    permuted_difference,
)
from alsutils.stats.correlation.selection import (
    SelectedCorrelation,
    selected_correlation,
    truncated_correlation,
)

__all__ = [
    "BootstrapCorrelation",
    "Correlation",
    "CorrelationDifference",
    "ForkingPaths",
    "Interaction",
    "Kind",
    "Network",
    "PermutedCorrelation",
    "PermutedDifference",
    "RepeatedCorrelation",
    "SelectedCorrelation",
    "bootstrap_correlation",
    "correlation",
    "correlation_difference",
    "correlation_network",
    "forking_paths",
    "partial_correlation",
    "permuted_correlation",
    "permuted_difference",
    "repeated_correlation",
    "selected_correlation",
    "slope_interaction",
    "truncated_correlation",
]
