"""What the laboratory values and vital signs come to, in words."""

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.safety.laboratory import ABOVE, ALT_LIMIT, BILIRUBIN_LIMIT, HysLaw, Shifts
from alsutils.study import Study


def laboratory(study: Study, result: Shifts | None) -> Prose:
    """Say which laboratory value was pushed outside its limits most often in each arm."""
    return _outside(study, result)


def vital_signs(study: Study, result: Shifts | None) -> Prose:
    """Say which vital sign was pushed outside its limits most often in each arm."""
    return _outside(study, result)


def hys_law(study: Study, result: HysLaw | None) -> Prose:
    """Say how many patients meet Hy's law by their values."""
    if result is None:
        return Prose("")
    rows = result.quadrants.to_dict("records")
    if result.quadrants[["total", "liver", "both"]].isna().any(axis=None):
        return _few_above(study, result)
    both = sum(row["both"] for row in rows)
    if not both:
        told = [f"{row['liver']:,} of {row['total']:,} in {row['arm']}" for row in rows]
        return Prose(
            f"Nobody was above {ALT_LIMIT:g} times the limit of ALT or AST and above "
            f"{BILIRUBIN_LIMIT:g} times that of bilirubin. Above the former alone: "
            f"{fmt.listed(told)}."
        )
    told = [f"{row['both']:,} of {row['total']:,} in {row['arm']}" for row in rows]
    return Prose(
        f"Above both limits were {fmt.listed(told)}. Each of them needs a look at the patient: "
        "another cause must be ruled out."
    )


def _few_above(study: Study, result: HysLaw) -> Prose:
    """Say what may be told of Hy's law where some of its counts may not."""
    met = result.quadrants["both"]
    above = (
        f"above {ALT_LIMIT:g} times the limit of ALT or AST and above {BILIRUBIN_LIMIT:g} times "
        "that of bilirubin"
    )
    if met.isna().any():
        few = study.disclosure.few
        arms = fmt.listed(list(result.quadrants.loc[met.isna(), "arm"]))
        return Prose(
            f"In {arms} somebody was {above}. How many is not told, for some numbers are {few}. "
            "Each of them needs a look at the patient: another cause must be ruled out."
        )
    return Prose(f"{fmt.plural(int(met.sum()), 'patient') if met.any() else 'Nobody'} was {above}.")


def _outside(study: Study, result: Shifts | None) -> Prose:
    if result is None:
        return Prose("")
    parts = []
    for arm in study.arms:
        mine = result.new[result.new["arm"] == arm]
        rows = mine[(mine["patients"] > 0) & mine["estimate"].notna()]
        if rows.empty:
            hidden = mine["patients"].isna().any() or (mine["patients"] > 0).any()
            parts.append(f"in {arm} {'none that may be told' if hidden else 'none'}")
            continue
        top = rows.loc[rows["estimate"].idxmax()]
        side = "high" if top["direction"] == ABOVE else "low"
        parts.append(
            f"in {arm} {top['label']}, newly {side} in "
            f"{fmt.count_of(top['patients'], top['total'])}"
        )
    return Prose(f"The value most often pushed outside its limits: {'; '.join(parts)}.")
