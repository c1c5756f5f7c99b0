"""Words and units of parameters, read off PARAM and AVALU."""

import re

import pandas as pd

_BRACKETS = re.compile(r"^(?P<words>.*\S)\s*[(\[](?P<unit>[^()\[\]]{1,15})[)\]]$")
_NO_UNIT = re.compile(r"\d+$|[a-z]{1,3}$", re.IGNORECASE)  # "ADAS-Cog (11)", "logMAR (OD)"
_UNIT_WORDS = re.compile(r"cm|kg|mm|m|g|l|%|u/l|c|f|k/ul|iu|pg|fl|s|ms|min|day|week|month|year")


def labels_and_units(table: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Give the label and the unit of each PARAMCD.

    Parameters
    ----------
    table : DataFrame
        PARAMCD, and PARAM, PARAMN and AVALU where they are.

    Returns
    -------
    dict of str to (str, str)
        In the order of PARAMN where there is one. A unit in brackets at the end of PARAM is taken
        off it; the unit is empty where none is known.
    """
    if "PARAMN" in table:
        table = table.sort_values("PARAMN", kind="stable")
    columns = [c for c in ("PARAM", "AVALU") if c in table]
    first = table.dropna(subset="PARAMCD").groupby("PARAMCD", sort=False)[columns].first()
    found = {}
    for code, row in first.iterrows():
        given = row.get("AVALU")
        words = row.get("PARAM")
        label, unit = _split(str(words) if pd.notna(words) else str(code))
        found[str(code)] = (label, str(given) if pd.notna(given) else unit)
    return found


def _split(label: str) -> tuple[str, str]:
    """Take a unit in brackets off a label."""
    found = _BRACKETS.match(label)
    if not found:
        return label, ""
    unit = found["unit"]
    if _NO_UNIT.fullmatch(unit) and not _UNIT_WORDS.fullmatch(unit.lower()):
        return label, ""
    return found["words"], unit.replace("umol", "µmol").replace("ug/", "µg/")
