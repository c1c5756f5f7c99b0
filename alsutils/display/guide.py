"""Tables of the guide: what a study's folder must hold, and what numbers were checked against."""

from pathlib import Path

import altair as alt
import pandas as pd
import yaml

from alsutils.display import charts, tables
from alsutils.display import format as fmt
from alsutils.display.output import Figure, Prose, Table
from alsutils.stats.validation import Agreement, Coverage, PeerAgreement, Speed, TypeOneError
from alsutils.study.dictionary import study_fields, table_columns


def columns_table() -> Table:
    """Lay out the columns of each kind of dataset."""
    labels = {
        "column": "Column",
        "holds": "Holds",
        "type": "Type and values",
        "when": "Needed",
        "example": "Example",
    }
    frame = table_columns()
    frame = _quoted(frame.assign(dataset=frame["dataset"].str.upper()))
    return tables.table(frame, "Columns of the datasets", labels, group="dataset")


def fields_table(*folders: str) -> Table:
    """Lay out every field of study.yml, with examples of the template and of study folders."""
    labels = {
        "field": "Field",
        "meaning": "Meaning",
        "type": "Type",
        "default": "If left out",
        "example": "Example",
    }
    contents = [
        yaml.safe_load((Path(folder) / "study.yml").read_text("utf-8")) for folder in folders
    ]
    frame = _quoted(study_fields(*contents))
    return tables.table(frame, "Fields of study.yml", labels, group="block")


def _quoted(frame: pd.DataFrame) -> pd.DataFrame:
    """Write names that stand between backticks between quotation marks, as cells hold text only."""
    words = frame.select_dtypes(exclude="bool").columns
    return frame.assign(
        **{c: frame[c].str.replace(r"`([^`]*)`", r"“\1”", regex=True) for c in words}
    )


def agreement_table(result: Agreement) -> Table:
    """Lay out how far each fit is from its reference."""
    labels = {
        "method": "Inference",
        "likelihood": "−2 log-likelihood",
        "estimate": "Estimate, in SE",
        "std_error": "SE",
        "df": "df",
    }
    measured = ("likelihood", "estimate", "std_error", "df")
    return tables.table(
        result.frame,
        "Distance from the reference",
        labels,
        dict.fromkeys(measured, _distance),
        group="covariance",
        notes=[
            f"Reference: {result.reference}.",
            "−2 log-likelihood: ours less theirs, so that a negative difference is a higher "
            "maximum. Estimate: largest difference of a treatment contrast, in standard errors. SE "
            "and df: largest relative difference.",
        ],
    )


def agreement_sentence(result: Agreement) -> Prose:
    """Sum up the agreement."""
    frame = result.frame
    higher = int((frame["likelihood"] < 0).sum())
    estimate, std_error, df = (_distance(frame[k].max()) for k in ("estimate", "std_error", "df"))
    return Prose(
        f"All {len(frame)} fits of the reference were made again. No treatment contrast is further "
        f"than {estimate} standard errors from the reference, no standard error further than "
        f"{std_error} and no degrees of freedom further than {df}, relatively. In {higher} of the "
        "fits the likelihood found here is the higher one, by a hair: the reference stopped its "
        "search a little earlier."
    )


def peer_table(result: PeerAgreement) -> Table:
    """Lay out figures beside those of a library."""
    labels = {"figure": "Figure", "ours": "This book", "theirs": "lifelines", "difference": "Apart"}
    formats = {"ours": _six, "theirs": _six, "difference": _distance}
    return tables.table(
        result.frame,
        "Survival beside lifelines",
        labels,
        formats,
        notes=[
            f"{result.n} simulated patients, {result.events} events, many at the same time. Apart: "
            "relative difference."
        ],
    )


def _six(value: float) -> str:
    return fmt.number(value, 6)


def coverage_figure(result: Coverage) -> Figure:
    """Draw the coverage of each kind of inference, visit by visit."""
    shown = result.frame.assign(
        method=result.frame["method"].map(_METHODS),
        estimate=100 * result.frame["coverage"],
        conf_low=100 * result.frame["low"],
        conf_high=100 * result.frame["high"],
    )
    shown = shown.sort_values("method", key=lambda names: names.map(list(_METHODS.values()).index))
    title = "Intervals that hold the truth (%), of nominal 95%"
    chart = charts.forest(shown, "visit", title, reference=95, row="method", digits=1)
    told = [
        f"{name}: {fmt.interval(rows['estimate'].min(), rows['estimate'].max(), 1)}%"
        for name, rows in shown.groupby("method", sort=False)
    ]
    trials = int(result.frame["trials"].iloc[0])
    return Figure(
        chart,
        f"Coverage of intervals by kind of inference. {'. '.join(told)}.",
        f"Points are the share of {trials:,} simulated trials, lines two Monte Carlo standard "
        "errors about it; the dashed line is what is promised.",
    )


def error_figure(result: TypeOneError) -> Figure:
    """Draw how often each analysis finds a difference where there is none."""
    shown = result.frame.assign(
        world=result.frame["world"].map(fmt.capitalised),
        estimate=100 * result.frame["error"],
        conf_low=100 * result.frame["low"],
        conf_high=100 * result.frame["high"],
    )
    title = "Trials without an effect in which one is found (%), of nominal 5%"
    chart = charts.forest(shown, "analysis", title, reference=5, row="world", digits=1)
    told = [
        f"{world}: "
        + ", ".join(
            f"{r['analysis']} {fmt.number(r['estimate'], 1)}%" for r in rows.to_dict("records")
        )
        for world, rows in shown.groupby("world", sort=False)
    ]
    trials = int(result.frame["trials"].iloc[0])
    return Figure(
        chart,
        f"Type I error of each analysis. {'. '.join(told)}.",
        f"Points are the share of {trials:,} simulated trials, lines two Monte Carlo standard "
        "errors about it; the dashed line is what is promised.",
    )


def speed_figure(result: Speed) -> Figure:
    """Draw the time of a fit against the number of subjects, a line for each number of visits."""
    shown = result.frame.assign(visit_count=result.frame["visits"].astype("str") + " visits")
    tooltip = [
        alt.Tooltip("subjects:Q", title="Subjects", format=",d"),
        alt.Tooltip("visits:Q", title="Visits"),
        alt.Tooltip("seconds:Q", title="Seconds", format=".3f"),
    ]
    order = list(dict.fromkeys(shown["visit_count"]))
    base = alt.Chart(shown).encode(
        x=alt.X("subjects:Q", title="Subjects", scale=alt.Scale(type="log")).axis(
            values=sorted(set(shown["subjects"])), format=",d"
        ),
        color=alt.Color("visit_count:N", title=None, sort=order),
        tooltip=tooltip,
    )
    log = alt.Scale(type="log")
    y = alt.Y("seconds:Q", title="Seconds", scale=log).axis(values=[0.01, 0.1, 1, 10])
    line = base.mark_line(strokeWidth=2).encode(y=y)
    point = base.mark_point(filled=True, size=50, opacity=1).encode(y=y)
    told = [
        f"{r['subjects']:,.0f} subjects by {r['visits']:.0f} visits take "
        f"{fmt.number(r['seconds'], 2)} s here and {fmt.number(r['r_seconds'], 2)} s in R"
        for r in shown.dropna(subset="r_seconds").to_dict("records")
    ]
    return Figure(
        alt.layer(line, point).properties(height=300),
        f"Time of a fit against the number of subjects. {'; '.join(told)}.",
        "Unstructured covariance, Kenward-Roger inference and marginal means together, on two "
        f"cores that had other work as well. {fmt.capitalised('; '.join(told))}.",
    )


_METHODS = {
    "asymptotic": "Asymptotic (normal)",
    "satterthwaite": "Satterthwaite",
    "kenward-roger": "Kenward-Roger, as in R mmrm",
    "kenward-roger-linear": "Kenward-Roger, as in SAS",
}


def _distance(value: float) -> str:
    """Write a small difference by its power of ten."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    digits = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa.replace('-', '−')} × 10{digits}"
