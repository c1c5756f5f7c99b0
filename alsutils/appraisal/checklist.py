"""What a report of a randomised trial should tell, and where this book tells it."""

from collections.abc import Callable
from dataclasses import dataclass

from alsutils.study import Study

Rule = Callable[[Study], bool]
CHAPTERS = {
    "index": "Front page",
    "01_design": "Design",
    "02_safety": "Safety",
    "03_primary": "Primary endpoint",
    "04_mechanism": "Mechanism",
    "05_survival": "Survival",
    "06_appraisal": "Appraisal",
}


@dataclass(frozen=True)
class Item:
    """Something that CONSORT 2025 asks a report to tell, in this book's words.

    Attributes
    ----------
    part : str
        Part of a report.
    asks : str
        What is to be told.
    chapter : str or None
        Chapter that tells it; None where no book made from data can.
    heading : str
        Section of that chapter; empty for the chapter as a whole.
    rule : callable
        Whether the study has what the section needs.
    lacks : str
        What is missing where it has not.
    """

    part: str
    asks: str
    chapter: str | None
    heading: str
    rule: Rule
    lacks: str


@dataclass(frozen=True)
class Covered:
    """An item, and whether this study's book tells it."""

    item: Item
    told: bool


@dataclass(frozen=True)
class Checklist:
    """All items with their answers.

    Attributes
    ----------
    answers : tuple of Covered
        In the order of a report.
    """

    answers: tuple[Covered, ...]

    @property
    def told(self) -> int:
        """How many items the book tells."""
        return sum(answer.told for answer in self.answers)


def _always(_: Study) -> bool:
    return True


def _never(_: Study) -> bool:
    return False


def _has(block: str) -> Rule:
    """Ask whether study.yml has a block."""
    return lambda study: bool(getattr(study.config, block))


def _design(field: str) -> Rule:
    """Ask whether study.yml says something of the design."""
    return lambda study: getattr(study.config.design, field, None) is not None


def _open(study: Study) -> bool:
    return study.is_synthetic


def _dated(study: Study) -> bool:
    return "RANDDT" in study.tables["adsl"]


_PLAN = "not in the data: see paper, protocol or register"
_BLOCK = "study.yml has no `{}`"

ITEMS = (
    Item(
        "Title", "That the trial was randomised", "01_design", "The trial at a glance", _always, ""
    ),
    Item(
        "Openness",
        "Where the trial is registered",
        "01_design",
        "The trial at a glance",
        _design("registration"),
        "study.yml names no registration",
    ),
    Item("Openness", "Where protocol and analysis plan can be read", None, "", _never, _PLAN),
    Item(
        "Openness",
        "Who can have the data",
        "index",
        "",
        _open,
        "study.yml does not say who can have observed data",
    ),
    Item("Openness", "Who paid, and who has which interests", None, "", _never, _PLAN),
    Item("Introduction", "Why the trial was needed", None, "", _never, _PLAN),
    Item(
        "Introduction",
        "What exactly was asked, harms included",
        "03_primary",
        "What exactly is asked",
        _always,
        "",
    ),
    Item("Methods", "How patients and public took part", None, "", _never, _PLAN),
    Item(
        "Methods",
        "Design: arms, allocation, phase",
        "01_design",
        "The trial at a glance",
        _has("design"),
        _BLOCK.format("design"),
    ),
    Item("Methods", "Important changes after the start", None, "", _never, _PLAN),
    Item(
        "Methods",
        "Where the trial was run",
        "01_design",
        "The trial at a glance",
        _design("sites"),
        "study.yml does not say in how many centres",
    ),
    Item("Methods", "Who could take part", None, "", _never, _PLAN),
    Item("Methods", "What each arm got, in detail", None, "", _never, _PLAN),
    Item(
        "Methods",
        "Outcomes: which, how and when measured",
        "03_primary",
        "What exactly is asked",
        _always,
        "",
    ),
    Item(
        "Methods",
        "How harms were defined and looked for",
        "02_safety",
        "Which events",
        _has("adverse_events"),
        _BLOCK.format("adverse_events"),
    ),
    Item("Methods", "How the sample size was planned", None, "", _never, _PLAN),
    Item(
        "Methods",
        "Interim looks and rules for stopping",
        "01_design",
        "Looking early",
        _design("interim_looks"),
        "study.yml does not say whether an interim look was planned",
    ),
    Item(
        "Methods",
        "How the arms were drawn",
        "01_design",
        "How the arms are drawn",
        _design("randomisation"),
        "study.yml does not say how the arms were drawn",
    ),
    Item("Methods", "How the draw was kept hidden, and by whom", None, "", _never, _PLAN),
    Item(
        "Methods",
        "Who was blinded",
        "06_appraisal",
        "What the design leaves open",
        _design("masking"),
        _BLOCK.format("design"),
    ),
    Item(
        "Methods",
        "How each outcome was analysed, and in whom",
        "03_primary",
        "The difference between the arms",
        _always,
        "",
    ),
    Item(
        "Methods", "How missing data were dealt with", "03_primary", "Who is missing", _always, ""
    ),
    Item(
        "Results",
        "How many were drawn, treated and analysed, and why others left",
        "01_design",
        "The way of the patients",
        _has("flow"),
        _BLOCK.format("flow"),
    ),
    Item(
        "Results",
        "When patients were recruited",
        "01_design",
        "Enrolment over time",
        _dated,
        "the data hold no dates of randomisation",
    ),
    Item("Results", "What was given, and what else patients took", None, "", _never, _PLAN),
    Item(
        "Results",
        "The arms at baseline",
        "01_design",
        "The arms at baseline",
        _has("baseline"),
        _BLOCK.format("baseline"),
    ),
    Item(
        "Results",
        "Each outcome: numbers, effect and its interval",
        "03_primary",
        "The difference between the arms",
        _always,
        "",
    ),
    Item(
        "Results",
        "Harms by arm",
        "02_safety",
        "Overview",
        _has("adverse_events"),
        _BLOCK.format("adverse_events"),
    ),
    Item(
        "Results",
        "Further analyses, planned or not",
        "03_primary",
        "Several chances to be right",
        _always,
        "",
    ),
    Item("Discussion", "What the results mean", "06_appraisal", "Key points", _always, ""),
    Item(
        "Discussion",
        "Limits: bias, imprecision, many analyses",
        "06_appraisal",
        "What the design leaves open",
        _has("design"),
        _BLOCK.format("design"),
    ),
)


def checklist(study: Study) -> Checklist:
    """Fill in the checklist of a trial report from what the study holds.

    Parameters
    ----------
    study : Study
        The trial.

    Returns
    -------
    Checklist
        An item is told where the book has a section on it and the study has what that needs.

    References
    ----------
    Hopewell S, et al. CONSORT 2025 statement: updated guideline for reporting randomised trials.
    BMJ 2025;389:e081123. doi:10.1136/bmj-2024-081123
    """
    return Checklist(tuple(Covered(item, item.rule(study)) for item in ITEMS))
