"""Answers of the package beside those of an independent one: how far apart they are."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from alsutils.stats.mmrm import MMRMFit, fit_mmrm

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
