"""A simulated trial as a study folder, for ``alsbook simulate``."""

from pathlib import Path

import yaml

from alsutils.book.errors import BookError
from alsutils.stats.patients import Scenario
from alsutils.study.simulate import config_like, simulate_study


def write_simulation(folder: Path, like: Path, *, n_per_arm: int, effect: float, seed: int) -> Path:
    """Write a simulated trial's tables and its study.yml.

    Parameters
    ----------
    folder : Path
        A new or empty folder.
    like : Path
        Study whose study.yml is taken over but for its title and its published results.
    n_per_arm : int
        Patients in each arm.
    effect : float
        Decline that every treated arm's treatment removes, points a month.
    seed : int
        Seed of all random numbers.

    Returns
    -------
    Path
        The study.yml.

    Raises
    ------
    BookError
        If the folder is not empty, there is no study to be like, or the sizes cannot be used.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BookError(f"{folder} is not an empty folder; choose another")
    source = like / "study.yml"
    if not source.is_file():
        raise BookError(f"{source} is not there; name a study with --like")
    content = config_like(
        source,
        f"A simulated trial: {n_per_arm} patients an arm",
        f"Simulated with an effect of {effect:g} points a month, seed {seed}.",
    )
    arms = tuple(arm["value"] for arm in content["arms"])
    try:
        scenario = Scenario(
            arms=arms,
            n_per_arm=(n_per_arm,) * len(arms),
            slope_effect=(0.0, *(effect for _ in arms[1:])),
        )
        simulated = simulate_study(scenario, seed)
    except ValueError as error:
        raise BookError(str(error)) from error
    simulated.write(folder)
    head = (
        f"# Made by `alsbook simulate --n-per-arm {n_per_arm} --effect {effect:g} --seed {seed}`.\n"
    )
    path = folder / "study.yml"
    dumped = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=110)
    path.write_text(head + dumped, "utf-8")
    return path
