"""Tables brought to what the book counts on, by what study.yml says of the trial's own ways."""

import numpy as np
import pandas as pd

from alsutils.study.config import StudyConfig

# What ADAE may lack: the wings say of each that the data do not hold it.
EVENT_DETAILS = ("AESER", "AESEV", "AEREL", "ASTDY")
TOXICITY = "AETOXGR"
_SEVERITY = {1: "MILD", 2: "MODERATE", 3: "SEVERE", 4: "SEVERE", 5: "SEVERE"}


def apply_conventions(table: pd.DataFrame, role: str, config: StudyConfig) -> pd.DataFrame:
    """Take over the study's own words for visits, arms and severity.

    Parameters
    ----------
    table : DataFrame
        A dataset as it was read; it is not changed.
    role : str
        Its key under ``datasets``.
    config : StudyConfig
        What study.yml says.

    Returns
    -------
    DataFrame
        The same rows. In ADSL the values of ``not_randomised`` are empty arms. In tables of
        parameters at visits AVISITN is the time that ``time: visits`` gives to each AVISIT, and
        parameters with one row a subject, some of them without a visit, stand at the dataset's
        ``visit``. In ADAE columns of EVENT_DETAILS
        that the file lacks are there and empty; a toxicity grade (AETOXGR, 1 to 5) stands in for a
        missing AESEV, grade 3 and above as severe.
    """
    if role == "adsl" and config.not_randomised and config.arm_column in table:
        arms = table[config.arm_column]
        return table.assign(**{config.arm_column: arms.mask(arms.isin(config.not_randomised))})
    if role == "adae" and config.adverse_events:
        return _with_details(table)
    if "PARAMCD" in table and "CNSR" not in table:
        return _at_times(table, config.time.visits, config.datasets[role].visit)
    return table


def severity_by_grade(events: pd.DataFrame) -> pd.Series | None:
    """Give the severity that each event's toxicity grade stands for.

    Parameters
    ----------
    events : DataFrame
        Rows of ADAE.

    Returns
    -------
    Series of object or None
        MILD, MODERATE, SEVERE (grade 3 and above) or missing; None without AETOXGR.

    References
    ----------
    National Cancer Institute. Common Terminology Criteria for Adverse Events, version 5.0. 2017.
    """
    if TOXICITY not in events:
        return None
    grades = pd.to_numeric(events[TOXICITY].astype("str").str.extract(r"([1-5])")[0])
    return grades.map(_SEVERITY).astype(object)


def _at_times(table: pd.DataFrame, times: dict[str, float], single: float | None) -> pd.DataFrame:
    """Put the time of each row's visit into AVISITN."""
    if times and "AVISIT" in table:
        table = table.assign(AVISITN=table["AVISIT"].map(times).astype(float))
    if single is not None and "USUBJID" in table:
        numbers = table["AVISITN"] if "AVISITN" in table else pd.Series(np.nan, table.index)
        codes = table["PARAMCD"]
        repeated = codes[table.duplicated(["USUBJID", "PARAMCD"])]
        nowhere = codes.isin(codes[numbers.isna()]) & ~codes.isin(repeated)
        table = table.assign(AVISITN=numbers.mask(nowhere, single))
    return table


def _with_details(events: pd.DataFrame) -> pd.DataFrame:
    """Add the columns that ADAE lacks, unless they are there in another spelling."""
    have = {str(column).casefold() for column in events.columns}
    lacks = [column for column in EVENT_DETAILS if column.casefold() not in have]
    empty: dict[str, object] = {c: np.nan if c == "ASTDY" else None for c in lacks}
    if "AESEV" in lacks:
        empty["AESEV"] = severity_by_grade(events)
    return events.assign(**empty)
