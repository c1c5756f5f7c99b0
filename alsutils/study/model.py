"""The loaded study: tables, arms, populations and visits, asked for by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from alsutils.study.config import Endpoint, Parameter, Published, StudyConfig, TimeToEvent
from alsutils.study.disclosure import Disclosure
from alsutils.study.query import choose

ARM = "ARM"
_UNITS = {"day": "Day", "week": "Week", "month": "Month", "year": "Year"}


@dataclass(frozen=True)
class Study:
    """A validated trial.

    Frames that its methods return are copies with the arm in column ``ARM``: an ordered category of
    the arms' labels, the control first. Only randomised subjects are in them.

    Attributes
    ----------
    folder : Path
        Where it was loaded from.
    config : StudyConfig
        What study.yml says.
    tables : Mapping of str to DataFrame
        The datasets by role (``adsl``, ``adqs``, ...), typed, all rows that count.
    labels : Mapping of str to Mapping of str to str
        Labels of the datasets' columns by role, as far as the files have them.
    """

    folder: Path
    config: StudyConfig
    tables: Mapping[str, pd.DataFrame]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def arms(self) -> tuple[str, ...]:
        """Labels of the arms, the control first."""
        return tuple(arm.label for arm in self.config.arms)

    @property
    def control(self) -> str:
        """Label of the control arm."""
        return self.arms[0]

    @property
    def treated(self) -> tuple[str, ...]:
        """Labels of the arms that are compared with the control."""
        return self.arms[1:]

    @property
    def is_synthetic(self) -> bool:
        """Whether the data are invented."""
        return self.config.provenance == "synthetic"

    @property
    def shows_subjects(self) -> bool:
        """Whether a chart may carry single patients."""
        return self.config.publish_subject_data

    @property
    def disclosure(self) -> Disclosure:
        """How small a number of patients a page may tell: any, unless data are observed."""
        hides = not self.is_synthetic and not self.shows_subjects
        return Disclosure(self.config.minimum_count if hides else 1)

    @property
    def alpha(self) -> float:
        """Two-sided significance level."""
        return self.config.alpha

    @property
    def conf_level(self) -> float:
        """Confidence level of every interval, 1 - alpha."""
        return 1 - self.config.alpha

    @property
    def primary(self) -> Endpoint:
        """The primary endpoint."""
        return self.config.primary

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The primary endpoint and the secondary ones, in order."""
        return (self.config.primary, *self.config.secondary)

    @property
    def published(self) -> Published | None:
        """The printed results, where the study has any."""
        return self.config.published

    def arm_label(self, value: str) -> str:
        """Give the label of an arm's value in the data."""
        return next(arm.label for arm in self.config.arms if arm.value == value)

    def parameter(self, code: str) -> Parameter:
        """Give what study.yml says of a PARAMCD.

        Raises
        ------
        KeyError
            If study.yml does not list it under ``parameters``.
        """
        return self.config.parameters[code]

    def visit_label(self, visit: float) -> str:
        """Name a visit, e.g. ``Month 4`` or ``Baseline``."""
        if visit == self.config.time.baseline:
            return "Baseline"
        return f"{_UNITS[self.config.time.unit]} {visit:g}".replace("-", "−")

    def visit_phrase(self, visit: float) -> str:
        """Name a visit within a sentence, e.g. ``month 4``."""
        return self.visit_label(visit).lower()

    def population_label(self, name: str) -> str:
        """Name a population on the page."""
        return self.config.populations[name].label

    def subjects(self, population: str | None = None) -> pd.DataFrame:
        """Select randomised subjects.

        Parameters
        ----------
        population : str or None
            Name of a population in study.yml; all randomised subjects where None.

        Returns
        -------
        DataFrame
            One row a subject: the columns of ADSL and ``ARM``.
        """
        adsl = self.tables["adsl"]
        chosen = adsl[self.config.arm_column].notna()
        if population is not None:
            chosen &= adsl[self.config.populations[population].flag] == "Y"
        return self._with_arm(adsl[chosen])

    def records(
        self,
        parameter: str,
        population: str | None = None,
        visits: Iterable[float] | None = None,
        dataset: str | None = None,
        where: str | None = None,
    ) -> pd.DataFrame:
        """Select the records of one parameter.

        Parameters
        ----------
        parameter : str
            PARAMCD.
        population : str or None
            Name of a population; all randomised subjects where None.
        visits : iterable of float or None
            AVISITN to keep; all scheduled visits where None.
        dataset : str or None
            Role of the dataset where the parameter is not listed under ``parameters``.
        where : str or None
            Rows to keep, as a query of the table's columns, such as an endpoint's ``observed``.

        Returns
        -------
        DataFrame
            One row a subject and visit, sorted by USUBJID and AVISITN, with ``ARM``, the dataset's
            columns and, for use as covariates, the columns of ADSL that the dataset lacks.
        """
        table = self.tables[dataset or self.parameter(parameter).dataset]
        table = table[(table["PARAMCD"] == parameter) & table["AVISITN"].notna()]
        if visits is not None:
            table = table[table["AVISITN"].isin(list(visits))]
        if where is not None:
            table = choose(table, where)
        return self._joined(table, population).sort_values(
            ["USUBJID", "AVISITN"], ignore_index=True
        )

    def events(
        self, population: str | None = None, carry: Iterable[str] | None = None
    ) -> pd.DataFrame:
        """Select adverse events, treatment-emergent ones where ADAE flags them.

        Parameters
        ----------
        population : str or None
            Name of a population; that of ``adverse_events`` where None.
        carry : iterable of str or None
            Columns of ADSL that come along; all where None.

        Returns
        -------
        DataFrame
            One row an event, with ``ARM``.

        Raises
        ------
        KeyError
            If the study has no adverse events.
        """
        block = self.config.adverse_events
        if block is None:
            raise KeyError("study.yml has no adverse_events")
        table = self.tables["adae"]
        if block.treatment_emergent:
            table = table[table[block.treatment_emergent] == "Y"]
        return self._joined(table, population or block.population, carry)

    def times(self, endpoint: TimeToEvent) -> pd.DataFrame:
        """Select the times of one event.

        Parameters
        ----------
        endpoint : TimeToEvent
            One of ``config.time_to_event``.

        Returns
        -------
        DataFrame
            One row a subject: ``ARM``, ``AVAL`` (in the endpoint's unit), ``CNSR`` (0 = event),
            ``EVENT`` (bool) and the columns of ADSL.
        """
        table = self.tables["adtte"]
        table = self._joined(table[table["PARAMCD"] == endpoint.parameter], endpoint.population)
        return table.assign(EVENT=table["CNSR"] == 0)

    def _with_arm(self, table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(**{ARM: table[self.config.arm_column]}).reset_index(drop=True)

    def _joined(
        self, table: pd.DataFrame, population: str | None, carry: Iterable[str] | None = None
    ) -> pd.DataFrame:
        """Keep a population's rows and add the columns that only ADSL has."""
        subjects = self.subjects(population)
        extra = subjects.columns if carry is None else pd.Index(list(carry))
        extra = extra.difference(table.columns).union(["USUBJID", ARM])
        table = table.drop(columns=ARM, errors="ignore")
        return table.merge(subjects[extra], on="USUBJID", how="inner", validate="many_to_one")
