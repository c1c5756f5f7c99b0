"""What may have gone unseen, and how much of what was seen chance alone would bring."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.safety.analysis import Incidence, incidence, overview
from alsutils.safety.counting import arm_sizes
from alsutils.stats.multiplicity import double_fdr
from alsutils.stats.proportions import zero_event_limit
from alsutils.study import Study

DOUBLE = "Fisher's exact test, double false discovery rate"
LIMIT = "upper limit of an event not seen (exact, one-sided)"


@dataclass(frozen=True)
class Unseen:
    """What may have gone unseen: upper limits for events that nobody of an arm had.

    Attributes
    ----------
    frame : DataFrame
        One row an arm: result columns (``conf_high`` the exact one-sided limit) and ``arm``,
        ``total`` (patients), ``terms`` (terms seen in another arm and not in this one, of those
        that are named), ``kinds`` (categories without a patient, in words), ``rule_of_three``.
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
        Comparisons with p at or below alpha; of those that must not be told, the next larger p
        that may be counts.
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


@dataclass(frozen=True)
class FalseDiscovery:
    """The p-values of all events, adjusted as one family and by organ class.

    Attributes
    ----------
    frame : DataFrame
        One row a comparison whose p could come to alpha: ``name``, ``system``, ``treated``,
        ``contrast``, ``n_treated``, ``n_control``, ``p_value`` (Fisher), ``p_adjusted`` (Benjamini
        and Hochberg), ``p_double`` (Mehrotra and Heyse; an arm's organ class is a family).
    alpha : float
        Two-sided level.
    population : str
        Label of the population.
    """

    frame: pd.DataFrame
    alpha: float
    population: str

    @property
    def results(self) -> pd.DataFrame:
        """Result columns: the p-values adjusted by organ class."""
        rows = self.frame.assign(analysis=DOUBLE, endpoint=self.frame["name"])
        return rows.assign(population=self.population, p_value=rows["p_double"])


def unseen(
    study: Study, kinds: Incidence | None = None, terms: Incidence | None = None
) -> Unseen | None:
    """Bound how common an event may be that nobody of an arm had.

    Parameters
    ----------
    study : Study
        With an ``adverse_events`` block.
    kinds, terms : Incidence or None
        The overview and the single terms, where they are known already.

    Returns
    -------
    Unseen or None
        None without adverse events.

    References
    ----------
    Hanley and Lippman-Hand, JAMA 1983;249:1743-1745.
    """
    block = study.config.adverse_events
    kinds, terms = kinds or overview(study), terms or incidence(study)
    if block is None or kinds is None or terms is None:
        return None
    rows = []
    for arm, total in arm_sizes(study, block).items():
        limit = zero_event_limit(total, study.alpha)
        without = kinds.counts[(kinds.counts["arm"] == arm) & (kinds.counts["patients"] == 0)]
        missed = terms.counts[(terms.counts["arm"] == arm) & (terms.counts["patients"] == 0)]
        missed = missed[~missed["name"].isin(terms.others)]
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
    if result is None or result.family.empty:
        return None
    rows = result.family
    expected = float(rows["p_chance"].sum())
    if rows["name"].isna().any():
        # All its digits would tell of the comparisons that are not told.
        expected = round(expected, 1)
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
        terms=int(rows["treated"].value_counts().max()),
        below=int((rows["p_value"] <= result.alpha).sum()),
        below_adjusted=int((rows["p_adjusted"] <= result.alpha).sum()),
        nominal=result.alpha * len(rows),
        expected=expected,
        powerless=int((rows["p_chance"] == 0).sum()),
        alpha=result.alpha,
        frame=frame,
    )


def false_discovery(result: Incidence | None) -> FalseDiscovery | None:
    """Adjust the p-values of the events by their organ classes.

    Parameters
    ----------
    result : Incidence or None
        Single terms; every comparison of it counts, shown or not.

    Returns
    -------
    FalseDiscovery or None
        None without a term whose p could come to alpha and may be told. Comparisons that are not
        told count with the next larger p that is.

    References
    ----------
    Mehrotra and Heyse, Statistical Methods in Medical Research 2004;13:227-238.
    """
    if result is None or not result.systems:
        return None
    rows = result.family[result.family["p_chance"] > 0].reset_index(drop=True)
    if rows.empty:
        return None
    double = double_fdr(rows["p_value"], rows["treated"] + ": " + rows["system"])
    keys = ["name", "treated", "contrast", "n_treated", "n_control", "p_value", "p_adjusted"]
    frame = rows[[*keys, "system"]].assign(p_double=double.p_double).dropna(subset="name")
    if frame.empty:
        return None
    frame = frame.reset_index(drop=True)
    return FalseDiscovery(frame, result.alpha, result.population)
