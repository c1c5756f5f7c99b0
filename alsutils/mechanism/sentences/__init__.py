"""What the biomarkers show, in sentences that read the results."""

from alsutils.mechanism.sentences.association import (
    association,
    claim,
    connections,
    forks,
    selection,
    within,
)
from alsutils.mechanism.sentences.change import changes, courses, family, together
from alsutils.mechanism.sentences.limits import distributions, methods, substitution
from alsutils.mechanism.sentences.pathways import pathways, power, sensitivity
from alsutils.mechanism.sentences.samples import batches, detection, taken
from alsutils.mechanism.sentences.summary import key_points
from alsutils.mechanism.words import NO_BIOMARKERS, NO_PAIR

__all__ = [
    "NO_BIOMARKERS",
    "NO_PAIR",
    "association",
    "batches",
    "changes",
    "claim",
    "connections",
    "courses",
    "detection",
    "distributions",
    "family",
    "forks",
    "key_points",
    "methods",
    "pathways",
    "power",
    "selection",
    "sensitivity",
    "substitution",
    "taken",
    "together",
    "within",
]
