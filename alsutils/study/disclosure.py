"""How small a number of patients a page of a study may tell."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from alsutils.stats.disclosure import close, is_small

LEFT_OUT = "–"  # what stands in place of a number that would give another one away
INSTEAD = "instead"  # column of what stands in place of a row's count; empty where it is told


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

    @property
    def why(self) -> str:
        """What a page says under a table of which something is hidden."""
        return (
            f"Counts of {self.few_patients}, or of all but so few, are not shown, nor what would "
            "give them away."
        )

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

    def masked(
        self,
        frame: pd.DataFrame,
        hidden: ArrayLike,
        count: str,
        computed: Sequence[str] = (),
        of: str | None = None,
    ) -> pd.DataFrame:
        """Take the hidden counts out of a table, and what was computed from them.

        Parameters
        ----------
        frame : DataFrame
            One row a count.
        hidden : array_like of bool
            Rows that must not be told.
        count : str
            Column of the counts.
        computed : sequence of str
            Columns that follow from the counts; those that the frame lacks are passed over.
        of : str or None
            Column of the totals that are shown beside the counts.

        Returns
        -------
        DataFrame
            A copy in which these columns are missing in hidden rows, with a column INSTEAD: what a
            table writes in place of the count, ``<5``, ``>27`` of 32 or a dash, and nothing in
            other rows.
        """
        hidden = np.asarray(hidden, dtype=bool)
        words = np.where(hidden, LEFT_OUT, "").astype(object)
        if of is not None:
            most = hidden & is_small(frame[of] - frame[count], self.minimum)
            words[most] = [f">{total - self.minimum:,.0f}" for total in frame.loc[most, of]]
        words[hidden & is_small(frame[count], self.minimum)] = self.few
        gone = {}
        if hidden.any():
            known = [column for column in (count, *computed) if column in frame]
            gone = {c: frame[c].astype(float).mask(hidden) for c in known}
        return frame.assign(**gone, **{INSTEAD: words})

    def phrase(self, instead: str) -> str:
        """Say within a sentence what stands in place of a count: ``fewer than 5``."""
        if instead == LEFT_OUT:
            return "a number not given"
        return f"{'fewer' if instead[:1] == '<' else 'more'} than {instead[1:]}"

    def count_of(self, count: float, of: float) -> str:
        """Write a count with its share, ``12 (38%)``, or a bound without a share."""
        if self.hides(count, of) or not of:
            return self.count(count, of)
        return f"{count:,.0f} ({100 * count / of:.0f}%)"
