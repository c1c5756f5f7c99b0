"""The primary and secondary endpoints: what was compared, and by which analysis."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import pandas as pd

from alsutils.primary.arms import not_fitted, seen_arms
from alsutils.primary.telling import means_tell_counts, rounded, told, told_numbers
from alsutils.stats.ancova import AncovaError, ancova
from alsutils.stats.forensics import check_p, check_printed
from alsutils.stats.mmrm import fit_mmrm
from alsutils.stats.tidy import RESULT_COLUMNS
from alsutils.stats.two_sample import (
    MeanDifference,
    Sample,
    Variance,
    mean_difference,
    mean_interval,
)
from alsutils.study import ARM, Study
from alsutils.study.config import Endpoint, PrintedComparison, PrintedGroup
from alsutils.study.telling import why_not

TESTS: dict[Variance, str] = {"pooled": "t-test, pooled", "welch": "t-test, Welch"}
MODEL_ERRORS = "ANCOVA"
ROBUST_ERRORS = "ANCOVA, robust errors"
REPEATED = "MMRM, Kenward-Roger"
ALL_RANDOMISED = "All randomised patients"


@dataclass(frozen=True)
class Trajectory:
    """Mean of a parameter at each visit by arm.

    Attributes
    ----------
    parameter : str
        Its label.
    unit : str
        Unit of the means.
    frame : DataFrame
        One row an arm and visit: ``parameter``, ``arm``, ``visit`` (AVISITN), ``visit_label``,
        ``n``, ``mean``, ``sd``, ``conf_low``, ``conf_high`` (t interval of the mean). Missing are
        means of a few patients, and ``n`` and ``sd`` where they tell how few were not seen.
    """

    parameter: str
    unit: str
    frame: pd.DataFrame


@dataclass(frozen=True)
class Comparisons:
    """Arms compared at visits by one or more analyses.

    Attributes
    ----------
    frame : DataFrame
        The result columns (analysis, endpoint, ..., conf_high), one row a contrast, and for the
        page ``parameter`` (PARAMCD), ``visit_number``, ``treated`` (arm), ``better`` and ``unit``;
        with cells of the arms ``mean_control``, ``sd_control``, ``mean_treated``, ``sd_treated``
        where the analysis has them.
    notes : tuple of str
        What could not be fitted and why.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...] = ()

    def at(self, visit: float, analysis: str | None = None) -> pd.DataFrame:
        """Select the rows of one visit and, if named, one analysis."""
        rows = self.frame[self.frame["visit_number"] == visit]
        return rows if analysis is None else rows[rows["analysis"] == analysis]


@dataclass(frozen=True)
class PrintComparison:
    """Printed results beside the same results recomputed.

    Attributes
    ----------
    frame : DataFrame
        One row a printed comparison: the result columns of the recomputation and
        ``printed_estimate``, ``printed_low``, ``printed_high``, ``printed_p``, ``units`` (largest
        distance of difference and limits, in units of the last printed digit), ``p_agrees`` and
        ``cells_agree`` (n, mean and SD of both arms print as given).
    """

    frame: pd.DataFrame


@dataclass(frozen=True)
class AllAnalyses:
    """The primary endpoint by every analysis of the chapter.

    Attributes
    ----------
    frame : DataFrame
        The columns of Comparisons.frame, the analyses below each other.
    notes : tuple of str
        What could not be fitted and why.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...]


def trajectory(study: Study, parameter: str | None = None) -> Trajectory:
    """Summarise a parameter at every visit by arm.

    Parameters
    ----------
    study : Study
        The trial.
    parameter : str or None
        PARAMCD; the primary endpoint's where None.

    Returns
    -------
    Trajectory
        All patients of the primary population who were seen, visit by visit.
    """
    code = parameter or study.primary.parameter
    about = study.parameter(code)
    records = study.records(code, study.primary.population)
    rows = []
    for (visit, arm), group in records.groupby(["AVISITN", ARM], observed=True):
        sample = Sample.of(group["AVAL"])
        around = mean_interval(sample, study.conf_level)
        rows.append(
            {
                "parameter": about.label,
                "arm": arm,
                "visit": visit,
                "visit_label": study.visit_label(visit),
                "n": sample.n,
                "mean": sample.mean,
                "sd": sample.sd,
                "conf_low": around.conf_low,
                "conf_high": around.conf_high,
            }
        )
    frame = pd.DataFrame(rows).dropna(subset="mean")
    return Trajectory(about.label, about.unit, _told_means(study, code, frame))


def _told_means(study: Study, code: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out means of a few patients, and the numbers that tell how few were not seen."""
    if study.disclosure.is_open:
        return frame
    counted = {at: means_tell_counts(study, code, at) for at in frame["visit"].unique()}
    few = study.disclosure.hides(frame["n"]) | frame["visit"].map(counted).astype(bool)
    frame = frame[~few].reset_index(drop=True)
    n = told_numbers(study, frame)
    frame = frame.assign(n=n, sd=frame["sd"].where(n.notna()))
    # A mean of whole scores with all its digits tells of how many it is the mean.
    return rounded(frame, ["mean", "conf_low", "conf_high"], n.isna())


def domains(study: Study) -> Trajectory | None:
    """Summarise the parameters of the study's ``profile`` at every visit; None without one."""
    if not study.config.profile:
        return None
    parts = [trajectory(study, code).frame for code in study.config.profile]
    unit = study.parameter(study.config.profile[0]).unit
    return Trajectory("", unit, pd.concat(parts, ignore_index=True))


def unadjusted(study: Study, variance: Variance = "pooled") -> Comparisons:
    """Compare every endpoint at its visits by an unadjusted t-test on the patients seen.

    Parameters
    ----------
    study : Study
        The trial.
    variance : {"pooled", "welch"}
        Student's or Welch's test.

    Returns
    -------
    Comparisons
        Endpoints in the study's order, visits in theirs, each arm against the control.
    """
    rows = [
        told(study, _difference_row(study, endpoint, visit, arm, variance))
        for endpoint in study.endpoints
        for visit, arm in product(endpoint.visits, study.treated)
    ]
    return Comparisons(pd.concat(rows, ignore_index=True))


def published_analysis(study: Study) -> Comparisons:
    """Recompute the trial's own analysis of its primary endpoint.

    Parameters
    ----------
    study : Study
        Its ``main_analysis`` says which analysis the conclusion rests on.

    Returns
    -------
    Comparisons
        The primary endpoint alone.
    """
    if study.primary.main_analysis == "ancova":
        return adjusted(study, robust=False)
    if study.primary.main_analysis == "mmrm":
        result = repeated_measures(study)
        wanted = result.frame["visit_number"].isin(study.primary.visits)
        return Comparisons(result.frame[wanted].reset_index(drop=True), result.notes)
    frame = unadjusted(study).frame
    return Comparisons(frame[frame["parameter"] == study.primary.parameter])


def adjusted(study: Study, robust: bool = True) -> Comparisons:
    """Compare the primary endpoint visit by visit with its covariates held equal (ANCOVA).

    Parameters
    ----------
    study : Study
        The covariates are those of the primary endpoint.
    robust : bool
        Give the same estimates with heteroscedasticity-consistent errors (HC3) as well.

    Returns
    -------
    Comparisons
        Rows named "ANCOVA" and, with ``robust``, "ANCOVA, robust errors"; ``interaction_p`` tests
        whether the difference between the arms depends on the first covariate.
    """
    endpoint, notes, parts = study.primary, [], []
    for visit in endpoint.visits:
        records = study.records(endpoint.parameter, endpoint.population, [visit])
        records, left_out = seen_arms(study, records, [endpoint.value, *endpoint.covariates])
        at = f"{MODEL_ERRORS} at {study.visit_phrase(visit)}"
        notes += [f"{at}: {note}." for note in left_out]
        try:
            fit = ancova(records, endpoint.value, ARM, endpoint.covariates, study.conf_level)
        except AncovaError as error:
            notes.append(f"{at}: {why_not(study, error)}.")
            continue
        found = fit.frame.assign(interaction_p=fit.interaction_p)
        parts.append(labelled(study, endpoint, found, visit, MODEL_ERRORS, endpoint.population))
        if robust:
            own = ["std_error", "conf_low", "conf_high", "p_value"]
            swapped = fit.frame.drop(columns=own)
            swapped = swapped.rename(columns={f"robust_{name}": name for name in own})
            swapped["statistic"] = swapped["estimate"] / swapped["std_error"]
            parts.append(
                labelled(study, endpoint, swapped, visit, ROBUST_ERRORS, endpoint.population)
            )
    return Comparisons(stacked(parts), tuple(notes))


def repeated_measures(study: Study) -> Comparisons:
    """Compare the primary endpoint at every visit after baseline by one model of all visits.

    Parameters
    ----------
    study : Study
        Baseline acts on each visit in its own way, other covariates alike on all. Rows that
        were carried forward are left out (``observed`` of the primary endpoint).

    Returns
    -------
    Comparisons
        Unstructured covariance, Kenward-Roger degrees of freedom as SAS computes them; empty with
        a note where the model cannot be fitted.

    References
    ----------
    Mallinckrodt CH, et al. Recommendations for the primary analysis of continuous endpoints in
    longitudinal clinical trials. Drug Inf J 2008;42:303-319. doi:10.1177/009286150804200402
    """
    endpoint = study.primary
    data = longitudinal(study, endpoint.population)
    data, left_out = seen_arms(study, data, [endpoint.value, *endpoint.covariates], "VISIT")
    notes = tuple(f"{REPEATED}: {note}." for note in left_out)
    covariates = ["BASE * VISIT" if name == "BASE" else name for name in endpoint.covariates]
    formula = " + ".join([f"{endpoint.value} ~ {ARM} * VISIT", *covariates])
    try:
        fit = fit_mmrm(
            formula,
            data,
            subject="USUBJID",
            visit="VISIT",
            df="kenward-roger",
            vcov="kenward-roger-linear",
            reference={ARM: study.control},
        )
        table = fit.contrasts(ARM, by="VISIT", reference=study.control, conf_level=study.conf_level)
    except ValueError as error:
        return Comparisons(stacked([]), (*notes, not_fitted(study, REPEATED, error)))
    seen = data.dropna(subset=[endpoint.value, *endpoint.covariates])
    counts = seen.groupby(["VISIT", ARM], observed=False).size()
    numbers = data.drop_duplicates("VISIT").set_index("VISIT")["AVISITN"]
    treated = {f"{arm} - {study.control}": arm for arm in study.treated}
    parts = []
    for row in table.to_dict("records"):
        arm, label = treated[row["contrast"]], row["VISIT"]
        counted = {
            "arm": arm,
            "n_control": counts[label, study.control],
            "n_treated": counts[label, arm],
        }
        frame = pd.DataFrame([row | counted])
        named = _named(study, endpoint, frame, numbers[label], REPEATED, endpoint.population)
        parts.append(told(study, named))
    return Comparisons(stacked(parts), notes)


def beside_print(study: Study) -> PrintComparison | None:
    """Set the recomputed comparisons beside what was printed; None where nothing was.

    Parameters
    ----------
    study : Study
        With a ``published`` block.

    Returns
    -------
    PrintComparison or None
        For every printed row the pooled or Welch's t-test, whichever comes nearer to the print.
    """
    if study.published is None or not study.published.comparisons:
        return None
    known = {endpoint.parameter: endpoint for endpoint in study.endpoints}
    parts = []
    for row in study.published.comparisons:
        if row.parameter in known:
            endpoint = known[row.parameter]
            found = _beside(study, endpoint, row)
            parts += [told(study, frame) for frame in found]
    return PrintComparison(pd.concat(parts, ignore_index=True)) if parts else None


def _beside(study: Study, endpoint: Endpoint, row: PrintedComparison) -> Iterator[pd.DataFrame]:
    """Recompute one printed row for each treated arm that it names."""
    values = {arm.label: arm.value for arm in study.config.arms}
    for arm in study.treated:
        if not {values[arm], values[study.control]} <= set(row.groups):
            continue
        cells = {"control": row.groups[values[study.control]], "treated": row.groups[values[arm]]}
        by_test = [
            _checked(_difference_row(study, endpoint, row.visit, arm, variance), row, cells)
            for variance in TESTS
        ]
        # Where the print does not say which test it used, the nearer one is the fairer comparison.
        yield min(by_test, key=lambda frame: (not frame["p_agrees"].all(), frame["units"].max()))


def _checked(
    frame: pd.DataFrame, row: PrintedComparison, cells: dict[str, PrintedGroup]
) -> pd.DataFrame:
    """Add the printed figures to a recomputed row, and how far the two are apart."""
    found = frame.iloc[0]
    printed = {"estimate": row.difference, "conf_low": row.ci[0], "conf_high": row.ci[1]}
    agree = all(
        cell.n == found[f"n_{side}"]
        and check_printed(cell.mean, found[f"mean_{side}"]).units == 0
        and check_printed(cell.sd, found[f"sd_{side}"]).units == 0
        for side, cell in cells.items()
    )
    return frame.assign(
        printed_estimate=row.difference,
        printed_low=row.ci[0],
        printed_high=row.ci[1],
        printed_p=row.p,
        units=max(check_printed(printed[name], found[name]).units for name in printed),
        p_agrees=check_p(row.p, found["p_value"]),
        cells_agree=agree,
    )


def _difference_row(
    study: Study, endpoint: Endpoint, visit: float, arm: str, variance: Variance
) -> pd.DataFrame:
    """Compare one arm with the control at one visit by a t-test."""
    records = study.records(endpoint.parameter, endpoint.population, [visit])
    values = {a: records.loc[records[ARM] == a, endpoint.value] for a in (arm, study.control)}
    samples = {a: Sample.of(v) for a, v in values.items()}
    result: MeanDifference = mean_difference(
        samples[arm], samples[study.control], variance, study.conf_level
    )
    frame = result.frame.assign(
        arm=arm,
        mean_control=result.control.mean,
        sd_control=result.control.sd,
        mean_treated=result.treated.mean,
        sd_treated=result.treated.sd,
    )
    return _named(study, endpoint, frame, visit, TESTS[variance], endpoint.population)


def labelled(
    study: Study,
    endpoint: Endpoint,
    frame: pd.DataFrame,
    visit: float,
    analysis: str,
    population: str | None,
) -> pd.DataFrame:
    """Name what was compared, for the page and for the table of all results, as far as it is told.

    ``frame`` has the column ``arm``; a population of None means all randomised patients.
    """
    named = _named(study, endpoint, frame, visit, analysis, population)
    return told(study, named)


def _named(
    study: Study,
    endpoint: Endpoint,
    frame: pd.DataFrame,
    visit: float,
    analysis: str,
    population: str | None,
) -> pd.DataFrame:
    """Name what was compared."""
    about = study.parameter(endpoint.parameter)
    change = "change" if endpoint.value == "CHG" else "value"
    return frame.assign(
        analysis=analysis,
        endpoint=about.label if about.derived else f"{about.label}, {change}",
        population=study.population_label(population) if population else ALL_RANDOMISED,
        visit=study.visit_label(visit),
        contrast=[f"{arm} vs {study.control}" for arm in frame["arm"]],
        treated=frame["arm"],
        parameter=endpoint.parameter,
        visit_number=visit,
        better=about.better,
        unit=about.unit,
    )


def longitudinal(study: Study, population: str | None, with_baseline: bool = False) -> pd.DataFrame:
    """Give every observed record from baseline on, its visit as an ordered category ``VISIT``."""
    endpoint = study.primary
    data = study.records(endpoint.parameter, population, where=endpoint.observed)
    start = study.config.time.baseline
    data = data[data["AVISITN"] >= start] if with_baseline else data[data["AVISITN"] > start]
    visits = sorted(data["AVISITN"].unique())
    labels = {visit: study.visit_label(visit) for visit in visits}
    order = pd.CategoricalDtype(list(labels.values()), ordered=True)
    return data.assign(VISIT=data["AVISITN"].map(labels).astype(order))


def stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Stack result rows; with none, an empty frame that still has their columns."""
    if parts:
        return pd.concat(parts, ignore_index=True)
    return pd.DataFrame(columns=[*RESULT_COLUMNS, "parameter", "visit_number", "treated"])
