"""The chapter's results as a list."""

from alsutils.design.analysis import Baseline, Detectable, LeadIn
from alsutils.design.course import PatientFlow
from alsutils.design.interim import InterimLooks
from alsutils.design.next_trial import NextTrial
from alsutils.design.operating import Operating
from alsutils.design.randomisation import RandomisationTests
from alsutils.design.sample_size import SampleSizes
from alsutils.design.sentences.balance import baseline, lead_in
from alsutils.design.sentences.course import departures, flow
from alsutils.design.sentences.interim import interim
from alsutils.design.sentences.next_trial import next_trial
from alsutils.design.sentences.operating import operating
from alsutils.design.sentences.power import detectable
from alsutils.design.sentences.randomisation import randomisation_test
from alsutils.design.sentences.sample_size import sample_size_point
from alsutils.display import Prose
from alsutils.study import Study


def key_points(
    study: Study,
    followed: PatientFlow,
    start: Baseline | None,
    before: LeadIn | None,
    again: RandomisationTests,
    power: Detectable,
    needed: SampleSizes | None,
    many: Operating | None,
    looks: InterimLooks | None,
    ahead: NextTrial | None,
) -> Prose:
    """Give the chapter's results as a list, in its order; what is not known has no point."""
    points = [flow(study, followed), departures(study, followed), baseline(study, start)]
    points += [lead_in(study, before)] if before is not None else []
    points += [randomisation_test(study, again), detectable(study, power)]
    points += [sample_size_point(study, needed)] if needed is not None else []
    points += [operating(study, many)] if many is not None else []
    points += [interim(study, looks)] if looks is not None else []
    points += [next_trial(study, ahead)] if ahead is not None else []
    return Prose("\n".join(f"- {point.text}" for point in points))
