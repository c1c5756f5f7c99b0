"""What can go wrong with a book: the way it is asked for, or its building."""

from importlib.util import find_spec

_BOOK_PACKAGES = ("papermill", "jupytext", "jupyter_book", "nbclient", "ipykernel")


class BookError(ValueError):
    """The build cannot start: the message says what is missing and how to mend it."""


class BuildError(RuntimeError):
    """The build started and failed: the message names where, and what failed."""


def require_book_packages() -> None:
    """Check that the packages that build a book are installed.

    Raises
    ------
    BookError
        If one is missing; the message names them and how to install them.
    """
    missing = [name for name in _BOOK_PACKAGES if find_spec(name) is None]
    if missing:
        raise BookError(
            f"building a book needs {', '.join(missing)}; install them with "
            "`pip install 'alsutils[book]'`"
        )
