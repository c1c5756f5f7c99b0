"""The patients with each kind of event in each arm, and what of these counts may be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alsutils.safety.followup import FollowUp, follow_up
from alsutils.safety.telling import Mask, hide_classes, hide_events, rare_names
from alsutils.stats.disclosure import is_small
from alsutils.stats.proportions import share_limits
from alsutils.study import ARM, Study
from alsutils.study.disclosure import INSTEAD, Disclosure
from alsutils.study.harms import AdverseEvents
from alsutils.study.telling import told_population

Level = Literal["term", "system"]
PER_MONTHS = 100  # rates are events per so many patient-months
FURTHER_CLASSES = "Further organ classes"


def named_events(study: Study, block: AdverseEvents, level: str = "term") -> pd.DataFrame:
    """Give the events with the name of their kind and of their organ class.

    Parameters
    ----------
    study : Study
        With events.
    block : AdverseEvents
        How to read them.
    level : {"term", "system"}
        What names a kind; terms do for any other level.

    Returns
    -------
    DataFrame
        The columns of ADAE, ``ARM``, and the categories ``name`` and ``system``; names in capitals
        throughout are set in small letters.
    """
    events = study.events(carry=())
    term, system = (_worded(events[column]) for column in (block.term, block.system))
    return events.assign(name=system if level == "system" else term, system=system)


def arm_sizes(study: Study, block: AdverseEvents) -> dict[str, int]:
    """Count the patients of the population in each arm, as far as told, the control first."""
    counts = told_population(study, block.population)[ARM].value_counts()
    return {arm: int(counts[arm]) for arm in study.arms}


def sentence_case(words: str) -> str:
    """Set words in capitals throughout in small letters, after the first."""
    return words.capitalize() if words.isupper() else words


def _worded(column: pd.Series) -> pd.Series:
    """Give a column's words as categories, each written once in sentence case."""
    codes = column.astype("str").astype("category")
    written = codes.cat.categories.map(sentence_case)
    names = pd.Index(sorted(set(written)))
    return pd.Series(
        pd.Categorical.from_codes(names.get_indexer(written)[codes.cat.codes], categories=names),
        index=column.index,
    )


@dataclass(frozen=True)
class Kinds:
    """Counts of kinds of events: all of them, and what may be told.

    Attributes
    ----------
    whole : DataFrame
        One row a kind and arm, as they are.
    hidden : ndarray of bool
        Rows of it that must not be told.
    told : DataFrame
        The same with rare kinds counted together and without what must not be told.
    systems : dict of str to str
        Organ class of each term; empty for other levels.
    others : dict of str to str
        The words for each kind that stands for several rare ones.
    """

    whole: pd.DataFrame
    hidden: Mask
    told: pd.DataFrame
    systems: dict[str, str]
    others: dict[str, str]


def count_kinds(study: Study, block: AdverseEvents, level: Level) -> Kinds:
    """Count the patients with each term or organ class, and say what of it may be told."""
    rule, named = study.disclosure, named_events(study, block)
    class_of = _system_of(named)
    by_class = named.assign(name=named["system"])
    whole = count_events(study, block, named if level == "term" else by_class)
    hidden = rule.hides(whole["patients"], whole["total"])
    if rule.is_open or named.empty:
        told = whole.assign(**{INSTEAD: ""})
        return Kinds(whole, hidden, told, class_of if level == "term" else {}, {})
    rare = rare_names(rule, count_events(study, block, by_class))
    pooled_classes = dict.fromkeys(rare, FURTHER_CLASSES)
    class_of = {term: pooled_classes.get(name, name) for term, name in class_of.items()}
    rare = rare_names(rule, count_events(study, block, named))
    pooled = {name: f"{class_of[name]}: further events" for name in rare}
    terms = count_events(study, block, _renamed(named, pooled))
    class_of |= {name: class_of[first] for first, name in pooled.items()}
    terms = terms.assign(system=terms["name"].map(class_of))
    classes = count_events(study, block, _renamed(by_class, pooled_classes))
    anybody = count_events(study, block, named.assign(name=pd.Categorical(["any"] * len(named))))
    any_of = anybody.set_index("arm")["patients"]
    terms["hidden"] = rule.hides(terms["patients"], terms["total"])
    terms["hidden"] |= _all_but_few(rule, terms, any_of)
    of_class = classes.set_index(["name", "arm"])["patients"]
    terms["hidden"] |= _all_but_few(rule, terms, of_class, ["system", "arm"])
    if level == "term":
        few = is_small(terms["patients"], rule.minimum)
        few = hide_events(terms["events"], few, [terms["system"], terms["arm"]])
        told = masked(study, terms, terms["hidden"].to_numpy(), few)
        words = _in_words(rule, pooled, "further event", "further events")
        kept = told.drop(columns=["system", "hidden"])
        return Kinds(whole, hidden, kept, {n: class_of[n] for n in kept["name"]}, words)
    few = hide_events(
        classes["events"], is_small(classes["patients"], rule.minimum), [classes["arm"]]
    )
    gone = rule.hides(classes["patients"], classes["total"])
    gone |= _all_but_few(rule, classes, any_of)
    gone |= hide_classes(rule, classes, terms)
    told = masked(study, classes, gone, few)
    words = _in_words(rule, pooled_classes, "further organ class", "further organ classes")
    lost = set(zip(told.loc[gone, "name"], told.loc[gone, "arm"], strict=True))
    pairs = zip(whole["name"], whole["arm"], strict=True)
    hidden |= np.array([pair in lost for pair in pairs], dtype=bool)
    return Kinds(whole, hidden, told, {}, words)


def _all_but_few(
    rule: Disclosure, counts: pd.DataFrame, around: pd.Series, keys: Sequence[str] = ("arm",)
) -> Mask:
    """Find the kinds that all but a few had of those with any event of a wider kind."""
    columns = [counts[key] for key in keys]
    at = columns[0] if len(columns) == 1 else pd.MultiIndex.from_arrays(columns)
    return is_small(around.reindex(at).to_numpy() - counts["patients"].to_numpy(), rule.minimum)


def _system_of(named: pd.DataFrame) -> dict[str, str]:
    """Give the organ class of each term, that where it stands more often if there are two."""
    if named.empty:
        return {}
    pairs = named.value_counts(["name", "system"]).reset_index()
    first = pairs.drop_duplicates("name").astype("str")
    return dict(zip(first["name"], first["system"], strict=True))


def _renamed(named: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Give some events another name."""
    words = named["name"].astype("str")
    told = words.map(names).where(words.isin(list(names)), words)
    return named.assign(name=told.astype("category"))


def _in_words(rule: Disclosure, pooled: Mapping[str, str], one: str, many: str) -> dict[str, str]:
    """Say of how many rare kinds each stands that was put together."""
    words = {}
    for name, n in pd.Series(list(pooled.values()), dtype=object).value_counts().items():
        each = "each in" if n > 1 else "in"
        words[str(name)] = (
            f"{n:,} {many if n > 1 else one}, {each} {rule.few_patients} of every arm"
        )
    return words


def masked(study: Study, counts: pd.DataFrame, hidden: Mask, few: Mask) -> pd.DataFrame:
    """Take out the patients that must not be told, and the events of few of them."""
    rule = study.disclosure
    shares = ["share", "conf_low", "conf_high"]
    told = rule.masked(counts, hidden, "patients", shares, of="total")
    if not (few & ~rule.is_open).any():
        return told
    return told.assign(**{c: told[c].astype(float).mask(few) for c in ("events", "rate")})


def count_events(study: Study, block: AdverseEvents, named: pd.DataFrame) -> pd.DataFrame:
    """Count patients and events of each name in each arm."""
    sizes, watched = arm_sizes(study, block), follow_up(study)
    once = named.drop_duplicates(["name", "USUBJID"])
    keys = ["name", ARM]
    counts = pd.DataFrame(
        {
            "patients": once.groupby(keys, observed=False).size(),
            "events": named.groupby(keys, observed=False).size(),
        }
    ).reset_index(names=["name", "arm"])
    counts["name"], counts["arm"] = (counts[c].astype("str") for c in ("name", "arm"))
    total = counts["arm"].map(sizes).astype(int)
    limits = share_limits(counts["patients"], total, study.alpha)
    months = counts["arm"].map(_months(study, watched)).astype(float)
    return counts.assign(
        total=total,
        share=limits.estimate,
        conf_low=limits.exact_low,
        conf_high=limits.exact_high,
        months=months,
        rate=PER_MONTHS * counts["events"] / months,
    )


def _months(study: Study, watched: FollowUp | None) -> dict[str, float]:
    return {arm: watched.months(arm) if watched else float("nan") for arm in study.arms}
