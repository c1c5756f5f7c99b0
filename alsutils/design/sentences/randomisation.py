"""How arms can be drawn and what drawing them again shows, in words."""

import numpy as np
import pandas as pd

from alsutils.design.randomisation import METHODS, RandomisationMethods, RandomisationTests
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.stats.randomisation import Scheme
from alsutils.study import Study


def randomisation_methods(study: Study, result: RandomisationMethods) -> Prose:
    """Say what each method would have brought this trial, and what is known of its own."""
    usual = result.points[result.points["usual"]].set_index("method")
    plain, blocks = usual.loc[METHODS["simple"]], usual.loc[METHODS["blocks"]]
    parts = [
        f"With the {result.n:,} patients of this trial, simple randomisation leaves arms that "
        f"differ by {fmt.number(plain['overall'], 1)} patients on average, and nobody can foresee "
        f"an arm: guessing hits {fmt.percent(plain['by_rule'])}. Blocks of {blocks['setting']} "
        f"bring the difference to {fmt.number(blocks['overall'], 1)}, and who counts the arms so "
        f"far hits {fmt.percent(blocks['by_rule'])}."
    ]
    if result.factors:
        strata = usual.loc[METHODS["stratified_blocks"]]
        minimised = usual.loc[METHODS["minimisation"]]
        parts.append(
            f"Within a category such blocks still differ by {fmt.number(blocks['category'], 1)}, "
            f"blocks within strata by {fmt.number(strata['category'], 1)} and minimisation by "
            f"{fmt.number(minimised['category'], 1)}; who knows those rules hits "
            f"{fmt.percent(strata['by_rule'])} and {fmt.percent(minimised['by_rule'])}."
        )
    else:
        parts.append(
            "study.yml names no category of patients, so strata and minimisation are left out."
        )
    scaled = "" if len(set(result.ratio)) == 1 else ", brought to equal size,"
    whole = result.observed == round(result.observed)
    parts.append(
        f"The arms of this trial{scaled} differ by "
        f"{fmt.number(result.observed, 0 if whole else 1)} patients; under simple randomisation "
        f"{fmt.percent(result.simple_at_least)} of trials differ by as much or more."
    )
    if result.method is None:
        parts.append("study.yml does not say how its arms were drawn.")
        if len(set(result.ratio)) > 1:
            shares = ":".join(map(str, result.ratio))
            parts.append(f"The shares {shares} were read off the sizes of the arms.")
    else:
        drawn = "one shuffle of all patients" if result.scheme is None else _named(result.scheme)
        parts.append(f"It used {drawn}.")
    design = study.config.design
    if design is not None and design.masking == "none":
        parts.append(
            "Where patients and staff know the arms, those given so far are known to all who could "
            "guess the next."
        )
    return Prose(" ".join(parts))


def redrawn(study: Study, result: RandomisationTests) -> Prose:
    """Say how the arms are drawn again, and on what grounds."""
    if result.scheme is not None:
        text = f"Here the arms are drawn again as they were drawn: by {_named(result.scheme)}."
        if len(study.treated) > 1:
            text += " In each comparison only the patients of its two arms are drawn again."
            if result.scheme.method == "minimisation":
                text += " Minimisation then no longer counts those of the others."
    elif result.known:
        text = "All patients were shuffled at once, so they are shuffled again."
    else:
        text = (
            "study.yml does not say how the arms were drawn. So the arms of the patients with a "
            "value are shuffled, and each arm keeps its size: complete randomisation with fixed "
            "sizes is assumed. If there were blocks, strata or minimisation, the lottery was "
            "another one, and this test is often too cautious."
        )
    return Prose(text)


def randomisation_test(study: Study, result: RandomisationTests) -> Prose:
    """Say what the lottery alone would bring, at the last primary visit."""
    frame = result.frame
    if frame.empty:
        return Prose("Too few values of the primary endpoint are there for a randomisation test.")
    last = frame[frame["visit"] == result.visit]
    told = [_told(row, result) for _, row in last[last["compared"] == "Means"].iterrows()]
    if not told:
        return Prose(
            f"At {result.visit.lower()} an arm has no value, so nothing can be drawn again."
        )
    agree = _agreement(frame, study.alpha)
    return Prose(" ".join([*told, agree]))


def _told(row: pd.Series, result: RandomisationTests) -> str:
    unit = f" {result.unit}" if result.unit else ""
    made = f"{row['n_ways']:,} ways of giving the arms"
    made = f"all {made}" if row["exact"] else f"{made} drawn here"
    limits = f"The interval is {fmt.interval(row['conf_low'], row['conf_high'])}."
    if np.isinf([row["conf_low"], row["conf_high"]]).any():
        limits = "There are too few ways to bound the effect on both sides."
    return (
        f"At {row['visit'].lower()} the means of {row['contrast'].replace(' vs ', ' and ')} differ "
        f"by {fmt.number(row['estimate'])}{unit}. Of {made}, that one included, "
        f"{row['tail']:,} {'is' if row['tail'] == 1 else 'are'} as far out on its side; with both "
        f"sides {fmt.p_phrase(row['p_value'])}. {limits}"
    )


def _agreement(frame: pd.DataFrame, alpha: float) -> str:
    """Say whether drawing again and the usual tests fall on the same side of the level."""
    known = frame.dropna(subset=["p_value", "model_p"])
    if known.empty:
        return "The usual tests cannot be computed here."
    apart = known[(known["p_value"] <= alpha) != (known["model_p"] <= alpha)]
    if apart.empty:
        widest = float((known["p_value"] - known["model_p"]).abs().max())
        apart_by = f"at most {fmt.number(widest, 3)}" if widest >= 0.001 else "less than 0.001"
        return (
            f"In {fmt.plural(len(known), 'test')} of the table the usual test falls on the same "
            f"side of {alpha:g}; its p-value differs by {apart_by}."
        )
    named = [
        f"{r['compared'].lower()} at {r['visit'].lower()} ({r['contrast']})"
        for r in apart.to_dict("records")
    ]
    return f"The usual test falls on the other side of {alpha:g} for {fmt.listed(named)}."


def _named(scheme: Scheme) -> str:
    """Name a method with its settings."""
    if scheme.method == "simple":
        return "a coin or die for each patient"
    if scheme.method == "minimisation":
        return f"minimisation with a coin of {scheme.probability:g}"
    sizes = fmt.listed([f"{size}" for size in scheme.blocks], "or")
    where = " within strata" if scheme.method == "stratified_blocks" else ""
    return f"permuted blocks of {sizes}{where}"
