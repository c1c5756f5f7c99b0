"""Comparing hazards between the arms: one ratio, adjusted and by other models."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from alsutils.stats.hazards import (
    HazardFitError,
    cox,
    firth_cox,
    piecewise_exponential,
    proportionality_test,
    quantile_cuts,
    royston_parmar,
)
from alsutils.study import Study
from alsutils.study.telling import why_not
from alsutils.survival.times import Figures, Times, few_arms, names_of, times

UNADJUSTED, ADJUSTED = "hazard ratio (Cox)", "hazard ratio (Cox, adjusted)"
FIRTH = "hazard ratio (Cox, Firth's penalty)"
FIRTH_ADJUSTED = "hazard ratio (Cox, Firth's penalty, adjusted)"
BRESLOW = "hazard ratio (Cox, ties by Breslow)"
STRATIFIED = "hazard ratio (Cox, within strata)"
PIECEWISE = "hazard ratio (piecewise exponential)"
FLEXIBLE = "hazard ratio (Royston-Parmar)"
ALONE, TOGETHER = "hazard ratio (Cox, one covariate)", "hazard ratio (Cox, all covariates)"
WORDS = {
    UNADJUSTED: "Unadjusted",
    FIRTH: "Unadjusted, Firth",
    ADJUSTED: "Adjusted",
    FIRTH_ADJUSTED: "Adjusted, Firth",
}
ENOUGH = 10  # events for each term of a model; with fewer, Firth's penalty stands beside
MANY = 500  # events, from which the penalty no longer shows
PIECES = 4  # of time with a constant hazard


class Fit(Protocol):
    """A fitted model with a row a term: log hazard ratio, its error, test and limits."""

    @property
    def frame(self) -> pd.DataFrame:
        """One row a term."""
        ...


Fitter = Callable[[pd.DataFrame, pd.DataFrame], Fit]


@dataclass(frozen=True)
class Model:
    """The patients and the design of a model with an indicator for each treated arm.

    Attributes
    ----------
    frame : DataFrame
        Patients in it, as in `Times`; those without a covariate, or of an arm without events where
        the model cannot have it, are left out.
    design : DataFrame
        One column a treated arm, then the covariates as numbers.
    arms : tuple of str
        Treated arms in it.
    lost : int
        Patients left out for want of a covariate.
    """

    frame: pd.DataFrame
    design: pd.DataFrame
    arms: tuple[str, ...]
    lost: int


def hazard_ratios(study: Study) -> Figures | None:
    """Fit Cox models, unadjusted and adjusted for the covariates of the event.

    Arms enter as one indicator each, so that a model with several arms has one baseline hazard.
    Where events are few for the terms of a model, or an arm has none, the same model with Firth's
    penalty stands beside it.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Figures or None
        One row an event, treated arm and model: hazard ratio treated over control with its
        interval, ``std_error`` on the scale of the natural logarithm, and the p-value of the test
        of proportional hazards for that arm (``proportional_p``).
    """
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    for data in times(study):
        models: list[tuple[str, str, tuple[str, ...]]] = [(UNADJUSTED, FIRTH, ())]
        if data.endpoint.covariates:
            models.append((ADJUSTED, FIRTH_ADJUSTED, data.endpoint.covariates))
        for plain, penalised, covariates in models:
            found = _rows(study, data, plain, covariates, _efron(study))
            if _few(study, data, covariates):
                more = _rows(study, data, penalised, covariates, _firth(study), silent=True)
                found = [*found, *(r for r in more if not r["reason"])]
            rows += found
            lost = model_of(study, data, covariates).lost
            if lost:
                told = study.disclosure.count(lost, of=len(data.frame))
                notes.append(
                    f"{data.endpoint.label}: {told} of {len(data.frame)} patients lack a covariate "
                    "and are not in the adjusted model."
                )
    notes += [
        f"{r['endpoint']}, {r['analysis']}, {r['treated']}: {r['reason']}."
        for r in rows
        if r["reason"]
    ]
    return Figures(pd.DataFrame(rows), tuple(dict.fromkeys(notes))) if rows else None


def models(study: Study) -> Figures | None:
    """Estimate the unadjusted hazard ratio by other models of the baseline hazard.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Figures or None
        One row an event, treated arm and model that could be fitted.
    """
    rows: list[dict[str, Any]] = []
    for data in times(study):
        for analysis, fitter in _alternatives(study, data):
            rows += _rows(study, data, analysis, (), fitter)
    frame = pd.DataFrame(rows)
    return Figures(frame[frame["reason"] == ""].reset_index(drop=True)) if rows else None


def covariates(study: Study) -> Figures | None:
    """Give the hazard ratio of each covariate, alone and with the arms and the others.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Figures or None
        One row an event, term and model, with ``term`` in words and ``short`` in fewer; a number
        counts by its standard deviation. None where no event has covariates.
    """
    rows: list[dict[str, Any]] = []
    for data in times(study):
        names = data.endpoint.covariates
        model = model_of(study, data, names)
        if not names or not model.arms:
            continue
        words = terms_in_words(study, model.frame[list(names)])
        spread = _spread(model.design)
        for analysis, design in [
            *((ALONE, coded(model.frame[[name]])) for name in names),
            (TOGETHER, model.design),
        ]:
            found = _log_ratios(_efron(study), model.frame, design)
            for term, figures in found.items():
                if term not in words or "estimate" not in figures:
                    continue
                if _few_in(study, model.frame["event"], design[term]):
                    continue
                short = words[term].split(", per ")[0] + (", per SD" if spread[term] != 1 else "")
                row = {"term": words[term], "short": short, **_as_ratio(figures, spread[term])}
                about = names_of(study, data, study.treated[0], study.control)
                about |= {"n_control": np.nan, "n_treated": np.nan, "contrast": words[term]}
                rows.append({**about, "analysis": analysis, **row})
    return Figures(pd.DataFrame(rows)) if rows else None


def model_of(study: Study, data: Times, covariates: tuple[str, ...], silent: bool = False) -> Model:
    """Set up a model of the arms and covariates.

    Parameters
    ----------
    study : Study
        The trial.
    data : Times
        One of its events.
    covariates : tuple of str
        Columns that the model holds equal.
    silent : bool
        Keep arms in which nobody had the event; a model without a penalty has no estimate there.

    Returns
    -------
    Model
        Without arms where the control has no patient, or no event, or so few that nothing may be
        told of them.
    """
    known = data.frame.dropna(subset=list(covariates))
    counted = known if silent else known[known["event"]]
    there = set(counted["arm"]) - set(few_arms(study, known))
    arms = [arm for arm in study.treated if arm in there] if study.control in there else []
    frame = known[known["arm"].isin([study.control, *arms])].reset_index(drop=True)
    design = indicators(frame, arms)
    if covariates:
        design = design.join(coded(frame[list(covariates)]))
    return Model(frame, design, tuple(arms), len(data.frame) - len(known))


def indicators(frame: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Give one column of 0 and 1 for each arm."""
    return pd.DataFrame({arm: (frame["arm"] == arm).astype(float) for arm in arms})


def coded(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn covariates into numbers: indicators for words, the commonest level as reference."""
    parts = []
    for name in frame:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column):
            parts.append(column.astype(float).to_frame())
            continue
        words = column.astype(str)
        parts.append(
            pd.DataFrame({f"{name}: {v}": (words == v).astype(float) for v in _levels(words)[1:]})
        )
    return pd.concat(parts, axis=1)


def terms_in_words(study: Study, frame: pd.DataFrame) -> dict[str, str]:
    """Name the columns of `coded` in the words of the baseline table."""
    known = {c.column: c for c in study.config.baseline}
    found = {}
    for name in frame:
        about, column = known.get(str(name)), frame[name]
        label = about.label if about else str(name)
        if pd.api.types.is_numeric_dtype(column):
            unit = about.unit if about else ""
            unit = unit if unit.startswith("%") or not unit else f" {unit}"
            found[str(name)] = f"{label}, per {column.std():.2g}{unit}"
            continue
        words = about.levels if about else {}
        first, *others = [str(v) for v in _levels(column.astype(str))]
        for level in others:
            shown, reference = words.get(level, level), words.get(first, first)
            found[f"{name}: {level}"] = f"{label}: {shown} vs {reference}"
    return found


def _rows(
    study: Study,
    data: Times,
    analysis: str,
    covariates: tuple[str, ...],
    fitter: Fitter,
    silent: bool = False,
) -> list[dict[str, Any]]:
    """Fit one model; a row a treated arm, with the reason where there is no estimate."""
    known = data.frame.dropna(subset=list(covariates))
    model = model_of(study, data, covariates, silent)
    found = _log_ratios(fitter, model.frame, model.design) if model.arms else {}
    check = _proportional(model, study) if analysis in (UNADJUSTED, ADJUSTED) else {}
    rows = []
    for arm in study.treated:
        row = {
            **_sizes(study, data, known, arm),
            "analysis": analysis,
            "contrast": f"{arm} vs {study.control}",
            "treated": arm,
            "reason": "",
        }
        if arm in found and "estimate" in found[arm]:
            row |= _as_ratio(found[arm], 1.0) | {"events": int(model.frame["event"].sum())}
            row["proportional_p"] = check.get(arm, np.nan)
        else:
            reason = found.get(arm, {}).get("reason")
            row["reason"] = why_not(study, reason) if reason else _silence(study, known, arm)
        rows.append(row)
    return rows


def _sizes(study: Study, data: Times, known: pd.DataFrame, arm: str) -> dict[str, Any]:
    """Name a row, without numbers of patients that would tell how few were left out."""
    names = names_of(study, Times(data.endpoint, known, {}), arm, study.control)
    whole = names_of(study, data, arm, study.control)
    for column in ("n_control", "n_treated"):
        if study.disclosure.hides(whole[column] - names[column]):
            names[column] = np.nan
    return names


def _silence(study: Study, known: pd.DataFrame, arm: str) -> str:
    """Say which arms have no event, or too few."""
    few = [a for a in few_arms(study, known) if a in (study.control, arm)]
    if few:
        return (
            f"{study.disclosure.few_patients} with the event, or who tell it from another one, in "
            f"{' and '.join(few)}"
        )
    without = [a for a in (study.control, arm) if not known.loc[known["arm"] == a, "event"].any()]
    return f"no event in {' and '.join(without)}"


def _few_in(study: Study, event: pd.Series, column: pd.Series) -> bool:
    """Say whether a level of a covariate has few patients, or few with the event."""
    if not set(column) <= {0.0, 1.0}:
        return False
    level = column == 1
    counts = study.disclosure.hides([level.sum(), event[level].sum()], [len(column), np.inf])
    return bool(counts.any())


def _log_ratios(
    fitter: Fitter, frame: pd.DataFrame, design: pd.DataFrame
) -> dict[str, dict[str, Any]]:
    """Fit and give each term's row, or the reason why there is none."""
    if design.empty:
        return {}
    try:
        fit = fitter(frame, design)
    except HazardFitError as error:
        return {str(term): {"reason": error} for term in design}
    rows = fit.frame.set_index("term")
    return {str(term): rows.loc[term].to_dict() for term in rows.index}


def _as_ratio(figures: dict[str, Any], step: float) -> dict[str, float]:
    """Give the hazard ratio of a step of a covariate."""
    low, high = step * figures["conf_low"], step * figures["conf_high"]
    return {
        "estimate": float(np.exp(step * figures["estimate"])),
        "std_error": float(step * figures["std_error"]),
        "statistic": float(figures["statistic"]),
        "p_value": float(figures["p_value"]),
        "conf_low": float(np.exp(low)),
        "conf_high": float(np.exp(high)),
    }


def _proportional(model: Model, study: Study) -> dict[str, float]:
    """Test for each term whether its ratio changes; nothing where the model has no estimate."""
    if not model.arms:
        return {}
    time, event = model.frame["time"], model.frame["event"]
    try:
        fit = cox(time, event, model.design, study.conf_level)
    except HazardFitError:
        return {}
    check = proportionality_test(time, event, model.design, fit).frame
    return dict(zip(check["term"], check["p_value"], strict=True))


def _few(study: Study, data: Times, covariates: tuple[str, ...]) -> bool:
    """Say whether a model has few events for its terms, or an arm none."""
    model = model_of(study, data, covariates, silent=True)
    events = model.frame.groupby("arm")["event"].sum()
    if not len(events) or not events.sum():
        return False
    return bool((events == 0).any() or events.sum() < ENOUGH * model.design.shape[1])


def _alternatives(study: Study, data: Times) -> Iterator[tuple[str, Fitter]]:
    """Yield the models beside which the Cox model stands."""
    level = study.conf_level
    yield UNADJUSTED, _efron(study)
    events = data.frame.loc[data.frame["event"], "time"]
    if events.duplicated().any():
        yield BRESLOW, lambda f, d: cox(f["time"], f["event"], d, level, ties="breslow")
    if data.frame["stratum"].notna().any():
        yield (
            STRATIFIED,
            lambda f, d: cox(f["time"], f["event"], d, level, strata=f["stratum"].fillna("")),
        )
    if len(events) <= MANY:
        yield FIRTH, _firth(study)
    yield PIECEWISE, lambda f, d: piecewise_exponential(f["time"], f["event"], d, _cuts(f), level)
    yield FLEXIBLE, lambda f, d: royston_parmar(f["time"], f["event"], d, conf_level=level)


def _cuts(frame: pd.DataFrame) -> Any:
    return quantile_cuts(frame["time"], frame["event"], PIECES)


def _efron(study: Study) -> Fitter:
    return lambda f, d: cox(f["time"], f["event"], d, study.conf_level)


def _firth(study: Study) -> Fitter:
    return lambda f, d: firth_cox(f["time"], f["event"], d, study.conf_level)


def _spread(design: pd.DataFrame) -> dict[str, float]:
    """Give the step by which each column counts: 1 for an indicator, else a standard deviation."""
    return {
        str(name): 1.0 if set(design[name]) <= {0.0, 1.0} else float(f"{design[name].std():.2g}")
        for name in design
    }


def _levels(words: pd.Series) -> list[str]:
    """Levels of a covariate, the commonest first."""
    return list(words.value_counts().index)
