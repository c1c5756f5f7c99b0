"""The printed table, cell by cell."""

from alsutils.display import Prose, Table, tables
from alsutils.stats.forensics import TableChecks
from alsutils.study import Study


def arithmetic(study: Study, result: TableChecks | None) -> Table | Prose:
    """Lay out every check of the printed table."""
    if result is None or study.published is None:
        return Prose("This study has no published table to recompute.")
    frame = result.frame
    return tables.table(
        frame.assign(
            what=frame["check"].str[:1].str.upper() + frame["check"].str[1:],
            verdict=["adds up" if agrees else "does not add up" for agrees in frame["agrees"]],
            printed=frame["printed"].str.replace("-", "−"),
            possible=frame["possible"].str.replace("-", "−"),
        ),
        "Every printed figure against the others",
        {
            "row": "Row",
            "what": "Figure",
            "printed": "Printed",
            "possible": "The others give",
            "by": "By",
            "verdict": "Verdict",
        },
        notes=[
            f"Printed: {study.published.citation}.",
            "The others give: over all values that round to what is printed.",
        ],
        sortable=True,
    )
