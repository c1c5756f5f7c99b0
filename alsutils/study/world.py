"""What `study.yml` may say of an invented trial's truth, and of its counterpart in another world.

A simulated trial can be made twice: the same design and the same printed figures, in worlds with
different truths. Each study then names the folder of the other one.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from pydantic import Field

from alsutils.study.block import Block, Name
from alsutils.study.paths import inside
from alsutils.study.readers import UnreadableTableError, read_table

if TYPE_CHECKING:
    from alsutils.study.model import Study

BLINDED, SHAM = "BLINDED", "SHAM"
_TRUTH_COLUMNS = ("USUBJID", "AVISITN", BLINDED, SHAM)


class World(Block):
    """The truth behind a synthetic study."""

    label: Name
    """What is true in it, in a few words for the page."""
    truth: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.csv$")
    """File with the primary endpoint as it would have been rated blind (`BLINDED`) and under a sham
    (`SHAM`), by `USUBJID` and `AVISITN`; no ADaM dataset, for nobody could have seen it."""
    counterpart: str | None = Field(default=None, pattern=r"^\.\./[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Folder beside this one, as `../NAME`, of the same trial in another world."""


def counterpart_folder(study: "Study") -> Path | None:
    """Give the folder of the same trial in another world; None where there is none.

    Parameters
    ----------
    study : Study
        A loaded study.

    Returns
    -------
    Path or None
        Beside the study's own folder, links included; None where it names none or lacks it.
    """
    world = study.config.world
    if world is None or world.counterpart is None:
        return None
    folder = (study.folder / world.counterpart).resolve()
    beside = folder.parent == study.folder.parent and folder != study.folder
    return folder if beside and folder.is_dir() else None


def latent_truth(study: "Study") -> pd.DataFrame | None:
    """Read what nobody could have seen; None where the study holds nothing of the kind.

    Parameters
    ----------
    study : Study
        A synthetic study.

    Returns
    -------
    DataFrame or None
        ``USUBJID``, ``AVISITN``, ``BLINDED`` and ``SHAM`` of every patient while alive.

    Raises
    ------
    UnreadableTableError
        If the file is no table, lacks a column or holds texts in place of numbers.
    """
    world = study.config.world
    return None if world is None else read_truth(study.folder, world)


def read_truth(folder: Path, world: World) -> pd.DataFrame | None:
    """Read the truth that a block of study.yml names, as `latent_truth` does.

    Parameters
    ----------
    folder : Path
        The study's folder.
    world : World
        The block.

    Returns
    -------
    DataFrame or None
        None where it names no file, or there is none within the folder.

    Raises
    ------
    UnreadableTableError
        If the file is no table, lacks a column or holds texts in place of numbers.
    """
    path = None if world.truth is None else inside(folder, world.truth)
    if path is None or not path.is_file():
        return None
    table = read_table(path)
    missing = [column for column in _TRUTH_COLUMNS if column not in table]
    if missing:
        raise UnreadableTableError(f"needs the columns {', '.join(missing)} too")
    for column in _TRUTH_COLUMNS[1:]:
        if not pd.api.types.is_numeric_dtype(table[column].dtype):
            raise UnreadableTableError("must hold numbers only", column=column)
    return table[list(_TRUTH_COLUMNS)]
