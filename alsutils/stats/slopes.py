"""A straight line through each patient's values."""

import numpy as np
import pandas as pd


def patient_slopes(
    records: pd.DataFrame, subject: str = "USUBJID", time: str = "AVISITN", value: str = "AVAL"
) -> pd.DataFrame:
    """Fit each patient's least-squares line over time.

    Parameters
    ----------
    records : DataFrame
        One row a patient and time; rows without a time or value are left out.
    subject, time, value : str
        Its columns.

    Returns
    -------
    DataFrame
        One row a patient, sorted by ``subject``: ``subject``'s column, ``n`` (values used) and
        ``slope`` (units of value per unit of time), missing with values at fewer than two times.

    Examples
    --------
    >>> rows = pd.DataFrame({"USUBJID": ["A"] * 3, "AVISITN": [0, 1, 2], "AVAL": [40, 39, 38]})
    >>> patient_slopes(rows)["slope"].tolist()
    [-1.0]
    """
    known = records.dropna(subset=[time, value])
    groups = known.groupby(subject)
    from_mean = known[time] - groups[time].transform("mean")
    products = pd.DataFrame(
        {
            subject: known[subject],
            "cross": from_mean * known[value],
            "squares": from_mean**2,
        }
    )
    sums = products.groupby(subject)[["cross", "squares"]].sum()
    slope = np.where(
        sums["squares"] > 0, sums["cross"] / sums["squares"].replace(0, np.nan), np.nan
    )
    counted = groups.size().rename("n")
    return counted.to_frame().assign(slope=slope).reset_index()
