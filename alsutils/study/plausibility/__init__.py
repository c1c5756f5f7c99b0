"""What in a study's data is odd enough for a second look, though the book can be built."""

from alsutils.study.loading import Examination
from alsutils.study.plausibility.concern import Concern
from alsutils.study.plausibility.dates import check_dates
from alsutils.study.plausibility.dropped import check_dropped
from alsutils.study.plausibility.subjects import check_subjects
from alsutils.study.plausibility.values import check_values
from alsutils.study.plausibility.visits import check_visits

__all__ = ["Concern", "find_concerns"]


def find_concerns(found: Examination) -> list[Concern]:
    """Look through the data of a study that can be built.

    Parameters
    ----------
    found : Examination
        A study folder that was looked through.

    Returns
    -------
    list of Concern
        What is odd about subjects, visits, dates and values; empty where the study has problems,
        which come first.
    """
    if found.study is None or found.config is None:
        return []
    checks = (check_subjects, check_visits, check_dates, check_values)
    concerns = [concern for check in checks for concern in check(found.kept, found.config)]
    concerns += check_dropped(found.sources, found.kept)
    return list(dict.fromkeys(concerns))  # two roles may read one file
