"""What the biomarkers show, in sentences that read the results."""

import math

import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.mechanism.analysis import MAIN, NAIVE, Changes, Detection
from alsutils.mechanism.association import Associations
from alsutils.study import Study

NO_BIOMARKERS = "This study has no biomarkers, so this section is empty."
NO_PAIR = (
    "This study names no pair of analytes to set against each other, so this section is empty."
)


def detection(study: Study, result: Detection | None) -> Prose:
    """Say what was measured and how much of it lies below a limit."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    frame = result.frame
    names = list(dict.fromkeys(frame["endpoint"]))
    visits = [study.visit_phrase(v) for v in sorted(set(frame["visit"]))]
    text = (
        f"{fmt.plural(len(names), 'analyte')} {'was' if len(names) == 1 else 'were'} measured at "
        f"{fmt.listed(visits)} in {fmt.plural(result.patients, 'patient')}. "
    )
    sums = frame.groupby("endpoint", sort=False)[["n", "n_below"]].sum()
    share = sums["n_below"] / sums["n"].where(sums["n"] > 0)
    if not (sums["n_below"] > 0).any():
        text += "No value lies below a limit of quantification."
    elif (share.dropna() == 1).all():
        text += "Every value lies below its limit, so that nothing can be compared."
    else:
        mostly = [f"{n} ({fmt.percent(s)})" for n, s in share.items() if s > 0.5]
        free = int((sums["n_below"] == 0).sum())
        text += f"{fmt.plural(free, 'analyte')} {'has' if free == 1 else 'have'} no value below its"
        text += " limit; "
        text += (
            f"of {fmt.listed(mostly)} more than half lie below."
            if mostly
            else "of none more than half lie below."
        )
    empty = sorted(set(frame.loc[frame.groupby("arm")["n"].transform("sum") == 0, "arm"]))
    if empty:
        text += f" There is no sample of patients on {fmt.listed(empty)}."
    if result.unusable:
        text += (
            f" {fmt.capitalised(fmt.plural(result.unusable, 'measurement'))} of 0 or less "
            "were left out, because they have no logarithm."
        )
    return Prose(text)


def changes(study: Study, result: Changes | None) -> Prose:
    """State which analytes changed differently, an item a visit and contrast."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    level = fmt.percent(study.conf_level)
    lines = []
    for (visit, treated), rows in result.main.groupby(["visit", "treated"], sort=False):
        told = rows.dropna(subset=["estimate"])
        away = told[(told["conf_low"] > 1) | (told["conf_high"] < 1)]
        where = f"At {visit.lower()}, {treated} against {study.control}"
        if told.empty:
            lines.append(f"{where}: no analyte could be compared.")
            continue
        words = [_ratio(r) for r in away.to_dict("records")]
        count = f"of {fmt.plural(len(told), 'analyte')} compared, the {level} interval excludes no"
        found = (
            f"difference for {len(away)}: {fmt.listed(words)}" if words else "difference for none"
        )
        lines.append(f"{where}: {count} {found}.")
    return Prose("\n".join(f"- {line}" for line in lines))


def _ratio(row: dict[str, float | str]) -> str:
    """Word one ratio: name, direction, estimate and interval."""
    estimate, low, high = (float(row[k]) for k in ("estimate", "conf_low", "conf_high"))
    side = "higher" if estimate > 1 else "lower"
    return f"{row['endpoint']} ({side}, ratio {fmt.estimate(estimate, low, high)})"


def family(study: Study, result: Changes | None) -> Prose:
    """Write the family of tests out and say what is left after adjusting for its size."""
    if result is None:
        return Prose("")
    made = (
        f"The family is {fmt.plural(result.analytes, 'analyte')} at "
        f"{fmt.plural(result.visits, 'visit')} with {fmt.plural(result.contrasts, 'contrast')}: "
        f"{result.analytes * result.visits * result.contrasts} tests, of which "
        f"{result.tests} could be made."
    )
    if result.tests == 0:
        return Prose(made)
    main, alpha = result.main, study.alpha
    counts = [int((main[c] < alpha).sum()) for c in ("p_value", "p_holm", "p_benjamini_hochberg")]
    chance = fmt.number(result.tests * alpha, 1)
    text = (
        f"{made} Without any effect, {chance} of them would be expected to have a p-value below "
        f"{alpha:g} by chance. {counts[0]} {'has' if counts[0] == 1 else 'have'} one before "
        f"adjustment, {counts[1]} after Holm's and {counts[2]} after Benjamini and Hochberg's."
    )
    left = main[main["p_holm"] < alpha]
    if len(left):
        names = [f"{r['endpoint']} at {r['visit'].lower()}" for r in left.to_dict("records")]
        if result.contrasts > 1:
            names = [f"{n} ({t})" for n, t in zip(names, left["treated"], strict=True)]
        text += f" After Holm's adjustment there remain {fmt.listed(names)}."
    return Prose(text)


def methods(result: Changes | None) -> Prose:
    """Say what half the limit would have changed."""
    if result is None:
        return Prose("")
    key = ["endpoint", "visit", "treated"]
    both = result.main.merge(
        result.frame[result.frame["analysis"] == NAIVE], on=key, suffixes=("", "_naive")
    ).dropna(subset=["estimate", "estimate_naive"])
    touched = both[both["n_below"] > 0]
    if touched.empty:
        return Prose(
            "No comparison has a value below a limit: writing half the limit changes nothing."
            if len(both)
            else ""
        )
    gap = (touched["estimate_naive"] / touched["estimate"]).map(math.log).abs()
    worst = touched.loc[gap.idxmax()]
    excluded = [
        (touched[f"conf_low{s}"] > 1) | (touched[f"conf_high{s}"] < 1) for s in ("", "_naive")
    ]
    turned = int((excluded[0] != excluded[1]).sum())
    arm = f", {worst['treated']}" if result.contrasts > 1 else ""
    return Prose(
        f"The two ways differ most for {worst['endpoint']} at {worst['visit'].lower()}{arm}: ratio "
        f"{fmt.number(worst['estimate'])} by censored regression and "
        f"{fmt.number(worst['estimate_naive'])} with half the limit. In "
        f"{turned} of {fmt.plural(len(touched), 'comparison')} with values below a limit, one "
        "interval includes no difference and the other does not."
    )


def association(study: Study, result: Associations | None) -> Prose:
    """State the correlations in good responders and the others, and their difference."""
    if result is None:
        return Prose(NO_PAIR)
    rows = result.frame[result.frame["kind"] == "Pearson"].set_index("group")
    about = f"the changes of {result.x} and {result.y} at {result.visit.lower()}"
    level = fmt.percent(study.conf_level)
    if result.responders is None:
        everybody = _correlation(rows.loc["All patients"], level)
        return Prose(
            f"The study does not say who is a good responder. Over all patients, {about} have a "
            f"correlation of {everybody}."
        )
    parts = [
        f"{_correlation(rows.loc[group], level)} in {words}"
        for group, words in (
            ("Good responders", "good responders"),
            ("Other patients", "the others"),
        )
    ]
    text = (
        f"Good responders are patients with {result.responders}. The correlation of {about} is "
        f"{fmt.listed(parts)}. {_gap(rows.loc['Difference'], level)}"
    )
    if result.unclassified:
        text += (
            f" {fmt.plural(result.unclassified, 'patient')} without a known response "
            f"{'is' if result.unclassified == 1 else 'are'} in neither group."
        )
    low = int(rows.loc["All patients", "n_below"])
    if low:
        text += f" In {fmt.plural(low, 'patient')} a value lies below its limit and counts as half."
    return Prose(text)


def _correlation(row: pd.Series, level: str) -> str:
    if pd.isna(row["estimate"]):
        return f"not known (n {row['n']:.0f})"
    interval = fmt.interval(row["conf_low"], row["conf_high"])
    return f"{fmt.number(row['estimate'])} ({level} interval {interval}, n {row['n']:.0f})"


def _gap(row: pd.Series, level: str) -> str:
    if pd.isna(row["estimate"]):
        return "Their difference cannot be estimated."
    includes = row["conf_low"] <= 0 <= row["conf_high"]
    return (
        f"They differ by {fmt.number(row['estimate'])} ({level} interval "
        f"{fmt.interval(row['conf_low'], row['conf_high'])}, {fmt.p_phrase(row['p_value'])}): the "
        f"interval {'includes' if includes else 'excludes'} no difference"
        + (
            ", so the data do not show that good responders differ from the rest in this."
            if includes
            else "."
        )
    )


def key_points(
    study: Study, found: Detection | None, result: Changes | None, pair: Associations | None
) -> Prose:
    """Sum up the chapter in a list."""
    if found is None or result is None:
        return Prose(NO_BIOMARKERS)
    points = [str(detection(study, found)), str(family(study, result))]
    main = result.frame[result.frame["analysis"] == MAIN]
    lost = int(main["estimate"].isna().sum())
    if lost:
        points.append(
            f"{fmt.plural(lost, 'comparison')} of {len(main)} could not be made, because too few "
            "values lie above the limit or an arm has no samples."
        )
    if pair is not None and pair.responders is not None:
        rows = pair.frame[pair.frame["kind"] == "Pearson"].set_index("group")
        points.append(
            f"{pair.x} with {pair.y}, good responders less the others: "
            f"{_gap(rows.loc['Difference'], fmt.percent(study.conf_level))}"
        )
    return Prose("\n".join(f"- {point}" for point in points))
