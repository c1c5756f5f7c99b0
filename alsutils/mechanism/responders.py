"""Who responded, and in how many ways that could have been said."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.study import Study

GOOD, OTHERS = "Good responders", "Other patients"


@dataclass(frozen=True)
class Responders:
    """Good responders as the study defines them.

    Attributes
    ----------
    values : Series
        What is cut, by patient; no entry where it is not known.
    good : float
        Threshold, at least.
    words : str
        The definition; empty where the study has none.
    shares : tuple of float
        Share of responders under each definition that study.yml lists: every threshold at every
        visit.
    """

    values: pd.Series
    good: float
    words: str
    shares: tuple[float, ...]

    def of(self, subjects: pd.Series) -> np.ndarray:
        """1 for good responders, 0 for the others, missing where it is not known."""
        values = self.values.reindex(subjects).to_numpy(float)
        return np.where(np.isnan(values), np.nan, values >= self.good)


def responders(study: Study, visit: float) -> Responders:
    """Find out who responded.

    Parameters
    ----------
    study : Study
        With or without ``responders``.
    visit : float
        Where response is judged at this visit, this is taken, else the first at which it is.

    Returns
    -------
    Responders
        Nobody is known where the study does not say.
    """
    block = study.config.responders
    if block is None:
        return Responders(pd.Series(dtype=float), np.nan, "", ())
    at = visit if visit in block.visits else block.visits[0]
    records = study.records(block.parameter, block.population, block.visits)
    records = records.dropna(subset=["AVAL"])
    by_visit = {v: records[records["AVISITN"] == v] for v in block.visits}
    about = study.parameter(block.parameter)
    unit = f" {about.unit}".replace(" %", "%") if about.unit else ""
    return Responders(
        values=by_visit[at].set_index("USUBJID")["AVAL"],
        good=block.good,
        words=f"{about.label} of at least {block.good:g}{unit} at {study.visit_phrase(at)}",
        shares=tuple(
            float((rows["AVAL"] >= threshold).mean())
            for rows in by_visit.values()
            for threshold in block.thresholds
            if len(rows)
        ),
    )
