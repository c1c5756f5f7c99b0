"""What the design leaves open, in words."""

from alsutils.appraisal.analysis import Exposure
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study


def limits(study: Study, risk: Exposure) -> Prose:
    """List what the design leaves open, from what study.yml says of it."""
    design = study.config.design
    if design is None:
        return Prose("study.yml does not describe the design, so nothing can be said of it here.")
    about = study.parameter(study.primary.parameter)
    judged = about.measured_by in ("rating", "self_report")
    points = []
    if design.masking == "none":
        how = "is a judgement" if judged else "is read from an instrument"
        points.append(
            f"**Nobody was blinded**, and the primary endpoint {how}: "
            + (
                "expectations of patients and raters can move it."
                if judged
                else "expectations can move effort and attendance, hardly the reading itself."
            )
        )
    elif design.masking == "double":
        points.append(
            "**Patients and raters were blinded**; a treatment that is felt may still be guessed."
        )
    if design.sham is False:
        points.append(
            f"**{study.control} had no sham procedure**: what a procedure does by itself, from "
            "attention to complications, belongs to the difference."
        )
    if design.sites == 1:
        points.append(
            "**One centre**: skill, selection and habits of one place cannot be told from the "
            "treatment."
        )
    share = risk.missing / risk.randomised
    told = "" if share != share else f" ({fmt.percent(share)})"
    points.append(
        f"**Missing at {study.visit_phrase(risk.last_visit)}**: {risk.missing_told} of "
        f"{risk.randomised} randomised patients{told} have no observed value of the primary "
        "endpoint."
    )
    points.append(
        f"**Many chances**: the endpoints make {fmt.plural(risk.comparisons, 'comparison')}; if "
        f"nothing differed, about {fmt.number(risk.by_chance, 1)} would exclude no difference by "
        "chance alone."
    )
    return Prose("\n".join(f"- {point}" for point in points))
