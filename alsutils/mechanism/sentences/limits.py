"""Values below a limit, in words."""

import math

import numpy as np

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.mechanism.analysis import NAIVE, Changes
from alsutils.mechanism.limits import Distributions, Substitution
from alsutils.study import Study


def distributions(_study: Study, result: Distributions | None) -> Prose:
    """Say which medians the limits hide."""
    if result is None:
        return Prose("")
    if result.frame.empty:
        return Prose("")
    groups = len(result.frame)
    lost = result.frame[~np.isfinite(result.frame["estimate"])]
    if lost.empty:
        return Prose("Every median lies above its limit.")
    names = list(dict.fromkeys(lost["endpoint"]))
    return Prose(
        f"{len(lost)} of {fmt.plural(groups, 'median')} {'lies' if len(lost) == 1 else 'lie'} "
        f"below the limit ({fmt.listed(names)}): more than half of those values are only known to "
        "be low. No method can tell such a median without supposing how the low values lie."
    )


def methods(study: Study, result: Changes | None) -> Prose:
    """Say what half the limit would have changed."""
    if result is None:
        return Prose("")
    key = ["endpoint", "visit", "treated"]
    both = result.main.merge(
        result.frame[result.frame["analysis"] == NAIVE], on=key, suffixes=("", "_naive")
    ).dropna(subset=["estimate", "estimate_naive"])
    touched = both[both["touched"]]
    if touched.empty:
        return Prose(
            "No comparison has a value below a limit: writing half the limit changes nothing."
            if len(both)
            else ""
        )
    gap = (touched["estimate_naive"] / touched["estimate"]).map(math.log).abs()
    worst = touched.loc[gap.idxmax()]
    excluded = [
        (touched[f"conf_low{s}"] > 1) | (touched[f"conf_high{s}"] < 1) for s in ("", "_naive")
    ]
    turned = int((excluded[0] != excluded[1]).sum())
    arm = f", {worst['treated']}" if len(study.treated) > 1 else ""
    return Prose(
        f"The two ways differ most for {worst['endpoint']} at {worst['visit'].lower()}{arm}: ratio "
        f"{fmt.number(worst['estimate'])} by censored regression and "
        f"{fmt.number(worst['estimate_naive'])} with half the limit. In "
        f"{turned} of {fmt.plural(len(touched), 'comparison')} with values below a limit one "
        "interval includes no difference and the other does not."
    )


def substitution(study: Study, result: Substitution | None) -> Prose:
    """Say how far half the limit goes astray in trials of this size."""
    if result is None:
        return Prose("")
    half = result.frame[result.frame["rule"] == "half"]
    worst = half.loc[half["bias"].abs().idxmax()]
    least = half.loc[half["coverage"].idxmin()]
    tobit = result.frame[result.frame["rule"] == "tobit"].set_index("share_below")
    level = fmt.percent(study.conf_level)
    return Prose(
        f"In trials of {result.n_per_arm} patients an arm and a true ratio of {result.ratio:g}, "
        f"half the limit is off by up to {fmt.percent(abs(worst['bias']))} (at "
        f"{fmt.percent(worst['share_below'])} below); its {level} intervals hold the truth in "
        f"{fmt.percent(least['coverage'])} of trials at worst (at "
        f"{fmt.percent(least['share_below'])} below). Censored regression is off by "
        f"{fmt.percent(abs(tobit.at[0.5, 'bias']))} with half of the values below. "
        "Where few values are left above the limit, it too has little to go by."
    )
