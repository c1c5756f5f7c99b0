"""What kind of sceptic the main result convinces, in words."""

from alsutils.appraisal.analysis import Scepticism
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study


def scepticism(study: Study, result: Scepticism) -> Prose:
    """Say what kind of sceptic the main result convinces."""
    if result.limits.empty:
        return Prose("")
    unit = study.parameter(study.primary.parameter).unit
    doubtful = result.limits["prior_sd"].isna()
    if doubtful.all():
        return Prose(
            "Every interval includes no difference, so that no prior is needed to doubt it."
        )
    lines = []
    for row in result.limits[~doubtful].to_dict("records"):
        span = f"±{fmt.number(1.96 * row['prior_sd'], 1)} {unit}".strip()
        lines.append(
            f"{row['contrast']} at {row['visit'].lower()}: whoever held effects beyond {span} to "
            "be improbable (less than one chance in twenty) "
            "before the trial can remain unconvinced after it."
        )
    if doubtful.any():
        lines.append("The other intervals include no difference by themselves.")
    return Prose(" ".join(lines))
