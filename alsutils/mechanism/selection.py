"""What is found where nothing is: looking at responders, and looking in many ways."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.mechanism.analysis import SEED
from alsutils.mechanism.association import Associations
from alsutils.mechanism.panel import Samples
from alsutils.mechanism.responders import GOOD, OTHERS, responders
from alsutils.stats.correlation import ForkingPaths, forking_paths, selected_correlation
from alsutils.stats.effort import repetitions
from alsutils.study import Study

FEWEST = 4  # patients of a group
FOUND = "share of simulated trials in which it is found in responders and not in the others"
APART = "share of simulated trials in which the two correlations differ"
FORKED = "share of simulated studies with a finding"
N_TRIALS = 5000
N_STUDIES = 1000
BINS = np.linspace(-1, 1, 41)
NOTHING, OUTCOME, ARMS = (
    "Nothing goes with anything",
    "Both go with the outcome",
    "Treatment moves all three",
)
_LOAD, _EFFECT = 0.6, 0.8  # correlation with the outcome; shift by treatment in SDs
_WORLDS = {
    NOTHING: {"load_x": 0.0, "load_y": 0.0},
    OUTCOME: {"load_x": _LOAD, "load_y": _LOAD},
    ARMS: {
        "load_x": 0.0,
        "load_y": 0.0,
        "arm_on_x": _EFFECT,
        "arm_on_y": -_EFFECT,
        "arm_on_outcome": _EFFECT,
    },
}
_PLAIN_N, _PLAIN_SHARES = 60, (0.25, 1 / 3, 0.5)


@dataclass(frozen=True)
class Selection:
    """Trials in which the two analytes have nothing to do with each other.

    Attributes
    ----------
    frame : DataFrame
        One row a ``world`` (what goes with what in it): ``everybody``, ``selected`` and ``others``
        (share of trials in which the correlation is found there), ``mean_selected`` (mean
        correlation among the selected), ``claimed`` (found in the selected and not in the others)
        and ``difference`` (the two correlations are found to differ).
    spread : DataFrame
        How the correlation among the selected spreads: ``world``, ``low``, ``high``, ``share``.
    n, picked : int
        Patients of a trial, and those selected.
    seen : float
        Correlation among good responders in this study; missing where there is none.
    own : bool
        Whether the sizes are those of this study.
    n_trials : int
        Simulated trials of each kind.
    """

    frame: pd.DataFrame
    spread: pd.DataFrame
    n: int
    picked: int
    seen: float
    own: bool
    n_trials: int

    @property
    def results(self) -> pd.DataFrame:
        """Result columns: both shares of every world."""
        parts = [
            self.frame.assign(analysis=analysis, endpoint=self.frame["world"], estimate=figures)
            for analysis, figures in (
                (FOUND, self.frame["claimed"]),
                (APART, self.frame["difference"]),
            )
        ]
        return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class Forks:
    """How often something is found in studies in which nothing is true.

    Attributes
    ----------
    frame : DataFrame
        One row a step, as `alsutils.stats.correlation.ForkingPaths` has it.
    analytes, visits, definitions : int
        What there is to choose from; a definition splits the patients into responders and others.
    n : int
        Patients of a study.
    own : bool
        Whether the definitions are those of this study.
    n_studies : int
        Simulated studies.
    alpha : float
        Two-sided level of each test.
    """

    frame: pd.DataFrame
    analytes: int
    visits: int
    definitions: int
    n: int
    own: bool
    n_studies: int
    alpha: float

    @property
    def results(self) -> pd.DataFrame:
        """Result columns."""
        return self.frame.assign(
            analysis=FORKED, endpoint=self.frame["step"], estimate=self.frame["found"]
        )


def selection(
    study: Study,
    data: Samples | None,
    pair: Associations | None,
    seed: int = SEED,
    n_trials: int = N_TRIALS,
) -> Selection | None:
    """Simulate trials of unrelated analytes and look for a correlation in the responders.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.
    pair : Associations or None
        The study's own pair, whose numbers of patients the trials have.
    seed : int
        Of the simulation.
    n_trials : int
        Simulated trials of each kind.

    Returns
    -------
    Selection or None
        None where the study has no biomarkers. A study that names no responders, or has fewer than
        four of a kind, gets trials of sixty patients of whom a third respond.
    """
    if data is None:
        return None
    n, picked, seen = _PLAIN_N, round(_PLAIN_N / 3), np.nan
    own = False
    if pair is not None and pair.responders.words:
        good, others = (pair.row(group)["n"] for group in (GOOD, OTHERS))
        seen = float(pair.row(GOOD)["estimate"])
        own = bool(min(good, others) >= FEWEST)  # not so where they may not be told
        n, picked = (int(good + others), int(good)) if own else (n, picked)
    n_trials = repetitions(n_trials, n)
    rows, spreads = [], []
    for i, (world, settings) in enumerate(_WORLDS.items()):
        rng = np.random.default_rng([seed, i])
        found = selected_correlation(
            rng, n=n, share=picked / n, n_trials=n_trials, alpha=study.alpha, **settings
        )
        by_group = found.frame.set_index("group")
        rows.append(
            {
                "world": world,
                **by_group["found"].to_dict(),
                "mean_selected": by_group.at["selected", "mean_correlation"],
                "claimed": found.claimed,
                "difference": found.difference_found,
            }
        )
        counts, _ = np.histogram(found.correlations, BINS)
        spreads.append(
            pd.DataFrame(
                {"world": world, "low": BINS[:-1], "high": BINS[1:], "share": counts / n_trials}
            )
        )
    return Selection(
        pd.DataFrame(rows), pd.concat(spreads, ignore_index=True), n, picked, seen, own, n_trials
    )


def forks(
    study: Study, data: Samples | None, seed: int = SEED, n_studies: int = N_STUDIES
) -> Forks | None:
    """Count the ways in which a study could have looked, and simulate what chance brings in them.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.
    seed : int
        Of the simulation.
    n_studies : int
        Simulated studies.

    Returns
    -------
    Forks or None
        None where the study has no biomarkers, or only one analyte, so that there is no pair. A
        definition of response that leaves fewer than four patients on a side is left out; a study
        without any gets the best quarter, third and half of its patients.
    """
    if data is None or len(data.panel) < 2:
        return None
    n = max(data.based["USUBJID"].nunique(), 2 * FEWEST)
    n_studies = repetitions(n_studies, n)
    listed = responders(study, max(data.visits)).shares
    shares = [share for share in listed if FEWEST <= round(share * n) <= n - FEWEST]
    used = shares or [s for s in _PLAIN_SHARES if FEWEST <= round(s * n) <= n - FEWEST]
    found: ForkingPaths = forking_paths(
        np.random.default_rng(seed),
        n_patients=n,
        n_analytes=len(data.panel),
        n_visits=len(data.visits),
        shares=used,
        n_studies=n_studies,
        alpha=study.alpha,
    )
    return Forks(
        frame=found.frame,
        analytes=len(data.panel),
        visits=len(data.visits),
        definitions=len(used),
        n=n,
        own=bool(shares),
        n_studies=found.n_studies,
        alpha=found.alpha,
    )
