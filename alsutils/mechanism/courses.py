"""The change of each analyte over all visits in one model."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.mechanism.analysis import N_IMPUTATIONS, NO_BASELINE, SEED, named, told_changes
from alsutils.mechanism.panel import Samples
from alsutils.stats.censored import repeated_ratio
from alsutils.study import Study

REPEATED = "ratio of geometric means (MMRM of imputed values)"


@dataclass(frozen=True)
class Courses:
    """Change from baseline by arm, all visits in one model.

    Attributes
    ----------
    frame : DataFrame
        One row an analyte, visit and contrast in the columns of every estimate, as ratios; with
        ``parameter``, ``role``, ``visit_number``, ``treated`` and ``reason``.
    """

    frame: pd.DataFrame


def courses(study: Study, data: Samples | None, seed: int = SEED) -> Courses | None:
    """Compare the arms at every visit by a mixed model for repeated measures of the logarithms.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.
    seed : int
        Of the imputations of values below the limit.

    Returns
    -------
    Courses or None
        None where the study has no biomarkers.
    """
    if data is None:
        return None
    every = pd.MultiIndex.from_product([study.treated, data.visits], names=["treated", "visit"])
    parts = []
    for i, marker in enumerate(data.panel):
        rows = data.based[data.based["parameter"] == marker.parameter]
        found = repeated_ratio(
            rows,
            *("USUBJID", "visit", "arm", "bound", "below", "base_bound", "base_below"),
            rng=np.random.default_rng([seed, i]),
            n_imputations=N_IMPUTATIONS,
            conf_level=study.conf_level,
        )
        table = found.frame.rename(columns={"arm": "treated"}).set_index(["treated", "visit"])
        table = table.reindex(every).reset_index()
        table["reason"] = table["reason"].fillna(f"{NO_BASELINE} any arm")
        for visit, here in table.groupby("visit"):
            parts.append(named(study, data, here, marker, float(visit)))
    frame = pd.concat(parts, ignore_index=True).assign(analysis=REPEATED)
    frame["n_below"] = frame["below_control"] + frame["below_treated"]
    return Courses(told_changes(study, frame))
