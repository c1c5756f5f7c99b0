"""A whole panel of measurements compared at once: one test, one score."""

from alsutils.stats.panel.composite import Composite, residuals, signed_composite
from alsutils.stats.panel.obrien import GlobalTests, obrien
from alsutils.stats.panel.permutation import PanelPermutation, panel_permutation

__all__ = [
    "Composite",
    "GlobalTests",
    "PanelPermutation",
    "obrien",
    "panel_permutation",
    "residuals",
    "signed_composite",
]
