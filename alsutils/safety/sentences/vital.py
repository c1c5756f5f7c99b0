"""Who lived, in words."""

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.safety.vital import VitalStatus
from alsutils.safety.words import NO_DEATHS
from alsutils.study import Study


def vital_status(_study: Study, result: VitalStatus | None) -> Prose:
    """Say how many of each arm died, and when."""
    if result is None:
        return Prose(NO_DEATHS)
    parts = []
    for state in dict.fromkeys(result.frame["state"]):
        rows = result.frame[result.frame["state"] == state]
        told = [
            f"{fmt.count_of(r['patients'], r['total'])} in {r['arm']}" for _, r in rows.iterrows()
        ]
        parts.append(f"{state}: {fmt.listed(told)}.")
    return Prose(" ".join(parts))
