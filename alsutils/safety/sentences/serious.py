"""What the listing of serious events comes to, in words."""

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.safety.grades import Listing
from alsutils.study import Study


def serious(_study: Study, result: Listing | None) -> Prose:
    """Say how many serious events are listed."""
    if result is None or result.frame.empty:
        return Prose("")
    people = fmt.plural(result.patients, "patient")
    return Prose(
        f"{fmt.plural(result.events, 'serious event')} in {people}: what each one was says more "
        "than their number."
    )
