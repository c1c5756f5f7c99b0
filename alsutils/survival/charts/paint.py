"""Colours that the pictures of this wing share."""

import altair as alt

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
