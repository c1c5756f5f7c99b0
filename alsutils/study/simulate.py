"""Simulated studies: the synthetic twin of a printed trial, and new trials of any size."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from alsutils.stats.patients import Scenario, lead_in_slopes, simulate_patients, slope_improvement
from alsutils.study.calibrate import twin_targets
from alsutils.study.cohort import Cohort, cohort_from_model
from alsutils.study.config import StudyConfig
from alsutils.study.dressing.events import EventCounts, adae, draw_counts
from alsutils.study.dressing.laboratory import adlb
from alsutils.study.dressing.scores import adqs, adre
from alsutils.study.dressing.subjects import Calendar, adsl, identify
from alsutils.study.dressing.times import adtte
from alsutils.study.open_label import Truth, plain_truth, without_effect
from alsutils.study.twin import read_settings, twin_cohort

SETTINGS_FILE = "simulation.yml"
_GOOD_RESPONSE = 50.0
_OF_ONE_TRIAL = ("published", "later_trials", "risk_of_bias", "world")
_DECIMALS = 4
_ENROLMENT_PER_PATIENT = 8  # days, in a new simulated trial
_FOLLOW_UP_DAYS = 960
_SCREEN_FAILURES = 0.1


@dataclass(frozen=True)
class SimulatedStudy:
    """The ADaM tables of a simulated trial.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        adsl, adqs, adre, adae, adlb and adtte; of a twin also truth, which is no ADaM: the score
        that nobody could have seen.
    """

    tables: Mapping[str, pd.DataFrame]

    def write(self, folder: Path) -> None:
        """Write each table as a CSV file, byte for byte the same for the same tables.

        Parameters
        ----------
        folder : Path
            Made if it is not there; files of the same name are replaced.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in self.tables.items():
            text = pd.DataFrame({column: _as_texts(table[column]) for column in table})
            lines = text.to_csv(index=False, lineterminator="\n")
            (folder / f"{name}.csv").write_bytes(lines.encode())


def simulate_twin(study_yml: Path, seed: int = 20180101) -> SimulatedStudy:
    """Make the synthetic twin of a trial from its printed results.

    Parameters
    ----------
    study_yml : Path
        A study file with a ``published`` block; ``simulation.yml`` lies beside it and holds the
        size of the trial and what shapes the patients.
    seed : int
        Seed of all random numbers.

    Returns
    -------
    SimulatedStudy
        Tables whose means, standard deviations and responder counts print as the published ones.

    Raises
    ------
    ValueError
        If a printed row or a setting is missing, or no patients fit the printed figures.
    """
    study_yml = Path(study_yml)
    content = yaml.safe_load(study_yml.read_text(encoding="utf-8"))
    config = StudyConfig.model_validate_json(json.dumps(content, default=str))
    arms = tuple(arm.value for arm in config.arms)
    settings = read_settings(study_yml.parent / SETTINGS_FILE, arms, study_yml.parent.name.upper())
    rng = np.random.default_rng(seed)
    targets = twin_targets(config)
    cohort = twin_cohort(targets, settings, rng)
    truth = plain_truth(cohort)
    if settings.open_label is not None:
        # Random numbers of their own: the tables that knowing the arm leaves alone stay the same.
        own_rng = np.random.default_rng([seed, 1])
        cohort, truth = without_effect(
            cohort, targets, settings.change_correlation, settings.open_label, own_rng
        )
    return _dress(cohort, settings.calendar, settings.counts, rng, truth)


def simulate_study(scenario: Scenario, seed: int, study: str = "SIM") -> SimulatedStudy:
    """Simulate a new trial, calibrated to nothing.

    Parameters
    ----------
    scenario : Scenario
        Arms, sizes, slopes, effect, drop-out and survival. The visits must include months -3, 0,
        1, 4 and 6.
    seed : int
        Seed of all random numbers.
    study : str
        STUDYID.

    Returns
    -------
    SimulatedStudy
        The same tables as the twin's.

    Raises
    ------
    ValueError
        If a visit is missing that the tables need.

    Examples
    --------
    >>> simulate_study(Scenario(n_per_arm=(5, 5)), seed=1).tables["adsl"]["TRT01P"].notna().sum()
    np.int64(10)
    """
    needed = sorted({-3, 0, 1, 4, 6} - set(scenario.months))
    if needed:
        raise ValueError(f"The tables need a visit at month {needed[0]}; add it to months.")
    rng = np.random.default_rng(seed)
    cohort = cohort_from_model(simulate_patients(scenario, rng), rng)
    first = date(2020, 1, 7)
    last = first + timedelta(days=_ENROLMENT_PER_PATIENT * scenario.n)
    calendar = Calendar(
        study=study,
        first=first,
        last=last,
        until=last + timedelta(days=_FOLLOW_UP_DAYS),
        screen_failures=round(_SCREEN_FAILURES * scenario.n),
    )
    return _dress(cohort, calendar, draw_counts(cohort, rng), rng)


def config_like(study_yml: Path, title: str, description: str) -> dict[str, Any]:
    """Describe a simulated trial that is run and analysed as another one.

    Parameters
    ----------
    study_yml : Path
        The study file of the other trial.
    title, description : str
        Of the simulated one.

    Returns
    -------
    dict
        What its study file says, without what is true of the other trial alone: its results, what
        came after it, what is known of its conduct.
    """
    content = yaml.safe_load(study_yml.read_text("utf-8"))
    for block in _OF_ONE_TRIAL:
        content.pop(block, None)
    content["design"] = {"masking": content.get("design", {}).get("masking", "none")}
    return content | {
        "title": title,
        "short_title": "Simulated trial",
        "description": description,
        "provenance": "synthetic",
        "publish_subject_data": True,
    }


def _dress(
    cohort: Cohort,
    calendar: Calendar,
    counts: EventCounts,
    rng: np.random.Generator,
    truth: Truth | None = None,
) -> SimulatedStudy:
    # One stream a table, so that a change in one table leaves the others as they are.
    calendar_rng, adsl_rng, adqs_rng, adae_rng, adlb_rng = rng.spawn(5)
    who = identify(cohort, calendar, calendar_rng)
    return SimulatedStudy(
        MappingProxyType(
            {
                "adsl": adsl(cohort, who, adsl_rng),
                "adqs": adqs(cohort, who, adqs_rng),
                "adre": adre(cohort, who),
                "adae": adae(cohort, who, counts, adae_rng),
                "adlb": adlb(cohort, who, _good_responders(cohort), adlb_rng),
                "adtte": adtte(cohort, who),
                **({} if truth is None else {"truth": truth.table(cohort, who)}),
            }
        )
    )


def _good_responders(cohort: Cohort) -> NDArray[np.bool_]:
    """Patients whose slope at month 4 improved by half or more."""
    change = cohort.score[:, cohort.column(4)] - cohort.score[:, cohort.column(0)]
    lead_in = lead_in_slopes(cohort.score, cohort.months.astype(float))
    improved = slope_improvement(lead_in, change / 4)
    return np.nan_to_num(improved) >= _GOOD_RESPONSE


def _as_texts(column: pd.Series) -> pd.Series:
    """Word the cells of a column; the same value many times is worded once."""
    codes, values = pd.factorize(column)
    words = np.array([*map(_as_text, values), ""], dtype=object)  # code -1 is a missing value
    return pd.Series(words[codes], index=column.index)


def _as_text(value: object) -> str:
    """Word a cell of a CSV file: dates in ISO, at most four decimals and no trailing zeros."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, float):
        text = f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text
    return str(value)
