"""How the trial was run, how alike its arms were, and what it could have found."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.design.telling import (
    common_words,
    planned_sizes,
    planned_spread,
    told_balance,
    told_descriptions,
)
from alsutils.display import format as fmt
from alsutils.stats.baseline import (
    Imbalance,
    chance_of_imbalance,
    decimals,
    standardised_category_difference,
    standardised_mean_difference,
    standardised_share_difference,
    summarise,
)
from alsutils.stats.disclosure import tells_counts
from alsutils.stats.power import Level, MeanTest, detectable_effect, pooled_sd
from alsutils.stats.slopes import patient_slopes
from alsutils.stats.two_sample import Sample, mean_difference
from alsutils.study import ARM, Study
from alsutils.study.config import Characteristic, Endpoint
from alsutils.study.telling import tell_sizes

POWERS = (0.8, 0.9)
CURVE_POINTS = 61
IMBALANCE = 0.1  # Austin (2009): below it a difference is usually called negligible
BASELINE_ROWS = "standardised mean difference"
EVERYBODY = "All randomised patients"
OVERALL = "Overall"


@dataclass(frozen=True)
class Facts:
    """What study.yml says about how the trial was run.

    Attributes
    ----------
    frame : DataFrame
        One row a fact: ``fact``, ``value`` (text).
    masking : str or None
        ``none``, ``single`` or ``double``; None where study.yml does not say.
    sham : bool or None
        Whether the control arm had a pretended procedure.
    measured_by : str
        How the primary endpoint is measured: ``rating``, ``self_report``, ``instrument`` or
        ``laboratory``.
    """

    frame: pd.DataFrame
    masking: str | None
    sham: bool | None
    measured_by: str


@dataclass(frozen=True)
class Baseline:
    """The arms before treatment.

    Attributes
    ----------
    descriptions : DataFrame
        One row a characteristic, row of the table and arm, the arms together last (OVERALL):
        ``characteristic`` (label with unit), ``row`` (``Mean (SD)``, ``Median [IQR]``, a category
        or ``Missing``), ``kind`` (``mean``, ``median``, ``level`` or ``missing``), ``arm``, ``n``
        (patients or values known), ``of``, ``estimate``, ``spread`` (SD), ``low``, ``high``
        (quartiles), ``decimals`` (worth printing, the same in all arms) and ``instead`` (what
        stands in place of an ``n`` that must not be told, which is missing). No extremes are given:
        they would be single patients.
    balance : DataFrame
        One row a characteristic and treated arm: ``characteristic``, ``treated``, ``signed``
        (False for three or more categories), ``chance_beyond`` (probability that chance alone
        brings a difference beyond IMBALANCE) and the result columns.
    population : str
        Label of the population.
    """

    descriptions: pd.DataFrame
    balance: pd.DataFrame
    population: str

    @property
    def frame(self) -> pd.DataFrame:
        """Result columns of the differences, and of each arm's means and shares."""
        shown = self.descriptions[self.descriptions["kind"].isin(["mean", "level"])]
        shown = shown[shown["arm"] != OVERALL]
        analysis = shown["kind"].map({"mean": "mean", "level": "share of patients"})
        level = shown["row"].where(shown["kind"] == "level")
        endpoint = shown["characteristic"] + (": " + level).fillna("")
        words = shown.assign(analysis=analysis, endpoint=endpoint, contrast=shown["arm"])
        words = words.assign(population=self.population, visit="Baseline")
        together = pd.concat([self.balance, words], ignore_index=True)
        # An infinite distance is no figure that a table of results can hold.
        finite = np.isfinite(together["estimate"].astype(float))
        return together.assign(estimate=together["estimate"].where(finite))


@dataclass(frozen=True)
class Detectable:
    """True differences of the primary endpoint that the trial could have found.

    Attributes
    ----------
    frame : DataFrame
        One row a primary visit, treated arm and power: the result columns (``estimate`` is the
        smallest difference found with that ``power``), ``treated``, ``sd`` and ``power``.
    curve : DataFrame
        ``visit``, ``contrast``, ``difference``, ``power``.
    label, unit : str
        Of the endpoint.
    minimal_important : float or None
        Least difference that matters to a patient, where study.yml gives one.
    """

    frame: pd.DataFrame
    curve: pd.DataFrame
    label: str
    unit: str
    minimal_important: float | None


@dataclass(frozen=True)
class LeadIn:
    """Course of the primary endpoint before treatment.

    Attributes
    ----------
    frame : DataFrame
        One row a treated arm: the result columns, first of the difference of mean slopes, then of
        the standardised difference; ``treated``, ``mean_control``, ``mean_treated``.
    label, unit : str
        Of the endpoint, and of a slope.
    visits : tuple of str
        Names of the first and the last visit of the lead-in.
    better : str
        Which way is better, ``higher`` or ``lower``.
    """

    frame: pd.DataFrame
    label: str
    unit: str
    visits: tuple[str, ...]
    better: str


def facts(study: Study) -> Facts:
    """Collect how the trial was run.

    Parameters
    ----------
    study : Study
        Its ``design`` block may be absent.

    Returns
    -------
    Facts
        What is known; nothing is guessed.
    """
    design, about = study.config.design, study.parameter(study.primary.parameter)
    visits = [study.visit_phrase(v) for v in study.primary.visits]
    rows = [("Arms", "; ".join(study.arms)), ("Control arm", study.control)]
    if design is not None:
        sham = {None: None, True: "yes", False: "no"}[design.sham]
        masked = {"none": "nobody (open label)", "single": "single blind", "double": "double blind"}
        named = [
            ("Phase", design.phase),
            ("Blinding", masked[design.masking]),
            ("Sham procedure in the control arm", sham),
            ("Sites", None if design.sites is None else f"{design.sites}"),
            ("Registration", design.registration),
            ("Days of treatment", _days(design.treatment_days)),
        ]
        rows += [(fact, value) for fact, value in named if value is not None]
    rows += [
        ("Primary endpoint", about.label + (f" ({about.unit})" if about.unit else "")),
        ("Better for the patient", f"{about.better} values"),
        ("Compared", f"{_compared_value(study.primary)} at {fmt.listed(visits)}"),
        ("Two-sided level", f"{study.alpha:g}"),
        ("Data", study.config.provenance),
    ]
    return Facts(
        pd.DataFrame(rows, columns=["fact", "value"]),
        None if design is None else design.masking,
        None if design is None else design.sham,
        about.measured_by,
    )


def baseline(study: Study) -> Baseline | None:
    """Describe the arms before treatment and how far they differ.

    Parameters
    ----------
    study : Study
        ``baseline`` in study.yml lists the columns of ADSL. A column with ``levels`` or of text is
        a category, any other a quantity.

    Returns
    -------
    Baseline or None
        Everybody randomised; None where study.yml lists nothing.

    References
    ----------
    Austin, Statistics in Medicine 2009;28:3083-3107. Yang and Dalton, SAS Global Forum 2012,
    paper 335.
    """
    if not study.config.baseline:
        return None
    subjects = study.subjects()
    described, compared = [], []
    for characteristic in study.config.baseline:
        values = _values(study, subjects, characteristic)
        name = _with_unit(characteristic)
        described += _described(study, name, values, subjects[ARM])
        for arm in study.treated:
            groups = (values[subjects[ARM] == a] for a in (arm, study.control))
            compared.append(_balance_row(study, name, arm, *groups))
    descriptions, balance = pd.DataFrame(described), pd.DataFrame(compared)
    told = told_descriptions(study, descriptions)
    return Baseline(told, told_balance(study, told, balance), EVERYBODY)


def detectable(study: Study) -> Detectable:
    """Find the differences of the primary endpoint that a t-test of these patients could find.

    Parameters
    ----------
    study : Study
        The patients analysed at each primary visit and the spread of their values are used; the
        difference between the arms is not.

    Returns
    -------
    Detectable
        For powers of 80% and 90%, and the power over a range of differences.
    """
    endpoint, about = study.primary, study.parameter(study.primary.parameter)
    rows, curves = [], []
    samples = {
        (visit, arm): _primary_values(study, visit, arm)
        for visit in endpoint.visits
        for arm in study.arms
    }
    for visit in endpoint.visits:
        control = samples[visit, study.control]
        for arm in study.treated:
            analysed = {a: len(samples[visit, a]) for a in (arm, study.control)}
            sd = planned_spread(study, pooled_sd(samples[visit, arm], control), analysed)
            sizes = planned_sizes(study, analysed)
            n_treated, n_control = sizes[arm], sizes[study.control]
            shared = _labels(study, arm) | {
                "visit": study.visit_label(visit),
                "endpoint": about.label,
                "population": study.population_label(endpoint.population),
                "n_treated": n_treated,
                "n_control": n_control,
                "sd": sd,
            }
            plan = MeanTest(sd, level=Level(study.alpha))
            found = [detectable_effect(plan, n_treated, n_control, power) for power in POWERS]
            for power, difference in zip(POWERS, found, strict=True):
                words = f"detectable difference, power {power:.0%}"
                rows.append(shared | {"analysis": words, "power": power, "estimate": difference})
            span = np.linspace(0, 1.5 * found[-1], CURVE_POINTS)
            reached = plan.power(span, n_treated, n_control)
            curve = pd.DataFrame({"difference": span, "power": reached}).dropna()
            curves.append(curve.assign(visit=shared["visit"], contrast=shared["contrast"]))
    design = study.config.design
    important = None if design is None else design.minimal_important_difference
    frame = pd.DataFrame(rows)
    curve = pd.concat(curves, ignore_index=True)
    return Detectable(frame, curve, about.label, about.unit, important)


def lead_in(study: Study) -> LeadIn | None:
    """Compare the arms' course before treatment.

    Parameters
    ----------
    study : Study
        ``lead_in`` lists the visits; each patient's slope is the least-squares line through the
        values at them.

    Returns
    -------
    LeadIn or None
        None without a lead-in.
    """
    visits = study.config.lead_in
    about = study.parameter(study.primary.parameter)
    if len(visits) < 2:
        return None
    records = study.records(study.primary.parameter, visits=visits)
    slopes = patient_slopes(records).merge(study.subjects()[["USUBJID", ARM]], on="USUBJID")
    rows = []
    control = slopes.loc[slopes[ARM] == study.control, "slope"].dropna()
    for arm in study.treated:
        treated = slopes.loc[slopes[ARM] == arm, "slope"].dropna()
        shared = _labels(study, arm) | {
            "endpoint": f"{about.label}, slope in the lead-in",
            "population": EVERYBODY,
            "visit": f"{study.visit_label(visits[0])} to {study.visit_phrase(visits[-1])}",
            "mean_treated": float(treated.mean()),
            "mean_control": float(control.mean()),
            "n_treated": len(treated),
            "n_control": len(control),
        }
        compared = mean_difference(
            Sample.of(treated), Sample.of(control), "welch", study.conf_level
        )
        difference = compared.frame.iloc[0].to_dict()
        rows.append(shared | difference | {"analysis": "difference of means (Welch)"})
        smd = standardised_mean_difference(treated, control, study.conf_level)
        rows.append(shared | _estimate(smd) | {"analysis": BASELINE_ROWS})
    ends = (study.visit_phrase(visits[0]), study.visit_phrase(visits[-1]))
    unit = f"{about.unit or 'units'} per {study.config.time.unit}"
    frame = tell_sizes(study, pd.DataFrame(rows))
    return LeadIn(frame, about.label, unit, ends, about.better)


def _days(days: tuple[float, ...]) -> str | None:
    return ", ".join(f"{day:g}" for day in days) + " (day 1: baseline)" if days else None


def _compared_value(endpoint: Endpoint) -> str:
    return "change from baseline" if endpoint.value == "CHG" else "value"


def _labels(study: Study, arm: str) -> dict[str, object]:
    return {"contrast": f"{arm} vs {study.control}", "treated": arm}


def _with_unit(characteristic: Characteristic) -> str:
    unit = f" ({characteristic.unit})" if characteristic.unit else ""
    return characteristic.label + unit


def _values(study: Study, subjects: pd.DataFrame, characteristic: Characteristic) -> pd.Series:
    """Give a characteristic as numbers, or as an ordered category in words."""
    values = subjects[characteristic.column]
    numbers = not characteristic.levels and pd.api.types.is_numeric_dtype(values.dtype)
    # The mean of two or three different numbers tells how many patients have each, as counts do.
    if numbers and not tells_counts(values, subjects[ARM], study.disclosure.minimum):
        return values.astype(float)
    text = values.astype(object).where(values.notna(), None)
    written = {v: f"{v:g}" if numbers else str(v) for v in text.dropna().unique()}
    text = text.map(lambda v: characteristic.levels.get(written[v], written[v]), na_action="ignore")
    text = common_words(study, text, subjects[ARM])
    known = [w for w in characteristic.levels.values() if (text == w).any()]
    order = [*known, *sorted(set(text.dropna()) - set(known))]
    return pd.Series(pd.Categorical(text, categories=order), index=subjects.index)


def _described(
    study: Study, name: str, values: pd.Series, arms: pd.Series
) -> list[dict[str, object]]:
    """Describe one characteristic in every arm and in all together."""
    rows: list[dict[str, object]] = []
    categorical = isinstance(values.dtype, pd.CategoricalDtype)
    digits = {} if categorical else {"decimals": decimals(values)}
    for arm in (*study.arms, OVERALL):
        inside = values if arm == OVERALL else values[arms == arm]
        shared = {"characteristic": name, "arm": arm, "of": len(inside)} | digits
        if arm != OVERALL:
            shared["n_control" if arm == study.control else "n_treated"] = int(inside.count())
        told = _levels(inside) if categorical else _quantity(inside)
        if values.isna().any():
            told.append({"row": "Missing", "kind": "missing", "n": int(inside.isna().sum())})
        rows += [shared | row for row in told]
    return rows


def _levels(values: pd.Series) -> list[dict[str, object]]:
    """Count each category among the known."""
    known = int(values.count())
    counts = [(level, int((values == level).sum())) for level in values.cat.categories]
    return [
        {
            "row": level,
            "kind": "level",
            "n": n,
            "of": known,
            "estimate": n / known if known else np.nan,
        }
        for level, n in counts
    ]


def _quantity(values: pd.Series) -> list[dict[str, object]]:
    """Give mean and median with their spreads."""
    told = summarise(values)
    mean = {"row": "Mean (SD)", "kind": "mean", "estimate": told.mean, "spread": told.sd}
    median = {"row": "Median [IQR]", "kind": "median", "estimate": told.median}
    return [mean | {"n": told.n}, median | {"low": told.q1, "high": told.q3, "n": told.n}]


def _imbalance(treated: pd.Series, control: pd.Series, study: Study) -> Imbalance:
    """Choose the standardised difference by the kind of values."""
    if not isinstance(treated.dtype, pd.CategoricalDtype):
        return standardised_mean_difference(treated, control, study.conf_level)
    levels = treated.cat.categories
    if len(levels) > 2:
        return standardised_category_difference(treated, control)
    first = levels[0] if len(levels) else None
    one, zero = ((g == first).astype(float).where(g.notna()) for g in (treated, control))
    return standardised_share_difference(one, zero, study.conf_level)


def _estimate(found: Imbalance) -> dict[str, object]:
    return {
        "n_treated": found.n_treated,
        "n_control": found.n_control,
        "estimate": found.estimate,
        "std_error": found.std_error,
        "conf_low": found.conf_low,
        "conf_high": found.conf_high,
    }


def _balance_row(
    study: Study, name: str, arm: str, treated: pd.Series, control: pd.Series
) -> dict[str, object]:
    """Compare one characteristic of a treated arm with the control's."""
    levels = list(treated.cat.categories) if hasattr(treated, "cat") else []
    words = {
        "analysis": BASELINE_ROWS,
        "endpoint": f"{name}: {levels[0]}" if len(levels) == 2 else name,
        "population": EVERYBODY,
        "visit": "Baseline",
        "characteristic": name,
        "signed": len(levels) <= 2,
    }
    chance = chance_of_imbalance(len(treated), len(control), IMBALANCE)
    found = _estimate(_imbalance(treated, control, study))
    return words | _labels(study, arm) | found | {"chance_beyond": chance}


def _primary_values(study: Study, visit: float, arm: str) -> np.ndarray:
    """Give the values compared at a primary visit in one arm."""
    endpoint = study.primary
    records = study.records(endpoint.parameter, endpoint.population, [visit])
    return records.loc[records[ARM] == arm, endpoint.value].dropna().to_numpy(dtype=float)
