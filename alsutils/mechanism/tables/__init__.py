"""Tables of the biomarkers."""

from alsutils.mechanism.tables.association import association, claim, connections, selection
from alsutils.mechanism.tables.change import changes, courses, family, robust, together, weights
from alsutils.mechanism.tables.limits import distributions, methods, substitution
from alsutils.mechanism.tables.pathways import pathways
from alsutils.mechanism.tables.samples import batches, detection, held, taken

__all__ = [
    "association",
    "batches",
    "changes",
    "claim",
    "connections",
    "courses",
    "detection",
    "distributions",
    "family",
    "held",
    "methods",
    "pathways",
    "robust",
    "selection",
    "substitution",
    "taken",
    "together",
    "weights",
]
