"""What is true of each student's trial."""

import hashlib
from dataclasses import dataclass

import numpy as np

from alsutils.stats.patients import Scenario

_WORKS = 0.5  # share of the trials whose treatment does something
_KNOWN_ARM = 1 / 3  # share whose raters know the arm and are swayed by it


@dataclass(frozen=True)
class Truth:
    """What a student does not know.

    Attributes
    ----------
    effect : float
        Decline that the treatment removes, points a month; 0 where it does nothing.
    rater_bias : float
        Points that raters who know the arm give to the treated arm.
    dropout_per_month : float
        Hazard of leaving the trial of a patient who has not changed.
    dropout_by_loss : float
        Log hazard ratio of leaving per point lost by the last visit.
    seed : int
        Seed of the patients.
    """

    effect: float
    rater_bias: float
    dropout_per_month: float
    dropout_by_loss: float
    seed: int

    def scenario(self, arms: tuple[str, str], n_per_arm: int) -> Scenario:
        """Give the model that the patients are drawn from."""
        return Scenario(
            arms=arms,
            n_per_arm=(n_per_arm, n_per_arm),
            slope_effect=(0.0, self.effect),
            rater_bias=(0.0, self.rater_bias),
            dropout_per_month=self.dropout_per_month,
            dropout_log_hr_seen=self.dropout_by_loss,
        )


def draw_truth(seed: int, student: str) -> Truth:
    """Draw the truth behind one student's trial.

    Parameters
    ----------
    seed : int
        Seed of the class.
    student : str
        The student's id: who else is in the class does not matter.

    Returns
    -------
    Truth
        In half of all trials the treatment does nothing.
    """
    letters = int.from_bytes(hashlib.sha256(student.encode()).digest()[:16])
    rng = np.random.default_rng([seed, letters])
    works, swayed, by_loss = rng.random(3)
    effect, bias, dropout = rng.uniform([0.4, 0.5, 0.01], [1.2, 2.0, 0.04])
    return Truth(
        effect=round(float(effect), 2) if works < _WORKS else 0.0,
        rater_bias=round(float(bias), 1) if swayed < _KNOWN_ARM else 0.0,
        dropout_per_month=round(float(dropout), 3),
        dropout_by_loss=0.1 if by_loss < 0.5 else 0.0,
        seed=int(rng.integers(2**31)),
    )
