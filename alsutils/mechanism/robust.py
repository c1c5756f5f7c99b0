"""The same comparisons without a model for the shape of the values."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.mechanism.analysis import RANKS, Changes, named
from alsutils.mechanism.panel import Samples
from alsutils.stats.ranks import generalised_wilcoxon, van_elteren
from alsutils.study import Study

STRATIFIED = "Wilcoxon within halves of the baseline (van Elteren)"
PETO = "generalised Wilcoxon (Peto-Peto)"


@dataclass(frozen=True)
class Robust:
    """Comparisons by ranks.

    Attributes
    ----------
    frame : DataFrame
        Rows of the comparison of changes by ranks (Hodges-Lehmann ratio, Gehan's test), with
        ``p_stratified`` (van Elteren's test of the values within patients who began below and above
        the median) and ``p_peto`` (Peto and Peto's test of the values).
    """

    frame: pd.DataFrame

    @property
    def results(self) -> pd.DataFrame:
        """Result columns: the comparison of changes, and the two further tests."""
        names = ["estimate", "std_error", "df", "statistic", "conf_low", "conf_high"]
        plain = self.frame.drop(columns=names)
        parts = [self.frame]
        parts += [
            plain.assign(analysis=analysis, p_value=plain[column])
            for analysis, column in ((STRATIFIED, "p_stratified"), (PETO, "p_peto"))
        ]
        return pd.concat(parts, ignore_index=True)


def robust(study: Study, data: Samples | None, result: Changes | None) -> Robust | None:
    """Compare the arms by ranks, with the baseline held equal as far as halves can.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.
    result : Changes or None
        The comparisons, those by ranks among them.

    Returns
    -------
    Robust or None
        None where the study has no biomarkers.
    """
    if data is None or result is None:
        return None
    parts = []
    for marker in data.panel:
        for visit in data.visits:
            cell = data.at(marker.parameter, visit)
            rows = pd.DataFrame([_tests(study, cell, treated) for treated in study.treated])
            parts.append(named(study, data, rows, marker, visit))
    tests = pd.concat(parts, ignore_index=True)
    key = ["parameter", "visit_number", "treated"]
    plain = result.frame[result.frame["analysis"] == RANKS]
    return Robust(plain.merge(tests[[*key, "p_stratified", "p_peto"]], on=key))


def _tests(study: Study, cell: pd.DataFrame, treated: str) -> dict[str, object]:
    """Test one contrast by ranks of the values."""
    pair = cell[cell["arm"].isin([study.control, treated])]
    on = (pair["arm"] == treated).to_numpy()
    if on.all() or not on.any():
        return {"treated": treated, "p_stratified": np.nan, "p_peto": np.nan}
    below, value = pair["below"].to_numpy(), pair["bound"].to_numpy()
    # Everything under the highest limit is tied.
    limit = value[below].max(initial=0.0)
    tied = np.where(below | (value < limit), 0.0, value)
    base = np.where(pair["base_below"], 0.0, pair["base_bound"])
    began = np.where(base > np.median(base), "high", "low")
    return {
        "treated": treated,
        "p_stratified": van_elteren(tied, on, began).p_value,
        "p_peto": generalised_wilcoxon(value, below, on).p_value,
    }
