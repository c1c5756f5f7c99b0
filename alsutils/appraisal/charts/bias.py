"""The risk of bias as traffic lights."""

from alsutils.appraisal.bias import RiskOfBias
from alsutils.display.lights import Light, Lights
from alsutils.study import Study


def risk_of_bias(study: Study, result: RiskOfBias) -> Lights:
    """Draw a light for each domain and one for the whole, each with its reason."""
    rows = [
        Light(d.name, d.level, d.reason + (" (judged in study.yml)" if d.own else ""))
        for d in result.domains
    ]
    label = study.parameter(study.primary.parameter).label
    visit = study.visit_phrase(study.primary.visits[-1])
    rows.append(Light("Overall", result.overall, "As bad as the worst of the five."))
    return Lights(
        tuple(rows),
        f"Risk of bias of the result for {label} at {visit}, by the five domains of RoB 2. Ring "
        "and plus: low; triangle: some concerns; square and cross: high; dashed ring: not known.",
    )
