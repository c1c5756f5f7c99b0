"""Traps of survival analysis as simulated examples, and a landmark as a way out."""

from alsutils.stats.traps.examples import (
    external_controls,
    immortal_time,
    informative_censoring,
    left_truncation,
)
from alsutils.stats.traps.trap import Look, Trap, landmark, make_trap, repeat_trap

__all__ = [
    "Look",
    "Trap",
    "external_controls",
    "immortal_time",
    "informative_censoring",
    "landmark",
    "left_truncation",
    "make_trap",
    "repeat_trap",
]
