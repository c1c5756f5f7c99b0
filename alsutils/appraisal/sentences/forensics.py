"""What the print gives of itself, in words."""

import pandas as pd

from alsutils.appraisal.analysis import Forensics
from alsutils.display import Prose
from alsutils.display import format as fmt


def forensics(result: Forensics | None) -> Prose:
    """Say how many printed rows follow from their own cells, and which data fit them."""
    if result is None:
        return Prose("")
    tests = result.frame.dropna(subset="misfits")
    fitting = (tests["misfits"] == "").groupby([tests["endpoint"], tests["visit"]]).any()
    text = (
        f"{fitting.sum()} of {fmt.plural(len(fitting), 'printed row')} follow from their own cells "
        "by one of the two t-tests."
    )
    single = result.solutions[result.solutions["solutions"] == 1]
    if len(single):
        text += (
            " Scores are whole numbers, which narrows down what the raw data can have been: for "
            f"{_named(single)} exactly one pair of sums and sums of squares prints as given."
        )
    impossible = result.solutions[result.solutions["solutions"] == 0]
    if len(impossible):
        text += f" No whole-number scores print as given for {_named(impossible)}."
    return Prose(text)


def _named(rows: pd.DataFrame) -> str:
    return fmt.listed([f"{r['endpoint']} at {r['visit'].lower()}" for r in rows.to_dict("records")])
