"""What `study.yml` may say: one model per block, each field with its meaning."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Better = Literal["higher", "lower"]
Name = Annotated[str, Field(min_length=1)]


class _Block(BaseModel):
    """A block of study.yml: unknown keys and wrong types are problems, values are fixed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Dataset(_Block):
    """One ADaM dataset: where it is and which of its rows count.

    Attributes
    ----------
    file : str
        File name in the study folder; the ending says the format.
    records : str or None
        Rows to keep, as a pandas query such as ``ANL01FL == "Y"``; all rows where absent.
    """

    file: Name
    records: str | None = None


class Arm(_Block):
    """One treatment arm: the value in the data and the words for it on the page."""

    value: Name
    label: Name


class Population(_Block):
    """An analysis population: the ADSL flag (Y/N) that marks it and its name."""

    flag: Name
    label: Name


class Time(_Block):
    """How visits are counted: the unit of AVISITN and the visit that is baseline."""

    unit: Literal["day", "week", "month", "year"]
    baseline: float = 0


class Parameter(_Block):
    """One PARAMCD of a BDS dataset.

    Attributes
    ----------
    dataset : str
        Which of ``datasets`` holds it.
    label, unit : str
        Words for the page.
    better : {"higher", "lower"}
        Which way is better for the patient.
    range : (float, float) or None
        Lowest and highest possible score; a value outside is a problem.
    measured_by : str
        ``rating`` (somebody judges), ``self_report``, ``instrument`` or ``laboratory``: how far
        knowledge of the arm can colour the value.
    whole : bool
        Scores are whole numbers; others are a problem.
    derived : bool
        Computed from other parameters, such as a slope.
    """

    dataset: Name
    label: Name
    unit: str = ""
    better: Better
    range: tuple[float, float] | None = None
    measured_by: Literal["rating", "self_report", "instrument", "laboratory"] = "rating"
    whole: bool = False
    derived: bool = False


class Endpoint(_Block):
    """A parameter that the trial compares between arms, and how.

    Attributes
    ----------
    parameter : str
        PARAMCD, listed under ``parameters``.
    visits : tuple of float
        AVISITN of the visits that are compared, in order.
    population : str
        Name of a population.
    value : {"CHG", "AVAL"}
        What is compared: the change from baseline or the value itself.
    covariates : tuple of str
        Columns of the covariate-adjusted analyses beside treatment: ``BASE`` or columns of ADSL.
    main_analysis : {"t_test", "ancova", "mmrm"}
        The analysis that the trial's conclusion rests on.
    observed : str or None
        Rows that were observed and not carried forward (pandas query), for models that need none.
    """

    parameter: Name
    visits: tuple[float, ...] = Field(min_length=1)
    population: Name
    value: Literal["CHG", "AVAL"] = "CHG"
    covariates: tuple[str, ...] = ()
    main_analysis: Literal["t_test", "ancova", "mmrm"] = "t_test"
    observed: str | None = None


class Responders(_Block):
    """Patients counted as responders: at or above a threshold of a parameter.

    ``good`` is the threshold that defines a good responder; it must be one of ``thresholds``.
    """

    parameter: Name
    thresholds: tuple[float, ...] = Field(min_length=1)
    visits: tuple[float, ...] = Field(min_length=1)
    population: Name
    good: float

    @model_validator(mode="after")
    def _good_is_a_threshold(self) -> "Responders":
        if self.good not in self.thresholds:
            raise ValueError(f"good ({self.good:g}) must be one of thresholds {self.thresholds}")
        return self


class Biomarker(_Block):
    """One analyte: its PARAMCD, role in the mechanism and lower limit of quantification."""

    parameter: Name
    label: Name
    unit: str = ""
    role: Literal["pro-inflammatory", "anti-inflammatory", "trophic", "other"] = "other"
    lower_limit: float | None = None


class Association(_Block):
    """Two analytes whose changes are set against each other at one visit.

    ``responders_only`` restricts the headline to good responders (see ``responders``).
    """

    x: Name
    y: Name
    visit: float
    responders_only: bool = False


class Biomarkers(_Block):
    """The biomarker panel: dataset, visits after baseline, population and analytes."""

    dataset: Name
    visits: tuple[float, ...] = Field(min_length=1)
    population: Name
    panel: tuple[Biomarker, ...] = Field(min_length=1)
    association: Association | None = None


class TimeToEvent(_Block):
    """A PARAMCD of ADTTE: what the event is, the unit of AVAL and the adjusting covariates.

    ``landmarks`` are the times, in ``unit``, at which event-free shares are quoted.
    """

    parameter: Name
    label: Name
    unit: Literal["day", "week", "month", "year"]
    population: Name
    covariates: tuple[str, ...] = ()
    landmarks: tuple[float, ...] = ()


class AdverseEvents(_Block):
    """How to read ADAE: population, columns, and what counts as related or serious."""

    population: Name
    term: Name = "AEDECOD"
    system: Name = "AEBODSYS"
    treatment_emergent: str | None = None
    related: tuple[str, ...] = ("RELATED", "Y", "POSSIBLE", "PROBABLE", "DEFINITE")
    procedure: str | None = None
    minimum_percent: float = 5


class Characteristic(_Block):
    """A column of ADSL for the baseline table; ``levels`` words its codes."""

    column: Name
    label: Name
    unit: str = ""
    levels: dict[str, str] = {}


class Flow(_Block):
    """Columns of ADSL that tell what became of each patient."""

    status: Name = "EOSSTT"
    completed: Name = "COMPLETED"
    reason: Name = "DCSREAS"


class Design(_Block):
    """How the trial was run, as far as it bears on what its data can show."""

    phase: str | None = None
    masking: Literal["none", "single", "double"]
    sham: bool | None = None
    sites: int | None = None
    registration: str | None = None
    minimal_important_difference: float | None = None


class PrintedGroup(_Block):
    """One arm's cell of a printed row: number of patients, mean and standard deviation."""

    n: int
    mean: float
    sd: float


class PrintedComparison(_Block):
    """A printed row: two cells and the difference (treated minus control) with its interval.

    ``groups`` goes from arm value to cell. ``p`` is kept as printed, e.g. ``"<0.001"``.
    """

    parameter: Name
    visit: float
    groups: dict[str, PrintedGroup]
    difference: float
    se: float
    ci: tuple[float, float]
    p: str


class PrintedCount(_Block):
    """A printed count of patients per arm (and of how many) on one side of a threshold."""

    visit: float
    threshold: float
    side: Literal["below", "at_least"]
    counts: dict[str, int]
    of: dict[str, int]
    p: str


class Published(_Block):
    """What was printed about this trial, to set beside what the data give.

    ``inconsistencies`` are sentences about what does not add up in the print itself.
    """

    citation: Name
    cite_key: str | None = None
    doi: str | None = None
    comparisons: tuple[PrintedComparison, ...] = ()
    responders: tuple[PrintedCount, ...] = ()
    inconsistencies: tuple[str, ...] = ()


class StudyConfig(_Block):
    """The whole of study.yml; see each block for its fields."""

    title: Name
    short_title: Name
    description: Name
    provenance: Literal["synthetic", "observed"]
    show_subjects: bool = False
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    arm_column: Name = "TRT01P"
    arms: tuple[Arm, ...] = Field(min_length=2)
    populations: dict[str, Population] = Field(min_length=1)
    time: Time
    design: Design | None = None
    datasets: dict[str, Dataset]
    baseline: tuple[Characteristic, ...] = ()
    flow: Flow | None = None
    parameters: dict[str, Parameter]
    primary: Endpoint
    secondary: tuple[Endpoint, ...] = ()
    profile: tuple[str, ...] = ()
    lead_in: tuple[float, ...] = ()
    responders: Responders | None = None
    biomarkers: Biomarkers | None = None
    time_to_event: tuple[TimeToEvent, ...] = ()
    adverse_events: AdverseEvents | None = None
    published: Published | None = None

    @model_validator(mode="after")
    def _names_are_known(self) -> "StudyConfig":
        problems = list(_unknown_names(self))
        if self.show_subjects and self.provenance == "observed":
            problems.append("show_subjects: the book shows single patients of synthetic data only")
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _unknown_names(config: StudyConfig) -> Iterator[str]:
    """Yield a sentence for each name that one block uses and no other block defines."""
    values = [arm.value for arm in config.arms]
    labels = [arm.label for arm in config.arms]
    for words, what in ((values, "value"), (labels, "label")):
        for word in sorted({w for w in words if words.count(w) > 1}):
            yield f"arms: {what} {word!r} stands twice"
    if "adsl" not in config.datasets:
        yield "datasets: adsl is missing"
    endpoints = (config.primary, *config.secondary)
    analyses: list[tuple[str, str, str | None]] = [
        (f"{e.parameter} at {e.visits}", e.parameter, e.population) for e in endpoints
    ]
    if config.responders:
        analyses.append(("responders", config.responders.parameter, config.responders.population))
    analyses += [("profile", code, None) for code in config.profile]
    for where, code, population in analyses:
        if code not in config.parameters:
            known = ", ".join(config.parameters)
            yield f"{where}: {code!r} is not listed under parameters ({known})"
        if population is not None and population not in config.populations:
            yield f"{where}: {_not_a_population(population, config)}"
    for code, parameter in config.parameters.items():
        if parameter.dataset not in config.datasets:
            yield f"parameters {code}: {_not_a_dataset(parameter.dataset, config)}"
    blocks: list[tuple[str, TimeToEvent | Biomarkers | AdverseEvents | None]] = [
        (f"time_to_event {t.parameter}", t) for t in config.time_to_event
    ]
    blocks += [("biomarkers", config.biomarkers), ("adverse_events", config.adverse_events)]
    for where, block in blocks:
        if block is not None and block.population not in config.populations:
            yield f"{where}: {_not_a_population(block.population, config)}"
    if config.biomarkers:
        if config.biomarkers.dataset not in config.datasets:
            yield f"biomarkers: {_not_a_dataset(config.biomarkers.dataset, config)}"
        panel = [b.parameter for b in config.biomarkers.panel]
        pair = config.biomarkers.association
        for code in (pair.x, pair.y) if pair else ():
            if code not in panel:
                yield f"biomarkers: association names {code!r}, which is not in the panel"
    if config.time_to_event and "adtte" not in config.datasets:
        yield "time_to_event: datasets has no adtte"
    if config.adverse_events and "adae" not in config.datasets:
        yield "adverse_events: datasets has no adae"
    if config.published:
        printed = [set(row.groups) for row in config.published.comparisons]
        printed += [set(row.counts) | set(row.of) for row in config.published.responders]
        for value in sorted(set().union(*printed) - set(values)):
            yield f"published: arm value {value!r} is not one of {values}"


def _not_a_population(name: str, config: StudyConfig) -> str:
    return f"population {name!r} is not one of {', '.join(config.populations)}"


def _not_a_dataset(name: str, config: StudyConfig) -> str:
    return f"dataset {name!r} is not one of {', '.join(config.datasets)}"
