"""Tables of the specification curve."""

import pandas as pd

from alsutils.appraisal.specifications import (
    CHOICES,
    MORE,
    PLANNED,
    Specifications,
    further_covariates,
)
from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study

STATISTICS = {
    "median": "Median estimate (SD)",
    "share_significant": "Share that excludes no difference",
    "mean_z": "Mean z",
}


def choices(study: Study, result: Specifications) -> Table | Prose:
    """Lay out what each choice goes with, the others averaged over."""
    if not result.curves:
        return Prose("No endpoint can be compared between the arms.")
    frame = result.frame
    parts = []
    for name, words in CHOICES.items():
        if frame[name].nunique() < 2:
            continue
        for (arm, option), rows in frame.groupby(["treated", name], sort=False):
            parts.append(
                {
                    "choice": words,
                    "option": option,
                    "treated": arm,
                    "n": len(rows),
                    "median": rows["estimate"].median(),
                    "range": f"{fmt.number(rows['estimate'].min())} to "
                    f"{fmt.number(rows['estimate'].max())}",
                    "significant": (rows["p_value"] < result.alpha).mean(),
                }
            )
    labels = {
        "option": "Choice",
        **({"treated": "Arm"} if len(study.treated) > 1 else {}),
        "n": "Specifications",
        "median": "Median (SD)",
        "range": "Lowest to highest",
        "significant": "Exclude no difference",
    }
    return tables.table(
        pd.DataFrame(parts),
        "What each choice goes with",
        labels,
        {"n": lambda n: fmt.number(n, 0), "median": fmt.number, "significant": fmt.percent},
        group="choice",
        group_label="Decision",
        notes=[
            "Differences in standard deviations; above 0 is better for the patient.",
            *_covariates(study),
        ],
    )


def curve_test(study: Study, result: Specifications) -> Table | Prose:
    """Lay out the test of the whole curve."""
    if not result.curves:
        return Prose("There is no curve to test.")
    parts = []
    for arm, curve in result.curves.items():
        rows = curve.test.frame
        written = [
            fmt.percent if name == "share_significant" else fmt.number for name in rows["statistic"]
        ]
        parts.append(
            pd.DataFrame(
                {
                    "treated": arm,
                    "statistic": rows["statistic"].map(STATISTICS),
                    "observed": [w(x) for w, x in zip(written, rows["observed"], strict=True)],
                    "expected": [w(x) for w, x in zip(written, rows["expected"], strict=True)],
                    "p_value": rows["p_value"],
                }
            )
        )
    several = len(study.treated) > 1
    labels = {
        "statistic": "Of the whole curve",
        "observed": "As observed",
        "expected": "Mean size if nothing differs",
        "p_value": "p",
    }
    drawn = "drawn again as the trial drew them" if result.known else "shuffled"
    tested = fmt.listed([f"{c.test.n_specifications:,}" for c in result.curves.values()])
    return tables.table(
        pd.concat(parts, ignore_index=True),
        "The whole curve, tested",
        labels,
        {"p_value": fmt.p_value},
        group="treated" if several else None,
        group_label="Arm",
        notes=[
            f"Arms {drawn}, {result.n_ways:,} ways in all, in each of which {tested} "
            "specifications were computed; imputed ones are left out of the test.",
            *([_ONCE] if result.once else []),
        ],
    )


_ONCE = (
    "In a trial of so many patients the test estimates the covariance of mixed models once for all "
    "ways, without the arms."
)


def _covariates(study: Study) -> list[str]:
    """Say what the words of covariates stand for."""
    labels = {c.column: c.label for c in study.config.baseline} | {"BASE": "the baseline"}
    planned = list(study.primary.covariates)
    more = further_covariates(study, planned)
    notes = []
    if planned:
        named = fmt.listed([labels.get(name, name) for name in planned])
        notes.append(f"{PLANNED}, of the primary endpoint: {named}.")
    if more:
        notes.append(f"{MORE}: also {fmt.listed([labels[name] for name in more])}.")
    return notes
