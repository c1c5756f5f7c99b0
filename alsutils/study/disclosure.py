"""How small a number of patients a page of a study may tell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alsutils.stats.disclosure import close, is_small


@dataclass(frozen=True)
class Disclosure:
    """The rule for counts of few patients.

    Attributes
    ----------
    minimum : int
        Smallest number of patients that a page gives; 1 where every number may be told.
    """

    minimum: int

    @property
    def is_open(self) -> bool:
        """Whether every number may be told."""
        return self.minimum <= 1

    def hides(self, counts: ArrayLike, of: ArrayLike | None = None) -> NDArray[np.bool_]:
        """Tell which counts are of few patients, or of all but a few; see `is_small`."""
        return is_small(counts, self.minimum, of)

    def closes(self, counts: ArrayLike, hidden: ArrayLike | None = None) -> NDArray[np.bool_]:
        """Tell which cells of a table with known totals must be hidden; see `close`."""
        return close(counts, self.minimum, hidden)

    @property
    def few(self) -> str:
        """What stands in place of a hidden count: ``<5``."""
        return f"<{self.minimum}"

    @property
    def few_patients(self) -> str:
        """The same within a sentence: ``fewer than 5 patients``."""
        return f"fewer than {self.minimum} patients"

    def count(self, count: float, of: float | None = None) -> str:
        """Write a count, or what may be told of it: ``12``, ``<5``, or ``>27`` of 32.

        Parameters
        ----------
        count : float
            Number of patients.
        of : float or None
            Of how many, where that is shown beside it.

        Returns
        -------
        str
            The count with commas, or a bound.
        """
        if is_small(count, self.minimum):
            return self.few
        if of is not None and self.hides(count, of):
            return f">{of - self.minimum:,.0f}"
        return f"{count:,.0f}"

    def count_of(self, count: float, of: float) -> str:
        """Write a count with its share, ``12 (38%)``, or a bound without a share."""
        if self.hides(count, of) or not of:
            return self.count(count, of)
        return f"{count:,.0f} ({100 * count / of:.0f}%)"
