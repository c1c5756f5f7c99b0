"""Win ratio, win odds and net benefit with closed-form errors, for one stratum or several."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alsutils.stats.wins.counting import PairCounts, count_pairs
from alsutils.stats.wins.layers import Bools, Floats, Layer, LayerError

Weights = Literal["mantel_haenszel", "size", "equal"]
MEASURES = ("win_ratio", "win_odds", "net_benefit", "probabilistic_index")


class StratumError(ValueError):
    """Arms or strata in which pairs cannot be formed, or their spread not be told."""


@dataclass(frozen=True)
class WinStatistics:
    """Treated patients compared with controls, pair by pair.

    Attributes
    ----------
    frame : DataFrame
        One row a measure (``measure``: MEASURES) with estimate, std_error (on the scale of the
        estimate), log_std_error (of the logarithm, for the two ratios), statistic, p_value,
        conf_low, conf_high. The win ratio is infinite without a loss and missing if every pair is
        tied; what has no standard error has no interval and no test.
    layers : DataFrame
        One row an outcome and one for the ``total``: ``layer``, ``pairs`` that came to it,
        ``wins``, ``losses``, ``ties`` among them (number of pairs), and ``win_share``,
        ``loss_share``, ``tie_share`` of all pairs; a tie goes on to the next layer.
    strata : DataFrame
        One row a stratum: ``stratum``, n_treated, n_control, pairs, wins, losses, ties, ``weight``
        (the weights sum to 1).
    n_treated, n_control : int
        Patients compared.
    conf_level : float
        Level of the intervals.
    """

    frame: pd.DataFrame
    layers: pd.DataFrame
    strata: pd.DataFrame
    n_treated: int
    n_control: int
    conf_level: float


@dataclass(frozen=True, eq=False)
class Shares:
    """Share of pairs won and lost with its covariance.

    Attributes
    ----------
    wins, losses : float
        Between 0 and 1.
    covariance : ndarray, shape (2, 2)
        Of the two.
    """

    wins: float
    losses: float
    covariance: Floats


def win_statistics(
    layers: Sequence[Layer],
    treated: ArrayLike,
    strata: ArrayLike | None = None,
    weights: Weights = "mantel_haenszel",
    conf_level: float = 0.95,
) -> WinStatistics:
    """Compare every treated patient with every control on a ranked list of outcomes.

    Parameters
    ----------
    layers : sequence of Layer
        ``TimeToEvent`` and ``Continuous`` outcomes of all n patients, the most important first. A
        pair is won by whoever is better on the first outcome that tells the two apart.
    treated : array_like of bool, shape (n,)
        Who is treated.
    strata : array_like, shape (n,), optional
        Only patients of one stratum are compared with each other.
    weights : {"mantel_haenszel", "size", "equal"}
        How the shares of pairs won and lost in each stratum are averaged: in proportion to
        n_treated x n_control / n (Dong 2018: each win and loss counts as 1 / n), to n, or alike.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    WinStatistics
        Win ratio (wins / losses), win odds (wins and half the ties over losses and half the ties),
        net benefit (share won minus share lost) and probabilistic index (share won plus half the
        share tied).

    Raises
    ------
    LayerError
        If an outcome does not fit the patients.
    StratumError
        If a stratum (or the trial) has fewer than two patients in an arm, or a stratum is missing.

    Notes
    -----
    The shares won and lost are two-sample U-statistics. Their covariance is estimated from each
    patient's own share of wins and losses: the sample covariance over the treated divided by their
    number plus the same over the controls. It is the large-sample covariance of Bebu and Lachin,
    and for win odds that of Brunner et al. (from placements, divisor n - 1). Intervals are
    symmetric for log win ratio and log win odds. Net benefit and probabilistic index are the same
    quantity as the win odds on other scales: their intervals are the win odds' interval carried
    over (Fisher's z and the logit), so the three always agree and stay within bounds.

    References
    ----------
    Pocock SJ et al. The win ratio. Eur Heart J 2012;33:176-182. doi:10.1093/eurheartj/ehr352.
    Bebu I, Lachin JM. Large sample inference for a win ratio analysis of a composite outcome based
    on prioritized components. Biostatistics 2016;17:178-187. doi:10.1093/biostatistics/kxv032.
    Brunner E, Vandemeulebroecke M, Mütze T. Win odds. Stat Med 2021;40:3367-3384.
    doi:10.1002/sim.8967. Dong G et al. The stratified win ratio. J Biopharm Stat 2018;28:778-796.
    doi:10.1080/10543406.2017.1397007.
    """
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, not {conf_level}")
    arm, groups = check_groups(treated, strata)
    _check_lengths(layers, len(arm))
    counts = [
        count_pairs([layer.take(g.members) for layer in layers], arm[g.members]) for g in groups
    ]
    weight = stratum_weights([g.sizes(arm) for g in groups], weights)
    shares = _average([_shares(c) for c in counts], weight)
    return WinStatistics(
        frame=measures(shares, conf_level),
        layers=_layer_table([layer.name for layer in layers], counts),
        strata=_stratum_table(groups, counts, weight),
        n_treated=int(arm.sum()),
        n_control=int((~arm).sum()),
        conf_level=conf_level,
    )


@dataclass(frozen=True, eq=False)
class Group:
    """The patients of one stratum.

    Attributes
    ----------
    label : Hashable
        The stratum; "all" where there is one only.
    members : ndarray of int
        Positions of its patients.
    """

    label: Hashable
    members: NDArray[np.intp]

    def sizes(self, arm: Bools) -> NDArray[np.int64]:
        """Count the treated and the controls, shape (2,)."""
        treated = int(arm[self.members].sum())
        return np.array([treated, len(self.members) - treated])


def check_groups(treated: ArrayLike, strata: ArrayLike | None) -> tuple[Bools, list[Group]]:
    """Bring arms and strata into shape, or say which patients are too few."""
    flags = np.asarray(treated)
    if flags.ndim != 1 or not np.isin(flags, (0, 1)).all():
        raise StratumError("treated must be one column of true and false (1 and 0)")
    arm = flags.astype(bool)
    labels = pd.Series("all", index=range(len(arm)))
    if strata is not None:
        labels = pd.Series(np.asarray(strata))
        if len(labels) != len(arm):
            raise StratumError(f"{len(labels)} strata for {len(arm)} patients")
        if labels.isna().any():
            raise StratumError(
                f"{int(labels.isna().sum())} patients have no stratum; give them one of their own"
            )
    groups = [
        Group(label, rows.to_numpy())
        for label, rows in labels.groupby(labels, sort=True).groups.items()
    ]
    small = [g for g in groups if g.sizes(arm).min() < 2]
    if small or not groups:
        told = "; ".join(
            f"{g.label!r}: {g.sizes(arm)[0]} treated, {g.sizes(arm)[1]} controls" for g in small
        )
        raise StratumError(
            f"each arm needs two patients or more in every stratum ({told or 'nobody'}); "
            "merge small strata"
        )
    return arm, groups


def stratum_weights(sizes: Sequence[NDArray[np.int64]], weights: Weights) -> Floats:
    """Weigh strata by their treated and control patients; the weights sum to 1."""
    n = np.array(sizes, dtype=float)
    total = n.sum(axis=1)
    choices = {
        "mantel_haenszel": n.prod(axis=1) / total,
        "size": total,
        "equal": np.ones(len(n)),
    }
    if weights not in choices:
        raise ValueError(f"weights must be one of {sorted(choices)}, not {weights!r}")
    chosen = choices[weights]
    return chosen / chosen.sum()


def measures(shares: Shares, conf_level: float) -> pd.DataFrame:
    """Turn the shares of pairs won and lost into the four measures with their intervals."""
    won, lost, cov = shares.wins, shares.losses, shares.covariance
    index = (1 + won - lost) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio, odds = np.float64(won) / lost, np.float64(index) / (1 - index)
        gradient = np.array([1 / np.float64(won), -1 / np.float64(lost)])
        ratio_error = np.sqrt(gradient @ cov @ gradient)
    index_error = float(np.sqrt(max(0.0, cov[0, 0] + cov[1, 1] - 2 * cov[0, 1]))) / 2
    inside = 0 < index < 1 and index_error > 0
    odds_error = index_error / (index * (1 - index)) if inside else np.nan
    ratio_error = ratio_error if won > 0 and lost > 0 and ratio_error > 0 else np.nan
    half = stats.norm.ppf((1 + conf_level) / 2)
    rows = [
        _ratio_row("win_ratio", ratio, ratio_error, half),
        _ratio_row("win_odds", odds, odds_error, half),
    ]
    low, high = rows[1]["conf_low"], rows[1]["conf_high"]
    same_test = {key: rows[1][key] for key in ("statistic", "p_value")}
    for name, estimate, error, scale in (
        ("net_benefit", won - lost, 2 * index_error, lambda o: (o - 1) / (o + 1)),
        ("probabilistic_index", index, index_error, lambda o: o / (o + 1)),
    ):
        rows.append(
            {"measure": name, "estimate": estimate, "std_error": error, "log_std_error": np.nan}
            | same_test
            | {"conf_low": scale(low), "conf_high": scale(high)}
        )
    return pd.DataFrame(rows)


def _ratio_row(name: str, estimate: float, log_error: float, half: float) -> dict[str, object]:
    """Test and bound a ratio on the log scale."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(estimate)
        z = log / log_error
    return {
        "measure": name,
        "estimate": float(estimate),
        "std_error": float(estimate * log_error),
        "log_std_error": float(log_error),
        "statistic": float(z),
        "p_value": float(2 * stats.norm.sf(abs(z))),
        "conf_low": float(np.exp(log - half * log_error)),
        "conf_high": float(np.exp(log + half * log_error)),
    }


def _check_lengths(layers: Sequence[Layer], n: int) -> None:
    """Refuse outcomes of another length before patients are picked from them."""
    for layer in layers:
        if len(layer) != n:
            raise LayerError(f"{layer.name} has {len(layer)} values for {n} patients")


def _shares(counts: PairCounts) -> Shares:
    """Average each patient's wins and losses, and take their covariance."""
    covariance = np.zeros((2, 2))
    treated, control = counts.treated, counts.control
    for side, flip in ((treated, False), (control, True)):
        each = np.stack([side.wins.sum(axis=0), side.losses.sum(axis=0)])
        # A control's loss is a win for the treated. Whole numbers, so no spread is exactly none.
        covariance += np.cov(each[::-1] if flip else each) / side.opponents**2 / each.shape[1]
    pairs = control.opponents * treated.opponents
    return Shares(
        float(treated.wins.sum() / pairs), float(treated.losses.sum() / pairs), covariance
    )


def _average(shares: Sequence[Shares], weight: Floats) -> Shares:
    """Average strata with fixed weights."""
    return Shares(
        float(sum(w * s.wins for w, s in zip(weight, shares, strict=True))),
        float(sum(w * s.losses for w, s in zip(weight, shares, strict=True))),
        np.sum([w**2 * s.covariance for w, s in zip(weight, shares, strict=True)], axis=0),
    )


def _layer_table(names: Sequence[str], counts: Sequence[PairCounts]) -> pd.DataFrame:
    """Say how many pairs each outcome decided."""
    wins = sum(c.treated.wins.sum(axis=1) for c in counts)
    losses = sum(c.treated.losses.sum(axis=1) for c in counts)
    pairs = sum(c.treated.opponents * c.control.opponents for c in counts)
    decided = np.cumsum(wins + losses)
    came = pairs - np.concatenate([[0], decided[:-1]])
    table = pd.DataFrame(
        {
            "layer": [*names, "total"],
            "pairs": [*came, pairs],
            "wins": [*wins, wins.sum()],
            "losses": [*losses, losses.sum()],
            "ties": [*(pairs - decided), pairs - decided[-1]],
        }
    )
    for one, many in (("win", "wins"), ("loss", "losses"), ("tie", "ties")):
        table[f"{one}_share"] = table[many] / pairs
    return table


def _stratum_table(
    groups: Sequence[Group], counts: Sequence[PairCounts], weight: Floats
) -> pd.DataFrame:
    """Say what each stratum contributed."""
    rows = []
    for group, count, share in zip(groups, counts, weight, strict=True):
        n_control, n_treated = count.treated.opponents, count.control.opponents
        wins, losses = int(count.treated.wins.sum()), int(count.treated.losses.sum())
        rows.append(
            {
                "stratum": group.label,
                "n_treated": n_treated,
                "n_control": n_control,
                "pairs": n_treated * n_control,
                "wins": wins,
                "losses": losses,
                "ties": n_treated * n_control - wins - losses,
                "weight": share,
            }
        )
    return pd.DataFrame(rows)
