"""The ratio of geometric means between arms, with values and baselines below a limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from alsutils.stats.censored.imputation import impute_censored
from alsutils.stats.censored.likelihood import Floats
from alsutils.stats.censored.regression import CensoredFitError, censored_regression
from alsutils.stats.censored.substitution import SUBSTITUTES, Rule, substitute
from alsutils.stats.imputation import ImputationError, rubins_rules

Method = Literal["tobit", "imputation", "substitution"]

SMALLEST_MEASURED = 3
"""Values above the limit that an arm needs."""
SMALLEST_LEVEL = 5
"""Baselines on each side of the limit from which those below get a level of their own."""
FIGURES = ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")
"""Columns of an estimate."""
SCALED = ("estimate", "conf_low", "conf_high")
"""Those that turn from differences of logarithms to ratios."""


@dataclass(frozen=True)
class GeometricRatio:
    """Geometric means of each treated arm over that of the control.

    Attributes
    ----------
    frame : DataFrame
        One row a treated arm: ``arm``, ``n_control``, ``n_treated``, ``below_control``,
        ``below_treated`` (values below the limit), the ratio ``estimate`` with ``conf_low`` and
        ``conf_high``, ``std_error`` (of its natural logarithm), ``df``, ``statistic``, ``p_value``
        (of a ratio of 1), and ``reason`` (why there is no estimate, else empty).
    method : {"tobit", "imputation", "substitution"}
        How values below the limit were taken.
    model : str
        Terms that are held equal beside the arm.
    """

    frame: pd.DataFrame
    method: Method
    model: str


def geometric_ratio(
    data: pd.DataFrame,
    arm: str,
    value: str,
    below: str | None = None,
    base: str | None = None,
    base_below: str | None = None,
    covariates: Sequence[str] = (),
    method: Method = "tobit",
    rule: Rule = "half",
    rng: np.random.Generator | None = None,
    n_imputations: int = 50,
    conf_level: float = 0.95,
) -> GeometricRatio:
    """Compare arms by an analysis of covariance of the logarithms.

    All arms share one model: the logarithm of the value on the arm, on the logarithm of the
    baseline and on covariates. With "tobit" a value below the limit counts as just that, a baseline
    below it stands at the limit, and where at least five are, they have a level of their own. With
    "imputation" values and baselines below the limit are drawn together from their normal
    distribution, and the analyses of the completed data are pooled. With "substitution" a share of
    the limit is written for both. Where nothing is below a limit, all three are ordinary analysis
    of covariance.

    Parameters
    ----------
    data : DataFrame
        One row a subject. Rows without a value, a baseline (where one is named) or a covariate are
        left out.
    arm : str
        Column, a category with the control first.
    value, base : str
        Columns of concentrations, above 0; for those below the limit, their limit.
    below, base_below : str, optional
        Columns that tell which are below; without them none is.
    covariates : sequence of str
        Columns to hold equal; one that is not numeric enters as a factor.
    method : {"tobit", "imputation", "substitution"}
        How values below the limit are taken.
    rule : {"half", "root", "limit"}
        For "substitution", what is written.
    rng : Generator
        For "imputation".
    n_imputations : int
        For "imputation".
    conf_level : float
        Level of the intervals.

    Returns
    -------
    GeometricRatio
        Missing figures with a reason for an arm in which fewer than three values were measured;
        for every arm, where that is the control.

    Raises
    ------
    ValueError
        If the arm is no category, a concentration is not above 0, or an argument does not fit.

    References
    ----------
    Lubin JH et al. Environ Health Perspect 2004;112:1691-1696. White IR, Thompson SG. Adjusting for
    partially missing baseline measurements in randomized trials. Stat Med 2005;24:993-1007 (a level
    of its own for a baseline that is not known). Rubin DB. Multiple Imputation for Nonresponse in
    Surveys. Wiley 1987.
    """
    _check(data, arm, method, rule, rng)
    rows = _Rows.read(data, arm, value, below, base, base_below, covariates)
    control, *others = data[arm].cat.categories
    lost = {label: _shortage(rows, label) for label in (control, *others)}
    usable = [label for label in others if not (lost[control] or lost[label])]
    found, model = pd.DataFrame(), ""
    trouble = ""
    if usable:
        kept = rows.take(np.isin(rows.arm, [control, *usable]))
        try:
            found, model = _fit(kept, usable, method, rule, rng, n_imputations, conf_level)
        except (CensoredFitError, ImputationError) as error:
            trouble = str(error)
    table = []
    for label in others:
        reason = lost[control] or lost[label] or trouble
        figures = dict.fromkeys(FIGURES, np.nan) if reason else found.loc[label].to_dict()
        on, off = rows.arm == label, rows.arm == control
        counts = {
            "arm": label,
            "n_control": int(off.sum()),
            "n_treated": int(on.sum()),
            "below_control": int(rows.below[off].sum()),
            "below_treated": int(rows.below[on].sum()),
        }
        table.append({**counts, **figures, "reason": reason})
    return GeometricRatio(pd.DataFrame(table), method, model)


@dataclass(frozen=True)
class _Rows:
    """What the models need, one entry a subject."""

    arm: np.ndarray
    value: Floats
    below: np.ndarray
    base: Floats | None
    base_below: np.ndarray
    covariates: pd.DataFrame

    @classmethod
    def read(
        cls,
        data: pd.DataFrame,
        arm: str,
        value: str,
        below: str | None,
        base: str | None,
        base_below: str | None,
        covariates: Sequence[str],
    ) -> "_Rows":
        """Take the complete rows of a frame, covariates as numbers."""
        needed = [arm, value, *([base] if base else []), *covariates]
        used = data.loc[data[needed].notna().all(axis=1)]
        for column in (value, base):
            if column and (used[column] <= 0).any():
                raise ValueError(
                    f"{column} must be above 0 to have a logarithm; give a value below the limit "
                    "as the limit, and leave out what is 0 or negative"
                )
        none = np.zeros(len(used), dtype=bool)
        table = pd.DataFrame(index=used.index)
        for name in covariates:
            column = used[name]
            if pd.api.types.is_numeric_dtype(column):
                parts = pd.DataFrame({name: column.astype(float) - column.mean()})
            else:
                parts = pd.get_dummies(column.astype(str), prefix=name, dtype=float).iloc[:, 1:]
            table = table.join(parts)
        return cls(
            arm=used[arm].astype(object).to_numpy(),
            value=used[value].to_numpy(float),
            below=used[below].to_numpy(bool) if below else none,
            base=used[base].to_numpy(float) if base else None,
            base_below=used[base_below].to_numpy(bool) if base and base_below else none,
            covariates=table.reset_index(drop=True),
        )

    def take(self, kept: np.ndarray) -> "_Rows":
        """Keep some subjects."""
        return _Rows(
            self.arm[kept],
            self.value[kept],
            self.below[kept],
            None if self.base is None else self.base[kept],
            self.base_below[kept],
            self.covariates[kept].reset_index(drop=True),
        )

    def design(self, arms: Sequence[str]) -> pd.DataFrame:
        """Intercept, a column an arm, and the covariates that vary."""
        columns: dict[str, object] = {"intercept": np.ones(len(self.arm))}
        columns |= {f"arm {label}": (self.arm == label).astype(float) for label in arms}
        table = self.covariates
        return pd.DataFrame(columns).join(table.loc[:, np.ptp(table.to_numpy(), axis=0) > 0])


def _shortage(rows: _Rows, label: str) -> str:
    """Say why an arm cannot be compared; empty where it can."""
    here = rows.arm == label
    if not here.any():
        return f"no sample in {label}"
    if (here & ~rows.below).sum() < SMALLEST_MEASURED:
        return f"fewer than {SMALLEST_MEASURED} values above the limit in {label}"
    return ""


def _fit(
    rows: _Rows,
    arms: Sequence[str],
    method: Method,
    rule: Rule,
    rng: np.random.Generator | None,
    n_imputations: int,
    conf_level: float,
) -> tuple[pd.DataFrame, str]:
    """Estimate every arm's ratio, indexed by arm, and name the other terms."""
    design = rows.design(arms)
    base_below = rows.base_below
    if method == "imputation" and (rows.below.any() or base_below.any()):
        assert rng is not None
        table = _imputed(rows, design, len(arms), rng, n_imputations, conf_level)
        terms = [*design.columns[1 + len(arms) :], *(["log baseline"] if _varies(rows) else [])]
    else:
        values, below = np.log(rows.value), rows.below
        base = rows.base
        if method == "substitution":
            values = np.log(substitute(rows.value, below, rule))
            below = np.zeros_like(below)
            base = None if base is None else substitute(base, base_below, rule)
        if base is not None and _varies(rows):
            design["log baseline"] = np.log(base) - np.log(base).mean()
            if method == "tobit" and _has_level(rows):
                design["baseline below the limit"] = base_below.astype(float)
        terms = list(design.columns[1 + len(arms) :])
        table = censored_regression(values, below, design, conf_level).frame.iloc[1 : 1 + len(arms)]
    table = table.set_axis(list(arms), axis=0)[list(FIGURES)]
    table[list(SCALED)] = np.exp(table[list(SCALED)])
    return table, " + ".join(terms)


def _varies(rows: _Rows) -> bool:
    """Whether there are measured baselines enough for a slope."""
    if rows.base is None:
        return False
    known = rows.base[~rows.base_below]
    return len(known) >= SMALLEST_LEVEL and bool(np.ptp(known) > 0)


def _has_level(rows: _Rows) -> bool:
    """Whether baselines below the limit get a level of their own."""
    low, seen = rows.base_below, ~rows.below
    sides = [(low & seen).sum(), (~low & seen).sum()]
    return bool(low.sum() >= SMALLEST_LEVEL and min(sides) >= SMALLEST_MEASURED)


def _imputed(
    rows: _Rows,
    design: pd.DataFrame,
    n_arms: int,
    rng: np.random.Generator,
    n_imputations: int,
    conf_level: float,
) -> pd.DataFrame:
    """Impute values and baselines together, fit every completed data set and pool."""
    logs, flags = [np.log(rows.value)], [rows.below]
    if rows.base is not None and _varies(rows):
        logs, flags = [*logs, np.log(rows.base)], [*flags, rows.base_below]
    high, low = np.column_stack(logs), np.column_stack(flags)
    X = design.to_numpy(float)
    drawn = impute_censored(np.where(low, -np.inf, high), high, X, rng, n_imputations).completed
    wide = np.broadcast_to(X, (n_imputations, *X.shape))
    if drawn.shape[2] == 2:
        centred = drawn[:, :, 1:] - drawn[:, :, 1:].mean(axis=1, keepdims=True)
        wide = np.concatenate([wide, centred], axis=2)
    n, p = wide.shape[1:]
    if n <= p:
        raise CensoredFitError(f"{n} values are too few for {p} coefficients and a spread")
    inverse = np.linalg.inv(np.swapaxes(wide, 1, 2) @ wide)
    y = drawn[:, :, :1]
    beta = inverse @ (np.swapaxes(wide, 1, 2) @ y)
    spread = ((y - wide @ beta) ** 2).sum(axis=1) / (n - p)
    arms = slice(1, 1 + n_arms)
    variances = spread * np.diagonal(inverse, axis1=1, axis2=2)
    return rubins_rules(beta[:, arms, 0], variances[:, arms], n - p, conf_level).frame


def _check(
    data: pd.DataFrame, arm: str, method: str, rule: str, rng: np.random.Generator | None
) -> None:
    """Refuse arguments that do not fit."""
    if not isinstance(data[arm].dtype, pd.CategoricalDtype):
        raise ValueError(f"{arm} must be a category with the control first")
    if method not in get_args(Method):
        raise ValueError(f"method must be one of {get_args(Method)}, not {method!r}")
    if rule not in SUBSTITUTES or rule == "zero":
        raise ValueError(
            f"rule must be 'half', 'root' or 'limit', not {rule!r}; 0 has no logarithm"
        )
    if method == "imputation" and rng is None:
        raise ValueError("imputation needs random numbers: give rng=numpy.random.default_rng(seed)")
