"""What may have gone unseen, and how much of what was seen chance alone would bring."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.safety.analysis import Incidence, arm_sizes, incidence, overview
from alsutils.stats.proportions import zero_event_limit
from alsutils.study import Study

LIMIT = "upper limit of an event not seen (exact, one-sided)"


@dataclass(frozen=True)
class Unseen:
    """What may have gone unseen: upper limits for events that nobody of an arm had.

    Attributes
    ----------
    frame : DataFrame
        One row an arm: result columns (``conf_high`` the exact one-sided limit) and ``arm``,
        ``total`` (patients), ``terms`` (terms seen in another arm and not in this one), ``kinds``
        (categories without a patient, in words), ``rule_of_three``.
    curve : DataFrame
        ``n`` and ``limit``: the exact limit over the size of an arm.
    confidence : float
        One-sided level of the limits.
    """

    frame: pd.DataFrame
    curve: pd.DataFrame
    confidence: float


@dataclass(frozen=True)
class Multiplicity:
    """How many comparisons were made and how many small p-values chance alone brings.

    Attributes
    ----------
    comparisons, terms : int
        Comparisons of a term between a treated arm and the control, and terms among them.
    below : int
        Comparisons with p at or below alpha.
    below_adjusted : int
        Those still at or below alpha after adjustment.
    nominal : float
        Alpha times the number of comparisons: expected by chance if p-values were continuous.
    expected : float
        Expected by chance for these numbers of events, which is less.
    powerless : int
        Comparisons whose few events cannot bring p down to alpha.
    alpha : float
        Two-sided level.
    frame : DataFrame
        Result columns: the expected number by chance.
    """

    comparisons: int
    terms: int
    below: int
    below_adjusted: int
    nominal: float
    expected: float
    powerless: int
    alpha: float
    frame: pd.DataFrame


def unseen(study: Study) -> Unseen | None:
    """Bound how common an event may be that nobody of an arm had.

    Parameters
    ----------
    study : Study
        With an ``adverse_events`` block.

    Returns
    -------
    Unseen or None
        None without adverse events.

    References
    ----------
    Hanley and Lippman-Hand, JAMA 1983;249:1743-1745.
    """
    block = study.config.adverse_events
    kinds, terms = overview(study), incidence(study)
    if block is None or kinds is None or terms is None:
        return None
    rows = []
    for arm, total in arm_sizes(study, block).items():
        limit = zero_event_limit(total, study.alpha)
        without = kinds.counts[(kinds.counts["arm"] == arm) & (kinds.counts["patients"] == 0)]
        missed = terms.counts[(terms.counts["arm"] == arm) & (terms.counts["patients"] == 0)]
        rows.append(
            {
                "analysis": LIMIT,
                "endpoint": "An event that nobody of the arm had",
                "population": study.population_label(block.population),
                "contrast": arm,
                "n_control" if arm == study.control else "n_treated": total,
                "estimate": 0.0,
                "conf_low": 0.0,
                "conf_high": limit.exact,
                "arm": arm,
                "total": total,
                "terms": len(missed),
                "kinds": tuple(without["name"]),
                "rule_of_three": limit.rule_of_three,
            }
        )
    frame = pd.DataFrame(rows)
    sizes = np.unique(np.geomspace(5, max(300, 2 * frame["total"].max()), 60).round().astype(int))
    limits = [zero_event_limit(int(n), study.alpha).exact for n in sizes]
    return Unseen(frame, pd.DataFrame({"n": sizes, "limit": limits}), 1 - study.alpha)


def multiplicity(result: Incidence | None) -> Multiplicity | None:
    """Count the comparisons and the small p-values that chance alone would bring.

    Parameters
    ----------
    result : Incidence or None
        Every comparison of it counts, shown or not.

    Returns
    -------
    Multiplicity or None
        None without a comparison.

    References
    ----------
    Tarone, Biometrics 1990;46:515-522. Benjamini and Hochberg, Journal of the Royal Statistical
    Society B 1995;57:289-300.
    """
    if result is None or result.differences.empty:
        return None
    rows = result.differences
    expected = float(rows["p_chance"].sum())
    frame = pd.DataFrame(
        {
            "analysis": [f"comparisons with p at or below {result.alpha:g} expected by chance"],
            "endpoint": [f"All {len(rows)} comparisons of a {result.level}"],
            "population": [result.population],
            "estimate": [expected],
        }
    )
    return Multiplicity(
        comparisons=len(rows),
        terms=rows["name"].nunique(),
        below=int((rows["p_value"] <= result.alpha).sum()),
        below_adjusted=int((rows["p_adjusted"] <= result.alpha).sum()),
        nominal=result.alpha * len(rows),
        expected=expected,
        powerless=int((rows["p_chance"] == 0).sum()),
        alpha=result.alpha,
        frame=frame,
    )
