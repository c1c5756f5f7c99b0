"""How many patients each analysis would need, by the spread in the trial's own data."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from alsutils.design.analysis import POWERS
from alsutils.design.telling import planned_sizes, planned_spread
from alsutils.stats.mmrm import fit_mmrm
from alsutils.stats.power import (
    HazardTest,
    Level,
    MeanTest,
    Plan,
    SampleSize,
    ShareTest,
    ancova,
    events_needed,
    mmrm,
    pooled_sd,
    sample_size,
    slope_spread,
    slope_test,
)
from alsutils.stats.survival import quantile, reverse_kaplan_meier
from alsutils.study import ARM, Study
from alsutils.study.config import Responders, TimeToEvent
from alsutils.study.telling import UNTOLD, why_not

STAND_IN = 0.5  # standard deviations, where study.yml names no difference that matters
MOST_EXACT = 500  # patients in an arm; with more, Fisher's test needs hardly more than chi-square
RATIOS = (0.5, 0.6, 0.7, 0.8)  # hazard ratios
VALUE, CHANGE = "value at the visit, t-test", "change from baseline, t-test"
ANCOVA, REPEATED = "baseline held equal, ANCOVA", "all visits, MMRM"
MEAN, SLOPE = "mean of the primary visits, MMRM", "slope of every patient, random slopes"
CHI_SQUARE, FISHER = "responders, chi-square test", "responders, Fisher's exact test"
LOG_RANK = "log-rank test"


@dataclass(frozen=True)
class Spread:
    """What the plans rest on, from the observed values within the arms.

    Attributes
    ----------
    sd, sd_low, sd_high : float
        Standard deviation of what is compared at the last primary visit, with its interval.
    correlation : float
        Of what is compared with the baseline; missing where no baseline is known.
    dropout : float
        Share of the randomised patients without an observed value at the last primary visit.
    n : int
        Patients behind ``sd``.
    """

    sd: float
    sd_low: float
    sd_high: float
    correlation: float
    dropout: float
    n: int


@dataclass(frozen=True)
class SampleSizes:
    """Patients that each analysis of the primary endpoint would need.

    Attributes
    ----------
    frame : DataFrame
        One row an analysis and power: the result columns (``estimate``, ``n_control`` and
        ``n_treated`` are patients to randomise to an arm), ``power``, ``effect`` and
        ``effect_words``, ``sd`` (of what one patient contributes; missing for responders),
        ``total`` (in all arms), and ``n_low`` and ``n_high``, what the limits of the standard
        deviation would ask for (t-test of what is compared only).
    effect : float
        True difference at the last primary visit, above 0.
    stands_in : bool
        Whether ``effect`` is STAND_IN standard deviations, because study.yml names none.
    spread : Spread
        What the plans rest on.
    compared : str
        VALUE or CHANGE, what the study compares.
    label, unit, visit : str
        Of the endpoint, and its last primary visit.
    alpha : float
        Two-sided level of each comparison.
    randomised : DataFrame
        ``arm`` and ``n`` of this trial.
    notes : tuple of str
        What could not be planned and why.
    """

    frame: pd.DataFrame
    effect: float
    stands_in: bool
    spread: Spread
    compared: str
    label: str
    unit: str
    visit: str
    alpha: float
    randomised: pd.DataFrame
    notes: tuple[str, ...]


@dataclass(frozen=True)
class EventSizes:
    """Events and patients that a log-rank test would need.

    Attributes
    ----------
    frame : DataFrame
        One row an event, hazard ratio and power: the result columns (``estimate``, ``n_control``
        and ``n_treated`` are patients to randomise to an arm), ``power``, ``ratio``, ``events``
        (in two arms together), ``share`` (of patients with the event, at the trial's own rate),
        ``follow_up`` and ``unit``.
    """

    frame: pd.DataFrame


@dataclass(frozen=True)
class _Planned:
    """An analysis, ready to be asked how many patients it needs."""

    analysis: str
    plan: Plan
    effect: float
    words: str
    dropout: float


@dataclass(frozen=True)
class _Given:
    """What the plans are made from."""

    study: Study
    data: pd.DataFrame
    spread: Spread
    effect: float
    level: Level

    @property
    def compared(self) -> str:
        return CHANGE if self.study.primary.value == "CHG" else VALUE

    @property
    def unit(self) -> str:
        return self.study.parameter(self.study.primary.parameter).unit

    def difference(self, effect: float, per: str = "") -> str:
        return f"{effect:.3g}{f' {self.unit}' if self.unit else ''}{per}"


def sample_sizes(study: Study) -> SampleSizes | None:
    """Find how many patients each analysis of the primary endpoint would need.

    The effect is the least difference that matters, at the last primary visit, reached in a
    straight line from none at the baseline. How far patients scatter, how strongly visits
    correlate and how many leave is taken from the observed data within the arms; the difference
    between the arms is not. Arms of one size, each treated one compared with the control.

    Parameters
    ----------
    study : Study
        What is missing (a baseline, several visits, responders) leaves its analysis out.

    Returns
    -------
    SampleSizes or None
        None where too few values of the primary endpoint are there, all are alike, or the effect is
        too small to be found by any number of patients worth naming.

    References
    ----------
    Norman GR, Sloan JA, Wyrwich KW. Interpretation of changes in health-related quality of life:
    the remarkable universality of half a standard deviation. Med Care 2003;41:582-592.
    """
    data = observed_course(study)
    spread = _spread(study, data)
    if spread is None:
        return None
    about, design = study.parameter(study.primary.parameter), study.config.design
    important = None if design is None else design.minimal_important_difference
    effect = STAND_IN * spread.sd if important is None else important
    given = _Given(study, data, spread, effect, Level(study.alpha))
    rows: list[dict[str, object]] = []
    notes: list[str] = []
    makers: list[Callable[[_Given], list[_Planned]]] = [_one_visit, _visits, _lines, _responders]
    for make in makers:
        try:
            for planned in make(given):
                rows += _sizes(given, planned)
        except ValueError as error:
            told = study.disclosure.is_open
            notes.append(str(error) if told else f"One of the plans is left out, for {UNTOLD}.")
    if not any(row["analysis"] == given.compared for row in rows):
        return None
    counts = study.subjects()[ARM].value_counts()
    return SampleSizes(
        pd.DataFrame(rows),
        effect,
        important is None,
        spread,
        given.compared,
        about.label,
        about.unit,
        study.visit_label(study.primary.visits[-1]),
        study.alpha,
        pd.DataFrame([{"arm": arm, "n": int(counts.get(arm, 0))} for arm in study.arms]),
        tuple(notes),
    )


def event_sizes(study: Study) -> EventSizes | None:
    """Find how many events and patients a log-rank test would need.

    Events come at the rate of all arms of this trial together, and every patient is followed for
    its median follow-up.

    Parameters
    ----------
    study : Study
        ``time_to_event`` lists the events.

    Returns
    -------
    EventSizes or None
        For the hazard ratios RATIOS; None where no event is listed or none happened.
    """
    rows = [row for endpoint in study.config.time_to_event for row in _event_rows(study, endpoint)]
    return EventSizes(pd.DataFrame(rows)) if rows else None


def observed_course(study: Study) -> pd.DataFrame:
    """Give the observed values from the baseline to the last primary visit."""
    endpoint = study.primary
    data = study.records(endpoint.parameter, endpoint.population, where=endpoint.observed)
    data = data.dropna(subset="AVAL").drop_duplicates(["USUBJID", "AVISITN"])
    return data[data["AVISITN"].between(study.config.time.baseline, endpoint.visits[-1])]


def _spread(study: Study, data: pd.DataFrame) -> Spread | None:
    endpoint = study.primary
    last = data[data["AVISITN"] == endpoint.visits[-1]].dropna(subset=endpoint.value)
    groups = [group[endpoint.value] for _, group in last.groupby(ARM, observed=True)]
    sd = pooled_sd(*groups)
    if not sd > 0:
        return None
    analysed = {str(arm): len(g) for arm, g in last.groupby(ARM, observed=True)}
    sizes, sd = planned_sizes(study, analysed), planned_spread(study, sd, analysed)
    n = sum(sizes.values())
    df = n - len(groups)
    low, high = sd * np.sqrt(df / stats.chi2.ppf([1 - study.alpha / 2, study.alpha / 2], df))
    dropout = 1 - n / len(study.subjects())
    return Spread(sd, low, high, _correlation(last, endpoint.value), dropout, n)


def _correlation(data: pd.DataFrame, value: str) -> float:
    """Correlate a column with the baseline within the arms; missing without a baseline."""
    if "BASE" not in data:
        return np.nan
    known = data.dropna(subset=[value, "BASE"])
    columns = known[[value, "BASE"]].astype(float)
    within = columns - columns.groupby(known[ARM], observed=True).transform("mean")
    squares = (within**2).sum()
    if not (squares > 0).all():
        return np.nan
    return float((within[value] * within["BASE"]).sum() / np.sqrt(squares.prod()))


def _one_visit(given: _Given) -> list[_Planned]:
    """Plan tests of the last primary visit alone: value, change, and the baseline held equal."""
    spread, effect, level = given.spread, given.effect, given.level
    last = given.data[given.data["AVISITN"] == given.study.primary.visits[-1]]
    words = given.difference(effect)
    columns = {VALUE: "AVAL", CHANGE: "CHG"}
    planned = []
    for analysis, column in columns.items():
        if analysis == given.compared or (column in last and not np.isnan(spread.correlation)):
            groups = [g[column] for _, g in last.groupby(ARM, observed=True)]
            plan = MeanTest(pooled_sd(*groups), level=level)
            if plan.sd > 0:
                planned.append(_Planned(analysis, plan, effect, words, spread.dropout))
    if not np.isnan(spread.correlation):
        held = ancova(spread.sd, spread.correlation, level=level)
        if held.sd > 0:
            planned.append(_Planned(ANCOVA, held, effect, words, spread.dropout))
    return planned


def _visits(given: _Given) -> list[_Planned]:
    """Plan mixed models of all visits: the last one, and the mean of the primary ones."""
    study, endpoint = given.study, given.study.primary
    later = given.data[given.data["AVISITN"] > study.config.time.baseline]
    later = later.dropna(subset=endpoint.value)
    visits = np.sort(later["AVISITN"].unique())
    if len(visits) < 2:
        return []
    held = not np.isnan(given.spread.correlation)
    formula = f"{endpoint.value} ~ {ARM} * VISIT" + (" + BASE * VISIT" if held else "")
    named = later.assign(VISIT=pd.Categorical(later["AVISITN"], visits, ordered=True))
    try:
        fit = fit_mmrm(formula, named, subject="USUBJID", visit="VISIT")
    except ValueError as error:
        why = why_not(study, error)
        raise ValueError(
            f"The mixed model for repeated measures cannot be planned: {why}."
        ) from error
    covariance, seen = fit.covariance.to_numpy(), _retention(study, later, visits)
    plan = mmrm(covariance, seen, covariates=int(held), level=given.level)
    planned = [_Planned(REPEATED, plan, given.effect, given.difference(given.effect), 0.0)]
    primary = np.isin(visits, endpoint.visits)
    if primary.sum() > 1:
        weights = primary / primary.sum()
        share = float((weights * _grown(study, visits)).sum())
        mean = mmrm(covariance, seen, weights=weights, covariates=int(held), level=given.level)
        effect = share * given.effect
        planned.append(_Planned(MEAN, mean, effect, given.difference(effect), 0.0))
    return planned


def _lines(given: _Given) -> list[_Planned]:
    """Plan a comparison of slopes from the baseline on."""
    study, endpoint = given.study, given.study.primary
    visits = np.sort(given.data["AVISITN"].unique())
    start = study.config.time.baseline
    if study.parameter(endpoint.parameter).derived or len(visits) < 3 or visits[0] != start:
        return []
    try:
        spread = slope_spread(given.data, "AVAL", "USUBJID", "AVISITN", ARM)
    except ValueError as error:
        raise ValueError(f"Slopes cannot be planned: {error}.") from error
    if spread.residual == 0 and spread.slope == 0:
        return []
    plan = slope_test(visits, spread, _retention(study, given.data, visits), given.level)
    effect = given.effect / (endpoint.visits[-1] - start)
    words = given.difference(effect, f" per {study.config.time.unit}")
    return [_Planned(SLOPE, plan, effect, words, 0.0)]


def _responders(given: _Given) -> list[_Planned]:
    """Plan tests of the share of responders, moved by as many standard deviations as the mean."""
    block = given.study.config.responders
    if block is None:
        return []
    share, known = _share(given.study, block)
    if not 0 < share < 1:
        return []
    moved = float(stats.norm.cdf(stats.norm.ppf(share) + given.effect / given.spread.sd))
    words = f"{share:.0%} to {moved:.0%} respond"
    dropout = 1 - known / len(given.study.subjects())
    plans = {CHI_SQUARE: ShareTest(share, level=given.level)}
    if sample_size(plans[CHI_SQUARE], moved - share, max(POWERS)).n_control <= MOST_EXACT:
        plans[FISHER] = ShareTest(share, "fisher", given.level)
    return [_Planned(a, plan, moved - share, words, dropout) for a, plan in plans.items()]


def _share(study: Study, block: Responders) -> tuple[float, int]:
    """Give the share of good responders in all arms at the last visit, and who is known there."""
    records = study.records(block.parameter, block.population, [block.visits[-1]])
    values = records.dropna(subset="AVAL")["AVAL"]
    return float((values >= block.good).mean()) if len(values) else np.nan, len(values)


def _retention(study: Study, data: pd.DataFrame, visits: np.ndarray) -> np.ndarray:
    """Give the share of the randomised seen at each visit or later: who comes back had not left."""
    counts = data.drop_duplicates(["USUBJID", "AVISITN"])["AVISITN"].value_counts()
    seen = counts.reindex(visits).to_numpy(float) / len(study.subjects())
    return np.maximum.accumulate(seen[::-1])[::-1]


def _grown(study: Study, visits: np.ndarray) -> np.ndarray:
    """Give the share of the final difference that has been reached at each visit."""
    start, end = study.config.time.baseline, study.primary.visits[-1]
    return (visits - start) / (end - start)


def _sizes(given: _Given, planned: _Planned) -> list[dict[str, object]]:
    """Ask a plan how many patients it needs for each power."""
    study, rows = given.study, []
    sd = planned.plan.sd if isinstance(planned.plan, MeanTest) else np.nan

    def ask(plan: Plan, power: float) -> SampleSize:
        dropout, arms = planned.dropout, len(study.arms)
        return sample_size(plan, planned.effect, power, dropout=dropout, arms=arms)

    for power in POWERS:
        found = ask(planned.plan, power)
        row = {
            "analysis": planned.analysis,
            "endpoint": study.parameter(study.primary.parameter).label,
            "population": "All randomised patients",
            "visit": study.visit_label(study.primary.visits[-1]),
            "contrast": f"an arm vs {study.control}, power {power:.0%}",
            "n_control": found.enrolled_control,
            "n_treated": found.enrolled_treated,
            "estimate": found.enrolled_treated,
            "power": power,
            "effect": planned.effect,
            "effect_words": planned.words,
            "sd": sd,
            "total": found.total,
        }
        if planned.analysis == given.compared:
            limits = (given.spread.sd_low, given.spread.sd_high)
            for name, limit in zip(("n_low", "n_high"), limits, strict=True):
                plan = MeanTest(float(limit), level=given.level)
                row[name] = ask(plan, power).enrolled_treated
        rows.append(row)
    return rows


def _event_rows(study: Study, endpoint: TimeToEvent) -> list[dict[str, object]]:
    times = study.times(endpoint).dropna(subset="AVAL")
    watched, events = float(times["AVAL"].sum()), int(times["EVENT"].sum())
    if events == 0 or watched <= 0:
        return []
    curve = reverse_kaplan_meier(times["AVAL"], times["EVENT"], study.conf_level)
    follow_up = quantile(curve).estimate
    follow_up = curve.last if np.isnan(follow_up) or follow_up <= 0 else follow_up
    plan = HazardTest(events / watched, follow_up, level=Level(study.alpha))
    rows = []
    for ratio in RATIOS:
        for power in POWERS:
            found = sample_size(plan, ratio, power, arms=len(study.arms))
            rows.append(
                {
                    "analysis": f"{LOG_RANK}, hazard ratio {ratio:g}",
                    "endpoint": endpoint.label,
                    "population": study.population_label(endpoint.population),
                    "contrast": f"an arm vs {study.control}, power {power:.0%}",
                    "n_control": found.n_control,
                    "n_treated": found.n_treated,
                    "estimate": found.n_treated,
                    "power": power,
                    "ratio": ratio,
                    "events": int(np.ceil(events_needed(ratio, power, level=plan.level))),
                    "share": float(plan.event_share()),
                    "follow_up": follow_up,
                    "unit": endpoint.unit,
                }
            )
    return rows
