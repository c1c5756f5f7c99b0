"""The trial in plain language: short words, short sentences, no jargon."""

import math
from collections.abc import Iterator

from alsutils.appraisal.plain import CLEAR_BETTER, SMALL, UNCLEAR, PlainFacts
from alsutils.display import format as fmt
from alsutils.display.leaflet import Leaflet
from alsutils.study import Study

_MEASURED = {
    "rating": "A person judged it.",
    "self_report": "People told it themselves.",
    "instrument": "A device read it.",
    "laboratory": "A laboratory measured it.",
}


def plain_summary(study: Study, facts: PlainFacts) -> Leaflet:
    """Write the page that a patient organisation could hand out."""
    parts = [
        ("What is this about?", _about(study, facts)),
        ("What was measured?", _measured(study)),
        ("What came out?", _result(study, facts)),
        ("What about harm?", _harm(study, facts)),
        ("How sure can we be?", _sure(study, facts)),
        ("What came later?", _later(study)),
        ("What does this mean for me?", _meaning(study)),
    ]
    kept = [(question, tuple(answer)) for question, answer in parts]
    return Leaflet(study.config.title, tuple((q, answer) for q, answer in kept if answer))


def _about(study: Study, facts: PlainFacts) -> Iterator[str]:
    if study.is_synthetic:
        yield "The people in this study are made up."
        yield "A computer program made them, so that others can learn from them."
        if study.published is not None:
            yield "They fit the printed numbers of a real trial."
    total = sum(facts.sizes.values())
    yield f"{fmt.plural(total, 'person', 'people')} took part."
    yield "Chance decided who got what."
    yield f"{fmt.listed([f'{n:,} got {arm}' for arm, n in facts.sizes.items()])}."


def _measured(study: Study) -> Iterator[str]:
    about = study.parameter(study.primary.parameter)
    visits = fmt.listed([study.visit_phrase(visit) for visit in study.primary.visits])
    yield f"The main measure was {about.label}."
    yield _MEASURED[about.measured_by]
    yield f"A {about.better} value is better."
    yield f"People were compared at {visits}."


def _result(study: Study, facts: PlainFacts) -> Iterator[str]:
    if facts.gaps.empty:
        yield "Too few people were seen to compare the groups."
        return
    unit = study.parameter(study.primary.parameter).unit
    yield f"We look at {study.visit_phrase(study.primary.visits[-1])}, the last time."
    for row in facts.gaps.to_dict("records"):
        arm, low, high = row["treated"], row["low"], row["high"]
        if row["verdict"] == UNCLEAR:
            yield f"There was no clear gap between {arm} and {study.control}."
            yield f"{arm} may be better by up to {_amount(high, unit)}."
            yield f"It may also be worse by up to {_amount(-low, unit)}."
        else:
            better = row["verdict"] == CLEAR_BETTER
            near, far = sorted((abs(low), abs(high)))
            word = "better" if better else "worse"
            yield f"People on {arm} did {word} than people on {study.control}."
            yield f"The gap was {_amount(abs(row['gap']), unit)} on average."
            limits = f"as small as {fmt.number(near, 1)} or as large as {fmt.number(far, 1)}"
            yield f"It may be {limits}."
    if facts.same_before is not None:
        yield (
            "The earlier times gave the same picture."
            if facts.same_before
            else "The earlier times gave a different picture."
        )


def _harm(study: Study, facts: PlainFacts) -> Iterator[str]:
    if facts.serious is not None:
        yield "Some health problems are serious: they need a hospital, or put life at risk."
        yield f"Such problems struck {_counts(study, facts.serious)}."
    if facts.deaths is not None and any(hit for hit, _ in facts.deaths.values()):
        yield "Some people died while they were watched."
        yield f"They were {_counts(study, facts.deaths)}."


def _sure(study: Study, facts: PlainFacts) -> Iterator[str]:
    design = study.config.design
    judged = study.parameter(study.primary.parameter).measured_by in ("rating", "self_report")
    if design is None:
        yield "We do not know who was told what each person got."
    elif design.masking == "none":
        yield "Everyone knew who got what."
        if judged:
            yield "Hope can change how people feel and how they are judged."
            yield "So we cannot tell how much the treatment itself did."
        else:
            yield "Hope can change how hard people try."
    elif design.masking == "single":
        yield "Only some of those who took part knew who got what."
    else:
        yield "No one was told who got what, so hope should not have tipped the scales."
    total = sum(facts.sizes.values())
    if facts.missing:
        unknown = math.isnan(facts.missing)
        many = "Some" if unknown else fmt.capitalised(_many(study, int(facts.missing), total))
        yield f"{many} of {total:,} people had no value at the last time."
        yield "If they did better or worse than the others, the result could change."
    if total < SMALL:
        yield "This was a small trial, and small trials can mislead by chance."


def _later(study: Study) -> Iterator[str]:
    for trial in study.config.later_trials:
        if not trial.outcomes:
            yield f"A later trial, {trial.name}, has no result here yet."
            continue
        clear = sum(outcome.p < study.alpha for outcome in trial.outcomes)
        found = (
            f"found a clear gap in {clear} of {len(trial.outcomes)} comparisons"
            if clear
            else "found no clear gap"
        )
        yield f"A later trial, {trial.name}, {found}."
        if trial.source == "press":
            yield "We know this from the news only."


def _meaning(study: Study) -> Iterator[str]:
    if study.is_synthetic:
        yield "These people are made up, so their data prove nothing about any treatment."
    yield "One trial is never the last word."
    yield "Please talk to your doctor before you start or stop a treatment."


def _counts(study: Study, by_arm: dict[str, tuple[int, int]]) -> str:
    told = [f"{_many(study, hit, n)} of {n:,} on {arm}" for arm, (hit, n) in by_arm.items()]
    return fmt.listed(told)


def _many(study: Study, count: int, of: int) -> str:
    """Write a number of people, or what may be told of it."""
    rule = study.disclosure
    if rule.hides(count):
        return f"fewer than {rule.minimum}"
    return f"more than {of - rule.minimum:,}" if rule.hides(count, of) else f"{count:,}"


def _amount(value: float, unit: str) -> str:
    return f"{fmt.number(value, 1)} {unit}".strip()
