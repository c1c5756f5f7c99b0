"""The fitted model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from alsutils.stats.mmrm import marginal
from alsutils.stats.mmrm.adjust import adjust_table
from alsutils.stats.mmrm.data import ModelData
from alsutils.stats.mmrm.errors import OptionError
from alsutils.stats.mmrm.inference import Inference, TestResult
from alsutils.stats.mmrm.predict import predict, residuals
from alsutils.stats.mmrm.structures import Structure

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Attempt:
    """A covariance structure that was tried and given up.

    Attributes
    ----------
    covariance : str
        Its name.
    reason : str
        Why it was given up.
    """

    covariance: str
    reason: str


@dataclass(frozen=True)
class MMRMFit:
    """A mixed model for repeated measures.

    Attributes
    ----------
    formula : str
        Model formula.
    structure : str
        The covariance structure that was used.
    fallback : tuple of Attempt
        Structures tried before it, each with the reason why it was given up.
    reml : bool
        Restricted likelihood if true, else full.
    df_method, vcov_method : str
        How degrees of freedom and coefficient covariance are made.
    conf_level : float
        Coverage of the intervals in ``coefficients``.
    minus_2_log_likelihood, aic, bic : float
        Minus twice the maximised (restricted) log-likelihood; the information criteria count
        the covariance parameters alone, and bic takes the logarithm of the number of subjects
        (as SAS does for REML and R's mmrm always).
    n_observations, n_subjects, n_visits : int
        Rows used, subjects with at least one of them, visits.
    n_missing_outcome, n_missing_covariate : int
        Rows left out because the outcome was missing, or because only a covariate was.
    iterations : int
        Steps that the maximisation took.
    """

    formula: str
    structure: str
    fallback: tuple[Attempt, ...]
    reml: bool
    df_method: str
    vcov_method: str
    conf_level: float
    minus_2_log_likelihood: float
    aic: float
    bic: float
    n_observations: int
    n_subjects: int
    n_visits: int
    n_missing_outcome: int
    n_missing_covariate: int
    iterations: int
    _data: ModelData = field(repr=False)
    _inference: Inference = field(repr=False)
    _structure: Structure = field(repr=False)
    _visit: str = field(repr=False)
    _group: str | None = field(repr=False)
    _subject: str = field(repr=False)

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the coefficients, in order."""
        return self._data.design.names

    def _level(self, conf_level: float | None) -> float:
        return self.conf_level if conf_level is None else conf_level

    @cached_property
    def coefficients(self) -> pd.DataFrame:
        """Coefficients, one a row: term, estimate, std_error, df, statistic, p_value, interval."""
        table = self._inference.table(np.eye(len(self.terms)), self.conf_level)
        table.insert(0, "term", self.terms)
        return table

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Covariance of the coefficients, (p, p)."""
        return pd.DataFrame(self._inference.vcov, index=self.terms, columns=self.terms)

    @cached_property
    def factors(self) -> pd.DataFrame:
        """The factors: factor, reference, levels, and unused_levels that no used row has."""
        factors = self._data.design.factors.values()
        return pd.DataFrame(
            {
                "factor": [factor.name for factor in factors],
                "reference": [factor.reference for factor in factors],
                "levels": [factor.display for factor in factors],
                "unused_levels": [factor.unused for factor in factors],
            }
        )

    @cached_property
    def covariance(self) -> pd.DataFrame:
        """Covariance of a subject's outcomes, (m, m); one below the other for several groups.

        For the spatial structure, visits one unit of time apart.
        """
        theta = self._inference.optimum.theta
        scale = self._inference.products.scale**2
        groups = self._data.groups
        matrices = []
        for part in np.split(theta, len(groups)):
            if self._structure.spatial:
                matrix = self._structure.sigma(part, np.array([[0.0, 1.0]]))[0]
                labels: Any = [0, 1]
            else:
                matrix, labels = self._structure.sigma(part), list(self._data.visits)
            index = pd.Index(labels, name=self._visit)
            matrices.append(pd.DataFrame(scale * matrix, index=index, columns=index))
        if self._group is None:
            return matrices[0]
        return pd.concat(matrices, keys=list(groups), names=[self._group])

    def test(self, contrast: ArrayLike, conf_level: float | None = None) -> TestResult:
        """Test linear functions of the coefficients.

        Parameters
        ----------
        contrast : array, shape (p,) or (c, p)
            One row: a t test. Several independent rows: an F test, with Kenward and Roger's
            scaling where that is the method.
        conf_level : float, optional
            Coverage of the interval of a single row; the fit's own by default.

        Returns
        -------
        TestResult
        """
        return self._inference.test(contrast, self._level(conf_level))

    def emmeans(
        self,
        factors: str | Sequence[str],
        by: str | Sequence[str] | None = None,
        at: Mapping[str, float] | None = None,
        conf_level: float | None = None,
    ) -> pd.DataFrame:
        """Return estimated marginal means (least-squares means).

        Parameters
        ----------
        factors : str or sequence of str
            Factors whose levels get a mean.
        by : str or sequence of str, optional
            Further factors, for example the visit.
        at : dict, optional
            Values of numeric covariates, instead of their means over the used rows.
        conf_level : float, optional
            Coverage of the intervals; the fit's own by default.

        Returns
        -------
        DataFrame
            The factors, then estimate, std_error, df, statistic, p_value (of a mean of zero),
            conf_low, conf_high.
        """
        covariates = marginal.check_covariates(self._data.design, self._data.covariate_means, at)
        cells = marginal.marginal_cells(
            self._data.design, marginal.as_names(factors), marginal.as_names(by), covariates
        )
        table = self._inference.table(cells.contrasts, self._level(conf_level))
        order = [*marginal.as_names(factors), *marginal.as_names(by)]
        return pd.concat([cells.labels[order], table], axis=1)

    def contrasts(
        self,
        factor: str,
        by: str | Sequence[str] | None = None,
        reference: Any = None,
        adjust: str | None = None,
        at: Mapping[str, float] | None = None,
        conf_level: float | None = None,
    ) -> pd.DataFrame:
        """Return each level of a factor less the reference.

        Parameters
        ----------
        factor : str
            The factor, for example the treatment.
        by : str or sequence of str, optional
            Further factors within whose levels to compare, for example the visit.
        reference : optional
            Level to subtract; the factor's reference in the model by default.
        adjust : {None, "holm", "bonferroni", "dunnett"}
            Adjustment of p-values for several comparisons within each level of ``by``;
            "bonferroni" and "dunnett" also widen the intervals.
        at : dict, optional
            Values of numeric covariates, instead of their means.
        conf_level : float, optional
            Coverage of the intervals; the fit's own by default.

        Returns
        -------
        DataFrame
            contrast, the ``by`` columns, estimate, std_error, df, statistic, p_value, conf_low,
            conf_high.
        """
        level = self._level(conf_level)
        covariates = marginal.check_covariates(self._data.design, self._data.covariate_means, at)
        rows = marginal.differences(
            self._data.design, factor, marginal.as_names(by), reference, covariates
        )
        table = self._inference.table(rows.contrasts, level)
        if adjust is not None:
            rotated = rows.contrasts @ self._inference.back
            covariance = rotated @ self._inference.rotated_vcov @ rotated.T
            table = adjust_table(table, covariance, rows.family, adjust, level)
        return pd.concat([rows.labels, table], axis=1)

    def anova(self, type: int = 3) -> pd.DataFrame:  # noqa: A002 - the word of the trade
        """Test each term of the model.

        Parameters
        ----------
        type : int
            Only 3: hypotheses on equally weighted cell means, whatever the coding (SAS's type
            III when no combination of levels is empty).

        Returns
        -------
        DataFrame
            term, num_df, df, statistic (F), p_value.
        """
        if type != 3:
            raise OptionError(f"anova has type 3 tests only; got type={type!r}")
        design = self._data.design
        rows = []
        for index, term in enumerate(design.terms):
            if not design.term_factors[index] and not design.term_numerics[index]:
                continue
            hypothesis = marginal.type3_rows(design, index)
            if not len(hypothesis):  # a factor with a single level
                continue
            frame = self._inference.test(hypothesis, self.conf_level).frame
            square = frame["statistic"].iloc[0] ** (2 if len(hypothesis) == 1 else 1)
            rows.append((term, len(hypothesis), frame["df"].iloc[0], square, frame["p_value"][0]))
        return pd.DataFrame(rows, columns=["term", "num_df", "df", "statistic", "p_value"])

    def residuals(self, kind: str = "response") -> pd.Series:
        """Return residuals of the used rows, with the labels those rows had.

        Parameters
        ----------
        kind : {"response", "pearson", "normalized"}
            Outcome less fitted value; that over its standard deviation; or whitened by the
            Cholesky factor of the subject's covariance, so that they should look independent
            with variance one.
        """
        return residuals(self._data, self._inference, self._structure, kind)

    def predict(
        self,
        new_data: pd.DataFrame,
        interval: str | None = None,
        conf_level: float | None = None,
    ) -> pd.DataFrame:
        """Predict the mean outcome for rows of covariates.

        Parameters
        ----------
        new_data : DataFrame
            The model's covariates (and the visit, group and weights where intervals need them).
        interval : {None, "confidence", "prediction"}
            Interval of the mean, or of one new patient's outcome.
        conf_level : float, optional
            Coverage; the fit's own by default.

        Returns
        -------
        DataFrame
            With the index of ``new_data``: estimate, and with an interval also std_error, df,
            conf_low, conf_high.
        """
        level = self._level(conf_level)
        names = (self._visit, self._group)
        return predict(
            self._data, self._inference, self._structure, names, new_data, interval, level
        )
