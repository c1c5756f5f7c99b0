"""What several sections say alike where something is missing; each says it once, then is silent."""

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
