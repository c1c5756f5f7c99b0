"""Tables of values outside their limits of normal."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.safety.laboratory import (
    ABOVE,
    ALT_LIMIT,
    BELOW,
    BILIRUBIN_LIMIT,
    BOTH,
    HIGH,
    LOW,
    NORMAL,
    HysLaw,
    Shifts,
)
from alsutils.safety.words import NO_LABORATORY, NO_VITAL_SIGNS
from alsutils.study import Study


def laboratory(study: Study, result: Shifts | None) -> Table | Prose:
    """Lay out the patients whose laboratory values came to be outside the limits."""
    return _outside(study, result, "Laboratory values newly outside their limits", NO_LABORATORY)


def vital_signs(study: Study, result: Shifts | None) -> Table | Prose:
    """Lay out the patients whose vital signs came to be outside the limits."""
    return _outside(study, result, "Vital signs newly outside their limits", NO_VITAL_SIGNS)


def laboratory_shifts(study: Study, result: Shifts | None) -> Table | Prose:
    """Lay out the laboratory values before treatment against the worst ones after it."""
    return _shifts(study, result, "Laboratory values: from baseline to the worst")


def vital_sign_shifts(study: Study, result: Shifts | None) -> Table | Prose:
    """Lay out the vital signs before treatment against the worst ones after it."""
    return _shifts(study, result, "Vital signs: from baseline to the worst")


def hys_law(study: Study, result: HysLaw | None) -> Table | Prose:
    """Count the patients above the limits of Hy's law."""
    if result is None:
        return Prose("")
    shown = result.quadrants
    counts = ["total", "liver", "bilirubin", "both"]
    return tables.table(
        shown,
        "Peak liver values above the limits of Hy's law",
        {
            "arm": "Arm",
            "total": "Patients",
            "liver": f"ALT or AST above {ALT_LIMIT:g} times",
            "bilirubin": f"Bilirubin above {BILIRUBIN_LIMIT:g} times",
            "both": "Both",
        },
        dict.fromkeys(counts, _whole),
        notes=[
            "Times the upper limit of normal; the highest value after the start of treatment.",
            *([study.disclosure.why] if shown[counts].isna().any(axis=None) else []),
        ],
    )


def _outside(study: Study, result: Shifts | None, title: str, absent: str) -> Table | Prose:
    if result is None:
        return Prose(absent)
    new = result.new
    words = zip(tables.counts(new, "patients"), new["total"], strict=True)
    cells = new.assign(cell=[n if pd.isna(of) else f"{n} of {of:,.0f}" for n, of in words])
    keys = {
        (direction, arm): f"{'ba'[d]}{i}"
        for d, direction in enumerate((BELOW, ABOVE))
        for i, arm in enumerate(study.arms)
    }
    places = zip(cells["direction"], cells["arm"], strict=True)
    cells["key"] = [keys[place] for place in places]
    wide = cells.pivot_table(
        index="label", columns="key", values="cell", aggfunc="first", sort=False
    ).reset_index()
    labels = {"label": "Value", **{key: arm for (_, arm), key in keys.items() if key in wide}}
    over = {
        words: [key for (which, _), key in keys.items() if which == direction and key in wide]
        for words, direction in (("Newly low", BELOW), ("Newly high", ABOVE))
    }
    return tables.table(
        wide,
        title,
        labels,
        spanners=over,
        notes=[
            f"Patients outside at any time after the start of treatment, of those who were not "
            f"outside on that side before; {fmt.listed(result.ranges)}.",
            *_left_out(result),
            *([study.disclosure.why] if result.hidden else []),
        ],
        results=result.results,
        sortable=True,
    )


def _shifts(study: Study, result: Shifts | None, title: str) -> Table | Prose:
    """Lay out the shifts of the values in which anybody shifted."""
    if result is None:
        return Prose("")
    frame = result.frame
    if result.hidden and frame.empty:
        return Prose(f"Each shift table has a cell of {study.disclosure.few_patients}.")
    outside = frame[(frame["baseline"] != NORMAL) | (frame["worst"] != NORMAL)]
    if outside.empty:
        return Prose("No value was outside its limits, before or after.")
    kept = frame[frame["parameter"].isin(outside["parameter"])]
    sides = [side for side in (LOW, NORMAL, HIGH, BOTH) if (kept["worst"] == side).any()]
    wide = kept.pivot_table(
        index=["label", "arm", "baseline"],
        columns="worst",
        values="patients",
        aggfunc="sum",
        fill_value=0,
        observed=True,
    )
    before = [side for side in (LOW, NORMAL, HIGH, BOTH) if (kept["baseline"] == side).any()]
    order = pd.MultiIndex.from_product(
        [dict.fromkeys(kept["label"]), study.arms, before], names=wide.index.names
    )
    wide = wide.loc[[key for key in order if key in wide.index], sides].reset_index()
    wide = wide.rename(columns={side: f"w{i}" for i, side in enumerate(sides)})
    labels = {"arm": "Arm", "baseline": "Before"}
    worst = {f"w{i}": side for i, side in enumerate(sides)}
    return tables.table(
        wide,
        title,
        labels | worst,
        dict.fromkeys(worst, _whole),
        group="label",
        spanners={"Worst after the start of treatment": list(worst)},
        notes=[
            f"Patients; {fmt.listed(result.ranges)}. Values in which nobody was ever outside are "
            "left out.",
            *_left_out(result),
            *([_few(study)] if result.hidden else []),
        ],
        group_label="Value",
        sortable=True,
    )


def _left_out(result: Shifts) -> list[str]:
    if not result.left_out:
        return []
    return [
        f"{result.left_out:,} pairs of a patient and a value are left out, for want of a value "
        "before or after."
    ]


def _few(study: Study) -> str:
    few = study.disclosure.few_patients
    return f"A value and arm of which any cell would hold {few} is left out, too."


def _whole(value: float) -> str:
    return fmt.number(value, 0)
