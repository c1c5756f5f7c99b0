"""How arms can be drawn, and the test that draws them again."""

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chisquare

from alsutils.design.analysis import EVERYBODY
from alsutils.design.course import ALLOCATION_DATE
from alsutils.stats.ancova import AncovaError, ancova
from alsutils.stats.effort import repetitions
from alsutils.stats.permutation import RandomisationTest, Redraws, redraws, shuffles
from alsutils.stats.permutation import randomisation_test as draw_again
from alsutils.stats.randomisation import Scheme, imbalance, properties
from alsutils.stats.ranks import rank_comparison
from alsutils.stats.telling import significant
from alsutils.stats.two_sample import Sample, mean_difference
from alsutils.study import ARM, Study
from alsutils.study.telling import tell_sizes

METHODS = {
    "simple": "Simple",
    "blocks": "Blocks",
    "stratified_blocks": "Blocks within strata",
    "minimisation": "Minimisation",
}
STATISTICS = {"mean": "Means", "ancova": "Means, adjusted", "rank": "Ranks"}
MODELS = {"mean": "t-test", "ancova": "analysis of covariance", "rank": "Wilcoxon's test"}
USUAL_COIN = 0.8
_COINS = (0.7, USUAL_COIN, 0.9, 1.0)
_ROUNDS = (1, 2, 3, 4)  # times that a block holds the ratio
_MIXED = (2, 3, 4)
_MOST_FACTORS, _MOST_LEVELS, _LARGEST_SHARE = 3, 6, 3
_BARS = 40
_TRIALS, _DRAWS = 2_000, 10_000
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class RandomisationMethods:
    """Methods of randomisation tried on the patients of this trial, in the order they came.

    Attributes
    ----------
    points : DataFrame
        One row a method and setting: ``method`` (a value of METHODS), ``setting`` (block size or
        chance of the coin; empty where there is none), ``tuned`` (False where block sizes are
        mixed), ``usual`` (the setting that sentences speak of), ``overall``, ``category``,
        ``stratum`` (mean difference of the arms' sizes, in patients), ``high`` (95th percentile
        of ``overall``), ``by_totals``, ``by_rule`` (share of right guesses) and ``excess``
        (patients guessed beyond chance by who knows the rule).
    frame : DataFrame
        The result columns: every quantity with the error of the simulation.
    factors : tuple of str
        Characteristics that strata and minimisation use; empty where study.yml has no category.
    n, n_strata : int
        Patients, and strata with a patient.
    ratio : tuple of int
        Shares of the arms, the control first.
    ratio_given : bool
        Whether study.yml gives them; else they were read off the sizes of the arms.
    scheme : Scheme or None
        What study.yml says was used.
    method : str or None
        Its name in study.yml.
    observed : float
        Difference of the arms' sizes in this trial.
    simple_at_least : float
        Share of simple randomisations with a difference as large or larger.
    n_trials : int
        Simulated trials a setting.
    """

    points: pd.DataFrame
    frame: pd.DataFrame
    factors: tuple[str, ...]
    n: int
    n_strata: int
    ratio: tuple[int, ...]
    ratio_given: bool
    scheme: Scheme | None
    method: str | None
    observed: float
    simple_at_least: float
    n_trials: int


@dataclass(frozen=True)
class RandomisationTests:
    """The primary endpoint, tested by drawing the arms again.

    Attributes
    ----------
    frame : DataFrame
        One row a primary visit, treated arm and statistic: the result columns, ``treated``,
        ``compared`` (a value of STATISTICS), ``p_error`` (by the number of draws), ``exact``,
        ``n_ways`` (draws and what was done), ``tail`` (ways as far out as what was done, itself
        among them), ``model`` and ``model_p`` (the usual test and its p-value).
    bars : DataFrame
        Difference of means over the ways, at the last primary visit: ``treated``, ``low``,
        ``high``, ``share``, ``beyond`` (as far out as the observed one on its side), ``observed``.
    label, unit, visit : str
        Of the endpoint, and the last primary visit.
    scheme : Scheme or None
        What is drawn again; None where the arms are shuffled with their sizes kept.
    known : bool
        Whether study.yml says how the arms were drawn.
    """

    frame: pd.DataFrame
    bars: pd.DataFrame
    label: str
    unit: str
    visit: str
    scheme: Scheme | None
    known: bool


def randomisation_methods(
    study: Study, seed: int = 1957, n_trials: int = _TRIALS
) -> RandomisationMethods:
    """Draw the arms of this trial's patients by each method and see what it brings.

    Parameters
    ----------
    study : Study
        Its patients in the order of randomisation where a column tells it, else as in ADSL; their
        strata are those of ``design: randomisation`` or the first categories of ``baseline``.
    seed : int
        Of the simulation.
    n_trials : int
        Trials for each setting; fewer of large trials.

    Returns
    -------
    RandomisationMethods
        Without strata and minimisation where there is no category.
    """
    patients = _in_order(study)
    n_trials = repetitions(n_trials, len(patients))
    names, factors = _factors(study, patients)
    arms = patients[ARM].cat.codes.to_numpy(dtype=np.int8)[None]
    given = study.config.design.randomisation if study.config.design else None
    ratio_given = given is not None
    ratio = (given.ratio or (1,) * len(study.arms)) if given else _ratio(study, patients)
    points, frames = [], []
    observed = float(imbalance(arms, ratio)[0, 0])
    at_least = math.nan
    for i, scheme in enumerate(_settings(ratio, bool(names))):
        found = properties(scheme, factors, n_trials, np.random.default_rng([seed, i]))
        if scheme.method == "simple":
            at_least = float(np.mean(found.overall >= observed - 1e-9))
        table = found.frame
        points.append(_point(scheme) | _quantities(table))
        words = f"simulated randomisation: {METHODS[scheme.method].lower()}"
        setting = points[-1]["setting"]
        table = table.assign(analysis=f"{words}, {setting}" if setting else words)
        frames.append(table.dropna(subset="estimate"))
    frame = pd.concat(frames, ignore_index=True).rename(columns={"quantity": "endpoint"})
    return RandomisationMethods(
        points=pd.DataFrame(points),
        frame=frame.assign(population=EVERYBODY),
        factors=names,
        n=len(patients),
        n_strata=len(np.unique(factors, axis=0)) if names else 1,
        ratio=ratio,
        ratio_given=ratio_given,
        scheme=given.scheme(len(study.arms)) if given else None,
        method=given.method if given else None,
        observed=observed,
        simple_at_least=at_least,
        n_trials=n_trials,
    )


def randomisation_test(study: Study, seed: int = 1935, n_draws: int = _DRAWS) -> RandomisationTests:
    """Test the primary endpoint by drawing the arms again as the trial drew them.

    Parameters
    ----------
    study : Study
        Where ``design: randomisation`` is missing, the arms of the patients analysed are shuffled
        with the sizes kept. Each treated arm is compared with the control, the other arms left
        out.
    seed : int
        Of the draws.
    n_draws : int
        Draws where there are too many ways to list them all; fewer of large trials.

    Returns
    -------
    RandomisationTests
        Means, adjusted means (where the primary endpoint has covariates) and ranks; no row where
        an arm has nobody, or where all ways are listed and their number would tell of how many
        patients, which must not be told.
    """
    given = study.config.design.randomisation if study.config.design else None
    scheme = given.scheme(len(study.arms)) if given else None
    endpoint, about = study.primary, study.parameter(study.primary.parameter)
    patients = _in_order(study)
    n_draws = repetitions(n_draws, len(patients))
    rows, bars = [], []
    for i, visit in enumerate(endpoint.visits):
        records = study.records(endpoint.parameter, endpoint.population, [visit])
        records = records.dropna(subset=endpoint.value)
        for j, arm in enumerate(study.treated, start=1):
            pair = records[records[ARM].isin([study.control, arm])]
            if pair[ARM].nunique() < 2:
                continue
            lottery = _Lottery(study, patients, scheme, arm, n_draws, (seed, j, i))
            words = {
                "endpoint": about.label,
                "population": study.population_label(endpoint.population),
                "visit": study.visit_label(visit),
                "contrast": f"{arm} vs {study.control}",
                "treated": arm,
            }
            for test, model_p in _tests(study, pair, arm, lottery):
                frame = tell_sizes(study, pd.DataFrame([words | _row(test, model_p)]))
                untold = bool(frame[["n_control", "n_treated"]].isna().any(axis=None))
                if untold and test.exact:
                    continue
                rows.append(frame)
                if test.statistic == "mean" and visit == endpoint.visits[-1]:
                    drawn = _bars(test.differences)
                    ends = ["low", "high", "observed"]
                    if untold:
                        drawn = drawn.assign(**{c: significant(drawn[c], 3) for c in ends})
                    bars.append(drawn.assign(treated=arm))
    columns = ["treated", "low", "high", "share", "beyond", "observed"]
    return RandomisationTests(
        frame=pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(),
        bars=pd.concat(bars, ignore_index=True) if bars else pd.DataFrame(columns=columns),
        label=about.label,
        unit=about.unit,
        visit=study.visit_label(endpoint.visits[-1]),
        scheme=scheme,
        known=given is not None,
    )


def redrawn_arms(
    study: Study, arm: str, pair: pd.DataFrame, n_draws: int, seed: tuple[int, ...]
) -> Redraws:
    """Draw the arms of patients of one treated arm and the control again, as the trial drew them.

    Parameters
    ----------
    study : Study
        Where ``design: randomisation`` is missing, the arms are shuffled with the sizes kept.
    arm : str
        Label of the treated arm.
    pair : DataFrame
        One row a patient of either arm: ``USUBJID`` and the arm.
    n_draws : int
        Draws where there are too many ways to list them all.
    seed : tuple of int
        Of the draws.

    Returns
    -------
    Redraws
        What was done, and the draws; patients in the order of ``pair``.
    """
    given = study.config.design.randomisation if study.config.design else None
    scheme = given.scheme(len(study.arms)) if given else None
    return _Lottery(study, _in_order(study), scheme, arm, n_draws, seed).ways(pair)


@dataclass(frozen=True)
class _Lottery:
    """How the arms of one pair are drawn again."""

    study: Study
    patients: pd.DataFrame
    scheme: Scheme | None
    arm: str
    n_draws: int
    seed: tuple[int, ...]

    def ways(self, pair: pd.DataFrame) -> Redraws:
        """Draw the arms of the patients analysed, together with the others of both arms."""
        rng = np.random.default_rng(self.seed)
        treated = (pair[ARM] == self.arm).to_numpy()
        if self.scheme is None:
            return shuffles(treated, self.n_draws, rng)
        both = self.patients[self.patients[ARM].isin([self.study.control, self.arm])]
        _, factors = _factors(self.study, both)
        place = self.study.arms.index(self.arm)
        drawn = self.scheme.between([0, place]).draw(factors, self.n_draws, rng) == 1
        at = pd.Index(both["USUBJID"]).get_indexer(pair["USUBJID"])
        return redraws(treated, drawn[:, at])


def _tests(
    study: Study, pair: pd.DataFrame, arm: str, lottery: _Lottery
) -> list[tuple[RandomisationTest, float]]:
    """Test one pair of arms by every statistic, each beside its usual test."""
    value, level = study.primary.value, study.conf_level
    groups = [pair.loc[pair[ARM] == a, value].to_numpy(float) for a in (arm, study.control)]
    ways = lottery.ways(pair)
    student = mean_difference(Sample.of(groups[0]), Sample.of(groups[1]), conf_level=level)
    means = draw_again(pair[value], ways, conf_level=level)
    ranks = draw_again(pair[value], ways, "rank", conf_level=level)
    wilcoxon = rank_comparison(groups[0], groups[0], groups[1], groups[1], level)
    found = [(means, student.p_value), (ranks, wilcoxon.p_value)]
    covariates = list(study.primary.covariates)
    if not covariates:
        return found
    complete = pair.dropna(subset=covariates)
    arms = pd.CategoricalDtype([study.control, arm], ordered=True)
    try:
        fit = ancova(complete.astype({ARM: arms}), value, ARM, covariates, level)
    except AncovaError:
        return found
    columns = pd.get_dummies(complete[covariates], drop_first=True, dtype=float)
    ways = ways if len(complete) == len(pair) else lottery.ways(complete)
    adjusted = draw_again(complete[value], ways, "ancova", columns, level)
    found.insert(1, (adjusted, float(fit.frame["p_value"].iloc[0])))
    return found


def _row(test: RandomisationTest, model_p: float) -> dict[str, object]:
    compared = STATISTICS[test.statistic]
    first, every = test.differences[0], test.differences
    return test.frame.iloc[0].to_dict() | {
        "analysis": f"randomisation test: {compared.lower()}",
        "compared": compared,
        "p_error": test.p_error,
        "exact": test.exact,
        "n_ways": len(every),
        "tail": int(min((every >= first).sum(), (every <= first).sum())),
        "model": MODELS[test.statistic],
        "model_p": model_p,
    }


def _bars(differences: NDArray[np.float64]) -> pd.DataFrame:
    """Count the ways in bars of equal width, one of whose edges is the observed difference."""
    observed = differences[0]
    reach = max(np.abs(differences).max(), 1e-9)
    width = 2 * reach / _BARS
    # Of whole numbers the differences lie on a grid; bars must hold as many of its points each.
    gap = np.diff(np.unique(np.round(differences / reach, 9))).min(initial=1) * reach
    width = gap * max(1, round(width / gap)) if gap > width / _BARS else width
    # A hair is given, so that ways equal to the observed one stand on its outer side.
    outward = 1 if observed >= 0 else -1
    steps = np.floor((differences - observed) / width * outward + 1e-6).astype(int)
    numbers, counts = np.unique(steps, return_counts=True)
    ends = observed + outward * width * np.stack([numbers, numbers + 1])
    return pd.DataFrame(
        {
            "low": ends.min(axis=0),
            "high": ends.max(axis=0),
            "share": counts / len(differences),
            "beyond": numbers >= 0,
            "observed": observed,
        }
    )


def _in_order(study: Study) -> pd.DataFrame:
    """Give the randomised patients in the order of randomisation where a column tells it."""
    patients = study.subjects()
    given = study.config.design.randomisation if study.config.design else None
    column = given.order if given and given.order else ALLOCATION_DATE
    if column not in patients:
        return patients
    return patients.sort_values(column, kind="stable", ignore_index=True)


def _factors(study: Study, patients: pd.DataFrame) -> tuple[tuple[str, ...], Codes]:
    """Name the characteristics that strata are made of, and give the patients' categories."""
    labels = {c.column: c.label for c in study.config.baseline}
    given = study.config.design.randomisation if study.config.design else None
    if given is not None and given.strata:
        columns = list(given.strata)
    else:
        kinds = {c.column: bool(c.levels) for c in study.config.baseline}
        columns = [
            column
            for column, coded in kinds.items()
            if (coded or not pd.api.types.is_numeric_dtype(patients[column].dtype))
            and 2 <= patients[column].nunique() <= _MOST_LEVELS
        ][:_MOST_FACTORS]
    codes = [pd.factorize(patients[c], sort=True, use_na_sentinel=True)[0] for c in columns]
    table = np.stack(codes, axis=1) if codes else np.zeros((len(patients), 0), dtype=np.int64)
    return tuple(labels.get(column, column) for column in columns), table


def _ratio(study: Study, patients: pd.DataFrame) -> tuple[int, ...]:
    """Find the simplest shares that the sizes of the arms do not speak against."""
    sizes = patients[ARM].value_counts().reindex(list(study.arms)).to_numpy(dtype=float)
    shares = product(range(1, _LARGEST_SHARE + 1), repeat=len(sizes))
    simplest = sorted((s for s in shares if math.gcd(*s) == 1), key=lambda s: (sum(s), s))
    fits = [chisquare(sizes, sizes.sum() * np.array(s) / sum(s)).pvalue for s in simplest]
    good = [s for s, p in zip(simplest, fits, strict=True) if p > 0.05]
    return good[0] if good else simplest[int(np.argmax(fits))]


def _settings(ratio: tuple[int, ...], stratified: bool) -> list[Scheme]:
    """List the methods and settings that are tried."""
    choices: list[tuple[int, ...]] = [(r * sum(ratio),) for r in _ROUNDS]
    choices.append(tuple(r * sum(ratio) for r in _MIXED))
    schemes = [Scheme("simple", ratio)]
    schemes += [Scheme("blocks", ratio, blocks) for blocks in choices]
    if stratified:
        schemes += [Scheme("stratified_blocks", ratio, blocks) for blocks in choices]
        schemes += [Scheme("minimisation", ratio, probability=coin) for coin in _COINS]
    return schemes


def _point(scheme: Scheme) -> dict[str, object]:
    setting = ""
    if scheme.blocks:
        sizes = [f"{size}" for size in scheme.blocks]
        setting = sizes[0] if len(sizes) == 1 else f"{', '.join(sizes[:-1])} or {sizes[-1]}"
    elif scheme.method == "minimisation":
        setting = f"{scheme.probability:g}"
    usual = not scheme.blocks or scheme.blocks == (2 * sum(scheme.ratio),)
    return {
        "method": METHODS[scheme.method],
        "setting": setting,
        "tuned": len(scheme.blocks) < 2,
        "usual": usual and scheme.probability == USUAL_COIN,
    }


def _quantities(table: pd.DataFrame) -> dict[str, object]:
    means = table.set_index("quantity")["estimate"]
    return {
        "overall": means["imbalance of all patients"],
        "high": table.set_index("quantity")["high"]["imbalance of all patients"],
        "category": means["imbalance within a category"],
        "stratum": means["imbalance within a stratum"],
        "by_totals": means["right guesses by totals"],
        "by_rule": means["right guesses by the rule"],
        "excess": means["excess selection bias by the rule"],
    }
