"""What `study.yml` may say of adverse events, laboratory values and vital signs."""

from pydantic import Field

from alsutils.study.block import Block, Name


class EventOfInterest(Block):
    """Events that are looked at together, whatever their term."""

    label: Name
    """Words for the page."""
    values: tuple[Name, ...] = Field(min_length=1)
    """Values of `column` that belong to it."""
    column: str | None = None
    """Column of ADAE; the column of terms where absent."""


class AdverseEvents(Block):
    """How to read ADAE."""

    population: Name
    """Name of a population."""
    term: Name = "AEDECOD"
    """Column of the event's name."""
    system: Name = "AEBODSYS"
    """Column of the body system or organ class."""
    treatment_emergent: str | None = None
    """Column that is Y for events that count; all events where absent."""
    related: tuple[str, ...] = ("RELATED", "Y", "POSSIBLE", "PROBABLE", "DEFINITE")
    """Values of AEREL that mean related to treatment."""
    withdrawn: tuple[str, ...] = ("DRUG WITHDRAWN",)
    """Values of AEACN that mean that treatment was stopped because of the event."""
    minimum_percent: float = Field(default=5, ge=0, le=100)
    """Charts show terms that at least this percentage of an arm had."""
    interest: tuple[EventOfInterest, ...] = ()
    """Events whose first time is drawn; any and any serious event where absent."""
    window: int = Field(default=7, ge=1)
    """Days, that of treatment included, that count to each of the design's `treatment_days`."""


class Measurements(Block):
    """Values that are held against their limits of normal."""

    datasets: tuple[Name, ...] = Field(min_length=1)
    """Which of `datasets` hold them; unscheduled visits count, too."""
    population: Name
    """Name of a population."""
    parameters: tuple[Name, ...] = ()
    """PARAMCDs in the order of the page; all where absent."""
    limits: dict[str, tuple[float, float]] = Field(default={})
    """Lower and upper limit by PARAMCD, where the data's own (ANRIND, A1LO, A1HI) do not count."""


class Liver(Block):
    """PARAMCDs that tell of an injured liver."""

    alt: Name = "ALT"
    """Alanine aminotransferase."""
    ast: Name = "AST"
    """Aspartate aminotransferase."""
    bilirubin: Name = "BILI"
    """Total bilirubin."""


class Laboratory(Measurements):
    """Laboratory values."""

    liver: Liver | None = None
    """Where the liver is watched: its PARAMCDs."""
