"""Pictures of adverse events."""

from alsutils.safety.charts.chance import unseen
from alsutils.safety.charts.incidence import dots
from alsutils.safety.charts.severity import severity

__all__ = [
    "dots",
    "severity",
    "unseen",
]
