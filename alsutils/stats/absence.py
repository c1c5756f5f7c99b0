"""What a comparison of hazards without a significant difference does and does not exclude."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special, stats

from alsutils.stats.power import events_power
from alsutils.stats.power.level import Level
from alsutils.stats.strength import normal_posterior


@dataclass(frozen=True)
class RatiosInside:
    """Hazard ratios that an interval does not exclude, and what it would take to find each.

    Attributes
    ----------
    frame : DataFrame
        One row a ratio: ``ratio``, ``power`` (chance of the trial's events to find it),
        ``events_needed`` (to find it with chance ``target``; infinite at 1).
    events : int
        Of the trial.
    target : float
        Power asked for.
    """

    frame: pd.DataFrame
    events: int
    target: float


@dataclass(frozen=True)
class LogRatioPrior:
    """A normal prior of a log hazard ratio.

    Attributes
    ----------
    name : str
    mean, sd : float
        Of the log ratio; an infinite ``sd`` for no opinion.
    """

    name: str
    mean: float
    sd: float

    @property
    def events(self) -> float:
        """Events of a trial with equal arms that would be worth as much."""
        return 4 / self.sd**2


@dataclass(frozen=True)
class HazardPosteriors:
    """What different people should believe of a hazard ratio after a trial.

    Attributes
    ----------
    frame : DataFrame
        One row a prior: ``prior`` (its name), ``prior_ratio``, ``prior_low``, ``prior_high``
        (median and limits before; no median and endless limits for no opinion),
        ``prior_events``, ``estimate`` (median hazard ratio after), ``conf_low``, ``conf_high``
        (credible limits), ``p_below_one`` and ``p_worthwhile`` (posterior probabilities; the second
        missing where no ratio was named).
    log_ratio, std_error : float
        The trial's estimate.
    priors : tuple of LogRatioPrior
    """

    frame: pd.DataFrame
    log_ratio: float
    std_error: float
    priors: tuple[LogRatioPrior, ...]

    def density(self, points: int = 200) -> pd.DataFrame:
        """Give the densities of what was believed, what the trial says, and what follows.

        Parameters
        ----------
        points : int
            Ratios on a grid that is even in the logarithm and holds all the curves.

        Returns
        -------
        DataFrame
            ``prior`` (name), ``which`` (``prior``, ``trial`` or ``posterior``), ``ratio`` and
            ``density`` (of the log ratio). No opinion has no density of its own.
        """
        laws = []
        for prior in self.priors:
            after = normal_posterior(self.log_ratio, self.std_error, prior.mean, prior.sd)
            laws += [
                (prior.name, "prior", prior.mean, prior.sd),
                (prior.name, "trial", self.log_ratio, self.std_error),
                (prior.name, "posterior", after.estimate, after.std_error),
            ]
        laws = [law for law in laws if math.isfinite(law[3])]
        low = min(mean - 3.5 * sd for _, _, mean, sd in laws)
        high = max(mean + 3.5 * sd for _, _, mean, sd in laws)
        grid = np.linspace(low, high, points)
        frames = [
            pd.DataFrame(
                {
                    "prior": name,
                    "which": which,
                    "ratio": np.exp(grid),
                    "density": stats.norm.pdf(grid, mean, sd),
                }
            )
            for name, which, mean, sd in laws
        ]
        return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True)
class SecondGeneration:
    """A second-generation p-value.

    Attributes
    ----------
    p_value : float
        Share of the interval that lies in the zone of no worthwhile difference, halved away from
        certainty where the interval is wide: 0, the data exclude the zone; 1, they exclude all
        else; one half, they say nothing.
    gap : float
        Distance of the interval from the zone in half widths of the zone; missing unless
        ``p_value`` is 0.
    """

    p_value: float
    gap: float


def ratios_inside(
    conf_low: float,
    conf_high: float,
    events: int,
    share_treated: float,
    alpha: float = 0.05,
    target: float = 0.8,
    ratios: ArrayLike | None = None,
    points: int = 41,
) -> RatiosInside:
    """Say what the hazard ratios inside an interval would take to be found.

    Parameters
    ----------
    conf_low, conf_high : float
        Limits of the hazard ratio, above 0.
    events : int
        In both arms together.
    share_treated : float
        Share of the patients who were treated, between 0 and 1.
    alpha : float
        Two-sided level of the test.
    target : float
        Power for ``events_needed``.
    ratios : array_like, optional
        Ratios to look at; a grid over the interval, even in the logarithm, where not given.
    points : int
        Of the grid.

    Returns
    -------
    RatiosInside
        By Schoenfeld's formula.

    Raises
    ------
    ValueError
        If a limit is not above 0 and finite, or a share or level not between 0 and 1.

    References
    ----------
    Altman DG, Bland JM. Absence of evidence is not evidence of absence. BMJ 1995;311:485.
    Schoenfeld DA. Biometrics 1983;39:499-503. doi:10.2307/2531021
    """
    if not (0 < share_treated < 1 and 0 < alpha < 1 and 0 < target < 1):
        raise ValueError("share_treated, alpha and target must lie between 0 and 1")
    if ratios is None:
        if not (0 < conf_low < conf_high < math.inf):
            raise ValueError(f"limits must be rising numbers above 0, not {conf_low}, {conf_high}")
        ratios = np.geomspace(conf_low, conf_high, points)
    grid = np.asarray(ratios, float)
    level = Level(alpha)
    reach = special.ndtri(target) - special.ndtri(level.tail)
    with np.errstate(divide="ignore"):
        needed = (reach / np.log(grid)) ** 2 / (share_treated * (1 - share_treated))
    power = events_power(grid, events, share_treated, level)
    frame = pd.DataFrame({"ratio": grid, "power": power, "events_needed": needed})
    return RatiosInside(frame, int(events), target)


def sceptical_prior(ratio: float, doubt: float = 0.05) -> LogRatioPrior:
    """Give the prior of somebody who expects nothing and thinks a large effect unlikely.

    Parameters
    ----------
    ratio : float
        Hazard ratio that the trial hoped for, above 0 and not 1.
    doubt : float
        Probability of one at least as far from 1 on its side, below one half.

    Returns
    -------
    LogRatioPrior
        Around a ratio of 1.

    References
    ----------
    Spiegelhalter DJ, Freedman LS, Parmar MKB. Bayesian approaches to randomized trials. J R Stat
    Soc A 1994;157:357-416. doi:10.2307/2983527
    """
    return LogRatioPrior("sceptical", 0.0, _spread(ratio, doubt))


def enthusiastic_prior(ratio: float, doubt: float = 0.05) -> LogRatioPrior:
    """Give the prior of somebody who expects the hoped-for effect and thinks none unlikely.

    Parameters
    ----------
    ratio : float
        Hazard ratio that the trial hoped for, above 0 and not 1.
    doubt : float
        Probability of no effect or one the other way, below one half.

    Returns
    -------
    LogRatioPrior
        Around the ratio.

    References
    ----------
    Spiegelhalter DJ, Freedman LS, Parmar MKB. Bayesian approaches to randomized trials. J R Stat
    Soc A 1994;157:357-416. doi:10.2307/2983527
    """
    return LogRatioPrior("enthusiastic", math.log(ratio), _spread(ratio, doubt))


def no_opinion() -> LogRatioPrior:
    """Give the prior that lets the trial speak alone."""
    return LogRatioPrior("no opinion", 0.0, math.inf)


def hazard_posteriors(
    log_ratio: float,
    std_error: float,
    priors: Sequence[LogRatioPrior],
    worthwhile: float | None = None,
    conf_level: float = 0.95,
) -> HazardPosteriors:
    """Combine a log hazard ratio with what different people believed before.

    Parameters
    ----------
    log_ratio, std_error : float
        The trial's estimate, from a Cox model.
    priors : sequence of LogRatioPrior
        At least one.
    worthwhile : float, optional
        Hazard ratio that would matter; below 1 where the event is bad.
    conf_level : float
        Level of the credible limits.

    Returns
    -------
    HazardPosteriors

    Raises
    ------
    ValueError
        If the standard error is not above 0.

    References
    ----------
    Spiegelhalter DJ, Abrams KR, Myles JP. Bayesian Approaches to Clinical Trials and Health-Care
    Evaluation. Wiley 2004, chapters 3 and 5.
    """
    rows = []
    half = float(stats.norm.ppf((1 + conf_level) / 2))
    for prior in priors:
        after = normal_posterior(log_ratio, std_error, prior.mean, prior.sd, conf_level)
        opinion = math.isfinite(prior.sd)
        beyond = math.nan
        if worthwhile is not None:
            z = (math.log(worthwhile) - after.estimate) / after.std_error
            beyond = float(stats.norm.cdf(z) if worthwhile < 1 else stats.norm.sf(z))
        rows.append(
            {
                "prior": prior.name,
                "prior_ratio": math.exp(prior.mean) if opinion else math.nan,
                "prior_low": math.exp(prior.mean - half * prior.sd) if opinion else 0.0,
                "prior_high": math.exp(prior.mean + half * prior.sd) if opinion else math.inf,
                "prior_events": prior.events,
                "estimate": math.exp(after.estimate),
                "conf_low": math.exp(after.conf_low),
                "conf_high": math.exp(after.conf_high),
                "p_below_one": 1 - after.probability_above,
                "p_worthwhile": beyond,
            }
        )
    return HazardPosteriors(pd.DataFrame(rows), log_ratio, std_error, tuple(priors))


def second_generation_p(
    conf_low: float, conf_high: float, null_low: float, null_high: float
) -> SecondGeneration:
    """Give the share of an interval that means no worthwhile difference.

    Parameters
    ----------
    conf_low, conf_high : float
        The interval, on a scale where differences are alike: logarithms of ratios. May be
        infinite.
    null_low, null_high : float
        The zone of differences too small to matter, on the same scale.

    Returns
    -------
    SecondGeneration

    Raises
    ------
    ValueError
        If an end is missing or the ends do not rise.

    References
    ----------
    Blume JD, D'Agostino McGowan L, Dupont WD, Greevy RA. Second-generation p-values: improved
    rigor, reproducibility, and transparency in statistical analyses. PLoS One 2018;13:e0188299.
    doi:10.1371/journal.pone.0188299

    Examples
    --------
    >>> second_generation_p(-1.0, 3.0, -0.5, 0.5).p_value
    0.5
    """
    if not (conf_low < conf_high and -math.inf < null_low < null_high < math.inf):
        raise ValueError("both the interval and the zone need two rising ends")
    zone = null_high - null_low
    shared = max(0.0, min(conf_high, null_high) - max(conf_low, null_low))
    p = shared / min(conf_high - conf_low, 2 * zone)
    apart = max(conf_low - null_high, null_low - conf_high)
    return SecondGeneration(p, apart / (zone / 2) if p == 0 else math.nan)


def _spread(ratio: float, doubt: float) -> float:
    """Give the standard deviation that leaves a doubt beyond a ratio."""
    if ratio <= 0 or ratio == 1:
        raise ValueError(f"ratio must be above 0 and not 1, not {ratio:g}")
    if not 0 < doubt < 0.5:
        raise ValueError(f"doubt must lie between 0 and one half, not {doubt:g}")
    return abs(math.log(ratio)) / float(stats.norm.ppf(1 - doubt))
