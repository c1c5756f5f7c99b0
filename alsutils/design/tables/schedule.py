"""Table of what was measured when."""

import pandas as pd

from alsutils.design.analysis import OVERALL
from alsutils.design.schedule import EVENTS, Schedule
from alsutils.display import Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study


def schedule(study: Study, result: Schedule) -> Table:
    """Lay out the number measured at each visit, and how long the rest was watched."""
    overall = result.frame[result.frame["arm"] == OVERALL]
    cells = tables.counts(overall, "n", "of")
    hidden = [study.disclosure.why] if (overall["instead"] != "").any() else []
    wide = overall.assign(cell=cells).pivot_table(
        index=["group", "row"], columns="visit", values="cell", aggfunc="first", sort=False
    )
    wide = wide[sorted(wide.columns)].reset_index()
    names = {visit: f"visit{i}" for i, visit in enumerate(result.visits["visit"])}
    shown = wide.rename(columns=names)
    days = result.visits.dropna(subset="day")
    if len(days):
        when = {names[r["visit"]]: fmt.number(r["day"], 0) for r in days.to_dict("records")}
        first = {"group": "When", "row": "Median study day"} | when
        shown = pd.concat([pd.DataFrame([first]), shown], ignore_index=True)
    labels = dict(zip(names.values(), result.visits["visit_label"], strict=True))
    return tables.table(
        shown,
        "What was measured when, and in how many patients",
        {"row": "Measurement", **labels},
        group="group",
        notes=[
            f"Number and percentage of the {fmt.plural(result.randomised, 'patient')} randomised; "
            "values carried forward do not count. – not measured at that visit.",
            *_watched(study, result),
            *hidden,
        ],
    )


def _watched(study: Study, result: Schedule) -> list[str]:
    """Say how long things were watched that need no visit."""
    told = []
    for span in result.spans.to_dict("records"):
        ends = fmt.interval(span["start"], span["end"], 1)
        if span["row"] == EVENTS:
            words = f"onsets from {study.config.time.unit} {ends}, in "
            words += _people(span["n"])
        else:
            words = f"{study.config.time.unit} {ends}, {_people(span['n'])}"
        told.append(f"{span['row']}: {words}")
    return [f"{'; '.join(told)}."] if told else []


def _people(n: float) -> str:
    return "a number of patients not told" if pd.isna(n) else fmt.plural(n, "patient")
