"""What each analysis of the primary endpoint estimates, in the words of ICH E9(R1)."""

from dataclasses import dataclass

import pandas as pd

from alsutils.display.format import listed
from alsutils.primary.analysis import ALL_RANDOMISED
from alsutils.study import ARM, Study
from alsutils.study.disclosure import LEFT_OUT
from alsutils.study.telling import hides_sizes

HYPOTHETICAL = "Had all gone on and been seen (hypothetical)"
REFERENCE = "Once away, as if on control (treatment policy, by reference)"
OTHER = "Other reasons"
COMPOSITE = "With death as a part of the outcome (composite)"
ON_STUDY = "Up to the last visit seen (while on study)"
SEEN = "In those who were seen (no answer for all randomised)"
_BY_ANALYSIS = {
    "t-test and ANCOVA": (SEEN, "left out", "left out", "mean difference"),
    "MMRM and cLDA": (HYPOTHETICAL, "as if alive", "as if they had stayed", "mean difference"),
    "Random slopes": (HYPOTHETICAL, "as if alive", "on their own line", "difference in slope"),
    "Imputed, went on as those who stayed": (
        HYPOTHETICAL,
        "as if alive",
        "as if they had stayed",
        "mean difference",
    ),
    "Imputed by reference to control": (
        REFERENCE,
        "as if alive, like control",
        "like control from then on",
        "mean difference",
    ),
    "Last value carried forward": (
        ON_STUDY,
        "last value before",
        "last value before",
        "mean difference",
    ),
    "Complete patients": (SEEN, "left out", "left out", "mean difference"),
    "Joint rank and pairs": (
        COMPOSITE,
        "worse than any value",
        "last value before",
        "ranks, won and lost pairs",
    ),
    "Responders": (SEEN, "left out", "left out", "difference in shares"),
}


@dataclass(frozen=True)
class Estimands:
    """What the trial asks of its primary endpoint, and which analysis answers what.

    Attributes
    ----------
    attributes : DataFrame
        The attributes of the estimand: ``attribute``, ``words``.
    events : DataFrame
        One row an intercurrent event and arm: ``event``, ``arm``, ``n`` patients by the last
        primary visit or, for reasons of leaving, by the end, ``of`` (those randomised); ``n`` is
        missing where it tells of a few patients, and in words in ``told``.
    note : str
        What is not told, and why; empty where everything is.
    analyses : DataFrame
        One row a kind of analysis: ``analysis``, ``estimand``, ``death``, ``leaving`` (how each is
        treated), ``measure``.
    """

    attributes: pd.DataFrame
    events: pd.DataFrame
    analyses: pd.DataFrame
    note: str


def estimands(study: Study) -> Estimands:
    """Lay out the estimand of the primary endpoint from what study.yml says.

    Parameters
    ----------
    study : Study
        Intercurrent events are those of ``intercurrent_events``; without it, death by the last
        primary visit where the endpoint names it, and every reason for leaving that ADSL gives.

    Returns
    -------
    Estimands
        Analyses that the study has no data for are left out.

    References
    ----------
    ICH E9(R1). Addendum on estimands and sensitivity analysis in clinical trials to the guideline
    on statistical principles for clinical trials. 2019.
    """
    endpoint = study.primary
    about = study.parameter(endpoint.parameter)
    events = _events(study)
    names = list(dict.fromkeys(events["event"]))
    what = f"change of {about.label} from baseline" if endpoint.value == "CHG" else about.label
    visits = [study.visit_phrase(visit) for visit in endpoint.visits]
    rows = {
        "Treatments": f"{listed(study.treated)}, against {study.control}",
        "Population": f"{ALL_RANDOMISED}; in the trial's own analysis: "
        f"{study.population_label(endpoint.population)}",
        "Variable": f"{what} at {listed(visits)}",
        "Intercurrent events": ", ".join(names) or "none recorded",
        "Summary": "difference between the arms' means, unless a row below says otherwise",
    }
    analyses = pd.DataFrame(
        [(name, *words) for name, words in _BY_ANALYSIS.items()],
        columns=["analysis", "estimand", "death", "leaving", "measure"],
    )
    absent = []
    if endpoint.death is None:
        absent.append("Joint rank and pairs")
    if study.config.responders is None:
        absent.append("Responders")
    return Estimands(
        pd.DataFrame({"attribute": rows.keys(), "words": rows.values()}),
        events,
        analyses[~analyses["analysis"].isin(absent)].reset_index(drop=True),
        study.disclosure.why if events["n"].isna().any() else "",
    )


def _events(study: Study) -> pd.DataFrame:
    """Count the patients of each arm with each intercurrent event."""
    subjects = study.subjects()
    found: dict[str, set[str]] = {}
    named = study.config.intercurrent_events
    flow = study.config.flow
    reasons = pd.Series("", index=subjects.index)
    if flow and flow.reason:
        reasons = subjects[flow.reason].fillna("")
    left = reasons != ""
    for event in named:
        if event.parameter is not None:
            found[event.label] = _had(study, event.parameter, event.description)
        else:
            chosen = reasons.isin(event.reasons)
            found[event.label] = set(subjects.loc[chosen, "USUBJID"])
    if not named:
        death = study.primary.death
        if death is not None:
            found["Death"] = _had(study, death, None)
        for reason in sorted(set(reasons[left])):
            # Death is counted once, where the times of death are known.
            if found and reason.casefold() == "death":
                continue
            who = set(subjects.loc[reasons == reason, "USUBJID"])
            # The name of a rare reason tells of whom it befell.
            name = OTHER if study.disclosure.hides(len(who)) else reason.capitalize()
            found[name] = found.get(name, set()) | who
    rows = []
    for label, who in found.items():
        for arm in study.arms:
            mine = subjects.loc[subjects[ARM] == arm, "USUBJID"]
            rows.append(
                {"event": label, "arm": arm, "n": int(mine.isin(who).sum()), "of": len(mine)}
            )
    frame = pd.DataFrame(rows, columns=["event", "arm", "n", "of"])
    words = [study.disclosure.count(n, of=m) for n, m in zip(frame["n"], frame["of"], strict=True)]
    rule = study.disclosure
    near = hides_sizes(study, frame["arm"], frame["n"], of_events=True)
    hidden = rule.hides(frame["n"], frame["of"])
    told = pd.Series(words, index=frame.index, dtype=object).mask(near & ~hidden, LEFT_OUT)
    return frame.assign(n=frame["n"].mask(hidden | near), told=told)


def _had(study: Study, parameter: str, description: str | None) -> set[str]:
    """Name the subjects with an event of a kind by the last primary visit."""
    event = next(e for e in study.config.time_to_event if e.parameter == parameter)
    times = study.times(event)
    happened = times["EVENT"] & (times["AVAL"] <= study.primary.visits[-1])
    if description is not None:
        happened &= times["EVNTDESC"] == description
    return set(times.loc[happened, "USUBJID"])
