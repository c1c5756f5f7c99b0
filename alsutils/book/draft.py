"""Word what was found in a folder of ADaM tables as a study.yml for a person to finish."""

from collections.abc import Iterable, Mapping

import yaml

from alsutils.book.findings import Findings
from alsutils.book.findings.endpoints import Candidate
from alsutils.book.findings.measures import Analyte, Watched
from alsutils.book.findings.tables import Source

DECIDE = "# DECIDE:"
_WIDTH = 100
_SHOWN_CANDIDATES = 15
_EFFICACY = ("efficacy", "full_analysis", "intention_to_treat", "randomised")
_ALL = ("randomised", "intention_to_treat", "full_analysis")


def render(findings: Findings) -> str:
    """Word findings as a study.yml with a comment wherever a person must decide.

    Parameters
    ----------
    findings : Findings
        What was found in the tables.

    Returns
    -------
    str
        YAML that loads, if the tables keep the contract. Every guess follows a line with DECIDE
        that says what it rests on.
    """
    datasets = _Datasets()
    later = [
        _primary(findings, datasets),
        _biomarkers(findings, datasets),
        _times(findings, datasets),
        _adverse_events(findings, datasets),
        _watched("laboratory", findings.laboratory, findings, datasets),
        _watched("vital_signs", findings.vital_signs, findings, datasets),
    ]
    blocks = [
        _head(findings),
        _arms(findings),
        _populations(findings),
        _time(findings),
        _design(findings),
        datasets.text(findings),
        _patients(findings),
        *later,
        _left_out(findings),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def other_sources(findings: Findings) -> list[Source]:
    """Give the tables of the endpoints that are offered beside the drafted one.

    Parameters
    ----------
    findings : Findings
        What was found.

    Returns
    -------
    list of Source
        Each table once.
    """
    offered = findings.candidates[1 : 1 + _SHOWN_CANDIDATES]
    return list({c.source.role: findings.sources[c.source.role] for c in offered}.values())


class _Datasets:
    """The datasets that other blocks asked for, and the rows of each that count."""

    def __init__(self) -> None:
        self.entries: dict[str, dict[str, object]] = {}

    def use(self, source: Source, visit: float | None = None, whole: bool = False) -> str:
        """Take a table in and give its role; all of its rows where ``whole``."""
        entry: dict[str, object] = {"file": source.path.name}
        entry |= {"records": source.records} if source.records and not whole else {}
        entry |= {} if visit is None else {"visit": visit}
        role = source.role
        if self.entries.get(role, entry) != entry:
            role = f"{role}_all"
        self.entries[role] = entry
        return role

    def text(self, findings: Findings) -> str:
        lines = ["datasets:"]
        lines.append(f"  adsl: {_flow({'file': findings.sources['adsl'].path.name})}")
        if findings.made is not None:
            lines.insert(1, f"  {DECIDE} adsl.csv was made out of the tables; RANDFL marks an arm")
        for role, entry in self.entries.items():
            if "records" in entry:
                lines += _comment("whether these rows count; they leave one a visit", "  ")
            if "visit" in entry:
                words = "the time that results stand for of which a subject has only one"
                lines += _comment(words, "  ")
            lines.append(f"  {role}: {_flow(entry)}")
        for source in other_sources(findings):
            if source.role not in self.entries:
                entry = {"file": source.path.name}
                lines.append(f"  # {_one_line(f'{source.role}: {_flow(entry)}')}")
        return "\n".join(lines)


def _head(findings: Findings) -> str:
    study = findings.subjects.study
    title = f"Study {study}" if study else "My trial"
    arms = findings.subjects.arms.values
    treated = " and ".join(arms[1:]) if len(arms) < 4 else f"{len(arms) - 1} treatments"
    return "\n".join(
        [
            "# Drafted by `alsbook new` from ADaM tables. What follows a line with DECIDE is a",
            "# guess: settle each, then run `alsbook check` on the folder and `alsbook build`.",
            *_comment("the titles, and one sentence: what was compared, in whom"),
            f"title: {_flow(title)}",
            f"short_title: {_flow(study or title)}",
            f"description: {_flow(f'{treated}, compared with {arms[0]}.')}",
            "provenance: observed        # or: synthetic, for invented patients",
            "publish_subject_data: false # true shows single patients and counts of few",
            "minimum_count: 5            # smaller counts of patients are written <5",
            *_comment("the two-sided level of the tests"),
            "alpha: 0.05",
        ]
    )


def _arms(findings: Findings) -> str:
    arms = findings.subjects.arms
    lines = _comment(f"the arms; the control stands first. {_sentence(arms.reason)}")
    lines += [f"arm_column: {arms.column}", "arms:"]
    for value, size in zip(arms.values, arms.sizes, strict=True):
        lines.append(f"  - {_flow({'value': value, 'label': value})}   # {size} subjects")
    if arms.not_randomised:
        lines += _comment("whether these mean that a subject was never randomised")
        lines.append(f"not_randomised: {_flow(list(arms.not_randomised))}")
    return "\n".join(lines)


def _populations(findings: Findings) -> str:
    populations = findings.subjects.populations
    lines = []
    if not set(populations) & {*_ALL, "modified_intention_to_treat"}:
        widest = next(iter(populations.values()))[0]
        words = f"ADSL has no flag of all randomised patients; {widest} stands in for it"
        lines += _comment(words)
    lines.append("populations:")
    for name, (flag, label) in populations.items():
        lines.append(f"  {name}: {_flow({'flag': flag, 'label': label})}")
    return "\n".join(lines)


def _time(findings: Findings) -> str:
    calendar = findings.calendar
    lines = []
    if calendar.is_guess or calendar.times:
        words = f"the unit of time and the visits. Guessed from this: {calendar.reason}"
        lines += _comment(words)
    else:
        lines.append(f"# Unit: {calendar.reason}.")
    if not calendar.times:
        return "\n".join([*lines, f"time: {_flow(_visit(calendar.unit, calendar.baseline))}"])
    lines += ["time:", f"  unit: {calendar.unit}", f"  baseline: {_number(calendar.baseline)}"]
    lines.append("  visits:                   # the time of each AVISIT; AVISITN is not the time")
    lines += [f"    {_flow(name)}: {_number(at)}" for name, at in calendar.times.items()]
    return "\n".join(lines)


def _visit(unit: str, baseline: float) -> dict[str, object]:
    return {"unit": unit, "baseline": baseline}


def _design(findings: Findings) -> str:
    sites = findings.subjects.sites
    entry: dict[str, object] = {"phase": "2", "masking": "double"}
    entry |= {"sites": sites} if sites else {}
    words = "who knew the arm; no table tells. masking is none, single or double"
    return "\n".join([*_comment(words), f"# design: {_flow(entry)}"])


def _patients(findings: Findings) -> str:
    subjects = findings.subjects
    lines = []
    if subjects.characteristics:
        lines += [*_comment("which columns of ADSL describe the patients"), "baseline:"]
    for found in subjects.characteristics:
        entry: dict[str, object] = {"column": found.column, "label": found.label}
        entry |= {"unit": found.unit} if found.unit else {}
        entry |= {"levels": found.levels} if found.levels else {}
        lines.append(f"  - {_flow(entry)}")
    flow = subjects.flow
    if flow is None:
        words = "no column EOSSTT of ADSL tells who completed; name one if there is"
        lines += ["", *_comment(words), "# flow: {status: EOSSTT, completed: COMPLETED}"]
        return "\n".join(lines).strip()
    entry = {"status": flow.status, "completed": flow.completed, "reason": flow.reason}
    entry |= {"received": flow.received} if flow.received else {}
    entry |= {"stopped": flow.stopped} if flow.stopped else {}
    lines.append("")
    if flow.received:
        lines += _comment(f"whether {flow.received} marks those who received the treatment")
    lines.append(f"flow: {_flow(entry)}")
    return "\n".join(lines).strip()


def _primary(findings: Findings, datasets: _Datasets) -> str:
    if not findings.candidates:
        words = (
            "the endpoint. No table holds a parameter with values at visits after the baseline "
            "(USUBJID, PARAMCD, AVISITN or AVISIT, AVAL); add one and name it here"
        )
        return "\n".join(
            [
                *_comment(words),
                "parameters:",
                "  SCORE: {dataset: adqs, label: Total score, better: higher}",
                "primary: {parameter: SCORE, visits: [12], population: "
                f"{findings.subjects.population(*_EFFICACY)}}}",
            ]
        )
    found, *others = findings.candidates
    role = datasets.use(found.source, found.unnamed_visit)
    lines = _comment(f"the endpoint. {found.code} is drafted: {', '.join(found.reasons)}")
    if others:
        lines.append("# In its place, the likeliest first:")
        lines += [f"#   {_in_short(c)}" for c in others[:_SHOWN_CANDIDATES]]
        more = len(others) - _SHOWN_CANDIDATES
        lines += [f"#   and {more} more"] if more > 0 else []
    lines += _comment(_about_direction(found))
    lines += [
        "parameters:",
        f"  {_flow(found.code)}: {_flow(_parameter(found, role))}",
        "",
        *_comment(_about_analysis(found, findings)),
        "primary:",
        f"  parameter: {_flow(found.code)}",
        f"  visits: {_flow(list(found.primary_visits))}",
        f"  population: {findings.subjects.population(*_EFFICACY)}",
        f"  value: {found.value}",
        f"  covariates: {_flow(['BASE'] if found.has_base else [])}",
        f"  main_analysis: {'ancova' if found.has_base else 't_test'}",
    ]
    if found.observed:
        lines.append(f"  observed: {found.observed}   # leaves out values that were filled in")
    death = next((t for t in findings.times if t.is_death), None)
    if death and death.unit == findings.calendar.unit:
        lines += _comment("whether death ranks below any value", "  ")
        lines.append(f"  death: {_flow(death.code)}")
    elif death:
        words = f"`death: {death.code}` would rank death below any value, if it were in "
        lines.append(f"  # {words}{findings.calendar.unit}s as visits are, not {death.unit}s")
    return "\n".join(lines)


def _in_short(found: Candidate) -> str:
    better = f"; {found.better} is better" if found.better else ""
    words = f"{found.source.role} {found.code}, {found.label}: {', '.join(found.reasons)}{better}"
    return _one_line(words)


def _parameter(found: Candidate, role: str) -> dict[str, object]:
    entry: dict[str, object] = {"dataset": role, "label": found.label}
    entry |= {"unit": found.unit} if found.unit else {}
    return {**entry, "better": found.better or "higher", "measured_by": found.measured_by}


def _about_direction(found: Candidate) -> str:
    guess = (
        f"{found.better} is guessed from the word {found.word!r}"
        if found.better
        else "nothing in the names tells, so higher stands here until you say"
    )
    return (
        f"which way is better for the patient: {guess}. Also who takes the value (rating, "
        "self_report, instrument or laboratory), and the scale's range, such as "
        f"range: [{found.low:g}, {found.high:g}], which is what the data hold"
    )


def _about_analysis(found: Candidate, findings: Findings) -> str:
    words = "the visits, the population, the covariates and the analysis (t_test, ancova, mmrm)"
    if found.primary_visits != found.visits:
        words += f". Other visits are {', '.join(f'{v:g}' for v in found.visits[:-1])}"
    if findings.subjects.covariates:
        columns = ", ".join(findings.subjects.covariates)
        words += f". Columns that randomisation may have been stratified by: {columns}"
    if found.value == "AVAL":
        words += ". There is no change from baseline (CHG), so the value itself is compared"
    return words


def _biomarkers(findings: Findings, datasets: _Datasets) -> str:
    panel = findings.panel
    if panel is None:
        return ""
    words = f"whether these are biomarkers of the treatment; chosen for {panel.reason}"
    lines = _comment(f"{words}. role is pro-inflammatory, anti-inflammatory, trophic or other")
    lines += [
        "biomarkers:",
        f"  dataset: {datasets.use(panel.source)}",
        f"  visits: {_flow(list(panel.visits))}",
        f"  population: {findings.subjects.population('safety')}",
        "  panel:",
        *(f"    - {_flow(_analyte(a))}" for a in panel.analytes),
    ]
    return "\n".join(lines)


def _analyte(found: Analyte) -> dict[str, str]:
    unit = {"unit": found.unit} if found.unit else {}
    return {"parameter": found.code, "label": found.label, **unit}


def _times(findings: Findings, datasets: _Datasets) -> str:
    if not findings.times:
        return ""
    datasets.use(findings.sources["adtte"])
    population = findings.subjects.population(*_ALL, "safety")
    death = next((t for t in findings.times if t.is_death), None)
    units = "; ".join(f"{t.code} in {t.unit}s, {t.unit_reason}" for t in findings.times)
    words = (
        "the events, their units, population, covariates (columns of ADSL), landmarks (times at "
        "which shares are quoted), which of them are hoped for, and which forestall which. "
        f"{_sentence(units)}"
    )
    lines = [*_comment(words), "time_to_event:"]
    for time in findings.times:
        entry: dict[str, object] = {"parameter": time.code, "label": time.label, "unit": time.unit}
        entry |= {"population": population}
        entry |= {"landmarks": list(time.landmarks)} if time.landmarks else {}
        entry |= {"hoped_for": True} if time.hoped_for else {}
        if death and death is not time and not time.is_composite and death.unit == time.unit:
            entry |= {"competing": [death.code]}
        count = f"{time.events} of {time.subjects} had it"
        lines.append(f"  - {_flow(entry)}   # {count}")
    return "\n".join(lines)


def _adverse_events(findings: Findings, datasets: _Datasets) -> str:
    found = findings.harms
    if found is None:
        return ""
    datasets.use(findings.sources["adae"])
    lines = [f"# {_sentence(_one_line(note))}." for note in found.notes]
    words = ", ".join(found.words[:20]) or "none"
    lines += _comment(f"which words of AEREL mean related to treatment, of these: {words}")
    entry: dict[str, object] = {
        "population": findings.subjects.population("safety"),
        "term": found.term,
        "system": found.system,
    }
    entry |= {"treatment_emergent": found.emergent} if found.emergent else {}
    entry |= {"related": list(found.related)} if found.related else {}
    entry |= {"withdrawn": list(found.withdrawn)} if found.withdrawn else {}
    lines.append("adverse_events:")
    lines += [f"  {key}: {_flow(value)}" for key, value in entry.items()]
    lines.append("  minimum_percent: 5        # charts show what so many percent of an arm had")
    if found.groups:
        lines += _comment("events of interest, whose first time is drawn", "  ")
        lines.append("  interest:")
        for column, values in found.groups.items():
            for value in values:
                group = {"label": value.capitalize(), "column": column, "values": [value]}
                lines.append(f"    - {_flow(group)}")
    return "\n".join(lines)


def _watched(name: str, found: Watched | None, findings: Findings, datasets: _Datasets) -> str:
    if found is None:
        return ""
    lines = [f"{name}:" + " " * 15 + "# values held against their limits of normal"]
    roles = [datasets.use(source, whole=True) for source in found.sources]
    lines.append(f"  datasets: {_flow(roles)}")
    lines.append(f"  population: {findings.subjects.population('safety')}")
    lines.append(f"  parameters: {_flow([a.code for a in found.analytes])}")
    if found.liver:
        lines.append(f"  liver: {_flow(found.liver)}")
    if found.limits:
        words = "the limits: the data have none, and these are usual ones of adults at rest"
        lines += [*_comment(words, "  "), "  limits:"]
        lines += [f"    {_flow(code)}: {_flow(list(pair))}" for code, pair in found.limits.items()]
    return "\n".join(lines)


def _left_out(findings: Findings) -> str:
    if not findings.left_out:
        return ""
    lines = ["# Left out of this draft:"]
    lines += [f"#   {_one_line(f'{name}: {why}')}" for name, why in findings.left_out.items()]
    return "\n".join(lines)


def _comment(words: str, indent: str = "") -> list[str]:
    """Lay words out as lines of a comment that begins with DECIDE."""
    lines, line = [], f"{indent}{DECIDE}"
    for word in words.split():
        if len(line) + 1 + len(word) > _WIDTH:
            lines.append(line)
            line = f"{indent}#"
        line += f" {word}"
    return [*lines, line]


def _one_line(words: str) -> str:
    """Take line breaks out of words for a comment; they may come from the data."""
    return " ".join(words.split())


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _number(value: object) -> object:
    """Write 24.0 as 24."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _plain(value: object) -> object:
    """Give a value with whole numbers for floats that are whole, for YAML."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(inner) for inner in value]
    return _number(value)


def _flow(value: object) -> str:
    """Write a value on one line as YAML."""
    dumped = yaml.safe_dump(
        _plain(value), default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**6
    )
    return dumped.removesuffix("...\n").strip()
