"""How strong the evidence of the main result is, asked in several ways."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from alsutils import primary
from alsutils.appraisal.analysis import main_rows
from alsutils.stats.specifications import spread_within
from alsutils.stats.strength import (
    continuous_fragility,
    e_value_of_difference,
    false_positive_risk,
    fragility_index,
    intrinsic_p,
    normal_posterior,
    replication,
)
from alsutils.stats.two_sample import Sample, hedges_g
from alsutils.study import ARM, Study
from alsutils.study.telling import opened

SCEPTICAL, NEUTRAL, ENTHUSIASTIC = "Sceptical", "Neutral", "Enthusiastic"
PRIOR = 0.5  # chance of an effect before the trial
TARGET = 0.05  # risk of a false positive that one may be content with
_TAIL = 0.05  # chance that a sceptic gives to a worthwhile effect, and an enthusiast to none
_WIDE = 10.0  # a neutral prior's standard deviation, in worthwhile effects
_MEDIUM = 0.5  # standard deviations that are worthwhile where study.yml names no difference


@dataclass(frozen=True)
class Strength:
    """The main result seen by different people and against different doubts.

    Attributes
    ----------
    beliefs : DataFrame
        One row a visit, arm and prior (``prior``: SCEPTICAL, NEUTRAL, ENTHUSIASTIC): the result
        columns with the posterior, in the endpoint's unit; ``treated``, ``prior_mean``,
        ``prior_sd``, ``probability_better`` and ``same_again`` (chance that a trial of this size
        would exclude no difference on the same side).
    evidence : DataFrame
        One row a visit and arm: ``visit``, ``contrast``, ``treated``, ``p_value``, ``ratio``,
        ``risk`` and ``prior_needed`` (false-positive risk with the effect seen), ``smallest_risk``,
        ``intrinsic_p``, ``replicates_known`` and ``replicates_flat`` (chances of a further trial of
        this size, the estimate taken for the truth and for what it is), ``same_direction``,
        ``e_point``, ``e_limit``, ``fragile`` (patients; 0 where the t-test is not significant) and
        ``n_better`` (patients of the arm they are of).
    responders : DataFrame
        One row a visit, threshold and arm: ``visit``, ``threshold_label``, ``treated``,
        ``p_value`` (Fisher's), ``significant``, ``changes`` (missing where no number is enough),
        ``of`` (patients of the arm they are of); empty where the study has no responders.
    worthwhile : float
        Difference that priors are drawn around, in the endpoint's unit.
    is_given : bool
        Whether study.yml names it; else it is half a standard deviation.
    """

    beliefs: pd.DataFrame
    evidence: pd.DataFrame
    responders: pd.DataFrame
    worthwhile: float
    is_given: bool


def strength(study: Study) -> Strength:
    """Weigh the main result from several sides.

    Parameters
    ----------
    study : Study
        Its primary endpoint by its main analysis; ``design: minimal_important_difference`` is the
        difference that counts as worthwhile, half a standard deviation where it is absent.

    Returns
    -------
    Strength
        A sceptic's prior lies around no effect and gives one chance in twenty to a worthwhile
        benefit; an enthusiast's lies around a worthwhile benefit and gives one in twenty to harm.

    References
    ----------
    Spiegelhalter DJ, Freedman LS, Parmar MKB. Bayesian approaches to randomized trials. J R Stat
    Soc Ser A 1994;157:357-416. doi:10.2307/2983527
    """
    endpoint = study.primary
    rows = main_rows(study)
    design = study.config.design
    given = design.minimal_important_difference if design else None
    worthwhile = given if given is not None else _MEDIUM * _spread(study, endpoint.visits[-1])
    beliefs, evidence = [], []
    for row in rows:
        beliefs += _beliefs(study, row, worthwhile)
        evidence.append(_evidence(study, row))
    return Strength(
        pd.DataFrame(beliefs),
        pd.DataFrame(evidence),
        _responders(study),
        float(worthwhile),
        given is not None,
    )


def _spread(study: Study, visit: float) -> float:
    """Pool the standard deviation of the primary endpoint over the arms."""
    endpoint = study.primary
    records = study.records(endpoint.parameter, endpoint.population, [visit])
    on = (records[ARM] != study.control).to_numpy()
    return float(spread_within(records[endpoint.value], on[None])[0])


def _beliefs(study: Study, row: dict[str, float], worthwhile: float) -> list[dict[str, object]]:
    sign = 1 if study.parameter(study.primary.parameter).better == "higher" else -1
    narrow = worthwhile / float(stats.norm.isf(_TAIL))
    priors = {
        SCEPTICAL: (0.0, narrow),
        NEUTRAL: (0.0, _WIDE * worthwhile),
        ENTHUSIASTIC: (sign * worthwhile, narrow),
    }
    found: list[dict[str, object]] = []
    for name, (mean, sd) in priors.items():
        if not sd > 0:
            continue
        belief = normal_posterior(row["estimate"], row["std_error"], mean, sd, study.conf_level)
        above = belief.probability_above
        again = replication(belief.estimate, belief.std_error, row["std_error"], study.alpha)
        named = ("endpoint", "population", "visit", "contrast", "treated", "n_control", "n_treated")
        found.append(
            {key: row[key] for key in named}
            | {
                "analysis": f"posterior, {name.lower()} prior",
                "prior": name,
                "prior_mean": mean,
                "prior_sd": sd,
                "estimate": belief.estimate,
                "std_error": belief.std_error,
                "conf_low": belief.conf_low,
                "conf_high": belief.conf_high,
                "probability_better": above if sign > 0 else 1 - above,
                "same_again": again.significant,
            }
        )
    return found


def _evidence(study: Study, row: dict[str, float]) -> dict[str, object]:
    estimate, error = row["estimate"], row["std_error"]
    # A p-value that is 0 to the computer's digits, or 1, has no chance to be turned.
    p_value = min(max(row["p_value"], 1e-15), 1 - 1e-12)
    df = row["df"] if np.isfinite(row["df"]) else math.inf
    risk = false_positive_risk(p_value, df, prior=PRIOR, target=TARGET)
    treated, control = _values(study, row)
    scale = hedges_g(Sample.of(treated), Sample.of(control), study.conf_level)
    points = math.nan, math.nan
    if not math.isnan(scale.estimate):
        bias = e_value_of_difference(scale.estimate, scale.conf_low, scale.conf_high)
        points = bias.point, bias.limit
    flat = replication(estimate, error, error, study.alpha)
    return {
        "visit": row["visit"],
        "contrast": row["contrast"],
        "treated": row["treated"],
        "p_value": row["p_value"],
        "ratio": risk.ratio,
        "risk": risk.risk,
        "prior_needed": risk.prior_needed,
        "smallest_risk": risk.smallest_risk,
        "intrinsic_p": intrinsic_p(p_value),
        "replicates_known": replication(estimate, 0.0, error, study.alpha).significant,
        "replicates_flat": flat.significant,
        "same_direction": flat.same_direction,
        "e_point": points[0],
        "e_limit": points[1],
    } | _fragile(study, treated, control)


def _values(study: Study, row: dict[str, float]) -> tuple[pd.Series, pd.Series]:
    """Give the values of one visit's treated and control patients, above 0 better."""
    endpoint = study.primary
    better = 1 if study.parameter(endpoint.parameter).better == "higher" else -1
    records = study.records(endpoint.parameter, endpoint.population, [row["visit_number"]])
    values = better * records[endpoint.value].dropna()
    arms = records[ARM].loc[values.index]
    return values[arms == row["treated"]], values[arms == study.control]


def _fragile(study: Study, treated: pd.Series, control: pd.Series) -> dict[str, object]:
    """Count the patients on whom the t-test of a visit hangs."""
    if min(len(treated), len(control)) < 2:
        return {"fragile": math.nan, "n_better": math.nan}
    found = continuous_fragility(treated, control, study.alpha)
    # Of whom they are is told only where it says nothing of the others of the arm.
    arms = study.subjects()[ARM].value_counts()
    hidden = study.disclosure.hides(found.n, of=[arms.min(), arms.max()]).any()
    return {"fragile": found.changes, "n_better": math.nan if hidden else found.n}


def _responders(study: Study) -> pd.DataFrame:
    columns = ["visit", "threshold_label", "treated", "p_value", "significant", "changes", "of"]
    told, counted = primary.responders(study), primary.responders(opened(study))
    if told is None or counted is None:
        return pd.DataFrame(columns=columns)
    rows = []
    for row, shown in zip(
        counted.frame.to_dict("records"), told.frame.to_dict("records"), strict=True
    ):
        if math.isnan(shown["estimate"]):
            continue
        sizes = int(row["n_treated"]), int(row["n_control"])
        if min(sizes) < 1:
            continue
        found = fragility_index(
            int(row["x_treated"]), sizes[0], int(row["x_control"]), sizes[1], study.alpha
        )
        rows.append(
            {
                "visit": row["visit"],
                "threshold_label": row["threshold_label"],
                "treated": row["treated"],
                "p_value": found.p_value if shown["n_treated"] == sizes[0] else shown["p_value"],
                "significant": found.significant,
                "changes": math.nan if found.changes is None else found.changes,
                "of": shown["n_treated" if found.in_treated else "n_control"],
            }
        )
    return pd.DataFrame(rows, columns=columns)
