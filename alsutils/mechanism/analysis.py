"""Biomarkers: what was measured and how it changed by arm."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.mechanism.panel import Samples, cells_of
from alsutils.stats.censored import geometric_ratio
from alsutils.stats.ranks import rank_comparison
from alsutils.stats.telling import quantile_is_told, significant
from alsutils.study import Study
from alsutils.study.config import Biomarker
from alsutils.study.disclosure import LEFT_OUT
from alsutils.study.telling import UNTOLD, hides_sizes, tell_sizes

MAIN = "ratio of geometric means (censored regression)"
IMPUTED = "ratio of geometric means (multiple imputation)"
NAIVE = "ratio of geometric means (half the limit)"
RANKS = "ratio of medians (Hodges-Lehmann)"

SEED = 7
N_IMPUTATIONS = 20
SMALLEST_GROUP = 5  # patients from which quantiles may stand for a group without naming anybody
_FIGURES = ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")
_SCALED = ["estimate", "conf_low", "conf_high"]
_COUNTS = ["n_control", "n_treated"]
TOO_LOW = "too few values above the limit"
_ROWS = ("arm", "bound", "below", "base_bound", "base_below")  # what a ratio is made of


@dataclass(frozen=True)
class Detection:
    """How much of the panel could be measured at all.

    Attributes
    ----------
    frame : DataFrame
        One row an analyte, visit and arm: ``endpoint``, ``role``, ``unit``, ``limit_low`` and
        ``limit_high`` (limits of its measurements; missing where there is none), ``visit``,
        ``visit_label``, ``arm``, ``n``, ``n_below`` and ``share_below`` (0 to 1; missing without
        samples). Missing too are numbers that may not be told.
    arms : DataFrame
        One row an analyte and arm, all visits together: ``endpoint``, ``arm``, ``n``, and ``told``,
        the values below the limit as far as may be told.
    analytes : DataFrame
        One row an analyte, all arms and visits together: ``endpoint``, ``any`` (a value is below),
        ``mostly`` (more than half are), ``all`` and ``share`` (missing where it may not be told).
    patients : float
        Patients with any sample; missing where that must not be told.
    unusable : int
        Measurements left out because they are 0 or negative.
    above : int
        Measurements reported as above a limit, which stand at it.
    notes : tuple of str
        What is not told, and why.
    """

    frame: pd.DataFrame
    arms: pd.DataFrame
    analytes: pd.DataFrame
    patients: float
    unusable: int
    above: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Levels:
    """How the values spread by arm and visit.

    Attributes
    ----------
    frame : DataFrame
        One row an analyte, visit and arm: ``n``, ``p10``, ``q25``, ``median``, ``q75``, ``p90``
        in the analyte's unit, values below the limit standing at the limit. Where single patients
        may not be told they have two digits, and those with few patients on a side are missing.
    points : DataFrame
        Single values (``bound``, ``below``) where the study shows subjects, else no row.
    """

    frame: pd.DataFrame
    points: pd.DataFrame


@dataclass(frozen=True)
class Changes:
    """Change from baseline by arm, as ratios.

    Attributes
    ----------
    frame : DataFrame
        One row an analyte, visit, contrast and method in the columns of every estimate: ratio
        treated over control with its interval, ``std_error`` on the scale of the natural
        logarithm; with ``parameter``, ``role``, ``visit_number``, ``treated``, ``model``,
        ``n_below``, ``touched`` (whether any value is below its limit) and ``reason`` (why there is
        no estimate). Numbers of patients that may not be told are missing.
    """

    frame: pd.DataFrame

    @property
    def main(self) -> pd.DataFrame:
        """The rows of the main analysis."""
        return self.frame[self.frame["analysis"] == MAIN].reset_index(drop=True)


def detection(study: Study, data: Samples | None) -> Detection | None:
    """Count measurements and those below the limit, by analyte, visit and arm.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.

    Returns
    -------
    Detection or None
        None where the study has no biomarkers.
    """
    if data is None:
        return None
    rows = [
        {**cell.names, "n": len(cell.rows), "n_below": int(cell.rows["below"].sum())}
        for cell in cells_of(study, data)
    ]
    rule, frame = study.disclosure, pd.DataFrame(rows)
    sums = frame.groupby(["endpoint", "arm"], sort=False)[["n", "n_below"]].sum().reset_index()
    hidden = rule.hides(sums["n_below"], sums["n"])
    unsized = pd.Series(hides_sizes(study, frame["arm"], frame["n"]), index=frame.index)
    unsized &= frame["n"] > 0
    lost = unsized.groupby([frame["endpoint"], frame["arm"]], sort=False).any().to_numpy()
    sums["told"] = [
        f"{low / n:.0%}" if gone and not few else rule.count(low, of=n)
        for low, n, gone, few in zip(sums["n_below"], sums["n"], lost, hidden, strict=True)
    ]
    # A bound tells of how many it is one.
    sums.loc[lost & hidden & (sums["n_below"] >= rule.minimum), "told"] = LEFT_OUT
    sums["n"] = sums["n"].mask(lost)
    whole = frame.groupby("endpoint", sort=False)[["n", "n_below"]].sum().reset_index()
    share = whole["n_below"] / whole["n"].where(whole["n"] > 0)
    analytes = whole[["endpoint"]].assign(
        any=whole["n_below"] > 0,
        mostly=share > 0.5,
        all=share == 1,
        share=share.mask(rule.hides(whole["n_below"], whole["n"])),
    )
    frame = _told_cells(study, frame)
    limits = data.frame.groupby("endpoint")["limit"].agg(limit_low="min", limit_high="max")
    frame = frame.join(limits, on="endpoint")
    return Detection(
        frame,
        sums[["endpoint", "arm", "n", "told"]],
        analytes,
        _measured(study, data),
        data.unusable,
        data.above,
        (rule.why,) if (hidden | lost).any() else (),
    )


def _measured(study: Study, data: Samples) -> float:
    """Count who gave any sample; missing where that must not be told of an arm."""
    who = data.frame.drop_duplicates("USUBJID")["arm"].astype("str").value_counts()
    hidden = hides_sizes(study, pd.Series(who.index, index=who.index), who)
    return np.nan if hidden.any() else float(who.sum())


def _told_cells(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """Give shares below the limit, as far as they and their sums over visits may be told."""
    rule, parts = study.disclosure, []
    for _, rows in frame.groupby("endpoint", sort=False):
        wide = rows.pivot_table(index="visit", columns="arm", values=["n", "n_below"], sort=False)
        small = rule.hides(wide["n_below"], wide["n"])
        mask = pd.DataFrame(
            rule.closes(wide["n_below"], small), wide.index, wide["n_below"].columns
        )
        hidden = [mask.at[r["visit"], r["arm"]] for r in rows.to_dict("records")]
        parts.append(rows.assign(n_below=rows["n_below"].mask(hidden)))
    told = pd.concat(parts)
    share = told["n_below"] / told["n"].where(told["n"] > 0)
    n = _told_numbers(study, told)
    unsized = n.isna() & told["n"].notna()
    # A count and its share tell of how many, so one of them goes and the other is round.
    below = told["n_below"].mask(unsized)
    return told.assign(share_below=share.where(~unsized, share.round(2)), n_below=below, n=n)


def _told_numbers(study: Study, frame: pd.DataFrame) -> pd.Series:
    """Give the numbers of patients with a sample, unless they are all but a few of their arm."""
    return frame["n"].mask(hides_sizes(study, frame["arm"], frame["n"]))


def levels(study: Study, data: Samples | None) -> Levels | None:
    """Describe the spread of each analyte by visit and arm.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.

    Returns
    -------
    Levels or None
        None where the study has no biomarkers. Quantiles are missing in groups of fewer than five
        patients where the study does not show subjects.
    """
    if data is None:
        return None
    shares = {"p10": 0.1, "q25": 0.25, "median": 0.5, "q75": 0.75, "p90": 0.9}
    smallest = 1 if study.shows_subjects else SMALLEST_GROUP
    least = study.disclosure.minimum
    rows = []
    for cell in cells_of(study, data):
        size = len(cell.rows)
        values = cell.rows["bound"].quantile(list(shares.values())).to_numpy()
        if not study.disclosure.is_open:
            told = quantile_is_told(size, list(shares.values()), least)
            values = np.where(told, significant(values), np.nan)
        at = values if size >= smallest else [np.nan] * 5
        rows.append({**cell.names, "n": size, **dict(zip(shares, at, strict=True))})
    frame = pd.DataFrame(rows)
    points = data.frame[["endpoint", "visit", "visit_label", "arm", "bound", "below"]]
    frame = frame.assign(n=_told_numbers(study, frame))
    return Levels(frame, points if study.shows_subjects else points.head(0))


def changes(study: Study, data: Samples | None, seed: int = SEED) -> Changes | None:
    """Compare the change from baseline between arms, by four methods.

    Patients with a sample at the visit and a baseline count. The main analysis regresses the
    logarithm of the value on the arm and the logarithm of the baseline by maximum likelihood, a
    value below the limit counting as just that. The second draws values below the limit many times
    and pools. The third writes half the limit. The fourth compares the changes by ranks, arm by
    arm.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.
    seed : int
        Of the imputations.

    Returns
    -------
    Changes or None
        None where the study has no biomarkers.
    """
    if data is None:
        return None
    rows: list[pd.DataFrame] = []
    for i, marker in enumerate(data.panel):
        for j, visit in enumerate(data.visits):
            cell = data.at(marker.parameter, visit)
            rng = np.random.default_rng([seed, i, j])
            parts = [
                ratios(study, cell, MAIN),
                ratios(study, cell, IMPUTED, rng),
                ratios(study, cell, NAIVE),
                _ranked(study, cell),
            ]
            rows.append(named(study, data, pd.concat(parts), marker, visit))
    return Changes(told_changes(study, pd.concat(rows, ignore_index=True)))


def told_changes(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out of comparisons of changes what would tell of a few patients.

    Parameters
    ----------
    study : Study
        Says how few are too few.
    frame : DataFrame
        Rows of `ratios` or the comparison by ranks, named.

    Returns
    -------
    DataFrame
        With ``touched``. Without figures where an arm has few patients, or few values above the
        limit; without counts where they are of a few or of all but a few.
    """
    rule = study.disclosure
    frame = frame.assign(touched=frame["n_below"] > 0)
    if rule.is_open:
        return frame
    seen = {s: frame[f"n_{s}"] - frame[f"below_{s}"].fillna(0) for s in ("control", "treated")}
    few = rule.hides(frame["n_control"]) | rule.hides(frame["n_treated"])
    thin = few | rule.hides(seen["control"]) | rule.hides(seen["treated"])
    reason = np.where(few, f"{rule.few_patients} of an arm with a change", TOO_LOW)
    low = rule.hides(frame["n_below"], frame["n_control"] + frame["n_treated"])
    for s in ("control", "treated"):
        low = low | rule.hides(frame[f"below_{s}"], frame[f"n_{s}"])
    frame = tell_sizes(study, frame)
    known = frame["reason"].str.replace(r"fewer than \d+ values", "too few values", regex=True)
    known = known.mask(known.str.contains(r"\d"), UNTOLD)
    counts = ["n_below", "below_control", "below_treated"]
    return frame.assign(
        **{c: frame[c].astype(float).mask(thin) for c in _FIGURES},
        **{c: frame[c].astype(float).mask(low | thin) for c in counts},
        reason=known.mask(thin & (known == ""), reason),
    )


def ratios(
    study: Study,
    cell: pd.DataFrame,
    analysis: str = MAIN,
    rng: np.random.Generator | None = None,
    covariates: tuple[str, ...] = (),
) -> pd.DataFrame:
    """Estimate the ratio of every treated arm by one of the three methods of geometric means.

    Parameters
    ----------
    study : Study
        The trial.
    cell : DataFrame
        Of `Samples.at`.
    analysis : str
        MAIN, IMPUTED or NAIVE.
    rng : Generator or None
        For IMPUTED.
    covariates : tuple of str
        Columns of the cell to hold equal beside the baseline.

    Returns
    -------
    DataFrame
        One row a treated arm.
    """
    method = {MAIN: "tobit", IMPUTED: "imputation", NAIVE: "substitution"}[analysis]
    found = geometric_ratio(
        cell,
        *_ROWS,
        covariates=covariates,
        method=method,  # type: ignore[arg-type]
        rng=rng,
        n_imputations=N_IMPUTATIONS,
        conf_level=study.conf_level,
    )
    table = found.frame.rename(columns={"arm": "treated"})
    table["reason"] = [r.replace("no sample in", NO_BASELINE) for r in table["reason"]]
    table["n_below"] = table["below_control"] + table["below_treated"]
    model = found.model if (table["reason"] == "").any() else ""
    return table.assign(analysis=analysis, model=model)


NO_BASELINE = "no sample with a baseline in"


def named(
    study: Study, data: Samples, table: pd.DataFrame, marker: Biomarker, visit: float
) -> pd.DataFrame:
    """Add to rows of treated arms what names them.

    Parameters
    ----------
    study : Study
        The trial.
    data : Samples
        Its measurements.
    table : DataFrame
        With the column ``treated``.
    marker : Biomarker
        The analyte.
    visit : float
        AVISITN.

    Returns
    -------
    DataFrame
        With ``parameter``, ``endpoint``, ``role``, ``population``, ``visit``, ``visit_number`` and
        ``contrast``.
    """
    return table.assign(
        parameter=marker.parameter,
        endpoint=marker.label,
        role=marker.role,
        population=data.population,
        visit=study.visit_label(visit),
        visit_number=visit,
        contrast=[f"{arm} vs {study.control}" for arm in table["treated"]],
    )


def _ranked(study: Study, cell: pd.DataFrame) -> pd.DataFrame:
    """Compare the changes of every treated arm with the control by ranks."""
    rows = []
    low, high = _change_bounds(cell)
    off = (cell["arm"] == study.control).to_numpy()
    for treated in study.treated:
        on = (cell["arm"] == treated).to_numpy()
        sides = {study.control: off, treated: on}
        empty = [name for name, side in sides.items() if not side.any()]
        row: dict[str, object] = dict.fromkeys(_FIGURES, np.nan)
        reason = f"{NO_BASELINE} {' and '.join(empty)}" if empty else ""
        if not empty:
            found = rank_comparison(low[on], high[on], low[off], high[off], study.conf_level)
            row |= _as_ratio(found.frame.iloc[0])
            if not np.isfinite(found.estimate):
                reason = "the median lies among values below the limit"
        counts = {"n_control": int(off.sum()), "n_treated": int(on.sum())}
        below = int(cell.loc[on | off, "below"].sum())
        sides_below = {
            f"below_{name}": int((side & cell["below"].to_numpy()).sum())
            for name, side in (("control", off), ("treated", on))
        }
        counts |= {"n_below": below, **sides_below}
        rows.append({"treated": treated, **counts, **row, "reason": reason})
    return pd.DataFrame(rows).assign(analysis=RANKS, model="")


def _change_bounds(cell: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Give the lowest and highest that each log change can be.

    Parameters
    ----------
    cell : DataFrame
        Rows of `Samples` with a baseline.

    Returns
    -------
    tuple of ndarray
        Equal where it is known, infinite where a side is open.
    """
    change = np.log(cell["bound"]).to_numpy() - np.log(cell["base_bound"]).to_numpy()
    below, base_below = cell["below"].to_numpy(), cell["base_below"].to_numpy()
    # A value below the limit is strictly less than it.
    low = np.where(below, -np.inf, np.where(base_below, np.nextafter(change, np.inf), change))
    high = np.where(base_below, np.inf, np.where(below, np.nextafter(change, -np.inf), change))
    return low, high


def _as_ratio(row: pd.Series) -> dict[str, float]:
    """Take estimate and limits from the log scale; the standard error stays on it.

    Parameters
    ----------
    row : Series
        Columns of every estimate.

    Returns
    -------
    dict
        The same figures; missing where the row has none.
    """
    figures = {name: float(row.get(name, np.nan)) for name in _FIGURES}
    return figures | {name: float(np.exp(figures[name])) for name in _SCALED}
