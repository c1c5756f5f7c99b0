"""The printed table, recomputed cell by cell; the patients' data are not used."""

from collections.abc import Iterator

from alsutils.stats.forensics import (
    CountCell,
    CountRow,
    MeanCell,
    MeanRow,
    TableChecks,
    check_table,
)
from alsutils.study import Study
from alsutils.study.config import Arm

DECIMALS = 2


def arithmetic(study: Study) -> TableChecks | None:
    """Check every printed figure against the others; None where nothing is printed.

    Parameters
    ----------
    study : Study
        With a ``published`` block, whose figures have two decimals.

    Returns
    -------
    TableChecks or None
        Comparisons of means, then of responders, each arm against the control.
    """
    control = study.config.arms[0]
    rows = [row for arm in study.config.arms[1:] for row in _rows(study, arm, control)]
    return check_table(rows, study.conf_level) if rows else None


def _rows(study: Study, arm: Arm, control: Arm) -> Iterator[MeanRow | CountRow]:
    printed = study.published
    several = f", {arm.label}" if len(study.treated) > 1 else ""
    for row in printed.comparisons if printed else ():
        if not {arm.value, control.value} <= set(row.groups):
            continue
        about = study.parameter(row.parameter)
        cells = [row.groups[a.value] for a in (arm, control)]
        treated, other = (MeanCell(cell.n, cell.mean, cell.sd) for cell in cells)
        yield MeanRow(
            f"{about.label}, {study.visit_phrase(row.visit)}{several}",
            treated,
            other,
            row.difference,
            row.se,
            row.ci,
            row.p,
            about.whole,
            DECIMALS,
        )
    for count in printed.responders if printed else ():
        if not {arm.value, control.value} <= set(count.counts) & set(count.of):
            continue
        side = "below" if count.side == "below" else "at least"
        yield CountRow(
            f"Responders, {side} {count.threshold:g}, {study.visit_phrase(count.visit)}{several}",
            CountCell(count.counts[arm.value], count.of[arm.value]),
            CountCell(count.counts[control.value], count.of[control.value]),
            count.p,
        )
