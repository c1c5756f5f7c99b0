"""The way from treatment to outcome, in words."""

import numpy as np

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.mechanism.pathways import VIA, PathwayPower, Pathways
from alsutils.study import Study

NO_PATH = "No analyte has changes enough, with an outcome, to split the effect by way of it."


def pathways(study: Study, result: Pathways | None) -> Prose:
    """Say whether the effect seems to go by way of any analyte."""
    if result is None:
        return Prose("")
    via = result.frame[result.frame["effect"] == VIA].dropna(subset=["conf_low"])
    if via.empty:
        return Prose(NO_PATH)
    level = fmt.percent(study.conf_level)
    away = via[(via["conf_low"] > 0) | (via["conf_high"] < 0)]
    several = len(study.treated) > 1
    names = [
        r["analyte"] + (f" ({r['treated']})" if several else "") for r in away.to_dict("records")
    ]
    unit = f" {result.unit}" if result.unit else ""
    narrow = via.loc[(via["conf_high"] - via["conf_low"]).idxmin()]
    found = f": {fmt.listed(names)}" if names else ""
    return Prose(
        f"Of {fmt.plural(len(via), 'effect')} on the {result.outcome} by way of an analyte, "
        f"{len(away) or 'none'} {'has' if len(away) < 2 else 'have'} a {level} interval that "
        f"excludes no effect{found}. Even the narrowest interval, that of {narrow['analyte']}, "
        f"runs from {fmt.number(narrow['conf_low'])} to {fmt.number(narrow['conf_high'])}{unit}."
    )


def sensitivity(_study: Study, result: Pathways | None) -> Prose:
    """Say how strong an unknown cause would explain the effect by way of the analyte away."""
    if result is None:
        return Prose("")
    known = result.zero.dropna(subset=["rho"]) if len(result.zero) else result.zero
    if known.empty:
        return Prose(NO_PATH)
    told = [f"{fmt.number(r['rho'])} for {r['treated']}" for r in known.to_dict("records")]
    return Prose(
        f"A hidden cause that ties {result.shown} to the outcome by a correlation of "
        f"{fmt.listed(told)} would take what goes by way of it to nothing. Nothing in the data "
        "says how large that correlation is."
    )


def power(_study: Study, result: PathwayPower | None) -> Prose:
    """Say how often trials of this size find a path."""
    if result is None:
        return Prose("")
    found = result.frame.set_index(["scenario", "n_per_arm"])["found"]
    most = int(np.max(result.frame["n_per_arm"]))
    n = result.n_per_arm
    return Prose(
        f"With {n} patients an arm, trials find a path that is there in "
        f"{fmt.percent(found['mediated', n])} and one that is not there, but that a hidden cause "
        f"makes look so, in {fmt.percent(found['confounded', n])}. With {most} an arm it is "
        f"{fmt.percent(found['mediated', most])} and {fmt.percent(found['confounded', most])}: "
        "size mends the first and makes the second worse."
    )
