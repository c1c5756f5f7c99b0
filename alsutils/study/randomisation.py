"""What `study.yml` may say of how the arms were drawn."""

from typing import Literal

from pydantic import Field, model_validator

from alsutils.stats.randomisation import Scheme
from alsutils.study.block import Block, Name


class Randomisation(Block):
    """How the arms were drawn."""

    method: Literal["simple", "fixed_sizes", "blocks", "stratified_blocks", "minimisation"]
    """Procedure; `fixed_sizes` shuffles all patients at once."""
    ratio: tuple[int, ...] = ()
    """Shares of the arms, in the order of `arms`; equal where absent."""
    blocks: tuple[int, ...] = ()
    """Sizes of the blocks, in patients of all arms; of several, one is drawn for each block."""
    strata: tuple[Name, ...] = ()
    """Columns of ADSL that make the strata, or that minimisation balances."""
    order: str | None = None
    """Column of ADSL that sorts patients as they were randomised; RANDDT where absent."""
    probability: float = Field(default=0.8, gt=0, le=1)
    """Chance that minimisation gives the arm that balances best."""
    weights: tuple[float, ...] = ()
    """Importance of each of `strata` for minimisation; equal where absent."""
    measure: Literal["range", "variance"] = "range"
    """How minimisation measures imbalance."""

    @model_validator(mode="after")
    def _settings_fit(self) -> "Randomisation":
        if self.method in ("stratified_blocks", "minimisation") and not self.strata:
            raise ValueError(f"{self.method} needs strata")
        if self.weights and len(self.weights) != len(self.strata):
            raise ValueError(f"{len(self.strata)} strata need as many weights")
        return self

    def scheme(self, n_arms: int) -> Scheme | None:
        """Give the procedure as it can be drawn again; None for a shuffle of all patients.

        Raises
        ------
        ValueError
            If the settings do not fit the number of arms.
        """
        ratio = self.ratio or (1,) * n_arms
        if len(ratio) != n_arms:
            raise ValueError(f"ratio needs {n_arms} shares, one an arm")
        if self.method == "fixed_sizes":
            return None
        return Scheme(self.method, ratio, self.blocks, self.probability, self.weights, self.measure)
