"""What `study.yml` may say: one model per block, each field with its meaning."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from alsutils.stats.gatekeeping import GraphError, HypothesisGraph
from alsutils.stats.staging import SYSTEMS
from alsutils.study.block import Block as _Block
from alsutils.study.block import Name, Numbers
from alsutils.study.harms import AdverseEvents, Laboratory, Measurements
from alsutils.study.judgement import RiskOfBias
from alsutils.study.later import LaterTrial
from alsutils.study.query import Query
from alsutils.study.randomisation import Randomisation
from alsutils.study.world import World

TimeUnit = Literal["day", "week", "month", "year"]
DAYS: dict[TimeUnit, float] = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}


class Dataset(_Block):
    """One ADaM dataset: where it is and which of its rows count."""

    file: Name
    """File name in the study folder, or a folder of it; the ending says the format and may be left
    out."""
    records: Query | None = None
    """Rows to keep, as a query of columns such as `ANL01FL == "Y"`; all rows where absent."""
    visit: float | None = None
    """Visit of results that a subject has one of and that do not all name one, such as the best
    response: all rows of such a PARAMCD stand at it."""


class Arm(_Block):
    """One treatment arm."""

    value: Name
    """Value in the arm column of ADSL."""
    label: Name
    """Words for the page."""


class Population(_Block):
    """An analysis population."""

    flag: Name
    """Column of ADSL that is Y for its members."""
    label: Name
    """Words for the page."""


class Time(_Block):
    """How visits are counted."""

    unit: TimeUnit
    """Unit of AVISITN."""
    baseline: float = 0
    """AVISITN of the baseline visit."""
    visits: dict[str, float] = Field(default={})
    """Time of each AVISIT, in `unit`, where AVISITN only counts visits or is missing; it takes the
    place of AVISITN in every dataset, and an AVISIT that is not listed is unscheduled."""


class Parameter(_Block):
    """One PARAMCD of a BDS dataset."""

    dataset: Name
    """Which of `datasets` holds it."""
    label: Name
    """Words for the page."""
    unit: str = ""
    """Unit of AVAL."""
    better: Literal["higher", "lower"]
    """Which way is better for the patient."""
    range: tuple[float, float] | None = None
    """Lowest and highest possible value; a value outside is a problem."""
    measured_by: Literal["rating", "self_report", "instrument", "laboratory"] = "rating"
    """Who or what takes the value: how far knowing the arm can colour it."""
    whole: bool = False
    """Values are whole numbers; a fraction is a problem."""
    derived: bool = False
    """Computed from other parameters, such as a slope."""


class LevelGraph(_Block):
    """How several primary hypotheses share the level: visit by visit, and arms within a visit."""

    weights: tuple[float, ...] = Field(min_length=1)
    """Share of alpha with which each hypothesis starts; at most 1 in all."""
    transitions: tuple[tuple[float, ...], ...]
    """One row a hypothesis: the shares of its level that go to each other one once it is shown."""


class Endpoint(_Block):
    """A parameter that the trial compares between arms, and how."""

    parameter: Name
    """PARAMCD, listed under `parameters`."""
    visits: Numbers
    """AVISITN of the visits that are compared, in order."""
    population: Name
    """Name of a population."""
    value: Literal["CHG", "AVAL"] = "CHG"
    """What is compared: the change from baseline or the value itself."""
    covariates: tuple[str, ...] = ()
    """What adjusted analyses hold equal: `BASE` or columns of ADSL."""
    main_analysis: Literal["t_test", "ancova", "mmrm"] = "t_test"
    """The analysis that the trial's conclusion rests on."""
    observed: Query | None = None
    """Rows that were observed and not carried forward, as a query of columns, for models of all
    visits."""
    death: str | None = None
    """PARAMCD of ADTTE for death, in the unit of visits: it ranks below any value."""
    graph: LevelGraph | None = None
    """How the visits and arms share the level; by default arms share it and hand it on by visit."""


class Responders(_Block):
    """Patients who count as responders: at or above a threshold of a parameter."""

    parameter: Name
    """PARAMCD of what is cut, listed under `parameters`."""
    thresholds: Numbers
    """Thresholds, each at least."""
    visits: Numbers
    """AVISITN of the visits."""
    population: Name
    """Name of a population."""
    good: float
    """The threshold that makes a good responder; one of `thresholds`."""

    @model_validator(mode="after")
    def _good_is_a_threshold(self) -> "Responders":
        if self.good not in self.thresholds:
            raise ValueError(f"good ({self.good:g}) must be one of thresholds {self.thresholds}")
        return self


class Staging(_Block):
    """Stages of the disease, computed from items of the primary endpoint at each visit."""

    items: dict[str, Name]
    """PARAMCD of each item that the systems need, by what it asks for, such as `walking`."""
    systems: tuple[Literal["kings", "mitos"], ...] = Field(min_length=1)
    """Published rules: `kings`, `mitos` or both."""

    @model_validator(mode="after")
    def _items_are_there(self) -> "Staging":
        needed = {item for name in self.systems for item in SYSTEMS[name].items}
        absent = sorted(needed - set(self.items))
        unknown = sorted(set(self.items) - {i for s in SYSTEMS.values() for i in s.items})
        problems = [f"items lacks {', '.join(absent)}"] if absent else []
        if unknown:
            problems.append(f"items has {', '.join(unknown)}, which no system uses")
        if problems:
            raise ValueError("; ".join(problems))
        return self


class Biomarker(_Block):
    """One analyte."""

    parameter: Name
    """PARAMCD in the biomarker dataset."""
    label: Name
    """Words for the page."""
    unit: str = ""
    """Unit of AVAL."""
    role: Literal["pro-inflammatory", "anti-inflammatory", "trophic", "other"] = "other"
    """Its part in the mechanism."""
    lower_limit: float | None = None
    """Lower limit of quantification; below it AVAL is empty and AVALC is `<limit`. A column LBLLOQ
    of the dataset goes first."""


class Association(_Block):
    """Two analytes whose changes are set against each other at one visit."""

    x: Name
    """PARAMCD of the panel."""
    y: Name
    """PARAMCD of the panel."""
    visit: float
    """AVISITN."""
    responders_only: bool = False
    """Whether the claim is about good responders."""


class Biomarkers(_Block):
    """The biomarker panel."""

    dataset: Name
    """Which of `datasets` holds it."""
    visits: Numbers
    """AVISITN of the visits after baseline."""
    population: Name
    """Name of a population."""
    panel: tuple[Biomarker, ...] = Field(min_length=1)
    """The analytes, in the order of the page."""
    batch: str | None = None
    """Column of `dataset` with the assay plate or batch of each measurement."""
    association: Association | None = None
    """Two analytes set against each other."""


class TimeToEvent(_Block):
    """One event of ADTTE."""

    parameter: Name
    """PARAMCD in ADTTE; CNSR is 0 where the event happened."""
    label: Name
    """The event, in words for the page."""
    unit: TimeUnit
    """Unit of AVAL."""
    population: Name
    """Name of a population."""
    covariates: tuple[str, ...] = ()
    """Columns of ADSL that the adjusted model holds equal."""
    landmarks: tuple[float, ...] = ()
    """Times, in `unit`, at which event-free shares are quoted."""
    competing: tuple[Name, ...] = ()
    """PARAMCDs of other events that forestall this one, such as death; absent for a composite,
    whose kinds EVNTDESC tells apart."""
    hoped_for: bool = False
    """Whether the event is good for the patient, such as healing."""


class Characteristic(_Block):
    """A column of ADSL for the baseline table."""

    column: Name
    """Column of ADSL."""
    label: Name
    """Words for the page."""
    unit: str = ""
    """Unit of its values."""
    levels: dict[str, str] = Field(default={})
    """Words for its codes."""


class Flow(_Block):
    """Columns of ADSL that tell what became of each patient."""

    status: Name = "EOSSTT"
    """Column of the status at the end."""
    completed: Name = "COMPLETED"
    """Value of `status` for those who stayed."""
    reason: Name | None = "DCSREAS"
    """Column of the reason for leaving; `null` where there is none."""
    received: str | None = None
    """Column that is Y for those who received the treatment of their arm."""
    stopped: str | None = None
    """Column of the reason for stopping treatment, such as DCTREAS; empty for who did not stop."""


class IntercurrentEvent(_Block):
    """What can happen after randomisation and changes what the endpoint means."""

    label: Name
    """Words for the page."""
    parameter: str | None = None
    """PARAMCD of ADTTE; counted until the last primary visit."""
    description: str | None = None
    """Value of EVNTDESC of the events of `parameter` that count; all events where absent."""
    reasons: tuple[str, ...] = ()
    """Values of the reason for leaving (`flow`), where ADSL tells of the event."""

    @model_validator(mode="after")
    def _is_found_somewhere(self) -> "IntercurrentEvent":
        if (self.parameter is None) == (not self.reasons):
            raise ValueError(f"{self.label}: give either parameter or reasons")
        return self


class Design(_Block):
    """How the trial was run, as far as it bears on what its data can show."""

    phase: str | None = None
    """Phase of development."""
    masking: Literal["none", "single", "double"]
    """Who did not know the arm."""
    sham: bool | None = None
    """Whether the control had a sham procedure; absent where no procedure was part of it."""
    sites: int | None = None
    """Number of centres."""
    registration: str | None = None
    """Number in a trial register."""
    randomisation: Randomisation | None = None
    """How the arms were drawn, where it is known."""
    treatment_days: tuple[float, ...] = ()
    """Days on which treatment was given, where they were few; day 1 is that of the baseline."""
    minimal_important_difference: float | None = Field(default=None, gt=0)
    """Smallest difference of the primary endpoint that matters to patients, in its unit."""
    interim_looks: tuple[float, ...] | None = None
    """Shares of the patients at which an interim look was planned, empty where none was; absent
    where it is not known."""

    @model_validator(mode="after")
    def _looks_rise(self) -> "Design":
        looks = (0.0, *(self.interim_looks or ()), 1.0)
        if list(looks) != sorted(set(looks)):
            raise ValueError(f"interim_looks must rise between 0 and 1, not {looks[1:-1]}")
        return self


def _is_printed_p(text: str) -> str:
    if not re.fullmatch(r"[<=>]? *[0-9]*\.?[0-9]+", text.strip()):
        raise ValueError("a printed p-value is a number, or one below or above it, such as <0.001")
    return text


PrintedP = Annotated[str, AfterValidator(_is_printed_p)]


class PrintedGroup(_Block):
    """One arm's cell of a printed row."""

    n: int
    """Number of patients."""
    mean: float
    """Mean."""
    sd: float
    """Standard deviation."""


class PrintedComparison(_Block):
    """A printed row: two cells and the difference (treated minus control)."""

    parameter: Name
    """PARAMCD, listed under `parameters`."""
    visit: float
    """AVISITN."""
    groups: dict[str, PrintedGroup]
    """Cells by arm value."""
    difference: float
    """Printed difference."""
    se: float
    """Printed standard error."""
    ci: tuple[float, float]
    """Printed limits."""
    p: PrintedP
    """P-value as printed, such as `"<0.001"`."""


class PrintedCount(_Block):
    """A printed count of patients on one side of a threshold."""

    visit: float
    """AVISITN."""
    threshold: float
    """Threshold of the responders' parameter."""
    side: Literal["below", "at_least"]
    """Which side is counted."""
    counts: dict[str, int]
    """Patients by arm value."""
    of: dict[str, int]
    """Patients with a value, by arm value."""
    p: PrintedP
    """P-value as printed."""


class Published(_Block):
    """What was printed about this trial, to set beside what the data give."""

    citation: Name
    """The paper, in one line."""
    cite_key: str | None = None
    """Its key in the study's story/references.bib."""
    doi: str | None = None
    """Its DOI."""
    comparisons: tuple[PrintedComparison, ...] = ()
    """Printed comparisons of means."""
    responders: tuple[PrintedCount, ...] = ()
    """Printed counts of responders."""
    inconsistencies: tuple[str, ...] = ()
    """Sentences about what does not add up in the print itself."""


class StudyConfig(_Block):
    """The whole of study.yml."""

    title: Name
    """The trial's title, also of the site."""
    short_title: Name
    """A few words for narrow places."""
    description: Name
    """One sentence: who was treated, with what, against what."""
    provenance: Literal["synthetic", "observed"]
    """Whether the patients are invented; synthetic studies carry a banner on every page."""
    publish_subject_data: bool = False
    """Whether pages may carry single patients and counts of few; the site says so if data are
    observed."""
    minimum_count: int = Field(default=5, ge=1)
    """Smallest number of patients that a page of observed data gives; below it stands `<5`."""
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    """Two-sided significance level; intervals have level 1 - alpha."""
    arm_column: Name = "TRT01P"
    """Column of ADSL with the arm; empty for those who were not randomised."""
    not_randomised: tuple[str, ...] = ()
    """Values of `arm_column` that mean the same as empty, such as `Screen Failure`."""
    arms: tuple[Arm, ...] = Field(min_length=2)
    """The arms, the control first."""
    populations: dict[str, Population] = Field(min_length=1)
    """Analysis populations by name."""
    time: Time
    """How visits are counted."""
    design: Design | None = None
    """How the trial was run."""
    datasets: dict[str, Dataset]
    """The datasets by name; `adsl` is needed, events stand in `adae`, times in `adtte`."""
    baseline: tuple[Characteristic, ...] = ()
    """Columns of ADSL for the baseline table."""
    flow: Flow | None = None
    """Columns of ADSL that tell what became of each patient."""
    intercurrent_events: tuple[IntercurrentEvent, ...] = ()
    """What the estimand must deal with; found out from `flow` and `primary: death` if left out."""
    parameters: dict[str, Parameter]
    """What is known of each PARAMCD that the book uses, biomarkers apart."""
    primary: Endpoint
    """The primary endpoint."""
    secondary: tuple[Endpoint, ...] = ()
    """Further endpoints, in the order of the page."""
    profile: tuple[str, ...] = ()
    """PARAMCDs of the parts of the primary endpoint, on one scale."""
    items: tuple[str, ...] = ()
    """PARAMCDs of the single items of the primary endpoint, in the order of the form."""
    staging: Staging | None = None
    """Stages of the disease, where a published rule gives them from the items."""
    lead_in: tuple[float, ...] = ()
    """AVISITN of the visits before treatment that give each patient's earlier slope."""
    responders: Responders | None = None
    """Who counts as a responder."""
    biomarkers: Biomarkers | None = None
    """The biomarker panel."""
    time_to_event: tuple[TimeToEvent, ...] = ()
    """Events of ADTTE, the most important first."""
    adverse_events: AdverseEvents | None = None
    """How to read ADAE."""
    laboratory: Laboratory | None = None
    """Laboratory values that are held against their limits of normal."""
    vital_signs: Measurements | None = None
    """Vital signs that are held against their limits of normal."""
    published: Published | None = None
    """What was printed about this trial."""
    later_trials: tuple[LaterTrial, ...] = ()
    """Trials that followed this one, and what they found."""
    risk_of_bias: RiskOfBias | None = None
    """Judgements of the risk of bias that go before the book's rules."""
    world: World | None = None
    """What is true behind invented data, and the same trial in another world."""

    @model_validator(mode="after")
    def _names_are_known(self) -> "StudyConfig":
        problems = list(_unknown_names(self))
        if self.world and self.provenance == "observed":
            problems.append("world: only of invented data is the truth known")
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
    analyses += [("items", code, None) for code in config.items]
    if config.staging:
        analyses += [(f"staging {item}", code, None) for item, code in config.staging.items.items()]
    for where, code, population in analyses:
        if code not in config.parameters:
            known = ", ".join(config.parameters)
            yield f"{where}: {code!r} is not listed under parameters ({known})"
        if population is not None and population not in config.populations:
            yield f"{where}: {_not_a_population(population, config)}"
    for code, parameter in config.parameters.items():
        if parameter.dataset not in config.datasets:
            yield f"parameters {code}: {_not_a_dataset(parameter.dataset, config)}"
    blocks: list[tuple[str, TimeToEvent | Biomarkers | AdverseEvents | Measurements | None]] = [
        (f"time_to_event {t.parameter}", t) for t in config.time_to_event
    ]
    blocks += [("biomarkers", config.biomarkers), ("adverse_events", config.adverse_events)]
    measured = (("laboratory", config.laboratory), ("vital_signs", config.vital_signs))
    blocks += [*measured]
    for where, measurements in measured:
        for name in measurements.datasets if measurements else ():
            if name not in config.datasets:
                yield f"{where}: {_not_a_dataset(name, config)}"
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
    death = config.primary.death
    events = {event.parameter: event for event in config.time_to_event}
    if death is not None and death not in events:
        listed = ", ".join(events) or "none"
        yield f"primary: death {death!r} is not one of time_to_event ({listed})"
    elif death is not None and events[death].unit != config.time.unit:
        yield f"primary: death {death!r} is in {events[death].unit}s, visits in {config.time.unit}s"
    for event in config.time_to_event:
        for code in event.competing:
            where = f"time_to_event {event.parameter}: competing {code!r}"
            if code == event.parameter or code not in events:
                listed = ", ".join(c for c in events if c != event.parameter) or "none"
                yield f"{where} is not another one of time_to_event ({listed})"
            elif events[code].unit != event.unit:
                yield f"{where} is in {events[code].unit}s, not in {event.unit}s"
    for happening in config.intercurrent_events:
        if happening.parameter is not None and happening.parameter not in events:
            listed = ", ".join(events) or "none"
            yield (
                f"intercurrent_events {happening.label}: {happening.parameter!r} is not one of "
                f"time_to_event ({listed})"
            )
        elif happening.parameter and events[happening.parameter].unit != config.time.unit:
            yield (
                f"intercurrent_events {happening.label}: {happening.parameter!r} is in "
                f"{events[happening.parameter].unit}s, visits in {config.time.unit}s"
            )
        if happening.reasons and (config.flow is None or config.flow.reason is None):
            yield f"intercurrent_events {happening.label}: reasons need the block flow"
    if config.primary.graph is not None:
        yield from _wrong_graph(config, config.primary.graph)
    if config.design and config.design.randomisation:
        try:
            config.design.randomisation.scheme(len(config.arms))
        except ValueError as error:
            yield f"design: randomisation: {error}"
    if config.time_to_event and "adtte" not in config.datasets:
        yield "time_to_event: datasets has no adtte"
    if config.adverse_events and "adae" not in config.datasets:
        yield "adverse_events: datasets has no adae"
    yield from _unknown_later_arms(config)
    if config.published:
        printed = [set(row.groups) for row in config.published.comparisons]
        printed += [set(row.counts) | set(row.of) for row in config.published.responders]
        for value in sorted(set().union(*printed) - set(values)):
            yield f"published: arm value {value!r} is not one of {values}"


def _unknown_later_arms(config: StudyConfig) -> Iterator[str]:
    """Yield a sentence for each later trial that does not say which arm it tried again."""
    values = [arm.value for arm in config.arms]
    for trial in config.later_trials:
        if trial.arm is None and len(values) > 2:
            yield f"later_trials {trial.name}: say which arm it tried again, one of {values[1:]}"
        elif trial.arm is not None and trial.arm not in values:
            yield f"later_trials {trial.name}: arm {trial.arm!r} is not one of {values}"


def _wrong_graph(config: StudyConfig, graph: LevelGraph) -> Iterator[str]:
    """Yield a sentence if the graph does not fit the primary hypotheses."""
    hypotheses = [
        f"{arm.label} at {visit:g}" for visit in config.primary.visits for arm in config.arms[1:]
    ]
    if {len(row) for row in graph.transitions} - {len(graph.transitions)}:
        yield "primary: transitions of the graph need as many numbers in each row as there are rows"
        return
    try:
        HypothesisGraph(tuple(hypotheses), np.array(graph.weights), np.array(graph.transitions))
    except GraphError as error:
        yield f"primary: graph: {error}"


def _not_a_population(name: str, config: StudyConfig) -> str:
    return f"population {name!r} is not one of {', '.join(config.populations)}"


def _not_a_dataset(name: str, config: StudyConfig) -> str:
    return f"dataset {name!r} is not one of {', '.join(config.datasets)}"
