"""What this trial lets expect of the next one, in words."""

import pandas as pd

from alsutils.design.next_trial import FACE, MOST_NAMED, RECORD, WANTED, NextTrial
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.study.later import LaterTrial


def next_trial(study: Study, result: NextTrial | None) -> Prose:
    """Say how likely the same trial would succeed again, and how doubts change that."""
    if result is None:
        return Prose(
            "Too few values were seen to weigh the difference, so "
            "nothing can be expected of a next trial."
        )
    told = []
    for start in result.start.to_dict("records"):
        rows = result.beliefs[result.beliefs["treated"] == start["treated"]]
        face, guide = (_row(rows, belief, False) for belief in (FACE, RECORD))
        who = f" ({start['contrast']})" if len(result.start) > 1 else ""
        text = (
            f"The same trial again{who} would find p below {study.alpha:g} in favour of treatment "
            f"with a probability of {fmt.percent(face['again'])} if the estimate is taken at face "
            f"value, and of {fmt.percent(guide['again'])} with past trials as a guide"
        )
        if result.bias is not None:
            less = _row(rows, RECORD, True)
            text += f"; less the bias of an open label as well, of {fmt.percent(less['again'])}"
        told.append(f"{text}. {_wanted(rows, result.bias is not None)}")
    return Prose(" ".join(told))


def open_label_bias(_study: Study, result: NextTrial | None) -> Prose:
    """Say which bias is taken off, and where its size comes from."""
    if result is None:
        return Prose("")
    if result.bias is None:
        return Prose(
            "Nothing is taken off here for knowing the arm: study.yml does not say that the trial "
            "was open, or its primary endpoint leaves such knowledge little room."
        )
    unit = f" {result.unit}" if result.unit else ""
    sizes = [
        f"{fmt.number(row['bias'])}{unit}"
        + (f" for {row['treated']}" if len(result.start) > 1 else "")
        for row in result.start.to_dict("records")
    ]
    limits = fmt.interval(result.bias.low, result.bias.high)
    return Prose(
        "This trial was open. In trials that measured an endpoint both with and without knowing "
        f"the arm, {result.bias.whom} who knew it found on average "
        f"{fmt.number(result.bias.size)} standard deviations more in favour of treatment (95% "
        f"interval {limits}) {{cite:p}}`{result.bias.cite_key}`. Here that is "
        f"{fmt.listed(sizes)}, and it is taken off with that uncertainty."
    )


def later_trials(study: Study, result: NextTrial | None) -> Prose:
    """Say which trials followed, what they reported, and how that was to be expected."""
    if not study.config.later_trials:
        return Prose("study.yml names no trial that followed this one.")
    if result is None or result.later.empty:
        return Prose("The trials that followed cannot be set beside what was to be expected.")
    told = []
    for trial in study.config.later_trials:
        rows = result.later[result.later["trial"] == trial.name]
        if len(rows):
            together = result.together[result.together["trial"] == trial.name]
            told.append(_one_trial(study, trial, rows, together))
    return Prose("\n\n".join(told))


def _one_trial(study: Study, trial: LaterTrial, rows: pd.DataFrame, together: pd.DataFrame) -> str:
    how = f" ({trial.design})" if trial.design else ""
    text = f"**{trial.name}**{how} randomised {fmt.plural(trial.n, 'patient')}."
    if not trial.same_endpoint:
        text += f" Its primary endpoint is {trial.endpoint}, not that of this trial."
    text += (
        " The probabilities assume that its effect, with its own doses and at its own times, is as "
        "many standard deviations as here."
    )
    outcomes = rows.dropna(subset="p").drop_duplicates("arm")
    if outcomes.empty:
        return f"{text} {_expected(trial, rows, together)} study.yml gives no outcome of it."
    words = [f"{fmt.p_phrase(r['p'])} for {r['arm']} at {r['at']}" for _, r in outcomes.iterrows()]
    source = "the press reported" if trial.source == "press" else "it was reported"
    below = int((outcomes["p"] < study.alpha).sum())
    verdict = (
        f"below {study.alpha:g} for {below} of {fmt.plural(len(outcomes), 'comparison')}"
        if below
        else f"not below {study.alpha:g}"
    )
    text += f" {_expected(trial, rows, together)} What {source}: {fmt.listed(words)}, {verdict}."
    text += f" {_surprise(rows)}"
    return f"{text} {trial.note}" if trial.note else text


def _expected(trial: LaterTrial, rows: pd.DataFrame, together: pd.DataFrame) -> str:
    """Give the chances at face value and with every doubt that was allowed for."""
    doubt = bool(rows["less_bias"].any())
    several = len(trial.arms) > 1
    what = "that at least one of its arms succeeds" if several else "of success"
    table, column = (together, "at_least_one") if several else (rows, "assurance")
    face, less = (_row(table, *b)[column] for b in ((FACE, False), (RECORD, doubt)))
    return (
        f"The estimate at face value let expect a probability {what} of {fmt.percent(face)}; "
        f"{_doubts(doubt)} it is {fmt.percent(less)}."
    )


def _surprise(rows: pd.DataFrame) -> str:
    """Say how far such p-values were to be expected."""
    doubt = bool(rows["less_bias"].any())
    shares = [
        fmt.listed(
            [
                fmt.percent(share)
                for share in rows.loc[
                    (rows["belief"] == belief) & (rows["less_bias"] == less), "as_large"
                ].dropna()
            ]
        )
        for belief, less in ((FACE, False), (RECORD, doubt))
    ]
    return (
        "A p-value as large, or a difference that is not in favour, had a probability of "
        f"{shares[0]} at face value and of {shares[1]} {_doubts(doubt)}. One trial cannot show "
        "which belief was right."
    )


def _doubts(doubt: bool) -> str:
    return "with past trials as a guide" + (" and less the bias" if doubt else "")


def _wanted(rows: pd.DataFrame, less_bias: bool) -> str:
    """Say what trial would be needed, or that none is enough."""
    told = []
    for words, less in (("with past trials as a guide", False), ("less the bias too", True)):
        if less and not less_bias:
            continue
        row = _row(rows, RECORD, less)
        n = row["n_wanted"]
        if pd.isna(n):
            told.append(
                f"{words} no trial reaches it, for the effect is above 0 with a probability of "
                f"only {fmt.percent(row['limit'])}"
            )
        else:
            size = f"{n:,.0f}" if n <= MOST_NAMED else f"more than {MOST_NAMED:,}"
            told.append(f"{words} it takes {size} patients in each arm")
    return f"For a probability of {fmt.percent(WANTED)}: {'; '.join(told)}."


def _row(rows: pd.DataFrame, belief: str, less_bias: bool) -> pd.Series:
    found = rows[(rows["belief"] == belief) & (rows["less_bias"] == less_bias)]
    return found.iloc[0]
