"""Tables of the tests of whole curves."""

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.comparisons import COMBO, LOG_RANK, SHUFFLES, STRATIFIED, CurveTests
from alsutils.survival.words import NOT_COMPARED, SAID

_NAMES = {
    LOG_RANK: "Log-rank: all times alike",
    STRATIFIED: "Log-rank within strata",
    COMBO: "Max-combo: the largest of these",
}


def curve_tests(study: Study, result: CurveTests | None) -> Table | Prose:
    """Lay out weighted tests, their best and tests by shuffling."""
    if result is None:
        return Prose(SAID)
    if result.frame.empty:
        return Prose(NOT_COMPARED)
    rows = result.frame.to_dict("records")
    several = len(study.treated) > 1
    frame = result.frame.assign(
        heading=[f"{r['endpoint']}, {r['contrast']}" if several else r["endpoint"] for r in rows],
        name=[_name(r) for r in rows],
    )
    notes = [
        "z is below 0 where the treated arm had fewer events than expected. A test that is not the "
        "one named beforehand is no second chance."
    ]
    if result.shuffled:
        exact = (result.frame["p_error"].dropna() == 0).all()
        drawn = "all ways to give the arms" if exact else f"{SHUFFLES:,} shuffles of the arms"
        notes.append(f"By shuffling: {drawn}.")
    return tables.table(
        frame.sort_values("heading", key=lambda c: c.map(list(frame["heading"]).index)),
        "Tests of equal curves",
        {"name": "Test", "statistic": "z", "p_value": "p"},
        {"statistic": fmt.number, "p_value": fmt.p_value},
        group="heading",
        notes=notes,
        results=result.frame[result.frame["analysis"] != LOG_RANK],
    )


def _name(row: dict[str, object]) -> str:
    """Word a test."""
    if row["analysis"] in _NAMES:
        return _NAMES[str(row["analysis"])]
    if row["family"] == "weighted":
        return f"Fleming-Harrington: {row['when']} events count more"
    return str(row["analysis"])[:1].upper() + str(row["analysis"])[1:]
