"""Answers of the package beside those of an independent one: how far apart they are."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from alsutils.stats.hazards import cox, log_rank
from alsutils.stats.mmrm import MMRMFit, fit_mmrm
from alsutils.stats.survival import kaplan_meier, quantile, restricted_mean, survival_at

FORMULA = "CHG ~ BASE*AVISIT + ONSET + TRT01P*AVISIT"


@dataclass(frozen=True)
class Agreement:
    """Every fit of a reference, made again.

    Attributes
    ----------
    reference : str
        Which programs the reference comes from.
    frame : DataFrame
        One row a fit: ``covariance``, ``method`` (degrees of freedom and kind of standard error),
        ``likelihood`` (difference of -2 log-likelihood, ours less theirs), ``estimate`` (largest
        difference of a treatment contrast, in standard errors), ``std_error`` and ``df`` (largest
        relative differences).
    """

    reference: str
    frame: pd.DataFrame


@dataclass(frozen=True)
class PeerAgreement:
    """The same figures by this package and by a library.

    Attributes
    ----------
    frame : DataFrame
        One row a figure: ``figure``, ``ours``, ``theirs``, ``difference`` (relative).
    n, events : int
        Patients and events behind them.
    """

    frame: pd.DataFrame
    n: int
    events: int


def lifelines_agreement(n: int = 300, seed: int = 1) -> PeerAgreement:
    """Compute what lifelines offers of survival both by it and by this package.

    Parameters
    ----------
    n : int
        Simulated patients, half of them treated; many share their day, so that ties matter.
    seed : int
        Of the patients.

    Returns
    -------
    PeerAgreement
        Of one trial with two covariates.

    References
    ----------
    Davidson-Pilon C. lifelines: survival analysis in Python. J Open Source Softw 2019;4:1317.
    """
    from lifelines import CoxPHFitter, KaplanMeierFitter  # heavy, and only needed here
    from lifelines.statistics import logrank_test
    from lifelines.utils import restricted_mean_survival_time

    rng = np.random.default_rng(seed)
    treated = np.arange(n) % 2
    age = rng.normal(0.0, 1.0, n)
    death = rng.exponential(20.0, n) * np.exp(0.4 * treated - 0.3 * age)
    time = np.ceil(np.minimum(death, rng.uniform(6.0, 36.0, n)))
    event = death <= time
    curve, theirs = kaplan_meier(time, event), KaplanMeierFitter().fit(time, event)
    at, limits = survival_at(curve, 12.0), theirs.confidence_interval_.loc[12.0]
    design = pd.DataFrame({"treated": treated.astype(float), "age": age})
    fit = cox(time, event, design).frame.set_index("term")
    other = CoxPHFitter().fit(design.assign(time=time, event=event), "time", "event").summary
    arms = [treated == arm for arm in (0, 1)]
    by_arm = logrank_test(*(time[a] for a in arms), *(event[a] for a in arms))
    horizon = 24.0
    rows = [
        ("Kaplan-Meier at time 12", at.estimate, float(theirs.predict(12.0))),
        ("its lower limit (log-log)", at.conf_low, limits.iloc[0]),
        ("its upper limit", at.conf_high, limits.iloc[1]),
        ("median", quantile(curve).estimate, theirs.median_survival_time_),
        (
            "restricted mean to 24",
            restricted_mean(curve, horizon).estimate,
            restricted_mean_survival_time(theirs, t=horizon),
        ),
        ("log-rank chi-square", log_rank(time, event, treated).statistic, by_arm.test_statistic),
    ]
    for term, words in {"treated": "of treatment", "age": "of age"}.items():
        row = fit.loc[term]
        rows.append((f"Cox, log hazard ratio {words}", row["estimate"], other.loc[term, "coef"]))
        rows.append(("its standard error", row["std_error"], other.loc[term, "se(coef)"]))
    frame = pd.DataFrame(rows, columns=["figure", "ours", "theirs"])
    difference = (frame["ours"] / frame["theirs"] - 1).abs()
    return PeerAgreement(frame.assign(difference=difference), n, int(event.sum()))


def mmrm_agreement(folder: Path) -> Agreement:
    """Fit the models of R's mmrm again and compare what they say of treatment.

    Parameters
    ----------
    folder : Path
        Holds ``mmrm_check.csv``, a made-up trial, and ``mmrm_check_r.json``, R's answers.

    Returns
    -------
    Agreement
        A positive difference of likelihood would mean that R had found the higher maximum.
    """
    data = pd.read_csv(folder / "mmrm_check.csv")
    reference = json.loads((folder / "mmrm_check_r.json").read_text())
    rows = []
    for name, expected in reference["fits"].items():
        vcov = None if expected["vcov"] == "default" else expected["vcov"].lower()
        by_arm = "by_arm" in name
        fit = fit_mmrm(
            FORMULA,
            data,
            subject="USUBJID",
            visit="AVISIT",
            covariance=name.split("_")[0],
            group="TRT01P" if by_arm else None,
            weights="WEIGHT" if expected["weights"] else None,
            reml=expected["reml"],
            df=expected["method"].lower(),
            vcov=vcov,
            reference={"TRT01P": "Riluzole"},
        )
        extras = [vcov] if vcov else []
        extras += ["one matrix an arm"] if by_arm else []
        extras += ["weighted"] if expected["weights"] else []
        extras += [] if expected["reml"] else ["maximum likelihood"]
        name_of_fit = {
            "covariance": name.split("_")[0],
            "method": ", ".join([expected["method"], *extras]),
        }
        rows.append(name_of_fit | _distances(fit, expected))
    programs = reference["meta"]
    words = f"{programs['R']}, mmrm {programs['mmrm']}, emmeans {programs['emmeans']}"
    return Agreement(words, pd.DataFrame(rows))


def _distances(fit: MMRMFit, expected: dict[str, object]) -> dict[str, float]:
    """Measure how far a fit's treatment contrasts are from the reference's."""
    ours = fit.contrasts("TRT01P", by="AVISIT", reference="Riluzole")
    theirs = pd.DataFrame(expected["contrasts_vs_control"]).rename(columns={"SE": "std_error"})
    both = ours.merge(theirs, on="AVISIT", suffixes=("", "_r"), validate="one_to_one")
    apart = (both["estimate"] - both["estimate_r"]).abs() / both["std_error_r"]
    relative = {k: np.max((both[k] / both[f"{k}_r"] - 1).abs()) for k in ("std_error", "df")}
    difference = fit.minus_2_log_likelihood - float(expected["minus_2_log_likelihood"])  # type: ignore[arg-type]
    return {"likelihood": difference, "estimate": float(apart.max()), **relative}


@dataclass(frozen=True)
class Coverage:
    """How often intervals of the mixed model hold the true difference, by simulation.

    Attributes
    ----------
    frame : DataFrame
        One row a kind of inference and visit: ``method``, ``visit``, ``coverage`` (share of the
        simulated trials), ``low`` and ``high`` (two Monte Carlo standard errors about it),
        ``mean_width`` (unit of the outcome) and ``trials``.
    """

    frame: pd.DataFrame


def mmrm_coverage(folder: Path) -> Coverage:
    """Read the coverage that ``benchmarks/mmrm_coverage.py`` found.

    Parameters
    ----------
    folder : Path
        Holds ``coverage.csv``.

    Returns
    -------
    Coverage
        Of nominal 95 % intervals in small trials with drop-out.
    """
    frame = pd.read_csv(folder / "coverage.csv")
    error = 2 * frame["monte_carlo_se"]
    return Coverage(frame.assign(low=frame["coverage"] - error, high=frame["coverage"] + error))


@dataclass(frozen=True)
class TypeOneError:
    """How often tests find a difference where there is none.

    Attributes
    ----------
    frame : DataFrame
        One row a world and analysis: ``world``, ``analysis``, ``trials``, ``error`` (share of
        trials with p below 0.05) and its limits ``low`` and ``high``, two Monte Carlo standard
        errors away.
    """

    frame: pd.DataFrame


def type_one_error(folder: Path) -> TypeOneError:
    """Read the errors that ``benchmarks/type_one_error.py`` found.

    Parameters
    ----------
    folder : Path
        Holds ``type_one_error.csv``.

    Returns
    -------
    TypeOneError
        Of nominal 5 % tests in trials without an effect, with and without patients who leave.
    """
    frame = pd.read_csv(folder / "type_one_error.csv")
    error = 2 * frame["monte_carlo_se"]
    return TypeOneError(frame.assign(low=frame["error"] - error, high=frame["error"] + error))


@dataclass(frozen=True)
class Speed:
    """How long fit, Kenward-Roger inference and marginal means take.

    Attributes
    ----------
    frame : DataFrame
        One row a size of trial: ``subjects``, ``visits``, ``seconds`` (wall clock) and
        ``r_seconds`` (R's mmrm on the same, missing where not measured).
    """

    frame: pd.DataFrame


def mmrm_speed(folder: Path) -> Speed:
    """Read the times that ``benchmarks/mmrm_speed.py`` measured.

    Parameters
    ----------
    folder : Path
        Holds ``speed.csv``.

    Returns
    -------
    Speed
        On two cores that had other work as well.
    """
    frame = pd.read_csv(folder / "speed.csv")
    return Speed(frame[["subjects", "visits", "seconds", "r_seconds"]])
