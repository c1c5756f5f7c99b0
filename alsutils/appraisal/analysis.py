"""The whole trial weighed: its endpoints on one scale, its main result, its print."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from alsutils import primary
from alsutils.display.format import p_value
from alsutils.stats.forensics import check_p, check_printed, grimmer
from alsutils.stats.strength import design_errors, normal_posterior, sceptical_prior_sd
from alsutils.stats.two_sample import Sample, hedges_g, mean_difference
from alsutils.study import ARM, Study
from alsutils.study.config import PrintedComparison, PrintedGroup
from alsutils.study.telling import hides_sizes, opened, tell_sizes

MEASURED_BY = {
    "rating": "Judged by a rater",
    "self_report": "Told by the patient",
    "instrument": "Read from an instrument",
    "laboratory": "Measured in a laboratory",
}


@dataclass(frozen=True)
class Standardised:
    """Every endpoint on one scale.

    Attributes
    ----------
    frame : DataFrame
        The result columns with Hedges' g as estimate, turned so that above 0 is better for the
        patient; and ``measured_by`` (in words) and ``treated``.
    """

    frame: pd.DataFrame


@dataclass(frozen=True)
class Scepticism:
    """The main result seen with doubts of different strength.

    Attributes
    ----------
    frame : DataFrame
        One row a visit, arm and prior: ``visit``, ``contrast``, ``treated``, ``prior_sd``,
        ``estimate``, ``conf_low``, ``conf_high`` (posterior, in the endpoint's unit) and
        ``probability_better``.
    limits : DataFrame
        One row a visit and arm: the result columns of the main analysis and ``prior_sd``, the
        widest prior around no effect with which the posterior interval still reaches 0; missing
        where the interval holds 0 by itself.
    """

    frame: pd.DataFrame
    limits: pd.DataFrame


@dataclass(frozen=True)
class Exaggeration:
    """What trials of this precision would have found.

    Attributes
    ----------
    frame : DataFrame
        One row a visit, arm and assumed true effect: ``visit``, ``contrast``, ``treated``,
        ``effect`` (endpoint's unit), ``power``, ``exaggeration``, ``wrong_sign``, ``observed``.
    """

    frame: pd.DataFrame


@dataclass(frozen=True)
class Forensics:
    """Printed rows recomputed from their own printed cells.

    Attributes
    ----------
    frame : DataFrame
        Three rows a printed comparison, told apart by ``source``: what is printed, and the same by
        the pooled and by Welch's t-test. Columns ``endpoint``, ``visit``, ``contrast``,
        ``estimate``, ``std_error``, ``conf_low``, ``conf_high``, ``p`` (as text) and ``misfits``:
        printed figures that the test does not give, as text; missing in the printed row.
    solutions : DataFrame
        One row a printed comparison of whole-number scores: ``endpoint``, ``visit`` and
        ``solutions``, the number of pairs of sums and sums of squares that print as both cells.
    """

    frame: pd.DataFrame
    solutions: pd.DataFrame


def standardised(study: Study) -> Standardised:
    """Put every endpoint of the trial on one scale, in standard deviations.

    Parameters
    ----------
    study : Study
        The trial.

    Returns
    -------
    Standardised
        Each endpoint at each of its visits, each arm against the control, unadjusted.
    """
    rows = []
    for endpoint in study.endpoints:
        about = study.parameter(endpoint.parameter)
        sign = 1 if about.better == "higher" else -1
        for visit, arm in product(endpoint.visits, study.treated):
            records = study.records(endpoint.parameter, endpoint.population, [visit])
            values = sign * records[endpoint.value]
            treated, control = (Sample.of(values[records[ARM] == a]) for a in (arm, study.control))
            g = hedges_g(treated, control, study.conf_level)
            rows.append(
                {
                    "analysis": "Hedges' g, above 0 is better",
                    "endpoint": about.label,
                    "population": study.population_label(endpoint.population),
                    "visit": study.visit_label(visit),
                    "contrast": f"{arm} vs {study.control}",
                    "n_control": control.n,
                    "n_treated": treated.n,
                    "estimate": g.estimate,
                    "std_error": g.std_error,
                    "conf_low": g.conf_low,
                    "conf_high": g.conf_high,
                    "measured_by": MEASURED_BY[about.measured_by],
                    "treated": arm,
                }
            )
    return Standardised(_told(study, pd.DataFrame(rows)))


def _told(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """Take out what tells of a few patients; the errors of standardised differences do."""
    rule = study.disclosure
    if rule.is_open:
        return frame
    few = rule.hides(frame[["n_control", "n_treated"]]).any(axis=1)
    sized = tell_sizes(study, frame)
    figures = ["estimate", "std_error", "conf_low", "conf_high"]
    return sized.assign(**{c: sized[c].mask(few).round(2) for c in figures})


def scepticism(study: Study, steps: int = 60) -> Scepticism:
    """Combine the main result with ever stronger doubt.

    Parameters
    ----------
    study : Study
        The trial.
    steps : int
        Number of priors, from very narrow to wide.

    Returns
    -------
    Scepticism
        Priors are normal around no effect.

    References
    ----------
    Matthews RAJ. Beyond 'significance': principles and practice of the analysis of credibility.
    R Soc Open Sci 2018;5:171047. doi:10.1098/rsos.171047
    """
    rows, limits = [], []
    sign = 1 if study.parameter(study.primary.parameter).better == "higher" else -1
    for row in main_rows(study):
        estimate, std_error = row["estimate"], row["std_error"]
        widest = 2 * max(abs(estimate), 2 * std_error)
        for prior_sd in np.linspace(widest / steps, widest, steps):
            belief = normal_posterior(estimate, std_error, 0.0, prior_sd, study.conf_level)
            above = belief.probability_above
            rows.append(
                {
                    "visit": row["visit"],
                    "contrast": row["contrast"],
                    "treated": row["treated"],
                    "prior_sd": prior_sd,
                    "estimate": belief.estimate,
                    "conf_low": belief.conf_low,
                    "conf_high": belief.conf_high,
                    "probability_better": above if sign > 0 else 1 - above,
                }
            )
        told = {} if study.disclosure.is_open else {"df": np.nan}
        limits.append(
            row | told | {"prior_sd": sceptical_prior_sd(estimate, std_error, study.conf_level)}
        )
    return Scepticism(pd.DataFrame(rows), pd.DataFrame(limits))


def exaggeration(study: Study, steps: int = 40) -> Exaggeration:
    """Ask what trials of this precision find, had the effect been smaller or larger than seen.

    Parameters
    ----------
    study : Study
        The trial.
    steps : int
        Number of assumed true effects, up to one and a half times the one observed or four
        standard errors, whichever is larger.

    Returns
    -------
    Exaggeration
        Power, exaggeration and errors of sign.
    """
    parts = []
    for row in main_rows(study):
        largest = max(1.5 * abs(row["estimate"]), 4 * row["std_error"])
        effects = np.linspace(largest / steps, largest, steps)
        errors = design_errors(effects.tolist(), row["std_error"], row["df"], study.alpha)
        parts.append(
            errors.frame.assign(
                visit=row["visit"],
                contrast=row["contrast"],
                treated=row["treated"],
                observed=abs(row["estimate"]),
            )
        )
    return Exaggeration(pd.concat(parts, ignore_index=True) if parts else pd.DataFrame())


@dataclass(frozen=True)
class Exposure:
    """How far missing patients and many comparisons could mislead.

    Attributes
    ----------
    randomised : int
        Patients.
    missing : float
        Those of them without an observed primary value at the last primary visit; missing where it
        may not be told.
    missing_told : str
        The same in words.
    last_visit : float
        AVISITN of that visit.
    comparisons : int
        Comparisons of endpoints, visits and arms that study.yml names.
    by_chance : float
        How many of them would exclude no difference if nothing differed.
    """

    randomised: int
    missing: float
    missing_told: str
    last_visit: float
    comparisons: int
    by_chance: float


def exposure(study: Study) -> Exposure:
    """Count who is missing and how often the arms are compared.

    Parameters
    ----------
    study : Study
        The trial.

    Returns
    -------
    Exposure
        Values that were carried forward count as missing.
    """
    endpoint = study.primary
    last = endpoint.visits[-1]
    seen = study.records(endpoint.parameter, visits=[last], where=endpoint.observed)
    randomised = len(study.subjects())
    comparisons = sum(len(e.visits) for e in study.endpoints) * len(study.treated)
    missing = randomised - int(seen[endpoint.value].notna().sum())
    by_arm = seen.dropna(subset=endpoint.value)[ARM].astype("str").value_counts()
    few = bool(study.disclosure.hides(missing, of=randomised))
    # Less what is told of the other arms, the total would tell of the one that is not.
    near = bool(hides_sizes(study, pd.Series(by_arm.index, by_arm.index), by_arm).any())
    told = study.disclosure.count(missing, of=randomised)
    return Exposure(
        randomised=randomised,
        missing=np.nan if few or near else missing,
        missing_told="some" if near and not few else told,
        last_visit=last,
        comparisons=comparisons,
        by_chance=comparisons * study.alpha,
    )


def forensics(study: Study) -> Forensics | None:
    """Recompute every printed comparison from its own printed cells; None where nothing is printed.

    Parameters
    ----------
    study : Study
        With a ``published`` block; its data are not used.

    Returns
    -------
    Forensics or None
        Agreement is to within one unit of the last printed digit, which rounded cells allow.
    """
    if study.published is None or not study.published.comparisons:
        return None
    control = study.config.arms[0]
    rows, solutions = [], []
    for row in study.published.comparisons:
        about = study.parameter(row.parameter)
        for arm in study.config.arms[1:]:
            if not {arm.value, control.value} <= set(row.groups):
                continue
            cells = (row.groups[arm.value], row.groups[control.value])
            name = {
                "endpoint": about.label,
                "visit": study.visit_label(row.visit),
                "contrast": f"{arm.label} vs {control.label}",
            }
            rows += [name | found for found in _by_source(row, cells, study.conf_level)]
            if about.whole:
                counts = [len(grimmer(cell.n, cell.mean, cell.sd)) for cell in cells]
                solutions.append(name | {"solutions": math.prod(counts)})
    if not rows:
        return None
    columns = ["endpoint", "visit", "contrast", "solutions"]
    return Forensics(pd.DataFrame(rows), pd.DataFrame(solutions, columns=columns))


def _by_source(
    row: PrintedComparison, cells: tuple[PrintedGroup, PrintedGroup], conf_level: float
) -> Iterator[dict[str, object]]:
    """Give a printed row, then the same from its cells by each of the two t-tests."""
    yield {
        "source": "Printed",
        "estimate": row.difference,
        "std_error": row.se,
        "conf_low": row.ci[0],
        "conf_high": row.ci[1],
        "p": row.p,
    }
    treated, control = (Sample(cell.n, cell.mean, cell.sd) for cell in cells)
    for variance, words in primary.TESTS.items():
        test = mean_difference(treated, control, variance, conf_level)
        printed = {
            "difference": (row.difference, test.estimate),
            "SE": (row.se, test.std_error),
            "lower limit": (row.ci[0], test.conf_low),
            "upper limit": (row.ci[1], test.conf_high),
        }
        misfits = [name for name, pair in printed.items() if not check_printed(*pair).agrees]
        misfits += [] if check_p(row.p, test.p_value) else ["p"]
        yield {
            "source": words,
            "estimate": test.estimate,
            "std_error": test.std_error,
            "conf_low": test.conf_low,
            "conf_high": test.conf_high,
            "p": p_value(test.p_value),
            "misfits": ", ".join(misfits),
        }


def main_rows(study: Study) -> list[dict[str, float]]:
    """Give the main analysis, row by row, where it has an estimate and its error.

    Parameters
    ----------
    study : Study
        The trial.

    Returns
    -------
    list of dict
        With degrees of freedom to compute with: they count patients, and are not for every page.
    """
    frame = primary.published_analysis(study).frame
    if "df" in frame and not study.disclosure.is_open:
        frame = frame.assign(df=primary.published_analysis(opened(study)).frame["df"])
    frame = frame[frame["std_error"] > 0] if len(frame) else frame
    rows: list[dict[str, float]] = frame.to_dict("records")
    return rows
