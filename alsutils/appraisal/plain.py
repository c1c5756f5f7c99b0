"""The trial in a few facts, for people who have never read one."""

from dataclasses import dataclass

import pandas as pd

from alsutils import primary
from alsutils.study import ARM, Study
from alsutils.study.nested import event_group, nested_groups
from alsutils.study.telling import hides_sizes, told_population

SMALL = 100  # patients; below that a trial is called small
CLEAR_BETTER, CLEAR_WORSE, UNCLEAR = "better", "worse", "unclear"


@dataclass(frozen=True)
class PlainFacts:
    """What a plain summary tells.

    Attributes
    ----------
    sizes : dict of str to int
        Randomised patients by arm.
    gaps : DataFrame
        One row a treated arm at the last primary visit: ``treated``, ``gap``, ``low``, ``high``
        (turned so that above 0 is better than the control) and ``verdict`` ("better", "worse" or
        "unclear").
    same_before : bool or None
        Whether the earlier primary visits give the same verdicts; None where there are none.
    missing : float
        Randomised patients without an observed value at that visit; missing where not told.
    serious, deaths : dict of str to (int, int), or None
        Patients with a serious event, and who died, of those watched, by arm; None where the data
        do not say.
    """

    sizes: dict[str, int]
    gaps: pd.DataFrame
    same_before: bool | None
    missing: float
    serious: dict[str, tuple[int, int]] | None
    deaths: dict[str, tuple[int, int]] | None


def plain_facts(study: Study) -> PlainFacts:
    """Gather what a plain summary tells.

    Parameters
    ----------
    study : Study
        The trial.

    Returns
    -------
    PlainFacts
        From the main analysis of the primary endpoint, adverse events and deaths.
    """
    endpoint = study.primary
    last = endpoint.visits[-1]
    frame = _gaps(study)
    gaps = frame[frame["visit_number"] == last].reset_index(drop=True)
    before = frame[frame["visit_number"] != last]
    same = None
    if len(before) and len(gaps):
        verdicts = gaps.set_index("treated")["verdict"]
        same = bool((before["verdict"] == before["treated"].map(verdicts)).all())
    seen = study.records(endpoint.parameter, visits=[last], where=endpoint.observed)
    subjects = study.subjects()
    return PlainFacts(
        sizes={arm: int((subjects[ARM] == arm).sum()) for arm in study.arms},
        gaps=gaps,
        same_before=same,
        missing=_missing(study, seen[seen[endpoint.value].notna()]),
        serious=_serious(study),
        deaths=_deaths(study),
    )


def _gaps(study: Study) -> pd.DataFrame:
    """Turn the main analysis so that above 0 is better, and say what its intervals exclude."""
    columns = ["treated", "visit_number", "gap", "low", "high", "verdict"]
    frame = primary.published_analysis(study).frame
    if frame.empty:
        return pd.DataFrame(columns=columns)
    frame = frame.dropna(subset=["conf_low", "conf_high"])
    higher = study.parameter(study.primary.parameter).better == "higher"
    low, high = frame["conf_low"], frame["conf_high"]
    turned = frame.assign(
        gap=frame["estimate"] if higher else -frame["estimate"],
        low=low if higher else -high,
        high=high if higher else -low,
    )
    verdict = [
        CLEAR_BETTER if low > 0 else CLEAR_WORSE if high < 0 else UNCLEAR
        for low, high in zip(turned["low"], turned["high"], strict=True)
    ]
    return turned.assign(verdict=verdict)[columns]


def _missing(study: Study, seen: pd.DataFrame) -> float:
    """Count who has no value; missing where the number with one must not be told of an arm."""
    n = seen[ARM].astype("str").value_counts().reindex(list(study.arms), fill_value=0)
    hidden = hides_sizes(study, pd.Series(n.index, index=n.index), n)
    return float("nan") if hidden.any() else float(len(study.subjects()) - n.sum())


def _serious(study: Study) -> dict[str, tuple[int, int]] | None:
    """Count patients with a serious event, by arm."""
    block = study.config.adverse_events
    if block is None or "AESER" not in study.tables["adae"]:
        return None
    events, watched = study.events(), told_population(study, block.population)
    hit = events[events["AESER"] == "Y"].groupby(ARM, observed=False)["USUBJID"].nunique()
    return {arm: (int(hit[arm]), int((watched[ARM] == arm).sum())) for arm in study.arms}


def _deaths(study: Study) -> dict[str, tuple[int, int]] | None:
    """Count deaths, by arm, where the study names the event."""
    named = [e for e in study.config.time_to_event if e.parameter == study.primary.death]
    groups = nested_groups(study)
    if not named or not all(groups.tells(event_group(named[0].parameter), a) for a in study.arms):
        return None
    times = study.times(named[0])
    return {
        arm: (int(times.loc[times[ARM] == arm, "EVENT"].sum()), int((times[ARM] == arm).sum()))
        for arm in study.arms
    }
