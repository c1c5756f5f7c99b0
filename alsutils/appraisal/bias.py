"""Risk of bias of the primary result, domain by domain, by rules that anybody can read."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from alsutils.display import format as fmt
from alsutils.study import ARM, Study
from alsutils.study.config import Design
from alsutils.study.telling import hides_size

Level = Literal["low", "some", "high", "unknown"]

DOMAINS = {
    "randomisation": "How the arms were drawn",
    "deviations": "What patients got",
    "missing": "Who is missing",
    "measurement": "How it was measured",
    "reporting": "What was reported",
}
FEW_MISSING, MANY_MISSING = 0.05, 0.20
APART = 0.10  # shares of missing patients that differ by more between the arms raise a concern
_ORDER: tuple[Level, ...] = ("low", "unknown", "some", "high")


@dataclass(frozen=True)
class Domain:
    """One domain of RoB 2 as judged.

    Attributes
    ----------
    name : str
        In words.
    level : {"low", "some", "high", "unknown"}
        The judgement; unknown where study.yml does not describe the design.
    reason : str
        Why, in a sentence.
    own : bool
        Whether study.yml gave the judgement instead of a rule.
    """

    name: str
    level: Level
    reason: str
    own: bool


@dataclass(frozen=True)
class RiskOfBias:
    """Risk of bias of the primary result.

    Attributes
    ----------
    domains : tuple of Domain
        The five domains.
    overall : {"low", "some", "high", "unknown"}
        The worst of them.
    """

    domains: tuple[Domain, ...]
    overall: Level


def risk_of_bias(study: Study) -> RiskOfBias:
    """Judge the risk of bias of the primary result at its last visit.

    Parameters
    ----------
    study : Study
        Its ``risk_of_bias`` goes before the rules.

    Returns
    -------
    RiskOfBias
        The rules are the book's, much simpler than the questions of RoB 2: they read only what
        study.yml and the data say.

    References
    ----------
    Sterne JAC, et al. RoB 2: a revised tool for assessing risk of bias in randomised trials. BMJ
    2019;366:l4898. doi:10.1136/bmj.l4898
    """
    design = study.config.design
    rules = {
        "randomisation": _randomisation(design),
        "deviations": _deviations(design),
        "missing": _missing(study),
        "measurement": _measurement(study, design),
        "reporting": _reporting(design),
    }
    domains = []
    for key, words in DOMAINS.items():
        own = getattr(study.config.risk_of_bias, key, None)
        level, reason = (own.judgement, own.reason) if own else rules[key]
        domains.append(Domain(words, level, reason, own is not None))
    worst = max((domain.level for domain in domains), key=_ORDER.index)
    return RiskOfBias(tuple(domains), worst)


def _randomisation(design: Design | None) -> tuple[Level, str]:
    if design is None:
        return "unknown", "study.yml does not describe the design."
    if design.randomisation is None:
        return "some", "How the arms were drawn, and kept hidden until then, is not described."
    return "low", "The arms were drawn by a described procedure."


def _deviations(design: Design | None) -> tuple[Level, str]:
    if design is None:
        return "unknown", "study.yml does not describe the design."
    if design.masking == "double":
        return "low", "Patients and staff did not know the arm."
    if design.masking == "single":
        return "some", "Only one side did not know the arm."
    sham = " and there was no sham" if design.sham is False else ""
    return "some", f"Everybody knew the arm{sham}: care, effort and staying on can differ."


def missing_shares(study: Study) -> pd.Series:
    """Give the share of each arm's randomised patients without an observed last primary value."""
    endpoint = study.primary
    records = study.records(
        endpoint.parameter, visits=[endpoint.visits[-1]], where=endpoint.observed
    )
    seen = records.dropna(subset=[endpoint.value]).groupby(ARM, observed=False).size()
    return 1 - seen / study.subjects().groupby(ARM, observed=False).size()


def _missing(study: Study) -> tuple[Level, str]:
    shares = missing_shares(study)
    people, rule = study.subjects()[ARM].value_counts(), study.disclosure
    told = fmt.listed(
        [
            f"{arm} {rule.few_patients}"
            if rule.hides(round(share * people[arm]))
            else f"{arm} some"
            if hides_size(study, str(arm), round((1 - share) * people[arm]))
            else f"{arm} {fmt.percent(share)}"
            for arm, share in shares.items()
        ]
    )
    visit = study.visit_phrase(study.primary.visits[-1])
    worst, apart = float(shares.max()), float(shares.max() - shares.min())
    if worst <= FEW_MISSING:
        return "low", f"Hardly anybody is missing at {visit}: {told}."
    if worst > MANY_MISSING:
        return "high", f"Many are missing at {visit}: {told}."
    uneven = ", and not alike in the arms" if apart > APART else ""
    return "some", f"Some are missing at {visit}{uneven}: {told}."


def _measurement(study: Study, design: Design | None) -> tuple[Level, str]:
    if design is None:
        return "unknown", "study.yml does not describe the design."
    measured = study.parameter(study.primary.parameter).measured_by
    judged = measured in ("rating", "self_report")
    if design.masking == "double":
        return "low", "Whoever measured did not know the arm."
    if measured == "laboratory":
        return "low", "A laboratory measured it, which knowing the arm hardly moves."
    if not judged:
        return "some", "An instrument measured it, but patients who know the arm may try harder."
    if design.masking == "single":
        return "some", "It is a judgement, and study.yml does not say that the rater was blinded."
    return "high", "It is a judgement, and whoever judged knew the arm."


def _reporting(design: Design | None) -> tuple[Level, str]:
    if design is None:
        return "unknown", "study.yml does not describe the design."
    if design.registration is None:
        return "some", "No registration is named, so that no plan can be compared with the report."
    return (
        "some",
        f"The trial is registered ({design.registration}), but whether the analysis was planned "
        "before the data were seen is not known here.",
    )
