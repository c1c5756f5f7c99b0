"""Tables of hazard ratios."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.hazards import (
    ADJUSTED,
    ALONE,
    BRESLOW,
    FIRTH,
    FIRTH_ADJUSTED,
    FLEXIBLE,
    PIECES,
    PIECEWISE,
    STRATIFIED,
    UNADJUSTED,
)
from alsutils.survival.times import Figures
from alsutils.survival.words import NO_RATIO, SAID, ratio_cell

_NAMES = {
    "log-rank test": "Log-rank test",
    UNADJUSTED: "Cox model",
    ADJUSTED: "Cox model, adjusted",
    FIRTH: "Cox model, Firth's penalty",
    FIRTH_ADJUSTED: "Cox model, Firth's penalty, adjusted",
}
_MODELS = {
    UNADJUSTED: "Cox model, ties by Efron",
    BRESLOW: "Cox model, ties by Breslow",
    STRATIFIED: "Cox model within strata",
    FIRTH: "Cox model, Firth's penalty",
    PIECEWISE: "Piecewise exponential",
    FLEXIBLE: "Royston-Parmar spline",
}


def hazard_ratios(study: Study, tests: Figures | None, result: Figures | None) -> Table | Prose:
    """Lay out log-rank tests and hazard ratios."""
    if tests is None or result is None:
        return Prose(SAID)
    frame = pd.concat([tests.frame, result.frame], ignore_index=True)
    for column in ("estimate", "conf_low", "conf_high", "p_value", "proportional_p"):
        if column not in frame:
            frame[column] = float("nan")
    frame["method"] = frame["analysis"].map(_NAMES)
    frame["ratio"] = [ratio_cell(r) for r in frame.to_dict("records")]
    order = list(dict.fromkeys(frame["endpoint"]))
    frame = frame.sort_values("endpoint", key=lambda c: c.map(order.index), kind="stable")
    several = len(study.treated) > 1
    words = {c.column: c.label for c in study.config.baseline}
    covariates = [
        f"{t.label}: adjusted for "
        f"{fmt.listed([fmt.lowered(words.get(c, c)) for c in t.covariates])}."
        for t in study.config.time_to_event
        if t.covariates
    ]
    return tables.table(
        frame.reset_index(drop=True),
        "Log-rank tests and hazard ratios",
        {
            "method": "Method",
            **({"contrast": "Comparison"} if several else {}),
            "ratio": f"Hazard ratio ({fmt.percent(study.conf_level)} CI)",
            "p_value": "p",
            "proportional_p": "p, ratio changes",
        },
        {"p_value": fmt.p_value, "proportional_p": fmt.p_value},
        group="endpoint",
        notes=[
            f"Ratios are the arm over {study.control}; ties by Efron's method, with Firth's "
            "penalty by Breslow's. The standard error in the results file is that of the natural "
            "logarithm of the ratio.",
            *covariates,
            *result.notes,
        ],
        results=frame,
    )


def models(study: Study, result: Figures | None) -> Table | Prose:
    """Lay out the unadjusted ratio by other models."""
    if result is None:
        return Prose(SAID)
    if result.frame.empty:
        return Prose(NO_RATIO)
    several = len(study.treated) > 1
    frame = result.frame.assign(
        model=result.frame["analysis"].map(_MODELS),
        ratio=[ratio_cell(r) for r in result.frame.to_dict("records")],
        heading=result.frame["endpoint"] + (", " + result.frame["contrast"] if several else ""),
    )
    order = list(dict.fromkeys(frame["heading"]))
    frame = frame.sort_values("heading", key=lambda c: c.map(order.index), kind="stable")
    return tables.table(
        frame.reset_index(drop=True),
        "The same ratio by other models",
        {
            "model": "Model",
            "ratio": f"Hazard ratio ({fmt.percent(study.conf_level)} CI)",
            "p_value": "p",
        },
        {"p_value": fmt.p_value},
        group="heading",
        notes=[
            f"Unadjusted. The piecewise exponential model cuts time into {PIECES} pieces with as "
            "many events each. A model that cannot be fitted has no row."
        ],
        results=frame[frame["analysis"] != UNADJUSTED],
    )


def covariates(study: Study, result: Figures | None) -> Table | Prose:
    """Lay out the hazard ratio of each covariate, alone and with the arms and the others."""
    if result is None:
        return Prose(SAID)
    alone = result.frame["analysis"] == ALONE
    keys = ["endpoint", "term"]
    columns = ["estimate", "conf_low", "conf_high", "p_value"]
    one = result.frame[alone].set_index(keys)[columns]
    all_ = result.frame[~alone].set_index(keys)[columns]
    rows = [
        {
            "endpoint": endpoint,
            "term": term,
            "alone": ratio_cell(one.loc[(endpoint, term)]) if (endpoint, term) in one.index else "",
            "together": ratio_cell(all_.loc[(endpoint, term)]),
            "p": fmt.p_value(all_.loc[(endpoint, term), "p_value"]),
        }
        for endpoint, term in all_.index
    ]
    if not rows:
        return Prose(SAID)
    return tables.table(
        pd.DataFrame(rows),
        "Hazard ratios of the covariates",
        {
            "term": "Covariate",
            "alone": f"Alone ({fmt.percent(study.conf_level)} CI)",
            "together": "With the arms and the others",
            "p": "p",
        },
        group="endpoint",
        notes=["A number counts by its standard deviation. Ties by Efron's method."],
    )
