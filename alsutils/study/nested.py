"""Groups of patients that lie within each other, and whose sizes may be told together.

A page tells of 33 patients randomised to an arm, another one of 32 in its safety population: the
difference tells of one patient. So the groups whose sizes the chapters give are put in a row, and
each is told only where it differs by nobody, or by enough, from those that are told before it.
"""

import weakref
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from alsutils.stats.disclosure import is_small
from alsutils.study.model import ARM, Study

RANDOMISED, RECEIVED, COMPLETED = "randomised", "received", "completed"
DIED, FATAL = "event: died", "event: fatal"


@dataclass(frozen=True)
class Groups:
    """Groups of each arm's patients, in the order in which they are told.

    Attributes
    ----------
    members : dict of str to dict of str to frozenset of str
        Name of a group, then label of an arm, to the patients.
    told : frozenset of (str, str)
        Groups and arms whose size may be told.
    """

    members: dict[str, dict[str, frozenset[str]]]
    told: frozenset[tuple[str, str]]

    def tells(self, name: str, arm: str) -> bool:
        """Say whether the size of a group of an arm may be told; that of one not listed may."""
        return name not in self.members or (name, arm) in self.told

    def around(self, name: str, arm: str) -> frozenset[str]:
        """Give a group, or the smallest told one around it where its own size is not told."""
        own = self.members[name][arm]
        if self.tells(name, arm):
            return own
        told = [group[arm] for other, group in self.members.items() if (other, arm) in self.told]
        return min((group for group in told if own < group), key=len, default=own)

    def sizes(self, arm: str, *, of_events: bool = False) -> list[int]:
        """Give the told sizes of an arm's groups: of those with an event, or of all the others."""
        return sorted(
            {
                len(group[arm])
                for name, group in self.members.items()
                if (name, arm) in self.told and name.startswith("event") == of_events
            }
        )


def population_group(name: str | None) -> str:
    """Name the group of a population; of all randomised where None."""
    return RANDOMISED if name is None else f"population {name}"


def event_group(parameter: str) -> str:
    """Name the group of those who had an event of ADTTE."""
    return f"event: {parameter}"


def seen_group(parameter: str, visit: float) -> str:
    """Name the group of those with a value of an endpoint at a visit."""
    return f"seen: {parameter}, {visit:g}"


def nested_groups(study: Study) -> Groups:
    """Find the groups of a study's patients, and whose sizes may be told together.

    Parameters
    ----------
    study : Study
        Says how few are too few.

    Returns
    -------
    Groups
        All randomised, those who received and completed the treatment, the populations, those seen
        at the visits of the endpoints, those with each event of ADTTE, who died and who had a fatal
        adverse event. Found once a study.
    """
    key = id(study)
    if key not in _KNOWN:
        _KNOWN[key] = _found(study)
        weakref.finalize(study, _KNOWN.pop, key, None)
    return _KNOWN[key]


_KNOWN: dict[int, Groups] = {}  # by the identity of a study that is in use


def _found(study: Study) -> Groups:
    """Go through the groups and tell those that give nobody away."""
    members = dict(_members(study))
    minimum, told = study.disclosure.minimum, set()
    for arm in study.arms:
        before: list[frozenset[str]] = []
        for name, group in members.items():
            own = group[arm]
            lies = [other for other in before if own <= other or own >= other]
            gaps = [abs(len(other) - len(own)) for other in lies]
            if not is_small([len(own), *gaps], minimum).any():
                told.add((name, arm))
                before.append(own)
    return Groups(members, frozenset(told))


def _members(study: Study) -> Iterator[tuple[str, dict[str, frozenset[str]]]]:
    """Yield each group by arm."""
    subjects, flow = study.subjects(), study.config.flow

    def those(frame: pd.DataFrame) -> dict[str, frozenset[str]]:
        by_arm = frame.groupby(frame[ARM].astype("str"))["USUBJID"]
        found = {arm: frozenset(who.astype("str")) for arm, who in by_arm}
        return {arm: found.get(arm, frozenset()) for arm in study.arms}

    yield RANDOMISED, those(subjects)
    if flow is not None and flow.received in subjects:
        yield RECEIVED, those(subjects[subjects[flow.received] == "Y"])
    if flow is not None and flow.status in subjects:
        yield COMPLETED, those(subjects[subjects[flow.status].astype("str") == flow.completed])
    for name in study.config.populations:
        yield population_group(name), those(study.subjects(name))
    for endpoint in study.endpoints:
        # The primary endpoint's course is shown at every visit.
        visits = None if endpoint is study.primary else endpoint.visits
        seen = study.records(endpoint.parameter, endpoint.population, visits)
        seen = seen.dropna(subset=[endpoint.value] if endpoint.value in seen else [])
        for visit, rows in seen.groupby("AVISITN"):
            yield seen_group(endpoint.parameter, float(visit)), those(rows)
    for event in study.config.time_to_event:
        times = study.times(event)
        yield event_group(event.parameter), those(times[times["EVENT"]])
    if "DTHFL" in subjects:
        yield DIED, those(subjects[subjects["DTHFL"] == "Y"])
    if study.config.adverse_events is not None:
        events = study.events(carry=())
        if "AESDTH" in events:
            yield FATAL, those(events[events["AESDTH"] == "Y"])
