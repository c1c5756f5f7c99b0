"""A panel for each visit, and for each arm where there are several."""

import altair as alt
import pandas as pd

from alsutils.study import Study


def panel_names(study: Study, frame: pd.DataFrame) -> pd.Series:
    """Name a panel by visit, and by arm where there are several."""
    several = len(study.treated) > 1
    return frame["visit"] + (": " + frame["treated"] if several else "")


def by_panel(frame: pd.DataFrame) -> alt.Facet:
    """Give a panel to each visit and arm, in the order of the frame."""
    return alt.Facet("panel:N", sort=list(dict.fromkeys(frame["panel"])), title=None)
