"""ADTTE: time from randomisation to death, and to death or tracheostomy."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alsutils.study.cohort import Cohort
from alsutils.study.dressing.subjects import Identity, known_until, months_between

_CENSORED = "Alive at last contact"


def adtte(cohort: Cohort, who: Identity) -> pd.DataFrame:
    """Build the time-to-event table.

    Parameters
    ----------
    cohort : Cohort
        Patients with days of death and tracheostomy.
    who : Identity
        Their numbers and dates.

    Returns
    -------
    DataFrame
        Two records a patient, TFS and OS; AVAL in months from randomisation, CNSR 0 for an event.
    """
    first = np.minimum(cohort.death_day, cohort.tracheostomy_day)
    word = np.where(cohort.tracheostomy_day < cohort.death_day, "Tracheostomy", "Death")
    table = pd.concat(
        [
            _times(cohort, who, "TFS", "Time to death or tracheostomy (months)", first, word),
            _times(
                cohort,
                who,
                "OS",
                "Time to death (months)",
                cohort.death_day,
                np.full(cohort.n, "Death"),
            ),
        ]
    )
    return table.sort_values("USUBJID", kind="stable", ignore_index=True)


def _times(
    cohort: Cohort,
    who: Identity,
    code: str,
    label: str,
    event_day: NDArray[np.float64],
    word: NDArray[np.str_],
) -> pd.DataFrame:
    known = known_until(cohort, who)
    event = who.baseline + event_day.astype(np.int64)
    happened = event <= known
    end = np.where(happened, event, known)
    days = (end - who.randomised).astype(np.int64)
    return pd.DataFrame(
        {
            "STUDYID": who.study,
            "USUBJID": who.subject,
            "PARAMCD": code,
            "PARAM": label,
            "STARTDT": who.randomised,
            "ADT": end,
            "AVAL": months_between(days.astype(float)),
            "CNSR": np.where(happened, 0, 1),
            "EVNTDESC": np.where(happened, word, _CENSORED),
        }
    )
