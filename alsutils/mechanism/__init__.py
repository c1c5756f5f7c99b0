"""Biomarkers: what the treatment did in the body."""

from alsutils.mechanism import charts, sentences, tables
from alsutils.mechanism.analysis import changes, detection, levels
from alsutils.mechanism.association import association
from alsutils.mechanism.batches import batches
from alsutils.mechanism.connections import connections, linked
from alsutils.mechanism.courses import courses
from alsutils.mechanism.family import family
from alsutils.mechanism.limits import distributions, substitution
from alsutils.mechanism.panel import samples
from alsutils.mechanism.pathways import pathway_power, pathways
from alsutils.mechanism.robust import robust
from alsutils.mechanism.selection import forks, selection
from alsutils.mechanism.taken import taken
from alsutils.mechanism.together import together

__all__ = [
    "association",
    "batches",
    "changes",
    "charts",
    "connections",
    "courses",
    "detection",
    "distributions",
    "family",
    "forks",
    "levels",
    "linked",
    "pathway_power",
    "pathways",
    "robust",
    "samples",
    "selection",
    "sentences",
    "substitution",
    "tables",
    "taken",
    "together",
]
