"""Which samples were taken, and which never were."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.mechanism.panel import Samples
from alsutils.study import ARM, Study
from alsutils.study.telling import told_population


@dataclass(frozen=True)
class Taken:
    """Patients with and without a sample at each visit.

    Attributes
    ----------
    frame : DataFrame
        One row an arm and visit: ``arm``, ``visit``, ``visit_label``, ``patients`` (of the
        population in that arm), ``samples`` (patients with any analyte measured) and ``share``
        (missing in an arm without patients).
    patterns : DataFrame
        One row an arm, set of visits with a sample, and visit: ``arm``, ``visit``,
        ``visit_label``, ``taken``, ``n`` (patients with that set), ``first`` and ``last`` (the
        patients below and up to them when the arm's patients are stacked, those with most samples
        first). Arms in which a set has so few patients that it may not be told are not there.
    never, whole : float
        Patients without any sample, and with one at every visit; missing where that may not be
        told.
    never_told, whole_told : str
        The same in words.
    patients : int
        Patients of the population.
    notes : tuple of str
        What is not told, and why.
    """

    frame: pd.DataFrame
    patterns: pd.DataFrame
    never: float
    whole: float
    never_told: str
    whole_told: str
    patients: int
    notes: tuple[str, ...]


def taken(study: Study, data: Samples | None) -> Taken | None:
    """Count for each arm who gave a sample at which visits.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.

    Returns
    -------
    Taken or None
        None where the study has no biomarkers.
    """
    block = study.config.biomarkers
    if data is None or block is None:
        return None
    begun = (data.frame["visit"] == data.baseline).any()
    visits = sorted({data.baseline, *data.visits} if begun else data.visits)
    people = told_population(study, block.population).set_index("USUBJID")[ARM].astype(str)
    seen = data.frame.drop_duplicates(["USUBJID", "visit"]).assign(taken=True)
    grid = seen.pivot_table("taken", index="USUBJID", columns="visit", aggfunc="first")
    grid = grid.reindex(index=people.index, columns=visits).eq(True)
    rows = []
    for arm in study.arms:
        own = grid[people == arm]
        rows += [
            {
                "arm": arm,
                "visit": visit,
                "visit_label": study.visit_label(visit),
                "patients": len(own),
                "samples": int(own[visit].sum()),
                "told": study.disclosure.count(int(own[visit].sum()), of=len(own)),
            }
            for visit in visits
        ]
    frame = pd.DataFrame(rows)
    rule = study.disclosure
    hidden = rule.hides(frame["samples"], frame["patients"]) | rule.hides(frame["patients"])
    frame["samples"] = frame["samples"].mask(hidden)
    frame["share"] = frame["samples"] / frame["patients"].where(frame["patients"] > 0)
    parts = [_patterns(grid[people == arm], arm, study) for arm in study.arms]
    never, whole = int((~grid.any(axis=1)).sum()), int(grid.all(axis=1).sum())
    return Taken(
        frame=frame,
        patterns=pd.concat(parts, ignore_index=True),
        never=np.nan if rule.hides(never, of=len(grid)) else never,
        whole=np.nan if rule.hides(whole, of=len(grid)) else whole,
        never_told=rule.count(never, of=len(grid)) if never else "none",
        whole_told=rule.count(whole, of=len(grid)),
        patients=len(grid),
        notes=(rule.why,) if hidden.any() else (),
    )


def _patterns(grid: pd.DataFrame, arm: str, study: Study) -> pd.DataFrame:
    """Count each set of visits of one arm, and stack the sets."""
    visits = list(grid.columns)
    counted = grid.value_counts().rename("n").reset_index()
    # Most samples first; among equals those that go on longest.
    counted["samples"] = counted[visits].sum(axis=1)
    counted = counted.sort_values(["samples", *visits[::-1]], ascending=False)
    if study.disclosure.closes(counted["n"]).any():
        counted = counted.head(0)
    counted["last"] = counted["n"].cumsum()
    counted["first"] = counted["last"] - counted["n"]
    long = counted.melt(["n", "first", "last"], visits, var_name="visit", value_name="taken")
    long["visit_label"] = [study.visit_label(visit) for visit in long["visit"]]
    return long.assign(arm=arm, taken=long["taken"].astype(bool))
