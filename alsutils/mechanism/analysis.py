"""Biomarkers: what was measured and how it changed by arm."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.mechanism.panel import Samples, cells_of
from alsutils.stats.censored import geometric_ratio
from alsutils.stats.ranks import rank_comparison
from alsutils.study import Study
from alsutils.study.config import Biomarker

MAIN = "ratio of geometric means (censored regression)"
IMPUTED = "ratio of geometric means (multiple imputation)"
NAIVE = "ratio of geometric means (half the limit)"
RANKS = "ratio of medians (Hodges-Lehmann)"

SEED = 7
N_IMPUTATIONS = 20
SMALLEST_GROUP = 5  # patients from which quantiles may stand for a group without naming anybody
_FIGURES = ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")
_SCALED = ["estimate", "conf_low", "conf_high"]
_COUNTS = ["n_control", "n_treated"]
_ROWS = ("arm", "bound", "below", "base_bound", "base_below")  # what a ratio is made of


@dataclass(frozen=True)
class Detection:
    """How much of the panel could be measured at all.

    Attributes
    ----------
    frame : DataFrame
        One row an analyte, visit and arm: ``endpoint``, ``role``, ``unit``, ``limit_low`` and
        ``limit_high`` (limits of its measurements; missing where there is none), ``visit``,
        ``visit_label``, ``arm``, ``n``, ``n_below`` and ``share_below`` (0 to 1; missing without
        samples).
    patients : int
        Patients with any sample.
    unusable : int
        Measurements left out because they are 0 or negative.
    above : int
        Measurements reported as above a limit, which stand at it.
    """

    frame: pd.DataFrame
    patients: int
    unusable: int
    above: int


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
        logarithm; with ``parameter``, ``role``, ``visit_number``, ``treated``, ``model``,
        ``n_below`` and ``reason`` (why there is no estimate).
    """

    frame: pd.DataFrame

    @property
    def main(self) -> pd.DataFrame:
        """The rows of the main analysis."""
        return self.frame[self.frame["analysis"] == MAIN].reset_index(drop=True)


def detection(study: Study, data: Samples | None) -> Detection | None:
    """Count measurements and those below the limit, by analyte, visit and arm.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.

    Returns
    -------
    Detection or None
        None where the study has no biomarkers.
    """
    if data is None:
        return None
    rows = [
        {**cell.names, "n": len(cell.rows), "n_below": int(cell.rows["below"].sum())}
        for cell in cells_of(study, data)
    ]
    frame = pd.DataFrame(rows)
    frame["share_below"] = frame["n_below"] / frame["n"].where(frame["n"] > 0)
    limits = data.frame.groupby("endpoint")["limit"].agg(limit_low="min", limit_high="max")
    frame = frame.join(limits, on="endpoint")
    return Detection(frame, data.frame["USUBJID"].nunique(), data.unusable, data.above)


def levels(study: Study, data: Samples | None) -> Levels | None:
    """Describe the spread of each analyte by visit and arm.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.

    Returns
    -------
    Levels or None
        None where the study has no biomarkers. Quantiles are missing in groups of fewer than five
        patients where the study does not show subjects.
    """
    if data is None:
        return None
    shares = {"p10": 0.1, "q25": 0.25, "median": 0.5, "q75": 0.75, "p90": 0.9}
    smallest = 1 if study.shows_subjects else SMALLEST_GROUP
    rows = []
    for cell in cells_of(study, data):
        size = len(cell.rows)
        values = cell.rows["bound"].quantile(list(shares.values()))
        at = values if size >= smallest else [np.nan] * 5
        rows.append({**cell.names, "n": size, **dict(zip(shares, at, strict=True))})
    points = data.frame[["endpoint", "visit", "visit_label", "arm", "bound", "below"]]
    return Levels(pd.DataFrame(rows), points if study.shows_subjects else points.head(0))


def changes(study: Study, data: Samples | None, seed: int = SEED) -> Changes | None:
    """Compare the change from baseline between arms, by four methods.

    Patients with a sample at the visit and a baseline count. The main analysis regresses the
    logarithm of the value on the arm and the logarithm of the baseline by maximum likelihood, a
    value below the limit counting as just that. The second draws values below the limit many times
    and pools. The third writes half the limit. The fourth compares the changes by ranks, arm by
    arm.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.
    seed : int
        Of the imputations.

    Returns
    -------
    Changes or None
        None where the study has no biomarkers.
    """
    if data is None:
        return None
    rows: list[pd.DataFrame] = []
    for i, marker in enumerate(data.panel):
        for j, visit in enumerate(data.visits):
            cell = data.at(marker.parameter, visit)
            rng = np.random.default_rng([seed, i, j])
            parts = [
                ratios(study, cell, MAIN),
                ratios(study, cell, IMPUTED, rng),
                ratios(study, cell, NAIVE),
                _ranked(study, cell),
            ]
            rows.append(named(study, data, pd.concat(parts), marker, visit))
    frame = pd.concat(rows, ignore_index=True)
    return Changes(frame)


def ratios(
    study: Study,
    cell: pd.DataFrame,
    analysis: str = MAIN,
    rng: np.random.Generator | None = None,
    covariates: tuple[str, ...] = (),
) -> pd.DataFrame:
    """Estimate the ratio of every treated arm by one of the three methods of geometric means.

    Parameters
    ----------
    study : Study
        The trial.
    cell : DataFrame
        Of `Samples.at`.
    analysis : str
        MAIN, IMPUTED or NAIVE.
    rng : Generator or None
        For IMPUTED.
    covariates : tuple of str
        Columns of the cell to hold equal beside the baseline.

    Returns
    -------
    DataFrame
        One row a treated arm.
    """
    method = {MAIN: "tobit", IMPUTED: "imputation", NAIVE: "substitution"}[analysis]
    found = geometric_ratio(
        cell,
        *_ROWS,
        covariates=covariates,
        method=method,  # type: ignore[arg-type]
        rng=rng,
        n_imputations=N_IMPUTATIONS,
        conf_level=study.conf_level,
    )
    table = found.frame.rename(columns={"arm": "treated"})
    table["reason"] = [r.replace("no sample in", NO_BASELINE) for r in table["reason"]]
    table["n_below"] = table["below_control"] + table["below_treated"]
    model = found.model if (table["reason"] == "").any() else ""
    return table.assign(analysis=analysis, model=model)


NO_BASELINE = "no sample with a baseline in"


def named(
    study: Study, data: Samples, table: pd.DataFrame, marker: Biomarker, visit: float
) -> pd.DataFrame:
    """Add to rows of treated arms what names them.

    Parameters
    ----------
    study : Study
        The trial.
    data : Samples
        Its measurements.
    table : DataFrame
        With the column ``treated``.
    marker : Biomarker
        The analyte.
    visit : float
        AVISITN.

    Returns
    -------
    DataFrame
        With ``parameter``, ``endpoint``, ``role``, ``population``, ``visit``, ``visit_number`` and
        ``contrast``.
    """
    return table.assign(
        parameter=marker.parameter,
        endpoint=marker.label,
        role=marker.role,
        population=data.population,
        visit=study.visit_label(visit),
        visit_number=visit,
        contrast=[f"{arm} vs {study.control}" for arm in table["treated"]],
    )


def _ranked(study: Study, cell: pd.DataFrame) -> pd.DataFrame:
    """Compare the changes of every treated arm with the control by ranks."""
    rows = []
    low, high = _change_bounds(cell)
    off = (cell["arm"] == study.control).to_numpy()
    for treated in study.treated:
        on = (cell["arm"] == treated).to_numpy()
        sides = {study.control: off, treated: on}
        empty = [name for name, side in sides.items() if not side.any()]
        row: dict[str, object] = dict.fromkeys(_FIGURES, np.nan)
        reason = f"{NO_BASELINE} {' and '.join(empty)}" if empty else ""
        if not empty:
            found = rank_comparison(low[on], high[on], low[off], high[off], study.conf_level)
            row |= _as_ratio(found.frame.iloc[0])
            if not np.isfinite(found.estimate):
                reason = "the median lies among values below the limit"
        counts = {"n_control": int(off.sum()), "n_treated": int(on.sum())}
        below = int(cell.loc[on | off, "below"].sum())
        rows.append({"treated": treated, **counts, "n_below": below, **row, "reason": reason})
    return pd.DataFrame(rows).assign(analysis=RANKS, model="")


def _change_bounds(cell: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Give the lowest and highest that each log change can be.

    Parameters
    ----------
    cell : DataFrame
        Rows of `Samples` with a baseline.

    Returns
    -------
    tuple of ndarray
        Equal where it is known, infinite where a side is open.
    """
    change = np.log(cell["bound"]).to_numpy() - np.log(cell["base_bound"]).to_numpy()
    below, base_below = cell["below"].to_numpy(), cell["base_below"].to_numpy()
    # A value below the limit is strictly less than it.
    low = np.where(below, -np.inf, np.where(base_below, np.nextafter(change, np.inf), change))
    high = np.where(base_below, np.inf, np.where(below, np.nextafter(change, -np.inf), change))
    return low, high


def _as_ratio(row: pd.Series) -> dict[str, float]:
    """Take estimate and limits from the log scale; the standard error stays on it.

    Parameters
    ----------
    row : Series
        Columns of every estimate.

    Returns
    -------
    dict
        The same figures; missing where the row has none.
    """
    figures = {name: float(row.get(name, np.nan)) for name in _FIGURES}
    return figures | {name: float(np.exp(figures[name])) for name in _SCALED}
