"""What counting responders costs, and what choosing patients by their past does."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from alsutils.primary.analysis import ALL_RANDOMISED
from alsutils.primary.responders import Responders
from alsutils.stats.dichotomy import patients_for_equal_power, relative_efficiency, simulate_cut
from alsutils.stats.power import Level, MeanTest, detectable_effect, pooled_sd
from alsutils.stats.regression_to_mean import SlopeChange, slope_change
from alsutils.study import ARM, Study
from alsutils.study.telling import tell_sizes

POWER = 0.8
MEANS = "means, t-test"
SHARES = {0.5: "one in two respond", 0.25: "one in four respond", 0.1: "one in ten respond"}
THIRDS = ("worst third before", "middle third", "best third before")
LEAST = 5  # patients of an observed study whose mean may be shown
_FACTORS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
_TRIALS = 10_000
_WORDS = {"fisher": "Fisher's exact test", "chi_square": "chi-square test"}


@dataclass(frozen=True)
class CutCost:
    """Power of a test of means and of responders on the same simulated patients.

    Attributes
    ----------
    curves : DataFrame
        One row a treated arm, true difference and analysis: ``treated``, ``difference`` (unit of
        the endpoint, above 0 better), ``analysis`` (MEANS or a cut, tested by Fisher's exact test),
        ``power``.
    cuts : DataFrame
        One row a treated arm and cut at the difference that the t-test finds with a power of
        POWER: ``treated``, ``cut``, ``share`` (both arms together), ``threshold`` (distance from
        the control mean), ``fisher`` and ``chi_square`` (power), ``patients`` (in place of 100,
        for a small difference) and ``patients_here`` (at this difference).
    frame : DataFrame
        The result columns: power without a difference and at that difference, with the error of
        the simulation; relative efficiency and ratio of patients.
    sd : float
        Standard deviation within arms, in the unit of the endpoint.
    difference : dict of str to float
        By treated arm, the difference that the t-test finds with a power of POWER.
    n_trials : int
        Simulated trials a difference.
    """

    curves: pd.DataFrame
    cuts: pd.DataFrame
    frame: pd.DataFrame
    sd: float
    difference: dict[str, float]
    n_trials: int


@dataclass(frozen=True)
class PastAndFuture:
    """Slopes before and after baseline of patients grouped by the slope before.

    Attributes
    ----------
    change : SlopeChange
        Change of slope against the slope before, by arm.
    thirds : DataFrame
        One row an arm and third of the slopes before (all arms together): ``arm``, ``third``,
        ``n``, ``before``, ``after`` (mean slopes). Of an observed study, thirds of fewer than LEAST
        patients are left out, and ``n`` is missing where it would tell of one of those.
    frame : DataFrame
        The result columns: the slope of change on slope before by arm, and what noise alone gives.
    """

    change: SlopeChange
    thirds: pd.DataFrame
    frame: pd.DataFrame


def cost_of_cutting(
    study: Study, counted: Responders | None = None, seed: int = 1983, n_trials: int = _TRIALS
) -> CutCost | None:
    """Simulate what the primary comparison loses if patients are counted instead of measured.

    Parameters
    ----------
    study : Study
        Its spread within arms and numbers of patients at the last primary visit; values are drawn
        from normal distributions.
    counted : Responders or None
        Where the study defines responders, one cut is placed so that as large a share responds.
    seed : int
        Of the simulation.
    n_trials : int
        Trials for each difference.

    Returns
    -------
    CutCost or None
        None where the arms are too small or their values all alike.
    """
    visit = study.primary.visits[-1]
    records = study.records(study.primary.parameter, study.primary.population, [visit])
    values = {
        arm: records.loc[records[ARM] == arm, study.primary.value].dropna() for arm in study.arms
    }
    control = values[study.control]
    shares = SHARES | _own_share(study, counted)
    rng, curves, cuts, frames, found = np.random.default_rng(seed), [], [], [], {}
    sd = np.nan
    for arm in study.treated:
        n1, n0 = len(values[arm]), len(control)
        sd = pooled_sd(values[arm], control)
        wanted = detectable_effect(MeanTest(sd, level=Level(study.alpha)), n1, n0, POWER)
        if np.isnan(wanted):
            continue
        found[arm] = wanted
        for (share, cut), factor in product(shares.items(), _FACTORS):
            threshold = _threshold(share, wanted / sd) * sd
            power = simulate_cut(factor * wanted, sd, threshold, n1, n0, rng, n_trials, study.alpha)
            place = {"treated": arm, "difference": factor * wanted}
            curves.append(place | {"analysis": cut, "power": power.fisher})
            if share == next(iter(shares)):
                curves.append(place | {"analysis": MEANS, "power": power.t_test})
            if factor in (0, 1):
                mine = power.frame.assign(cut=cut, treated=arm, n_treated=n1, n_control=n0)
                frames.append(mine.assign(difference=factor * wanted))
            if factor == 1:
                cuts.append(
                    {
                        "treated": arm,
                        "cut": cut,
                        "share": share,
                        "threshold": threshold,
                        "fisher": power.fisher,
                        "chi_square": power.chi_square,
                        "efficiency": relative_efficiency(share),
                        "patients": 100 / relative_efficiency(share),
                        "patients_here": 100
                        * patients_for_equal_power(wanted / sd, threshold / sd),
                    }
                )
    if not found:
        return None
    table = pd.DataFrame(cuts)
    frame = _cut_results(study, pd.concat(frames), table)
    return CutCost(pd.DataFrame(curves), table, frame, sd, found, n_trials)


def past_and_future(study: Study) -> PastAndFuture | None:
    """Group patients by their slope before baseline and see what their slope does afterwards.

    Parameters
    ----------
    study : Study
        With ``lead_in`` visits. The later slope uses the visits after baseline up to the last
        primary one, and baseline itself only where there is a single one.

    Returns
    -------
    PastAndFuture or None
        All randomised patients with both slopes; None without a lead-in or with too few patients.
    """
    if len(study.config.lead_in) < 2:
        return None
    endpoint, start = study.primary, study.config.time.baseline
    records = study.records(endpoint.parameter, where=endpoint.observed)
    seen = sorted(records["AVISITN"].unique())
    after = tuple(v for v in seen if start < v <= endpoint.visits[-1])
    after = after if len(after) > 1 else (start, *after)
    try:
        change = slope_change(
            records,
            study.config.lead_in,
            after,
            "USUBJID",
            "AVISITN",
            "AVAL",
            ARM,
            study.conf_level,
        )
    except ValueError:
        return None
    thirds = _thirds(study, change.patients)
    about = study.parameter(endpoint.parameter)
    label = {
        "endpoint": f"{about.label}, slope",
        "population": ALL_RANDOMISED,
        "visit": study.visit_label(endpoint.visits[-1]),
    }
    rows = [
        row | label | {"analysis": "change of slope on slope before", "contrast": row["group"]}
        for row in change.frame.to_dict("records")
    ]
    expected = {
        "change of slope on slope before, by noise alone": change.by_noise,
        "reliability of slope before": change.reliability,
    }
    rows += [
        label | {"analysis": words, "contrast": "all arms", "estimate": value}
        for words, value in expected.items()
    ]
    return PastAndFuture(change, thirds, pd.DataFrame(rows))


def _own_share(study: Study, counted: Responders | None) -> dict[float, str]:
    """Give the share of good responders at the last visit, all arms together, with its words."""
    block = study.config.responders
    if counted is None or block is None:
        return {}
    rows = counted.shares[counted.shares["threshold"] == block.good]
    last = rows[rows["visit"] == block.visits[-1]]
    if last[["responders", "n"]].isna().any(axis=None):
        return {}
    total = last["n"].sum()
    share = float(last["responders"].sum() / total) if total else 0.0
    return {share: "as many respond as in this study"} if 0 < share < 1 else {}


def _threshold(share: float, effect: float) -> float:
    """Place a threshold, in SD from the control mean, that the share of both arms together pass."""
    return float(brentq(lambda t: (norm.sf(t) + norm.sf(t - effect)) / 2 - share, -12, 12 + effect))


def _cut_results(study: Study, power: pd.DataFrame, cuts: pd.DataFrame) -> pd.DataFrame:
    """Bring powers and ratios into the result columns."""
    about = study.parameter(study.primary.parameter)
    means = power["test"] == "t_test"
    first = power["cut"] == power["cut"].iloc[0]
    power = power[~means | first]
    tests = [
        "t-test" if t == "t_test" else f"{_WORDS[t]}, {cut}"
        for t, cut in zip(power["test"], power["cut"], strict=True)
    ]
    power = power.assign(
        analysis=[f"simulated power, {words}" for words in tests],
        endpoint=[f"{about.label}, true difference {d:.2f}" for d in power["difference"]],
    )
    ratios = [
        {
            "analysis": f"{words}, {row['cut']}",
            "endpoint": about.label,
            "treated": row["treated"],
            "estimate": row[name] * scale,
        }
        for row in cuts.to_dict("records")
        for words, name, scale in (
            ("relative efficiency of a cut", "efficiency", 1.0),
            ("times the patients for equal power", "patients_here", 0.01),
        )
    ]
    frame = pd.concat([power, pd.DataFrame(ratios)], ignore_index=True)
    named = frame.assign(
        population=study.population_label(study.primary.population),
        visit=study.visit_label(study.primary.visits[-1]),
        contrast=[f"{arm} vs {study.control}" for arm in frame["treated"]],
    )
    return tell_sizes(study, named)


def _thirds(study: Study, patients: pd.DataFrame) -> pd.DataFrame:
    """Average both slopes in thirds of the slope before, all arms ranked together."""
    higher = study.parameter(study.primary.parameter).better == "higher"
    place = patients["before"].rank(ascending=higher, method="average") / (len(patients) + 1)
    third = np.minimum((3 * place).astype(int), 2)
    grouped = patients.assign(third=[THIRDS[i] for i in third]).groupby(
        ["group", "third"], observed=True
    )
    frame = grouped.agg(n=("before", "size"), before=("before", "mean"), after=("after", "mean"))
    frame = frame.reset_index().rename(columns={"group": "arm"})
    if study.shows_subjects:
        return frame
    wide = frame.pivot_table(index="arm", columns="third", values="n", fill_value=0, observed=True)
    hidden = pd.DataFrame(study.disclosure.closes(wide), wide.index, wide.columns)
    lost = [hidden.at[r["arm"], r["third"]] for r in frame.to_dict("records")]
    kept = frame["n"] >= max(LEAST, study.disclosure.minimum)
    return frame.assign(n=frame["n"].mask(lost))[kept].reset_index(drop=True)
