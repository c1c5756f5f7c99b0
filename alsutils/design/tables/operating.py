"""Tables of what the trial's analyses would find in many trials like it."""

import pandas as pd

from alsutils.design.operating import EFFECT, NOTHING, Operating
from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study


def worlds(_study: Study, result: Operating | None) -> Table | Prose:
    """Lay out what is assumed in each world."""
    if result is None:
        return Prose(
            "The course of the primary endpoint is not known well enough to simulate such trials."
        )
    shown = pd.DataFrame(
        [(world.name, fmt.capitalised(world.means) + ".") for world in result.worlds],
        columns=["world", "means"],
    )
    return tables.table(
        shown, "The worlds in which the trial is held", {"world": "World", "means": "In it"}
    )


def operating(study: Study, result: Operating | None) -> Table | Prose:
    """Lay out power, errors, bias and coverage of each analysis in each world."""
    if result is None:
        return Prose("So there is no table of simulated trials.")
    keys = ["world", "treated", "label"]
    found = result.frame.set_index([*keys, "measure"])
    shown = result.frame[keys].drop_duplicates().reset_index(drop=True)
    several = len(study.treated) > 1
    places = list(shown.itertuples(index=False, name=None))

    def cells(measure: str, digits: int, percent: bool) -> list[str]:
        values = found["estimate"].reindex([(*place, measure) for place in places])
        return [(fmt.percent if percent else fmt.number)(value, digits) for value in values]

    measures = {
        EFFECT: ("Power", 0, True),
        NOTHING: ("Type I error", 1, True),
        "bias": ("Bias", 2, False),
        "coverage": ("Coverage", 0, True),
        "expected n": ("Patients", 0, False),
    }
    for measure, (_, digits, percent) in measures.items():
        shown[measure] = cells(measure, digits, percent)
    labels = {"label": "Analysis", **({"treated": "Arm"} if several else {})}
    labels |= {measure: words for measure, (words, _, _) in measures.items()}
    points = f" (in {result.unit} at {result.visit.lower()}" if result.unit else " (in points"
    return tables.table(
        shown,
        "What each analysis comes to, in simulated trials",
        labels,
        group="world",
        notes=[
            f"{result.trials:,} trials with the effect, as many without it; Monte Carlo standard "
            f"error of a share up to {fmt.percent(_largest_error(result), 1)}.",
            f"Bias: mean estimate less the true difference{points}; mean ranks for the joint rank, "
            "log hazard ratio for the log-rank test). Coverage: 95% is promised at a level of 5%. "
            "Patients: who enter the analysis, on average. A world that changes the effect alone "
            "has the planned one's type I error; – also where no single true value exists.",
        ],
        results=result.frame,
    )


def _largest_error(result: Operating) -> float:
    shares = result.frame["measure"].isin([EFFECT, NOTHING])
    return float(result.frame.loc[shares, "std_error"].max())
