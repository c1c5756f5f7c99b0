"""How the risk of bias was judged, in words."""

from alsutils.appraisal.bias import APART, FEW_MISSING, MANY_MISSING, RiskOfBias
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.display.lights import LEVEL_WORDS


def risk_of_bias(result: RiskOfBias) -> Prose:
    """Say what the whole comes to, and by which rules."""
    own = sum(domain.own for domain in result.domains)
    by = (
        "All five domains were judged by the rules of this book"
        if not own
        else f"{own} of the five domains were judged in study.yml, the others by the book's rules"
    )
    return Prose(
        f"Overall: **{LEVEL_WORDS[result.overall]}**. {by}: up to {fmt.percent(FEW_MISSING)} "
        f"missing in every arm is low and more than {fmt.percent(MANY_MISSING)} in any arm high, "
        f"more than {fmt.percent(APART)} between the arms is called uneven; a judged endpoint is "
        "low where nobody knew the arm and high where everybody did; and so on. A person who has "
        "read the protocol judges better: `risk_of_bias` in study.yml overrides each rule."
    )
