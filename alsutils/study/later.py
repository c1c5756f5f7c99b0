"""What `study.yml` may say of trials that followed this one."""

from typing import Literal

from pydantic import Field, model_validator

from alsutils.study.block import Block, Name


class LaterArm(Block):
    """A treated arm of a later trial."""

    label: Name
    """Words for the page."""
    share: float = Field(default=1, gt=0)
    """Patients for each one of a share of 1, as in a ratio."""


class LaterOutcome(Block):
    """What a later trial reported of one arm against its control."""

    arm: Name
    """Label of one of its arms."""
    at: Name
    """When, in words, such as `month 6`."""
    p: float = Field(ge=0, le=1)
    """P-value as reported."""


class LaterTrial(Block):
    """A trial that followed this one, to set beside what this one let expect."""

    name: Name
    """Its name."""
    arm: str | None = None
    """Value of the arm of this study that it tried again; may be left out where there is one."""
    n: int = Field(gt=0)
    """Patients randomised."""
    arms: tuple[LaterArm, ...] = Field(min_length=1)
    """Its treated arms."""
    control_share: float = Field(default=1, gt=0)
    """Share of its control in the same ratio."""
    endpoint: Name
    """Its primary endpoint, in words."""
    same_endpoint: bool = False
    """Whether that is the primary endpoint of this study."""
    design: str | None = None
    """How it was run, in a few words."""
    registration: str | None = None
    """Number in a trial register."""
    outcomes: tuple[LaterOutcome, ...] = ()
    """What it reported."""
    source: Literal["press", "paper"]
    """Where the outcomes were read: the press, or a peer-reviewed paper."""
    date: str | None = None
    """Day of that report."""
    citation: str | None = None
    """A paper on it, such as its protocol, in one line."""
    doi: str | None = None
    """DOI of that paper."""
    note: str | None = None
    """What else a reader must know."""

    @model_validator(mode="after")
    def _outcomes_are_of_its_arms(self) -> "LaterTrial":
        labels = [arm.label for arm in self.arms]
        unknown = [o.arm for o in self.outcomes if o.arm not in labels]
        if unknown:
            raise ValueError(f"{self.name}: outcomes of {unknown}, but its arms are {labels}")
        return self
