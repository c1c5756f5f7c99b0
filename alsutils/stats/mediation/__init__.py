"""Does a treatment act by way of something that was measured, and how sure can one be of it.

Natural effects of a randomised treatment (`mediation`), what an unmeasured common cause of mediator
and outcome would do to them (`mediation_sensitivity`), and how often trials of some size find what
is there, or what is not (`mediation_simulation`).
"""

from alsutils.stats.mediation.effects import EFFECTS, Mediation, MediationError, mediation
from alsutils.stats.mediation.sensitivity import MediationSensitivity, mediation_sensitivity
from alsutils.stats.mediation.simulation import MediationSimulation, mediation_simulation

__all__ = [
    "EFFECTS",
    "Mediation",
    "MediationError",
    "MediationSensitivity",
    "MediationSimulation",
    "mediation",
    "mediation_sensitivity",
    "mediation_simulation",
]
