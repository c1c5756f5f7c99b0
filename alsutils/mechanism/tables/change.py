"""Tables of the change from baseline by arm."""

import numpy as np
import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.mechanism.analysis import Changes
from alsutils.mechanism.courses import Courses
from alsutils.mechanism.family import Family
from alsutils.mechanism.robust import Robust
from alsutils.mechanism.tables.cells import arm_column, finite, level, reasons, whole, worded
from alsutils.mechanism.together import NO_DIRECTION, TESTS, Together
from alsutils.mechanism.words import NO_BIOMARKERS
from alsutils.study import Study

_NAMES = {"endpoint": "Analyte", "visit": "Visit"}
_COUNTS = {"n_treated": "n treated", "n_control": "n control"}


def changes(study: Study, result: Changes | None) -> Table | Prose:
    """Lay out the main analysis."""
    if result is None:
        return Prose("")
    return tables.table(
        worded(result.main),
        f"Change from baseline: ratio to {study.control}",
        {
            **_NAMES,
            **arm_column(study),
            **_COUNTS,
            "n_below": "Below the limit",
            "ratio": f"Ratio ({level(study)})",
            "p_value": "p",
        },
        {**dict.fromkeys([*_COUNTS, "n_below"], whole), "p_value": fmt.p_value},
        sortable=True,
        notes=[
            "Ratio of geometric means, adjusted for baseline, values below the limit treated as "
            "censored. The standard error in the results file is that of its natural logarithm.",
            *reasons(result.main),
            *([study.disclosure.why] if _hides(result.main) else []),
        ],
        results=finite(result.main),
    )


def _hides(frame: pd.DataFrame) -> bool:
    """Say whether a number of patients or values is not told."""
    return bool(frame[[*_COUNTS, "n_below"]].isna().any(axis=None))


def courses(study: Study, result: Changes | None, course: Courses | None) -> Table | Prose:
    """Set the model of all visits beside the analyses of single visits."""
    if result is None or course is None:
        return Prose(NO_BIOMARKERS)
    key = ["endpoint", "visit", "treated"]
    both = worded(course.frame).merge(
        worded(result.main, "alone")[[*key, "alone", "p_value"]], on=key, suffixes=("", "_alone")
    )
    return tables.table(
        both,
        "All visits in one model, and each visit alone",
        {
            **_NAMES,
            **arm_column(study),
            "ratio": f"Ratio ({level(study)})",
            "p_value": "p",
            "alone": f"Ratio ({level(study)})",
            "p_value_alone": "p",
        },
        dict.fromkeys(["p_value", "p_value_alone"], fmt.p_value),
        sortable=True,
        spanners={
            "All visits (MMRM)": ["ratio", "p_value"],
            "One visit": ["alone", "p_value_alone"],
        },
        notes=[
            "MMRM: mixed model for repeated measures of the logarithms, unstructured covariance, "
            "Kenward-Roger degrees of freedom, values below the limit imputed and pooled.",
            *reasons(course.frame),
        ],
        results=finite(course.frame),
    )


def robust(study: Study, result: Robust | None) -> Table | Prose:
    """Lay out the comparisons by ranks."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    tests = ["p_value", "p_stratified", "p_peto"]
    return tables.table(
        worded(result.frame),
        "The same comparisons by ranks",
        {
            **_NAMES,
            **arm_column(study),
            "ratio": f"Ratio ({level(study)})",
            "p_value": "Wilcoxon",
            "p_stratified": "van Elteren",
            "p_peto": "Peto-Peto",
        },
        dict.fromkeys(tests, fmt.p_value),
        sortable=True,
        spanners={"p": tests},
        notes=[
            "Ratio: of medians of the changes (Hodges and Lehmann); – where the median lies among "
            "values below the limit. Wilcoxon: of the changes, in Gehan's form. Van Elteren: of "
            "the values, ranked among those who began low and among those who began high. "
            "Peto-Peto: of the values, baseline not held equal. ∞ or 0: values below the limit "
            "leave that side open."
        ],
        results=finite(result.results),
    )


def family(study: Study, result: Family | None) -> Table | Prose:
    """Lay out the p-values, plain and adjusted in five ways."""
    if result is None:
        return Prose("")
    adjusted = {
        "p_holm": "Holm",
        "p_max_t": "maxT",
        "p_benjamini_hochberg": "BH",
        "p_benjamini_yekutieli": "BY",
        "q_value": "q",
    }
    ways = (
        f"all {result.n_ways:,} ways of drawing the arms"
        if result.exact
        else f"{result.n_ways - 1:,} draws of the arms"
    )
    notes = [
        "Holm and maxT (Westfall and Young) hold the chance of even one false finding; BH "
        "(Benjamini and Hochberg), BY (Benjamini and Yekutieli) and q (Storey) the share of false "
        "findings.",
        f"maxT by {ways}, of log changes with their regression on the baseline taken out.",
    ]
    if len(result.contrasts) > 1:
        notes.append("maxT is multiplied by the number of contrasts.")
    return tables.table(
        result.frame,
        "The family of tests",
        {**_NAMES, **arm_column(study), "p_value": "p", **adjusted},
        dict.fromkeys(["p_value", *adjusted], fmt.p_value),
        sortable=True,
        spanners={
            "Any false finding": ["p_holm", "p_max_t"],
            "Share of false findings": list(adjusted)[2:],
        },
        notes=notes,
        results=result.results,
    )


def together(study: Study, result: Together | None) -> Table | Prose:
    """Lay out the tests of the whole panel."""
    if result is None:
        return Prose("")
    frame = result.tests.assign(
        question=np.where(
            result.tests["test"].isin(["largest", "sum of squares"]),
            "Any change, whatever its direction",
            "A change in the good direction",
        )
    )
    frame = frame[frame["reason"] != NO_DIRECTION]
    order = {name: i for i, name in enumerate([*TESTS, *dict.fromkeys(frame["question"])])}
    frame = frame.sort_values(["question", "test"], key=lambda names: names.map(order))
    frame["analysis"] = frame["analysis"].map(fmt.capitalised)
    gone = frame[frame["reason"] != ""]
    return tables.table(
        frame,
        "The panel as a whole",
        {
            "analysis": "Test",
            "visit": "Visit",
            **arm_column(study),
            "statistic": "Statistic",
            "p_value": "p",
        },
        {"statistic": fmt.number, "p_value": fmt.p_value},
        group="question",
        notes=[
            "Every p-value is by permutation: the arms are drawn again for whole patients.",
            *[
                f"{a}: {r}."
                for a, r in dict(zip(gone["analysis"], gone["reason"], strict=True)).items()
            ],
        ],
        results=finite(result.tests),
    )


def weights(_study: Study, result: Together | None) -> Table | Prose:
    """Lay out how much each analyte counts in the composite score."""
    if result is None:
        return Prose("")
    if result.weights.empty:
        return Prose("No analyte counts in a composite score, so there are no weights.")
    frame = result.weights.assign(
        way=result.weights["sign"].map({1: "a rise", -1: "a fall"}),
        per_sd=pd.Series(1.0, index=result.weights.index) / result.weights["sd"],
    )
    return tables.table(
        frame,
        "What the composite score is made of",
        {
            "endpoint": "Analyte",
            "role": "Role",
            "way": "Good is",
            "sd": "SD of the log change",
            "weight": "Weight",
        },
        {"sd": fmt.number, "weight": fmt.percent},
        notes=[
            "At the last visit. Each log change is divided by its standard deviation over all "
            "patients, turned so that good is above 0, and averaged with these weights."
        ],
    )
