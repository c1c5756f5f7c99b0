"""Whether the later trials contradict this one, in words."""

from alsutils.appraisal.afterwards import AGAINST, IN_FAVOUR, Afterwards
from alsutils.design.next_trial import FACE
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study


def afterwards(study: Study, result: Afterwards | None) -> Prose:
    """Say for each outcome how surprising it is to whoever took this trial at face value."""
    if result is None:
        return Prose("")
    frame = result.frame
    face = frame[(frame["belief"] == FACE) & ~frame["less_bias"]]
    lines = []
    for (trial, arm, treated), rows in face.groupby(["trial", "arm", "treated"], sort=False):
        p = rows.set_index("side")["p_value"]
        who = f" ({treated})" if len(study.treated) > 1 else ""
        small = [side for side in (IN_FAVOUR, AGAINST) if p[side] < study.alpha]
        if len(small) == 2:
            verdict = "whichever side it favoured, it contradicts this trial at face value"
        elif small:
            verdict = f"only if it was {small[0]} does it contradict this trial at face value"
        else:
            verdict = "it does not contradict this trial at face value"
        lines.append(
            f"{trial}, {arm}{who}: an outcome as improbable had a probability of "
            f"{fmt.p_value(p[IN_FAVOUR])} if it was in favour and of {fmt.p_value(p[AGAINST])} if "
            f"it was against; {verdict}."
        )
    lines.append(
        "A conflict would say that two trials did not measure the same effect. It would not say "
        "which of them was wrong: doses, patients, endpoints and blinding differ as well."
    )
    return Prose(" ".join(lines))
