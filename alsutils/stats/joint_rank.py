"""Function and survival in one rank: the Combined Assessment of Function and Survival (CAFS)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alsutils.stats.ancova import Ancova, ancova
from alsutils.stats.wins import Continuous, LayerError, TimeToEvent, probabilistic_index
from alsutils.stats.wins.counting import encode, tally

Rule = Literal["last_observed", "at_visit", "last_common"]


@dataclass(frozen=True, eq=False)
class JointScores:
    """Every patient compared with every other.

    Attributes
    ----------
    frame : DataFrame
        One row a patient in the order given: ``wins`` and ``losses`` against the others, ``ties``,
        ``score`` (wins minus losses) and ``rank`` of the score (1 is worst, ties share their mean).
    layers : DataFrame
        One row ``survival``, one ``function``, one ``tied``: ``pairs`` of patients so decided and
        their ``share`` of all pairs.
    rule : str
        How function was compared.
    """

    frame: pd.DataFrame
    layers: pd.DataFrame
    rule: str


@dataclass(frozen=True, eq=False)
class JointRank:
    """Arms compared by the ranks of function and survival.

    Attributes
    ----------
    frame : DataFrame
        Three rows an arm other than the control: ``method`` ("ancova_on_ranks", in ranks;
        "brunner_munzel" and "mann_whitney_asymptotic" or "_exact", as a probabilistic index),
        ``arm``, n_control, n_treated, estimate, std_error, df, statistic, p_value, conf_low,
        conf_high. Above 0 ranks, or above an index of 0.5, is better than control.
    arms : DataFrame
        One row an arm: ``arm``, ``n``, ``events`` (before the horizon), ``mean_rank``,
        ``median_score``.
    scores : JointScores
        Of the patients, in the order of the data.
    ancova : Ancova
        The analysis of covariance of the ranks, with robust errors.
    """

    frame: pd.DataFrame
    arms: pd.DataFrame
    scores: JointScores
    ancova: Ancova


def joint_scores(
    time: ArrayLike,
    event: ArrayLike,
    change: ArrayLike,
    rule: Rule = "last_observed",
    horizon: float | None = None,
    higher_is_better: bool = True,
    tie_within: float = 0.0,
) -> JointScores:
    """Compare every patient with every other, on survival first and then on change in function.

    Of two patients the one who surely outlived the other wins. Where survival leaves it open (both
    alive, or one lost to follow-up before the other died) the one with the better change wins.

    Parameters
    ----------
    time : array_like, shape (n,)
        Time of death or of the last contact.
    event : array_like of bool, shape (n,)
        Whether the patient died.
    change : array_like, shape (n,) or (n, visits)
        Change from baseline, visits in order; missing where not seen.
    rule : {"last_observed", "at_visit", "last_common"}
        Which changes are compared: each patient's last one, whenever it was; those at the final
        visit only, and a tie where one is missing; or those at the last visit at which both
        patients were seen. The three are the same where nobody living misses the final visit and
        no two die at the same time.
    horizon : float, optional
        End of the comparison: whoever lives longer counts as alive then.
    higher_is_better : bool
        Which change is good.
    tie_within : float
        Changes that differ by no more than this are tied.

    Returns
    -------
    JointScores
        Scores and ranks.

    Raises
    ------
    LayerError
        If the columns do not fit each other or hold what cannot be compared.
    ValueError
        If the rule is unknown or the horizon is not above 0.

    Notes
    -----
    The cost grows as n log n times, for "last_common", the number of distinct patterns of missing
    visits and of visits.

    References
    ----------
    Berry JD et al. The Combined Assessment of Function and Survival (CAFS): a new endpoint for ALS
    clinical trials. Amyotroph Lateral Scler Frontotemporal Degener 2013;14:162-168.
    doi:10.3109/21678421.2012.762930. Finkelstein DM, Schoenfeld DA. Combining mortality and
    longitudinal measures in clinical trials. Stat Med 1999;18:1341-1354.
    """
    if rule not in get_args(Rule):
        raise ValueError(f"rule must be one of {list(get_args(Rule))}, not {rule!r}")
    survival = _survival(time, event, horizon)
    n = len(survival)
    if n < 2:
        raise LayerError(f"{n} patients cannot be compared with each other; two are needed")
    values = np.asarray(change, float)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or len(values) != n or values.shape[1] == 0:
        raise LayerError(f"change must have a row for each of {n} patients, not {values.shape}")
    if rule == "last_observed":
        values = _last_observed(values)
    elif rule == "at_visit":
        values = values[:, -1:]
    columns = [Continuous(v, "change", higher_is_better, tie_within) for v in values.T]
    wins, losses = _compare(survival, columns, ~np.isnan(values))
    score = (wins - losses).sum(axis=0)
    frame = pd.DataFrame(
        {
            "wins": wins.sum(axis=0),
            "losses": losses.sum(axis=0),
            "ties": n - 1 - (wins + losses).sum(axis=0),
            "score": score,
            "rank": stats.rankdata(score),
        }
    )
    decided = wins.sum(axis=1)
    pairs = n * (n - 1) // 2
    layers = pd.DataFrame(
        {
            "layer": ["survival", "function", "tied"],
            "pairs": [decided[0], decided[1], pairs - decided.sum()],
        }
    )
    return JointScores(frame, layers.assign(share=layers["pairs"] / pairs), rule)


def joint_rank(
    data: pd.DataFrame,
    arm: str,
    time: str,
    event: str,
    change: str | Sequence[str],
    covariates: Sequence[str] = (),
    rule: Rule = "last_observed",
    horizon: float | None = None,
    higher_is_better: bool = True,
    tie_within: float = 0.0,
    conf_level: float = 0.95,
) -> JointRank:
    """Rank patients by survival and function together and compare the arms' ranks.

    Parameters
    ----------
    data : DataFrame
        One row a patient. ``arm`` is a category with the control first.
    arm, time, event : str
        Columns.
    change : str or sequence of str
        Column of changes, or one column a visit in order.
    covariates : sequence of str
        Columns to hold equal in the analysis of covariance.
    rule, horizon, higher_is_better, tie_within
        As for ``joint_scores``.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    JointRank
        Differences in mean rank and probabilistic indices of each arm against the control. Ranks
        are taken once, over the patients of all arms.

    Raises
    ------
    LayerError, ValueError
        As for ``joint_scores``.
    AncovaError
        If the arms cannot be compared.

    References
    ----------
    Berry JD et al. 2013, as for ``joint_scores``. Conover WJ, Iman RL. Analysis of covariance using
    the rank transformation. Biometrics 1982;38:715-724.
    """
    visits = [change] if isinstance(change, str) else list(change)
    scores = joint_scores(
        data[time], data[event], data[visits], rule, horizon, higher_is_better, tie_within
    )
    ranked = data[[arm, *covariates]].reset_index(drop=True)
    name = "joint_rank"
    while name in ranked:
        name += "_"
    ranked[name] = scores.frame["rank"]
    fit = ancova(ranked, name, arm, covariates, conf_level)
    control, *others = ranked[arm].cat.categories
    of = {label: scores.frame.loc[ranked[arm] == label] for label in (control, *others)}
    parts = [fit.frame.drop(columns=[c for c in fit.frame if c.startswith("robust")])]
    parts[0].insert(0, "method", "ancova_on_ranks")
    for label in others:
        index = probabilistic_index(of[label]["rank"], of[control]["rank"], conf_level=conf_level)
        parts.append(index.frame.assign(arm=label))
    died = _survival(data[time], data[event], horizon).event
    arms = [
        {
            "arm": label,
            "n": len(rows),
            "events": int(died[rows.index].sum()),
            "mean_rank": float(rows["rank"].mean()),
            "median_score": float(rows["score"].median()),
        }
        for label, rows in of.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    order = table["arm"].map({label: k for k, label in enumerate(others)})
    table = table.loc[order.sort_values(kind="stable").index].reset_index(drop=True)
    return JointRank(table, pd.DataFrame(arms), scores, fit)


def _survival(time: ArrayLike, event: ArrayLike, horizon: float | None) -> TimeToEvent:
    """Cut survival at the horizon."""
    survival = TimeToEvent(np.asarray(time, float), np.asarray(event))
    if horizon is None:
        return survival
    if not horizon > 0:
        raise ValueError(f"horizon must be above 0, in the unit of time, not {horizon}")
    return TimeToEvent(
        np.minimum(survival.time, horizon), survival.event & (survival.time <= horizon)
    )


def _last_observed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pick each row's last value that is not missing, shape (n, 1)."""
    last = values.shape[1] - 1 - np.argmax(~np.isnan(values[:, ::-1]), axis=1)
    return values[np.arange(len(values)), last][:, None]


def _compare(
    survival: TimeToEvent, columns: Sequence[Continuous], seen: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count wins and losses on survival and function against all others, shape (2, n) each.

    Patients seen at the same visits share, with any other such group, their last common visit; so
    each group is compared at each visit with everybody whose last visit in common it is.
    """
    codes = encode([survival, *columns], len(survival))
    patterns, member = np.unique(seen, axis=0, return_inverse=True)
    member = member.reshape(-1)
    wins = np.zeros((2, len(survival)), dtype=np.int64)
    losses = np.zeros_like(wins)
    for p, pattern in enumerate(patterns):
        these = np.flatnonzero(member == p)
        common = patterns & pattern
        visits = common.shape[1] - 1 - np.argmax(common[:, ::-1], axis=1)
        visits[~common.any(axis=1)] = -1
        for visit in np.unique(visits):
            those = np.flatnonzero((visits == visit)[member])
            used = codes[:1] if visit < 0 else [codes[0], codes[1 + visit]]
            count = tally([c.take(these) for c in used], [c.take(those) for c in used])
            wins[: len(used), these] += count.wins
            losses[: len(used), these] += count.losses
    return wins, losses
