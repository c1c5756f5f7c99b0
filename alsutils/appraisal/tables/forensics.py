"""The printed table, recomputed."""

from alsutils.appraisal.analysis import Forensics
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
