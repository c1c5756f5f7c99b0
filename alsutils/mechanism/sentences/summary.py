"""The chapter in a list."""

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.mechanism.analysis import Changes, Detection
from alsutils.mechanism.association import ZOU, Associations
from alsutils.mechanism.family import Family
from alsutils.mechanism.pathways import Pathways
from alsutils.mechanism.selection import OUTCOME, Selection
from alsutils.mechanism.sentences.association import gap
from alsutils.mechanism.sentences.change import family_left
from alsutils.mechanism.sentences.pathways import pathways as pathways_sentence
from alsutils.mechanism.sentences.samples import detection as detection_sentence
from alsutils.mechanism.words import NO_BIOMARKERS
from alsutils.study import Study


def key_points(
    study: Study,
    found: Detection | None,
    change: Changes | None,
    tests: Family | None,
    pair: Associations | None,
    chosen: Selection | None,
    paths: Pathways | None,
) -> Prose:
    """Sum up the chapter in a list."""
    if found is None or change is None:
        return Prose(NO_BIOMARKERS)
    points = [str(detection_sentence(study, found)), str(family_left(study, tests))]
    lost = int(change.main["estimate"].isna().sum())
    if lost:
        points.append(
            f"{fmt.plural(lost, 'comparison')} of {len(change.main)} could not be made, because "
            "too few values lie above the limit or an arm has no samples."
        )
    if pair is not None and len(pair.claim):
        row = pair.claim.set_index("analysis").loc[ZOU]
        points.append(
            f"{pair.x} with {pair.y}, good responders less the others: "
            f"{gap(row, fmt.percent(study.conf_level))}"
        )
    if chosen is not None:
        share = chosen.frame.set_index("world").at[OUTCOME, "claimed"]
        points.append(
            "Looking at responders alone finds a correlation of two analytes that do nothing to "
            f"each other, and that each go with the outcome, in {fmt.percent(share)} of trials."
        )
    points.append(str(pathways_sentence(study, paths)))
    return Prose("\n".join(f"- {point}" for point in points if point))
