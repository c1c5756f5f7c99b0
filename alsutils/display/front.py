"""The front page: which trial this is, and what its data are."""

import pandas as pd

from alsutils.display import format as fmt
from alsutils.display import tables
from alsutils.display.output import Prose, Table
from alsutils.study import ARM, Study


def introduction(study: Study) -> Prose:
    """Name the trial, its arms and its primary endpoint."""
    about = study.parameter(study.primary.parameter)
    sizes = study.subjects()[ARM].value_counts()
    rule = study.disclosure
    people = {
        arm: rule.few_patients if rule.hides(sizes[arm]) else fmt.plural(sizes[arm], "patient")
        for arm in study.arms
    }
    arms = [f"{people[arm]} on {arm}" for arm in study.arms]
    visits = fmt.listed([study.visit_phrase(visit) for visit in study.primary.visits])
    return Prose(
        f"**{study.config.title}.** {study.config.description}\n\n"
        f"{fmt.capitalised(fmt.listed(arms))} were randomised. The trial asked how "
        f"**{about.label}** differs between the arms at {visits}."
    )


def provenance(study: Study) -> Prose:
    """Say where the data come from and what may be believed of them."""
    if not study.is_synthetic:
        return Prose(
            "```{admonition} Observed data\n:class: note\n"
            f"The data are those of real patients. {_shown_of_patients(study)}\n```",
            myst=True,
        )
    lines = [
        "```{admonition} Synthetic data\n:class: warning",
        "**Every patient in this book is invented.** The data were made by a program.",
    ]
    if study.published is not None:
        lines.append(
            "They were made so that they hold the figures that the trial printed, and nothing else "
            f"about them is evidence: {fmt.markdown(study.published.citation)}. Three kinds of "
            "numbers stand in this book. **Printed** numbers come from the paper and are always "
            "named so. **Recomputed** numbers follow from the data; where a printed number stands "
            "beside them, they were made to agree. **Invented** is everything else: it shows how "
            "an analysis works, not what happened to anybody."
        )
    return Prose("\n".join([*lines, "```"]), myst=True)


def _shown_of_patients(study: Study) -> str:
    """Say what of single patients the book shows and what it hides."""
    if study.shows_subjects:
        return (
            "Whoever made this book chose to show single patients: points, lines and lists of them "
            "are on its pages, and no number is held back."
        )
    rule = study.disclosure
    hidden = (
        ""
        if rule.is_open
        else f" Numbers of {rule.few_patients} are shown as {rule.few}, and what would give such a "
        "number away, or was computed from it, is left out; events, reasons and categories that "
        "few had are counted together. So some tables have gaps. A number of 0 is shown: it tells "
        "of nobody."
    )
    return (
        "The pages carry summaries only: no patient's line, point, time or date, and no lowest or "
        f"highest value.{hidden}"
    )


def contents(study: Study) -> Table:
    """List the parts of the book and what the study gives each of them to work on."""
    config = study.config
    about = study.parameter(study.primary.parameter)
    panel = config.biomarkers.panel if config.biomarkers else ()
    events = [fmt.lowered(endpoint.label) for endpoint in config.time_to_event]
    analytes = fmt.plural(len(panel), "biomarker") if panel else None
    rows = [
        ("Design", "How the trial was built and who was in it", "all studies"),
        ("Safety", "What harm was seen", "adverse events" if config.adverse_events else None),
        ("Primary endpoint", "What the trial was made to answer", about.label),
        ("Mechanism", "What changed in the laboratory", analytes),
        ("Survival", "Time until something happens", fmt.listed(events) if events else None),
        ("Appraisal", "What to make of all of it", "the chapters before it"),
    ]
    frame = pd.DataFrame(rows, columns=["chapter", "asks", "data"])
    frame["data"] = frame["data"].fillna("nothing in this study")
    labels = {"chapter": "Chapter", "asks": "About", "data": "Works on"}
    return tables.table(frame, "The six chapters", labels)
