"""How strong the evidence is, in words."""

from alsutils.appraisal.strength import ENTHUSIASTIC, SCEPTICAL, Strength
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study


def beliefs(result: Strength) -> Prose:
    """Say whether the sceptic and the enthusiast end up together."""
    if result.beliefs.empty:
        return Prose("")
    lines = []
    for (visit, contrast), rows in result.beliefs.groupby(["visit", "contrast"], sort=False):
        by = rows.set_index("prior")
        sceptic, enthusiast = by.loc[SCEPTICAL], by.loc[ENTHUSIASTIC]
        clear = sceptic["conf_low"] > 0 or sceptic["conf_high"] < 0
        other = enthusiast["conf_low"] > 0 or enthusiast["conf_high"] < 0
        if clear:
            words = "even the sceptic's interval excludes no difference"
        elif other:
            words = "the sceptic's interval includes no difference, the enthusiast's does not"
        else:
            words = "the intervals of both include no difference"
        lines.append(
            f"{contrast} at {visit.lower()}: {words}; the sceptic gives a benefit a chance "
            f"{_whole(sceptic['probability_better'])}, the enthusiast one "
            f"{_whole(enthusiast['probability_better'])}."
        )
    return Prose("\n".join(f"- {line}" for line in lines))


def evidence(study: Study, result: Strength) -> Prose:
    """Say what the p-values mean for who gave an effect an even chance."""
    if result.evidence.empty or (result.evidence["p_value"] >= study.alpha).all():
        return Prose("No interval excludes no difference, so there is no positive to be false.")
    lines = []
    for row in result.evidence.to_dict("records"):
        where = f"{row['contrast']} at {row['visit'].lower()}"
        if row["p_value"] >= study.alpha:
            lines.append(
                f"{where}: the interval includes no difference; there is no positive to be false."
            )
            continue
        lines.append(
            f"{where}: {fmt.p_phrase(row['p_value'])} is not the chance that there is no effect. "
            "For who gave an effect an even chance before, that chance is now at least "
            f"{fmt.percent(row['risk'], 1)}."
        )
    return Prose("\n".join(f"- {line}" for line in lines))


def _whole(share: float) -> str:
    """Write a chance in whole percent, never as certain."""
    if share > 0.99 or share < 0.01:
        return "above 99%" if share > 0.5 else "below 1%"
    return f"of {fmt.percent(share)}"
