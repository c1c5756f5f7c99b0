"""What several sections say alike where something is missing; each says it once, then is silent."""

from alsutils.safety.analysis import Incidence

NOTHING = "This study has no adverse events, so this section is empty."
NO_TIMES = (
    "The data do not say how long each patient was watched, so nothing can be said of events over "
    "time."
)
NO_COMPARISON = "There is no event to compare."
NO_STRATA = (
    "The primary endpoint is adjusted for no group of patients, so the arms are not compared "
    "within strata."
)
NO_PERIODS = "The data do not say when treatment was given, so events cannot be split by period."
NO_TREATMENT_DAYS = (
    "study.yml names no single days of treatment, so events cannot be counted from them."
)
NO_SUBJECTS = "Single patients are not shown for this study."
NO_DEATHS = "The data mark no death, so nothing can be said of who lived."
NO_LABORATORY = "The study has no laboratory values with limits of normal, so none are shown."
NO_VITAL_SIGNS = "The study has no vital signs with limits of normal, so none are shown."
NO_LIVER = (
    "The study has no liver values with an upper limit of normal, so Hy's law cannot be looked at."
)


def nothing_reached(result: Incidence, what: str = "Nothing") -> str:
    """Say that no kind of event was common enough, or none that may be told; no full stop."""
    told = " that may be told" if result.hides else ""
    return f"{what}{told} reached {result.minimum_percent:g}% of an arm"


def no_event(result: Incidence) -> str:
    """Say that there was no event, or none that may be told; no full stop."""
    return f"There was no event{' that may be told' if result.hides else ''}"
