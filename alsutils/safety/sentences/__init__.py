"""What the chapter on safety finds, in words."""

from alsutils.safety.sentences.chance import multiplicity, unseen
from alsutils.safety.sentences.exposure import rates
from alsutils.safety.sentences.incidence import incidence, overview
from alsutils.safety.sentences.serious import serious
from alsutils.safety.sentences.summary import key_points

__all__ = [
    "incidence",
    "key_points",
    "multiplicity",
    "overview",
    "rates",
    "serious",
    "unseen",
]
