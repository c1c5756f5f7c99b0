"""How far a change after an extreme start is what chance alone would give."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SlopeChange:
    """Change of slope after baseline against the slope before it.

    Attributes
    ----------
    patients : DataFrame
        One row a patient: ``subject``, ``group``, ``before``, ``after`` (slopes, units of value per
        unit of time) and ``change`` (after less before).
    frame : DataFrame
        One row a group: ``group``, ``n``, ``estimate`` (least-squares slope of change on before),
        ``std_error``, ``df``, ``conf_low``, ``conf_high``, ``mean_before``, ``mean_change``.
    residual_sd : float
        Scatter of values around the patients' lines before baseline, in units of value; missing
        without a patient with three values.
    reliability : float
        Share of the variance of ``before`` between patients (within groups) that is not that
        scatter; 0 where the scatter alone explains all of it.
    by_noise : float
        The slope of change on before that would be expected if every patient kept one true slope
        throughout: reliability - 1, and less where one value serves both slopes.
    """

    patients: pd.DataFrame
    frame: pd.DataFrame
    residual_sd: float
    reliability: float
    by_noise: float


def slope_change(
    records: pd.DataFrame,
    before: tuple[float, ...],
    after: tuple[float, ...],
    subject: str,
    time: str,
    value: str,
    group: str,
    conf_level: float = 0.95,
) -> SlopeChange:
    """Set each patient's change of slope against the slope before, and against chance.

    Parameters
    ----------
    records : DataFrame
        One row a patient and time.
    before, after : tuple of float
        Times of the earlier and of the later slope; a time may be in both.
    subject, time, value, group : str
        Columns of ``records``.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    SlopeChange
        Patients with both slopes.

    Raises
    ------
    ValueError
        If in no group three patients have both slopes.

    Notes
    -----
    With weights w for the earlier least-squares slope and v for the later one, and errors of
    variance s2 around a patient's one line, the earlier slope has variance ``tau2 + s2 sum(w**2)``
    and its covariance with the change is ``s2 (sum(w v) - sum(w**2))``, the first sum over the
    shared times. Their ratio is what noise alone gives.

    References
    ----------
    Barnett AG, van der Pols JC, Dobson AJ. Regression to the mean: what it is and how to deal with
    it. Int J Epidemiol 2005;34:215-220. doi:10.1093/ije/dyh299
    """
    known = records.dropna(subset=[time, value]).sort_values([subject, time])
    rows, squares, shared, residual, df = [], [], [], 0.0, 0
    places = known.groupby(subject, sort=True, observed=True).indices
    times, values = (known[name].to_numpy(dtype=float) for name in (time, value))
    groups = known[group].to_numpy()
    early, late = np.isin(times, before), np.isin(times, after)
    for name, own in places.items():
        first, second = own[early[own]], own[late[own]]
        w, v = _weights(times[first]), _weights(times[second])
        if w is None or v is None:
            continue
        earlier, later = float(w @ values[first]), float(v @ values[second])
        rows.append((name, groups[own[0]], earlier, later, later - earlier))
        squares.append(float(w @ w))
        same = times[first][:, None] == times[second][None, :]
        shared.append(float(w @ same @ v))
        line = earlier * (times[first] - times[first].mean())
        left = values[first] - values[first].mean() - line
        residual += float(left @ left)
        df += len(first) - 2
    patients = pd.DataFrame(rows, columns=["subject", "group", "before", "after", "change"])
    fits = [
        fitted
        for name, own in patients.groupby("group", sort=False, observed=True)
        if len(own) >= 3 and (fitted := _line(str(name), own, conf_level)) is not None
    ]
    if not fits:
        raise ValueError("too few patients have a slope before and after baseline")
    variance = residual / df if df else math.nan
    centred_before = patients["before"] - patients.groupby("group", observed=True)[
        "before"
    ].transform("mean")
    within = float(centred_before @ centred_before) / (len(patients) - patients["group"].nunique())
    noise = variance * float(np.mean(squares))
    return SlopeChange(
        patients,
        pd.DataFrame(fits),
        math.sqrt(variance) if df else math.nan,
        max(0.0, 1 - noise / within),
        (variance * float(np.mean(shared)) - noise) / within,
    )


def _weights(times: Floats) -> Floats | None:
    """Give the weights that make a least-squares slope of values; None for a single time."""
    if len(times) < 2:
        return None
    centred = times - times.mean()
    squares = float(centred @ centred)
    return centred / squares if squares > 0 else None


def _line(name: str, own: pd.DataFrame, conf_level: float) -> dict[str, object] | None:
    """Fit change on the earlier slope in one group; None where all earlier slopes are alike."""
    if own["before"].nunique() < 2:
        return None
    fit = stats.linregress(own["before"], own["change"])
    df = len(own) - 2
    half = stats.t.ppf((1 + conf_level) / 2, df) * fit.stderr
    return {
        "group": name,
        "n": len(own),
        "estimate": float(fit.slope),
        "std_error": float(fit.stderr),
        "df": df,
        "conf_low": float(fit.slope - half),
        "conf_high": float(fit.slope + half),
        "mean_before": float(own["before"].mean()),
        "mean_change": float(own["change"].mean()),
    }
