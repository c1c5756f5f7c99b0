"""Patients moved onto the printed figures of a trial.

The printed table fixes, for each arm, the moments of every change and the number of responders.
The functional score comes first, because its changes, slope changes and responder counts are tied
to each other: whole-number changes with the exact moments are dealt out to patients by simulated
annealing until all the counts and moments hold together. The other scores follow one by one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from alsutils.stats.calibration import CalibrationError, anneal, calibrate_moments
from alsutils.study.config import StudyConfig

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

THRESHOLDS = (50, 75, 100)
# Lead-in slopes are tenths of a point a month: least squares over four monthly whole-number scores.
SLOPE_STEPS = 10
STEEPEST, SHALLOWEST = -55, -1
# A patient may gain at most this much, or lose at most that much, between months 4 and 6.
_LATE_STEP = (-8, 2)
_MOST_GAIN = 3  # points above baseline at any visit
_CORRELATION_SLACK = 0.005
# Share of patients that may be at the shallowest lead-in slope.
_FLAT_SHARE = 0.07
_SIXTIETHS = 60
_HALF = 0.0049
_MOMENT_WEIGHT = 60
_STEPS = 20_000
_STARTS = 12
_SHUFFLES = 300
_MOVES = (0, 1, 2, 3, 4, 5)
_LATER_MOVES = (0, 2, 5)  # those that leave the lead-in slopes alone


@dataclass(frozen=True)
class Cell:
    """One arm's printed cell: patients, mean and standard deviation."""

    n: int
    mean: float
    sd: float


@dataclass(frozen=True)
class ArmTargets:
    """What one arm of the twin must print.

    Attributes
    ----------
    arm : str
        Value of the arm in the data.
    change_4, change_6 : Cell
        Change of the functional score at months 4 and 6.
    slope_change_4, slope_change_6 : Cell
        Change of its slope. Where month 6 counts more patients than have a month-6 score, the
        rest carry their month-4 slope forward.
    responders_4, responders_6 : tuple of int
        Patients of ``responders_n`` whose slope improved by at least 50, 75 and 100 percent.
    responders_n : int
        Patients the counts are out of.
    others : mapping of str to Cell
        Month-4 cells of the other scores and of their slope changes, by PARAMCD.
    """

    arm: str
    change_4: Cell
    change_6: Cell
    slope_change_4: Cell
    slope_change_6: Cell
    responders_4: tuple[int, ...]
    responders_6: tuple[int, ...]
    responders_n: int
    others: Mapping[str, Cell]


@dataclass(frozen=True)
class ScoreChanges:
    """Calibrated changes of the functional score in one arm; the patients without month 6 last.

    Attributes
    ----------
    change_4, change_6 : ndarray, shape (n,)
        Points from baseline; ``change_6`` is NaN without a month-6 score.
    lead_in : ndarray of int, shape (n,)
        Lead-in slope in tenths of a point a month.
    """

    change_4: Floats
    change_6: Floats
    lead_in: Ints


def twin_targets(config: StudyConfig) -> tuple[ArmTargets, ...]:
    """Read the targets of a twin from the ``published`` block of its study.

    Parameters
    ----------
    config : StudyConfig
        A study with printed comparisons of ALSFRSR and FRSSLC at months 4 and 6, and responder
        counts at the same visits.

    Returns
    -------
    tuple of ArmTargets
        In the order of the study's arms.

    Raises
    ------
    ValueError
        If a printed row that the twin needs is missing.
    """
    if config.published is None:
        raise ValueError("study.yml has no `published` block, so there is nothing to calibrate to.")
    rows = {(row.parameter, row.visit): row.groups for row in config.published.comparisons}
    counts = {
        (row.visit, row.threshold): row
        for row in config.published.responders
        if row.side == "at_least"
    }
    needed = [(code, visit) for code in ("ALSFRSR", "FRSSLC") for visit in (4.0, 6.0)]
    missing = [f"{code} at month {visit:g}" for code, visit in needed if (code, visit) not in rows]
    missing += [
        f"patients with at least {threshold} % at month {visit:g}"
        for visit in (4.0, 6.0)
        for threshold in THRESHOLDS
        if (visit, threshold) not in counts
    ]
    if missing:
        raise ValueError(f"`published` in study.yml has no row for: {', '.join(missing)}.")

    def cell(code: str, visit: float, arm: str) -> Cell:
        printed = rows[code, visit][arm]
        return Cell(printed.n, printed.mean, printed.sd)

    def responders(visit: float, arm: str) -> tuple[int, ...]:
        return tuple(counts[visit, threshold].counts[arm] for threshold in THRESHOLDS)

    primary = {"ALSFRSR", "FRSSLC"}
    return tuple(
        ArmTargets(
            arm=arm,
            change_4=cell("ALSFRSR", 4.0, arm),
            change_6=cell("ALSFRSR", 6.0, arm),
            slope_change_4=cell("FRSSLC", 4.0, arm),
            slope_change_6=cell("FRSSLC", 6.0, arm),
            responders_4=responders(4.0, arm),
            responders_6=responders(6.0, arm),
            responders_n=counts[4.0, 50.0].of[arm],
            others={c: cell(c, v, arm) for c, v in rows if c not in primary and v == 4.0},
        )
        for arm in (arm.value for arm in config.arms)
    )


def score_changes(
    targets: ArmTargets, correlation: float, rng: np.random.Generator
) -> ScoreChanges:
    """Find whole-number changes and lead-in slopes that print as one arm's figures.

    Parameters
    ----------
    targets : ArmTargets
        What must hold.
    correlation : float
        Between the changes at months 4 and 6.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    ScoreChanges
        The moments of both changes are exact; counts and slope moments print as wanted.

    Raises
    ------
    CalibrationError
        If the search ends without meeting every condition.
    """
    cost = _score_cost(targets, correlation)
    propose = _score_moves(targets.change_6.n)
    lowest = np.inf
    for _ in range(_STARTS):
        found = anneal(
            _score_start(targets, correlation, rng),
            cost,
            propose,
            rng,
            steps=_STEPS,
            temperature=0.4,
            cooling=0.05,
        )
        lowest = min(lowest, found.cost)
        if found.cost <= 0:
            change_6 = found.state[1].astype(float)
            change_6[targets.change_6.n :] = np.nan
            return ScoreChanges(found.state[0].astype(float), change_6, found.state[2])
    raise CalibrationError(
        f"No scores were found that print as the figures of arm {targets.arm!r}: the nearest "
        f"misses by a cost of {lowest:.3f}. Check the printed figures against each other, or try "
        "another seed."
    )


def dealt_again(
    targets: ArmTargets,
    correlation: float,
    start: ScoreChanges,
    penalty: Callable[[Ints], float],
    rng: np.random.Generator,
) -> ScoreChanges:
    """Deal other whole-number changes to the same patients so that the same figures are printed.

    Parameters
    ----------
    targets : ArmTargets
        What must hold.
    correlation : float
        Between the changes at months 4 and 6.
    start : ScoreChanges
        Changes that hold all of it.
    penalty : callable
        Cost of a state (changes at months 4 and 6 and lead-in slopes, shape (3, n)), zero where
        everything else that is wanted holds.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    ScoreChanges
        The lead-in slopes are those of ``start``.

    Raises
    ------
    CalibrationError
        If the search ends without meeting every condition.
    """
    late = targets.change_6.n
    printed, moves = _score_cost(targets, correlation), _score_moves(late, _LATER_MOVES)
    first = np.array([start.change_4, np.nan_to_num(start.change_6), start.lead_in], dtype=np.int64)
    for _ in range(_STARTS):
        state = first
        for _ in range(_SHUFFLES):
            state = moves(state, rng)
        found = anneal(
            state,
            lambda s: printed(s) + penalty(s),
            moves,
            rng,
            steps=2 * _STEPS,
            temperature=0.4,
            cooling=0.02,
        )
        if found.cost <= 0:
            change_6 = np.where(np.arange(len(start.lead_in)) < late, found.state[1], np.nan)
            return ScoreChanges(found.state[0].astype(float), change_6, start.lead_in)
    raise CalibrationError(
        f"No other scores were found that print as the figures of arm {targets.arm!r}; try another "
        "seed."
    )


def calibrated_change(
    cell: Cell, driver: Floats, correlation: float, unit: float, rng: np.random.Generator
) -> Floats:
    """Draw changes of a second score that go with the functional score and print as a cell.

    Parameters
    ----------
    cell : Cell
        Printed moments.
    driver : ndarray, shape (n,)
        Change of the functional score.
    correlation : float
        Wanted correlation with it.
    unit : float
        Step of the second score.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    ndarray, shape (n,)
        Changes, in the order of ``driver``.
    """
    draw = _correlated(driver, correlation, rng)
    found = calibrate_moments(draw, cell.mean, cell.sd, unit=unit, rng=rng)
    return np.round(found.values, 6)


def calibrated_lead_in(
    cell: Cell,
    change: Floats,
    driver: Floats,
    *,
    correlation: float,
    spread: float,
    unit: float,
    rng: np.random.Generator,
) -> Floats:
    """Draw changes over the three lead-in months so that the slope change prints as a cell.

    Parameters
    ----------
    cell : Cell
        Printed moments of the slope change: ``change`` / 4 less the lead-in change / 3.
    change : ndarray, shape (n,)
        Change at month 4.
    driver : ndarray, shape (n,)
        Lead-in slope of the functional score.
    correlation : float
        Wanted correlation of the two lead-in slopes.
    spread : float
        Standard deviation of the second score's lead-in slope, units a month.
    unit : float
        Step of the second score.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    ndarray, shape (n,)
        Change from month -3 to baseline.
    """
    lead_in = spread * _correlated(driver, correlation, rng)
    found = calibrate_moments(
        change / 4 - lead_in, cell.mean, cell.sd, unit=unit / 3, offset=change / 4, rng=rng
    )
    return np.round(3 * (change / 4 - found.values), 6)


def _correlated(driver: Floats, correlation: float, rng: np.random.Generator) -> Floats:
    """Draw values with mean 0, SD 1 and exactly the wanted sample correlation with the driver."""
    z = (driver - driver.mean()) / driver.std()
    rest = rng.normal(size=len(driver))
    rest = rest - rest.mean() - z * (z * rest).mean()
    mixed = correlation * z + np.sqrt(1 - correlation**2) * rest / rest.std()
    return np.asarray(mixed, dtype=float)


def _score_start(targets: ArmTargets, correlation: float, rng: np.random.Generator) -> Ints:
    """Draw changes with exact moments, correlated by rank, and gamma lead-in slopes."""
    n, late = targets.change_4.n, targets.change_6.n
    state = np.zeros((3, n), dtype=np.int64)
    first = rng.normal(size=n)
    second = correlation * first + np.sqrt(1 - correlation**2) * rng.normal(size=n)
    state[0] = calibrate_moments(first, targets.change_4.mean, targets.change_4.sd, rng=rng).values
    state[1, :late] = calibrate_moments(
        second[:late], targets.change_6.mean, targets.change_6.sd, rng=rng
    ).values
    mean = targets.slope_change_4.mean - targets.change_4.mean / 4
    decline = rng.gamma(1.3, mean / 1.3, n)
    state[2] = np.clip(np.rint(-SLOPE_STEPS * decline * mean / decline.mean()), STEEPEST, -1)
    return state


def _score_cost(targets: ArmTargets, correlation: float) -> Callable[[Ints], float]:
    """How far a state is from the counts, slope moments, correlation and plausible steps."""
    n, late = targets.change_4.n, targets.change_6.n
    wanted = np.array([targets.responders_4, targets.responders_6]).T
    # Sixtieths of a point a month make every slope a whole number, so nothing hangs on rounding
    # and every machine finds the same patients. At least 50 % improved means 2 x post >= lead-in,
    # 75 % means 4 x post >= lead-in, 100 % means post >= 0.
    to_slope = np.array([[_SIXTIETHS // 4], [_SIXTIETHS // 6]])
    times_post = np.array([2, 4, 1])[:, None, None]
    times_lead_in = np.array([1, 1, 0])[:, None, None]

    def cost(state: Ints) -> float:
        lead_in = state[2] * (_SIXTIETHS // SLOPE_STEPS)
        post = state[:2] * to_slope
        post[1, late:] = post[0, late:]
        margin = times_post * post - times_lead_in * lead_in
        total = float(np.abs((margin >= 0).sum(axis=2) - wanted).sum())
        total += 0.5 * np.count_nonzero(margin[:2] == 0)
        slope_change = post - lead_in
        total += _moment_cost(slope_change[0], targets.slope_change_4)
        total += _moment_cost(slope_change[1, : targets.slope_change_6.n], targets.slope_change_6)
        step = state[1, :late] - state[0, :late]
        beyond = np.maximum(step - _LATE_STEP[1], 0) + np.maximum(_LATE_STEP[0] - step, 0)
        gain = np.maximum(state[:2] - _MOST_GAIN, 0)
        total += 0.2 * float(beyond.sum() + gain.sum())
        flat = np.count_nonzero(state[2] == SHALLOWEST) - _FLAT_SHARE * n
        total += 0.2 * max(flat, 0.0)
        return total + 20 * max(
            abs(_correlation(state[0, :late], state[1, :late]) - correlation) - _CORRELATION_SLACK,
            0.0,
        )

    return cost


def _correlation(x: Ints, y: Ints) -> float:
    n, sum_x, sum_y = len(x), int(x.sum()), int(y.sum())
    both = n * int(x @ y) - sum_x * sum_y
    own = (n * int(x @ x) - sum_x**2) * (n * int(y @ y) - sum_y**2)
    return both / sqrt(own)


def _moment_cost(sixtieths: Ints, cell: Cell) -> float:
    """Zero when mean and SD print as wanted to two decimals."""
    n, total, squares = len(sixtieths), int(sixtieths.sum()), int(sixtieths @ sixtieths)
    mean = total / n / _SIXTIETHS
    sd = sqrt((n * squares - total**2) / (n * (n - 1))) / _SIXTIETHS
    return _MOMENT_WEIGHT * (
        max(abs(mean - cell.mean) - _HALF, 0.0) + max(abs(sd - cell.sd) - _HALF, 0.0)
    )


def _score_moves(
    late: int, kinds: tuple[int, ...] = _MOVES
) -> Callable[[Ints, np.random.Generator], Ints]:
    """Make moves that keep sum and sum of squares of both changes."""

    def propose(state: Ints, rng: np.random.Generator) -> Ints:
        state = state.copy()
        n = state.shape[1]
        which, i, j, step = (int(rng.random() * most) for most in (len(kinds), n, n, 4))
        kind = kinds[which]
        if kind == 0:
            state[0, i], state[0, j] = state[0, j], state[0, i]
        elif kind == 1:
            state[2, i], state[2, j] = state[2, j], state[2, i]
        elif kind == 2:
            i, j = i % late, j % late
            state[1, i], state[1, j] = state[1, j], state[1, i]
        elif kind == 3:
            lead_in = state[2, i] + (step + 1 if rng.random() < 0.5 else -step - 1)
            state[2, i] = min(max(lead_in, STEEPEST), SHALLOWEST)
        elif kind == 4:
            step = min(step + 1, SHALLOWEST - state[2, i], state[2, j] - STEEPEST)
            state[2, i] += step
            state[2, j] -= step
        else:
            row, size = (0, n) if rng.random() < 0.5 else (1, late)
            _shift_four(state[row, :size], rng)
        return state

    return propose


def _shift_four(values: Ints, rng: np.random.Generator) -> None:
    """Move four values by one step, in place, keeping their sum and sum of squares."""
    a, b, c = (int(rng.random() * len(values)) for _ in range(3))
    if a in (b, c) or b == c:
        return
    # a up, b down, c down, d up keeps the sum; the squares ask for d = c - a + b - 2.
    fits = np.flatnonzero(values == values[c] - values[a] + values[b] - 2)
    fits = fits[(fits != a) & (fits != b) & (fits != c)]
    if len(fits):
        d = fits[rng.integers(len(fits))]
        values[[a, d]] += 1
        values[[b, c]] -= 1
