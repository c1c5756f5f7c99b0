"""Standard errors, degrees of freedom and tests of linear functions of the coefficients."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import fdtrc, stdtr, stdtrit

from alsutils.stats.mmrm.crossproducts import CrossProducts
from alsutils.stats.mmrm.errors import MMRMError, OptionError, TooFewSubjectsError
from alsutils.stats.mmrm.kenward_roger import adjusted_covariance
from alsutils.stats.mmrm.optimise import Optimum
from alsutils.stats.mmrm.sandwich import Sandwich
from alsutils.stats.mmrm.structures import Structure

Array = NDArray[np.float64]

DF_METHODS = ("satterthwaite", "kenward-roger", "between-within", "residual")
SANDWICHES = ("empirical", "empirical-jackknife", "empirical-bias-reduced")
KENWARD_ROGER = ("kenward-roger", "kenward-roger-linear", "kenward-roger-sas")
VCOV = ("asymptotic", *KENWARD_ROGER, *SANDWICHES)
_DEFAULT_VCOV = {
    "satterthwaite": "asymptotic",
    "kenward-roger": "kenward-roger",
    "between-within": "asymptotic",
    "residual": "empirical",
}
_INVOLVED = 1e-10
# Of its size before cancellation: a variance below this is rounding error.
_SINGULAR = 1e-12


def choose_vcov(df: str, vcov: str | None, reml: bool) -> str:
    """Return the coefficient covariance to use, or refuse a combination without meaning.

    Parameters
    ----------
    df : str
        Degrees-of-freedom method.
    vcov : str or None
        Covariance asked for; None takes the one that belongs to ``df``.
    reml : bool
        Whether the fit is by restricted likelihood.
    """
    if df not in DF_METHODS:
        raise OptionError(f"unknown df {df!r}; choose one of {', '.join(DF_METHODS)}")
    if vcov is not None and vcov not in VCOV:
        raise OptionError(f"unknown vcov {vcov!r}; choose None or one of {', '.join(VCOV)}")
    if df == "kenward-roger" and not reml:
        raise OptionError(
            "df='kenward-roger' corrects the restricted likelihood, so it needs reml=True; "
            "with reml=False use df='satterthwaite'"
        )
    if df == "kenward-roger" and vcov is not None and vcov not in KENWARD_ROGER:
        raise OptionError(
            f"df='kenward-roger' belongs to its own covariance, not to vcov={vcov!r}; "
            "use df='satterthwaite' with that one"
        )
    if df != "kenward-roger" and vcov in KENWARD_ROGER:
        raise OptionError(f"vcov={vcov!r} belongs to df='kenward-roger', not to df={df!r}")
    return vcov or _DEFAULT_VCOV[df]


@dataclass(frozen=True)
class TestResult:
    """A test that one or several linear functions of the coefficients are zero.

    Attributes
    ----------
    frame : DataFrame, one row
        One function: estimate, std_error, df, statistic (t), p_value, conf_low, conf_high.
        Several: num_df, df, statistic (F, scaled after Kenward and Roger where that is the
        method), p_value.
    """

    __test__ = False

    frame: pd.DataFrame

    @property
    def p_value(self) -> float:
        """Two-sided p-value."""
        return float(self.frame["p_value"].iloc[0])

    @property
    def statistic(self) -> float:
        """The t or F statistic."""
        return float(self.frame["statistic"].iloc[0])

    @property
    def df(self) -> float:
        """Denominator degrees of freedom."""
        return float(self.frame["df"].iloc[0])


@dataclass(frozen=True)
class Inference:
    """Coefficients of a fit with the chosen covariance and degrees of freedom.

    Attributes
    ----------
    products : CrossProducts
        The data.
    optimum : Optimum
        The fit.
    structure : Structure
        Covariance structure.
    df : str
        Degrees-of-freedom method.
    kind : str
        Coefficient covariance.
    coefficient_df : array, shape (p,)
        Degrees of freedom of each coefficient by the between-within rule, else empty.
    residual_df : float
        Rows less columns.
    """

    products: CrossProducts
    optimum: Optimum
    structure: Structure
    df: str
    kind: str
    coefficient_df: Array
    residual_df: float

    @cached_property
    def back(self) -> Array:
        """Rotated to original coefficients, shape (p, p)."""
        p = self.products.n_columns
        return np.asarray(self.products.scale * np.linalg.solve(self.products.rotation, np.eye(p)))

    @cached_property
    def beta(self) -> Array:
        """Coefficients, shape (p,)."""
        return self.products.start + self.back @ self.optimum.value.beta

    @cached_property
    def sandwich(self) -> Sandwich:
        """The sandwich estimator, where one is used."""
        return Sandwich(self.products, self.optimum, self.kind)

    @cached_property
    def rotated_vcov(self) -> Array:
        """Covariance of the rotated coefficients, shape (p, p)."""
        if self.kind == "asymptotic":
            return self.optimum.value.phi
        if self.kind in KENWARD_ROGER:
            adjusted = adjusted_covariance(self.optimum, self.products, self.structure, self.kind)
            if np.linalg.eigvalsh(adjusted)[0] <= 0:
                raise TooFewSubjectsError(
                    f"vcov={self.kind!r} is not positive definite here: its expansion in the "
                    "number of subjects fails for so few. Use a simpler covariance, "
                    "vcov='kenward-roger-linear' or df='satterthwaite'"
                )
            return adjusted
        return self.sandwich.covariance()

    @cached_property
    def vcov(self) -> Array:
        """Covariance of the coefficients, shape (p, p)."""
        return self.back @ self.rotated_vcov @ self.back.T

    def degrees_of_freedom(self, contrasts: Array) -> Array:
        """Return the degrees of freedom of each row of an (r, p) array of contrasts."""
        df = self._degrees_of_freedom(contrasts)
        if not (np.isfinite(df) & (df > 0)).all():
            raise TooFewSubjectsError(
                f"no degrees of freedom are left by the method {self.df!r} "
                f"(it gives {df[~(np.isfinite(df) & (df > 0))][0]:g}); the data are too few for "
                "this model, use a smaller formula or another df"
            )
        return df

    def _degrees_of_freedom(self, contrasts: Array) -> Array:
        if self.df == "residual":
            return np.full(len(contrasts), self.residual_df)
        if self.df == "between-within":
            involved = np.abs(contrasts) > _INVOLVED * np.abs(contrasts).max(axis=1, keepdims=True)
            return np.where(involved, self.coefficient_df, np.inf).min(axis=1)
        rotated = contrasts @ self.back
        if self.kind in SANDWICHES:
            return self.sandwich.degrees_of_freedom(rotated)
        return self._satterthwaite(rotated)

    def _satterthwaite(self, rotated: Array) -> Array:
        """Degrees of freedom 2 f^2 / (f' W f') of the asymptotic variance f of each contrast."""
        pulled = rotated @ self.optimum.value.phi
        variance = np.einsum("rp,rp->r", pulled, rotated)
        slope = self._slopes(pulled) / variance[:, None]
        spread = np.einsum("ri,ij,rj->r", slope, self.optimum.theta_covariance, slope)
        return 2.0 / spread

    def _slopes(self, pulled: Array) -> Array:
        slopes = self.optimum.derivatives.slopes
        k, p, _ = slopes.shape
        outer = (pulled[:, :, None] * pulled[:, None, :]).reshape(-1, p * p)
        return outer @ slopes.reshape(k, p * p).T

    def table(self, contrasts: Array, conf_level: float) -> pd.DataFrame:
        """Return estimate, std_error, df, statistic, p_value, conf_low, conf_high of each row.

        Parameters
        ----------
        contrasts : array, shape (r, p)
            One linear function of the coefficients a row.
        conf_level : float
            Coverage of the intervals.
        """
        _check_level(conf_level)
        estimate = contrasts @ self.beta
        rotated = contrasts @ self.back
        variance = np.einsum("rp,pq,rq->r", rotated, self.rotated_vcov, rotated)
        size = np.abs(rotated)
        largest = np.einsum("rp,pq,rq->r", size, np.abs(self.rotated_vcov), size)
        if (variance <= _SINGULAR * largest).any():
            raise MMRMError(
                "a contrast has no variance and cannot be tested: it is all zeros, or an empirical "
                "covariance finds nothing that varies between so few subjects"
            )
        error = np.sqrt(variance)
        df = self.degrees_of_freedom(contrasts)
        return t_table(estimate, error, df, conf_level)

    def test(self, contrast: ArrayLike, conf_level: float) -> TestResult:
        """Test one row by t or several rows by F.

        Parameters
        ----------
        contrast : array, shape (p,) or (c, p)
            Linear functions of the coefficients, without redundancy.
        conf_level : float
            Coverage of the interval of a single row.
        """
        rows = np.atleast_2d(np.asarray(contrast, dtype=float))
        p = self.products.n_columns
        if rows.ndim != 2 or rows.shape[1] != p or not np.isfinite(rows).all():
            raise OptionError(
                f"a contrast needs {p} finite numbers a row, one for each coefficient; "
                f"got an array of shape {np.shape(contrast)}"
            )
        if len(rows) == 1:
            return TestResult(self.table(rows, conf_level))
        if np.linalg.matrix_rank(rows @ self.back) < len(rows):
            raise OptionError(
                "some rows of the contrast are zero or sums of others; give independent rows"
            )
        statistic, df = self._f_test(rows)
        return TestResult(
            pd.DataFrame(
                {
                    "num_df": [len(rows)],
                    "df": [df],
                    "statistic": [statistic],
                    "p_value": [float(fdtrc(len(rows), df, statistic))],
                }
            )
        )

    def _f_test(self, rows: Array) -> tuple[float, float]:
        c = len(rows)
        rotated = rows @ self.back
        estimate = rows @ self.beta
        covariance = rotated @ self.rotated_vcov @ rotated.T
        scale = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        if not (scale > 0).all() or (
            np.linalg.eigvalsh(covariance / np.outer(scale, scale))[0] <= _SINGULAR
        ):
            raise TooFewSubjectsError(
                f"the covariance of the {c} rows of this test is singular: an empirical covariance "
                "has no more dimensions than there are independent subjects; test fewer rows at a "
                "time or use a model-based vcov"
            )
        plain = float(estimate @ np.linalg.solve(covariance, estimate)) / c
        if self.df == "kenward-roger":
            df, scaling = self._kenward_roger(rotated)
            return scaling * plain, df
        if self.df == "satterthwaite":
            _, vectors = np.linalg.eigh(covariance)
            return plain, _pooled_df(self.degrees_of_freedom(vectors.T @ rows))
        return plain, float(self.degrees_of_freedom(rows).min())

    def _kenward_roger(self, rotated: Array) -> tuple[float, float]:
        """Degrees of freedom and scaling of Kenward and Roger's F for c rows."""
        phi, weight = self.optimum.value.phi, self.optimum.theta_covariance
        c = len(rotated)
        factor = np.linalg.cholesky(rotated @ phi @ rotated.T)
        z = np.linalg.solve(factor, rotated @ phi)
        forms = z @ self.optimum.derivatives.slopes @ z.T
        traces = np.einsum("kaa->k", forms)
        a1 = np.float64(traces @ weight @ traces)
        a2 = np.float64(np.einsum("kab,kl,lab->", forms, weight, forms))
        with np.errstate(all="ignore"):
            df, scaling = _moment_match(a1, a2, c)
        if not (np.isfinite([df, scaling]).all() and df > 0 and scaling > 0):
            raise TooFewSubjectsError(
                f"Kenward and Roger's F for {c} rows has no degrees of freedom here: the data are "
                "too few; test fewer rows at a time or use df='satterthwaite'"
            )
        return df, scaling


def _moment_match(a1: np.float64, a2: np.float64, c: int) -> tuple[float, float]:
    """Degrees of freedom and scaling that give an F the right mean and variance."""
    b = (a1 + 6.0 * a2) / (2.0 * c)
    g = ((c + 1.0) * a1 - (c + 4.0) * a2) / ((c + 2.0) * a2)
    bottom = 3.0 * c + 2.0 * (1.0 - g)
    c1, c2, c3 = g / bottom, (c - g) / bottom, (c + 2.0 - g) / bottom
    mean = 1.0 / (1.0 - a2 / c)
    spread = (2.0 / c) * (1.0 + c1 * b) / ((1.0 - c2 * b) ** 2 * (1.0 - c3 * b))
    rho = spread / (2.0 * mean**2)
    df = 4.0 + (c + 2.0) / (c * rho - 1.0)
    return float(df), float(df / (mean * (df - 2.0)))


def _pooled_df(df: Array) -> float:
    """Denominator degrees of freedom of a mean of independent squared t statistics."""
    if np.ptp(df) < 1e-8:
        return float(df.mean())
    if (df <= 2).any():
        return 2.0
    mean = float((df / (df - 2.0)).sum())
    return 2.0 * mean / (mean - df.size)


def _check_level(conf_level: float) -> None:
    if not 0.0 < conf_level < 1.0:
        raise OptionError(f"conf_level must lie between 0 and 1, as in 0.95; got {conf_level!r}")


def t_table(estimate: Array, error: Array, df: Array, conf_level: float) -> pd.DataFrame:
    """Return the tidy table of t tests and intervals."""
    statistic = estimate / error
    half = stdtrit(df, 0.5 + conf_level / 2.0) * error
    return pd.DataFrame(
        {
            "estimate": estimate,
            "std_error": error,
            "df": df,
            "statistic": statistic,
            "p_value": 2.0 * stdtr(df, -np.abs(statistic)),
            "conf_low": estimate - half,
            "conf_high": estimate + half,
        }
    )
