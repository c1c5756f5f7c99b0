"""The pipeline: execute the chapters, collect the results, build the site.

Nothing else of the package imports this room. What it needs beyond the statistics (papermill,
Jupyter Book) comes with the optional dependencies ``alsutils[book]``.
"""

from alsutils.book.errors import BookError, BuildError

__all__ = ["BookError", "BuildError"]
