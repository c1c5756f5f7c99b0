"""Values below a limit: their distribution without a model, and what writing a number does."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.mechanism.analysis import SEED
from alsutils.mechanism.panel import Samples, halved
from alsutils.stats.censored import LowCurve, flipped_kaplan_meier, substitution_bias
from alsutils.stats.effort import repetitions
from alsutils.stats.survival.telling import told_times
from alsutils.stats.telling import significant
from alsutils.study import Study
from alsutils.study.telling import tell_sizes

FLIPPED = "median (flipped Kaplan-Meier)"
BIAS = "ratio of means found on average (simulated)"

FEWEST_MEASURED = 5  # values above the limit in each arm for the curve that is shown
RATIO = 0.7  # of the simulated trials, treated over control
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
N_TRIALS = 1000
_MOST_TELLING = 0.4  # share below the limit of the curve that is shown
GRID = 40  # values at which a curve may be told where single patients may not
_PLAIN_SD = 1.0  # of the logarithm, where the data do not tell


@dataclass(frozen=True)
class Distributions:
    """How each analyte is distributed at one visit, by the flipped Kaplan-Meier estimate.

    Attributes
    ----------
    frame : DataFrame
        One row an analyte and arm, the median in the columns of every estimate (missing where it
        lies below the limits); with ``arm``, ``unit``, ``n``, ``n_below`` (missing where it may not
        be told), ``below_told`` (in words), ``touched`` (any value is below), ``lowest`` (value or
        limit), ``halved`` (the median with half the limit written), ``mean``, ``mean_is_bound`` (at
        most so much) and ``halved_mean``. Where single patients may not be told, medians have two
        digits and groups of a few patients no row.
    curve : DataFrame
        For the analyte shown: ``arm``, ``value``, ``estimate`` (share below), ``conf_low``,
        ``conf_high``; no row where no analyte has values on both sides of a limit. Where single
        patients may not be told, at values between which nobody or enough patients lie.
    notes : tuple of str
        What is not told, and why.
    shown, unit, visit : str
        An analyte with many values on both sides of its limit, so that its median can just be
        read; its unit; the visit.
    """

    frame: pd.DataFrame
    curve: pd.DataFrame
    shown: str
    unit: str
    visit: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Substitution:
    """What writing a number for values below the limit does, in trials the size of this one.

    Attributes
    ----------
    frame : DataFrame
        One row a share below the limit and rule, of ratios of geometric means: ``share_below``,
        ``rule`` ("half", "root", "limit", "tobit"), ``estimate``, ``std_error``, ``expected``,
        ``bias``, ``coverage``, ``rejected``, ``fitted``.
    ratio, log_sd : float
        The truth, and the standard deviation of the logarithms.
    n_per_arm, n_trials : int
        Size and number of the trials.
    """

    frame: pd.DataFrame
    ratio: float
    log_sd: float
    n_per_arm: int
    n_trials: int

    @property
    def results(self) -> pd.DataFrame:
        """Result columns."""
        words = {"tobit": "censored regression", "root": "limit over the square root of 2"}
        words |= {"half": "half the limit", "limit": "the limit"}
        share = [f"{100 * s:.0f}% of the control below" for s in self.frame["share_below"]]
        return self.frame.assign(
            analysis=BIAS + ": " + self.frame["rule"].map(words),
            endpoint="An analyte of which " + pd.Series(share, index=self.frame.index),
            n_control=self.n_per_arm,
            n_treated=self.n_per_arm,
        )[["analysis", "endpoint", "n_control", "n_treated", "estimate", "std_error"]]


def distributions(study: Study, data: Samples | None) -> Distributions | None:
    """Estimate each analyte's distribution at the last visit, arm by arm.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.

    Returns
    -------
    Distributions or None
        None where the study has no biomarkers.
    """
    if data is None:
        return None
    visit = max(data.visits)
    rows, curves = [], {}
    for marker in data.panel:
        at = data.frame[
            (data.frame["parameter"] == marker.parameter) & (data.frame["visit"] == visit)
        ]
        for arm in study.arms:
            own = at[at["arm"] == arm]
            if own.empty or study.disclosure.hides(len(own)):
                continue
            curve = flipped_kaplan_meier(own["bound"], own["below"], study.conf_level)
            curves[marker.label, arm] = curve
            names = {"endpoint": marker.label, "arm": arm}
            rows.append({**names, **_described(study, curve, own)})
    frame = pd.DataFrame(rows)
    if not frame.empty:
        frame["analysis"], frame["population"] = FLIPPED, data.population
        frame["visit"], frame["contrast"] = study.visit_label(visit), frame["arm"]
        side = np.where(frame["arm"] == study.control, "n_control", "n_treated")
        for name in ("n_control", "n_treated"):
            frame[name] = frame["n"].where(side == name)
    shown = _to_show(frame, len(study.arms))
    parts = [_told(study, curves[shown, arm].frame).assign(arm=arm) for arm in study.arms if shown]
    frame, hidden = _without_few(study, frame)
    return Distributions(
        frame=frame,
        curve=pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(),
        shown=shown,
        unit=str(frame.loc[frame["endpoint"] == shown, "unit"].iloc[0]) if shown else "",
        visit=study.visit_label(visit),
        notes=(study.disclosure.why,) if hidden else (),
    )


def _told(study: Study, curve: pd.DataFrame) -> pd.DataFrame:
    """Give a curve as it may be told: at values between which nobody or enough patients lie."""
    if study.disclosure.is_open or curve.empty:
        return curve
    value = curve["value"].to_numpy()
    counts = (curve["measured"] + curve["below"]).to_numpy().astype(int)
    own = np.nextafter(np.repeat(value, counts), np.inf)  # the share below a value leaves it out
    grid = np.unique(significant(np.geomspace(value.min(), value.max(), GRID)))
    grid = grid[(grid >= value.min()) & (grid <= value.max())]
    told = np.array(told_times([(own, np.ones(len(own)))], grid, study.disclosure.minimum))
    if not len(told):
        return curve.head(0)
    at = np.searchsorted(value, told)
    return curve.drop(columns=["measured", "below"]).iloc[at].assign(value=told)


def _without_few(study: Study, frame: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """Take out numbers that tell of a few patients; say whether there were any."""
    rule = study.disclosure
    if rule.is_open or frame.empty:
        return frame, False
    hidden = pd.Series(rule.hides(frame["n_below"], frame["n"]), index=frame.index)
    sized = tell_sizes(study, frame.assign(treated=frame["arm"]))
    n = sized["n_control"].fillna(sized["n_treated"])
    figures = ["estimate", "conf_low", "conf_high", "halved"]
    return sized.drop(columns="treated").assign(
        n=n,
        n_below=frame["n_below"].astype(float).mask(hidden),
        **{c: significant(frame[c]) for c in figures},
    ), bool(hidden.any())


def _described(study: Study, curve: LowCurve, own: pd.DataFrame) -> dict[str, object]:
    """Median and mean of one group, and what half the limit would have made of them."""
    median, numbers = curve.quantile(0.5), halved(own)
    lowest = own["bound"].where(own["below"] | study.disclosure.is_open).min()
    return {
        "unit": own["unit"].iloc[0],
        "n": curve.n,
        "n_below": curve.n_below,
        "below_told": study.disclosure.count_of(curve.n_below, curve.n),
        "touched": curve.n_below > 0,
        "lowest": float(lowest),
        "estimate": median.estimate,
        "conf_low": median.conf_low,
        "conf_high": median.conf_high,
        "halved": float(numbers.median()),
        "mean": curve.mean,
        "mean_is_bound": curve.mean_is_bound,
        "halved_mean": float(numbers.mean()),
    }


def _to_show(frame: pd.DataFrame, arms: int) -> str:
    """Choose the analyte of which about two fifths lie below a limit, with enough above it."""
    if frame.empty:
        return ""
    seen = frame["n"] - frame["n_below"]
    sums = frame.assign(least=seen).groupby("endpoint", sort=False).agg(
        n=("n", "sum"), low=("n_below", "sum"), least=("least", "min"), arms=("arm", "size")
    )  # fmt: skip
    able = sums[(sums["arms"] == arms) & (sums["least"] >= FEWEST_MEASURED) & (sums["low"] > 0)]
    away = (able["low"] / able["n"] - _MOST_TELLING).abs()
    return str(away.idxmin()) if len(able) else ""


def substitution(
    study: Study, data: Samples | None, seed: int = SEED, n_trials: int = N_TRIALS
) -> Substitution | None:
    """Simulate what numbers written below the limit do to a ratio of geometric means.

    The trials have as many patients as an arm of this one has samples, on average, and values as
    spread out as this panel's typically are.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.
    seed : int
        Of the simulation.
    n_trials : int
        Simulated trials.

    Returns
    -------
    Substitution or None
        None where the study has no biomarkers.
    """
    if data is None:
        return None
    measured = np.log(data.frame["bound"].where(~data.frame["below"]))
    groups = measured.groupby([data.frame[n] for n in ("parameter", "visit", "arm")], observed=True)
    spread = groups.std()[groups.count() >= FEWEST_MEASURED].median()
    n_trials = repetitions(n_trials, data.per_arm)
    log_sd = round(float(spread), 1) if spread > 0.05 else _PLAIN_SD
    found = substitution_bias(
        np.random.default_rng(seed),
        SHARES,
        n_per_arm=data.per_arm,
        ratio=RATIO,
        log_sd=log_sd,
        n_trials=n_trials,
        conf_level=study.conf_level,
    )
    frame = found.frame[found.frame["scale"] == "geometric"].reset_index(drop=True)
    return Substitution(frame, found.ratio, log_sd, found.n_per_arm, found.n_trials)
