"""How the tables of the biomarkers write their cells."""

import numpy as np
import pandas as pd

from alsutils.display import format as fmt
from alsutils.study import Study


def worded(frame: pd.DataFrame, name: str = "ratio") -> pd.DataFrame:
    """Add a column with the estimate and its interval in words."""
    return frame.assign(**{name: [_in_words(r) for r in frame.to_dict("records")]})


def _in_words(row: dict[str, float]) -> str:
    low, high = row["conf_low"], row["conf_high"]
    if pd.notna(row["estimate"]):
        return fmt.estimate(row["estimate"], low, high)
    # An interval that is open on both sides says nothing.
    says = pd.notna(low) and (low > 0 or high < np.inf)
    return fmt.interval(low, high) if says else fmt.MISSING


def finite(frame: pd.DataFrame) -> pd.DataFrame:
    """Write an open limit as missing, which a results file can hold."""
    return frame.replace([np.inf, -np.inf], np.nan)


def reasons(frame: pd.DataFrame) -> list[str]:
    """Say why comparisons have no estimate, a note a reason."""
    lost = frame[frame["estimate"].isna() & (frame["reason"] != "")]
    return [
        f"No estimate ({reason}): "
        + fmt.listed(
            list(
                dict.fromkeys(
                    f"{e} at {v.lower()}"
                    for e, v in zip(rows["endpoint"], rows["visit"], strict=True)
                )
            )
        )
        + "."
        for reason, rows in lost.groupby("reason", sort=False)
    ]


def whole(value: float) -> str:
    """Write a count."""
    return fmt.number(value, 0)


def arm_column(study: Study) -> dict[str, str]:
    """Give the column that names the treated arm, where there are several."""
    return {"treated": "Arm"} if len(study.treated) > 1 else {}


def level(study: Study) -> str:
    """Name the level of the intervals in a heading."""
    return f"{fmt.percent(study.conf_level)} CI"
