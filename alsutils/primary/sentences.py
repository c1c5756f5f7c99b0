"""What the primary endpoint shows, in sentences that read the results."""

import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.primary.analysis import (
    MODEL_ERRORS,
    AllAnalyses,
    Comparisons,
    PrintComparison,
)
from alsutils.primary.dichotomy import POWER, THIRDS, CutCost, PastAndFuture
from alsutils.primary.missing import Assumptions, Tipping
from alsutils.primary.multiplicity import PROCEDURES, Family
from alsutils.primary.responders import Responders
from alsutils.primary.scale import BEST, WORST, Extremes, Stages
from alsutils.primary.together import Together
from alsutils.stats.imputation import MissingPatterns
from alsutils.stats.staging import SYSTEMS
from alsutils.study import Study


def endpoint(study: Study) -> Prose:
    """Say what the primary endpoint is, when it is compared and which way is better."""
    about = study.parameter(study.primary.parameter)
    visits = fmt.listed([study.visit_phrase(v) for v in study.primary.visits])
    what = "change from baseline" if study.primary.value == "CHG" else "value"
    span = f" from {about.range[0]:g} to {about.range[1]:g} {about.unit}" if about.range else ""
    arms = fmt.listed([f"**{arm}**" for arm in study.treated])
    return Prose(
        f"The primary endpoint is the {what} in **{about.label}**{span} at {visits}; a "
        f"{about.better} value is better for the patient. {arms} "
        f"{'is' if len(study.treated) == 1 else 'are each'} compared with **{study.control}**."
    )


def main_result(study: Study, result: Comparisons) -> Prose:
    """State the difference at each primary visit and what its interval excludes."""
    lines = [_difference(study, row) for row in result.frame.to_dict("records")]
    return Prose(" ".join([*lines, *result.notes]))


def agreement(result: PrintComparison | None) -> Prose:
    """Say how many printed rows the data reproduce and which they do not."""
    if result is None:
        return Prose("")
    frame = result.frame
    good = frame["cells_agree"] & (frame["units"] <= 1) & frame["p_agrees"]
    text = (
        f"Of {fmt.plural(len(frame), 'printed row')}, {good.sum()} "
        f"{'is' if good.sum() == 1 else 'are'} reproduced with every figure to within one unit of "
        "its last digit."
    )
    off = frame[~good]
    if len(off):
        rows = [f"{r['endpoint']} at {r['visit'].lower()}" for r in off.to_dict("records")]
        text += f" Not reproduced in full: {fmt.listed(rows)}."
    return Prose(text)


def inconsistencies(study: Study) -> Prose:
    """List what does not add up within the print itself."""
    if study.published is None or not study.published.inconsistencies:
        return Prose("")
    items = "\n".join(f"- {text}" for text in study.published.inconsistencies)
    return Prose(f"Some printed figures do not fit each other:\n\n{items}")


def robustness(study: Study, result: AllAnalyses) -> Prose:
    """Say how far the analyses agree at each visit."""
    lines = []
    known = result.frame.dropna(subset=["estimate"])
    for (visit, contrast), rows in known.groupby(["visit", "contrast"], sort=False):
        excluded = (rows["conf_low"] > 0) | (rows["conf_high"] < 0)
        count = len(rows)
        low, high = rows["estimate"].min(), rows["estimate"].max()
        where = f"At {visit.lower()}" + (f", {contrast}" if len(study.treated) > 1 else "")
        if excluded.all():
            verdict = f"all {count} intervals exclude no difference"
        elif not excluded.any():
            verdict = f"all {count} intervals include no difference"
        else:
            verdict = f"{excluded.sum()} of {count} intervals exclude no difference"
        span = fmt.interval(low, high)
        if fmt.number(low) == fmt.number(high):
            lines.append(f"{where}, all estimates are {fmt.number(low)} and {verdict}.")
        else:
            lines.append(f"{where}, the estimates run from {span} and {verdict}.")
    return Prose(" ".join(lines))


def interaction(study: Study, result: AllAnalyses) -> Prose:
    """Say whether the difference depends on the first covariate, such as the baseline."""
    if "interaction_p" not in result.frame:
        return Prose("")
    tested = result.frame[result.frame["analysis"] == MODEL_ERRORS]
    tested = tested.drop_duplicates("visit_number").dropna(subset=["interaction_p"])
    if tested.empty:
        return Prose("")
    covariate = study.primary.covariates[0]
    labels = {c.column: fmt.lowered(c.label) for c in study.config.baseline}
    name = "the baseline" if covariate == "BASE" else labels.get(covariate, covariate)
    parts = [
        f"p = {fmt.p_value(row['interaction_p'])} at {study.visit_phrase(row['visit_number'])}"
        for row in tested.to_dict("records")
    ]
    found = (tested["interaction_p"] <= study.alpha).any()
    verdict = "The difference may depend on it" if found else "The data show no sign of it"
    rows = pd.DataFrame(
        {
            "analysis": f"{MODEL_ERRORS}, arm by {covariate}",
            "endpoint": tested["endpoint"],
            "population": tested["population"],
            "visit": tested["visit"],
            "p_value": tested["interaction_p"],
        }
    )
    return Prose(
        f"Does the difference depend on {name}? Its product with the arm, added to the analysis of "
        f"covariance, has {fmt.listed(parts)}. {verdict}; a small trial would hardly see it.",
        rows,
    )


def responders(study: Study, result: Responders | None) -> Prose:
    """State the good responders by arm at each visit."""
    block = study.config.responders
    if result is None or block is None:
        return Prose("")
    rows = result.shares[result.shares["threshold"] == block.good]
    about = study.parameter(block.parameter)
    parts = []
    for visit, group in rows.groupby("visit", sort=False):
        cells = [
            f"{r['count_text'].replace(fmt.MISSING, 'a number not given')} on {r['arm']}"
            for r in group.to_dict("records")
        ]
        parts.append(f"at {study.visit_phrase(visit)}, {fmt.listed(cells)}")
    return Prose(
        f"Good responders are patients with {about.label} of at least {block.good:g}{about.unit}: "
        f"{'; '.join(parts)}."
    )


def cost_of_cutting(study: Study, result: CutCost | None) -> Prose:
    """Say what the dearest and the cheapest cut cost."""
    if result is None:
        return Prose("")
    about = study.parameter(study.primary.parameter)
    unit = f" {about.unit}" if about.unit else ""
    lines = []
    for arm, difference in result.difference.items():
        rows = result.cuts[result.cuts["treated"] == arm]
        best = rows.loc[rows["fisher"].idxmax()]
        worst = rows.loc[rows["fisher"].idxmin()]
        lines.append(
            f"With the patients and the spread of this study, {arm} against {study.control}, a "
            f"true difference of {fmt.number(difference)}{unit} is found by the means in "
            f"{fmt.percent(POWER)} of trials; by counting responders, in "
            f"{fmt.percent(best['fisher'])} where {best['cut']} and in "
            f"{fmt.percent(worst['fisher'])} where {worst['cut']}."
        )
    return Prose(" ".join(lines))


def past_and_future(study: Study, result: PastAndFuture | None) -> Prose:
    """Say how the control arm's worst third went on, and how far noise explains it."""
    if result is None:
        return Prose("")
    about = study.parameter(study.primary.parameter)
    unit = f"{about.unit} per {study.config.time.unit}".strip()
    lines = []
    mine = result.thirds[
        (result.thirds["arm"] == study.control) & (result.thirds["third"] == THIRDS[0])
    ]
    for row in mine.to_dict("records"):
        better = (row["after"] > row["before"]) == (about.better == "higher")
        lines.append(
            f"On {study.control}, the third whose slope had been worst went from "
            f"{fmt.number(row['before'])} to {fmt.number(row['after'])} {unit}: "
            + ("better, without the new treatment." if better else "not better.")
        )
    change = result.change
    found = [
        f"{fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])} on {r['group']}"
        for r in change.frame.to_dict("records")
    ]
    lines.append(
        "By how much the change of slope differs for each unit of earlier slope: "
        f"{fmt.listed(found)}."
    )
    if change.residual_sd == change.residual_sd:  # known: some patient has three values
        scatter = f"{fmt.number(change.residual_sd)} {about.unit}".strip()
        lines.append(
            f"Values scatter around the patients' lines by {scatter}. If that scatter is new at "
            f"every visit, {fmt.percent(change.reliability)} of the variance of the earlier slopes "
            f"is real, and noise alone would give {fmt.number(change.by_noise)}."
        )
        frame = change.frame
        if (frame["conf_high"] < change.by_noise).all():
            lines.append("Patients come back to the mean by more than noise explains.")
        if ((frame["conf_low"] <= -1) & (frame["conf_high"] >= -1)).all():
            lines.append(
                "A value of −1 would mean that the earlier slope says nothing about the later "
                "one; the intervals include it."
            )
    return Prose(" ".join(lines))


def extremes(study: Study, result: Extremes | None) -> Prose:
    """Say which scale has most patients at either end, at baseline."""
    if result is None or not result.anybody:
        return Prose("")
    start = result.frame[result.frame["visit_number"] == study.config.time.baseline]
    counts = start.groupby(["end", "parameter"], sort=False)[["count", "n"]].agg(
        lambda own: own.sum(skipna=False)
    )
    counts = counts.dropna()
    lines = []
    for end in (WORST, BEST):
        if end not in counts.index:
            continue
        mine = counts.loc[end].astype(int)
        share = mine["count"] / mine["n"]
        name = share.idxmax()
        if share[name] == 0:
            lines.append(f"At baseline no patient is {end} of any scale.")
            continue
        lines.append(
            f"At baseline, {fmt.count_of(mine['count'][name], mine['n'][name])} of "
            f"{mine['n'][name]} patients are {end} of {name}"
            + (", more than of any other scale." if len(mine) > 1 else ".")
        )
    return Prose(" ".join(lines))


def stages(result: Stages | None) -> Prose:
    """Say what the stages count, and how the mean stage of those seen moved."""
    if result is None or result.means.empty:
        return Prose("")
    lines = [
        f"**{system.label}** {system.meaning}."
        for system in SYSTEMS.values()
        if not result.means.empty and (result.means["system"] == system.label).any()
    ]
    for (system, arm), rows in result.means.groupby(["system", "arm"], sort=False):
        first, last = rows.iloc[0], rows.iloc[-1]
        lines.append(
            f"{system}, {arm}: mean stage {fmt.number(first['mean'], 1)} at "
            f"{first['visit'].lower()}{_of_patients(first['n'], '')} and "
            f"{fmt.number(last['mean'], 1)} at {last['visit'].lower()}"
            f"{_of_patients(last['n'], ' seen alive')}."
        )
    return Prose(" ".join([*lines, *result.notes]))


def _of_patients(n: float, more: str) -> str:
    return "" if n != n else f" ({fmt.plural(n, 'patient')}{more})"


def missing_patterns(study: Study, result: MissingPatterns) -> Prose:
    """Say how many patients were seen throughout, by arm."""
    complete = result.frame[result.frame["kind"] == "complete"].set_index("arm")["told"]
    sizes = result.subjects["arm"].value_counts()
    parts = []
    for arm in study.arms:
        count = str(complete.get(arm, 0)).replace(fmt.MISSING, "a number not given")
        parts.append(f"{count} of {sizes.get(arm, 0)} on {arm}")
    gaps = "Nobody came back after a visit missed." if result.monotone else (
        "Some missed a visit and came back."
    )  # fmt: skip
    return Prose(f"Seen at every visit after baseline were {fmt.listed(parts)}. {gaps}")


def assumptions(study: Study, result: Assumptions) -> Prose:
    """Say how far the difference depends on what is assumed of the missing."""
    if "estimate" not in result.frame:
        return Prose(" ".join(result.notes))
    lines = []
    for contrast, rows in result.frame.groupby("contrast", sort=False):
        where = f"{contrast} at {study.visit_phrase(study.primary.visits[-1])}"
        rows = rows.dropna(subset="estimate")
        known = rows.dropna(subset="conf_low")
        excluded = int(((known["conf_low"] > 0) | (known["conf_high"] < 0)).sum())
        if rows.empty:
            lines.append(f"{where}: no difference is known under any assumption.")
            continue
        lines.append(
            f"{where}: from {fmt.interval(rows['estimate'].min(), rows['estimate'].max())}; "
            f"{excluded} of {fmt.plural(len(known), 'interval')} "
            f"{'excludes' if len(known) == 1 else 'exclude'} no difference."
        )
    return Prose(" ".join(lines))


def tipping(study: Study, result: Tipping | None) -> Prose:
    """Say by how much the missing must differ for the result to turn."""
    if result is None:
        return Prose("")
    unit = study.parameter(study.primary.parameter).unit
    lines = []
    for arm in result.frame["treated"].unique():
        cells = result.frame[result.frame["treated"] == arm]
        start = cells[(cells["delta_control"] == 0) & (cells["delta_treated"] == 0)].iloc[0]
        turn = result.contour[
            (result.contour["treated"] == arm) & (result.contour["delta_control"] == 0)
        ]
        reach = f"{fmt.number(cells['delta_treated'].abs().max(), 1)} {unit}".strip()
        if start["p_value"] >= study.alpha:
            lines.append(f"{arm}: the interval includes no difference before anything is shifted.")
        elif turn.empty:
            lines.append(
                f"{arm}: shifting the missing treated patients alone, even by {reach}, does "
                "not turn the result."
            )
        else:
            shift = f"{fmt.number(abs(turn['delta_treated'].iloc[0]), 1)} {unit}".strip()
            lines.append(
                f"{arm}: the result turns once the missing treated patients did {shift} "
                "worse than those who stayed suggest."
            )
    return Prose(" ".join(lines))


def together(study: Study, result: Together | None) -> Prose:
    """State the pairwise comparison in words."""
    if result is None or result.frame.empty:
        return Prose("")
    lines = []
    for arm in study.treated:
        rows = result.frame[result.frame["treated"] == arm].set_index("analysis")
        if "probabilistic index" not in rows.index:
            continue
        row = rows.loc["probabilistic index"]
        includes = row["conf_low"] <= 0.5 <= row["conf_high"]
        interval = fmt.interval(100 * row["conf_low"], 100 * row["conf_high"], 0)
        lines.append(
            f"A patient on {arm}, drawn at random, does better than one on {study.control} with "
            f"probability {fmt.percent(row['estimate'])} (interval {interval}%); the interval "
            f"{'includes' if includes else 'excludes'} a coin's toss."
        )
    return Prose(" ".join(lines))


def multiplicity(study: Study, result: Family) -> Prose:
    """Say how many differences each procedure shows."""
    count = len(result.frame)
    if count == 1 or result.frame["p_value"].isna().all():
        return Prose("")
    shown = {
        words: int((result.frame[name] <= study.alpha).sum()) for name, words in PROCEDURES.items()
    }
    unadjusted = int((result.frame["p_value"] <= study.alpha).sum())
    verb = "has" if unadjusted == 1 else "have"
    start = f"Of {count} primary hypotheses, {unadjusted} {verb} p at or below {study.alpha:g}."
    if len(set(shown.values())) == 1:
        return Prose(f"{start} After adjustment there are {shown['Holm']}, by every procedure.")
    parts = [f"{number} by {words}" for words, number in shown.items()]
    return Prose(f"{start} After adjustment there are {fmt.listed(parts)}.")


def key_points(study: Study, main: Comparisons, every: AllAnalyses) -> Prose:
    """Sum up the chapter in a list, as of the last primary visit."""
    last = study.primary.visits[-1]
    points = [_difference(study, row) for row in main.at(last).to_dict("records")]
    at_last = AllAnalyses(every.frame[every.frame["visit_number"] == last], ())
    points.append(str(robustness(study, at_last)))
    masking = study.config.design.masking if study.config.design else None
    rated = study.parameter(study.primary.parameter).measured_by in ("rating", "self_report")
    if masking == "none" and rated:
        points.append(
            "Everybody knew who received what, and the endpoint is a judgement: no analysis in "
            "this chapter can tell an effect of treatment from an effect of knowing."
        )
    return Prose("\n".join(f"- {point}" for point in points))


def _difference(study: Study, row: dict[str, float | str]) -> str:
    """Word one difference: direction, size, interval and what it excludes."""
    estimate, low, high = (float(row[k]) for k in ("estimate", "conf_low", "conf_high"))
    about = study.parameter(study.primary.parameter)
    better = (estimate > 0) == (about.better == "higher")
    unit = f" {about.unit}" if about.unit else ""
    where = f"At {str(row['visit']).lower()}, {row['treated']}"
    if estimate != estimate or low != low:  # NaN: too few patients
        return f"{where} cannot be compared with {study.control}: too few values."
    includes = low <= 0 <= high
    verdict = "includes" if includes else "excludes"
    side = "no different from" if estimate == 0 else f"{'better' if better else 'worse'} than"
    amount = "" if estimate == 0 else f" by {fmt.number(abs(estimate))}{unit}"
    level = fmt.percent(study.conf_level)
    return (
        f"{where} did {side} {study.control}{amount} on average (difference "
        f"{fmt.number(estimate)}, {level} interval {fmt.interval(low, high)}, "
        f"{fmt.p_phrase(float(row['p_value']))}); the interval {verdict} no difference."
    )
