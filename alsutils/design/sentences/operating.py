"""What many simulated trials come to, in words."""

import pandas as pd

from alsutils.design.operating import EFFECT, NOTHING, Operating
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study

_NAMES = {
    "t_test": "the t-test",
    "ancova": "the analysis of covariance",
    "mmrm": "the mixed model",
    "joint_rank": "the joint rank",
    "log_rank": "the log-rank test",
}
TELLING = 2.5  # Monte Carlo standard errors beyond which an error rate is called another


def operating(study: Study, result: Operating | None) -> Prose:
    """Say what the planned world promises, and which worlds break which promise."""
    if result is None:
        return Prose("What many trials like this one would find has to be left open.")
    arm = study.treated[0]
    about = f" of {arm}" if len(study.treated) > 1 else ""
    planned = result.worlds[0].name
    found = _rows(result, arm, planned, EFFECT)
    best, worst = found.loc[found["estimate"].idxmax()], found.loc[found["estimate"].idxmin()]
    unit = f" {result.unit}" if result.unit else ""
    text = [
        f"As planned, with a true difference{about} of {fmt.number(result.effect)}{unit}, "
        f"{_NAMES[best['key']]} finds it most often, in {fmt.percent(best['estimate'])} of "
        f"trials, and {_NAMES[worst['key']]} least often, in "
        f"{fmt.percent(worst['estimate'])}."
    ]
    broken = []
    for world in result.worlds[1:]:
        errors = _rows(result, arm, world.name, NOTHING)
        over = errors[errors["estimate"] - result.alpha > TELLING * errors["std_error"]]
        if not over.empty:
            top = over.loc[over["estimate"].idxmax()]
            broken.append(
                f"“{world.name.lower()}” (up to {fmt.percent(top['estimate'])}, by "
                f"{_NAMES[top['key']]})"
            )
    if broken:
        text.append(
            f"Where treatment does nothing, a difference is found clearly more often than in "
            f"{fmt.percent(result.alpha)} of trials in the "
            f"{'world' if len(broken) == 1 else 'worlds'} {fmt.listed(broken)}. No test can tell "
            "such a difference from an effect: the trial's design has to keep it out."
        )
    else:
        text.append(
            "Where treatment does nothing, no analysis finds a difference clearly more often than "
            f"in {fmt.percent(result.alpha)} of trials in any of these worlds."
        )
    return Prose(" ".join(text))


def _rows(result: Operating, arm: str, world: str, measure: str) -> pd.DataFrame:
    frame = result.frame
    chosen = (frame["treated"] == arm) & (frame["world"] == world) & (frame["measure"] == measure)
    return frame[chosen]
