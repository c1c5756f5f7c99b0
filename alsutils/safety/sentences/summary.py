"""The chapter's results as a list."""

from alsutils.display import Prose
from alsutils.safety.analysis import Incidence
from alsutils.safety.chance import Multiplicity, Unseen
from alsutils.safety.exposure import Rates
from alsutils.safety.periods import Ascertainment
from alsutils.safety.sentences.chance import multiplicity, unseen
from alsutils.safety.sentences.exposure import rates
from alsutils.safety.sentences.incidence import incidence, overview
from alsutils.safety.sentences.periods import ascertainment
from alsutils.safety.words import NOTHING
from alsutils.study import Study


def key_points(
    study: Study,
    kinds: Incidence | None,
    terms: Incidence | None,
    per_time: Rates | None,
    around: Ascertainment | None,
    missed: Unseen | None,
    looks: Multiplicity | None,
) -> Prose:
    """Give the chapter's results as a list."""
    if kinds is None:
        return Prose(NOTHING)
    points = [overview(study, kinds), incidence(study, terms)]
    if per_time is not None:
        points.append(rates(study, per_time))
    if around is not None:
        points.append(ascertainment(study, around))
    points += [multiplicity(study, looks), unseen(study, missed)]
    return Prose("\n".join(f"- {point.text}" for point in points))
