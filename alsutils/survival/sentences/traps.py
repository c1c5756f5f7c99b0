"""What the traps do, in words."""

import math

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.stats.censoring import CensoringTipping
from alsutils.survival.traps import Example
from alsutils.survival.words import ratio_cell


def trap(example: Example) -> Prose:
    """Set what the wrong analysis finds beside what the right ones do."""
    results = example.trap.results
    wrong, right = results[~results["right"]], results[results["right"]]
    found = [f"{r['analysis']}, {ratio_cell(r)}" for r in wrong.to_dict("records")]
    cured = [f"{r['analysis']}, {ratio_cell(r)}" for r in right.to_dict("records")]
    truth = fmt.number(results["truth"].iloc[0], 0)
    return Prose(
        f"**Simulated, with a true hazard ratio of {truth}.** In the trap: {'; '.join(found)}. "
        f"Out of it: {'; '.join(cured)}."
    )


def tipping(result: CensoringTipping) -> Prose:
    """Say how much worse those who left would have to fare."""
    first = result.frame.iloc[0]
    ratio, low, high = (math.exp(first[c]) for c in ("estimate", "conf_low", "conf_high"))
    head = (
        f"**Simulated.** If the {fmt.plural(result.doubted, 'patient')} who left had fared like "
        f"those who stayed, the hazard ratio would be {fmt.estimate(ratio, low, high)}. "
    )
    if math.isnan(result.tipping):
        return Prose(f"{head}No multiple tried changes what is concluded.")
    return Prose(
        f"{head}It is enough that after leaving the treated had {fmt.number(result.tipping, 1)} "
        "times that hazard for the finding to be lost."
    )
