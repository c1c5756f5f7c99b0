"""Printed figures checked against each other."""

from alsutils.stats.forensics.figures import (
    PrintedCheck,
    WholeNumbers,
    check_p,
    check_printed,
    grim,
    grimmer,
)
from alsutils.stats.forensics.table import (
    CountCell,
    CountRow,
    MeanCell,
    MeanRow,
    TableChecks,
    TotalRow,
    check_table,
)

__all__ = [
    "CountCell",
    "CountRow",
    "MeanCell",
    "MeanRow",
    "PrintedCheck",
    "TableChecks",
    "TotalRow",
    "WholeNumbers",
    "check_p",
    "check_printed",
    "check_table",
    "grim",
    "grimmer",
]
