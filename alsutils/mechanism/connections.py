"""Which changes go together: a network for each arm, and charts of patients that are linked."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.mechanism.analysis import Changes
from alsutils.mechanism.panel import Samples, log_changes
from alsutils.mechanism.responders import GOOD, OTHERS, responders
from alsutils.stats.correlation import correlation_network
from alsutils.stats.tidy import ESTIMATE_COLUMNS
from alsutils.study import Study
from alsutils.study.telling import tell_sizes

MOST_BELOW = 0.5  # share of an analyte's changes that may rest on values below a limit
MOST_LINKED = 3  # analytes of the linked charts
RANKED = "Spearman correlation of log changes"


@dataclass(frozen=True)
class Connections:
    """Correlations of every pair of changes, arm by arm.

    Attributes
    ----------
    frame : DataFrame
        One row an arm and pair in the columns of every estimate; with ``arm``, ``x``, ``y``
        (labels), ``n``, ``p_holm`` and ``p_benjamini_hochberg`` (over the pairs of that arm).
    analytes : tuple of str
        Those that take part.
    left_out : tuple of str
        Those of which too many values lie below a limit, or none was measured.
    visit : str
        The visit.
    """

    frame: pd.DataFrame
    analytes: tuple[str, ...]
    left_out: tuple[str, ...]
    visit: str


@dataclass(frozen=True)
class Linked:
    """Changes of single patients, for charts that are linked.

    Attributes
    ----------
    frame : DataFrame
        One row a patient: ``arm``, ``group`` (responders or not), ``outcome`` (of the primary
        endpoint) and the ratio to baseline of every analyte shown (``a0``, ``a1``, ...). No row
        where the study does not show subjects.
    labels : dict of str to str
        Label of each column of analytes.
    outcome, visit, outcome_visit : str
        What the outcome is, the visit of the samples and that of the outcome.
    """

    frame: pd.DataFrame
    labels: dict[str, str]
    outcome: str
    visit: str
    outcome_visit: str


def connections(study: Study, data: Samples | None) -> Connections | None:
    """Correlate the changes of every pair of analytes at the last visit, arm by arm.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.

    Returns
    -------
    Connections or None
        None where the study has no biomarkers. Rank correlations; analytes of which more than half
        of the changes rest on a value below a limit are left out.
    """
    if data is None:
        return None
    visit = max(data.visits)
    wide = log_changes(data, [visit])
    low = wide.share_low().droplevel(1)
    labels = data.labels
    kept = [code for code in low.index if low[code] <= MOST_BELOW]
    values = wide.change.droplevel(1, axis=1)[kept].rename(columns=labels)
    parts = []
    for arm in study.arms:
        found = correlation_network(values[wide.arm == arm], "spearman", study.conf_level)
        parts.append(found.frame.assign(arm=arm))
    frame = pd.concat(parts, ignore_index=True)
    side = np.where(frame["arm"] == study.control, "n_control", "n_treated")
    frame = frame.assign(
        analysis=RANKED,
        endpoint=frame["x"] + " with " + frame["y"],
        population=data.population,
        visit=study.visit_label(visit),
        contrast=frame["arm"],
        n_control=frame["n"].where(side == "n_control"),
        n_treated=frame["n"].where(side == "n_treated"),
    )
    frame = _without_few(study, frame)
    out = tuple(labels[code] for code in low.index if code not in kept)
    return Connections(frame, tuple(values.columns), out, study.visit_label(visit))


def _without_few(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """Take out correlations of a few patients, and numbers that tell how few have no change."""
    if study.disclosure.is_open or frame.empty:
        return frame
    few = study.disclosure.hides(frame["n"])
    figures = [c for c in frame if c in ESTIMATE_COLUMNS or c.startswith("p_")]
    frame = frame.assign(**{c: frame[c].mask(few) for c in figures})
    told = tell_sizes(study, frame.assign(treated=frame["arm"])).drop(columns="treated")
    return told.assign(n=told["n_control"].fillna(told["n_treated"]))


def linked(study: Study, data: Samples | None, result: Changes | None) -> Linked | None:
    """Lay the changes of single patients beside their outcome.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.
    result : Changes or None
        The comparisons, by which the analytes are chosen: the study's own pair first, then those
        with the smallest p-values.

    Returns
    -------
    Linked or None
        None where the study has no biomarkers.
    """
    block = study.config.biomarkers
    if data is None or result is None or block is None:
        return None
    visit = block.association.visit if block.association else max(data.visits)
    wide = log_changes(data, [visit])
    low = wide.share_low().droplevel(1)
    first = [block.association.x, block.association.y] if block.association else []
    at = result.main[result.main["visit_number"] == visit].sort_values("p_value")
    ranked = [code for code in dict.fromkeys([*first, *at["parameter"]]) if low[code] <= MOST_BELOW]
    chosen = ranked[:MOST_LINKED]
    columns = {f"a{i}": code for i, code in enumerate(chosen)}
    ratios = np.exp(wide.change.droplevel(1, axis=1))
    endpoint = study.primary
    later = min((v for v in endpoint.visits if v >= visit), default=max(endpoint.visits))
    scores = study.records(endpoint.parameter, endpoint.population, [later])
    outcome = scores.set_index("USUBJID")[endpoint.value].reindex(wide.change.index)
    who = responders(study, visit)
    word = pd.Series(who.of(wide.change.index.to_series()), index=wide.change.index)
    frame = pd.DataFrame(
        {
            "arm": wide.arm.astype(str),
            "group": word.map({1.0: GOOD, 0.0: OTHERS}).fillna("Not classified"),
            "outcome": outcome,
            **{name: ratios[code] for name, code in columns.items()},
        }
    ).reset_index(drop=True)
    about = study.parameter(endpoint.parameter)
    what = f"Change in {about.label}" if endpoint.value == "CHG" else about.label
    return Linked(
        frame=frame if study.shows_subjects else frame.head(0),
        labels={name: data.labels[code] for name, code in columns.items()},
        outcome=what,
        visit=study.visit_label(visit),
        outcome_visit=study.visit_label(later),
    )
