"""Every defensible analysis of the trial at once: the specification curve of each treated arm."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alsutils.design import redrawn_arms
from alsutils.stats.effort import FULL_UP_TO, repetitions
from alsutils.stats.imputation import ConditionalMeanImputation, conditional_mean_imputation
from alsutils.stats.joint_rank import joint_scores
from alsutils.stats.slopes import patient_slopes
from alsutils.stats.specifications import (
    Specification,
    SpecificationCurve,
    carried_forward,
    distinct,
    filled_with,
    influential_left_out,
    specification_curve,
    spread_within,
    trimmed,
    winsorised,
)
from alsutils.stats.specifications.models import ranked
from alsutils.stats.telling import significant
from alsutils.study import ARM, Study
from alsutils.study.config import Endpoint

Floats = NDArray[np.float64]

N_WAYS = 500
SEED = 2020

CHOICES = {
    "endpoint": "Endpoint",
    "visit": "Visit",
    "population": "Population",
    "model": "Analysis",
    "missing": "Missing values",
    "covariates": "Held equal",
    "outliers": "Extreme values",
}
NOTHING, BASELINE, PLANNED, MORE = "Nothing", "Baseline", "As planned", "As planned and more"
AS_SEEN, CARRIED, NO_CHANGE = "Left out", "Last carried forward", "Baseline carried forward"
IMPUTED = {"MAR": "Imputed at random", "J2R": "Imputed as control"}
KEPT, DRAWN_IN, CUT, INFLUENTIAL = "Kept", "Drawn in", "Cut off", "Influential left out"
STUDENT, WELCH, ANCOVA = "t-test, pooled", "t-test, Welch", "ANCOVA"
MMRM, SLOPES, RANKS = "MMRM", "Slopes", "Ranks"
WINS, JOINT = "Win odds", "Joint rank"
_MOSTLY = 0.9  # of the patients have a characteristic that is held equal
_MOST_FURTHER = 2  # baseline characteristics held equal beside those of the analysis plan


@dataclass(frozen=True)
class Specifications:
    """The specification curves of a study.

    Attributes
    ----------
    curves : dict of str to SpecificationCurve
        By treated arm; an arm that cannot be compared is absent.
    n_ways : int
        Ways of giving the arms, what was done among them.
    known : bool
        Whether the arms were drawn again by the trial's own procedure; else they were shuffled.
    once : bool
        Whether the test estimates the covariance of mixed models once for all ways, as it does of
        many patients.
    alpha : float
        Level.
    """

    curves: dict[str, SpecificationCurve]
    n_ways: int
    known: bool
    once: bool
    alpha: float

    @property
    def frame(self) -> pd.DataFrame:
        """All specifications in the result columns, with their choices (CHOICES), ``treated``."""
        if not self.curves:
            return pd.DataFrame(columns=["analysis", "treated"])
        return pd.concat(
            [curve.frame.assign(treated=arm) for arm, curve in self.curves.items()],
            ignore_index=True,
        )


def specifications(
    study: Study, n_ways: int = N_WAYS, seed: int = SEED, jobs: int = 1
) -> Specifications:
    """Analyse the trial in every combination of choices, and test the whole curve.

    Parameters
    ----------
    study : Study
        Every endpoint at each of its visits, in every population.
    n_ways : int
        Ways in which the arms are given again.
    seed : int
        Of these ways.
    jobs : int
        Processes for the mixed models; worth their start for large trials or many ways only. The
        result is the same.

    Returns
    -------
    Specifications
        One curve a treated arm, the other arms left out. Rules for extreme values look at no arm.
        Imputed analyses are in the curve and not in its test, for they take the jackknife each.

    References
    ----------
    Simonsohn U, Simmons JP, Nelson LD. Specification curve analysis. Nat Hum Behav
    2020;4:1208-1214. doi:10.1038/s41562-020-0912-z
    """
    curves = {}
    once = len(study.subjects()) > FULL_UP_TO
    n_ways = repetitions(n_ways, len(study.subjects()))
    total = n_ways + 1
    for place, arm in enumerate(study.treated, start=1):
        patients = study.subjects()
        patients = patients[patients[ARM].isin([study.control, arm])].reset_index(drop=True)
        trial = _Pair(study, arm, patients)
        asked = distinct(list(trial.all()))
        if patients[ARM].nunique() < 2 or not asked:
            continue
        ways = redrawn_arms(study, arm, patients, n_ways, (seed, place))
        chosen = np.arange(min(len(ways.treated), total))
        if len(ways.treated) > total:  # all ways were listed: a sample of them is enough
            rng = np.random.default_rng((seed, place))
            chosen[1:] = 1 + rng.choice(len(ways.treated) - 1, n_ways, replace=False)
        ways = type(ways)(ways.treated[chosen], ways.exact and len(ways.treated) <= total)
        further = pd.DataFrame(trial.imputed())
        curve = specification_curve(asked, ways, further, study.alpha, jobs, once)
        curve = _told(study, curve)
        if curve.n == 0:
            continue
        curves[arm] = curve
        frame = curve.frame
        words = frame[list(CHOICES)].agg("; ".join, axis=1)
        frame.insert(0, "analysis", "specification: " + words)
        frame.insert(1, "contrast", f"{arm} vs {study.control}")
    design = study.config.design
    known = design is not None and design.randomisation is not None
    return Specifications(curves, total, known, once, study.alpha)


def _told(study: Study, curve: SpecificationCurve) -> SpecificationCurve:
    """Take out specifications in a few patients, and what tells how few of an arm one leaves out.

    Errors in standard deviations count patients, and so do degrees of freedom.
    """
    rule = study.disclosure
    if rule.is_open:
        return curve
    frame = curve.frame
    frame = frame[~rule.hides(frame[["n_control", "n_treated"]]).any(axis=1)]
    frame = frame.reset_index(drop=True)
    figures = ["estimate", "std_error", "conf_low", "conf_high"]
    frame = frame.assign(
        **{c: frame[c].round(2) for c in figures},
        p_value=significant(frame["p_value"]),
        **dict.fromkeys(["n_control", "n_treated", "df"], np.nan),
    )
    return replace(curve, frame=frame, n=len(frame))


def further_covariates(study: Study, planned: list[str]) -> list[str]:
    """Name the first baseline characteristics that the analysis plan does not hold equal."""
    subjects = study.subjects()
    usable = [
        c.column
        for c in study.config.baseline
        if c.column not in planned and subjects[c.column].notna().mean() > _MOSTLY
    ]
    return usable[:_MOST_FURTHER]


@dataclass(frozen=True, eq=False)
class _Endpoint:
    """An endpoint laid out over the patients of two arms, turned so that above is better."""

    about: Endpoint
    label: str
    derived: bool
    visits: list[float]
    grid: Floats  # (n, visits after baseline), as observed
    baseline: Floats  # (n,), of AVAL; missing where there is none
    slopes: dict[float, Floats]


@dataclass(frozen=True, eq=False)
class _Pair:
    """The patients of one treated arm and the control."""

    study: Study
    arm: str
    patients: pd.DataFrame

    @property
    def treated(self) -> NDArray[np.bool_]:
        return np.asarray(self.patients[ARM] == self.arm)

    def all(self) -> Iterator[Specification]:
        """Name every specification, the same one perhaps more than once."""
        names = list(self.study.config.populations)
        names.sort(key=lambda name: name != self.study.primary.population)
        for endpoint in self.study.endpoints:
            laid = self._laid_out(endpoint)
            for visit, name in product(endpoint.visits, names):
                if visit not in laid.visits:
                    continue
                flag = self.study.config.populations[name].flag
                inside = np.asarray(self.patients[flag] == "Y")
                words = {
                    "endpoint": laid.label,
                    "visit": self.study.visit_label(visit),
                    "population": self.study.population_label(name),
                }
                yield from self._of_visit(laid, visit, inside, words)

    def _of_visit(
        self, laid: _Endpoint, visit: float, inside: NDArray[np.bool_], words: dict[str, str]
    ) -> Iterator[Specification]:
        """Name the specifications of one endpoint, visit and population."""
        place = laid.visits.index(visit)
        seen = np.where(inside, laid.grid[:, place], np.nan)
        # Nobody is left out of the scale for who belongs to a population.
        scale = laid.grid[:, place]
        held = self._held(laid)
        filled = {AS_SEEN: seen}
        up_to = np.where(inside[:, None], laid.grid[:, : place + 1], np.nan)
        filled[CARRIED] = carried_forward(up_to)
        if not np.isnan(laid.baseline).all():
            start = 0.0 if laid.about.value == "CHG" else laid.baseline
            rest = np.where(inside & ~np.isnan(laid.baseline), start, np.nan)
            filled[NO_CHANGE] = filled_with(seen, rest)
        for missing, values in filled.items():
            yield from _of_values(words | {"missing": missing}, values, scale, held)
        if visit in laid.slopes:
            slopes = np.where(inside, laid.slopes[visit], np.nan)
            for covariates, x in held.items():
                for outliers, values in _tamed(slopes, x):
                    chosen = _named(words, SLOPES, AS_SEEN, covariates, outliers)
                    yield Specification(chosen, "pooled", values, x, laid.slopes[visit])
        if not laid.derived and len(laid.visits) > 1:
            every = np.where(inside[:, None], laid.grid, np.nan)
            for covariates, x in held.items():
                by_visit = int(x.shape[1] > 0 and "BASE" in self._columns(laid))
                chosen = _named(words, MMRM, AS_SEEN, covariates, KEPT)
                yield Specification(chosen, "repeated", every, x, scale, place, by_visit)
        if laid.about.death is not None:
            ranks = self._joint_ranks(laid, visit, inside)
            for covariates, x in held.items():
                chosen = _named(words, JOINT, CARRIED, covariates, KEPT)
                yield Specification(chosen, "pooled", ranks, x, ranks)

    def imputed(self) -> Iterator[dict[str, object]]:
        """Impute what is missing of all patients by conditional means, with the jackknife."""
        for endpoint in self.study.endpoints:
            laid = self._laid_out(endpoint)
            if laid.derived or not np.isnan(laid.grid).any():
                continue
            held = self._held(laid)
            planned = list(held)[1:3]  # the baseline, and what the plan holds equal
            # Of the last imputation, which serve for another strategy.
            fits: ConditionalMeanImputation | None = None
            for covariates, (strategy, missing) in product(planned, IMPUTED.items()):
                x = held[covariates]
                like = fits if strategy != next(iter(IMPUTED)) else None
                try:
                    fits = self._impute(laid, x, strategy, like)
                except ValueError:
                    fits = None
                    continue
                on = self.treated[~np.isnan(x).any(axis=1)]
                for visit in set(endpoint.visits) & set(laid.visits):
                    words = {
                        "endpoint": laid.label,
                        "visit": self.study.visit_label(visit),
                        "population": "All randomised patients",
                    }
                    chosen = _named(words, ANCOVA, missing, covariates, KEPT)
                    row = fits.frame[fits.frame["visit"] == visit].iloc[0]
                    values = laid.grid[:, laid.visits.index(visit)]
                    unit = spread_within(values, self.treated[None])[0]
                    lengths = ("estimate", "std_error", "conf_low", "conf_high")
                    yield (
                        chosen
                        | {name: row[name] / unit for name in lengths}
                        | {name: row[name] for name in ("df", "p_value")}
                        | {"n_treated": int(on.sum()), "n_control": int((~on).sum())}
                    )

    def _impute(
        self, laid: _Endpoint, x: Floats, strategy: str, like: ConditionalMeanImputation | None
    ) -> ConditionalMeanImputation:
        complete = ~np.isnan(x).any(axis=1)
        names = [f"x{k}" for k in range(x.shape[1])]
        base = pd.DataFrame(x, columns=names)
        arms = pd.CategoricalDtype([self.study.control, self.arm], ordered=True)
        base = base.assign(subject=self.patients["USUBJID"], arm=self.patients[ARM].astype(arms))
        parts = [
            base.assign(visit=visit, y=laid.grid[:, k])[complete]
            for k, visit in enumerate(laid.visits)
        ]
        return conditional_mean_imputation(
            pd.concat(parts, ignore_index=True),
            "y",
            "subject",
            "visit",
            "arm",
            names,
            strategy=strategy,
            conf_level=self.study.conf_level,
            like=like,
        )

    def _laid_out(self, endpoint: Endpoint) -> _Endpoint:
        about = self.study.parameter(endpoint.parameter)
        sign = 1.0 if about.better == "higher" else -1.0
        start = self.study.config.time.baseline
        records = self.study.records(endpoint.parameter, where=endpoint.observed)
        later = records[records["AVISITN"] > start]
        ids = pd.Index(self.patients["USUBJID"])
        table = later.pivot_table(index="USUBJID", columns="AVISITN", values=endpoint.value)
        table = sign * table.reindex(ids)
        table = table.dropna(axis=1, how="all")
        # A visit of a handful cannot have its own variance in a model of all visits.
        table = table.loc[:, table.notna().sum() > 2]
        first = self.study.records(endpoint.parameter, visits=[start]).drop_duplicates("USUBJID")
        baseline = sign * first.set_index("USUBJID")["AVAL"].reindex(ids).to_numpy(float)
        slopes = {}
        if not about.derived and not np.isnan(baseline).all():
            for visit in endpoint.visits:
                part = records[(records["AVISITN"] >= start) & (records["AVISITN"] <= visit)]
                found = patient_slopes(part).set_index("USUBJID")["slope"]
                slopes[visit] = sign * found.reindex(ids).to_numpy(float)
        return _Endpoint(
            endpoint,
            about.label,
            about.derived,
            [float(visit) for visit in table.columns],
            table.to_numpy(float),
            baseline,
            slopes,
        )

    def _columns(self, laid: _Endpoint) -> list[str]:
        """Name the covariates of the analysis plan, the baseline first."""
        planned = laid.about.covariates or self.study.primary.covariates
        columns = [name for name in planned if name != "BASE"]
        return ["BASE", *columns] if not np.isnan(laid.baseline).all() else columns

    def _held(self, laid: _Endpoint) -> dict[str, Floats]:
        """Give nested sets of covariates as numbers: none, the baseline, the plan's, and more."""
        columns = self._columns(laid)
        sets = {
            BASELINE: [name for name in columns if name == "BASE"],
            PLANNED: columns if columns != ["BASE"] else [],
            MORE: [*columns, *further_covariates(self.study, columns)],
        }
        held = {NOTHING: np.empty((len(self.patients), 0))}
        for words, chosen in sets.items():
            if chosen:
                held[words] = np.hstack([self._numbers(laid, name) for name in chosen])
        return held

    def _numbers(self, laid: _Endpoint, name: str) -> Floats:
        if name == "BASE":
            return laid.baseline[:, None]
        column = self.patients[name]
        if pd.api.types.is_numeric_dtype(column):
            return column.to_numpy(float)[:, None]
        coded = pd.get_dummies(column.astype("object"), drop_first=True, dtype=float).to_numpy()
        return np.where(column.isna().to_numpy()[:, None], np.nan, coded)

    def _joint_ranks(self, laid: _Endpoint, visit: float, inside: NDArray[np.bool_]) -> Floats:
        """Rank by survival up to the visit and then by the last value seen."""
        block = next(t for t in self.study.config.time_to_event if t.parameter == laid.about.death)
        table = self.study.tables["adtte"]
        table = table[table["PARAMCD"] == block.parameter].drop_duplicates("USUBJID")
        table = table.set_index("USUBJID").reindex(self.patients["USUBJID"])
        time = table["AVAL"].to_numpy(float)
        used = np.flatnonzero(inside & ~np.isnan(time))
        ranks = np.full(len(self.patients), np.nan)
        if len(used) > 1:
            place = laid.visits.index(visit)
            scores = joint_scores(
                time[used],
                (table["CNSR"] == 0).to_numpy()[used],
                laid.grid[used, : place + 1],
                horizon=visit,
            )
            ranks[used] = scores.frame["rank"]
        return ranks


def _of_values(
    words: dict[str, str], values: Floats, scale: Floats, held: dict[str, Floats]
) -> Iterator[Specification]:
    """Name the specifications that compare one value a patient."""
    missing = words["missing"]
    none = held[NOTHING]
    for covariates, x in held.items():
        model = STUDENT if covariates == NOTHING else ANCOVA
        for outliers, kept in _tamed(values, x):
            chosen = _named(words, model, missing, covariates, outliers)
            yield Specification(chosen, "pooled", kept, x, scale)
        ranks = ranked(values)
        chosen = _named(words, RANKS, missing, covariates, KEPT)
        yield Specification(chosen, "pooled", ranks, x, ranks)
    for outliers, kept in _tamed(values, none):
        chosen = _named(words, WELCH, missing, NOTHING, outliers)
        yield Specification(chosen, "welch", kept, none, scale)
    chosen = _named(words, WINS, missing, NOTHING, KEPT)
    yield Specification(chosen, "pairwise", values, none, scale)


def _tamed(values: Floats, x: Floats) -> Iterator[tuple[str, Floats]]:
    """Treat extreme values in each of four ways."""
    yield KEPT, values
    yield DRAWN_IN, winsorised(values)
    yield CUT, trimmed(values)
    yield INFLUENTIAL, influential_left_out(values, x)


def _named(
    words: dict[str, str], model: str, missing: str, covariates: str, outliers: str
) -> dict[str, str]:
    return words | {
        "model": model,
        "missing": missing,
        "covariates": covariates,
        "outliers": outliers,
    }
