"""Scenarios of trials from a YAML file, simulated for ``alsbook power``."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from pydantic import TypeAdapter, ValidationError

from alsutils.book.errors import BookError
from alsutils.stats.batches import ClusterError
from alsutils.stats.patients import Scenario
from alsutils.stats.power import operating_characteristics
from alsutils.stats.power.trials import is_null

NAMED, ALONE = "scenarios", "scenario"
GIVEN, NONE = "as given", "none"
LARGEST = 1_000_000  # bytes
_FIELDS = {field.name for field in fields(Scenario)}
Reporter = Callable[[str, int, int], None]


def read_scenarios(path: Path | None) -> dict[str, Scenario]:
    """Read the scenarios of a file.

    Parameters
    ----------
    path : Path or None
        YAML: fields of ``Scenario`` at the top, and under ``scenarios`` any number of named
        scenarios with the fields in which each departs from these. None for the default scenario.

    Returns
    -------
    dict of str to Scenario
        In the order of the file.

    Raises
    ------
    BookError
        If the file cannot be read or a field cannot be used; every problem is listed.
    """
    if path is None:
        return {ALONE: Scenario()}
    content = _mapping(path)
    named = content.pop(NAMED, None)
    if named is None:
        named = {ALONE: {}}
    if not isinstance(named, dict) or not named:
        raise BookError(f"{path}: {NAMED} must give each scenario a name and its fields")
    read, problems = {}, []
    for name, changes in named.items():
        if not isinstance(changes, dict | None):
            problems.append(f"{NAMED}.{name} must be fields with values, not {changes!r}")
            continue
        try:
            read[str(name)] = _scenario(content | (changes or {}))
        except ValueError as error:
            problems.append(f"{name}: {error}" if named != {ALONE: {}} else str(error))
    if problems:
        raise BookError(f"{path} cannot be used:\n" + "\n".join(f"- {p}" for p in problems))
    return read


def _mapping(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise BookError(f"{path} is too large for a file of scenarios")
        content = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BookError(f"{path} is not there; give a YAML file of scenarios") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BookError(f"{path} cannot be read as YAML: {error}") from error
    if not isinstance(content, dict):
        raise BookError(f"{path} must hold fields of a scenario, such as `months: [0, 3, 6]`")
    return content


def _scenario(entries: dict[str, Any]) -> Scenario:
    """Make one scenario; a field that is unknown or of the wrong kind is named."""
    unknown = sorted(str(name) for name in set(entries) - _FIELDS)
    if unknown:
        raise ValueError(
            f"no such field: {', '.join(unknown)}; known ones are {', '.join(sorted(_FIELDS))}"
        )
    # A number may stand for a list of one: one value for all arms.
    lists = {name for name in entries if isinstance(getattr(Scenario, name, None), tuple)}
    listed = {n: [v] if n in lists and not isinstance(v, list) else v for n, v in entries.items()}
    try:
        return TypeAdapter(Scenario).validate_python(listed)
    except ValidationError as error:
        raise ValueError("; ".join(_told(problem) for problem in error.errors())) from error


def _told(problem: Any) -> str:
    """Say what is wrong with a field, and its value."""
    place = ".".join(str(part) for part in problem["loc"])
    words = problem["msg"].removeprefix("Value error, ")
    return f"{place}: {words}, got {problem['input']!r}" if place else words


def simulate_scenarios(
    scenarios: dict[str, Scenario],
    analyses: Sequence[str],
    n_trials: int,
    seed: int,
    *,
    alpha: float = 0.05,
    without_effect: bool = True,
    jobs: int = 1,
    cluster: str | None = None,
    store: Path | None = None,
    report: Reporter | None = None,
) -> pd.DataFrame:
    """Simulate each scenario, as it is and with a treatment that does nothing.

    Parameters
    ----------
    scenarios : dict of str to Scenario
        By name.
    analyses, n_trials, seed, alpha, jobs, cluster, store
        As for ``operating_characteristics``.
    without_effect : bool
        Whether to simulate each scenario without its effect as well, for the type I error.
    report : callable or None
        Called with the scenario's name, the trials done and the trials in all.

    Returns
    -------
    DataFrame
        The rows of ``operating_characteristics``, before them ``scenario`` and ``effect`` ("as
        given" or "none").

    Raises
    ------
    BookError
        If what is asked for cannot be run.
    """
    found = []
    for name, effect, scenario in _worlds(scenarios, without_effect):
        words = name if effect == GIVEN else f"{name}, no effect"
        own = None if report is None else _reporter(report, words)
        try:
            result = operating_characteristics(
                scenario,
                analyses,
                n_trials,
                seed,
                alpha=alpha,
                jobs=jobs,
                cluster=cluster,
                store=store,
                progress=own,
            )
        except (ValueError, ClusterError) as error:
            raise BookError(f"{words}: {error}") from error
        found.append(result.frame.assign(scenario=name, effect=effect))
    frame = pd.concat(found, ignore_index=True)
    return frame[["scenario", "effect", *frame.columns.drop(["scenario", "effect"])]]


def _worlds(
    scenarios: dict[str, Scenario], without_effect: bool
) -> Iterator[tuple[str, str, Scenario]]:
    """Give each scenario as it is, and without its effect where it has one."""
    for name, scenario in scenarios.items():
        if all(is_null(scenario, arm) for arm in range(1, len(scenario.arms))):
            yield name, NONE, scenario
            continue
        yield name, GIVEN, scenario
        if without_effect:
            yield name, NONE, scenario.without_effect


def _reporter(report: Reporter, name: str) -> Callable[[int, int], None]:
    return lambda done, total: report(name, done, total)


def power_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Lay out the main measures for a terminal, a row a scenario, contrast and analysis.

    Parameters
    ----------
    frame : DataFrame
        Of ``simulate_scenarios``.

    Returns
    -------
    DataFrame
        Text, Monte Carlo errors in brackets. A scenario or contrast that is the only one has no
        column.
    """
    rows = []
    keys = ["scenario", "contrast", "label"]
    for (scenario, contrast, label), own in frame.groupby(keys, sort=False):
        # Bias, coverage and patients are those with the effect, where there is one.
        by = own.drop_duplicates("measure").set_index("measure")
        row = {"Scenario": scenario, "Contrast": contrast, "Analysis": label}
        row["Power"] = _percent(by, "power")
        row["Type I error"] = _percent(by, "type I error")
        row["Bias"] = _number(by, "bias")
        row["Coverage"] = _percent(by, "coverage")
        row["Patients"] = f"{by.loc['expected n', 'estimate']:.1f}"
        rows.append(row)
    table = pd.DataFrame(rows)
    single = [c for c in ("Scenario", "Contrast") if len(set(table[c])) == 1]
    return table.drop(columns=single)


def _percent(by: pd.DataFrame, measure: str) -> str:
    if measure not in by.index or pd.isna(by.loc[measure, "estimate"]):
        return "-"
    return f"{100 * by.loc[measure, 'estimate']:.1f}% ({100 * by.loc[measure, 'std_error']:.1f})"


def _number(by: pd.DataFrame, measure: str) -> str:
    estimate, error = by.loc[measure, "estimate"], by.loc[measure, "std_error"]
    return "-" if pd.isna(estimate) else f"{estimate:+.3f} ({error:.3f})"
