"""Models of a whole course: constrained longitudinal analysis and random slopes."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from scipy import stats

from alsutils.stats.mmrm import fit_mmrm


@dataclass(frozen=True)
class CourseEffects:
    """Differences of each arm from the control, from a model of the whole course.

    Attributes
    ----------
    frame : DataFrame
        One row an arm and visit (or an arm and slope): ``arm``, ``visit`` (or ``effect``),
        estimate, std_error, df, statistic, p_value, conf_low, conf_high; in the unit of the
        outcome (or of the outcome per unit of time).
    n_subjects, n_observations : int
        Subjects and values in the model.
    """

    frame: pd.DataFrame
    n_subjects: int
    n_observations: int


def constrained_analysis(
    data: pd.DataFrame,
    outcome: str,
    subject: str,
    visit: str,
    arm: str,
    covariates: Sequence[str] = (),
    conf_level: float = 0.95,
) -> CourseEffects:
    """Fit a constrained longitudinal data analysis (cLDA).

    The baseline is an outcome like the others, and the arms share its mean, as randomisation makes
    them; each later visit has a difference of its own. Patients with a baseline and nothing else
    help to estimate it.

    Parameters
    ----------
    data : DataFrame
        One row a subject and visit; missing outcomes are left out.
    outcome, subject, visit, arm : str
        Columns. ``visit`` is an ordered category, the baseline first; ``arm`` a category, the
        control first.
    covariates : sequence of str
        Columns that act alike on every visit.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    CourseEffects
        Unstructured covariance, Kenward-Roger inference as SAS computes it.

    Raises
    ------
    ValueError
        If visit or arm is not a category, or the model cannot be fitted; the message says why.

    References
    ----------
    Liang KY, Zeger SL. Longitudinal data analysis of continuous and discrete responses for pre-post
    designs. Sankhya B 2000;62:134-148. Liu GF, et al. Should baseline be a covariate or dependent
    variable in analyses of change from baseline in clinical trials? Stat Med 2009;28:2509-2530.
    doi:10.1002/sim.3639
    """
    for column in (visit, arm):
        if not isinstance(data[column].dtype, pd.CategoricalDtype):
            raise ValueError(f"{column} must be a category, the baseline or the control first")
    _, *later = data[visit].cat.categories
    _, *treated = data[arm].cat.categories
    # One indicator for each arm and later visit, none at baseline: that is the constraint.
    effects = {f"effect{i}_{j}": (a, v) for i, a in enumerate(treated) for j, v in enumerate(later)}
    columns = {
        name: ((data[arm] == a) & (data[visit] == v)).astype(float)
        for name, (a, v) in effects.items()
    }
    renamed = {f"x{i}": data[name] for i, name in enumerate(covariates)}
    frame = pd.DataFrame(
        {"y": data[outcome], "subject": data[subject], "visit": data[visit], **columns, **renamed}
    )
    fit = fit_mmrm(
        " + ".join(["y ~ visit", *effects, *renamed]),
        frame,
        subject="subject",
        visit="visit",
        df="kenward-roger",
        vcov="kenward-roger-linear",
        conf_level=conf_level,
    )
    found = fit.coefficients.set_index("term").loc[list(effects)].reset_index(drop=True)
    labels = pd.DataFrame(list(effects.values()), columns=["arm", "visit"])
    return CourseEffects(pd.concat([labels, found], axis=1), fit.n_subjects, fit.n_observations)


def random_slopes(
    data: pd.DataFrame,
    outcome: str,
    subject: str,
    time: str,
    arm: str,
    break_at: float | None = None,
    conf_level: float = 0.95,
) -> CourseEffects:
    """Give every subject a line of their own, and compare the mean slopes of the arms.

    Parameters
    ----------
    data : DataFrame
        One row a subject and visit; missing outcomes are left out.
    outcome, subject, time, arm : str
        Columns. ``time`` is a number, ``arm`` a category with the control first.
    break_at : float or None
        Time at which treatment began. With it, each subject's line may bend there and the effect is
        the difference in bends, so that slopes from before treatment count; without it, all times
        belong to one line and the effect is the difference in slopes.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    CourseEffects
        Random intercept and slopes with unrestricted covariance, by REML; normal inference (df is
        infinite). ``effect`` is "slope" or "change of slope".

    Raises
    ------
    ValueError
        If the arm is not a category or the likelihood has no maximum that can be found.

    References
    ----------
    Laird NM, Ware JH. Random-effects models for longitudinal data. Biometrics 1982;38:963-974.
    doi:10.2307/2529876
    """
    if not isinstance(data[arm].dtype, pd.CategoricalDtype):
        raise ValueError(f"{arm} must be a category with the control first")
    used = data.dropna(subset=[outcome, time])
    since = used[time].astype(float) - (break_at or 0.0)
    unit = float(since.abs().max()) or 1.0  # a time of about 1 keeps the variances alike in size
    frame = pd.DataFrame(
        {"y": used[outcome].astype(float), "subject": used[subject], "t": since / unit}
    )
    frame["after"] = frame["t"].clip(lower=0)
    _, *treated = used[arm].cat.categories
    for i, label in enumerate(treated):
        frame[f"a{i}"] = (used[arm] == label).astype(float)
    arms = [f"a{i}" for i in range(len(treated))]
    slopes = ["t"] if break_at is None else ["t", "after"]
    fixed = [*slopes, *arms, *(f"{a}:{s}" for a in arms for s in slopes)]
    model = smf.mixedlm(
        f"y ~ {' + '.join(fixed)}",
        frame,
        groups=frame["subject"],
        re_formula=" + ".join(["~ t", *slopes[1:]]),
    )
    fit = _converged(model)
    errors = _standard_errors(fit) / unit
    z = float(stats.norm.ppf((1 + conf_level) / 2))
    rows = []
    for i, label in enumerate(treated):
        term = f"a{i}:{slopes[-1]}"
        estimate, std_error = fit.params[term] / unit, errors[term]
        rows.append(
            {
                "arm": label,
                "effect": "slope" if break_at is None else "change of slope",
                "estimate": estimate,
                "std_error": std_error,
                "df": np.inf,
                "statistic": estimate / std_error,
                "p_value": 2 * stats.norm.sf(abs(estimate / std_error)),
                "conf_low": estimate - z * std_error,
                "conf_high": estimate + z * std_error,
            }
        )
    return CourseEffects(pd.DataFrame(rows), frame["subject"].nunique(), len(frame))


def _converged(model: Any) -> Any:
    """Fit by one optimiser after the other until one converges."""
    for method in ("lbfgs", "bfgs", "powell"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a fit that did not converge is not used
                fit = model.fit(reml=True, method=method)
        except (np.linalg.LinAlgError, ValueError):
            continue
        if fit.converged:
            return fit
    raise ValueError("the random-slope model has no maximum that the optimisers could find")


def _standard_errors(fit: Any) -> pd.Series:
    """Give the errors of generalised least squares at the estimated variances, as lme4 does.

    statsmodels' own come from a Hessian that mixes in the variances' uncertainty.
    """
    information = 0
    for rows in fit.model.row_indices.values():
        x, z = fit.model.exog[rows], fit.model.exog_re[rows]
        variance = z @ fit.cov_re.to_numpy() @ z.T + fit.scale * np.eye(len(x))
        information = information + x.T @ np.linalg.solve(variance, x)
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    return pd.Series(errors, index=fit.model.exog_names)
