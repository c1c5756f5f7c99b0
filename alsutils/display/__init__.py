"""What the wings share: theme, charts, tables, numbers in words, and outputs of a cell."""

from alsutils.display.output import RESULTS_MIME, Figure, Prose, Table
from alsutils.display.story import story

__all__ = ["RESULTS_MIME", "Figure", "Prose", "Table", "story"]
