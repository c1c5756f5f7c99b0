"""How sceptical one must be."""

from alsutils.appraisal.analysis import Scepticism
from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study


def scepticism(study: Study, result: Scepticism) -> Table | Prose:
    """Lay out the width of the prior that would keep a sceptic unconvinced."""
    if result.limits.empty:
        return Prose("")
    frame = result.limits.assign(
        difference=[
            fmt.estimate(r["estimate"], r["conf_low"], r["conf_high"])
            for r in result.limits.to_dict("records")
        ]
    )
    about = study.parameter(study.primary.parameter)
    unit = f" ({about.unit})" if about.unit else ""
    labels = {
        "visit": "Visit",
        **({"treated": "Arm"} if len(study.treated) > 1 else {}),
        "difference": f"Difference ({fmt.percent(study.conf_level)} CI)",
        "prior_sd": f"Sceptic's prior SD{unit}",
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
