"""What the wings share: theme, charts, tables, numbers in words, and outputs of a cell."""

from alsutils.display.output import RESULTS_MIME, TABLE_MIME, Figure, Prose, Sheet, Table
from alsutils.display.story import story

__all__ = ["RESULTS_MIME", "TABLE_MIME", "Figure", "Prose", "Sheet", "Table", "story"]
