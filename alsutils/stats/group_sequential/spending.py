"""How a level is spent over the course of a trial."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from alsutils.stats.group_sequential.integration import Floats, SequentialError

Family = Literal["obrien_fleming", "pocock", "power", "gamma"]


@dataclass(frozen=True)
class Spending:
    """A spending function: how much of a level may be used up by an information fraction.

    Attributes
    ----------
    family : {"obrien_fleming", "pocock", "power", "gamma"}
        Lan and DeMets' functions after O'Brien-Fleming and after Pocock, Kim and DeMets' power
        family, Hwang, Shih and DeCani's gamma family.
    parameter : float or None
        Exponent of the power family, above 0, or gamma, any number; the other two have none.

    Raises
    ------
    SequentialError
        If the parameter is missing, superfluous or out of range.

    References
    ----------
    Lan KKG, DeMets DL. Discrete sequential boundaries for clinical trials. Biometrika
    1983;70:659-663. doi:10.1093/biomet/70.3.659. Kim K, DeMets DL. Design and analysis of group
    sequential tests based on the type I error spending rate function. Biometrika 1987;74:149-154.
    doi:10.1093/biomet/74.1.149. Hwang IK, Shih WJ, DeCani JS. Group sequential designs using a
    family of type I error probability spending functions. Stat Med 1990;9:1439-1445.
    doi:10.1002/sim.4780091207
    """

    family: Family
    parameter: float | None = None

    def __post_init__(self) -> None:
        if self.family in ("obrien_fleming", "pocock"):
            if self.parameter is not None:
                raise SequentialError(f"the {self.family} spending function has no parameter")
        elif self.family not in ("power", "gamma"):
            raise SequentialError(f"there is no spending function {self.family!r}")
        elif self.parameter is None or not np.isfinite(self.parameter):
            raise SequentialError(f"the {self.family} family needs a parameter")
        elif self.family == "power" and self.parameter <= 0:
            raise SequentialError(f"the exponent must be above 0, not {self.parameter:g}")

    def spent(self, fractions: ArrayLike, level: float) -> Floats:
        """Give what may be spent by each information fraction.

        Parameters
        ----------
        fractions : array_like
            Information fractions, 0 or more; all is spent from 1 on.
        level : float
            Error probability to spend, one-sided: a two-sided test spends half on each side.

        Returns
        -------
        ndarray
            From 0 to ``level``, in the shape of ``fractions``.
        """
        time = np.clip(np.asarray(fractions, dtype=float), 0.0, 1.0)
        spent: Floats
        if self.family == "obrien_fleming":
            with np.errstate(divide="ignore"):
                spent = 2 * ndtr(ndtri(level / 2) / np.sqrt(time))
        elif self.family == "pocock":
            spent = level * np.log1p((np.e - 1) * time)
        elif self.family == "power":
            spent = level * time ** float(self.parameter or 1)
        elif self.parameter == 0:
            spent = level * time
        else:
            gamma = float(self.parameter or 0)
            spent = level * np.expm1(-gamma * time) / np.expm1(-gamma)
        return spent
