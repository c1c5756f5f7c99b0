"""What study.yml leaves out of the tables."""

from collections.abc import Iterator, Mapping

import pandas as pd

from alsutils.study.contract import SPECIAL, Source
from alsutils.study.plausibility.concern import Concern

_KEY = ("USUBJID", "PARAMCD", "AVISITN")


def check_dropped(whole: Mapping[str, Source], kept: Mapping[str, Source]) -> Iterator[Concern]:
    """Count second records of a visit that `records` of study.yml leaves out.

    Parameters
    ----------
    whole : Mapping of str to Source
        The datasets by role, all rows.
    kept : Mapping of str to Source
        Those with the records that count.

    Yields
    ------
    Concern
        One for each dataset that loses rows of which another row is kept.
    """
    for role, source in kept.items():
        table = source.table
        key = [column for column in _KEY if column in table]
        lost = len(whole[role].table) - len(table)
        if not lost or role in SPECIAL or key != list(_KEY):
            continue
        all_rows = (
            whole[role]
            .table[key]
            .assign(AVISITN=pd.to_numeric(whole[role].table["AVISITN"], errors="coerce"))
        )
        again = all_rows.dropna().duplicated(keep=False)
        second = again.index[again.to_numpy()].difference(table.index)
        if len(second):
            message = (
                f"`records` of {role} leaves out {lost:,} of {len(all_rows):,} rows, "
                f"{len(second):,} of them records of a subject, parameter and visit that stand "
                "more than once; see that it keeps the right ones"
            )
            yield Concern("left_out", source.file, message)
