"""Whether one hazard ratio is enough, and whether the model fits the patients."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alsutils.stats.hazards import (
    CoxFit,
    HazardFitError,
    cox,
    cox_residuals,
    functional_form,
    royston_parmar,
    schoenfeld,
    time_varying,
)
from alsutils.stats.survival.telling import round_step, rounded_up
from alsutils.study import Study
from alsutils.study.telling import why_not
from alsutils.survival.analysis import draws_subjects
from alsutils.survival.hazards import Model, coded, model_of, terms_in_words
from alsutils.survival.times import Times, few_arms, names_of, times

RESIDUALS, SPLINE = "Schoenfeld residuals", "Royston-Parmar"
BEFORE, AFTER = "hazard ratio before a time (Cox)", "hazard ratio after a time (Cox)"
CHANGE = "change of the hazard ratio at a time (Cox)"
GROUPS = 5  # of patients by predicted risk
GRID = 40  # points of a line
_FAR = 50.0  # of a logarithm


@dataclass(frozen=True)
class Changing:
    """The hazard ratio over time.

    Attributes
    ----------
    points : DataFrame
        One row an event and treated arm: ``endpoint``, ``unit``, ``treated``, ``time``,
        ``estimate`` (the ratio that a scaled Schoenfeld residual stands for). Empty where single
        patients may not be shown.
    lines : DataFrame
        One row an event, treated arm, ``method`` (RESIDUALS or SPLINE) and ``time``: ``estimate``,
        ``conf_low``, ``conf_high``.
    constant : DataFrame
        ``endpoint``, ``treated``, ``estimate``: the one ratio of the Cox model.
    frame : DataFrame
        Results: the ratio before and after ``cut`` and their change (a ratio of ratios).
    notes : tuple of str
        Why something could not be computed.
    """

    points: pd.DataFrame
    lines: pd.DataFrame
    constant: pd.DataFrame
    frame: pd.DataFrame
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Fitting:
    """How the Cox model fits patients, groups of them, and covariates.

    Attributes
    ----------
    patients : DataFrame
        One row a patient and treated arm: ``endpoint``, ``treated``, ``arm``, ``deviance``,
        ``without`` (the arm's hazard ratio without the patient). Empty where single patients may
        not be shown.
    counts : DataFrame
        Patients by deviance residual: ``endpoint``, ``low``, ``high``, ``n`` (missing where they
        may not be told).
    groups : DataFrame
        Patients by predicted risk: ``endpoint``, ``group`` (1 the lowest), ``n``, ``observed``,
        ``expected`` events, missing where they may not be told. Empty without covariates.
    influence : DataFrame
        ``endpoint``, ``treated``, ``estimate`` (hazard ratio), ``lowest`` and ``highest`` ratio
        when any one patient is left out, in two decimals where no single patient may be told of.
    notes : tuple of str
        What is not told, and why.
    form_points, form_lines : DataFrame
        ``endpoint``, ``covariate``, ``value`` and the martingale residual (``residual``) or its
        smooth (``estimate``).
    """

    patients: pd.DataFrame
    counts: pd.DataFrame
    groups: pd.DataFrame
    influence: pd.DataFrame
    form_points: pd.DataFrame
    form_lines: pd.DataFrame
    notes: tuple[str, ...] = ()


def changing(study: Study) -> Changing | None:
    """Let the unadjusted hazard ratio change over time, in three ways.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Changing or None
        By scaled Schoenfeld residuals, by a Royston-Parmar model whose ratio is a line in log
        time, and by a step at the middle landmark (at the median time of events without
        landmarks). None where no model can be fitted.
    """
    points: list[pd.DataFrame] = []
    lines: list[pd.DataFrame] = []
    constant: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    for data, model, fit in _fitted(study, adjusted=False):
        frame, names = model.frame, {"endpoint": data.endpoint.label, "unit": data.endpoint.unit}
        ratios = fit.frame.set_index("term")["estimate"]
        found = schoenfeld(
            frame["time"], frame["event"], model.design, fit, conf_level=study.conf_level
        )
        for arm in model.arms:
            about: dict[str, Any] = {**names, "treated": arm}
            constant.append({**about, "estimate": float(np.exp(ratios[arm]))})
            dots = found.frame[found.frame["term"] == arm]
            if draws_subjects(study, len(dots)):
                dots = dots.assign(estimate=_exp(dots["scaled"]), **about)
                points.append(dots[["endpoint", "unit", "treated", "time", "estimate"]])
            smooth = found.smooth[found.smooth["term"] == arm].drop(columns=["term", "position"])
            for method, line in ((RESIDUALS, smooth), (SPLINE, _spline(study, model, arm))):
                if len(line):
                    lines.append(_as_ratios(study, line).assign(method=method, **about))
            try:
                rows += _step(study, data, model, arm)
            except HazardFitError as error:
                notes.append(f"{data.endpoint.label}, {arm}: {why_not(study, error)}.")
    if not constant:
        return None
    return Changing(
        pd.concat(points, ignore_index=True) if points else pd.DataFrame(),
        pd.concat(lines, ignore_index=True) if lines else pd.DataFrame(),
        pd.DataFrame(constant),
        pd.DataFrame(rows),
        tuple(dict.fromkeys(notes)),
    )


def fitting(study: Study) -> Fitting | None:
    """Look at the residuals of the Cox model, adjusted where the event has covariates.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Fitting or None
        None where no model can be fitted.

    References
    ----------
    Therneau TM, Grambsch PM, Fleming TR. Martingale-based residuals for survival models.
    Biometrika 1990;77:147-160.
    """
    names = [name for name in Fitting.__dataclass_fields__ if name != "notes"]
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in names}
    for data, model, fit in _fitted(study, adjusted=True):
        label = data.endpoint.label
        found = cox_residuals(model.frame["time"], model.frame["event"], model.design, fit)
        deviance = found.frame["deviance"].to_numpy()
        parts["counts"].append(_counted(study, deviance).assign(endpoint=label))
        if data.endpoint.covariates:
            groups = _by_risk(study, model, fit, found.frame["martingale"].to_numpy())
            parts["groups"].append(groups.assign(endpoint=label))
        rows = fit.frame.set_index("term")["estimate"]
        for j, arm in enumerate(model.arms):
            without = np.exp(rows[arm] - found.dfbeta[:, j])
            about = {"endpoint": label, "treated": arm}
            ends = {"lowest": without.min(), "highest": without.max()}
            moved = pd.DataFrame([{"estimate": float(np.exp(rows[arm])), **ends}])
            moved = moved if study.disclosure.is_open else moved.round(2)
            parts["influence"].append(moved.assign(**about))
            if draws_subjects(study, len(deviance)):
                own = {"arm": model.frame["arm"], "deviance": deviance, "without": without}
                parts["patients"].append(pd.DataFrame(own).assign(**about))
        for form in _forms(study, data, model):
            name = "form_lines" if "estimate" in form else "form_points"
            parts[name].append(form.assign(endpoint=label))
    if not parts["influence"]:
        return None
    whole = {
        name: pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
        for name, frames in parts.items()
    }
    hidden = len(whole["groups"]) and whole["groups"]["observed"].isna().any()
    return Fitting(**whole, notes=(study.disclosure.why,) if hidden else ())


def _fitted(study: Study, adjusted: bool) -> Iterator[tuple[Times, Model, CoxFit]]:
    """Yield the Cox model of every event that has one."""
    for data in times(study):
        model = model_of(study, data, data.endpoint.covariates if adjusted else ())
        if not model.arms:
            continue
        try:
            fit = cox(model.frame["time"], model.frame["event"], model.design, study.conf_level)
        except HazardFitError:
            continue
        yield data, model, fit


def _spline(study: Study, model: Model, arm: str) -> pd.DataFrame:
    """Give the log ratio over time where it may be a line in log time; empty without a fit."""
    frame = model.frame
    try:
        fit = royston_parmar(
            frame["time"],
            frame["event"],
            model.design,
            conf_level=study.conf_level,
            changing=(arm,),
        )
    except HazardFitError:
        return pd.DataFrame()
    when = frame.loc[frame["event"], "time"]
    grid = np.linspace(when.quantile(0.05), when.quantile(0.95), GRID)
    line = fit.hazard_ratio(arm, grid if study.shows_subjects else _round_grid(grid))
    return line.dropna(subset=["estimate"])


def _round_grid(values: Any) -> np.ndarray:
    """Give round values within the range of others."""
    low, high = float(np.min(values)), float(np.max(values))
    step = round_step(high - low, GRID) if high > low else 1.0
    return np.round(np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step, 9)


def _as_ratios(study: Study, line: pd.DataFrame) -> pd.DataFrame:
    """Turn log ratios over time into ratios, at no patient's own time where those are not shown."""
    columns = ["estimate", "conf_low", "conf_high"]
    shown = line[["time", *columns]].sort_values("time")
    if not study.shows_subjects:
        grid = _round_grid(shown["time"])
        old = shown["time"].to_numpy()
        shown = pd.DataFrame(
            {"time": grid, **{c: np.interp(grid, old, shown[c].to_numpy()) for c in columns}}
        )
    return shown.assign(**{c: _exp(shown[c]) for c in columns})


def _exp(logs: pd.Series) -> pd.Series:
    """Turn log ratios into ratios, kept where numbers end; no axis reaches so far."""
    return np.exp(logs.clip(-_FAR, _FAR))


def _step(study: Study, data: Times, model: Model, arm: str) -> list[dict[str, Any]]:
    """Give the ratio before and after a time, and how it changes."""
    frame = model.frame
    when = frame.loc[frame["event"], "time"]
    inside = [t for t in data.endpoint.landmarks if when.min() <= t < when.max()]
    cut = inside[(len(inside) - 1) // 2] if inside else float(f"{when.median():.3g}")
    if not inside and not study.disclosure.is_open:
        cut = float(rounded_up(cut, round_step(float(when.max()))))
    early = frame.assign(event=frame["event"] & (frame["time"] <= cut))
    late = frame.assign(event=frame["event"] & (frame["time"] > cut))
    if few_arms(study, early) or few_arms(study, late):
        raise HazardFitError(
            f"before or after a time {study.disclosure.few_patients} had the event"
        )
    found = time_varying(
        frame["time"], frame["event"], model.design, arm, study.conf_level, cut=cut
    )
    change = found.change
    names = {
        **names_of(study, data, arm, study.control),
        "contrast": f"{arm} vs {study.control}",
        "treated": arm,
        "cut": cut,
    }
    rows = [
        {**names, "analysis": analysis, **_ratio(row), "events": row["events"]}
        for analysis, (_, row) in zip((BEFORE, AFTER), found.frame.iterrows(), strict=True)
    ]
    last = {**change.__dict__, "statistic": change.estimate / change.std_error}
    return [*rows, {**names, "analysis": CHANGE, **_ratio(last), "events": np.nan}]


def _ratio(figures: Any) -> dict[str, float]:
    """Turn a log ratio into a ratio; the standard error stays that of the logarithm."""
    known = {name: float(figures[name]) for name in ("std_error", "statistic", "p_value")}
    ends = ("estimate", "conf_low", "conf_high")
    return known | {name: float(np.exp(figures[name])) for name in ends}


def _counted(study: Study, deviance: np.ndarray) -> pd.DataFrame:
    """Count patients by deviance residual, in steps of one half."""
    low = np.floor(deviance.min() * 2) / 2
    edges = np.arange(low, max(deviance.max(), low) + 0.5 + 1e-9, 0.5)
    n, _ = np.histogram(deviance, edges)
    told = pd.Series(n).mask(study.disclosure.closes(n))
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "n": told})


def _by_risk(study: Study, model: Model, fit: CoxFit, martingale: np.ndarray) -> pd.DataFrame:
    """Set observed beside expected events of groups of patients by predicted risk."""
    risk = model.design.to_numpy() @ fit.frame["estimate"].to_numpy()
    group = pd.qcut(risk, GROUPS, labels=False, duplicates="drop") + 1
    event = model.frame["event"].to_numpy(float)
    frame = pd.DataFrame({"group": group, "observed": event, "expected": event - martingale})
    found = frame.groupby("group", as_index=False).agg(
        n=("observed", "size"), observed=("observed", "sum"), expected=("expected", "sum")
    )
    rule, n, events = study.disclosure, found["n"], found["observed"]
    cells = np.column_stack([events, n - events])
    hidden = rule.closes(cells, rule.hides(cells)).any(axis=1)
    return found.assign(**{name: found[name].mask(hidden) for name in ("observed", "expected")})


def _forms(study: Study, data: Times, model: Model) -> Iterator[pd.DataFrame]:
    """Yield residuals of the model without each number, and their smooth, against its values."""
    names = data.endpoint.covariates
    words = terms_in_words(study, model.frame[list(names)]) if names else {}
    for name in names:
        values = model.frame[name]
        if not pd.api.types.is_numeric_dtype(values) or values.nunique() < GROUPS:
            continue
        others = [other for other in names if other != name]
        design = model.design[list(model.arms)]
        if others:
            design = design.join(coded(model.frame[others]))
        time, event = model.frame["time"], model.frame["event"]
        try:
            found = functional_form(time, event, values, design, cox(time, event, design))
        except HazardFitError:
            continue
        covariate = words[name].rsplit(", per", 1)[0]
        line = found.smooth.sort_values("value")
        tail = 0.0 if study.shows_subjects else 0.05
        grid = np.linspace(values.quantile(tail), values.quantile(1 - tail), GRID)
        grid = grid if study.shows_subjects else _round_grid(grid)
        smooth = np.interp(grid, line["value"], line["estimate"])
        yield pd.DataFrame({"covariate": covariate, "value": grid, "estimate": smooth})
        if draws_subjects(study, len(values)):
            yield found.frame.assign(covariate=covariate)
