"""The same printed trial in two worlds: which analyses tell them apart, and which data would."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils import primary
from alsutils.appraisal.specifications import CHOICES, Specifications, specifications
from alsutils.design.next_trial import BIAS, OpenLabelBias
from alsutils.stats.two_sample import Sample, hedges_g, mean_difference
from alsutils.study import ARM, Study, load_study
from alsutils.study.world import BLINDED, SHAM, counterpart_folder, latent_truth

RATED = "As measured"
BLIND_WORDS = {BLINDED: "Rated blind", SHAM: "Blind, with sham"}
OBJECTIVE = ("instrument", "laboratory")


@dataclass(frozen=True)
class Worlds:
    """One trial in two worlds that print the same.

    Attributes
    ----------
    here, there : str
        What is true in the study's own world and in its counterpart's.
    frame : DataFrame
        The result columns of every test of the primary endpoint in both worlds, told apart by
        ``world``; ``analysis`` names the world as well, ``test`` does not.
    pairs : DataFrame
        One row a test: ``test``, ``endpoint``, ``visit``, ``treated`` and, with ``_here`` and
        ``_there``, ``estimate``, ``conf_low``, ``conf_high``, ``p_value``; ``same_side`` (both
        p-values on one side of alpha) and ``within`` (each estimate inside the other's interval).
    telling : DataFrame
        One row a world, arm and way of measuring at the last visit: ``measure``, ``objective``,
        ``world``, ``treated`` and Hedges' g, turned so that above 0 is better, with the result
        columns.
    alike : tuple of str
        Names of the datasets that hold the same in both worlds.
    notes : tuple of str
        What could not be fitted and why.
    """

    here: str
    there: str
    frame: pd.DataFrame
    pairs: pd.DataFrame
    telling: pd.DataFrame
    alike: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Divergence:
    """How the difference between the arms grew from the first to the last primary visit.

    Attributes
    ----------
    frame : DataFrame
        One row a treated arm: ``treated``, ``first``, ``last`` (differences), ``growth``,
        ``expected`` (growth in proportion to the time since baseline), ``conf_low`` and
        ``conf_high`` (of the growth, in patients seen at both visits) and ``source``
        ("printed" or "data").
    visits : tuple of float
        The two visits.
    bias : OpenLabelBias or None
        How far knowing the arm moved such endpoints on average elsewhere; None for a trial that was
        blinded, or does not say.
    """

    frame: pd.DataFrame
    visits: tuple[float, float]
    bias: OpenLabelBias | None


def worlds(study: Study) -> Worlds | None:
    """Put a trial and its counterpart in another world through the tests of the primary endpoint.

    Parameters
    ----------
    study : Study
        A synthetic study whose ``world`` names a counterpart.

    Returns
    -------
    Worlds or None
        None where there is no counterpart, or it is no trial of the same arms and endpoint.
    """
    found = _counterpart(study)
    if found is None:
        return None
    other, here, there = found
    tested = {label: _tests(s) for label, s in ((here, study), (there, other))}
    frames = [
        frame.assign(world=label, test=frame["analysis"], analysis=frame["analysis"] + ": " + label)
        for label, (frame, _) in tested.items()
    ]
    telling = [_telling(s).assign(world=label) for label, s in ((here, study), (there, other))]
    return Worlds(
        here,
        there,
        pd.concat(frames, ignore_index=True),
        _paired(frames[0], frames[1], study.alpha),
        pd.concat(telling, ignore_index=True),
        tuple(sorted(r for r in study.tables if _equal(study, other, r))),
        tuple(note for _, notes in tested.values() for note in notes),
    )


@dataclass(frozen=True)
class WorldCurves:
    """Every specification of the curve in both worlds.

    Attributes
    ----------
    here, there : str
        What is true in the study's own world and in its counterpart's.
    pairs : DataFrame
        One row a specification that both worlds allow: its choices, ``treated`` and, with ``_here``
        and ``_there``, ``estimate`` (standard deviations, above 0 is better), ``conf_low``,
        ``conf_high``, ``p_value``; ``same_side`` and ``within`` as in `Worlds`.
    """

    here: str
    there: str
    pairs: pd.DataFrame

    @property
    def frame(self) -> pd.DataFrame:
        """The result columns: the median of the curve in each world, by treated arm."""
        rows = []
        for side, world in (("here", self.here), ("there", self.there)):
            for arm, own in self.pairs.groupby("treated", sort=False):
                median = float(own[f"estimate_{side}"].median())
                words = f"specification curve, median: {world}"
                rows.append({"analysis": words, "contrast": arm, "estimate": median})
        return pd.DataFrame(rows)


def world_curves(study: Study, curve: Specifications) -> WorldCurves | None:
    """Set every specification beside the same one in the counterpart's world.

    Parameters
    ----------
    study : Study
        A synthetic study whose ``world`` names a counterpart.
    curve : Specifications
        Of the study.

    Returns
    -------
    WorldCurves or None
        None where ``worlds`` is None.
    """
    found = _counterpart(study)
    if found is None or not curve.curves:
        return None
    other, here, there = found
    keys, figures = [*CHOICES, "treated"], ["estimate", "conf_low", "conf_high", "p_value"]
    # The curve alone is wanted of the counterpart, not its test, so one way beside its own will do.
    frames = [curve.frame, specifications(other, n_ways=1).frame]
    sides = [frame[keys + figures] for frame in frames]
    return WorldCurves(here, there, _beside(sides[0], sides[1], keys, study.alpha))


def divergence(study: Study) -> Divergence | None:
    """Ask whether the difference between the arms went on growing.

    Parameters
    ----------
    study : Study
        The differences are the printed ones where there are any.

    Returns
    -------
    Divergence or None
        None where the primary endpoint has a single visit, or would tell of a few patients.
    """
    endpoint, start = study.primary, study.config.time.baseline
    if len(endpoint.visits) < 2 or _few_at(study, endpoint.visits):
        return None
    first, last = endpoint.visits[0], endpoint.visits[-1]
    ratio = (last - start) / (first - start)
    rows = []
    for arm in study.treated:
        found = [_data_difference(study, arm, visit) for visit in (first, last)]
        printed = [_printed_difference(study, arm, visit) for visit in (first, last)]
        source = "data" if None in printed else "printed"
        early, late = (float(d) for d in (found if source == "data" else printed) if d is not None)
        limits = _growth_limits(study, arm, first, last)
        rows.append(
            {
                "treated": arm,
                "first": early,
                "last": late,
                "growth": late - early,
                "expected": early * (ratio - 1),
                "conf_low": limits[0],
                "conf_high": limits[1],
                "source": source,
            }
        )
    design = study.config.design
    open_label = design is not None and design.masking == "none"
    about = study.parameter(endpoint.parameter)
    bias = BIAS.get(about.measured_by) if open_label else None
    return Divergence(pd.DataFrame(rows), (first, last), bias)


def _counterpart(study: Study) -> tuple[Study, str, str] | None:
    """Load the counterpart, with the labels of the study's world and its own."""
    folder, world = counterpart_folder(study), study.config.world
    if folder is None or world is None:
        return None
    other = load_study(folder)
    same = (other.arms, other.primary) == (study.arms, study.primary)
    if other.config.world is None or not same:
        return None
    return other, world.label, other.config.world.label


def _tests(study: Study) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Give every test of the primary endpoint, and what could not be fitted."""
    every, slope = primary.all_analyses(study), primary.slopes(study)
    parts, notes = [every.frame, slope.frame], [*every.notes, *slope.notes]
    both, cut = primary.together(study), primary.responders(study)
    if both is not None:
        parts.append(both.frame)
        notes += both.notes
    if cut is not None:
        parts.append(cut.frame)
    return pd.concat([p for p in parts if len(p)], ignore_index=True), tuple(notes)


def _paired(here: pd.DataFrame, there: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Set the same test of the two worlds side by side."""
    keys = ["test", "endpoint", "visit", "treated"]
    figures = ["estimate", "conf_low", "conf_high", "p_value"]
    sides = [
        frame[keys + figures].assign(visit=frame["visit"].fillna("All visits"))
        for frame in (here, there)
    ]
    return _beside(sides[0], sides[1], keys, alpha)


def _beside(here: pd.DataFrame, there: pd.DataFrame, keys: list[str], alpha: float) -> pd.DataFrame:
    """Join estimates of the two worlds, and say where they agree."""
    both = here.merge(there, on=keys, suffixes=("_here", "_there"), sort=False)
    inside = [
        (both[f"conf_low_{a}"] <= both[f"estimate_{b}"])
        & (both[f"estimate_{b}"] <= both[f"conf_high_{a}"])
        for a, b in (("here", "there"), ("there", "here"))
    ]
    small = [both[f"p_value_{side}"] < alpha for side in ("here", "there")]
    return both.assign(same_side=small[0] == small[1], within=inside[0] & inside[1])


def _telling(study: Study) -> pd.DataFrame:
    """Compare the arms by each way of measuring, at the last visit, in standard deviations."""
    rows = []
    for arm in study.treated:
        for words, objective, values in _measures(study):
            treated, control = (
                Sample.of(values.loc[values[ARM] == a, "Y"]) for a in (arm, study.control)
            )
            g = hedges_g(treated, control, study.conf_level)
            rows.append(
                {
                    "measure": words,
                    "objective": objective,
                    "treated": arm,
                    "contrast": f"{arm} vs {study.control}",
                    "n_treated": treated.n,
                    "n_control": control.n,
                    "estimate": g.estimate,
                    "std_error": g.std_error,
                    "conf_low": g.conf_low,
                    "conf_high": g.conf_high,
                }
            )
    return pd.DataFrame(rows)


def _measures(study: Study) -> Iterator[tuple[str, bool, pd.DataFrame]]:
    """Yield ways of measuring with a turned value ``Y`` a patient: as rated, blind, instruments."""
    endpoint = study.primary
    last = endpoint.visits[-1]
    sign = _sign(study, endpoint.parameter)
    seen = study.records(endpoint.parameter, endpoint.population, [last])
    yield RATED, False, seen.assign(Y=sign * seen[endpoint.value])
    truth = latent_truth(study)
    if truth is not None:
        start = truth["AVISITN"] == study.config.time.baseline
        base = truth[start].set_index("USUBJID")
        ends = truth[truth["AVISITN"] == last].set_index("USUBJID")
        arms = study.subjects().set_index("USUBJID")[ARM]
        for column, words in BLIND_WORDS.items():
            change = (sign * (ends[column] - base[column])).rename("Y").to_frame()
            yield words, False, change.join(arms, how="inner").reset_index()
    for other in study.config.secondary:
        about = study.parameter(other.parameter)
        if about.measured_by in OBJECTIVE:
            records = study.records(other.parameter, other.population, [other.visits[-1]])
            values = _sign(study, other.parameter) * records[other.value]
            yield about.label, True, records.assign(Y=values)


def _sign(study: Study, parameter: str) -> int:
    return 1 if study.parameter(parameter).better == "higher" else -1


def _equal(study: Study, other: Study, role: str) -> bool:
    return role in other.tables and study.tables[role].equals(other.tables[role])


def _printed_difference(study: Study, arm: str, visit: float) -> float | None:
    """Give the printed difference of one arm at a visit, from the printed means."""
    values = {a.label: a.value for a in study.config.arms}
    for row in study.published.comparisons if study.published else ():
        wanted = row.parameter == study.primary.parameter and row.visit == visit
        if wanted and {values[arm], values[study.control]} <= set(row.groups):
            return row.difference
    return None


def _few_at(study: Study, visits: tuple[float, ...]) -> bool:
    """Say whether an arm has a few patients at a visit, so that a mean would tell of them."""
    endpoint = study.primary
    records = study.records(endpoint.parameter, endpoint.population, [visits[0], visits[-1]])
    records = records.dropna(subset=[endpoint.value])
    counts = records.groupby(["AVISITN", ARM], observed=True).size()
    return bool(study.disclosure.hides(counts).any())


def _data_difference(study: Study, arm: str, visit: float) -> float:
    endpoint = study.primary
    records = study.records(endpoint.parameter, endpoint.population, [visit])
    means = records.groupby(ARM, observed=False)[endpoint.value].mean()
    return float(means[arm] - means[study.control])


def _growth_limits(study: Study, arm: str, first: float, last: float) -> tuple[float, float]:
    """Give the interval of the growth of the difference, in patients seen at both visits."""
    endpoint = study.primary
    records = study.records(
        endpoint.parameter, endpoint.population, [first, last], where=endpoint.observed
    )
    wide = records.pivot(index=["USUBJID", ARM], columns="AVISITN", values=endpoint.value)  # noqa: PD010
    step = (wide[last] - wide[first]).dropna().reset_index(name="step")
    treated, control = (Sample.of(step.loc[step[ARM] == a, "step"]) for a in (arm, study.control))
    if min(treated.n, control.n) < 2:
        return np.nan, np.nan
    found = mean_difference(treated, control, "pooled", study.conf_level)
    return found.conf_low, found.conf_high
