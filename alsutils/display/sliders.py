"""Charts that the reader changes by sliders, with no server behind them."""

import math

import altair as alt
from scipy import stats

STEPS = 60  # about as many positions of a slider as a thumb can tell apart


def slider(
    name: str, label: str, value: float, low: float, high: float, step: float | None = None
) -> alt.Parameter:
    """Make a slider; expressions of the chart use its name.

    Parameters
    ----------
    name : str
        A word that is no field and no function of Vega.
    label : str
        What it sets, with the unit; it stands beside the slider.
    value, low, high : float
        Where it stands at first, and its ends; moved to the nearest step.
    step : float or None
        Between two positions; a round one for about STEPS of them where None.

    Returns
    -------
    altair.Parameter
        Add it to a chart by ``add_params``, and show the chart in a Figure.

    Raises
    ------
    ValueError
        If the ends do not hold the value between them.
    """
    if not low <= value <= high or low == high:
        raise ValueError(f"{label}: {value:g} must lie between {low:g} and {high:g}")
    width = round_step((high - low) / STEPS) if step is None else step

    def at(figure: float) -> float:
        return round(round(figure / width) * width, 12)

    bind = alt.binding_range(min=at(low), max=at(high), step=width, name=label)
    return alt.param(name=name, value=min(max(at(value), at(low)), at(high)), bind=bind)


def round_step(step: float) -> float:
    """Give the next step up of 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> round_step(0.034), round_step(7)
    (0.05, 10.0)
    """
    power = 10.0 ** math.floor(math.log10(step))
    return next(round(n * power, 12) for n in (1, 2, 5, 10) if n * power >= step * (1 - 1e-9))


def t_power(drift: str, df: str, alpha: float = 0.05) -> str:
    """Write the power of a two-sided t-test as a Vega expression.

    Parameters
    ----------
    drift, df : str
        Expressions of the true effect over its standard error, and of the degrees of freedom.
    alpha : float
        Two-sided level.

    Returns
    -------
    str
        An expression, close to the noncentral t distribution: within half a percentage point of it
        from 8 degrees of freedom on.

    References
    ----------
    Abramowitz M, Stegun IA. Handbook of Mathematical Functions, 1964: 26.7.5 for the critical value
    (Cornish and Fisher), 26.7.10 for the noncentral t.
    """
    z = float(stats.norm.isf(alpha / 2))
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    free = f"({df})"
    critical = f"({z:.10g}" + "".join(
        f" + {term:.10g} / pow({free}, {i})" for i, term in enumerate(terms, start=1)
    )
    critical += ")"
    centre = f"{critical} * (1 - 1 / (4 * {free}))"
    scale = f"sqrt(1 + pow({critical}, 2) / (2 * {free}))"
    sides = [f"cumulativeNormal(({sign}({drift}) - {centre}) / {scale})" for sign in ("", "-")]
    return f"({' + '.join(sides)})"


def limit_bias(
    written: float, below: str = "datum.share", truth: str = "truth", spread: str = "spread"
) -> str:
    """Write the bias of a ratio for which low values got a number, as a Vega expression.

    Parameters
    ----------
    written : float
        The number written for each value below the limit, as a share of the limit.
    below, truth, spread : str
        Expressions of the share of controls below the limit, of the true ratio of geometric means,
        treated over control, and of the standard deviation of the natural logarithm in an arm.

    Returns
    -------
    str
        An expression of the ratio found in endless trials over the true one, less one; exact for
        lognormal values.
    """
    z0, mu = f"quantileNormal({below})", f"log({truth})"
    z1 = f"({z0} - {mu} / {spread})"
    low = f"({z0} * {spread} + {math.log(written):.10g})"
    treated = (
        f"cumulativeNormal({z1}) * {low} + {mu} * (1 - cumulativeNormal({z1})) "
        f"+ {spread} * densityNormal({z1})"
    )
    control = f"{below} * {low} + {spread} * densityNormal({z0})"
    return f"exp({treated} - ({control})) / {truth} - 1"
