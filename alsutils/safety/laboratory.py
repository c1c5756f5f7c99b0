"""Laboratory values and vital signs held against their limits of normal."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.stats.proportions import share_limits
from alsutils.study import ARM, Study
from alsutils.study.disclosure import INSTEAD, LEFT_OUT
from alsutils.study.harms import Measurements
from alsutils.study.telling import told_population

LOW, NORMAL, HIGH, BOTH = "Low", "Normal", "High", "Low and high"
BELOW, ABOVE = "newly below the limits of normal", "newly above the limits of normal"
INDICATOR, LIMITS, CHOSEN = "as the data mark it", "by the data's limits", "by the study's limits"
ALT_LIMIT, BILIRUBIN_LIMIT = 3.0, 2.0  # Hy's law, in upper limits of normal
_SIDES = {"L": LOW, "N": NORMAL, "H": HIGH, "LOW": LOW, "NORMAL": NORMAL, "HIGH": HIGH}
_PAIR = ["parameter", "USUBJID"]
_EDGES = np.array([0.0, 0.25, 0.5, 1, 2, 3, 5, 8, 12, 20, np.inf])


@dataclass(frozen=True)
class Shifts:
    """From the value before treatment to the worst one after it.

    Attributes
    ----------
    frame : DataFrame
        One row a parameter, arm, ``baseline`` (Low, Normal or High) and ``worst`` (Low, Normal,
        High, Low and high): ``parameter``, ``label``, ``arm``, ``patients``. Where single patients
        must not be told, a parameter and arm with any small number of them is left out.
    new : DataFrame
        Result columns, one row a parameter, arm and direction (BELOW, ABOVE): ``parameter``,
        ``label``, ``arm``, ``patients`` (newly outside on that side), ``total`` (not outside on
        that side before), ``instead`` (what stands in place of ``patients`` where these must not be
        told).
    ranges : tuple of str
        How values were held against limits, in words.
    left_out : int
        Pairs of patient and parameter without a value before or after the start of treatment.
    population : str
        Label of the population.
    hidden : bool
        Whether anything is left out because it tells of few patients.
    """

    frame: pd.DataFrame
    new: pd.DataFrame
    ranges: tuple[str, ...]
    left_out: int
    population: str
    hidden: bool

    @property
    def results(self) -> pd.DataFrame:
        """Result columns: shares of patients newly outside."""
        return self.new


@dataclass(frozen=True)
class HysLaw:
    """Peak aminotransferase and peak bilirubin of each patient, in upper limits of normal.

    Attributes
    ----------
    binned : DataFrame
        One row an arm and cell with a patient, or with enough of them to be told: ``arm``,
        ``liver_from``, ``liver_to``, ``bilirubin_from``, ``bilirubin_to``, ``patients``.
    points : DataFrame or None
        One row a patient: ``subject``, ``arm``, ``liver``, ``bilirubin``; None where the study
        shows no single patients.
    quadrants : DataFrame
        One row an arm: ``arm``, ``total``, ``liver`` (above three times the limit), ``bilirubin``
        (above twice), ``both``; missing where it must not be told.
    population : str
        Label of the population.
    """

    binned: pd.DataFrame
    points: pd.DataFrame | None
    quadrants: pd.DataFrame
    population: str


def laboratory(study: Study) -> Shifts | None:
    """Set the laboratory values before treatment beside the worst ones after it.

    Parameters
    ----------
    study : Study
        With a ``laboratory`` block. A value is outside where ANRIND says so, else by A1LO and
        A1HI; limits in study.yml go before both. Unscheduled visits count.

    Returns
    -------
    Shifts or None
        None without the block, or without a parameter that has limits.
    """
    return _shifts(study, study.config.laboratory)


def vital_signs(study: Study) -> Shifts | None:
    """Set the vital signs before treatment beside the worst ones after it.

    Parameters
    ----------
    study : Study
        With a ``vital_signs`` block, read as ``laboratory`` reads its own.

    Returns
    -------
    Shifts or None
        None without the block, or without a parameter that has limits.
    """
    return _shifts(study, study.config.vital_signs)


def hys_law(study: Study) -> HysLaw | None:
    """Set each patient's peak aminotransferase beside the peak bilirubin.

    Parameters
    ----------
    study : Study
        With ``laboratory: liver`` and upper limits (A1HI, or in study.yml).

    Returns
    -------
    HysLaw or None
        None where the study does not watch the liver or has no upper limits for it.

    References
    ----------
    Temple, Pharmacoepidemiology and Drug Safety 2006;15:241-243.
    """
    block = study.config.laboratory
    if block is None or block.liver is None:
        return None
    codes = block.liver
    records = _records(study, block.model_copy(update={"parameters": (*vars(codes).values(),)}))
    records = records[records["after"] & records["high"].gt(0)]
    ratio = (records["AVAL"] / records["high"]).groupby([records["USUBJID"], records["parameter"]])
    peaks = ratio.max().unstack("parameter")  # noqa: PD010 (one value a pair, by construction)
    enzymes = [code for code in (codes.alt, codes.ast) if code in peaks]
    if not enzymes or codes.bilirubin not in peaks:
        return None
    arms = study.subjects(block.population).set_index("USUBJID")[ARM]
    points = pd.DataFrame(
        {"liver": peaks[enzymes].max(axis=1), "bilirubin": peaks[codes.bilirubin]}
    ).dropna()
    points = points.assign(arm=points.index.map(arms).astype("str"), subject=points.index)
    points = points.reset_index(drop=True)
    high, yellow = points["liver"] > ALT_LIMIT, points["bilirubin"] > BILIRUBIN_LIMIT
    sums = points.assign(total=1, high=high, yellow=yellow, both=high & yellow)
    quadrants = sums.groupby("arm")[["total", "high", "yellow", "both"]].sum().reindex(study.arms)
    quadrants = quadrants.fillna(0).astype(int).reset_index()
    quadrants = quadrants.rename(columns={"high": "liver", "yellow": "bilirubin"})
    binned = _binned(points)
    hidden = pd.Series(False, index=binned.index)
    for _, cells in binned.groupby("arm", sort=False)["patients"]:
        hidden[cells.index] = study.disclosure.closes(cells)
    return HysLaw(
        binned[~hidden].reset_index(drop=True),
        points if study.shows_subjects else None,
        _told_sums(study, binned[hidden], quadrants),
        study.population_label(block.population),
    )


def _told_sums(study: Study, gone: pd.DataFrame, quadrants: pd.DataFrame) -> pd.DataFrame:
    """Leave out the sums of Hy's law that a cell that is not told is part of."""
    rule, block = study.disclosure, study.config.laboratory
    if rule.is_open or block is None:
        return quadrants
    liver = gone["liver_from"] >= ALT_LIMIT
    bilirubin = gone["bilirubin_from"] >= BILIRUBIN_LIMIT
    told = quadrants.copy()
    for column, inside in (("liver", liver), ("bilirubin", bilirubin), ("both", liver & bilirubin)):
        lost = told["arm"].isin(gone.loc[inside, "arm"])
        told[column] = told[column].astype(float).mask(lost)
    sizes = told_population(study, block.population)[ARM].value_counts()
    untold = rule.hides(told["total"], told["arm"].map(sizes.to_dict()))
    return told.assign(total=told["total"].astype(float).mask(untold))


def _shifts(study: Study, block: Measurements | None) -> Shifts | None:
    if block is None:
        return None
    records = _records(study, block)
    records = records[records["side"].notna()]
    before, after = _worst(records[records["before"]]), _worst(records[records["after"]])
    given = records.groupby(_PAIR, sort=False)["given"].first()
    pairs = pd.concat({"baseline": before, "worst": after}, axis=1)
    pairs["baseline"] = pairs["baseline"].fillna(given.reindex(pairs.index))
    whole = pairs.dropna().reset_index()
    if whole.empty:
        return None
    arms = study.subjects(block.population).set_index("USUBJID")[ARM]
    labels = records.drop_duplicates("parameter").set_index("parameter")["label"]
    whole = whole.assign(
        arm=whole["USUBJID"].map(arms).astype("str"), label=whole["parameter"].map(labels)
    )
    listed = dict.fromkeys([*block.parameters, *labels.index])
    order = {code: i for i, code in enumerate(listed)}
    whole = whole.sort_values("parameter", key=lambda s: s.map(order), kind="stable")
    columns = ["parameter", "label", "arm", "baseline", "worst"]
    population = study.population_label(block.population)
    frame = whole.groupby(columns, sort=False).size().rename("patients").reset_index()
    # Sums of these cells stand elsewhere, so one small one closes all of the parameter and arm.
    few = frame.assign(few=study.disclosure.hides(frame["patients"]))
    few = few.groupby(["parameter", "arm"], sort=False)["few"].transform("any")
    sizes = told_population(study, block.population)[ARM].astype("str").value_counts()
    new = _told(study, _new(study, whole), sizes.to_dict())
    return Shifts(
        frame[~few].reset_index(drop=True),
        new.assign(population=population),
        tuple(dict.fromkeys(records["range"])),
        len(pairs) - len(whole),
        population,
        bool(few.any() or (new[INSTEAD] != "").any()),
    )


def _records(study: Study, block: Measurements) -> pd.DataFrame:
    """Gather the values of all datasets, each held against its limits."""
    members = study.subjects(block.population)["USUBJID"]
    parts = []
    for name in block.datasets:
        table = study.tables[name]
        kept = table["USUBJID"].isin(members) & table["AVAL"].notna()
        if block.parameters:
            kept &= table["PARAMCD"].isin(block.parameters)
        parts.append(_against_limits(table[kept], block, study.config.time.baseline))
    return pd.concat(parts, ignore_index=True)


def _against_limits(table: pd.DataFrame, block: Measurements, baseline: float) -> pd.DataFrame:
    """Say of each value whether it is outside its limits, and whether it was taken before."""

    def column(name: str) -> pd.Series:
        return table[name] if name in table else pd.Series(np.nan, index=table.index, dtype=object)

    def sides(name: str) -> pd.Series:
        # Each word is looked up once: a large trial has millions of rows.
        words = column(name).astype("category")
        named = [_SIDES.get(str(word).upper()) for word in words.cat.categories]
        return pd.Series(np.array([*named, np.nan], dtype=object)[words.cat.codes], table.index)

    code = table["PARAMCD"]
    chosen = code.isin(list(block.limits))
    low, high = (
        pd.to_numeric(column(name), errors="coerce").mask(
            chosen, code.map({c: limits[i] for c, limits in block.limits.items()})
        )
        for i, name in enumerate(("A1LO", "A1HI"))
    )
    side = sides("ANRIND").mask(chosen)
    limited = side.isna() & (low.notna() | high.notna())
    value = table["AVAL"]
    by_limits = _first_of([value < low, value > high], [LOW, HIGH, NORMAL])
    marked = column("ABLFL") == "Y"
    before = marked if marked.any() else table["AVISITN"] == baseline
    later = (table["AVISITN"] > baseline) | (
        table["AVISITN"].isna() & (pd.to_numeric(column("ADY"), errors="coerce") > 1)
    )
    return pd.DataFrame(
        {
            "USUBJID": table["USUBJID"],
            "parameter": code,
            "label": column("PARAM").fillna(code),
            "AVAL": value,
            "high": high,
            "side": side.mask(limited, pd.Series(by_limits, index=table.index)),
            "given": sides("BNRIND"),
            "range": _first_of([chosen, limited], [CHOSEN, LIMITS, INDICATOR]),
            "before": before,
            "after": later & ~before,
        }
    )


def _first_of(conditions: list[pd.Series], words: list[str]) -> np.ndarray:
    """Give the word of the first condition that holds, else the last, each word kept once."""
    places = np.select(conditions, list(range(len(conditions))), len(conditions))
    return np.array(words, dtype=object)[places]


def _worst(records: pd.DataFrame) -> pd.Series:
    """Give each patient's worst side of each parameter."""
    outside = pd.DataFrame({"low": records["side"] == LOW, "high": records["side"] == HIGH})
    ever = outside.groupby([records[key] for key in _PAIR], sort=False).any()
    sides = np.select(
        [ever["low"] & ever["high"], ever["low"], ever["high"]], [BOTH, LOW, HIGH], NORMAL
    )
    return pd.Series(sides, index=ever.index, dtype=object)


def _new(study: Study, whole: pd.DataFrame) -> pd.DataFrame:
    """Count who came to be outside the limits on a side on which they were not before."""
    parts = []
    for words, sides in ((BELOW, (LOW, BOTH)), (ABOVE, (HIGH, BOTH))):
        at_risk = whole[~whole["baseline"].isin(sides)]
        grouped = at_risk.assign(out=at_risk["worst"].isin(sides)).groupby(
            ["parameter", "label", "arm"], sort=False
        )["out"]
        counted = grouped.agg(patients="sum", total="size").reset_index()
        limits = share_limits(counted["patients"], counted["total"], study.alpha)
        control = counted["arm"] == study.control
        parts.append(
            counted.assign(
                analysis=f"share of patients {words}",
                direction=words,
                endpoint=counted["label"],
                contrast=counted["arm"],
                n_control=counted["total"].where(control),
                n_treated=counted["total"].where(~control),
                estimate=limits.estimate,
                conf_low=limits.exact_low,
                conf_high=limits.exact_high,
            )
        )
    return pd.concat(parts, ignore_index=True)


def _told(study: Study, new: pd.DataFrame, sizes: dict[str, int]) -> pd.DataFrame:
    """Hide small numbers of patients newly outside, and totals that tell who was outside before."""
    rule = study.disclosure
    hidden = rule.hides(new["patients"], new["total"])
    figures = ["estimate", "conf_low", "conf_high"]
    told = rule.masked(new, hidden, "patients", figures, of="total")
    before = rule.hides(new["total"], new["arm"].map(sizes))
    if not before.any():
        return told
    told.loc[before & hidden, INSTEAD] = [
        words if words == rule.few else LEFT_OUT for words in told.loc[before & hidden, INSTEAD]
    ]
    columns = ["total", "n_control", "n_treated", *figures]
    return told.assign(**{c: told[c].astype(float).mask(before) for c in columns})


def _binned(points: pd.DataFrame) -> pd.DataFrame:
    """Count patients in cells of both ratios, so that no single one is shown."""
    cells = pd.DataFrame({"arm": points["arm"]})
    for name in ("liver", "bilirubin"):
        place = np.searchsorted(_EDGES, points[name], side="left") - 1
        place = np.clip(place, 0, len(_EDGES) - 2)
        cells[f"{name}_from"], cells[f"{name}_to"] = _EDGES[place], _EDGES[place + 1]
    return cells.value_counts(sort=False).rename("patients").reset_index()
