"""What happened next: whether the later trials contradict what this one let expect."""

import math
from dataclasses import dataclass

import pandas as pd
from scipy import stats

from alsutils.design.next_trial import FACE, SCEPTIC, next_trial
from alsutils.stats.conflict import normal_conflict
from alsutils.study import Study

IN_FAVOUR, AGAINST = "in favour", "against"


@dataclass(frozen=True)
class Afterwards:
    """Reported outcomes of later trials, held against beliefs after this one.

    Attributes
    ----------
    frame : DataFrame
        One row an outcome, belief and side: ``trial``, ``arm``, ``at``, ``reported`` (p-value),
        ``treated`` (of this study), ``belief``, ``less_bias``, ``side`` (a reported p-value does
        not say whom it favours, so that both are tried), ``observed``, ``expected`` and ``spread``
        (z-values), and ``p_value`` (of the conflict).
    """

    frame: pd.DataFrame


def afterwards(study: Study) -> Afterwards | None:
    """Hold the outcomes of later trials against what this one let expect.

    Parameters
    ----------
    study : Study
        With ``later_trials`` that report p-values.

    Returns
    -------
    Afterwards or None
        None where nothing was reported, or nothing could be expected. Effects are in standard
        deviations, which are taken to be the same in both trials; the beliefs are the two that are
        normal.

    References
    ----------
    Box GEP. Sampling and Bayes' inference in scientific modelling and robustness. J R Stat Soc A
    1980;143:383-430.
    """
    foretold = next_trial(study) if study.config.later_trials else None
    if foretold is None or foretold.later.empty:
        return None
    outcomes = foretold.later.dropna(subset="p")
    sd = foretold.start.set_index("treated")["sd"]
    beliefs = foretold.beliefs.set_index(["treated", "belief", "less_bias"])
    rows = []
    for row in outcomes[outcomes["belief"].isin([FACE, SCEPTIC])].to_dict("records"):
        belief = beliefs.loc[(row["treated"], row["belief"], row["less_bias"])]
        unit = sd[row["treated"]] * math.sqrt(1 / row["n_treated"] + 1 / row["n_control"])
        size = float(stats.norm.isf(row["p"] / 2))
        for side, observed in ((IN_FAVOUR, size), (AGAINST, -size)):
            found = normal_conflict(
                observed, 1.0, belief["estimate"] / unit, belief["std_error"] / unit
            )
            names = ("trial", "arm", "at", "treated", "belief", "less_bias")
            rows.append(
                {name: row[name] for name in names}
                | {
                    "reported": row["p"],
                    "side": side,
                    "observed": observed,
                    "expected": found.expected,
                    "spread": found.spread,
                    "p_value": found.p_value,
                }
            )
    return Afterwards(pd.DataFrame(rows)) if rows else None
