"""Tables of decline and death together."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.joint import ANALYSES, DIFFERENCE, LINK, RATIO, SLOPE, Joint
from alsutils.survival.words import SAID, ratio_cell


def joint(study: Study, result: Joint) -> Table | Prose:
    """Lay out slopes, hazard ratios and their link by three analyses."""
    if result.reason:
        return Prose(SAID)
    control = "control" if result.simulated else study.control
    several = not result.simulated and len(study.treated) > 1
    order = [SLOPE, DIFFERENCE, RATIO, LINK]
    words = {
        SLOPE: f"Slope on {control}, {result.unit}",
        DIFFERENCE: f"Difference in slope, {result.unit}",
        RATIO: f"Hazard ratio to {control}",
        LINK: "Hazard ratio for a slope one SD worse",
    }
    rows = []
    for quantity in order:
        own = result.frame[result.frame["quantity"] == quantity]
        for treated, part in own.groupby("treated", sort=False):
            by = part.set_index("method")
            name = words[quantity]
            if several and quantity in (DIFFERENCE, RATIO):
                name += f": {treated}"
            row = {"what": name, "truth": fmt.number(part["truth"].iloc[0])}
            for i, method in enumerate(ANALYSES.values()):
                row[f"m{i}"] = fmt.MISSING
                if method in by.index:
                    row[f"m{i}"] = ratio_cell(by.loc[method])
            rows.append(row)
    labels = {"what": "Figure"} | {f"m{i}": m for i, m in enumerate(ANALYSES.values())}
    if result.simulated:
        labels["truth"] = "Truth"
    title = "Decline and death, each alone and together"
    return tables.table(
        pd.DataFrame(rows),
        f"{title} (simulated patients)" if result.simulated else title,
        labels,
        notes=[
            "Straight lines with a level and a slope for every patient, and a Weibull hazard. One "
            "after the other: each patient's fitted slope enters the hazard as if it were known."
        ],
        results=result.frame,
    )
