"""How often something is found where nothing is, by the number of ways of looking."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alsutils.stats.correlation.selection import critical_correlation

Floats = NDArray[np.float64]

_CELLS = 2_000_000  # numbers simulated at once


@dataclass(frozen=True)
class ForkingPaths:
    """Findings in studies in which nothing is true, as the ways of looking are multiplied.

    Attributes
    ----------
    frame : DataFrame
        One row a step, each with all ways of the step before: ``step`` ("one pair", "all pairs",
        "all visits", "responders and others", "all definitions"), ``paths`` (tests in a study),
        ``found`` (share of studies with a test below alpha), ``if_independent`` (what that share
        would be for tests that have nothing to do with each other) and ``mean_findings`` (such
        tests in a study, on average).
    n_studies : int
        Simulated studies.
    alpha : float
        Two-sided level of each test.
    """

    frame: pd.DataFrame
    n_studies: int
    alpha: float


def forking_paths(
    rng: np.random.Generator,
    n_patients: int = 60,
    n_analytes: int = 12,
    n_visits: int = 2,
    shares: Sequence[float] = (0.25, 1 / 3, 0.5),
    visit_correlation: float = 0.5,
    n_studies: int = 1000,
    alpha: float = 0.05,
) -> ForkingPaths:
    """Correlate every pair of analytes in every group of patients that might have been looked at.

    No analyte goes with another and none goes with the response. A study may look at any pair of
    analytes, at any visit, in everybody, in the responders or in the others, and may call the best
    quarter, third or half of the patients responders.

    Parameters
    ----------
    rng : Generator
        Source of random numbers.
    n_patients, n_analytes, n_visits : int
        Size of a study; at least two analytes.
    shares : sequence of float
        Shares of the patients that each definition calls responders; may be empty.
    visit_correlation : float
        Correlation of an analyte's visits, from 0 to 1.
    n_studies : int
        Simulated studies.
    alpha : float
        Two-sided level of each test.

    Returns
    -------
    ForkingPaths
        A step that adds nothing, such as a single visit, has the figures of the one before.

    Raises
    ------
    ValueError
        If there are fewer than two analytes, no visit, or a group of fewer than four patients.

    References
    ----------
    Gelman A, Loken E. The statistical crisis in science. Am Sci 2014;102:460-465. Simmons JP,
    Nelson LD, Simonsohn U. False-positive psychology. Psychol Sci 2011;22:1359-1366.
    """
    picked = [round(share * n_patients) for share in shares]
    if n_analytes < 2 or n_visits < 1:
        raise ValueError("two analytes and a visit are needed")
    if n_patients < 4 or any(not 4 <= k <= n_patients - 4 for k in picked):
        raise ValueError("every group needs four patients or more; change the shares")
    if not 0 <= visit_correlation <= 1:
        raise ValueError(f"visit_correlation must lie from 0 to 1, not {visit_correlation}")
    # The response has nothing to do with the analytes, so that the first patients may be the best.
    groups = [slice(0, n_patients)]
    groups += [cut for k in picked for cut in (slice(0, k), slice(k, n_patients))]
    pair = np.triu_indices(n_analytes, 1)
    counts = np.zeros((n_studies, n_visits, len(groups)), dtype=int)
    first = np.zeros(n_studies, dtype=bool)
    step = max(1, _CELLS // (n_patients * n_analytes * n_visits))
    for start in range(0, n_studies, step):
        size = min(step, n_studies - start)
        here = slice(start, start + size)
        shape = (size, n_patients, n_analytes)
        common = np.sqrt(visit_correlation) * rng.standard_normal(shape)
        for v in range(n_visits):
            values = common + np.sqrt(1 - visit_correlation) * rng.standard_normal(shape)
            for g, group in enumerate(groups):
                n = group.stop - group.start
                found = _correlations(values[:, group])[:, pair[0], pair[1]]
                seen = np.abs(found) >= critical_correlation(n, alpha)
                counts[here, v, g] = seen.sum(axis=1)
                if v == 0 and g == 0:
                    first[here] = seen[:, 0]
    pairs = len(pair[0])
    several = min(3, len(groups))
    steps = {
        "one pair": (1, first.astype(int)),
        "all pairs": (pairs, counts[:, 0, 0]),
        "all visits": (pairs * n_visits, counts[:, :, 0].sum(axis=1)),
        "responders and others": (
            pairs * n_visits * several,
            counts[:, :, :several].sum(axis=(1, 2)),
        ),
        "all definitions": (pairs * n_visits * len(groups), counts.sum(axis=(1, 2))),
    }
    rows = [
        {
            "step": name,
            "paths": paths,
            "found": float((number > 0).mean()),
            "if_independent": float(1 - (1 - alpha) ** paths),
            "mean_findings": float(number.mean()),
        }
        for name, (paths, number) in steps.items()
    ]
    return ForkingPaths(pd.DataFrame(rows), n_studies, alpha)


def _correlations(values: Floats) -> Floats:
    """Correlation matrix of every study; values has studies, patients and analytes."""
    centred = values - values.mean(axis=1, keepdims=True)
    centred /= np.sqrt((centred**2).sum(axis=1, keepdims=True))
    return np.asarray(np.swapaxes(centred, 1, 2) @ centred)
