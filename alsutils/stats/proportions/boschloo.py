"""Boschloo's test: Fisher's p-value as the measure of how far an outcome is from the expected."""

import numpy as np
from scipy import special

from alsutils.stats.proportions.exact import TIE, fisher_tests, ranked_masses
from alsutils.stats.proportions.tables import Floats, Ints, Tables

PER_STEP = 16  # supposed shares tried, for each standard error of a share on the arcsine scale


def boschloo_tests(tables: Tables, largest: int = 2000) -> Floats:
    """Test many tables after Boschloo, two-sided.

    Fisher's test takes the number of patients with the event as given, so that few outcomes are
    possible and small p-values rare. Boschloo asks instead how often Fisher's p would be as small
    as it is if only the sizes of the arms were given and the arms did not differ, whatever the
    share that both have; the p-value is the largest such probability over all shares. It is never
    above Fisher's.

    Parameters
    ----------
    tables : Tables
        With patients in both arms.
    largest : int
        Patients in both arms together up to which the test is made. All outcomes are looked at, so
        time and memory grow with the square of it; the gain over Fisher's test shrinks.

    Returns
    -------
    ndarray, shape (m,)
        P-values; missing where there are more patients. The largest probability is found to about
        a millionth of itself.

    References
    ----------
    Boschloo, Statistica Neerlandica 1970;24:1-9. For two sides Fisher's two-sided p orders the
    outcomes, as in R's Exact and in exact2x2 with the method "minlike".
    """
    found = np.full(len(tables), np.nan)
    sizes = np.column_stack([tables.n1, tables.n0])
    for n1, n0 in np.unique(sizes[sizes.sum(axis=1) <= largest], axis=0):
        rows = (tables.n1 == n1) & (tables.n0 == n0)
        p_fisher = fisher_tests(tables.take(rows)).p_value
        different, place = np.unique(p_fisher, return_inverse=True)
        found[rows] = _largest_chances(different, int(n1), int(n0))[place]
    return found


def _largest_chances(p_fisher: Floats, n1: int, n0: int) -> Floats:
    """Give the largest probability, over all shares, of a Fisher p at or below each given one."""
    total = n1 + n0
    rejected = _chances_given_events(p_fisher, n1, n0)
    # Exchanging "event" and "no event" changes no two-sided p, so shares up to a half will do.
    steps = int(np.ceil(PER_STEP * np.sqrt(total) * np.pi / 2))
    angle = np.linspace(0, np.pi / 4, steps + 1)
    chances = _binomial(angle, total) @ rejected
    # Between the shares tried the curve is close to a parabola: look at its tops as well.
    before, here, after = chances[:-2], chances[1:-1], chances[2:]
    bend = before - 2 * here + after
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.where(bend < 0, np.clip((before - after) / (2 * bend), -1, 1), 0.0)
    top = np.argmax(here - (before - after) * shift / 4, axis=0)
    columns = np.arange(len(p_fisher))
    finer = angle[1 + top] + shift[top, columns] * (angle[1] - angle[0])
    at_top = np.einsum("ij,ji->i", _binomial(finer, total), rejected)
    return np.minimum(np.maximum(chances.max(axis=0), at_top), 1.0)


def _chances_given_events(p_fisher: Floats, n1: int, n0: int) -> Floats:
    """Probability of a Fisher p at or below each given one, by number of events (rows)."""
    events: Ints = np.arange(n1 + n0 + 1)
    found = ranked_masses(events, np.full_like(events, n1), np.full_like(events, n0))
    chances = np.zeros((len(events), len(p_fisher)))
    ends = np.append(found.starts[1:], len(found.p_values))
    for m, start, end in zip(events, found.starts, ends, strict=True):
        possible = found.p_values[start:end]
        possible = np.concatenate([[0.0], possible[possible > 0]])
        chances[m] = possible[np.searchsorted(possible, p_fisher * TIE, side="right") - 1]
    return chances


def _binomial(angle: Floats, total: int) -> Floats:
    """Probabilities of 0 to ``total`` events, a row for each share ``sin(angle) ** 2``."""
    share = np.sin(angle) ** 2
    events = np.arange(total + 1)
    ways = (
        special.gammaln(total + 1)
        - special.gammaln(events + 1)
        - special.gammaln(total - events + 1)
    )
    logs = special.xlogy(events, share[:, None]) + special.xlog1py(total - events, -share[:, None])
    return np.exp(ways + logs)
