"""What was measured, in words."""

import numpy as np

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.mechanism.analysis import Changes, Detection
from alsutils.mechanism.batches import Batches
from alsutils.mechanism.taken import Taken
from alsutils.mechanism.words import NO_BIOMARKERS
from alsutils.study import Study


def taken(study: Study, result: Taken | None) -> Prose:
    """Say how many samples were taken, and whether the arms differ in it."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    text = (
        f"Of {fmt.plural(result.patients, 'patient')}, {result.whole_told} gave a sample at every "
        f"visit and {result.never_told} never gave one."
    )
    later = result.frame[result.frame["visit"] != study.config.time.baseline]
    shares = later.groupby("arm", sort=False)["share"].agg(lambda s: s.mean(skipna=False)).dropna()
    if len(shares) > 1:
        told = [f"{fmt.percent(share)} on {arm}" for arm, share in shares.items()]
        text += (
            f" After baseline, samples were taken of {fmt.listed(told)}. A sample that was never "
            "taken is not a low value: nothing is known of it."
        )
    return Prose(text)


def detection(study: Study, result: Detection | None) -> Prose:
    """Say what was measured and how much of it lies below a limit."""
    if result is None:
        return Prose("")
    frame = result.frame
    names = list(dict.fromkeys(frame["endpoint"]))
    visits = [study.visit_phrase(v) for v in sorted(set(frame["visit"]))]
    text = (
        f"{fmt.plural(len(names), 'analyte')} {'was' if len(names) == 1 else 'were'} measured at "
        f"{fmt.listed(visits)}"
    )
    if not np.isnan(result.patients):
        text += f" in {fmt.plural(int(result.patients), 'patient')}"
    text += ". "
    analytes = result.analytes
    if not analytes["any"].any():
        text += "No value lies below a limit of quantification."
    elif (analytes["all"] | ~analytes["any"] & analytes["share"].isna()).all():
        text += "Every value lies below its limit, so that nothing can be compared."
    else:
        mostly = mostly_below(result)
        free = int((~analytes["any"]).sum())
        has = f"{fmt.plural(free, 'analyte')} {'has' if free == 1 else 'have'}"
        limits = "its limit" if free < 2 else "their limits"
        text += f"{has if free else 'None has'} all values above {limits}; "
        text += f"of {fmt.listed(mostly) or 'none'} more than half lie below."
    people = result.arms.fillna({"n": 1}).groupby("arm", sort=False)["n"].sum()
    empty = sorted(people.index[people == 0])
    if empty:
        text += f" There is no sample of patients on {fmt.listed(empty)}."
    if result.unusable:
        text += (
            f" {_measurements(study, result.unusable)} of 0 or less "
            "were left out, because they have no logarithm."
        )
    if result.above:
        text += f" {_measurements(study, result.above)} reported as above a limit stand at it."
    return Prose(text)


def _measurements(study: Study, count: int) -> str:
    """Say how many measurements, where they need not be those of a few patients."""
    if study.disclosure.hides(count):
        return "Some measurements"
    return fmt.capitalised(fmt.plural(count, "measurement"))


def mostly_below(result: Detection) -> list[str]:
    """Name the analytes of which more than half the values lie below, with their shares."""
    return [
        r["endpoint"] + ("" if np.isnan(r["share"]) else f" ({fmt.percent(r['share'])})")
        for r in result.analytes[result.analytes["mostly"]].to_dict("records")
    ]


def batches(_study: Study, result: Batches | None, change: Changes | None) -> Prose:
    """Say whether arms and batches mix, and what holding the batch equal does."""
    if result is None or change is None:
        return Prose("")
    # A number that is not told is some.
    sizes = result.counts.groupby("batch")["n"].agg(["sum", lambda n: int((n != 0).sum())])
    alone = sorted(sizes.index[sizes.iloc[:, 1] == 1])
    text = f"The values come from {fmt.plural(len(sizes), 'batch', 'batches')}."
    if alone:
        text += (
            f" {fmt.listed([str(b) for b in alone])} hold{'s' if len(alone) == 1 else ''} samples "
            "of one arm alone: whatever is peculiar to such a batch looks like the treatment."
        )
    key = ["parameter", "visit_number", "treated"]
    if result.held.empty:
        return Prose(text + " No analyte was measured in more than one of them.")
    both = result.held.merge(change.main, on=key, suffixes=("", "_plain"))
    both = both.dropna(subset=["estimate", "estimate_plain"])
    if both.empty:
        return Prose(text)
    gap = np.log(both["estimate"] / both["estimate_plain"]).abs()
    most = both.loc[gap.idxmax()]
    text += (
        f" With the batch held equal, the ratio that moves most is that of {most['endpoint']} at "
        f"{most['visit'].lower()}: from {fmt.number(most['estimate_plain'])} to "
        f"{fmt.number(most['estimate'])}."
    )
    return Prose(text)
