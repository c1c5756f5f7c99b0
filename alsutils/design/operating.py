"""The trial simulated over and over: in the world it was planned for, and in less friendly ones."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from alsutils.design.sample_size import SampleSizes, observed_course
from alsutils.stats.patients import Scenario
from alsutils.stats.power import ANALYSES, operating_characteristics, slope_spread
from alsutils.study import ARM, Study

ANALYSED = ("t_test", "ancova", "mmrm", "joint_rank", "log_rank")
MOST_VISITS = 6  # after baseline; the mixed model has a variance or covariance for each pair
PATIENTS = 32_000  # simulated in a world: 500 trials of 64
FEWEST = 100  # trials, however large
SEED = 1
NEVER = 1e9  # a median survival that nobody reaches
EFFECT, NOTHING = "power", "type I error"


@dataclass(frozen=True)
class World:
    """What may be true of a trial.

    Attributes
    ----------
    name : str
        Few words.
    means : str
        What is assumed, as a sentence.
    scenario : Scenario
        With an effect.
    effect_only : bool
        Whether it is another world only where treatment does something.
    """

    name: str
    means: str
    scenario: Scenario
    effect_only: bool = False


@dataclass(frozen=True)
class Operating:
    """What the trial's analyses would find in each world.

    Attributes
    ----------
    frame : DataFrame
        One row a world, arm, analysis and measure: the result columns; ``world``, ``treated``,
        ``key`` and ``label`` of the analysis, ``measure`` (``power``, ``type I error``, ``bias``,
        ``coverage``, ``expected n``). ``std_error`` and the limits are those of the simulation.
        Bias, coverage and n are those with the effect. A world that differs from the planned one
        in its effect alone has no row of type I error.
    worlds : tuple of World
        In order, the planned one first.
    trials : int
        Simulated in each world, with the effect and again without it.
    effect : float
        True difference at the last visit in the planned world, points.
    unit : str
        Of the endpoint.
    visit : str
        Label of the last visit.
    alpha : float
        Two-sided level.
    """

    frame: pd.DataFrame
    worlds: tuple[World, ...]
    trials: int
    effect: float
    unit: str
    visit: str
    alpha: float


def operating(
    study: Study, sizes: SampleSizes | None, n_trials: int | None = None
) -> Operating | None:
    """Simulate the trial in several worlds and analyse it in several ways.

    Patients are made from this trial's own: arms, visits, spread, drop-out and deaths of all arms
    together, and the course of its control arm. The difference between its arms is not used.

    Parameters
    ----------
    study : Study
        The trial.
    sizes : SampleSizes or None
        Its effect is what the planned world has at the last primary visit.
    n_trials : int or None
        Simulated in each world; fewer of large trials where None.

    Returns
    -------
    Operating or None
        None where the course of the primary endpoint is not known well enough.
    """
    planned = None if sizes is None else planned_scenario(study, sizes.effect)
    if sizes is None or planned is None:
        return None
    worlds = _worlds(study, planned, sizes)
    analyses = [name for name in ANALYSED if name != "log_rank" or _dies(planned)]
    n_trials = n_trials or max(FEWEST, PATIENTS // planned.n)
    frames = []
    for world in worlds:
        scenarios = [world.scenario]
        if world is worlds[0] or not world.effect_only:
            scenarios.append(world.scenario.without_effect)
        for scenario in scenarios:
            found = operating_characteristics(
                scenario, analyses, n_trials, SEED, alpha=study.alpha
            ).frame
            if scenario is not world.scenario:
                found = found[found["measure"] == NOTHING]
            frames.append(found.assign(world=world.name))
    frame = pd.concat(frames, ignore_index=True)
    return Operating(
        _result_rows(study, frame, planned),
        worlds,
        n_trials,
        sizes.effect,
        sizes.unit,
        sizes.visit,
        study.alpha,
    )


def planned_scenario(study: Study, effect: float) -> Scenario | None:
    """Make a scenario of a trial like this one.

    Parameters
    ----------
    study : Study
        The trial.
    effect : float
        True difference at the last primary visit, in the unit of the endpoint, above 0 for better.

    Returns
    -------
    Scenario or None
        Higher is better in it, whatever the endpoint; time is in the study's unit, from baseline.
        None where no visit but one is known, or nothing varies.
    """
    data = observed_course(study)
    about, start = study.parameter(study.primary.parameter), study.config.time.baseline
    data = data.assign(time=data["AVISITN"] - start, score=data["AVAL"].astype(float))
    if about.better == "lower":
        data["score"] = -data["score"]
    months = _visits(study, np.sort(data["time"].unique()))
    if len(months) < 2 or months[0] != 0:
        return None
    data = data[data["time"].isin(months)]
    try:
        spread = slope_spread(data, "score", "USUBJID", "time", ARM)
    except ValueError:
        return None
    first = data.loc[data["time"] == 0, "score"]
    step = 1.0 if about.whole else 0.0
    # Rounding to steps brings a twelfth of their square, and comes on top in the simulation.
    noise = math.sqrt(max(spread.residual**2 - step**2 / 12, 0.0))
    own = first.var() - spread.residual**2
    if not own > 0 or not noise + spread.slope > 0:
        return None
    counts = study.subjects()[ARM].value_counts()
    deaths = _death_hazard(study)
    ends = _ends(about.range, about.better, first)
    return Scenario(
        arms=study.arms,
        n_per_arm=tuple(int(counts[arm]) for arm in study.arms),
        months=tuple(months.tolist()),
        slope_effect=(0.0, *(float(effect / months[-1]) for _ in study.treated)),
        post_decline=_decline(study, data, months[-1]),
        post_on_lead_in=0.0,
        post_decline_sd=spread.slope,
        noise_sd=noise,
        baseline_mean=float(first.mean()),
        baseline_sd=math.sqrt(own),
        baseline_range=(max(float(first.min()), ends[0]), min(float(first.max()), ends[1])),
        floor=ends[0],
        ceiling=ends[1],
        step=step,
        randomised_month=0.0,
        survival_shape=1.0,
        survival_median=math.log(2) / deaths if deaths else NEVER,
        log_hr_slope=0.0,
        log_hr_bulbar=0.0,
        log_hr_age=0.0,
        dropout_per_month=_leaving_hazard(study, data, months[-1], deaths),
    )


def _visits(study: Study, known: np.ndarray) -> np.ndarray:
    """Choose the visits up to the last primary one; of many, some evenly spread."""
    last = study.primary.visits[-1] - study.config.time.baseline
    known = known[(known >= 0) & (known <= last)]
    if len(known) <= MOST_VISITS + 1:
        return known
    places = np.linspace(0, len(known) - 1, MOST_VISITS + 1).round().astype(int)
    return known[places]


def _decline(study: Study, data: pd.DataFrame, last: float) -> float:
    """Give the mean loss per unit of time in the control arm, seen at baseline and at the end."""
    control = data[data[ARM] == study.control]
    wide = control.pivot_table(index="USUBJID", columns="time", values="score")
    if last not in wide or 0 not in wide:
        return 0.0
    change = (wide[last] - wide[0]).mean()
    return 0.0 if math.isnan(change) else float(-change / last)


def _ends(limits: tuple[float, float] | None, better: str, first: pd.Series) -> tuple[float, float]:
    """Give the ends of the scale, turned as the scores are; far away where there are none."""
    if limits is None:
        width = 1000 * float(first.std())
        return float(first.min()) - width, float(first.max()) + width
    low, high = (float(limit) for limit in limits)
    return (low, high) if better == "higher" else (-high, 0.0 - low)


def _death_hazard(study: Study) -> float:
    """Deaths per unit of time, all arms together; 0 where none is known."""
    code = study.primary.death
    endpoint = next((e for e in study.config.time_to_event if e.parameter == code), None)
    if endpoint is None:
        return 0.0
    times = study.times(endpoint)
    total = float(times["AVAL"].sum())
    return float(times["EVENT"].sum()) / total if total > 0 else 0.0


def _leaving_hazard(study: Study, data: pd.DataFrame, last: float, deaths: float) -> float:
    """Give the rate at which values are lost for other reasons than death."""
    seen = data.loc[data["time"] == last, "USUBJID"].nunique() / len(study.subjects())
    return max(0.0, float(-math.log(seen) / last - deaths)) if seen > 0 else 0.0


def _dies(scenario: Scenario) -> bool:
    return scenario.survival_median < NEVER


def _worlds(study: Study, planned: Scenario, sizes: SampleSizes) -> tuple[World, ...]:
    """Give the planned world and those in which one thing goes wrong."""
    last, unit = planned.months[-1], study.config.time.unit
    treated = len(study.treated)
    points = f" {sizes.unit}" if sizes.unit else ""
    half, brief = sizes.effect / 2, last / 4
    # The spread of the loss by the last visit makes one step of the links of drop-out.
    spread = math.hypot(planned.post_decline_sd * last, math.sqrt(2) * planned.noise_sd)
    leaving = replace(
        planned,
        dropout_per_month=max(planned.dropout_per_month, 0.1 / last),
        dropout_log_hr_arm=(0.0, *(math.log(2) for _ in study.treated)),
    )
    link = math.log(2) / spread
    worlds = [
        World(
            "As planned",
            f"treatment is better by {sizes.effect:.3g}{points} at {sizes.visit.lower()}, and "
            "patients leave and die whatever their course",
            planned,
        ),
        World(
            "Raters know the arm",
            f"every treated patient is rated {half:.3g}{points} too well at every visit",
            replace(planned, rater_bias=(0.0, *(half for _ in range(treated)))),
        ),
        World(
            "The effect wanes",
            f"the effect on the course halves every {_time(brief, unit)}",
            replace(planned, effect_half_life=brief),
            effect_only=True,
        ),
        World(
            "Leaving: seen course",
            "treated patients leave twice as often, and the more so the worse they were at their "
            "last visit",
            replace(leaving, dropout_log_hr_seen=link),
        ),
        World(
            "Leaving: unseen course",
            "the same, but what drives them out is the score that nobody sees any more",
            replace(leaving, dropout_log_hr_unseen=link),
        ),
    ]
    if _dies(planned) and planned.post_decline_sd > 0:
        tied = replace(planned, log_hr_decline=math.log(2) / planned.post_decline_sd)
        worlds.append(
            World(
                "Decline brings death",
                "patients whose course is worse by one standard deviation die at twice the rate, "
                "so that an effect on the course reaches survival",
                tied,
            )
        )
    return tuple(worlds)


def _time(span: float, unit: str) -> str:
    return f"{span:.2g} {unit}" if span == 1 else f"{span:.2g} {unit}s"


def _result_rows(study: Study, frame: pd.DataFrame, planned: Scenario) -> pd.DataFrame:
    """Bring the measures into the result columns."""
    kept = frame[frame["measure"].isin([EFFECT, NOTHING, "bias", "coverage", "expected n"])]
    sizes = dict(zip(study.arms, planned.n_per_arm, strict=True))
    words = kept["label"].map(str.lower)
    return kept.assign(
        key=kept["analysis"],
        label=kept["analysis"].map(lambda key: ANALYSES[key].label),
        treated=kept["arm"],
        analysis="simulated " + kept["measure"] + ", " + words + ", " + kept["world"].str.lower(),
        endpoint=study.parameter(study.primary.parameter).label,
        visit=study.visit_label(study.primary.visits[-1]),
        n_control=planned.n_per_arm[0],
        n_treated=kept["arm"].map(sizes),
        contrast=kept["arm"] + f" vs {study.control}",
    ).reset_index(drop=True)
