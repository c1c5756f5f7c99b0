"""Who is missing, and what the result would be under different assumptions about them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from alsutils.primary.analysis import labelled, longitudinal, stacked
from alsutils.stats.imputation import (
    ConditionalMeanImputation,
    MissingPatterns,
    completers,
    conditional_mean_imputation,
    last_observation_carried_forward,
    missing_patterns,
    multiple_imputation,
    tipping_point,
)
from alsutils.study import ARM, Study
from alsutils.study.disclosure import LEFT_OUT
from alsutils.study.telling import hides_sizes, why_not

IMPUTATIONS = 200
SEED = 20180101
STRATEGIES = {
    "MAR": "Went on as those who stayed",
    "CIR": "Kept what was gained, then as control",
    "J2R": "Jumped to control",
    "CR": "As if always on control",
}
MULTIPLE = "Went on as those who stayed, drawn"
CARRIED = "Last value carried forward"
COMPLETE = "Left out unless complete"
MANY, MOST_VISITS = 1_000, 6  # patients from which on the imputation model sees some visits only
STEPS = 9  # cells along each side of the tipping-point map


@dataclass(frozen=True)
class Assumptions:
    """The primary endpoint under several assumptions about what was not seen.

    Attributes
    ----------
    frame : DataFrame
        The result columns at the last primary visit, one row an assumption and treated arm, and
        ``treated``; ``analysis`` words the assumption.
    n_imputed : int
        Values that were not observed, over all visits after baseline.
    notes : tuple of str
        What could not be fitted and why.
    """

    frame: pd.DataFrame
    n_imputed: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Tipping:
    """How much worse or better the missing must have been for the result to turn.

    Attributes
    ----------
    frame : DataFrame
        One row a treated arm and pair of shifts: ``treated``, ``delta_control``,
        ``delta_treated`` (added to what is imputed, in the endpoint's unit), ``estimate``,
        ``conf_low``, ``conf_high``, ``p_value``.
    contour : DataFrame
        Where the p-value equals alpha: ``treated``, ``delta_control``, ``delta_treated``.
    """

    frame: pd.DataFrame
    contour: pd.DataFrame


def patterns(study: Study) -> MissingPatterns:
    """Count who misses which visits after baseline, among all randomised patients.

    Parameters
    ----------
    study : Study
        The trial.

    Returns
    -------
    MissingPatterns
        ``frame`` has the counts in words too (``told``); counts that tell of a few patients are
        missing.
    """
    endpoint = study.primary
    found = missing_patterns(_grid(study), endpoint.value, "USUBJID", "VISIT", ARM)
    sizes = found.visits.drop_duplicates("arm").set_index("arm")["n"]
    frame = found.frame.assign(
        told=[
            study.disclosure.count_of(r["n"], sizes[r["arm"]])
            for r in found.frame.to_dict("records")
        ]
    )
    if study.disclosure.is_open:
        return replace(found, frame=frame)
    return replace(found, frame=_told_patterns(study, frame), visits=_told_visits(study, found))


def _told_patterns(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out patterns of a few patients of an arm, and what gives them away."""
    hidden = pd.Series(False, index=frame.index)
    for _, own in frame.groupby("arm", observed=False):
        hidden.loc[own.index] = study.disclosure.closes(own["n"])
    few = study.disclosure.hides(frame["n"])
    return frame.assign(
        n=frame["n"].mask(hidden),
        share=frame["share"].mask(hidden),
        told=frame["told"].where(~hidden | few, LEFT_OUT),
    )


def _told_visits(study: Study, found: MissingPatterns) -> pd.DataFrame:
    """Leave out visits of an arm that a few patients missed, or a few more than another visit."""
    rule, parts = study.disclosure, []
    counts = ["n_observed", "n_gaps", "n_gone"]
    for _, own in found.visits.groupby("arm", observed=False):
        known: list[np.ndarray] = []
        hidden = []
        near = hides_sizes(study, own["arm"], own["n_observed"])
        for cells, tells in zip(own[counts].to_numpy(), near, strict=True):
            apart = [np.abs(cells - other) for other in known]
            small = [rule.hides(numbers).any() for numbers in (cells, *apart)]
            hidden.append(any(small) or bool(tells))
            if not hidden[-1]:
                known.append(cells)
        parts.append(own.assign(**{c: own[c].mask(hidden) for c in (*counts, "share_observed")}))
    return pd.concat(parts).sort_index()


def assumptions(study: Study) -> Assumptions:
    """Compare the arms at the last primary visit under each assumption about the missing.

    Parameters
    ----------
    study : Study
        All randomised patients with complete covariates.

    Returns
    -------
    Assumptions
        Conditional-mean imputation with jackknife, multiple imputation, and two rules that are
        shown as what not to do.

    References
    ----------
    Wolbers M, et al. Standard and reference-based conditional mean imputation. Pharm Stat
    2022;21:1246-1257. doi:10.1002/pst.2234
    """
    endpoint = study.primary
    data = _grid(study)
    modelled = _modelled(study, data)
    columns = (endpoint.value, "USUBJID", "VISIT", ARM)
    names = (modelled, *columns)
    level, held = study.conf_level, list(endpoint.covariates)
    last = endpoint.visits[-1]
    parts: list[pd.DataFrame] = []
    notes: list[str] = []
    known, all_visits = (d["VISIT"].nunique() for d in (modelled, data))
    if known < all_visits:
        notes.append(
            f"Of so many patients the imputation models see {known} of the {all_visits} visits, "
            "evenly spread."
        )
    conditional = _Conditional(names, held, level)
    analyses: dict[str, Callable[[], pd.DataFrame]] = {
        words: partial(conditional.frame, kind) for kind, words in STRATEGIES.items()
    }
    analyses[MULTIPLE] = lambda: (
        multiple_imputation(
            *names,
            held,
            n_imputations=IMPUTATIONS,
            seed=SEED,
            draw="normal" if conditional.patients > MANY else "bootstrap",
            conf_level=level,
        ).frame
    )
    analyses[CARRIED] = lambda: (
        last_observation_carried_forward(data, *columns, held, conf_level=level).frame
    )
    analyses[COMPLETE] = lambda: completers(data, *columns, held, conf_level=level).frame
    randomised = data.drop_duplicates("USUBJID")[ARM].value_counts()
    everybody = {"n_control": randomised[study.control]}
    for words, analyse in analyses.items():
        try:
            found = analyse()
        except ValueError as error:
            notes.append(f"{words}: {why_not(study, error)}.")
            continue
        rows = found[found["visit"] == study.visit_label(last)]
        if "n_treated" not in rows:
            rows = rows.assign(**everybody, n_treated=[randomised[arm] for arm in rows["arm"]])
        parts.append(labelled(study, endpoint, rows, last, words, None))
    return Assumptions(stacked(parts), int(data[endpoint.value].isna().sum()), tuple(notes))


class _Conditional:
    """Imputation of conditional means under one strategy after the other, fitted once."""

    def __init__(
        self, names: tuple[pd.DataFrame, str, str, str, str], held: list[str], level: float
    ) -> None:
        self._names, self._held, self._level = names, held, level
        self._first: ConditionalMeanImputation | None = None
        self.patients = names[0]["USUBJID"].nunique()

    def frame(self, strategy: str) -> pd.DataFrame:
        found = conditional_mean_imputation(
            *self._names, self._held, strategy=strategy, conf_level=self._level, like=self._first
        )
        self._first = self._first or found
        return found.frame


def tipping(study: Study) -> Tipping | None:
    """Shift what is imputed in each arm until the result turns; None where nothing is missing.

    Parameters
    ----------
    study : Study
        Shifts go from nothing to two standard deviations of the endpoint, in each arm towards
        what weakens the difference seen.

    Returns
    -------
    Tipping or None
        At the last primary visit, imputed under missing at random.
    """
    endpoint = study.primary
    data = _modelled(study, _grid(study))
    try:
        base = conditional_mean_imputation(
            data,
            endpoint.value,
            "USUBJID",
            "VISIT",
            ARM,
            list(endpoint.covariates),
            conf_level=study.conf_level,
        )
    except ValueError:
        return None
    if base.n_imputed == 0:
        return None
    last = study.visit_label(endpoint.visits[-1])
    reach = 2 * float(data.loc[data["VISIT"] == last, endpoint.value].std())
    frames, contours = [], []
    for arm in study.treated:
        rows = base.frame[(base.frame["visit"] == last) & (base.frame["arm"] == arm)]
        if rows.empty:  # nobody of the arm was seen, so that nothing tells what to impute
            continue
        against = -np.sign(rows["estimate"].iloc[0]) or 1.0
        steps = np.linspace(0, reach, STEPS)
        found = tipping_point(base, -against * steps, against * steps, last, [arm], study.alpha)
        frames.append(found.frame.assign(treated=arm))
        contours.append(found.contour.assign(treated=arm))
    if not frames:
        return None
    return Tipping(pd.concat(frames, ignore_index=True), pd.concat(contours, ignore_index=True))


def _modelled(study: Study, data: pd.DataFrame) -> pd.DataFrame:
    """Keep the visits that imputation models see: of large trials the primary ones and some more.

    A covariance of all of many visits, fitted again without each group of many patients, would
    take hours.
    """
    visits = data["VISIT"].cat.categories
    if len(visits) <= MOST_VISITS or data["USUBJID"].nunique() <= MANY:
        return data
    spread = np.linspace(0, len(visits) - 1, MOST_VISITS).round().astype(int)
    wanted = {*visits[spread], *(study.visit_label(visit) for visit in study.primary.visits)}
    kept = [visit for visit in visits if visit in wanted]
    chosen = data[data["VISIT"].isin(kept)].reset_index(drop=True)
    return chosen.assign(VISIT=chosen["VISIT"].cat.set_categories(kept))


def _grid(study: Study) -> pd.DataFrame:
    """Lay out every randomised patient at every visit after baseline, seen or not."""
    endpoint = study.primary
    seen = longitudinal(study, None)
    visits = seen["VISIT"].cat.categories
    covariates = [name for name in endpoint.covariates if name != "BASE"]
    subjects = study.subjects()[["USUBJID", ARM, *covariates]]
    subjects = subjects.assign(BASE=subjects["USUBJID"].map(_starts(study)))
    subjects = subjects.dropna(subset=list(endpoint.covariates))
    grid = subjects.merge(pd.DataFrame({"VISIT": visits}), how="cross")
    grid["VISIT"] = grid["VISIT"].astype(seen["VISIT"].dtype)
    values = seen[["USUBJID", "VISIT", endpoint.value]]
    return grid.merge(values, on=["USUBJID", "VISIT"], how="left")


def _starts(study: Study) -> pd.Series:
    """Give each patient's value before treatment: at the baseline, else the BASE of a visit."""
    rows = study.records(study.primary.parameter)
    start = rows[rows["AVISITN"] == study.config.time.baseline].set_index("USUBJID")["AVAL"]
    if "BASE" not in rows:
        return start
    return start.combine_first(rows.groupby("USUBJID")["BASE"].first())
