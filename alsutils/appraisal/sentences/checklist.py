"""The checklist of a trial report, filled in, with its links."""

from alsutils.appraisal.checklist import CHAPTERS, Checklist, Covered
from alsutils.display import Prose
from alsutils.display import format as fmt


def checklist(result: Checklist) -> Prose:
    """Lay out every item with the place that tells it, or what it lacks."""
    lines = ["| A report should tell | Told in |", "|---|---|"]
    part = ""
    for answer in result.answers:
        if answer.item.part != part:
            part = answer.item.part
            lines.append(f"| **{part}** | |")
        lines.append(f"| {answer.item.asks} | {_place(answer)} |")
    return Prose("\n".join(lines), myst=True)


def checklist_summary(result: Checklist) -> Prose:
    """Say how much of the checklist the book can fill in."""
    total = len(result.answers)
    plans = sum(answer.item.chapter is None for answer in result.answers)
    lacking = total - plans - result.told
    text = (
        f"Of {fmt.plural(total, 'item')}, this book tells {result.told}. {plans} are known from "
        "papers, protocols and registers only, never from data."
    )
    if lacking:
        verb = "needs" if lacking == 1 else "need"
        text += f" {lacking} more {verb} a line in study.yml or a column in the data."
    return Prose(text)


def _place(answer: Covered) -> str:
    item = answer.item
    if not answer.told or item.chapter is None:
        return f"✗ {item.lacks}"
    name = CHAPTERS[item.chapter]
    page = "/index" if item.chapter == "index" else f"/chapters/{item.chapter}"
    section = f", {item.heading}" if item.heading else ""
    return f"✓ {{doc}}`{name} <{page}>`{section}"
