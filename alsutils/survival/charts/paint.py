"""Colours and habits that the pictures of this wing share."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from alsutils.display import theme
from alsutils.study import Study


def treated_colour(study: Study) -> alt.Color:
    """Colour treated arms by column ``treated``; one alone needs no key."""
    key = alt.Legend(values=list(study.treated), symbolOpacity=1)
    return alt.Color(
        "treated:N",
        scale=theme.arm_scale(study.arms),
        title=None,
        legend=key if len(study.treated) > 1 else None,
    )


def arm_colour(study: Study) -> alt.Color:
    """Colour all arms by column ``arm``."""
    key = alt.Legend(symbolOpacity=1)
    return alt.Color("arm:N", scale=theme.arm_scale(study.arms), title=None, legend=key)


def slim(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Keep what is drawn, in as many digits as can be seen: a page carries its charts' data."""
    return frame[[c for c in columns if c in frame]].round(6)
