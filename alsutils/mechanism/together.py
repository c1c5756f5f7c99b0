"""The panel as a whole: one test for all analytes, and one score for each patient."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.mechanism.analysis import SEED
from alsutils.mechanism.panel import SIGNS, LogChanges, Samples, log_changes
from alsutils.stats.effort import repetitions
from alsutils.stats.panel import obrien, panel_permutation, residuals, signed_composite
from alsutils.stats.permutation import shuffles
from alsutils.stats.two_sample import Sample, mean_difference
from alsutils.study import Study
from alsutils.study.telling import tell_sizes

N_WAYS = 10_000
COMPOSITE = "difference of the composite score (pooled t)"
TESTS = {
    "rank sum": "O'Brien's rank sum",
    "ols": "O'Brien's OLS",
    "gls": "O'Brien's GLS",
    "sum": "sum in the good direction, permutation",
    "sum of squares": "sum of squares, permutation",
    "largest": "largest statistic, permutation",
}
NO_DIRECTION = "no analyte has a direction"
_KEPT = ["analysis", "estimate", "std_error", "df", "statistic", "p_value", "reason"]


@dataclass(frozen=True)
class Together:
    """Tests of the whole panel, and the composite.

    Attributes
    ----------
    tests : DataFrame
        One row a visit, contrast and test, in the columns of every estimate; with ``treated``,
        ``test`` and ``reason``. All p-values are by permutation.
    composite : DataFrame
        One row a visit and contrast: difference of the mean score, treated less control, in
        standard deviations of a single change; above 0 where the treated moved the good way.
    weights : DataFrame
        One row an analyte that counts: ``endpoint``, ``role``, ``sign``, ``n``, ``sd`` (of the log
        change at the last visit) and ``weight``.
    directed : int
        Analytes whose role says which way is good.
    """

    tests: pd.DataFrame
    composite: pd.DataFrame
    weights: pd.DataFrame
    directed: int


def together(
    study: Study, data: Samples | None, seed: int = SEED, n_ways: int = N_WAYS
) -> Together | None:
    """Compare the arms on all analytes at once, visit by visit.

    Log changes have their regression on the baseline taken out for the tests. The composite is of
    the changes as they are. A rise is good for anti-inflammatory and trophic analytes, a fall for
    pro-inflammatory ones; others have no direction.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.
    seed : int
        Of the permutations.
    n_ways : int
        Permutations to draw where there are too many to list; fewer of large trials.

    Returns
    -------
    Together or None
        None where the study has no biomarkers.
    """
    if data is None:
        return None
    signs = {marker.parameter: SIGNS[marker.role] for marker in data.panel}
    tests, scores, weights = [], [], pd.DataFrame()
    n_ways = repetitions(n_ways, data.frame["USUBJID"].nunique())
    for visit in data.visits:
        wide = log_changes(data, [visit])
        whole = wide.change.droplevel(1, axis=1)
        composite = signed_composite(whole, signs)
        weights = composite.weights
        score = pd.Series(composite.score, index=whole.index)
        for treated in study.treated:
            shared = {
                "endpoint": "Panel",
                "population": data.population,
                "visit": study.visit_label(visit),
                "treated": treated,
                "contrast": f"{treated} vs {study.control}",
            }
            pair = wide.of([study.control, treated])
            rng = np.random.default_rng([seed, study.treated.index(treated)])
            found = _tested(pair, treated, list(signs.values()), rng, n_ways)
            tests.append(found.assign(**shared))
            sides = [score[wide.arm == arm] for arm in (treated, study.control)]
            scored = mean_difference(
                Sample.of(sides[0]), Sample.of(sides[1]), conf_level=study.conf_level
            )
            scores.append(scored.frame.assign(**shared, analysis=COMPOSITE))
    by_code = {marker.parameter: marker for marker in data.panel}
    weights = weights.assign(
        endpoint=[by_code[code].label for code in weights["column"]],
        role=[by_code[code].role for code in weights["column"]],
    )
    whole, composites = (
        tell_sizes(study, pd.concat(rows, ignore_index=True)) for rows in (tests, scores)
    )
    return Together(
        tests=whole,
        composite=composites.assign(endpoint="Composite score"),
        weights=weights,
        directed=sum(sign != 0 for sign in signs.values()),
    )


def _tested(
    pair: LogChanges, treated: str, signs: list[int], rng: np.random.Generator, n_ways: int
) -> pd.DataFrame:
    """Test one contrast in all columns at once."""
    on = (pair.arm == treated).to_numpy()
    counts = {"n_control": int((~on).sum()), "n_treated": int(on.sum())}
    if on.all() or not on.any():
        rows = [{"test": test, "reason": "an arm has no change to compare"} for test in TESTS]
        return pd.DataFrame(rows).assign(
            **counts, analysis=list(TESTS.values()), statistic=np.nan, p_value=np.nan
        )
    values = residuals(pair.change, pair.base)
    ways = shuffles(on, n_ways, rng)
    directed = obrien(values, on, signs, ways).frame
    # A reason may be one against the approximation by t alone.
    directed["p_value"] = directed["p_permutation"]
    directed["reason"] = directed["reason"].where(directed["p_value"].isna(), "")
    whole = panel_permutation(values, ways, signs).frame.assign(reason="")
    table = pd.concat([directed, whole], ignore_index=True)
    table["reason"] = table["reason"].replace("no column counts", NO_DIRECTION)
    table = table.set_index("method").loc[list(TESTS)].rename_axis("test").reset_index()
    return table.assign(analysis=list(TESTS.values()), **counts)[[*_KEPT, "test", *counts]]
