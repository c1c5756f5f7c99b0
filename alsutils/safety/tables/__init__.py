"""Tables of adverse events."""

from alsutils.safety.tables.chance import false_discovery, shrinkage, unseen
from alsutils.safety.tables.exposure import rates
from alsutils.safety.tables.incidence import (
    differences,
    incidence,
    measures,
    nested,
    ratios,
    stratified,
)
from alsutils.safety.tables.laboratory import (
    hys_law,
    laboratory,
    laboratory_shifts,
    vital_sign_shifts,
    vital_signs,
)
from alsutils.safety.tables.periods import periods, windows
from alsutils.safety.tables.serious import serious
from alsutils.safety.tables.severity import severity
from alsutils.safety.tables.times import first_events
from alsutils.safety.tables.vital import vital_status

__all__ = [
    "differences",
    "false_discovery",
    "first_events",
    "hys_law",
    "incidence",
    "laboratory",
    "laboratory_shifts",
    "measures",
    "nested",
    "periods",
    "rates",
    "ratios",
    "serious",
    "severity",
    "shrinkage",
    "stratified",
    "unseen",
    "vital_sign_shifts",
    "vital_signs",
    "vital_status",
    "windows",
]
