"""Shares of patients drawn towards those of related events, beside the raw ones."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.safety.analysis import Incidence
from alsutils.stats.shrinkage import shrink_risks, shrunken_differences
from alsutils.study import Study
from alsutils.study.disclosure import INSTEAD

SHRUNK = "share of patients, shrunk within organ classes"
SHRUNK_DIFFERENCE = "risk difference, shrunk within organ classes"


@dataclass(frozen=True)
class Shrinkage:
    """Every term's share in each arm and the arms' difference, raw and shrunk.

    Attributes
    ----------
    shares : DataFrame
        One row a term and arm: ``name``, ``system``, ``arm``, ``raw``, ``estimate``, ``conf_low``,
        ``conf_high``, ``system_mean``, ``weight`` (how far the raw share was drawn to it).
    differences : DataFrame
        Result columns, one row a term and treated arm, with ``name``, ``system``, ``treated``,
        ``raw``, ``p_exceeds`` (posterior probability that the treated arm's share is higher).
    shown : tuple of str
        Terms that are shown, in order.
    minimum_percent : float
        The share of an arm from which a term is shown.
    taken : int or None
        For what number of patients a count of a few was taken, where counts are hidden.
    """

    shares: pd.DataFrame
    differences: pd.DataFrame
    shown: tuple[str, ...]
    minimum_percent: float
    taken: int | None = None

    @property
    def frame(self) -> pd.DataFrame:
        """Result columns of the terms that are shown."""
        return self.shown_differences

    @property
    def shown_differences(self) -> pd.DataFrame:
        """Rows of ``differences`` that are shown, in order."""
        place = {name: i for i, name in enumerate(self.shown)}
        kept = self.differences[self.differences["name"].isin(place)]
        order = kept["name"].map(place)
        return kept.assign(order=order).sort_values("order", kind="stable", ignore_index=True)


def shrinkage(study: Study, terms: Incidence | None) -> Shrinkage | None:
    """Draw the share of each term towards those of its organ class, by empirical Bayes.

    Parameters
    ----------
    study : Study
        With adverse events.
    terms : Incidence or None
        Single terms; all that are named lend strength, whether shown or not. A count that must not
        be told counts as half the least one that may be, so that nothing follows of it.

    Returns
    -------
    Shrinkage or None
        None without a term.

    References
    ----------
    Berry and Berry, Biometrics 2004;60:418-426.
    """
    if terms is None or terms.level != "term" or not terms.systems:
        return None
    shares, found = [], {}
    few = study.disclosure.minimum // 2
    named = terms.counts[~terms.counts["name"].isin(terms.others)]
    if named.empty:
        return None
    for arm in study.arms:
        counts = named[named["arm"] == arm].sort_values("name", ignore_index=True)
        guess = (counts["total"] - few).where(counts[INSTEAD].str.startswith(">"), few)
        patients = counts["patients"].fillna(guess).astype(int)
        systems = counts["name"].map(dict(terms.systems))
        found[arm] = shrink_risks(
            patients.to_numpy(),
            counts["total"].to_numpy(),
            systems.to_numpy(),
            conf_level=study.conf_level,
        )
        columns = (
            found[arm]
            .frame[["raw", "estimate", "conf_low", "conf_high", "system_mean", "weight"]]
            .reset_index(drop=True)
        )
        columns[counts["patients"].isna()] = np.nan
        shares.append(columns.assign(name=counts["name"], system=systems, arm=arm))
    control = found[study.control]
    differences = []
    for arm in study.treated:
        apart = shrunken_differences(found[arm], control, conf_level=study.conf_level)
        differences.append(
            shares[0][["name", "system"]].assign(
                analysis=SHRUNK_DIFFERENCE,
                endpoint=shares[0]["name"],
                population=terms.population,
                contrast=f"{arm} vs {study.control}",
                treated=arm,
                raw=np.asarray(found[arm].raw) - np.asarray(control.raw),
                estimate=np.asarray(apart.estimate),
                conf_low=np.asarray(apart.conf_low),
                conf_high=np.asarray(apart.conf_high),
                p_exceeds=np.asarray(apart.p_exceeds),
            )
        )
    whole = pd.concat(differences, ignore_index=True)
    keys = pd.MultiIndex.from_frame(whole[["name", "treated"]])
    untold = ~terms.told.reindex(keys).to_numpy(dtype=bool)
    figures = ["raw", "estimate", "conf_low", "conf_high", "p_exceeds"]
    whole.loc[untold, figures] = np.nan
    return Shrinkage(
        pd.concat(shares, ignore_index=True),
        whole.dropna(subset="estimate").reset_index(drop=True) if untold.any() else whole,
        terms.shown,
        terms.minimum_percent,
        few if untold.any() else None,
    )
