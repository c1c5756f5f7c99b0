"""The family of tests: every analyte, visit and contrast, and what is left after adjusting."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.mechanism.analysis import SEED, Changes
from alsutils.mechanism.panel import Samples, log_changes
from alsutils.stats.effort import repetitions
from alsutils.stats.multiplicity import adjust_p_values, storey_q, westfall_young
from alsutils.stats.panel import residuals
from alsutils.stats.permutation import shuffles
from alsutils.study import Study

MAX_T = "log change less its regression on baseline, Westfall-Young maxT"
N_WAYS = 10_000
PI0_FROM = 0.5  # p-values above this tell how many tests have no effect


@dataclass(frozen=True)
class Family:
    """The tests of the main analysis, plain and adjusted.

    Attributes
    ----------
    frame : DataFrame
        Rows of the main analysis with ``p_holm``, ``p_benjamini_hochberg``,
        ``p_benjamini_yekutieli``, ``q_value`` (Storey), ``p_permuted`` (by drawing the arms again,
        not adjusted) and ``p_max_t`` (Westfall and Young, over all analytes and visits, times the
        number of contrasts).
    analytes, visits, contrasts : tuple of str
        What the family is made of.
    tests : int
        How many of them could be made.
    pi0 : float
        Share of tests without an effect, estimated from the p-values above a half.
    n_ways : int
        Ways of drawing the arms for each contrast, the one that was done among them.
    exact : bool
        Whether these are all ways there are, for every contrast.
    """

    frame: pd.DataFrame
    analytes: tuple[str, ...]
    visits: tuple[str, ...]
    contrasts: tuple[str, ...]
    tests: int
    pi0: float
    n_ways: int
    exact: bool

    @property
    def size(self) -> int:
        """Tests that the family would have were all of them made."""
        return len(self.analytes) * len(self.visits) * len(self.contrasts)

    @property
    def results(self) -> pd.DataFrame:
        """Result columns: the permutation tests, adjusted."""
        rows = self.frame.assign(analysis=MAX_T, p_value=self.frame["p_max_t"])
        names = ["estimate", "std_error", "df", "statistic", "conf_low", "conf_high"]
        return rows.drop(columns=names)


def family(
    study: Study,
    data: Samples | None,
    result: Changes | None,
    seed: int = SEED,
    n_ways: int = N_WAYS,
) -> Family | None:
    """Adjust the tests of the main analysis for their number, in five ways.

    Parameters
    ----------
    study : Study
        With or without biomarkers.
    data : Samples or None
        Its measurements.
    result : Changes or None
        The comparisons.
    seed : int
        Of the permutations.
    n_ways : int
        Permutations to draw where there are too many to list; fewer of large trials.

    Returns
    -------
    Family or None
        None where the study has no biomarkers.
    """
    if data is None or result is None:
        return None
    frame = result.main
    plain = adjust_p_values(frame["p_value"])
    # A spline through so few p-values would be a rough guess; half of them are to be counted on.
    storey = storey_q(frame["p_value"], "fixed", PI0_FROM)
    frame = frame.assign(**plain.frame.drop(columns="p_value"), q_value=storey.q_value)
    n_ways = repetitions(n_ways, data.frame["USUBJID"].nunique())
    drawn = [_permuted(study, data, treated, seed, n_ways) for treated in study.treated]
    found = pd.concat(drawn, ignore_index=True)
    found["p_max_t"] = (found["p_max_t"] * len(study.treated)).clip(upper=1)
    key = ["parameter", "visit_number", "treated"]
    frame = frame.merge(found, on=key, how="left")
    return Family(
        frame=frame,
        analytes=tuple(m.label for m in data.panel),
        visits=tuple(study.visit_label(v) for v in data.visits),
        contrasts=tuple(f"{arm} against {study.control}" for arm in study.treated),
        tests=plain.size,
        pi0=storey.pi0,
        n_ways=int(found["n_ways"].max()),
        exact=bool(found["exact"].all()),
    )


def _permuted(study: Study, data: Samples, treated: str, seed: int, n_ways: int) -> pd.DataFrame:
    """Test all columns of one contrast by drawing its arms again."""
    pair = log_changes(data).of([study.control, treated])
    columns = pair.change.columns
    names = {"parameter": columns.get_level_values(0), "visit_number": columns.get_level_values(1)}
    on = (pair.arm == treated).to_numpy()
    missing = {"p_permuted": np.nan, "p_max_t": np.nan, "n_ways": 0, "exact": False}
    if on.all() or not on.any():
        return pd.DataFrame(names).assign(treated=treated, **missing)
    rng = np.random.default_rng([seed, study.treated.index(treated)])
    ways = shuffles(on, n_ways, rng)
    tests = westfall_young(residuals(pair.change, pair.base), ways)
    return pd.DataFrame(names).assign(
        treated=treated,
        p_permuted=tests.frame["p_value"].to_numpy(),
        p_max_t=tests.frame["p_max_t"].to_numpy(),
        n_ways=tests.n_ways,
        exact=tests.exact,
    )
