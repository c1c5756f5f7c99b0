"""The chapter's results as a list."""

from alsutils.design.analysis import (
    Baseline,
    Detectable,
    LeadIn,
)
from alsutils.design.course import PatientFlow
from alsutils.design.sentences.balance import baseline, lead_in
from alsutils.design.sentences.course import departures, flow
from alsutils.design.sentences.power import detectable
from alsutils.display import Prose
from alsutils.study import Study


def key_points(
    study: Study,
    followed: PatientFlow,
    balance: Baseline | None,
    power: Detectable,
    before: LeadIn | None,
) -> Prose:
    """Give the chapter's results as a list."""
    points = [flow(study, followed), departures(study, followed), baseline(study, balance)]
    points.append(detectable(study, power))
    if before is not None:
        points.append(lead_in(study, before))
    return Prose("\n".join(f"- {point.text}" for point in points))
