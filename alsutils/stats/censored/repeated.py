"""The ratio of geometric means at several visits at once, with values below a limit drawn."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.stats.censored.imputation import impute_censored
from alsutils.stats.censored.likelihood import Floats
from alsutils.stats.censored.ratio import FIGURES, SCALED, SMALLEST_MEASURED
from alsutils.stats.censored.regression import CensoredFitError
from alsutils.stats.imputation import ImputationError, rubins_rules
from alsutils.stats.mmrm.many import fit_many, unstructured_basis


@dataclass(frozen=True)
class RepeatedRatio:
    """Geometric means of each treated arm over that of the control, visit by visit.

    Attributes
    ----------
    frame : DataFrame
        One row a treated arm and visit: ``arm``, ``visit``, ``n_control``, ``n_treated``,
        ``below_control``, ``below_treated`` (values below the limit), the ratio ``estimate`` with
        ``conf_low`` and ``conf_high``, ``std_error`` (of its natural logarithm), ``df``,
        ``statistic``, ``p_value`` (of a ratio of 1), and ``reason`` (why there is no estimate, else
        empty).
    n_imputations : int
        Completed data sets that were asked for.
    """

    frame: pd.DataFrame
    n_imputations: int


def repeated_ratio(
    data: pd.DataFrame,
    subject: str,
    visit: str,
    arm: str,
    value: str,
    below: str | None = None,
    base: str | None = None,
    base_below: str | None = None,
    rng: np.random.Generator | None = None,
    n_imputations: int = 50,
    conf_level: float = 0.95,
) -> RepeatedRatio:
    """Compare arms at every visit by a mixed model for repeated measures of the logarithms.

    Each treated arm is compared with the control. The logarithm of the value depends on the visit,
    the arm and the logarithm of the baseline, with effects of their own at each visit, and the
    visits of a subject go together in any way (an unstructured covariance). Values and baselines
    below the limit are first drawn together from their normal distribution, many times over; the
    completed data are analysed alike and pooled by Rubin's rules. A visit that was missed stays
    missed: the model takes it as missing at random.

    Parameters
    ----------
    data : DataFrame
        One row a subject and visit after the baseline. Rows without a value, or without a baseline
        where one is named, are left out.
    subject, visit, arm : str
        Columns; ``arm`` is a category with the control first.
    value, base : str
        Columns of concentrations, above 0; for those below the limit, their limit.
    below, base_below : str, optional
        Columns that tell which are below; without them none is.
    rng : Generator, optional
        Needed where anything is below the limit.
    n_imputations : int
        Completed data sets, 2 or more.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    RepeatedRatio
        Missing figures with a reason at a visit at which either arm has fewer than three values
        above the limit.

    Raises
    ------
    ValueError
        If the arm is no category, a concentration is not above 0, a subject has two rows at a
        visit, or random numbers are needed and missing.

    References
    ----------
    Kenward MG, Roger JH. Biometrics 1997;53:983-997 (standard errors and degrees of freedom).
    Schafer JL. Analysis of Incomplete Multivariate Data. Chapman & Hall 1997. Barnard J, Rubin DB.
    Small-sample degrees of freedom with multiple imputation. Biometrika 1999;86:948-955.
    """
    frame = _read(data, subject, visit, arm, value, below, base, base_below)
    control, *others = data[arm].cat.categories
    visits = sorted(frame["visit"].unique())
    if (frame["below"].any() or frame["base_below"].any()) and rng is None:
        raise ValueError("values below the limit are drawn: give rng=numpy.random.default_rng(1)")
    rows: list[dict[str, object]] = []
    for label in others:
        pair = frame[frame["arm"].isin([control, label])]
        reasons = {v: _shortage(pair[pair["visit"] == v], (control, label)) for v in visits}
        usable = [v for v in visits if not reasons[v]]
        found, trouble = pd.DataFrame(), ""
        if usable:
            chosen = pair[pair["visit"].isin(usable)]
            try:
                found = _fit(chosen, label, base is not None, rng, n_imputations, conf_level)
            except (CensoredFitError, ImputationError) as error:
                trouble = str(error)
        for v in visits:
            here = pair[pair["visit"] == v]
            on = here["arm"] == label
            reason = reasons[v] or trouble
            counts = {
                "arm": label,
                "visit": v,
                "n_control": int((~on).sum()),
                "n_treated": int(on.sum()),
                "below_control": int(here.loc[~on, "below"].sum()),
                "below_treated": int(here.loc[on, "below"].sum()),
            }
            figures = dict.fromkeys(FIGURES, np.nan) if reason else found.loc[v].to_dict()
            rows.append({**counts, **figures, "reason": reason})
    columns = ["arm", "visit", "n_control", "n_treated", "below_control", "below_treated"]
    return RepeatedRatio(pd.DataFrame(rows, columns=[*columns, *FIGURES, "reason"]), n_imputations)


def _read(
    data: pd.DataFrame,
    subject: str,
    visit: str,
    arm: str,
    value: str,
    below: str | None,
    base: str | None,
    base_below: str | None,
) -> pd.DataFrame:
    """Bring the complete rows into columns of known names, concentrations as logarithms."""
    if not isinstance(data[arm].dtype, pd.CategoricalDtype):
        raise ValueError(f"{arm} must be a category with the control first")
    used = data.dropna(subset=[subject, visit, arm, value, *([base] if base else [])])
    for column in (value, base):
        if column and (used[column] <= 0).any():
            raise ValueError(
                f"{column} must be above 0 to have a logarithm; give a value below the limit as "
                "the limit, and leave out what is 0 or negative"
            )
    twice = used.duplicated([subject, visit])
    if twice.any():
        row = used[twice].iloc[0]
        raise ValueError(f"{row[subject]!r} has two rows at visit {row[visit]!r}; keep one")
    return pd.DataFrame(
        {
            "subject": used[subject],
            "visit": used[visit],
            "arm": used[arm].astype(object),
            "value": np.log(used[value].astype(float)),
            "below": used[below].astype(bool) if below else False,
            "base": np.log(used[base].astype(float)) if base else 0.0,
            "base_below": used[base_below].astype(bool) if base and base_below else False,
        }
    )


def _shortage(here: pd.DataFrame, arms: tuple[str, str]) -> str:
    """Say why the arms cannot be compared at a visit; empty where they can."""
    for label in arms:
        own = here[here["arm"] == label]
        if own.empty:
            return f"no sample in {label}"
        if (~own["below"]).sum() < SMALLEST_MEASURED:
            return f"fewer than {SMALLEST_MEASURED} values above the limit in {label}"
    return ""


def _fit(
    rows: pd.DataFrame,
    label: str,
    has_base: bool,
    rng: np.random.Generator | None,
    n_imputations: int,
    conf_level: float,
) -> pd.DataFrame:
    """Give the ratio at each visit, indexed by visit."""
    wide = rows.pivot_table(index="subject", columns="visit", values="value", sort=True)
    low = rows.pivot_table(index="subject", columns="visit", values="below", aggfunc="any")
    people = rows.drop_duplicates("subject").set_index("subject").loc[wide.index]
    treated = (people["arm"] == label).to_numpy(float)
    y, under = wide.to_numpy(float), low.fillna(False).to_numpy(bool)
    base, base_under = people["base"].to_numpy(float), people["base_below"].to_numpy(bool)
    slope = has_base and np.ptp(base[~base_under], axis=0) > 0 if (~base_under).any() else False
    if slope:
        y, under = np.column_stack([base, y]), np.column_stack([base_under, under])
    missing = np.isnan(y)
    drawn = y[None]
    if under.any():
        assert rng is not None
        high = np.where(missing, np.inf, y)
        design = np.column_stack([np.ones(len(y)), treated])
        bottom = np.where(missing | under, -np.inf, y)
        drawn = impute_censored(bottom, high, design, rng, n_imputations).completed
        drawn = np.where(missing, np.nan, drawn)
    table = _model(drawn, treated, slope, conf_level).set_axis(wide.columns, axis=0)
    table[list(SCALED)] = np.exp(table[list(SCALED)])
    return table


def _model(drawn: Floats, treated: Floats, slope: bool, conf_level: float) -> pd.DataFrame:
    """Fit the mixed model to every completed data set and pool, a row a visit."""
    m, n = drawn.shape[:2]
    outcomes = drawn[:, :, 1:] if slope else drawn
    columns = [np.ones((m, n)), np.broadcast_to(treated, (m, n))]
    if slope:
        columns.append(drawn[:, :, 0] - drawn[:, :, 0].mean(axis=1, keepdims=True))
    each = np.stack(columns, axis=2)
    visits, width = outcomes.shape[2], each.shape[2]
    # Every visit has columns of its own.
    pieces = np.tile(np.arange(width), visits)
    loadings = np.asarray(np.kron(np.eye(visits), np.ones(width)), dtype=np.float64)
    wanted = [1 + width * v for v in range(visits)]
    basis = unstructured_basis(visits)
    fits = fit_many(outcomes, each, loadings, basis, wanted, conf_level, pieces)
    good = np.isfinite(fits.estimate).all(axis=1)
    if good.sum() <= m / 2:
        raise CensoredFitError("the mixed model has no maximum; there are too few subjects")
    if m == 1:
        named = {name: getattr(fits, name)[0] for name in FIGURES if name != "statistic"}
        statistic = fits.estimate[0] / fits.std_error[0]
        return pd.DataFrame({**named, "statistic": statistic})[list(FIGURES)]
    pooled = [
        rubins_rules(
            fits.estimate[good, v],
            fits.std_error[good, v] ** 2,
            float(fits.df[good, v].mean()),
            conf_level,
        ).frame
        for v in range(visits)
    ]
    return pd.concat(pooled, ignore_index=True)[list(FIGURES)]
