"""Biomarkers: what the treatment did in the body."""

from alsutils.mechanism import charts, sentences, tables
from alsutils.mechanism.analysis import changes, detection, levels
from alsutils.mechanism.association import association
from alsutils.mechanism.panel import samples

__all__ = [
    "association",
    "changes",
    "charts",
    "detection",
    "levels",
    "samples",
    "sentences",
    "tables",
]
