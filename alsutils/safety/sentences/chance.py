"""What chance brings and what may have gone unseen, in words."""

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.safety.chance import FalseDiscovery, Multiplicity, Unseen
from alsutils.safety.shrinkage import Shrinkage
from alsutils.study import Study

NAMED = 4
LIKELY = 0.95  # posterior probability from which an event is named


def unseen(_study: Study, result: Unseen | None) -> Prose:
    """Say how common an event may still be that nobody had."""
    if result is None:
        return Prose("")
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


def false_discovery(study: Study, result: FalseDiscovery | None) -> Prose:
    """Say which events stay below the level after each adjustment."""
    if result is None:
        return Prose("")
    level = f"{result.alpha:g}"
    several = len(study.treated) > 1
    told = []
    for column, words in (("p_adjusted", "all events as one family"), ("p_double", "organ class")):
        rows = result.frame[result.frame[column] <= result.alpha].sort_values(column)
        names = [r["name"] + (f" in {r['treated']}" if several else "") for _, r in rows.iterrows()]
        told.append((words, names))
    (_, plain), (_, double) = told
    return Prose(
        f"At {level}, adjustment over all events as one family leaves {_named(plain)}; adjustment "
        f"by organ class leaves {_named(double)}."
    )


def shrinkage(study: Study, result: Shrinkage | None) -> Prose:
    """Say which events are likely to be raised, and which was drawn back most."""
    if result is None or not result.shown:
        return Prose("")
    rows = result.shown_differences
    if rows.empty:
        return Prose("")
    several = len(study.treated) > 1
    likely = rows[rows["p_exceeds"] >= LIKELY].sort_values("p_exceeds", ascending=False)
    names = [r["name"] + (f" in {r['treated']}" if several else "") for _, r in likely.iterrows()]
    moved = rows.loc[(rows["raw"] - rows["estimate"]).abs().idxmax()]
    raw, shrunk = (fmt.number(100 * moved[key], 1) for key in ("raw", "estimate"))
    return Prose(
        f"With a probability of at least {fmt.percent(LIKELY)}, {_named(names)} "
        f"{'is' if len(names) < 2 else 'are'} truly commoner under treatment. The difference moved "
        f"most is that of {moved['name'].lower()}, from {raw} to {shrunk} "
        "percentage points."
    )


def _named(names: list[str]) -> str:
    """Count events and name the first of them."""
    if not names:
        return "none"
    more = len(names) - NAMED
    return fmt.listed([*names[:NAMED], f"{more:,} more"] if more > 0 else names)
