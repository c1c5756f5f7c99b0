"""Tables for the appraisal."""

from alsutils.appraisal.analysis import Forensics, Scepticism
from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study


def forensics(study: Study, result: Forensics | None) -> Table | Prose:
    """Lay out the printed comparisons beside what their own cells give."""
    if result is None or study.published is None:
        return Prose("This study has no published table to check.")
    frame = result.frame.assign(
        row=result.frame["endpoint"] + ", " + result.frame["visit"].str.lower(),
        difference=[
            fmt.estimate(r["estimate"], r["conf_low"], r["conf_high"])
            for r in result.frame.to_dict("records")
        ],
        verdict=[_verdict(misfits) for misfits in result.frame["misfits"]],
    )
    labels = {
        "source": "Source",
        "difference": f"Difference ({fmt.percent(study.conf_level)} CI)",
        "std_error": "SE",
        "p": "p",
        "verdict": "Agrees with the print",
    }
    return tables.table(
        frame,
        "The printed table, recomputed from its own cells",
        labels,
        {"std_error": fmt.number},
        group="row",
        notes=[
            f"Printed: {study.published.citation}.",
            "Agrees: every figure to within one unit of its last printed digit.",
        ],
    )


def _verdict(misfits: object) -> str:
    if not isinstance(misfits, str):
        return ""
    return f"not in {misfits}" if misfits else "yes"


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
