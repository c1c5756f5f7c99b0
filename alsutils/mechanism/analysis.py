"""Biomarkers: what was measured and how it changed by arm."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.mechanism.panel import cells_of, halved, samples
from alsutils.stats.censored import CensoredFitError, censored_regression
from alsutils.stats.multiplicity import adjust_p_values
from alsutils.stats.ranks import rank_comparison
from alsutils.study import Study

MAIN = "ratio of geometric means (censored regression)"
NAIVE = "ratio of geometric means (half the limit)"
RANKS = "ratio of medians (Hodges-Lehmann)"

SMALLEST_GROUP = 5  # patients from which quantiles may stand for a group without naming anybody
SMALLEST_SEEN = 3  # values above the limit that an arm needs in the main analysis
SMALLEST_LEVEL = 5  # baselines on each side of the limit for which a term of its own is fitted
_NOTHING = {
    "estimate": np.nan,
    "std_error": np.nan,
    "df": np.nan,
    "statistic": np.nan,
    "p_value": np.nan,
    "conf_low": np.nan,
    "conf_high": np.nan,
}
_SCALED = ["estimate", "conf_low", "conf_high"]


@dataclass(frozen=True)
class Detection:
    """How much of the panel could be measured at all.

    Attributes
    ----------
    frame : DataFrame
        One row an analyte, visit and arm: ``endpoint``, ``role``, ``unit``, ``limit``, ``visit``,
        ``visit_label``, ``arm``, ``n``, ``n_below`` and ``share_below`` (0 to 1; missing without
        samples).
    patients : int
        Patients with any sample.
    unusable : int
        Measurements left out because they are 0 or negative.
    """

    frame: pd.DataFrame
    patients: int
    unusable: int


@dataclass(frozen=True)
class Levels:
    """How the values spread by arm and visit.

    Attributes
    ----------
    frame : DataFrame
        One row an analyte, visit and arm: ``n``, ``p10``, ``q25``, ``median``, ``q75``, ``p90``
        in the analyte's unit, values below the limit standing at the limit.
    points : DataFrame
        Single values (``bound``, ``below``) where the study shows subjects, else no row.
    """

    frame: pd.DataFrame
    points: pd.DataFrame


@dataclass(frozen=True)
class Changes:
    """Change from baseline by arm, as ratios.

    Attributes
    ----------
    frame : DataFrame
        One row an analyte, visit, contrast and method in the columns of every estimate: ratio
        treated over control with its interval, ``std_error`` on the scale of the natural
        logarithm; with ``role``, ``method``, ``model``, ``n_below``, ``reason`` (why there is no
        estimate) and, for the main method, ``p_holm`` and ``p_benjamini_hochberg``.
    analytes, visits, contrasts, tests : int
        What the family of tests is made of, and how many of them could be made.
    """

    frame: pd.DataFrame
    analytes: int
    visits: int
    contrasts: int
    tests: int

    @property
    def main(self) -> pd.DataFrame:
        """The rows of the main analysis."""
        return self.frame[self.frame["analysis"] == MAIN].reset_index(drop=True)


def detection(study: Study) -> Detection | None:
    """Count measurements and those below the limit, by analyte, visit and arm.

    Parameters
    ----------
    study : Study
        With or without biomarkers.

    Returns
    -------
    Detection or None
        None where the study has no biomarkers.
    """
    data = samples(study)
    if data is None:
        return None
    rows = [
        {**cell.names, "n": len(cell.rows), "n_below": int(cell.rows["below"].sum())}
        for cell in cells_of(study, data.frame)
    ]
    frame = pd.DataFrame(rows)
    frame["share_below"] = frame["n_below"] / frame["n"].where(frame["n"] > 0)
    return Detection(frame, data.frame["USUBJID"].nunique(), data.unusable)


def levels(study: Study) -> Levels | None:
    """Describe the spread of each analyte by visit and arm.

    Parameters
    ----------
    study : Study
        With or without biomarkers.

    Returns
    -------
    Levels or None
        None where the study has no biomarkers. Quantiles are missing in groups of fewer than five
        patients where the study does not show subjects.
    """
    data = samples(study)
    if data is None:
        return None
    shares = {"p10": 0.1, "q25": 0.25, "median": 0.5, "q75": 0.75, "p90": 0.9}
    smallest = 1 if study.shows_subjects else SMALLEST_GROUP
    rows = []
    for cell in cells_of(study, data.frame):
        size = len(cell.rows)
        values = cell.rows["bound"].quantile(list(shares.values()))
        at = values if size >= smallest else [np.nan] * 5
        rows.append({**cell.names, "n": size, **dict(zip(shares, at, strict=True))})
    points = data.frame[["endpoint", "visit", "visit_label", "arm", "bound", "below"]]
    return Levels(pd.DataFrame(rows), points if study.shows_subjects else points.head(0))


def changes(study: Study) -> Changes | None:
    """Compare the change from baseline between arms, by three methods.

    Each treated arm is compared with the control among their patients with a sample at the visit
    and a baseline. The main analysis regresses the logarithm of the value on the arm and the
    logarithm of the baseline by maximum likelihood, a value below the limit counting as just that.
    A baseline below the limit stands at the limit; where at least five are below, they get a level
    of their own. The second analysis writes half the limit for each value below it and uses least
    squares. The third compares the changes by ranks.

    Parameters
    ----------
    study : Study
        With or without biomarkers.

    Returns
    -------
    Changes or None
        None where the study has no biomarkers.

    References
    ----------
    Lubin JH et al. Environ Health Perspect 2004;112:1691-1696. White IR, Thompson SG. Adjusting
    for partially missing baseline measurements in randomized trials. Stat Med 2005;24:993-1007
    (a level of its own for a baseline that is not known).
    """
    data, block = samples(study), study.config.biomarkers
    if data is None or block is None:
        return None
    based = data.frame[data.frame["base_bound"].notna()]
    rows = []
    for marker in block.panel:
        for visit in block.visits:
            cell = based[(based["parameter"] == marker.parameter) & (based["visit"] == visit)]
            for treated in study.treated:
                pair = cell[cell["arm"].isin([study.control, treated])]
                arm = (pair["arm"] == treated).to_numpy(float)
                shared = {
                    "endpoint": marker.label,
                    "role": marker.role,
                    "population": study.population_label(block.population),
                    "visit": study.visit_label(visit),
                    "treated": treated,
                    "contrast": f"{treated} vs {study.control}",
                    "n_control": int((arm == 0).sum()),
                    "n_treated": int(arm.sum()),
                    "n_below": int(pair["below"].sum()),
                }
                rows += [{**shared, **r} for r in _compared(study, pair, arm, treated)]
    frame = pd.DataFrame(rows)
    main = frame["analysis"] == MAIN
    family = adjust_p_values(frame.loc[main, "p_value"])
    frame.loc[main, "p_holm"] = family.holm
    frame.loc[main, "p_benjamini_hochberg"] = family.benjamini_hochberg
    sizes = (len(block.panel), len(block.visits), len(study.treated))
    return Changes(frame, *sizes, tests=family.size)


def _compared(
    study: Study, pair: pd.DataFrame, arm: np.ndarray, treated: str
) -> list[dict[str, object]]:
    """Estimate one contrast by the three methods."""
    sides = ((study.control, arm == 0), (treated, arm == 1))
    empty = [name for name, rows in sides if not rows.any()]
    if empty:
        reason = f"no sample with a baseline in {' and '.join(empty)}"
        return [{"analysis": a, **_NOTHING, "reason": reason} for a in (MAIN, NAIVE, RANKS)]
    seen = ~pair["below"].to_numpy()
    few = [name for name, rows in sides if (seen & rows).sum() < SMALLEST_SEEN]
    reason = (
        f"fewer than {SMALLEST_SEEN} values above the limit in {' and '.join(few)}" if few else ""
    )
    main = (
        {**_NOTHING, "reason": reason} if few else _fitted(pair, arm, seen, False, study.conf_level)
    )
    naive = _fitted(pair, arm, seen, True, study.conf_level)
    low, high = _change_bounds(pair)
    on = arm == 1
    ranks = rank_comparison(low[on], high[on], low[~on], high[~on], study.conf_level)
    open_ = "" if np.isfinite(ranks.estimate) else "the median lies among values below the limit"
    return [
        {"analysis": MAIN, **main},
        {"analysis": NAIVE, **naive},
        {"analysis": RANKS, **_as_ratio(ranks.frame.iloc[0]), "reason": open_},
    ]


def _fitted(
    pair: pd.DataFrame, arm: np.ndarray, seen: np.ndarray, half: bool, conf_level: float
) -> dict[str, object]:
    """Regress the log value, those below the limit as just that or as half of it."""
    design = _design(pair, arm, seen, half)
    values = np.log(halved(pair) if half else pair["bound"])
    below = np.zeros(len(pair), bool) if half else ~seen
    try:
        table = censored_regression(values, below, design, conf_level).frame
    except CensoredFitError as error:
        return {**_NOTHING, "reason": str(error)}
    ratio = _as_ratio(table.set_index("term").loc["arm"])
    return {**ratio, "model": " + ".join(design.columns[1:]), "reason": ""}


def _design(pair: pd.DataFrame, arm: np.ndarray, seen: np.ndarray, half: bool) -> pd.DataFrame:
    """Covariates: intercept, arm, and as much of the baseline as was measured."""
    design = pd.DataFrame({"intercept": 1.0, "arm": arm}, index=pair.index)
    low = pair["base_below"].to_numpy()
    base = np.log(halved(pair, "base_") if half else pair["base_bound"])
    if (~low).sum() >= SMALLEST_LEVEL and np.ptp(base) > 0:
        design["log baseline"] = base - base.mean()
    level = low.sum() >= SMALLEST_LEVEL and (low & seen).sum() >= SMALLEST_SEEN
    # With half the limit the level is part of the substitution.
    if level and not half and (~low & seen).sum() >= SMALLEST_SEEN:
        design["baseline below the limit"] = low.astype(float)
    return design


def _change_bounds(pair: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest that each log change can be."""
    change = np.log(pair["bound"]).to_numpy() - np.log(pair["base_bound"]).to_numpy()
    below, base_below = pair["below"].to_numpy(), pair["base_below"].to_numpy()
    # A value below the limit is strictly less than it.
    low = np.where(below, -np.inf, np.where(base_below, np.nextafter(change, np.inf), change))
    high = np.where(base_below, np.inf, np.where(below, np.nextafter(change, -np.inf), change))
    return low, high


def _as_ratio(row: pd.Series) -> dict[str, float]:
    """Take estimate and limits from the log scale; the standard error stays on it."""
    figures = {name: float(row.get(name, np.nan)) for name in _NOTHING}
    return figures | {name: float(np.exp(figures[name])) for name in _SCALED}
