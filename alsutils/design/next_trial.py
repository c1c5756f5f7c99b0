"""What this trial lets expect of the next one, and what the next one found where there was one."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.design.telling import planned_sizes, planned_spread
from alsutils.stats.assurance import (
    Belief,
    arms_assurance,
    assurance,
    assurance_limit,
    given_significance,
    posterior,
    record_of_trials,
    size_for_assurance,
)
from alsutils.stats.power import Level, pooled_sd
from alsutils.stats.telling import significant
from alsutils.stats.two_sample import Sample, mean_difference
from alsutils.study import ARM, Study
from alsutils.study.later import LaterTrial

WANTED = 0.8  # assurance that a trial is planned for
CURVE_POINTS = 40
MOST_NAMED = 10_000  # patients an arm; a larger trial is only called larger

FACE = "At face value"
CAUTION = "One standard error less"
CHOSEN = "Carried on because p was small"
RECORD = "Past trials as a guide"
SCEPTIC = "With a sceptic of equal weight"


@dataclass(frozen=True)
class OpenLabelBias:
    """How far knowing the arm moved an endpoint, on average, in trials that measured it both ways.

    Attributes
    ----------
    size, low, high : float
        Mean difference in favour of treatment, in standard deviations, with its 95% interval.
    whom : str
        Who knew the arm.
    cite_key : str
        Key of the source in references.bib.
    """

    size: float
    low: float
    high: float
    whom: str
    cite_key: str

    @property
    def std_error(self) -> float:
        """Standard error of the mean, from the interval."""
        return (self.high - self.low) / (2 * 1.959964)


# Trials in which the same scale was rated by assessors who knew the arm and by others who did not
# (16 trials), and trials whose patients were drawn into blind and open parts (12 trials).
BIAS = {
    "rating": OpenLabelBias(0.23, 0.06, 0.40, "assessors", "hrobjartsson2013"),
    "self_report": OpenLabelBias(0.56, 0.41, 0.71, "patients", "hrobjartsson2014"),
}


@dataclass(frozen=True)
class NextTrial:
    """The probability that the next trial succeeds, by what is believed of the effect.

    Effects are turned so that above 0 is better for the patient, in the endpoint's unit.

    Attributes
    ----------
    start : DataFrame
        One row a treated arm: ``treated``, ``contrast``, ``estimate``, ``std_error``, ``df``,
        ``p_value`` (two-sided pooled t-test at the last primary visit), ``sd`` (pooled),
        ``n_treated``, ``n_control``, ``bias`` and ``bias_sd`` (size and uncertainty of the bias
        that is taken off, in the endpoint's unit; 0 where none is).
    beliefs : DataFrame
        One row an arm and belief: ``treated``, ``belief`` (words), ``less_bias`` (whether a bias of
        the open label was taken off), ``estimate``, ``std_error``, ``conf_low``, ``conf_high`` (of
        the effect), ``probability_better``, ``again`` (assurance of a trial of the same size),
        ``limit`` (of a trial without end) and ``n_wanted`` (patients an arm for an assurance of
        WANTED; missing beyond the limit).
    curve : DataFrame
        ``treated``, ``belief``, ``less_bias``, ``n`` (patients analysed an arm), ``assurance``.
    later : DataFrame
        One row a later trial, its arm, and belief: ``trial``, ``arm``, ``treated`` (of this
        study), ``n_control``, ``n_treated``, ``belief``, ``less_bias``, ``assurance``; ``p`` and
        ``at`` (reported) and ``as_large`` (probability that its p-value is that large or the
        difference is not in favour); missing where nothing was reported.
    together : DataFrame
        One row a later trial and belief: ``trial``, ``treated``, ``belief``, ``less_bias``,
        ``at_least_one`` and ``every`` (of its arms succeed, if all have the same effect).
    bias : OpenLabelBias or None
        What is taken off; None where patients or raters did not know the arm, or where the
        endpoint leaves knowing little room.
    label, unit, visit : str
        Of the endpoint, and the visit within a sentence.
    shared : dict of str to str
        Endpoint, population and visit in the table of all results.
    """

    start: pd.DataFrame
    beliefs: pd.DataFrame
    curve: pd.DataFrame
    later: pd.DataFrame
    together: pd.DataFrame
    bias: OpenLabelBias | None
    label: str
    unit: str
    visit: str
    shared: dict[str, str]

    @property
    def frame(self) -> pd.DataFrame:
        """Result columns: the effects believed, and the probabilities of success."""
        names = self.start[["treated", "contrast", "n_control", "n_treated"]]
        told = self.beliefs.merge(names, on="treated")
        words = _words(told)
        effects = told.assign(analysis="true effect, above 0 is better: " + words)
        chances = told[["contrast", "n_control", "n_treated"]].assign(
            analysis="assurance of the same trial again: " + words, estimate=told["again"]
        )
        parts = [effects, chances]
        if len(self.later):
            parts.append(
                self.later[["n_control", "n_treated"]].assign(
                    analysis="assurance: " + _words(self.later),
                    contrast=self.later["trial"] + ", " + self.later["arm"],
                    estimate=self.later["assurance"],
                )
            )
        return pd.concat(parts, ignore_index=True).assign(**self.shared)


def next_trial(study: Study) -> NextTrial | None:
    """Average the next trial's power over what can be believed of the effect after this one.

    Parameters
    ----------
    study : Study
        The difference of means of the primary endpoint at its last visit, unadjusted, is what is
        believed about; ``later_trials`` says which trials followed.

    Returns
    -------
    NextTrial or None
        None where no arm has a difference with a standard error.

    References
    ----------
    O'Hagan A, Stevens JW, Campbell MJ. Assurance in clinical trial design. Pharm Stat
    2005;4:187-201. Kirby S, Burke J, Chuang-Stein C, Sin C. Discounting phase 2 results when
    planning phase 3 clinical trials. Pharm Stat 2012;11:373-385.
    """
    about, bias = study.parameter(study.primary.parameter), _bias(study)
    level = Level(study.alpha)
    start = pd.DataFrame(
        [row for arm in study.treated for row in _difference(study, arm, bias)],
    )
    if start.empty:
        return None
    parts: dict[str, list[pd.DataFrame]] = {
        name: [] for name in ("beliefs", "curve", "later", "together")
    }
    for row in start.to_dict("records"):
        for words, less_bias, belief in _beliefs(row, level):
            name = {"treated": row["treated"], "belief": words, "less_bias": less_bias}
            told = _told(belief, row, level, study.conf_level)
            parts["beliefs"].append(pd.DataFrame([name | told]))
            parts["curve"].append(_curve(belief, row, level).assign(**name))
            for trial in _tried_again(study, row["treated"]):
                each, joint = _foretold(trial, belief, row["sd"], level)
                parts["later"].append(each.assign(**name))
                parts["together"].append(joint.assign(**name))
    whole = {
        key: pd.concat(found, ignore_index=True) if found else pd.DataFrame()
        for key, found in parts.items()
    }
    shared = {
        "endpoint": about.label,
        "population": study.population_label(study.primary.population),
        "visit": study.visit_label(study.primary.visits[-1]),
    }
    visit = study.visit_phrase(study.primary.visits[-1])
    return NextTrial(
        start, **whole, bias=bias, label=about.label, unit=about.unit, visit=visit, shared=shared
    )


def _bias(study: Study) -> OpenLabelBias | None:
    """Give the bias to take off: of ratings and reports in a trial without blinding."""
    design, about = study.config.design, study.parameter(study.primary.parameter)
    if design is None or design.masking != "none":
        return None
    return BIAS.get(about.measured_by)


def _difference(study: Study, arm: str, bias: OpenLabelBias | None) -> Iterator[dict[str, object]]:
    """Yield an arm's difference from the control, if it has a standard error."""
    endpoint = study.primary
    sign = 1 if study.parameter(endpoint.parameter).better == "higher" else -1
    records = study.records(endpoint.parameter, endpoint.population, [endpoint.visits[-1]])
    values = sign * records[endpoint.value]
    treated, control = (values[records[ARM] == a] for a in (arm, study.control))
    found = mean_difference(Sample.of(treated), Sample.of(control), "pooled", study.conf_level)
    if not found.std_error > 0:
        return
    analysed = {arm: found.treated.n, study.control: found.control.n}
    sizes = planned_sizes(study, analysed)
    sd = planned_spread(study, pooled_sd(treated, control), analysed)
    if sizes != analysed:
        mean = float(significant(found.estimate, 3))
        both = (Sample(sizes[arm], mean, sd), Sample(sizes[study.control], 0.0, sd))
        found = mean_difference(*both, "pooled", study.conf_level)
    yield {
        "treated": arm,
        "contrast": f"{arm} vs {study.control}",
        "estimate": found.estimate,
        "std_error": found.std_error,
        "df": found.df,
        "p_value": found.p_value,
        "sd": sd,
        "n_treated": found.treated.n,
        "n_control": found.control.n,
        "bias": 0.0 if bias is None else bias.size * sd,
        "bias_sd": 0.0 if bias is None else bias.std_error * sd,
    }


def _beliefs(row: dict[str, float], level: Level) -> Iterator[tuple[str, bool, Belief]]:
    """Yield what can be believed of the effect, first as measured, then less the bias."""
    estimate, error = row["estimate"], row["std_error"]
    biases = [(0.0, 0.0)]
    if row["bias"]:
        biases.append((row["bias"], row["bias_sd"]))
    for bias, bias_sd in biases:
        mean, sd = estimate - bias, float(np.hypot(error, bias_sd))
        less = bias != 0
        yield FACE, less, Belief.normal(mean, sd)
        yield CAUTION, less, Belief.normal(mean - error, sd)
        try:
            # What was chosen was the estimate with its bias in it.
            chosen = given_significance(estimate, error, level)
        except ValueError:
            pass
        else:
            if estimate > 0:
                yield CHOSEN, less, chosen.plus(-bias, bias_sd)
        yield RECORD, less, posterior(record_of_trials(error), mean, sd)
        yield SCEPTIC, less, posterior(Belief.normal(0.0, error), mean, sd)


def _told(
    belief: Belief, row: dict[str, float], level: Level, conf_level: float
) -> dict[str, float]:
    """Sum a belief up, and give its assurance."""
    low, high = belief.interval(conf_level)
    return {
        "estimate": belief.mean,
        "std_error": belief.sd,
        "conf_low": low,
        "conf_high": high,
        "probability_better": float(belief.probability_above()),
        "again": float(assurance(belief, row["sd"], row["n_control"], row["n_treated"], level)),
        "limit": assurance_limit(belief, level),
        "n_wanted": size_for_assurance(belief, row["sd"], WANTED, level=level).n_control,
    }


def _curve(belief: Belief, row: dict[str, float], level: Level) -> pd.DataFrame:
    """Give the assurance over the size of two equal arms."""
    most = max(200, 8 * max(row["n_control"], row["n_treated"]))
    sizes = np.unique(np.round(np.linspace(10, most, CURVE_POINTS)))
    return pd.DataFrame(
        {"n": sizes, "assurance": assurance(belief, row["sd"], sizes, sizes, level)}
    )


def _tried_again(study: Study, arm: str) -> Iterator[LaterTrial]:
    """Yield the later trials of an arm."""
    for trial in study.config.later_trials:
        again = study.treated[0] if trial.arm is None else study.arm_label(trial.arm)
        if again == arm:
            yield trial


def _foretold(
    trial: LaterTrial, belief: Belief, sd: float, level: Level
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the assurance of a later trial's arms, one by one and together."""
    shares = np.array([trial.control_share, *(arm.share for arm in trial.arms)])
    n_control, *sizes = np.maximum(2, np.round(trial.n * shares / shares.sum())).astype(int)
    reported = {outcome.arm: outcome for outcome in trial.outcomes}
    rows = []
    for arm, n_treated in zip(trial.arms, sizes, strict=True):
        outcome = reported.get(arm.label)
        row = {"trial": trial.name, "arm": arm.label, "n_control": n_control}
        row |= {"n_treated": n_treated}
        row["assurance"] = float(assurance(belief, sd, n_control, n_treated, level))
        row |= {"p": np.nan, "at": None, "as_large": np.nan}
        if outcome is not None:
            beyond = Level(min(max(outcome.p, 1e-9), 1 - 1e-9))
            smaller = float(assurance(belief, sd, n_control, n_treated, beyond))
            row |= {"p": outcome.p, "at": outcome.at, "as_large": 1 - smaller}
        rows.append(row)
    joint = arms_assurance(belief, sd, int(n_control), [int(n) for n in sizes], level)
    together = {"trial": trial.name, "at_least_one": joint.at_least_one, "every": joint.every}
    return pd.DataFrame(rows), pd.DataFrame([together])


def _words(frame: pd.DataFrame) -> pd.Series:
    """Name a belief in the table of results."""
    return frame["belief"].str.lower() + np.where(frame["less_bias"], ", less the bias", "")
