"""Pictures of the biomarkers."""

from alsutils.mechanism.charts.association import correlations, forks, scatter, selection
from alsutils.mechanism.charts.change import composite, forest, heat
from alsutils.mechanism.charts.connections import linked, network
from alsutils.mechanism.charts.family import ladder
from alsutils.mechanism.charts.limits import distributions, methods, substitution
from alsutils.mechanism.charts.pathways import graph, pathways, power, sensitivity
from alsutils.mechanism.charts.samples import batches, detection, levels, taken

__all__ = [
    "batches",
    "composite",
    "correlations",
    "detection",
    "distributions",
    "forest",
    "forks",
    "graph",
    "heat",
    "ladder",
    "levels",
    "linked",
    "methods",
    "network",
    "pathways",
    "power",
    "scatter",
    "selection",
    "sensitivity",
    "substitution",
    "taken",
]
