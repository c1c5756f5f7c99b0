"""Tables of adverse events."""

from alsutils.safety.tables.chance import unseen
from alsutils.safety.tables.exposure import rates
from alsutils.safety.tables.incidence import differences, incidence
from alsutils.safety.tables.serious import serious

__all__ = [
    "differences",
    "incidence",
    "rates",
    "serious",
    "unseen",
]
