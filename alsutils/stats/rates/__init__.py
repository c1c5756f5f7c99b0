"""Events per time observed, when one patient may have many.

Three ways to an error: every event as its own (``poisson_rates``, ``compare_rates``: exact, in
bulk), from the variation between patients (``event_rate``, ``rate_ratio``, ``rate_difference``),
or from a model in which patients differ in their rates (``rate_model``).
"""

from alsutils.stats.rates.model import NEGATIVE_BINOMIAL, POISSON, RateModel, rate_model
from alsutils.stats.rates.poisson import (
    RATE_COLUMNS,
    PoissonRates,
    compare_rates,
    poisson_rates,
    zero_event_rate_limit,
)
from alsutils.stats.rates.robust import (
    EventRate,
    RateDifference,
    RateRatio,
    event_rate,
    rate_difference,
    rate_ratio,
)

__all__ = [
    "NEGATIVE_BINOMIAL",
    "POISSON",
    "RATE_COLUMNS",
    "EventRate",
    "PoissonRates",
    "RateDifference",
    "RateModel",
    "RateRatio",
    "compare_rates",
    "event_rate",
    "poisson_rates",
    "rate_difference",
    "rate_model",
    "rate_ratio",
    "zero_event_rate_limit",
]
