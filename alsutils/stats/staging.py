"""Stages of amyotrophic lateral sclerosis, from the items of its revised functional rating scale.

Both systems are published rules that turn the answers of one visit into one number. Items run from
4 (normal) to 0 (function lost) and go by what they ask for: ``speech``, ``salivation``,
``swallowing``, ``handwriting``, ``cutting``, ``dressing``, ``walking``, ``dyspnoea`` and
``respiratory`` (respiratory insufficiency), which are questions 1 to 6, 8, 10 and 12. Death is
stage 5 of both systems; it is no answer on a scale, and the functions here do not return it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NORMAL = 4
DEATH = 5
KINGS_ITEMS = (
    "speech",
    "salivation",
    "swallowing",
    "handwriting",
    "cutting",
    "walking",
    "dyspnoea",
    "respiratory",
)
MITOS_ITEMS = (
    "speech",
    "swallowing",
    "handwriting",
    "dressing",
    "walking",
    "dyspnoea",
    "respiratory",
)

Stages = NDArray[np.float64]


@dataclass(frozen=True)
class StagingSystem:
    """A published staging system.

    Attributes
    ----------
    label : str
        Its name on the page.
    items : tuple of str
        The items that it needs.
    rule : callable
        From a frame of items to stages.
    stages : tuple of int
        What the rule can return, the mildest first.
    meaning : str
        What a stage counts, for the page.
    """

    label: str
    items: tuple[str, ...]
    rule: Callable[[pd.DataFrame], Stages]
    stages: tuple[int, ...]
    meaning: str


def kings_stage(items: pd.DataFrame) -> Stages:
    """Give King's clinical stage.

    Stage 4 is failure of nutrition (gastrostomy) or of breathing (dyspnoea 0, or any mechanical
    help: respiratory insufficiency below 4). Short of that, the stage is the number of regions with
    any loss: bulbar (speech, salivation or swallowing below 4), arm (handwriting or cutting below
    4) and leg (walking below 4).

    Parameters
    ----------
    items : DataFrame, n rows
        Columns KINGS_ITEMS, each 0 to 4; and, where it was recorded, ``gastrostomy`` (true or
        false; on the form it is known from which version of the cutting item was answered). Where
        that column is absent, swallowing 0 (nothing by mouth) stands for a gastrostomy.

    Returns
    -------
    ndarray, shape (n,)
        0 to 4; 0 where no region shows a loss, which the rule read from the scale allows although
        a patient with the disease has at least one. Missing where an item is.

    Raises
    ------
    ValueError
        If a column is absent or a value is not on the scale.

    References
    ----------
    Roche JC, et al. A proposed staging system for amyotrophic lateral sclerosis. Brain
    2012;135:847-852. doi:10.1093/brain/awr351
    Balendra R, et al. Estimating clinical stage of amyotrophic lateral sclerosis from the ALS
    Functional Rating Scale. Amyotroph Lateral Scler Frontotemporal Degener 2014;15:279-284.
    doi:10.3109/21678421.2014.897357

    Examples
    --------
    >>> normal = dict.fromkeys(KINGS_ITEMS, 4)
    >>> kings_stage(pd.DataFrame([normal | {"speech": 3}, normal | {"respiratory": 3}])).tolist()
    [1.0, 4.0]
    """
    known = _checked(items, KINGS_ITEMS)
    bulbar = (known[["speech", "salivation", "swallowing"]] < NORMAL).any(axis=1)
    arm = (known[["handwriting", "cutting"]] < NORMAL).any(axis=1)
    leg = known["walking"] < NORMAL
    fed = items["gastrostomy"] if "gastrostomy" in items else known["swallowing"] == 0
    breathing = (known["dyspnoea"] == 0) | (known["respiratory"] < NORMAL)
    regions = bulbar.astype(float) + arm.astype(float) + leg.astype(float)
    failed = fed.fillna(False).astype(bool) | breathing
    stage = regions.where(~failed, 4.0)
    unknown = known.isna().any(axis=1) | fed.isna()
    return stage.mask(unknown).to_numpy(dtype=float)


def mitos_stage(items: pd.DataFrame) -> Stages:
    """Give the Milano-Torino (MiToS) functional stage: how many of four domains have lost autonomy.

    Movement is lost with walking or dressing at 1 or below; swallowing with swallowing at 1 or
    below; communicating with speech and handwriting both at 1 or below; breathing with dyspnoea at
    1 or below or respiratory insufficiency at 2 or below.

    Parameters
    ----------
    items : DataFrame, n rows
        Columns MITOS_ITEMS, each 0 to 4.

    Returns
    -------
    ndarray, shape (n,)
        0 to 4; missing where an item is.

    Raises
    ------
    ValueError
        If a column is absent or a value is not on the scale.

    References
    ----------
    Chiò A, Hammond ER, Mora G, Bonito V, Filippini G. Development and evaluation of a clinical
    staging system for amyotrophic lateral sclerosis. J Neurol Neurosurg Psychiatry 2015;86:38-44,
    table 1. doi:10.1136/jnnp-2013-306589

    Examples
    --------
    >>> normal = dict.fromkeys(MITOS_ITEMS, 4)
    >>> mitos_stage(pd.DataFrame([normal | {"walking": 1}, normal | {"speech": 0}])).tolist()
    [1.0, 0.0]
    """
    known = _checked(items, MITOS_ITEMS)
    lost = (
        (known["walking"] <= 1) | (known["dressing"] <= 1),
        known["swallowing"] <= 1,
        (known["speech"] <= 1) & (known["handwriting"] <= 1),
        (known["dyspnoea"] <= 1) | (known["respiratory"] <= 2),
    )
    stage = pd.Series(np.sum([part.to_numpy() for part in lost], axis=0), known.index, dtype=float)
    return stage.mask(known.isna().any(axis=1)).to_numpy(dtype=float)


SYSTEMS: Mapping[str, StagingSystem] = {
    "kings": StagingSystem(
        "King's",
        KINGS_ITEMS,
        kings_stage,
        (0, 1, 2, 3, 4),
        "counts the regions of the body that show any loss; stage 4 is failure of nutrition or "
        "breathing",
    ),
    "mitos": StagingSystem(
        "MiToS",
        MITOS_ITEMS,
        mitos_stage,
        (0, 1, 2, 3, 4),
        "counts the functions, of moving, swallowing, communicating and breathing, in which "
        "independence is lost",
    ),
}


def _checked(items: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Select items as numbers; complain of any that are absent or off the scale."""
    absent = [name for name in names if name not in items]
    if absent:
        raise ValueError(f"items: columns {', '.join(absent)} are missing")
    known = items[list(names)].astype(float)
    off = known.notna() & ~known.isin(range(NORMAL + 1))
    if off.to_numpy().any():
        name = off.any().idxmax()
        row = off[name].idxmax()
        raise ValueError(
            f"items: {name} in row {row} is {known.loc[row, name]:g}; "
            "a whole number from 0 to 4 is expected"
        )
    return known
