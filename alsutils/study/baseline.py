"""Records at the baseline, made of BASE where a table has no rows of that visit."""

from collections.abc import Mapping

import pandas as pd

from alsutils.study.config import StudyConfig

# What belongs to one visit; a record made of BASE stands for another.
_OF_VISIT = ("AVISIT", "VISIT", "VISITNUM", "ADT", "ADTM", "ADY", "DTYPE", "AVALC", "CHG", "PCHG")


def with_baseline_records(
    tables: Mapping[str, pd.DataFrame], config: StudyConfig
) -> dict[str, pd.DataFrame]:
    """Give parameters that have no record at the baseline one of their BASE.

    Some tables hold the visits after baseline alone and tell the baseline in BASE. Without its
    records the first visit after it would pass for the start of the course.

    Parameters
    ----------
    tables : Mapping of str to DataFrame
        The datasets by role, checked.
    config : StudyConfig
        What study.yml says of them.

    Returns
    -------
    dict of str to DataFrame
        The same tables; below the rows of those concerned one more a subject and parameter, with
        AVISITN of the baseline and AVAL of BASE, and empty where a column belongs to a visit.
    """
    found = dict(tables)
    for code, parameter in config.parameters.items():
        table = found[parameter.dataset]
        if parameter.derived or "BASE" not in table:
            continue
        own = table[table["PARAMCD"] == code]
        if (own["AVISITN"] == config.time.baseline).any():
            continue
        base = pd.to_numeric(own["BASE"], errors="coerce").astype(float)
        first = own[base.notna()].drop_duplicates("USUBJID")
        if first.empty:
            continue
        added = first.drop(columns=first.columns.intersection(list(_OF_VISIT)))
        added = added.assign(AVISITN=config.time.baseline, AVAL=base[first.index])
        found[parameter.dataset] = pd.concat([table, added], ignore_index=True)
    return found
