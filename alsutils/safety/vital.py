"""Who was alive at the end, as far as the data tell."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.safety.followup import follow_up
from alsutils.study import ARM, Study
from alsutils.study.nested import DIED, nested_groups
from alsutils.study.telling import told_population

DEATHS = "patients who died during participation"
_STATES = ("Died during participation", "Died later", "Alive when last known")


@dataclass(frozen=True)
class VitalStatus:
    """What is known of the life of each arm's patients.

    Attributes
    ----------
    frame : DataFrame
        One row a state and arm: ``state``, ``arm``, ``patients``, ``total``, ``share`` and
        ``instead`` (what stands in place of ``patients`` where these must not be told).
    undated : int
        Deaths whose day is not known; they count as later ones.
    population : str
        Label of the population.
    """

    frame: pd.DataFrame
    undated: int
    population: str

    @property
    def results(self) -> pd.DataFrame:
        """Result columns: the share of each arm that died during participation."""
        rows = self.frame[self.frame["state"] == _STATES[0]]
        return pd.DataFrame(
            {
                "analysis": DEATHS,
                "endpoint": "Death",
                "population": self.population,
                "contrast": rows["arm"],
                "estimate": rows["share"],
            }
        )


def vital_status(study: Study) -> VitalStatus | None:
    """Count the patients of each arm by whether they live.

    Parameters
    ----------
    study : Study
        With an ``adverse_events`` block, and DTHFL in ADSL: Y for who died.

    Returns
    -------
    VitalStatus or None
        None where the data do not tell.
    """
    block = study.config.adverse_events
    if block is None:
        return None
    subjects = study.subjects(block.population)
    if "DTHFL" not in subjects or not (subjects["DTHFL"] == "Y").any():
        return None
    died, followed = subjects["DTHFL"] == "Y", follow_up(study)
    known = followed.frame.set_index("USUBJID")["death"] if followed else pd.Series(dtype=float)
    early = died & subjects["USUBJID"].map(known).notna()
    dated = early.copy()
    if "DTHDT" in subjects:
        dated |= subjects["DTHDT"].notna()
    parts = zip(_STATES, (early, died & ~early, ~died), strict=True)
    sizes = told_population(study, block.population)[ARM].value_counts()
    rows = [
        (state, arm, int(who[subjects[ARM] == arm].sum()), int(sizes[arm]))
        for state, who in parts
        for arm in study.arms
        if who.any()
    ]
    frame = pd.DataFrame(rows, columns=["state", "arm", "patients", "total"])
    frame["share"] = frame["patients"] / frame["total"]
    hidden = pd.Series(False, index=frame.index)
    groups = nested_groups(study)
    for arm, cells in frame.groupby("arm", sort=False)["patients"]:
        # Who is in the arm and not in the population is a cell, too, and is not told.
        rest = int(sizes[arm]) - cells.sum()
        whole = np.append(cells, rest)
        first = study.disclosure.hides(whole) | (np.arange(len(whole)) == len(cells)) & (rest > 0)
        hidden[cells.index] = study.disclosure.closes(whole, first)[:-1]
        if not groups.tells(DIED, arm):
            hidden[cells.index] = cells > 0
    frame = study.disclosure.masked(frame, hidden, "patients", ["share"], of="total")
    label = study.population_label(block.population)
    return VitalStatus(frame, int((died & ~dated).sum()), label)
