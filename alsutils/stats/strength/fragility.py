"""How many patients a significant result hangs on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from alsutils.stats.dichotomy import fisher_p


@dataclass(frozen=True)
class Fragility:
    """The fragility of two counts.

    Attributes
    ----------
    significant : bool
        Whether Fisher's p is below the level.
    changes : int or None
        Patients whose outcome has to be another for the verdict to turn; None where no number of
        them is enough.
    in_treated : bool
        Whether they are in the treated arm.
    p_value : float
        As observed.
    p_after : float
        After so many changes; missing where there is no such number.
    """

    significant: bool
    changes: int | None
    in_treated: bool
    p_value: float
    p_after: float


@dataclass(frozen=True)
class ContinuousFragility:
    """The fragility of a difference of means.

    Attributes
    ----------
    changes : int
        Patients of the better arm, the best first, who would have to have done as the other arm's
        mean for the pooled t-test to lose its significance; 0 where it has none.
    n : int
        Patients of the better arm.
    p_value : float
        As observed.
    p_after : float
        After so many changes.
    """

    changes: int
    n: int
    p_value: float
    p_after: float


def fragility_index(
    events_treated: int, n_treated: int, events_control: int, n_control: int, alpha: float = 0.05
) -> Fragility:
    """Count the patients whose other outcome would turn the verdict of Fisher's exact test.

    Parameters
    ----------
    events_treated, n_treated, events_control, n_control : int
        Events and patients.
    alpha : float
        Two-sided level.

    Returns
    -------
    Fragility
        Outcomes change in the arm with fewer events (the treated, if both have as many): from no
        event to event where the result is significant, the other way where it is not (the reverse
        index).

    Raises
    ------
    ValueError
        If there are more events than patients, or no patients.

    References
    ----------
    Walsh M, et al. The statistical significance of randomized controlled trial results is
    frequently fragile: a case for a Fragility Index. J Clin Epidemiol 2014;67:622-628.
    doi:10.1016/j.jclinepi.2013.10.019. Khan MS, et al. Application of the reverse fragility index
    to statistically nonsignificant randomized clinical trial results. JAMA Netw Open
    2020;3:e2012469. doi:10.1001/jamanetworkopen.2020.12469
    """
    for events, n in ((events_treated, n_treated), (events_control, n_control)):
        if not 0 <= events <= n or n < 1:
            raise ValueError(f"{events} events of {n} patients are impossible")
    in_treated = events_treated <= events_control
    x = events_treated if in_treated else events_control
    changed = np.arange((n_treated if in_treated else n_control) + 1)
    other = np.full_like(changed, events_control if in_treated else events_treated)
    one, two = (changed, other) if in_treated else (other, changed)
    along = fisher_p(one, n_treated, two, n_control)
    p_value = float(along[x])
    significant = p_value < alpha
    path = along[x:] if significant else along[: x + 1][::-1]
    turned = np.flatnonzero(path >= alpha if significant else path < alpha)
    changes = int(turned[0]) if len(turned) else None
    after = float(path[changes]) if changes is not None else float("nan")
    return Fragility(significant, changes, in_treated, p_value, after)


def continuous_fragility(
    treated: ArrayLike, control: ArrayLike, alpha: float = 0.05
) -> ContinuousFragility:
    """Count the best patients whose average outcome would undo the significance of a t-test.

    Parameters
    ----------
    treated, control : array_like, shapes (n_treated,) and (n_control,)
        Values; missing ones are left out.
    alpha : float
        Two-sided level.

    Returns
    -------
    ContinuousFragility
        Values of the arm with the higher mean become the mean of the other arm, the highest first.

    Raises
    ------
    ValueError
        If an arm has fewer than two values.

    Notes
    -----
    An analogue of the fragility index for means. Published ones differ in what a changed patient
    gets instead; here it is what an average patient of the other arm had.
    """
    arms = [np.asarray(values, dtype=float) for values in (treated, control)]
    arms = [values[~np.isnan(values)] for values in arms]
    if min(len(values) for values in arms) < 2:
        raise ValueError("each arm needs two values or more")
    high, low = sorted(arms, key=lambda values: -values.mean())
    middle = low.mean()
    above = np.sort(high)[::-1] - middle
    n, m = len(high), len(low)
    # Sums over who keeps the own value, for 0, 1, ... changed patients, each of whom adds nothing.
    total = above.sum() - np.concatenate([[0.0], np.cumsum(above)])
    squares = (above**2).sum() - np.concatenate([[0.0], np.cumsum(above**2)])
    estimate = total / n
    within = np.maximum(squares - n * estimate**2, 0.0) + ((low - middle) ** 2).sum()
    with np.errstate(all="ignore"):
        error = np.sqrt(within / (n + m - 2) * (1 / n + 1 / m))
        p_values = 2 * stdtr(n + m - 2, -np.abs(estimate / error))
    # After the last change the difference is 0, and p is 1 but for rounding.
    p_values = np.where(np.arange(n + 1) == n, 1.0, np.nan_to_num(p_values, nan=0.0))
    changes = int(np.argmax(p_values >= alpha))
    return ContinuousFragility(changes, n, float(p_values[0]), float(p_values[changes]))
