"""How the change of one analyte goes with the change of another."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.mechanism.analysis import SEED
from alsutils.mechanism.panel import Samples, halved
from alsutils.mechanism.responders import GOOD, OTHERS, Responders, responders
from alsutils.stats.correlation import (
    Correlation,
    Kind,
    bootstrap_correlation,
    correlation,
    correlation_difference,
    partial_correlation,
    permuted_correlation,
    permuted_difference,
    repeated_correlation,
    slope_interaction,
)
from alsutils.stats.effort import repetitions
from alsutils.stats.tidy import ESTIMATE_COLUMNS
from alsutils.study import ARM, Study
from alsutils.study.config import Association

EVERYBODY = "All patients"
PEARSON, SPEARMAN, PARTIAL, WITHIN = "Pearson", "Spearman", "Partial", "Within patients"
ZOU = "difference of Pearson correlations (Zou)"
RANK_ZOU = "difference of Spearman correlations (Zou)"
REDRAWN = "difference of Pearson correlations (groups drawn again)"
SLOPES = "difference of slopes of the log changes"
N_DRAWS = 10_000
_KINDS: tuple[tuple[Kind, str], ...] = (("pearson", PEARSON), ("spearman", SPEARMAN))


@dataclass(frozen=True)
class Associations:
    """How the change of one analyte goes with the change of another.

    Attributes
    ----------
    frame : DataFrame
        One row a group of patients and kind of correlation, in the columns of every estimate; with
        ``group``, ``kind``, ``n`` (patients; for "Within patients" those seen twice or more),
        ``n_below`` (patients with any of the four values below its limit), ``p_permuted``,
        ``boot_low`` and ``boot_high`` (BCa limits). Missing where a method has none.
    claim : DataFrame
        Good responders against the others, one row a method, in the same columns; no row where the
        study does not say who responded.
    points : DataFrame
        Ratios to baseline of each patient (``x``, ``y``, ``group``, ``arm``) where the study shows
        subjects, else no row.
    x, y, visit : str
        Labels.
    responders : Responders
        Who they are.
    unclassified : str
        Patients with both changes of whom it is not known whether they responded, as far as may be
        told; empty without any.
    low : str
        Patients with a value below its limit, as far as may be told; empty without any.
    """

    frame: pd.DataFrame
    claim: pd.DataFrame
    points: pd.DataFrame
    x: str
    y: str
    visit: str
    responders: Responders
    unclassified: str
    low: str

    def row(self, group: str, kind: str = PEARSON) -> pd.Series:
        """Give the row of one group and kind."""
        rows = self.frame[(self.frame["group"] == group) & (self.frame["kind"] == kind)]
        return rows.iloc[0]


def association(
    study: Study, data: Samples | None, seed: int = SEED, n_draws: int = N_DRAWS
) -> Associations | None:
    """Correlate the changes of two analytes, in good responders, in the others and in everybody.

    Parameters
    ----------
    study : Study
        With or without ``association`` among its biomarkers.
    data : Samples or None
        Its measurements.
    seed : int
        Of permutations and bootstrap samples.
    n_draws : int
        Permutations of each test, and samples of each bootstrap.

    Returns
    -------
    Associations or None
        None where the study names no pair. Values below the limit count as half the limit; rows
        say how many patients that touches.
    """
    block = study.config.biomarkers
    if data is None or block is None or block.association is None:
        return None
    pair = block.association
    n_draws = repetitions(n_draws, data.frame["USUBJID"].nunique())
    who = responders(study, pair.visit)
    wide = _paired(data, pair)
    wide["responder"] = who.of(wide["USUBJID"])
    groups = {EVERYBODY: wide}
    if who.words:
        groups |= {GOOD: wide[wide["responder"] == 1], OTHERS: wide[wide["responder"] == 0]}
    groups |= {f"All on {arm}": wide[wide["arm"] == arm] for arm in study.arms}
    shared = {
        "endpoint": f"{data.labels[pair.x]} with {data.labels[pair.y]}",
        "population": data.population,
        "visit": study.visit_label(pair.visit),
    }
    long = _repeated(data, pair)
    rows: list[dict[str, object]] = []
    for i, (name, group) in enumerate(groups.items()):
        rng = np.random.default_rng([seed, i])
        own = long[long["USUBJID"].isin(group["USUBJID"])]
        found = _correlations(study.conf_level, group, own, rng, n_draws)
        names = {"group": name, "contrast": name, **_counts(study, group)}
        rows += [{**shared, **names, **row} for row in found]
    unknown = int(wide["responder"].isna().sum()) if who.words else 0
    low = int((wide["low_x"] | wide["low_y"]).sum())
    claim = _claim(study, groups, np.random.default_rng(seed), n_draws) if who.words else []
    word = wide["responder"].map({1.0: GOOD, 0.0: OTHERS}).fillna("Not classified")
    points = wide[["arm"]].assign(x=np.exp(wide["x"]), y=np.exp(wide["y"]), group=word)
    rule = study.disclosure
    frame, differences = pd.DataFrame(rows), pd.DataFrame([{**shared, **row} for row in claim])
    if not rule.is_open:
        frame, differences = _without_few(study, wide, frame, differences)
    return Associations(
        frame=frame,
        claim=differences,
        points=points if study.shows_subjects else points.head(0),
        x=data.labels[pair.x],
        y=data.labels[pair.y],
        visit=study.visit_label(pair.visit),
        responders=who,
        unclassified=rule.count(unknown, of=len(wide)) if unknown else "",
        low=rule.count(low, of=len(wide)) if low else "",
    )


def _without_few(
    study: Study, wide: pd.DataFrame, frame: pd.DataFrame, claim: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take out groups of a few patients, and numbers that tell how many there are in one."""
    rule = study.disclosure
    group = wide["responder"].map({1.0: GOOD, 0.0: OTHERS}).fillna("")
    cells = pd.crosstab(group, wide["arm"].astype(str))
    hidden = pd.DataFrame(rule.closes(cells.to_numpy()), cells.index, cells.columns)
    sizes, people = cells.sum(axis=1), study.subjects()[ARM].astype(str).value_counts()
    lost = pd.Series(rule.closes(sizes), index=sizes.index)
    in_arms = cells.sum()
    missing = pd.Series(rule.hides(in_arms, people.reindex(in_arms.index)), index=in_arms.index)
    responders_ = frame["group"].isin([GOOD, OTHERS])
    few = rule.hides(frame["n"])
    unsized = responders_ & (bool(lost.any()) | bool(hidden.any(axis=None)))
    for arm, unknown in missing.items():
        unsized |= (frame["group"] == f"All on {arm}") & unknown
    unsized |= (frame["group"] == EVERYBODY) & bool(missing.any())
    figures = [*ESTIMATE_COLUMNS, "p_permuted", "boot_low", "boot_high"]
    told = frame.assign(
        **{c: frame[c].astype(float).mask(few) for c in figures if c in frame},
        n=frame["n"].astype(float).mask(few | (responders_ & bool(lost.any()))),
        n_below=frame["n_below"].astype(float).mask(rule.hides(frame["n_below"], frame["n"])),
        **{c: frame[c].astype(float).mask(few | unsized) for c in ("n_control", "n_treated")},
    )
    told["df"] = told["df"].where(told["n"].notna())
    if claim.empty:
        return told, claim
    thin = bool(rule.hides(sizes.reindex([GOOD, OTHERS])).any())
    kept = claim.assign(**dict.fromkeys([c for c in figures if thin and c in claim], np.nan))
    if lost.any() or missing.any():
        counts = [c for c in ("n", "n_control", "n_treated", "df") if c in kept]
        kept = kept.assign(**dict.fromkeys(counts, np.nan))
    return told, kept


def _paired(data: Samples, pair: Association) -> pd.DataFrame:
    """Log change and log baseline of both analytes, one row a patient who has both."""
    sides = {}
    for side, code in (("x", pair.x), ("y", pair.y)):
        rows = data.at(code, pair.visit).set_index("USUBJID")
        base = np.log(halved(rows, "base_"))
        sides[side] = rows[["arm"]].assign(
            **{
                side: np.log(halved(rows)) - base,
                f"base_{side}": base,
                f"low_{side}": rows["below"] | rows["base_below"],
            }
        )
    return sides["x"].join(sides["y"].drop(columns="arm"), how="inner").reset_index()


def _repeated(data: Samples, pair: Association) -> pd.DataFrame:
    """Log values of both analytes at every visit, the baseline among them."""
    rows = data.frame.assign(log=np.log(halved(data.frame)))
    rows = rows[rows["parameter"].isin([pair.x, pair.y])]
    wide = rows.pivot_table(index=["USUBJID", "visit"], columns="parameter", values="log")
    return wide.reindex(columns=[pair.x, pair.y]).set_axis(["x", "y"], axis=1).reset_index()


def _correlations(
    level: float,
    group: pd.DataFrame,
    long: pd.DataFrame,
    rng: np.random.Generator,
    n_draws: int,
) -> list[dict[str, object]]:
    """Correlate one group's changes in every way."""
    x, y = group["x"].to_numpy(), group["y"].to_numpy()
    low = int((group["low_x"] | group["low_y"]).sum())
    rows: list[dict[str, object]] = []
    for kind, word in _KINDS:
        found = correlation(x, y, kind, level)
        drawn = permuted_correlation(x, y, rng, kind, n_draws)
        again = bootstrap_correlation(x, y, rng, kind, None, n_draws, level)
        known = np.isfinite(found.estimate)
        rows.append(
            {
                **_row(found, word),
                "n_below": low,
                "p_permuted": drawn.p_value if known else np.nan,
                "boot_low": again.conf_low,
                "boot_high": again.conf_high,
            }
        )
    held = pd.get_dummies(group["arm"].astype(str), dtype=float).iloc[:, 1:]
    given = np.column_stack([group[["base_x", "base_y"]].to_numpy(float), held.to_numpy(float)])
    rows.append({**_row(partial_correlation(x, y, given, "pearson", level), PARTIAL)})
    rows[-1]["n_below"] = low
    within = repeated_correlation(long["x"], long["y"], long["USUBJID"], level)
    figures = within.frame.iloc[0].drop(["slope", "n_subjects"]).to_dict()
    rows.append({**figures, "kind": WITHIN, "analysis": _named(WITHIN)})
    rows[-1] |= {"n": within.n_subjects, "n_below": low}
    return rows


def _row(found: Correlation, word: str) -> dict[str, object]:
    return {**found.__dict__, "kind": word, "analysis": _named(word)}


def _named(word: str) -> str:
    return {
        PEARSON: "Pearson correlation of log changes",
        SPEARMAN: "Spearman correlation of log changes",
        PARTIAL: "partial correlation of log changes, baselines and arm held equal",
        WITHIN: "correlation of log values within patients (repeated measures)",
    }[word]


def _claim(
    study: Study, groups: dict[str, pd.DataFrame], rng: np.random.Generator, n_draws: int
) -> list[dict[str, object]]:
    """Compare good responders with the others in every way."""
    level = study.conf_level
    both = pd.concat([groups[GOOD], groups[OTHERS]])
    x, y = both["x"].to_numpy(), both["y"].to_numpy()
    first = (both["responder"] == 1).to_numpy()
    names = {
        "contrast": "Good responders vs other patients",
        "n": len(both),
        **_counts(study, both),
    }
    rows: list[dict[str, object]] = []
    for (kind, _), analysis in zip(_KINDS, (ZOU, RANK_ZOU), strict=True):
        sides = [correlation(x[side], y[side], kind, level) for side in (first, ~first)]
        gap = correlation_difference(*sides)
        rows.append({**names, **gap.__dict__, "analysis": analysis})
    drawn = permuted_difference(x, y, first, rng, n_draws=n_draws)
    figures = {"estimate": drawn.estimate, "p_value": drawn.p_value}
    rows.insert(1, {**names, **figures, "analysis": REDRAWN})
    slopes = slope_interaction(x, y, first, level).frame.iloc[0]
    figures = slopes.drop(["slope_first", "slope_second", "n"]).to_dict()
    return [*rows, {**names, **figures, "analysis": SLOPES}]


def _counts(study: Study, group: pd.DataFrame) -> dict[str, int]:
    control = int((group["arm"] == study.control).sum())
    return {"n_control": control, "n_treated": len(group) - control}
