"""What a study has, in a few lines for the terminal."""

from dataclasses import dataclass

from alsutils.study import ARM, Study


@dataclass(frozen=True)
class Summary:
    """A study in short.

    Attributes
    ----------
    title : str
        Its title, with the provenance of its data.
    facts : tuple of (str, str)
        Name and value of each fact: arms, populations, endpoint.
    sections : tuple of (str, str or None)
        Chapter of the book, and why part of it is left out, or None where all of it is there.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[tuple[str, str | None], ...]

    def text(self) -> str:
        """Write it as lines."""
        width = max(len(name) for name, _ in (*self.facts, *self.sections))
        lines = [self.title]
        lines += [f"  {name:<{width}}  {value}" for name, value in self.facts]
        lines += ["The book:"]
        lines += [f"  {name:<{width}}  {lack or 'complete'}" for name, lack in self.sections]
        return "\n".join(lines)


def summarise(study: Study) -> Summary:
    """Say what a study has and what its book will hold.

    Parameters
    ----------
    study : Study
        A loaded study.

    Returns
    -------
    Summary
        Facts, and the chapters with what they lack.
    """
    config = study.config
    counts = study.subjects()[ARM].value_counts()
    endpoint = study.primary
    visits = ", ".join(study.visit_phrase(visit) for visit in endpoint.visits)
    facts = [("arms", ", ".join(f"{arm} {counts[arm]}" for arm in study.arms))]
    facts += [
        (f"population {name}", f"{population.label}, {len(study.subjects(name))} patients")
        for name, population in config.populations.items()
    ]
    parameter = study.parameter(endpoint.parameter)
    facts.append(("endpoint", f"{parameter.label} ({endpoint.value}) at {visits}"))
    return Summary(
        title=f"{config.title} ({config.provenance} data)",
        facts=tuple(facts),
        sections=_sections(study),
    )


def _sections(study: Study) -> tuple[tuple[str, str | None], ...]:
    """Name the chapters and the blocks of study.yml that each of them misses."""
    config = study.config
    blocks: dict[str, dict[str, object]] = {
        "design": {"design": config.design, "baseline": config.baseline, "flow": config.flow},
        "safety": {"adverse_events": config.adverse_events},
        "primary": {"responders": config.responders, "lead_in": config.lead_in},
        "mechanism": {"biomarkers": config.biomarkers},
        "survival": {"time_to_event": config.time_to_event},
        "appraisal": {"published": config.published},
    }
    return tuple((chapter, _lack(wanted)) for chapter, wanted in blocks.items())


def _lack(wanted: dict[str, object]) -> str | None:
    missing = [name for name, block in wanted.items() if not block]
    return f"without what needs {', '.join(missing)} in study.yml" if missing else None
