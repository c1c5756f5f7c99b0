"""Did the treatment act by way of an analyte, and how sure can one be of it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.mechanism.analysis import SEED
from alsutils.mechanism.panel import LogChanges, Samples, log_changes
from alsutils.stats.effort import repetitions
from alsutils.stats.mediation import (
    MediationError,
    mediation,
    mediation_sensitivity,
    mediation_simulation,
)
from alsutils.study import Study
from alsutils.study.telling import tell_sizes, why_not

VIA, AROUND, TOTAL = (
    "natural indirect effect",
    "natural direct effect",
    "total effect",
)
FOUND = "share of simulated trials in which both paths are found"
MOST_BELOW = 0.2  # share of an analyte's changes that may rest on values below a limit
N_RESAMPLES = 1000
N_TRIALS = 500
RHOS = tuple(np.round(np.linspace(-0.8, 0.8, 33), 2).tolist())
TIMES = (1, 2, 4, 8)  # sizes of the simulated trials, in those of this one
_EFFECTS = {"indirect": VIA, "direct": AROUND, "total": TOTAL}
_FIGURES = (
    "n_control",
    "n_treated",
    "estimate",
    "std_error",
    "statistic",
    "p_value",
    "conf_low",
    "conf_high",
)


@dataclass(frozen=True)
class Pathways:
    """The effect on the primary endpoint split by way of each analyte.

    Attributes
    ----------
    frame : DataFrame
        One row an analyte, contrast and effect ("natural indirect effect", "natural direct effect",
        "total effect") in the columns of every estimate, in the unit of the outcome; with
        ``analyte``, ``treated``, ``effect`` and ``reason``.
    sensitivity : DataFrame
        For one analyte: ``treated``, ``rho`` (correlation of what is left unexplained of analyte
        and outcome), ``estimate``, ``conf_low``, ``conf_high`` of the indirect effect. No row where
        nothing could be estimated.
    zero : DataFrame
        One row a treated arm: ``treated`` and ``rho``, at which nothing would go by way of it.
    shown : str
        That analyte.
    outcome, unit, better, outcome_visit, visit : str
        The outcome with its unit, which way is better, and the visits of outcome and samples.
    """

    frame: pd.DataFrame
    sensitivity: pd.DataFrame
    zero: pd.DataFrame
    shown: str
    outcome: str
    unit: str
    better: str
    outcome_visit: str
    visit: str


@dataclass(frozen=True)
class PathwayPower:
    """How often trials find a path, where there is one and where there is none.

    Attributes
    ----------
    frame : DataFrame
        One row a ``scenario`` ("mediated", "not mediated", "confounded") and ``n_per_arm``, as in
        `alsutils.stats.mediation.MediationSimulation`.
    n_per_arm : int
        Patients in an arm of this study, about.
    n_trials : int
        Simulated trials of each kind.
    """

    frame: pd.DataFrame
    n_per_arm: int
    n_trials: int

    @property
    def results(self) -> pd.DataFrame:
        """Result columns."""
        return self.frame.assign(
            analysis=FOUND,
            endpoint=self.frame["scenario"],
            n_control=self.frame["n_per_arm"],
            n_treated=self.frame["n_per_arm"],
            estimate=self.frame["found"],
        )


def pathways(study: Study, data: Samples | None, seed: int = SEED) -> Pathways | None:
    """Split the effect on the primary endpoint by way of each analyte and around it.

    The outcome is that of the last primary visit; the mediator is the log change of an analyte at
    the latest visit before it, or at the first visit where there is none before. The baselines of
    both are held equal. Analytes of which more than a fifth of the changes rest on a value below a
    limit are left out.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.
    seed : int
        Of the bootstrap samples of the sensitivity analysis.

    Returns
    -------
    Pathways or None
        None where the study has no biomarkers. The sensitivity analysis is for the analyte that
        the study itself names, or else the first of the panel that can be analysed.
    """
    if data is None:
        return None
    trial = _Trial.read(study, data)
    low = trial.panel.share_low()
    rows = []
    for marker in data.panel:
        share = low[marker.parameter, trial.visit]
        reason = ""
        if np.isnan(share):
            reason = "no change is known"
        elif share > MOST_BELOW:
            reason = f"more than {MOST_BELOW:.0%} of the changes rest on values below the limit"
        for treated in study.treated:
            found: list[dict[str, object]] = [{"reason": reason}] * len(_EFFECTS)
            if not reason:
                found = trial.split(marker.parameter, treated)
                found = [{**row, "reason": _why(study, row)} for row in found]
            names = {"parameter": marker.parameter, "analyte": marker.label, "treated": treated}
            rows += [
                {**names, "effect": effect, **row}
                for effect, row in zip(_EFFECTS.values(), found, strict=True)
            ]
    frame = pd.DataFrame(rows)
    frame = frame.reindex(columns=list(dict.fromkeys([*frame.columns, *_FIGURES])))
    about = study.parameter(study.primary.parameter)
    frame = frame.assign(
        analysis=frame["effect"],
        endpoint=about.label + ", by way of " + frame["analyte"],
        population=study.population_label(study.primary.population),
        visit=study.visit_label(trial.outcome_visit),
        contrast=frame["treated"] + f" vs {study.control}",
    )
    frame = _without_few(study, frame)
    shown = _to_show(study, frame)
    parts = [trial.sensitivity(shown, treated, seed) for treated in study.treated if shown]
    sensitivity, zero = (
        pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
        for tables in ([part[i] for part in parts if part] for i in (0, 1))
    )
    return Pathways(
        frame=frame,
        sensitivity=sensitivity,
        zero=zero,
        shown=data.labels.get(shown, ""),
        outcome=f"change in {about.label}" if study.primary.value == "CHG" else about.label,
        unit=about.unit,
        better=about.better,
        outcome_visit=study.visit_label(trial.outcome_visit),
        visit=study.visit_label(trial.visit),
    )


def _why(study: Study, row: dict[str, object]) -> str:
    """Say why an effect could not be estimated; nothing where it was."""
    return why_not(study, str(row["reason"])) if row["reason"] else ""


def _without_few(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """Take out effects in a few patients, and numbers that tell how few are missing."""
    rule = study.disclosure
    few = rule.hides(frame["n_control"].astype(float)) | rule.hides(
        frame["n_treated"].astype(float)
    )
    figures = {c: frame[c].astype(float).mask(few) for c in _FIGURES[2:]}
    reason = frame["reason"].mask(few, f"{rule.few_patients} of an arm have all that it takes")
    return tell_sizes(study, frame.assign(**figures, reason=reason))


def pathway_power(
    study: Study, data: Samples | None, seed: int = SEED, n_trials: int = N_TRIALS
) -> PathwayPower | None:
    """Simulate mediation analyses of trials of this size and larger ones.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.
    seed : int
        Of the simulation.
    n_trials : int
        Simulated trials of each kind.

    Returns
    -------
    PathwayPower or None
        None where the study has no biomarkers.
    """
    if data is None:
        return None
    n = data.per_arm
    n_trials = repetitions(n_trials, n)
    found = mediation_simulation(
        np.random.default_rng(seed), [n * k for k in TIMES], n_trials=n_trials, alpha=study.alpha
    )
    return PathwayPower(found.frame, n, found.n_trials)


def _to_show(study: Study, frame: pd.DataFrame) -> str:
    """Choose the analyte that the study itself names, or else the first that can be analysed."""
    able = list(dict.fromkeys(frame.loc[frame["estimate"].notna(), "parameter"]))
    block = study.config.biomarkers
    pair = block.association if block else None
    named = [code for code in ((pair.x, pair.y) if pair else ()) if code in able]
    return next(iter([*named, *able]), "")


@dataclass(frozen=True)
class _Models:
    """The variables of one contrast and analyte, one entry a patient."""

    outcome: np.ndarray
    mediator: np.ndarray
    treated: np.ndarray
    covariates: np.ndarray

    @property
    def complete(self) -> np.ndarray:
        """Patients with all of them."""
        known = np.isfinite(self.outcome) & np.isfinite(self.mediator)
        return known & np.isfinite(self.covariates).all(axis=1)


@dataclass(frozen=True)
class _Trial:
    """Outcome, its baseline and all changes, one row a patient."""

    outcome: pd.Series
    base: pd.Series
    panel: LogChanges
    visit: float
    outcome_visit: float
    control: str
    conf_level: float

    @classmethod
    def read(cls, study: Study, data: Samples) -> "_Trial":
        """Find the outcome and the samples that were taken before it."""
        endpoint = study.primary
        last = max(endpoint.visits)
        before = [visit for visit in data.visits if visit < last]
        visit = max(before) if before else min(data.visits)
        scores = study.records(endpoint.parameter, endpoint.population, [last])
        scores = scores.set_index("USUBJID")
        panel = log_changes(data, [visit])
        people = panel.change.index
        # A baseline that is not there is held equal in everybody.
        base = scores["BASE"] if "BASE" in scores else pd.Series(0.0, index=scores.index)
        return cls(
            outcome=scores[endpoint.value].reindex(people).astype(float),
            base=base.reindex(people).astype(float),
            panel=panel,
            visit=visit,
            outcome_visit=last,
            control=study.control,
            conf_level=study.conf_level,
        )

    def models(self, code: str, treated: str) -> _Models:
        """Give the variables of one contrast; a covariate that does not vary is left out."""
        kept = self.panel.arm.isin([self.control, treated]).to_numpy()
        given = np.column_stack([self.panel.base[code, self.visit], self.base])[kept]
        varies = [
            bool(np.isfinite(column).any() and np.nanmax(column) > np.nanmin(column))
            for column in given.T
        ]
        return _Models(
            outcome=self.outcome.to_numpy()[kept],
            mediator=self.panel.change[code, self.visit].to_numpy()[kept],
            treated=(self.panel.arm == treated).to_numpy()[kept],
            covariates=given[:, varies],
        )

    def split(self, code: str, treated: str) -> list[dict[str, object]]:
        """Give a row an effect of one contrast, in the order of the effects."""
        m = self.models(code, treated)
        on, off = (m.complete & side for side in (m.treated, ~m.treated))
        row = {"n_control": int(off.sum()), "n_treated": int(on.sum()), "reason": ""}
        try:
            found = mediation(
                m.outcome, m.mediator, m.treated, m.covariates, conf_level=self.conf_level
            )
        except MediationError as error:
            return [{**row, "reason": str(error)}] * len(_EFFECTS)
        table = found.frame.set_index("effect")
        return [{**row, **table.loc[effect].to_dict()} for effect in _EFFECTS]

    def sensitivity(
        self, code: str, treated: str, seed: int
    ) -> tuple[pd.DataFrame, pd.DataFrame] | None:
        """Give the indirect effect by rho, and the rho at which it is nothing."""
        m = self.models(code, treated)
        try:
            found = mediation_sensitivity(
                m.outcome,
                m.mediator,
                m.treated,
                np.random.default_rng(seed),
                m.covariates,
                rhos=RHOS,
                n_resamples=repetitions(N_RESAMPLES, len(m.outcome)),
                conf_level=self.conf_level,
            )
        except MediationError:
            return None
        tables = (found.frame, found.zero)
        whole, zero = (t[t["effect"] == "indirect"].assign(treated=treated) for t in tables)
        return whole, zero
