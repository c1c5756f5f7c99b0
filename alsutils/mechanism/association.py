"""How the change of one analyte goes with the change of another."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.mechanism.panel import halved, samples
from alsutils.stats.correlation import Kind, correlation, correlation_difference
from alsutils.study import Study
from alsutils.study.config import Association


@dataclass(frozen=True)
class Associations:
    """How the change of one analyte goes with the change of another.

    Attributes
    ----------
    frame : DataFrame
        One row a group of patients and kind of correlation, and one a difference between good
        responders and the others, in the columns of every estimate; with ``group``, ``kind``,
        ``n`` and ``n_below`` (patients with any of the four values below its limit).
    points : DataFrame
        Ratios to baseline of each patient (``x``, ``y``, ``group``, ``arm``) where the study shows
        subjects, else no row.
    x, y, visit : str
        Labels.
    responders : str or None
        What a good responder is; None where the study does not say.
    unclassified : int
        Patients with both changes of whom it is not known whether they responded.
    """

    frame: pd.DataFrame
    points: pd.DataFrame
    x: str
    y: str
    visit: str
    responders: str | None
    unclassified: int


def association(study: Study) -> Associations | None:
    """Correlate the changes of two analytes, in good responders, in the others and in everybody.

    Parameters
    ----------
    study : Study
        With or without ``association`` among its biomarkers.

    Returns
    -------
    Associations or None
        None where the study names no pair. Values below the limit count as half the limit; rows
        say how many patients that touches.
    """
    data, block = samples(study), study.config.biomarkers
    if data is None or block is None or block.association is None:
        return None
    pair = block.association
    wide = _paired(data.frame, pair)
    wide["responder"] = _responder(study, pair, wide["USUBJID"])
    groups = {"All patients": wide}
    if study.config.responders is not None:
        known = wide["responder"].notna()
        groups["Good responders"] = wide[known & (wide["responder"] == 1)]
        groups["Other patients"] = wide[known & (wide["responder"] == 0)]
    groups |= {f"All on {arm}": wide[wide["arm"] == arm] for arm in study.arms}
    labels = {m.parameter: m.label for m in block.panel}
    shared = {
        "endpoint": f"{labels[pair.x]} with {labels[pair.y]}",
        "population": study.population_label(block.population),
        "visit": study.visit_label(pair.visit),
    }
    rows = _correlations(study, groups, shared)
    word = wide["responder"].map({1.0: "Good responders", 0.0: "Other patients"})
    points = wide[["arm"]].assign(
        x=np.exp(wide["x"]), y=np.exp(wide["y"]), group=word.fillna("Not classified")
    )
    return Associations(
        frame=pd.DataFrame(rows),
        points=points if study.shows_subjects else points.head(0),
        x=labels[pair.x],
        y=labels[pair.y],
        visit=study.visit_label(pair.visit),
        responders=_responder_words(study, pair),
        unclassified=int(wide["responder"].isna().sum()) if study.config.responders else 0,
    )


def _paired(frame: pd.DataFrame, pair: Association) -> pd.DataFrame:
    """Log change of both analytes, one row a patient who has both."""
    at = frame[(frame["visit"] == pair.visit) & frame["base_bound"].notna()]
    sides = {}
    for side, code in (("x", pair.x), ("y", pair.y)):
        rows = at[at["parameter"] == code].set_index("USUBJID")
        change = np.log(halved(rows)) - np.log(halved(rows, "base_"))
        sides[side] = rows[["arm"]].assign(
            **{side: change, f"low_{side}": rows["below"] | rows["base_below"]}
        )
    return sides["x"].join(sides["y"].drop(columns="arm"), how="inner").reset_index()


def _responder(study: Study, pair: Association, subjects: pd.Series) -> np.ndarray:
    """1 for good responders, 0 for the others, missing where it is not known."""
    block = study.config.responders
    if block is None:
        return np.full(len(subjects), np.nan)
    records = study.records(block.parameter, block.population, [_response_visit(study, pair)])
    values = records.dropna(subset=["AVAL"]).set_index("USUBJID")["AVAL"].reindex(subjects)
    return np.where(values.isna(), np.nan, values >= block.good).astype(float)


def _response_visit(study: Study, pair: Association) -> float:
    """Visit at which response is judged: that of the samples, where it is judged then."""
    block = study.config.responders
    assert block is not None
    return pair.visit if pair.visit in block.visits else block.visits[0]


def _responder_words(study: Study, pair: Association) -> str | None:
    block = study.config.responders
    if block is None:
        return None
    about = study.parameter(block.parameter)
    visit = study.visit_phrase(_response_visit(study, pair))
    return f"{about.label} of at least {block.good:g}{about.unit and ' ' + about.unit} at {visit}"


def _correlations(
    study: Study, groups: dict[str, pd.DataFrame], shared: dict[str, str]
) -> list[dict[str, object]]:
    """Both correlations of every group, and the difference between responders and the others."""
    rows: list[dict[str, object]] = []
    kinds: tuple[tuple[Kind, str], ...] = (("pearson", "Pearson"), ("spearman", "Spearman"))
    for kind, word in kinds:
        found = {}
        for name, group in groups.items():
            result = correlation(group["x"], group["y"], kind, study.conf_level)
            found[name] = result
            low = int((group["low_x"] | group["low_y"]).sum())
            counts = _counts(study, group)
            rows.append(
                {
                    **shared,
                    **counts,
                    "analysis": f"{word} correlation of log changes",
                    "contrast": name,
                    "group": name,
                    "kind": word,
                    "n_below": low,
                    **result.frame.drop(columns="kind").iloc[0].to_dict(),
                }
            )
        if "Good responders" in found:
            gap = correlation_difference(found["Good responders"], found["Other patients"])
            both = pd.concat([groups["Good responders"], groups["Other patients"]])
            rows.append(
                {
                    **shared,
                    **_counts(study, both),
                    "analysis": f"difference of {word} correlations (Zou)",
                    "contrast": "Good responders vs other patients",
                    "group": "Difference",
                    "kind": word,
                    "n": len(both),
                    "n_below": int((both["low_x"] | both["low_y"]).sum()),
                    **gap.frame.iloc[0].to_dict(),
                }
            )
    return rows


def _counts(study: Study, group: pd.DataFrame) -> dict[str, int]:
    control = int((group["arm"] == study.control).sum())
    return {"n_control": control, "n_treated": len(group) - control}
