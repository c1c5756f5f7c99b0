"""Values far from all others, and parameters in two units."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from alsutils.study.config import StudyConfig
from alsutils.study.contract import SPECIAL, Source
from alsutils.study.plausibility.concern import Concern, odd_rows

FAR = 10.0  # robust standard deviations from the median
FEWEST = 20  # values before a distribution can be told
TO_SD = 1.4826  # of a median absolute deviation, for a normal distribution
POWERS = (10.0, 100.0, 1000.0)
SLIP = 0.25  # relative distance from a power of ten that still looks like another unit
LEAST_SPREAD = 0.05  # standard deviation of an endpoint of which two decimals show little
MOST_PARAMETERS = 12  # named before the rest are only counted


def check_values(sources: Mapping[str, Source], config: StudyConfig) -> Iterator[Concern]:
    """Find values beyond plausibility.

    Parameters
    ----------
    sources : Mapping of str to Source
        The datasets by role, with the records that count.
    config : StudyConfig
        What the study says.

    Yields
    ------
    Concern
        Values more than ten robust standard deviations from their parameter's median, and
        parameters with more than one unit or name, and endpoints in a unit so large that the
        pages' two decimals show little of them.

    Notes
    -----
    Distances are taken on the scale, plain or logarithmic, on which the bulk of the values lies
    more evenly about its median, so that skewed laboratory values are no alarm. A parameter of
    which more than half of the values are equal tells no distance.
    """
    chosen = _chosen(config)
    for role, source in sources.items():
        if role in SPECIAL:
            continue
        found = list(_far_values(source, chosen.get(role)))
        yield from found[:MOST_PARAMETERS]
        if len(found) > MOST_PARAMETERS:
            more = f"{len(found) - MOST_PARAMETERS} more parameters have values far from all others"
            yield Concern("far_value", source.file, more, column="AVAL")
        yield from _mixed(source)
    for endpoint in (config.primary, *config.secondary):
        yield from _small(sources, config, endpoint.parameter)


def _chosen(config: StudyConfig) -> dict[str, set[str]]:
    """Parameters that the book reads, by role; a role that is not here is read whole."""
    chosen: dict[str, set[str]] = {}
    for code, parameter in config.parameters.items():
        chosen.setdefault(parameter.dataset, set()).update(() if parameter.derived else (code,))
    if config.biomarkers:
        panel = {marker.parameter for marker in config.biomarkers.panel}
        chosen.setdefault(config.biomarkers.dataset, set()).update(panel)
    for block in (config.laboratory, config.vital_signs):
        for role in block.datasets if block else ():
            if block is not None and block.parameters and role not in chosen:
                chosen[role] = set(block.parameters)
            elif block is not None and role in chosen:
                chosen[role].update(block.parameters)
    return chosen


def _far_values(source: Source, chosen: set[str] | None) -> Iterator[Concern]:
    """Find each parameter's values that lie far from all others."""
    value = source.table["AVAL"].to_numpy(float)
    codes = source.parameters.codes
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(source.parameters.distinct) + 1))
    for code, name in enumerate(source.parameters.distinct):
        if chosen is not None and name not in chosen:
            continue
        rows = order[bounds[code] : bounds[code + 1]]
        rows = rows[np.isfinite(value[rows])]
        distance = _distances(value[rows])
        if distance is None or not (distance > FAR).any():
            continue
        odd = np.zeros(len(value), dtype=bool)
        odd[rows[distance > FAR]] = True
        middle = float(np.median(value[rows]))
        worst = int(rows[np.argmax(distance)])
        slip = _slip(value[worst], middle)
        message = f"{name} lies far from all others, whose median is {middle:.4g}{slip}"
        yield from odd_rows(source, odd, "far_value", message, "AVAL", worst)


def _distances(values: np.ndarray) -> np.ndarray | None:
    """Robust standard deviations of each value from the median; None where there are none."""
    if len(values) < FEWEST:
        return None
    plain = _scaled(values)
    if plain is None or (values <= 0).any():
        return plain
    logarithmic = _scaled(np.log(values))
    if logarithmic is None:
        return plain
    uneven = [_unevenness(values), _unevenness(np.log(values))]
    return np.minimum(plain, logarithmic) if uneven[0] <= uneven[1] else logarithmic


def _scaled(values: np.ndarray) -> np.ndarray | None:
    off = np.abs(values - np.median(values))
    spread = TO_SD * float(np.median(off))
    return off / spread if spread > 0 else None


def _unevenness(values: np.ndarray) -> float:
    """How differently far the quartiles lie from the median; 0 where alike."""
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    return abs((high - middle) - (middle - low)) / (high - low) if high > low else 0.0


def _small(sources: Mapping[str, Source], config: StudyConfig, code: str) -> Iterator[Concern]:
    """Find an endpoint whose values are too small for two decimals."""
    source = sources.get(config.parameters[code].dataset)
    if source is None:
        return
    values = source.table.loc[source.parameters.among([code]), "AVAL"].to_numpy(float)
    values = values[np.isfinite(values)]
    spread = float(np.std(values)) if len(values) else 0.0
    if 0 < spread < LEAST_SPREAD:
        message = (
            f"{code} has a standard deviation of {spread:.2g}, of which pages with two decimals "
            "show little; give it in a smaller unit"
        )
        yield Concern("small_values", source.file, message, "AVAL")


def _slip(value: float, middle: float) -> str:
    """Say whether a value looks like one in another unit."""
    if middle <= 0 or value <= 0:
        return ""
    ratio = max(value / middle, middle / value)
    for power in POWERS:
        if abs(ratio / power - 1) < SLIP:
            return f"; about {power:g} times off, as in another unit"
    return ""


def _mixed(source: Source) -> Iterator[Concern]:
    """Find parameters that stand under two units or names."""
    for column, words in (("AVALU", "units"), ("PARAM", "names (and units)")):
        if column not in source.table:
            continue
        codes, names = pd.factorize(source.table[column])
        pairs = pd.DataFrame({"p": source.parameters.codes, "c": codes}).drop_duplicates()
        pairs = pairs[(pairs["c"] >= 0) & (pairs["p"] >= 0)]
        for code in pairs.loc[pairs["p"].duplicated(), "p"].unique():
            several = pairs.loc[pairs["p"] == code, "c"].tolist()
            shown = " and ".join(repr(str(names[c])) for c in several[:3])
            message = f"{source.parameters.distinct[code]} stands under several {words}: {shown}"
            rows = (source.parameters.codes == code) & (codes == several[1])
            yield from odd_rows(source, rows, "mixed_units", message, column)
