"""ADLB: cytokines in the spinal fluid, with detection limits."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from alsutils.study.cohort import Cohort
from alsutils.study.dressing.scores import study_day, visit_name
from alsutils.study.dressing.subjects import Identity

Floats = NDArray[np.float64]

MONTHS = (0, 1, 4)
_WITHIN_CORRELATION = 0.75  # of one patient's logarithms at two visits
_ASSAY_SD = 0.10
_NOT_TAKEN = 0.05
_RESPONDER_CORRELATION = -0.5  # of the changes of TGF-beta1 and MCP-1 in good responders
_FEWEST_OPPOSED = 4  # fewer patients leave nothing to correlate
_DRAWS = 50


@dataclass(frozen=True)
class Analyte:
    """One cytokine: median, spread of logarithms, limit (pg/mL), log change under treatment."""

    code: str
    label: str
    median: float
    log_sd: float
    limit: float
    effect: float


PANEL = (
    Analyte("MCP1", "MCP-1", 500, 0.40, 10, -0.15),
    Analyte("TGFB1", "TGF-beta1", 80, 0.45, 15, 0.30),
    Analyte("IL6", "IL-6", 2.5, 0.60, 1, -0.20),
    Analyte("TNFA", "TNF-alpha", 0.6, 0.60, 0.5, -0.25),
    Analyte("IL1B", "IL-1beta", 0.2, 0.70, 0.3, -0.10),
    Analyte("IL8", "IL-8", 23, 0.35, 2, 0.0),
    Analyte("MIP1B", "MIP-1beta", 10, 0.50, 2, -0.05),
    Analyte("IL10", "IL-10", 0.8, 0.60, 0.7, 0.25),
    Analyte("IL4", "IL-4", 0.5, 0.70, 1.0, 0.0),
    Analyte("VEGF", "VEGF", 12, 0.60, 5, 0.10),
)


def adlb(
    cohort: Cohort, who: Identity, responder: NDArray[np.bool_], rng: np.random.Generator
) -> pd.DataFrame:
    """Build the laboratory table.

    Parameters
    ----------
    cohort : Cohort
        Patients with their visits.
    who : Identity
        Their numbers.
    responder : ndarray of bool, shape (n,)
        Good responders at month 4, in whom TGF-beta1 and MCP-1 move in opposite directions.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    DataFrame
        One row a sample and analyte. Below the limit AVAL is empty and AVALC is ``<limit``.
    """
    columns = np.array([cohort.column(month) for month in MONTHS])
    taken = ~np.isnan(cohort.score[:, columns]) & (rng.random((cohort.n, 3)) > _NOT_TAKEN)
    paired = responder & taken[:, [0, -1]].all(axis=1)
    levels = concentrations(cohort.arm > 0, paired, rng)
    parts = [
        _records(cohort, who, analyte, np.where(taken, levels[:, :, k], np.nan))
        for k, analyte in enumerate(PANEL)
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values("USUBJID", kind="stable", ignore_index=True)


def concentrations(
    treated: NDArray[np.bool_], responder: NDArray[np.bool_], rng: np.random.Generator
) -> Floats:
    """Draw lognormal concentrations of every analyte at months 0, 1 and 4.

    Parameters
    ----------
    treated, responder : ndarray of bool, shape (n,)
        Who is in a treated arm; who is a good responder with samples at the first and last visit.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    ndarray, shape (n, 3, analytes)
        In pg/mL, before the limit of quantification.
    """
    shape = (len(treated), len(MONTHS), len(PANEL))
    own = rng.normal(size=(shape[0], 1, shape[2]))
    visit = rng.normal(size=shape)
    spread = np.array([analyte.log_sd for analyte in PANEL])
    within = np.sqrt(1 - _WITHIN_CORRELATION - (_ASSAY_SD / spread) ** 2)
    after = np.array(MONTHS)[None, :, None] > 0
    effect = np.array([analyte.effect for analyte in PANEL])
    log_level = (
        np.log([analyte.median for analyte in PANEL])
        + spread * (np.sqrt(_WITHIN_CORRELATION) * own + within * visit)
        + effect * (treated[:, None, None] & after)
        + rng.normal(0.0, _ASSAY_SD, shape)
    )
    codes = [analyte.code for analyte in PANEL]
    mcp, tgf = codes.index("MCP1"), codes.index("TGFB1")
    both = treated & responder
    log_level[both, :, tgf] = _opposed(log_level[both, :, mcp], log_level[both, :, tgf], rng)
    return np.asarray(np.exp(log_level), dtype=float)


def _opposed(leader: Floats, other: Floats, rng: np.random.Generator) -> Floats:
    """Logarithms whose changes since the first visit have the wanted correlation.

    In the sample the product-moment correlation is exact and the rank correlation at the last
    visit as near as a number of draws brings it.
    """
    if len(leader) < _FEWEST_OPPOSED:
        return other
    rho = _RESPONDER_CORRELATION
    lead, change = (x[:, 1:] - x[:, [0]] for x in (leader, other))
    z = (lead - lead.mean(axis=0)) / lead.std(axis=0)
    best, nearest = z, np.inf
    for _ in range(_DRAWS):
        rest = rng.normal(size=z.shape)
        rest = rest - rest.mean(axis=0) - z * (z * rest).mean(axis=0)
        mixed = rho * z + np.sqrt(1 - rho**2) * rest / rest.std(axis=0)
        miss = abs(spearmanr(z[:, -1], mixed[:, -1]).statistic - rho)
        if miss < nearest:
            best, nearest = mixed, miss
    after = other[:, [0]] + change.mean(axis=0) + change.std(axis=0) * best
    return np.column_stack([other[:, 0], after])


def _records(cohort: Cohort, who: Identity, analyte: Analyte, levels: Floats) -> pd.DataFrame:
    decimals = 1 if analyte.median >= 5 else 2
    levels = np.round(levels, decimals)
    keep = ~np.isnan(levels)
    below = levels < analyte.limit
    value = np.where(below, np.nan, levels)
    base = np.broadcast_to(value[:, [0]], value.shape)
    months = np.broadcast_to(MONTHS, value.shape)
    columns = np.array([cohort.column(month) for month in MONTHS])
    text = [
        f"<{analyte.limit:g}" if low else f"{level:.{decimals}f}"
        for level, low in zip(levels[keep], below[keep], strict=True)
    ]
    return pd.DataFrame(
        {
            "STUDYID": who.study,
            "USUBJID": np.broadcast_to(who.subject[:, None], value.shape)[keep],
            "PARAMCD": analyte.code,
            "PARAM": f"{analyte.label} in cerebrospinal fluid (pg/mL)",
            "AVISITN": months[keep],
            "AVISIT": [visit_name(int(month)) for month in months[keep]],
            "ADY": study_day(cohort.visit_day[:, columns])[keep],
            "AVAL": value[keep],
            "AVALC": text,
            "BASE": base[keep],
            "CHG": np.where(months > 0, np.round(value - base, decimals), np.nan)[keep],
            "ABLFL": np.where(months[keep] == 0, "Y", ""),
            "LBLLOQ": float(analyte.limit),
        }
    )
