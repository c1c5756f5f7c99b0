"""Write a study.yml for a person to finish, empty or filled in from ADaM tables."""

import shutil
from pathlib import Path

import yaml

from alsutils.book.errors import BookError
from alsutils.book.findings import Findings, find

_EMPTY = Path(__file__).parent / "template.yml"
_DECIDE = "# DECIDE:"
_PREFERRED = ("efficacy", "full_analysis", "intention_to_treat", "randomised", "safety")


def write_template(folder: Path, source: Path | None = None) -> Path:
    """Write ``study.yml`` into a folder and, with a source, the tables that it names.

    Parameters
    ----------
    folder : Path
        The study's folder; made if it is not there.
    source : Path or None
        A folder of ADaM tables. Those that the study can use are copied, unless it is the same
        folder; what the tables tell is filled in, the rest is marked ``DECIDE``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    BookError
        If the folder has a study.yml already, or a file that would have to be replaced.
    """
    path = folder / "study.yml"
    if path.exists():
        raise BookError(f"{path} is there already; choose another folder, or remove it first")
    if folder.exists() and not folder.is_dir():
        raise BookError(f"{folder} is a file; choose another folder")
    findings = None if source is None else find(source)
    copies = []
    if source is not None and findings is not None and source.resolve() != folder.resolve():
        copies = [(file, folder / file.name) for file in findings.files.values()]
        taken = [copy.name for _, copy in copies if copy.exists()]
        if taken:
            raise BookError(f"{folder} holds {', '.join(taken)} already; choose another folder")
    text = _EMPTY.read_text("utf-8") if findings is None else render(findings)
    folder.mkdir(parents=True, exist_ok=True)
    for file, copy in copies:
        shutil.copyfile(file, copy)
    path.write_text(text, "utf-8")
    return path


def render(findings: Findings) -> str:
    """Word findings as a study.yml with a comment wherever a person must decide.

    Parameters
    ----------
    findings : Findings
        What was found in the tables.

    Returns
    -------
    str
        YAML that loads, if the tables keep the contract.
    """
    blocks = [
        _head(),
        _arms(findings),
        _populations(findings),
        f"time: {_flow({'unit': findings.unit, 'baseline': findings.baseline_visit})}",
        f"{_DECIDE} masking, the knowledge of the arm: none, single or double\n"
        "design: {masking: none}",
        _datasets(findings),
        _baseline(findings),
        _endpoint(findings),
        _laboratory(findings),
        _times(findings),
        _events(findings),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _head() -> str:
    return (
        "# Made by `alsbook new` from ADaM tables. Lines marked DECIDE are guesses: settle each,\n"
        "# then run `alsbook check` on the folder and `alsbook build`.\n"
        f"{_DECIDE} the titles and one sentence on the trial\n"
        "title: My trial\n"
        "short_title: My trial\n"
        "description: What was compared with what, in whom.\n"
        "provenance: observed        # or: synthetic\n"
        "publish_subject_data: false # true shows single patients and counts of few\n"
        "alpha: 0.05"
    )


def _arms(findings: Findings) -> str:
    lines = [
        f"arm_column: {findings.arm_column}",
        f"{_DECIDE} the control must stand first",
        "arms:",
    ]
    lines += [f"  - {_flow({'value': arm, 'label': arm})}" for arm in findings.arms]
    return "\n".join(lines)


def _populations(findings: Findings) -> str:
    lines = ["populations:"]
    for name, (flag, label) in findings.populations.items():
        lines.append(f"  {name}: {_flow({'flag': flag, 'label': label})}")
    if len(lines) == 1:
        lines = [
            f"{_DECIDE} ADSL has none of the usual flags; name one (Y or N for each subject)",
            "populations:",
            "  randomised: {flag: RANDFL, label: All randomised patients}",
        ]
    return "\n".join(lines)


def _datasets(findings: Findings) -> str:
    records = {"adsl": findings.arms_records}
    for found in (findings.endpoint, findings.laboratory):
        if found is not None:
            records[found.source.role] = found.source.records
    lines = ["datasets:"]
    for role, file in findings.files.items():
        entry = {"file": file.name}
        if records.get(role):
            entry["records"] = str(records[role])
            lines.append(f"  {_DECIDE} whether these are the rows that count")
        lines.append(f"  {role}: {_flow(entry)}")
    return "\n".join(lines)


def _baseline(findings: Findings) -> str:
    lines = [f"{_DECIDE} which columns of ADSL describe the patients", "baseline:"]
    for column, label, unit in findings.characteristics:
        entry: dict[str, object] = {"column": column, "label": label}
        entry |= {"unit": unit} if unit else {}
        entry |= {"levels": {"F": "Female", "M": "Male"}} if column == "SEX" else {}
        lines.append(f"  - {_flow(entry)}")
    if len(lines) == 2:
        lines = []
    if findings.flow:
        status, reason = findings.flow
        entry = {"status": status, "completed": "COMPLETED", "reason": reason}
        lines.append(f"\nflow: {_flow(entry)}")
    return "\n".join(lines).strip()


def _endpoint(findings: Findings) -> str:
    found = findings.endpoint
    if found is None:
        return (
            f"{_DECIDE} no table with CHG and BASE at visits was found; name the endpoint\n"
            "parameters:\n  SCORE: {dataset: adqs, label: Total score, better: higher}\n\n"
            "primary: {parameter: SCORE, visits: [12], population: randomised}"
        )
    entry = {"dataset": found.source.role, "label": found.label, "better": "higher"}
    lines = [
        f"{_DECIDE} which way is better for the patient (higher or lower), the range of the score,",
        "# and who measured it (rating, self_report, instrument or laboratory)",
        "parameters:",
        f"  {found.code}: {_flow({**entry, 'measured_by': 'rating'})}",
    ]
    lines += [f"  # {c}: {_flow({**entry, 'label': label})}" for c, label in found.others[:30]]
    lines += [
        "",
        f"{_DECIDE} the endpoint, its visits, population, covariates (BASE or columns of ADSL) and",
        "# the analysis that the conclusion rests on: t_test, ancova or mmrm",
        "primary:",
        f"  parameter: {found.code}",
        f"  visits: {_flow(_numbers(found.visits))}",
        f"  population: {_population(findings)}",
        "  covariates: [BASE]",
        "  main_analysis: ancova",
    ]
    if found.observed:
        lines.append(f"  observed: {found.observed}   # leaves out values that were filled in")
    return "\n".join(lines)


def _laboratory(findings: Findings) -> str:
    found = findings.laboratory
    if found is None:
        return ""
    lines = [
        f"{_DECIDE} the analytes; role is pro-inflammatory, anti-inflammatory, trophic or other",
        "biomarkers:",
        f"  dataset: {found.source.role}",
        f"  visits: {_flow(_numbers(found.visits))}",
        f"  population: {_population(findings, 'safety')}",
        "  panel:",
    ]
    lines += [f"    - {_flow({'parameter': c, 'label': label})}" for c, label in found.analytes]
    return "\n".join(lines)


def _times(findings: Findings) -> str:
    if not findings.times:
        return ""
    population = _population(findings, "randomised", "intention_to_treat", "safety")
    lines = [f"{_DECIDE} the unit of AVAL, the population and the covariates", "time_to_event:"]
    for code, label, unit in findings.times:
        entry = {"parameter": code, "label": label, "unit": unit, "population": population}
        lines.append(f"  - {_flow(entry)}")
    return "\n".join(lines)


def _events(findings: Findings) -> str:
    found = findings.events
    if found is None:
        return ""
    entry: dict[str, object] = {
        "population": _population(findings, "safety"),
        "system": found.system,
    }
    entry |= {"treatment_emergent": found.emergent} if found.emergent else {}
    entry |= {"related": list(found.related)} if found.related else {}
    lines = [f"{_DECIDE} which words of AEREL mean related to treatment", "adverse_events:"]
    lines += [f"  {key}: {_flow(value)}" for key, value in entry.items()]
    return "\n".join(lines)


def _population(findings: Findings, *preferred: str) -> str:
    """Name the first of the preferred populations that there is."""
    names = (*preferred, *_PREFERRED)
    return next((n for n in names if n in findings.populations), "randomised")


def _numbers(values: tuple[float, ...]) -> list[float]:
    return [int(v) if float(v).is_integer() else v for v in values]


def _flow(value: object) -> str:
    """Write a value on one line as YAML."""
    if isinstance(value, dict):
        value = {k: _numbers((v,))[0] if isinstance(v, float) else v for k, v in value.items()}
    dumped = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000
    )
    return dumped.removesuffix("...\n").strip()
