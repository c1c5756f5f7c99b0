"""Who was alive at the end, as far as the data tell."""

from dataclasses import dataclass

import pandas as pd

from alsutils.safety.followup import follow_up
from alsutils.study import ARM, Study

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
    sizes = subjects[ARM].value_counts()
    rows = [
        (state, arm, int(who[subjects[ARM] == arm].sum()), int(sizes[arm]))
        for state, who in parts
        for arm in study.arms
        if who.any()
    ]
    frame = pd.DataFrame(rows, columns=["state", "arm", "patients", "total"])
    frame["share"] = frame["patients"] / frame["total"]
    hidden = pd.Series(False, index=frame.index)
    for _, cells in frame.groupby("arm", sort=False)["patients"]:
        hidden[cells.index] = study.disclosure.closes(cells)
    frame = study.disclosure.masked(frame, hidden, "patients", ["share"], of="total")
    label = study.population_label(block.population)
    return VitalStatus(frame, int((died & ~dated).sum()), label)
