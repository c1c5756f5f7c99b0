"""The chapter in a few points."""

from alsutils.appraisal.analysis import Scepticism, Standardised
from alsutils.appraisal.sentences.scepticism import scepticism
from alsutils.display import Prose
from alsutils.study import Study


def key_points(study: Study, scale: Standardised, doubt: Scepticism) -> Prose:
    """Sum up what the trial can and cannot say."""
    rows = scale.frame[scale.frame["endpoint"] == study.parameter(study.primary.parameter).label]
    better, worse = (
        bool(len(rows)) and bool(clear.all())
        for clear in (rows["conf_low"] > 0, rows["conf_high"] < 0)
    )
    if better:
        finding = "favours treatment at every primary visit"
    elif worse:
        finding = "favours the control at every primary visit"
    else:
        finding = "does not clearly favour one side at every primary visit"
    design = study.config.design
    points = [f"The primary endpoint {finding}."]
    if better or worse:
        if design is not None and design.masking == "none":
            points.append(
                "The difference is real in the data; whether the treatment made it, the design "
                "cannot say."
            )
        if not doubt.limits.empty and doubt.limits["prior_sd"].notna().any():
            points.append(str(scepticism(study, doubt)))
    points.append(
        "An estimate that was chosen because it stood out is, on average, too large; the next "
        "trial should be planned for less."
    )
    return Prose("\n".join(f"- {point}" for point in points))
