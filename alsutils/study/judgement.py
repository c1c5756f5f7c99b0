"""What `study.yml` may say of the risk of bias, where a reader has judged it."""

from typing import Literal

from alsutils.study.block import Block, Name


class Judgement(Block):
    """A judgement of one domain, in place of the book's own rule."""

    judgement: Literal["low", "some", "high"]
    """Risk of bias: low, some concerns, or high."""
    reason: Name
    """Why, in a sentence."""


class RiskOfBias(Block):
    """Judgements by the domains of RoB 2; the book's rules judge those that are absent."""

    randomisation: Judgement | None = None
    """How the arms were drawn and kept hidden until then."""
    deviations: Judgement | None = None
    """Whether patients got what they were drawn for, and were counted in its arm."""
    missing: Judgement | None = None
    """Whose outcome is not known."""
    measurement: Judgement | None = None
    """How the outcome was measured, and by whom."""
    reporting: Judgement | None = None
    """Whether the reported analysis was the planned one."""
