"""The one shape of every table of estimates."""

import numpy as np
import pandas as pd

ESTIMATE_COLUMNS = ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")
RESULT_COLUMNS = (
    "analysis",
    "endpoint",
    "population",
    "visit",
    "contrast",
    "n_control",
    "n_treated",
    *ESTIMATE_COLUMNS,
)
_TEXT = ("analysis", "endpoint", "population", "visit", "contrast")


def result_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Bring a table of estimates into the columns in which every result is stored.

    Parameters
    ----------
    frame : DataFrame
        One row an estimate, with any of RESULT_COLUMNS; ``analysis`` at least.

    Returns
    -------
    DataFrame
        RESULT_COLUMNS in order: names as text, counts and figures as float; a column that the
        input lacks is missing throughout, and so is what is not finite, such as the degrees of
        freedom of a normal test. Other columns are left out.

    Raises
    ------
    ValueError
        If there is no column ``analysis``.
    """
    if "analysis" not in frame:
        raise ValueError("a table of results needs the column 'analysis', naming what was done")
    columns = {}
    for name in RESULT_COLUMNS:
        if name not in frame:
            columns[name] = pd.Series(
                None, index=frame.index, dtype="str" if name in _TEXT else float
            )
        elif name in _TEXT:
            columns[name] = frame[name].astype("str")
        else:
            figures = pd.to_numeric(frame[name]).astype(float)
            columns[name] = figures.where(np.isfinite(figures))
    return pd.DataFrame(columns).reset_index(drop=True)
