"""Function and death together: patients compared pair by pair, death first."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.primary.telling import told, told_numbers
from alsutils.stats.ancova import AncovaError
from alsutils.stats.joint_rank import joint_rank
from alsutils.stats.wins import (
    Continuous,
    Layer,
    LayerError,
    StratumError,
    TimeToEvent,
    win_statistics,
)
from alsutils.study import ARM, Study
from alsutils.study.telling import hides_sizes, why_not

RANKS = "joint rank, ANCOVA on ranks"
MEASURE_WORDS = {
    "win_ratio": "win ratio",
    "win_odds": "win odds",
    "net_benefit": "net benefit",
    "probabilistic_index": "probabilistic index",
}


@dataclass(frozen=True)
class Together:
    """Arms compared on death and the primary endpoint together, up to the last primary visit.

    Attributes
    ----------
    frame : DataFrame
        The result columns, one row a measure and treated arm; ``analysis`` names the measure.
    pairs : DataFrame
        One row a treated arm and outcome: ``treated``, ``layer`` ("survival", "function" or
        "tied"), ``wins``, ``losses`` and ``share`` of all pairs of a treated and a control
        patient.
    ranks : DataFrame
        One row an arm: ``arm``, ``n``, ``events`` (missing where they tell of a few patients; in
        words in ``told``), ``mean_rank``.
    notes : tuple of str
        What could not be computed and why.
    """

    frame: pd.DataFrame
    pairs: pd.DataFrame
    ranks: pd.DataFrame
    notes: tuple[str, ...]


def together(study: Study) -> Together | None:
    """Rank patients by survival and then by function; None where the study names no death.

    Parameters
    ----------
    study : Study
        With ``death`` of the primary endpoint.

    Returns
    -------
    Together or None
        All randomised patients with a baseline; who left alive is compared on the last change seen.

    References
    ----------
    Berry JD, et al. The Combined Assessment of Function and Survival (CAFS): a new endpoint for ALS
    clinical trials. Amyotroph Lateral Scler Frontotemporal Degener 2013;14:162-168.
    doi:10.3109/21678421.2012.762930. Pocock SJ, et al. The win ratio. Eur Heart J 2012;33:176-182.
    doi:10.1093/eurheartj/ehr352
    """
    endpoint = study.primary
    if endpoint.death is None:
        return None
    horizon = endpoint.visits[-1]
    data = _wide(study, horizon)
    visits = [c for c in data.columns if isinstance(c, float)]
    better_high = study.parameter(endpoint.parameter).better == "higher"
    try:
        ranked = joint_rank(
            data.rename(columns={v: f"at {v:g}" for v in visits}),
            ARM,
            "AVAL",
            "EVENT",
            [f"at {v:g}" for v in visits],
            [name for name in endpoint.covariates if name in data],
            horizon=horizon,
            higher_is_better=better_high,
            conf_level=study.conf_level,
        )
    except (AncovaError, LayerError, ValueError) as error:
        return Together(
            pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), (f"{RANKS}: {why_not(study, error)}.",)
        )
    ancova = ranked.frame[ranked.frame["method"] == "ancova_on_ranks"]
    parts = [_labelled(study, ancova.assign(analysis=RANKS))]
    pairs, notes = [], []
    for arm in study.treated:
        two = data[data[ARM].isin([study.control, arm])]
        last = two[visits].ffill(axis=1).iloc[:, -1].fillna(0.0)  # nothing seen after baseline
        died = two["EVENT"] & (two["AVAL"] <= horizon)
        layers: list[Layer] = [
            TimeToEvent(np.minimum(two["AVAL"], horizon), died, name="survival"),
            Continuous(last, higher_is_better=better_high, name="function"),
        ]
        try:
            wins = win_statistics(layers, two[ARM] == arm, conf_level=study.conf_level)
        except (LayerError, StratumError) as error:
            notes.append(f"{arm}: {why_not(study, error)}.")
            continue
        found = wins.frame.assign(
            arm=arm,
            n_treated=wins.n_treated,
            n_control=wins.n_control,
            analysis=wins.frame["measure"].map(MEASURE_WORDS),
        )
        parts.append(_labelled(study, found))
        pairs.append(_shares(wins.layers).assign(treated=arm))
    frame = told(study, pd.concat(parts, ignore_index=True))
    ranks, few = _told_ranks(study, ranked.arms)
    if few:
        # Each death decides as many pairs as the other arm has patients.
        pairs = []
        notes.append(
            f"How the pairs were decided is not told, for {study.disclosure.few_patients} of an "
            "arm, or all but so few, died."
        )
    return Together(
        frame,
        pd.concat(pairs, ignore_index=True) if pairs else pd.DataFrame(),
        ranks,
        tuple(notes),
    )


def _told_ranks(study: Study, ranks: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """Leave out counts of a few deaths or patients; say whether there were few deaths."""
    rule = study.disclosure
    # Deaths until the last visit, and all deaths, which other chapters tell.
    few = rule.hides(ranks["events"], ranks["n"])
    few |= hides_sizes(study, ranks["arm"], ranks["events"], of_events=True)
    words = [rule.count(e, of=n) for e, n in zip(ranks["events"], ranks["n"], strict=True)]
    shown = ranks.assign(told=words, events=ranks["events"].mask(few), n=told_numbers(study, ranks))
    return shown, bool(few.any())


def _wide(study: Study, horizon: float) -> pd.DataFrame:
    """Give one row a patient: arm, covariates, time, event and a change at each visit."""
    endpoint, start = study.primary, study.config.time.baseline
    event = next(e for e in study.config.time_to_event if e.parameter == endpoint.death)
    records = study.records(endpoint.parameter, where=endpoint.observed)
    base = records[records["AVISITN"] == start].set_index("USUBJID")["AVAL"].rename("BASE")
    after = records[(records["AVISITN"] > start) & (records["AVISITN"] <= horizon)]
    changes = after.pivot(index="USUBJID", columns="AVISITN", values=endpoint.value)  # noqa: PD010
    changes.columns = changes.columns.astype(float)
    times = study.times(event).drop(columns=["BASE"], errors="ignore").set_index("USUBJID")
    return times.join(base, how="inner").join(changes).reset_index()


def _shares(layers: pd.DataFrame) -> pd.DataFrame:
    """Count how each pair was decided: by survival, by function or not at all."""
    decided = layers[layers["layer"] != "total"]
    total = float(layers.loc[layers["layer"] == "total", "pairs"].iloc[0])
    rows = decided[["layer", "wins", "losses"]]
    undecided = total - float(rows[["wins", "losses"]].to_numpy().sum())
    rows = pd.concat(
        [rows, pd.DataFrame([{"layer": "tied", "wins": undecided, "losses": 0.0}])],
        ignore_index=True,
    )
    return rows.assign(share=(rows["wins"] + rows["losses"]) / total)


def _labelled(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    about = study.parameter(study.primary.parameter)
    return frame.assign(
        endpoint=f"Death, then {about.label}",
        population="All randomised patients",
        visit=study.visit_label(study.primary.visits[-1]),
        contrast=[f"{arm} vs {study.control}" for arm in frame["arm"]],
        treated=frame["arm"],
    )
