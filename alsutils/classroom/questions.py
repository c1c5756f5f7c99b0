"""What students are asked of their trial, and the answers, computed from its data."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.stats.ancova import ancova
from alsutils.stats.hazards.cox import cox
from alsutils.stats.mmrm import fit_mmrm
from alsutils.stats.proportions import Tables, fisher_tests
from alsutils.stats.survival import kaplan_meier, log_rank, restricted_mean_difference
from alsutils.stats.two_sample import MeanDifference, Sample, mean_difference
from alsutils.study import ARM, Study

P_DECIMALS = 3
HORIZON = 24.0  # months
_NORMAL = 1.959964  # what a reader of a z table uses in place of Student's quantile


@dataclass(frozen=True)
class Slip:
    """A wrong answer that a common mistake gives.

    Attributes
    ----------
    value : float
        What one gets.
    feedback : str
        What to look at again.
    """

    value: float
    feedback: str


@dataclass(frozen=True)
class Question:
    """One question about one trial, with its answer.

    Attributes
    ----------
    id : str
        Its name in the answer file.
    chapter : str
        Where the book treats it.
    text : str
        The question.
    answer : float or str
        What the package computes; a word where there are ``choices``.
    decimals : int
        Digits after the point that are asked for.
    slips : tuple of Slip
        Common mistakes.
    choices : tuple of str
        Words to choose from; empty where a number is asked for.
    points : int
        0 where the answer is not graded.
    """

    id: str
    chapter: str
    text: str
    answer: float | str
    decimals: int = 0
    slips: tuple[Slip, ...] = ()
    choices: tuple[str, ...] = ()
    points: int = 1

    @property
    def tolerance(self) -> float:
        """How far an answer may be off: one unit of the last digit asked for, 0 for a count.

        Rounding takes half a unit; the other half is for software that stops a little earlier.
        """
        return 0.0 if self.decimals == 0 else 10.0**-self.decimals


def questions(study: Study) -> tuple[Question, ...]:
    """Ask and answer everything about one student's trial.

    Parameters
    ----------
    study : Study
        A trial with two arms.

    Returns
    -------
    tuple of Question
        In the order of the book. What the data do not hold, such as an event that nobody had, is
        not asked.
    """
    compared = _compared(study)
    parts: tuple[Callable[[Study, _Compared], Iterator[Question]], ...] = (
        _design,
        _safety,
        _primary,
        _repeated,
        _mechanism,
        _survival,
        _verdict,
    )
    return tuple(question for part in parts for question in part(study, compared))


def _direction(study: Study) -> str:
    return f"{study.treated[0]} minus {study.control}"


@dataclass(frozen=True)
class _Compared:
    """The main comparison of a trial, on which several questions rest.

    Attributes
    ----------
    rows : DataFrame
        The changes at the last primary visit.
    label, visit : str
        The endpoint and the visit in words.
    plain : MeanDifference
        The difference of the mean changes.
    adjusted : Series
        The same, adjusted for the baseline.
    """

    rows: pd.DataFrame
    label: str
    visit: str
    plain: MeanDifference
    adjusted: pd.Series


def _compared(study: Study) -> _Compared:
    endpoint = study.primary
    visit = endpoint.visits[-1]
    rows = study.records(endpoint.parameter, endpoint.population, [visit]).dropna(subset=["CHG"])
    return _Compared(
        rows,
        study.parameter(endpoint.parameter).label,
        study.visit_phrase(visit),
        mean_difference(*_by_arm(study, rows, "CHG"), conf_level=study.conf_level),
        ancova(rows, "CHG", ARM, ["BASE"], study.conf_level).frame.iloc[0],
    )


def _by_arm(study: Study, rows: pd.DataFrame, column: str) -> tuple[Sample, Sample]:
    """Give the treated and the control sample of a column."""
    treated, control = (
        Sample.of(rows.loc[rows[ARM] == arm, column]) for arm in (study.treated[0], study.control)
    )
    return treated, control


def _design(study: Study, compared: _Compared) -> Iterator[Question]:
    subjects = study.subjects()
    treated = int((subjects[ARM] == study.treated[0]).sum())
    yield Question(
        "n_treated",
        "design",
        f"How many patients were randomised to {study.treated[0]}?",
        treated,
        slips=(Slip(len(subjects), "That is everybody who was randomised, in both arms."),),
    )
    missing = len(subjects) - compared.rows["USUBJID"].nunique()
    yield Question(
        "n_missing",
        "design",
        f"How many of all randomised patients have no change of {compared.label} at "
        f"{compared.visit}?",
        missing,
        slips=(Slip(len(subjects) - missing, "That is how many have one."),),
    )


def _safety(study: Study, _: _Compared) -> Iterator[Question]:
    block = study.config.adverse_events
    if block is None:
        return
    events = study.events()
    people = study.subjects(block.population)[ARM].value_counts()
    n1, n0 = int(people[study.treated[0]]), int(people[study.control])
    affected = events.drop_duplicates(["USUBJID", block.term])
    counts = pd.crosstab(affected[block.term], affected[ARM], dropna=False)
    if counts.empty:
        return
    totals = counts.sum(axis=1).sort_index().sort_values(ascending=False, kind="stable")
    term = str(totals.index[0])
    x1, x0 = int(counts.loc[term, study.treated[0]]), int(counts.loc[term, study.control])
    rows = events[events[block.term] == term][ARM].value_counts()
    difference = 100 * (x1 / n1 - x0 / n0)
    per_event = 100 * (int(rows[study.treated[0]]) / n1 - int(rows[study.control]) / n0)
    yield Question(
        "risk_difference",
        "safety",
        f"In the safety population, by how many percentage points does the share of patients with "
        f"treatment-emergent {term.lower()} differ, {_direction(study)}?",
        difference,
        1,
        (
            *_wrong_way(difference),
            Slip(difference / 100, "That is a share; percentage points are asked for."),
            Slip(per_event, "That counts events. A patient who had it twice counts once."),
        ),
    )
    p = float(fisher_tests(Tables.one(x1, n1, x0, n0)).p_value[0])
    yield Question(
        "risk_p",
        "safety",
        f"What is the two-sided p-value of Fisher's exact test for {term.lower()}?",
        p,
        P_DECIMALS,
        _one_sided(p),
    )


def _primary(study: Study, compared: _Compared) -> Iterator[Question]:
    label, visit, found, adjusted = (
        compared.label, compared.visit, compared.plain, compared.adjusted,
    )  # fmt: skip
    values = mean_difference(*_by_arm(study, compared.rows, "AVAL"))
    way = _direction(study)
    yield Question(
        "difference",
        "primary",
        f"By how many points do the mean changes of {label} from baseline to {visit} differ, {way}?"
        " (Patients of the primary analysis with a value; no adjustment.)",
        found.estimate,
        2,
        (
            *_wrong_way(found.estimate),
            Slip(values.estimate, "That compares the values, not their changes from baseline."),
            Slip(
                float(adjusted["estimate"]), "That is adjusted for baseline; here the plain one is."
            ),
        ),
    )
    level = f"{100 * study.conf_level:g}%"
    for end, value in (("low", found.conf_low), ("high", found.conf_high)):
        sign = -1 if end == "low" else 1
        normal = found.estimate + sign * _NORMAL * found.std_error
        yield Question(
            f"difference_{end}",
            "primary",
            f"What is the {'lower' if end == 'low' else 'upper'} limit of its {level} confidence "
            "interval (Student's t, pooled variance)?",
            value,
            2,
            (Slip(normal, "That is a normal quantile; Student's t is wider."),),
        )
    yield Question(
        "ancova",
        "primary",
        f"What is the difference after adjustment for the baseline value (ANCOVA of the change), "
        f"{way}?",
        float(adjusted["estimate"]),
        2,
        (
            *_wrong_way(float(adjusted["estimate"])),
            Slip(found.estimate, "That is the plain difference, not adjusted for baseline."),
        ),
    )
    yield Question(
        "ancova_p",
        "primary",
        "What is its two-sided p-value (model-based standard error)?",
        float(adjusted["p_value"]),
        P_DECIMALS,
        (
            *_one_sided(float(adjusted["p_value"])),
            Slip(found.p_value, "That is the p-value of the plain t-test."),
        ),
    )


def _repeated(study: Study, compared: _Compared) -> Iterator[Question]:
    endpoint = study.primary
    rows = study.records(endpoint.parameter, endpoint.population)
    rows = rows[(rows["AVISITN"] > study.config.time.baseline) & rows["CHG"].notna()]
    visits = sorted(rows["AVISITN"].unique())
    named = rows.assign(VISIT=pd.Categorical(rows["AVISITN"].map(study.visit_label),
        [study.visit_label(v) for v in visits], ordered=True))  # fmt: skip
    try:
        fit = fit_mmrm(
            f"CHG ~ {ARM} * VISIT + BASE * VISIT",
            named,
            subject="USUBJID",
            visit="VISIT",
            df="kenward-roger",
            vcov="kenward-roger-linear",
            reference={ARM: study.control},
        )
    except ValueError:
        return
    table = fit.contrasts(ARM, by="VISIT", reference=study.control, conf_level=study.conf_level)
    last = table.iloc[-1]
    yield Question(
        "mmrm",
        "primary",
        f"Fit a mixed model for repeated measures to the changes of {compared.label} at all visits "
        f"after baseline: arm by visit, baseline by visit, unstructured covariance, REML. What is "
        f"the difference at {compared.visit}, {_direction(study)}?",
        float(last["estimate"]),
        2,
        (
            *_wrong_way(float(last["estimate"])),
            Slip(compared.plain.estimate, "That is the plain difference of those who were seen."),
            Slip(float(table.iloc[-2]["estimate"]), "That is the visit before."),
        ),
    )
    yield Question(
        "mmrm_p",
        "primary",
        "What is its two-sided p-value (Kenward-Roger)?",
        float(last["p_value"]),
        2,
        _one_sided(float(last["p_value"])),
    )


def _mechanism(study: Study, _: _Compared) -> Iterator[Question]:
    block = study.config.biomarkers
    if block is None:
        return
    visit = block.visits[-1]
    for analyte in block.panel:
        rows = study.records(analyte.parameter, block.population, [visit], dataset=block.dataset)
        # A value below the limit has no AVAL; this is about means, so such an analyte is passed by.
        below = rows["AVALC"].astype("str").str.startswith("<").any()
        rows = rows.dropna(subset=["AVAL", "BASE"])
        if not below and rows[ARM].nunique() == 2:
            break
    else:
        return
    logs = rows.assign(LOG=np.log(rows["AVAL"]), LOGBASE=np.log(rows["BASE"]))
    found = ancova(logs, "LOG", ARM, ["LOGBASE"], study.conf_level).frame.iloc[0]
    treated, control = _by_arm(study, rows, "AVAL")
    ratio = float(np.exp(found["estimate"]))
    yield Question(
        "ratio",
        "mechanism",
        f"What is the ratio of the geometric means of {analyte.label} at "
        f"{study.visit_phrase(visit)}, {study.treated[0]} over {study.control}, adjusted for the "
        "baseline by an analysis of covariance of the logarithms?",
        ratio,
        2,
        (
            Slip(1 / ratio, "That is the ratio the other way up."),
            Slip(float(found["estimate"]), "That is its logarithm; take the exponential."),
            Slip(treated.mean / control.mean, "That is the ratio of the arithmetic means."),
        ),
    )


def _survival(study: Study, _: _Compared) -> Iterator[Question]:
    if not study.config.time_to_event:
        return
    endpoint = study.config.time_to_event[0]
    rows = study.times(endpoint)
    on = (rows[ARM] == study.treated[0]).to_numpy()
    time, event = rows["AVAL"].to_numpy(float), rows["EVENT"].to_numpy(bool)
    if min(event[on].sum(), event[~on].sum()) == 0:
        return
    fit = cox(time, event, pd.DataFrame({"treated": on.astype(float)}), study.conf_level)
    ratio = float(np.exp(fit.frame["estimate"].iloc[0]))
    breslow = cox(time, event, pd.DataFrame({"treated": on.astype(float)}), ties="breslow")
    yield Question(
        "hazard_ratio",
        "survival",
        f"What is the hazard ratio of {endpoint.label.lower()}, {study.treated[0]} against "
        f"{study.control} (Cox model with the arm alone, Efron's ties)?",
        ratio,
        2,
        (
            Slip(1 / ratio, "That is the other arm against this one."),
            Slip(float(np.log(ratio)), "That is its logarithm; take the exponential."),
            Slip(float(np.exp(breslow.frame["estimate"].iloc[0])), "That is Breslow's ties."),
        ),
    )
    p = float(log_rank(time, event, on).p_value)
    yield Question(
        "log_rank_p",
        "survival",
        "What is the two-sided p-value of the log-rank test?",
        p,
        P_DECIMALS,
        _one_sided(p),
    )
    if min(time[on].max(), time[~on].max()) < HORIZON:
        return
    curves = [kaplan_meier(time[mask], event[mask]) for mask in (on, ~on)]
    gained = float(restricted_mean_difference(curves[0], curves[1], HORIZON).estimate)
    yield Question(
        "rmst",
        "survival",
        f"By how many {endpoint.unit}s do the restricted mean times up to {HORIZON:g} "
        f"{endpoint.unit}s differ, {_direction(study)}?",
        gained,
        2,
        _wrong_way(gained),
    )


def _verdict(study: Study, compared: _Compared) -> Iterator[Question]:
    yield Question(
        "significant",
        "appraisal",
        f"Does the ANCOVA reject the hypothesis of no difference at the two-sided level of "
        f"{study.alpha:g}?",
        "yes" if compared.adjusted["p_value"] <= study.alpha else "no",
        choices=("yes", "no"),
    )
    yield Question(
        "verdict",
        "appraisal",
        "In your judgement, does the treatment slow the disease in truth? (Not graded: nobody can "
        "know from one trial. The class counts how many were right.)",
        "",
        choices=("yes", "no"),
        points=0,
    )


def _wrong_way(value: float) -> tuple[Slip, ...]:
    return (Slip(-value, "The sign is the other way round: treated minus control."),)


def _one_sided(p: float) -> tuple[Slip, ...]:
    return (Slip(p / 2, "That is one-sided; two-sided is asked for."),)
