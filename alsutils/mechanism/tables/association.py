"""Tables of two changes that go together."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.mechanism.association import REDRAWN, Associations
from alsutils.mechanism.connections import Connections
from alsutils.mechanism.selection import Selection
from alsutils.mechanism.tables.cells import finite, level, whole, worded
from alsutils.study import Study

MOST_PAIRS = 12


def association(study: Study, result: Associations | None) -> Table | Prose:
    """Lay out the correlations by group and kind, with every interval and test."""
    if result is None:
        return Prose("")
    frame = worded(result.frame, "cell")
    frame["boot"] = [
        fmt.interval(low, high) if pd.notna(low) else fmt.MISSING
        for low, high in zip(frame["boot_low"], frame["boot_high"], strict=True)
    ]
    return tables.table(
        frame,
        f"Change of {result.x} with change of {result.y} at {result.visit.lower()}",
        {
            "kind": "Correlation",
            "n": "n",
            "cell": f"Fisher's z ({level(study)})",
            "boot": "Bootstrap (BCa)",
            "p_value": "Student",
            "p_permuted": "Permutation",
        },
        {"n": whole, "p_value": fmt.p_value, "p_permuted": fmt.p_value},
        group="group",
        spanners={"Interval": ["cell", "boot"], "p": ["p_value", "p_permuted"]},
        notes=[
            "Of the logarithms of the ratios to baseline; within patients: of the logarithms of "
            "all values, each patient around a level of his or her own. The partial correlation "
            "holds both baselines and the arm equal. With eight patients or fewer the permutations "
            "are all there are, and the test is exact. Standard errors in the results file are on "
            "Fisher's scale.",
            *([study.disclosure.why] if frame["n"].isna().any() else []),
        ],
        results=finite(result.frame),
    )


def claim(study: Study, result: Associations | None) -> Table | Prose:
    """Lay out good responders against the others by every method."""
    if result is None:
        return Prose("")
    if result.claim.empty:
        return Prose("The study does not say who is a good responder, so there is no difference.")
    frame = worded(result.claim, "cell")
    drawn = frame["analysis"] == REDRAWN
    frame.loc[drawn, "cell"] = [fmt.number(v) for v in frame.loc[drawn, "estimate"]]
    frame["analysis"] = frame["analysis"].map(fmt.capitalised)
    return tables.table(
        frame,
        "Good responders less other patients",
        {"analysis": "What differs", "cell": f"Difference ({level(study)})", "p_value": "p"},
        {"p_value": fmt.p_value},
        notes=[
            "The slope says by how much one log change moves with the other; two groups can share "
            "it and differ in the correlation, where their spread differs."
        ],
        results=finite(result.claim),
    )


def selection(_study: Study, result: Selection | None) -> Table | Prose:
    """Lay out how often something is found where nothing is."""
    if result is None:
        return Prose("")
    labels = {
        "world": "What goes with what",
        "selected": "In responders",
        "claimed": "In responders, not in others",
        "difference": "The two differ",
    }
    return tables.table(
        result.frame,
        "How often it is found that two unrelated analytes go together",
        labels,
        dict.fromkeys(["selected", "claimed", "difference"], fmt.percent),
        notes=[
            f"Share of {result.n_trials:,} simulated trials of {result.n} patients, of whom the "
            f"{result.picked} with the best outcome are the responders."
        ],
    )


def connections(study: Study, result: Connections | None) -> Table | Prose:
    """Lay out the strongest correlations of changes."""
    if result is None:
        return Prose("")
    known = result.frame.dropna(subset=["estimate"])
    if known.empty:
        return Prose("There are not two analytes with changes enough to correlate.")
    order = known["estimate"].abs().sort_values(ascending=False).index
    shown = worded(known.loc[order].head(MOST_PAIRS), "cell")
    tests = ["p_value", "p_holm", "p_benjamini_hochberg"]
    return tables.table(
        shown,
        f"Strongest correlations of changes at {result.visit.lower()}",
        {
            "endpoint": "Pair",
            "arm": "Arm",
            "n": "n",
            "cell": f"Spearman ({level(study)})",
            "p_value": "Plain",
            "p_holm": "Holm",
            "p_benjamini_hochberg": "BH",
        },
        {"n": whole, **dict.fromkeys(tests, fmt.p_value)},
        spanners={"p": tests},
        notes=[
            f"The {len(shown)} strongest of {len(known)}. Holm and BH over the pairs of an arm. "
            "The strongest of many is too strong on average."
        ],
    )
