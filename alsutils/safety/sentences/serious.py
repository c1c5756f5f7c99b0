"""What the listing of serious events comes to, in words."""

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.safety.grades import Listing
from alsutils.safety.words import NO_SUBJECTS
from alsutils.study import Study


def serious(_study: Study, result: Listing | None) -> Prose:
    """Say how many serious events are listed."""
    if result is None:
        return Prose(NO_SUBJECTS)
    if result.frame.empty:
        return Prose("There was no serious event.")
    frame = result.frame
    people = frame["subject"].nunique()
    return Prose(
        f"{fmt.plural(len(frame), 'serious event')} in {fmt.plural(people, 'patient')}: what each "
        "one was says more than their number."
    )
