"""Pictures of the chapter on the design."""

from alsutils.design.charts.balance import love
from alsutils.design.charts.course import allocation, attendance, flow
from alsutils.design.charts.interim import boundaries, conditional_power, peeking, stopping_bias
from alsutils.design.charts.next_trial import assurance, assurance_sliders, beliefs
from alsutils.design.charts.operating import operating
from alsutils.design.charts.power import detectable
from alsutils.design.charts.randomisation import randomisation_methods, randomisation_test
from alsutils.design.charts.sample_size import power_sliders
from alsutils.design.charts.schedule import schedule

__all__ = [
    "allocation",
    "assurance",
    "assurance_sliders",
    "attendance",
    "beliefs",
    "boundaries",
    "conditional_power",
    "detectable",
    "flow",
    "love",
    "operating",
    "peeking",
    "power_sliders",
    "randomisation_methods",
    "randomisation_test",
    "schedule",
    "stopping_bias",
]
