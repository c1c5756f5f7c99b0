"""Analysis of covariance: arms compared with covariates held equal."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf


@dataclass(frozen=True)
class Ancova:
    """Adjusted differences of each arm against the control.

    Attributes
    ----------
    frame : DataFrame
        One row an arm other than the control: ``arm``, n_control, n_treated, estimate, std_error,
        df, statistic, p_value, conf_low, conf_high, and ``robust_std_error``, ``robust_conf_low``,
        ``robust_conf_high``, ``robust_p_value`` from HC3.
    n_used, n_dropped : int
        Rows in the model and rows left out for a missing value.
    residual_sd : float
        In the unit of the outcome.
    interaction_p : float
        Test that the first covariate's slope is the same in every arm; NaN without a covariate.
    """

    frame: pd.DataFrame
    n_used: int
    n_dropped: int
    residual_sd: float
    interaction_p: float


class AncovaError(ValueError):
    """Data that an analysis of covariance cannot be fitted to."""


def ancova(
    data: pd.DataFrame,
    outcome: str,
    arm: str,
    covariates: Sequence[str] = (),
    conf_level: float = 0.95,
) -> Ancova:
    """Fit outcome ~ arm + covariates by least squares.

    Parameters
    ----------
    data : DataFrame
        One row a subject. ``arm`` is a category with the control first; a covariate that is not
        numeric enters as a factor.
    outcome, arm : str
        Columns.
    covariates : sequence of str
        Columns to hold equal.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Ancova
        Estimates by arm with model-based and heteroscedasticity-consistent (HC3) errors.

    Raises
    ------
    AncovaError
        If the arm is not a category, an arm has nobody with complete data, the covariates
        determine each other, or there are not more subjects than parameters.

    References
    ----------
    Senn S. Change from baseline and analysis of covariance revisited. Stat Med 2006;25:4334-4344.
    doi:10.1002/sim.2682. Long JS, Ervin LH. Using heteroscedasticity consistent standard errors in
    the linear regression model. Am Stat 2000;54:217-224. doi:10.1080/00031305.2000.10474549
    """
    if not isinstance(data[arm].dtype, pd.CategoricalDtype):
        raise AncovaError(f"{arm} must be a category with the control first")
    control, *others = data[arm].cat.categories
    used = data[[outcome, arm, *covariates]].dropna()
    counts = used[arm].value_counts()
    for label in (control, *others):
        if counts.get(label, 0) == 0:
            raise AncovaError(f"nobody in arm {label!r} has a value and all covariates")
    # The names of columns and levels stay out of the formula, whatever they hold.
    frame = pd.DataFrame({"y": used[outcome].astype(float), "arm": used[arm].cat.codes})
    terms = ["C(arm)"]
    for i, name in enumerate(covariates):
        numeric = pd.api.types.is_numeric_dtype(used[name])
        frame[f"x{i}"] = used[name].astype(float) if numeric else pd.factorize(used[name])[0]
        if numeric or len(used[name].unique()) > 1:
            terms.append(f"x{i}" if numeric else f"C(x{i})")
    model = smf.ols(f"y ~ {' + '.join(terms)}", frame)
    rank, width = int(np.linalg.matrix_rank(model.exog)), model.exog.shape[1]
    if rank < width:
        raise AncovaError("the covariates determine each other or the arm; leave one out")
    if len(frame) <= width:
        raise AncovaError(f"{len(frame)} subjects are too few for {width} parameters")
    fit = model.fit()
    robust = fit.get_robustcov_results("HC3")
    positions = {name: i for i, name in enumerate(model.exog_names)}
    rows = []
    for code, label in enumerate(others, start=1):
        i = positions[f"C(arm)[T.{code}]"]
        low, high = fit.conf_int(1 - conf_level).to_numpy()[i]
        robust_low, robust_high = robust.conf_int(1 - conf_level)[i]
        rows.append(
            {
                "arm": label,
                "n_control": int(counts[control]),
                "n_treated": int(counts[label]),
                "estimate": fit.params.iloc[i],
                "std_error": fit.bse.iloc[i],
                "df": fit.df_resid,
                "statistic": fit.tvalues.iloc[i],
                "p_value": fit.pvalues.iloc[i],
                "conf_low": low,
                "conf_high": high,
                "robust_std_error": robust.bse[i],
                "robust_conf_low": robust_low,
                "robust_conf_high": robust_high,
                "robust_p_value": robust.pvalues[i],
            }
        )
    return Ancova(
        frame=pd.DataFrame(rows),
        n_used=len(frame),
        n_dropped=len(data) - len(frame),
        residual_sd=float(np.sqrt(fit.mse_resid)),
        interaction_p=_interaction(frame, terms, fit),
    )


def _interaction(frame: pd.DataFrame, terms: list[str], fit: object) -> float:
    """Give p of the F test for arm by first covariate; NaN where it cannot be fitted."""
    if len(terms) < 2:
        return float("nan")
    wider = smf.ols(f"y ~ {' + '.join(terms)} + C(arm):{terms[1]}", frame)
    full_rank = np.linalg.matrix_rank(wider.exog) == wider.exog.shape[1]
    if not full_rank or len(frame) <= wider.exog.shape[1]:
        return float("nan")
    return float(wider.fit().compare_f_test(fit)[1])
