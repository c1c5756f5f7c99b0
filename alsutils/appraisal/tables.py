"""Tables for the appraisal."""

from collections.abc import Callable

from alsutils.appraisal.analysis import Forensics, Scepticism
from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study


def forensics(study: Study, result: Forensics | None) -> Table | Prose:
    """Lay out the printed comparisons beside what their own cells give."""
    if result is None or study.published is None:
        return Prose("This study has no published table to check.")
    frame = result.frame.assign(
        printed=[
            fmt.estimate(r.printed_estimate, r.printed_low, r.printed_high)
            for r in result.frame.itertuples()
        ],
        recomputed=[
            fmt.estimate(r.pooled_estimate, r.pooled_low, r.pooled_high)
            for r in result.frame.itertuples()
        ],
    )
    labels = {
        "visit": "Visit",
        "printed": f"Difference ({fmt.percent(study.conf_level)} CI)",
        "printed_std_error": "SE",
        "printed_p": "p",
        "recomputed": f"Difference ({fmt.percent(study.conf_level)} CI)",
        "pooled_std_error": "SE",
        "pooled_p": "p",
        "welch_p": "p, Welch",
        "fits": "What fits the print",
    }
    formats: dict[str, Callable[[float], str]] = {
        "printed_std_error": fmt.number,
        "pooled_std_error": fmt.number,
        "pooled_p": fmt.p_value,
        "welch_p": fmt.p_value,
    }
    return tables.table(
        frame,
        "The printed table, recomputed from its own cells",
        labels,
        formats,
        group="endpoint",
        spanners={
            "Printed": ["printed", "printed_std_error", "printed_p"],
            "From the printed cells": ["recomputed", "pooled_std_error", "pooled_p", "welch_p"],
        },
        notes=[
            f"Printed: {study.published.citation}.",
            "From the printed cells: pooled t-test, and p of Welch's beside it.",
            "What fits: the test that gives every printed figure of the row to within one unit of "
            "its last digit; otherwise the figures that neither test gives.",
        ],
    )


def scepticism(study: Study, result: Scepticism) -> Table:
    """Lay out the width of the prior that would keep a sceptic unconvinced."""
    frame = result.limits.assign(
        difference=[
            fmt.estimate(r["estimate"], r["conf_low"], r["conf_high"])
            for r in result.limits.to_dict("records")
        ]
    )
    about = study.parameter(study.primary.parameter)
    labels = {
        "visit": "Visit",
        **({"treated": "Arm"} if len(study.treated) > 1 else {}),
        "difference": f"Difference ({fmt.percent(study.conf_level)} CI)",
        "prior_sd": f"Sceptic's prior SD ({about.unit})",
    }
    return tables.table(
        frame,
        "How sceptical one must be",
        labels,
        {"prior_sd": fmt.number},
        notes=[
            "A sceptic with a narrower prior than this is not convinced; – where the interval "
            "holds no difference by itself."
        ],
        results=result.limits,
    )
