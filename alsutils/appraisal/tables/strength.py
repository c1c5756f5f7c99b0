"""Tables of the strength of the evidence."""

from collections.abc import Mapping

import pandas as pd

from alsutils.appraisal.strength import PRIOR, TARGET, Strength
from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study

_NOTHING = Prose("The main analysis has no estimate to weigh.")


def beliefs(study: Study, result: Strength) -> Table | Prose:
    """Lay out the probability of a benefit under each prior."""
    if result.beliefs.empty:
        return _NOTHING
    unit = study.parameter(study.primary.parameter).unit
    frame = result.beliefs.assign(
        difference=[
            fmt.estimate(r["estimate"], r["conf_low"], r["conf_high"])
            for r in result.beliefs.to_dict("records")
        ],
        before=[
            f"{fmt.number(r['prior_mean'])} ± {fmt.number(r['prior_sd'])}"
            for r in result.beliefs.to_dict("records")
        ],
    )
    size = f"{fmt.number(result.worthwhile)} {unit}".strip()
    source = "as study.yml has it" if result.is_given else "half a standard deviation"
    return _by_visit(
        study,
        frame,
        "Three people after the trial",
        {
            "prior": "Prior",
            "before": "Before: mean ± SD",
            "difference": f"After ({fmt.percent(study.conf_level)} interval)",
            "probability_better": "Chance of a benefit",
            "same_again": "A trial of this size finds it again",
        },
        {"probability_better": _chance, "same_again": fmt.percent},
        [f"Priors are drawn around a worthwhile difference of {size}, {source}."],
    )


def evidence(study: Study, result: Strength) -> Table | Prose:
    """Lay out what the p-value says of a false positive."""
    if result.evidence.empty:
        return _NOTHING
    return _by_visit(
        study,
        result.evidence,
        "The risk of a false positive",
        {
            "p_value": "p",
            "intrinsic_p": "Intrinsic p",
            "risk": "Risk",
            "smallest_risk": "Risk, any effect",
            "prior_needed": "Belief needed",
        },
        {
            "p_value": fmt.p_value,
            "intrinsic_p": fmt.p_value,
            "risk": _chance,
            "smallest_risk": _chance,
            "prior_needed": fmt.percent,
        },
        [
            f"Risk: chance that there is no effect, had it been {fmt.percent(PRIOR)} before, if a "
            "true effect is as large as the one seen; any effect: the smallest that any reasonable "
            "spread of true effects allows.",
            "Belief needed: chance of an effect that one must have given before for a risk of "
            f"{fmt.percent(TARGET)}.",
        ],
    )


def outlook(study: Study, result: Strength) -> Table | Prose:
    """Lay out what a further trial would find, and what would undo this one."""
    if result.evidence.empty:
        return _NOTHING
    frame = result.evidence
    hangs = [
        _of(r["fragile"], r["n_better"]) if r["fragile"] > 0 else fmt.MISSING
        for r in frame.to_dict("records")
    ]
    return _by_visit(
        study,
        frame.assign(hangs=hangs),
        "What a further trial would find, and what would undo this one",
        {
            "replicates_known": "If the estimate is true",
            "replicates_flat": "Allowing for its error",
            "same_direction": "Same direction",
            "e_point": "Estimate",
            "e_limit": "Limit",
            "hangs": "Patients it hangs on",
        },
        {
            "replicates_known": fmt.percent,
            "replicates_flat": fmt.percent,
            "same_direction": _chance,
            "e_point": fmt.number,
            "e_limit": fmt.number,
        },
        [
            "A further trial of this size excludes no difference on the same side, or at least has "
            "an estimate on it.",
            "E-value: risk ratio that a hidden cause must have with both arm and outcome to "
            "explain the estimate, or to bring the nearer limit to no difference; 1: none is "
            "needed.",
            "Patients it hangs on: of the better arm, the best first, who would have to have done "
            "as the mean of the arm they are compared with for the t-test to lose its "
            "significance; "
            f"{fmt.MISSING} where it has none.",
        ],
        {
            "Further trial": ["replicates_known", "replicates_flat", "same_direction"],
            "E-value": ["e_point", "e_limit"],
        },
    )


def fragility(study: Study, result: Strength) -> Table | Prose:
    """Lay out the fragility of the comparisons of responders."""
    if result.responders.empty and study.config.responders and not study.disclosure.is_open:
        return Prose(f"No comparison of responders is called fragile here. {study.disclosure.why}")
    if result.responders.empty:
        return Prose("study.yml names no responders, so no counts can be called fragile.")
    frame = result.responders.assign(
        verdict=["yes" if s else "no" for s in result.responders["significant"]],
        turned=[
            _of(r["changes"], r["of"]) if r["changes"] == r["changes"] else fmt.MISSING
            for r in result.responders.to_dict("records")
        ],
    )
    return _by_visit(
        study,
        frame,
        "How many patients the comparisons of responders hang on",
        {
            "threshold_label": "Responders",
            "p_value": "Fisher's p",
            "verdict": "Excludes no difference",
            "turned": "Other outcomes that turn it",
        },
        {"p_value": fmt.p_value},
        [
            "Outcomes that turn it: patients of the arm with fewer responders who would have to "
            f"have had the other outcome; {fmt.MISSING} where no number of them is enough."
        ],
    )


def _by_visit(
    study: Study,
    frame: pd.DataFrame,
    name: str,
    labels: dict[str, str],
    formats: Mapping[str, object],
    notes: list[str],
    spanners: dict[str, list[str]] | None = None,
) -> Table:
    several = {"treated": "Arm"} if len(study.treated) > 1 else {}
    return tables.table(
        frame,
        name,
        {"visit": "Visit", **several, **labels},
        formats,  # type: ignore[arg-type]
        spanners=spanners,
        notes=notes,
    )


def _of(count: float, n: float) -> str:
    """Write a count with its share, where the number of patients is told."""
    return f"{count:,.0f}" if n != n else fmt.count_of(count, n)


def _chance(share: float) -> str:
    """Write a chance in percent, with decimals only near its ends."""
    if share != share:
        return fmt.MISSING
    if share > 0.999 or share < 0.001:
        return ">99.9%" if share > 0.5 else "<0.1%"
    return fmt.percent(share, 1 if min(share, 1 - share) < 0.095 else 0)
