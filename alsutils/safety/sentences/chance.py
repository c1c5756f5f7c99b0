"""What chance brings and what may have gone unseen, in words."""

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.safety.chance import Multiplicity, Unseen
from alsutils.safety.words import NOTHING
from alsutils.study import Study


def unseen(_study: Study, result: Unseen | None) -> Prose:
    """Say how common an event may still be that nobody had."""
    if result is None:
        return Prose(NOTHING)
    level = fmt.percent(result.confidence)
    told = [
        f"{fmt.percent(r['conf_high'], 1)} of patients in {r['arm']} (n = {r['total']})"
        for _, r in result.frame.iterrows()
    ]
    text = (
        f"An event that nobody had may still be as common as {fmt.listed(told, 'or')}, with "
        f"{level} confidence."
    )
    nobody = [
        f"{fmt.listed([f'“{k}”' for k in r['kinds']])} in {r['arm']}"
        for _, r in result.frame.iterrows()
        if r["kinds"]
    ]
    if nobody:
        text += f" That holds for the kinds that nobody had: {'; '.join(nobody)}."
    return Prose(text)


def multiplicity(_study: Study, result: Multiplicity | None) -> Prose:
    """Set the small p-values found beside those that chance alone would bring."""
    if result is None:
        return Prose("No event was compared, so there is nothing to adjust.")
    level = f"{result.alpha:g}"
    found = f"{result.below:,} were" if result.below > 1 else f"{result.below or 'none'} was"
    rest = (
        "None stays"
        if result.below_adjusted == 0
        else f"{result.below_adjusted:,} {'stays' if result.below_adjusted == 1 else 'stay'}"
    )
    able = result.comparisons - result.powerless
    verb = "has" if able == 1 else "have"
    return Prose(
        f"{fmt.plural(result.comparisons, 'comparison')} of {fmt.plural(result.terms, 'event')} "
        f"{'was' if result.comparisons == 1 else 'were'} made, and {found} at or "
        f"below p = {level}. If no event differed between the arms, the level alone would let "
        f"{fmt.number(result.nominal, 1)} be expected; with events as rare as these it is "
        f"{fmt.number(result.expected, 1)}, for only {able:,} of the comparisons {verb} enough "
        f"events for p to come to {level} at all. {rest} at or below {level} after adjustment for "
        "these."
    )
