"""Tables of the primary and secondary endpoints."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.primary.analysis import AllAnalyses, Comparisons, PrintComparison
from alsutils.primary.course import Slopes
from alsutils.primary.dichotomy import POWER, CutCost
from alsutils.primary.estimands import Estimands
from alsutils.primary.missing import Assumptions
from alsutils.primary.multiplicity import PROCEDURES, Family
from alsutils.primary.responders import Responders
from alsutils.primary.telling import lacks_sizes
from alsutils.primary.together import Together
from alsutils.stats.imputation import MissingPatterns
from alsutils.study import Study


def comparisons(study: Study, result: Comparisons) -> Table:
    """Lay out every comparison with both arms' means, a group an endpoint."""
    frame = _with_words(result.frame)
    frame["control_cell"] = _cells(frame, "control")
    frame["treated_cell"] = _cells(frame, "treated")
    several = len(study.treated) > 1
    labels = {
        "visit": "Visit",
        **({"treated": "Arm"} if several else {}),
        "treated_cell": "Treated" if several else study.treated[0],
        "control_cell": study.control,
        "difference": f"Difference ({fmt.percent(study.conf_level)} CI)",
        "p_value": "p",
    }
    return tables.table(
        frame,
        "Endpoints compared between the arms",
        labels,
        {"p_value": fmt.p_value},
        group="endpoint",
        notes=[
            "Cells are number of patients, mean (standard deviation).",
            f"Differences are the arm minus {study.control}. {frame['analysis'].iloc[0]}, "
            "patients with a value.",
            *_why(study, frame),
        ],
        results=result.frame,
    )


def analyses(study: Study, result: AllAnalyses) -> Table:
    """Lay out the primary endpoint by every analysis."""
    frame = _with_words(result.frame)
    labels = {
        "analysis": "Analysis",
        **({"treated": "Arm"} if len(study.treated) > 1 else {}),
        "n_treated": "n treated",
        "n_control": "n control",
        "difference": f"Difference ({fmt.percent(study.conf_level)} CI)",
        "std_error": "SE",
        "df": "df",
        "p_value": "p",
    }
    whole = {"n_treated": _whole, "n_control": _whole}
    return tables.table(
        frame,
        f"{frame['endpoint'].iloc[0]}, by every analysis",
        labels,
        {**whole, "std_error": fmt.number, "df": _one, "p_value": fmt.p_value},
        group="visit",
        notes=[
            f"Differences are the arm minus {study.control}. n counts the patients with a value at "
            "the visit; MMRM and cLDA also use those seen at other visits only.",
            *_why(study, frame),
            *result.notes,
        ],
        results=result.frame,
    )


def beside_print(study: Study, result: PrintComparison | None) -> Table | Prose:
    """Lay out the recomputed results beside the printed ones."""
    if result is None or study.published is None:
        return Prose("This study has no published result to set beside its data.")
    rows = []
    for found in result.frame.to_dict("records"):
        printed = {
            "row": f"{found['endpoint']}, {found['visit'].lower()}",
            "source": "Printed",
            "difference": fmt.estimate(
                *(found[f"printed_{k}"] for k in ("estimate", "low", "high"))
            ),
            "p": found["printed_p"],
            "agreement": "",
        }
        recomputed = {
            "source": found["analysis"],
            "difference": fmt.estimate(found["estimate"], found["conf_low"], found["conf_high"]),
            "p": fmt.p_value(found["p_value"]),
            "agreement": _agreement(found),
        }
        rows += [printed, printed | recomputed]
    labels = {
        "source": "Source",
        "difference": f"Difference ({fmt.percent(study.conf_level)} CI)",
        "p": "p",
        "agreement": "Agreement",
    }
    return tables.table(
        pd.DataFrame(rows),
        "Printed beside recomputed",
        labels,
        group="row",
        notes=[
            f"Printed: {study.published.citation}.",
            "Recomputed from this study's data by the one of two t-tests that comes nearer. "
            "A digit is one unit of the last printed decimal.",
        ],
        results=result.frame,
    )


def responders(study: Study, result: Responders | None) -> Table | Prose:
    """Lay out the responders by threshold, with the difference of shares and two tests of it."""
    if result is None or result.frame.empty:
        return Prose("")
    frame = result.frame.assign(
        treated_cell=result.frame["text_treated"],
        control_cell=result.frame["text_control"],
        difference=[
            f"{fmt.number(100 * r.estimate, 0)} "
            f"({fmt.interval(100 * r.conf_low, 100 * r.conf_high, 0)})"
            if r.estimate == r.estimate
            else fmt.MISSING
            for r in result.frame.itertuples()
        ],
    )
    several = len(study.treated) > 1
    labels = {
        "threshold_label": "Responders",
        **({"treated": "Arm"} if several else {}),
        "treated_cell": "Treated" if several else study.treated[0],
        "control_cell": study.control,
        "difference": f"Difference, % points ({fmt.percent(study.conf_level)} CI)",
        "p_value": "p, exact",
        "chi_square_p": "p, asymptotic",
    }
    formats = {"p_value": fmt.p_value, "chi_square_p": fmt.p_value}
    if result.frame["printed"].notna().any():
        labels["printed"] = "Printed"
        short = frame["printed"].str.replace(" of ", "/").str.replace(" against ", ", ")
        frame = frame.assign(printed=short)
    asymptotic = result.frame.drop(columns=["conf_low", "conf_high"]).assign(
        analysis="responders, chi-square test, uncorrected", p_value=result.frame["chi_square_p"]
    )
    return tables.table(
        frame,
        f"Responders by {study.parameter(result.parameter).label}",
        labels,
        formats,
        group="visit",
        notes=[
            "Intervals by Newcombe's method. Exact: Fisher's test; asymptotic: chi-square test "
            "without correction; both two-sided.",
            *_why(study, frame),
        ],
        results=pd.concat([result.frame, asymptotic], ignore_index=True),
    )


def cost_of_cutting(study: Study, result: CutCost | None) -> Table | Prose:
    """Lay out what each cut costs."""
    if result is None:
        return Prose("")
    labels = {
        "cut": "Where ...",
        **({"treated": "Arm"} if len(study.treated) > 1 else {}),
        "fisher": "Fisher",
        "chi_square": "Chi-square",
        "patients": "For 100, small difference",
        "patients_here": "For 100, this difference",
    }
    shares = dict.fromkeys(("fisher", "chi_square"), fmt.percent)
    about = study.parameter(study.primary.parameter)
    unit = f" {about.unit}" if about.unit else ""
    differences = [
        f"{fmt.number(d)}{unit}" + (f" ({arm})" if len(study.treated) > 1 else "")
        for arm, d in result.difference.items()
    ]
    return tables.table(
        result.cuts,
        f"Power of counting where measuring has {fmt.percent(POWER)}",
        labels,
        shares | {"patients": _whole, "patients_here": _whole},
        notes=[
            f"A true difference of {fmt.listed(differences)}, which the t-test finds in "
            f"{fmt.percent(POWER)} of trials.",
            "The last columns: patients that a test of responders needs in place of 100 for a test "
            "of means, by the closed form for normal values.",
        ],
        results=result.frame,
    )


def slopes(study: Study, result: Slopes) -> Table | Prose:
    """Lay out the differences in slope."""
    if result.frame.empty:
        return Prose(" ".join(result.notes))
    frame = _with_words(result.frame)
    labels = {
        "analysis": "Analysis",
        **({"treated": "Arm"} if len(study.treated) > 1 else {}),
        "n_treated": "n treated",
        "n_control": "n control",
        "difference": f"Difference ({fmt.percent(study.conf_level)} CI)",
        "p_value": "p",
    }
    whole = {"n_treated": _whole, "n_control": _whole}
    return tables.table(
        frame,
        f"Slope of {study.parameter(study.primary.parameter).label}, {frame['unit'].iloc[0]}",
        labels,
        {**whole, "p_value": fmt.p_value},
        notes=[
            f"Differences are the arm minus {study.control}; {result.frame['population'].iloc[0]}."
            " Normal inference.",
            *_why(study, frame),
            *result.notes,
        ],
        results=result.frame,
    )


def missing_patterns(study: Study, result: MissingPatterns) -> Table:
    """Lay out which visits patients have and miss, a row a pattern."""
    visits = [str(visit) for visit in result.visits["visit"].cat.categories]
    rows = []
    for pattern, cells in result.frame.groupby("pattern", sort=False):
        counts = cells.set_index("arm")["told"].astype(object).reindex(list(study.arms))
        row = {
            visit: "seen" if mark == "1" else "–"
            for visit, mark in zip(visits, str(pattern), strict=True)
        }
        rows.append(row | {arm: counts[arm] for arm in study.arms})
    return tables.table(
        pd.DataFrame(rows),
        "Visits that patients have and miss",
        {name: name for name in (*visits, *study.arms)},
        notes=[
            "Patients of all who were randomised with complete covariates; one row a pattern.",
            *([study.disclosure.why] if result.frame["n"].isna().any() else []),
        ],
    )


def assumptions(study: Study, result: Assumptions) -> Table | Prose:
    """Lay out the difference under each assumption about the missing."""
    if "estimate" not in result.frame:
        return Prose(" ".join(result.notes))
    labels = {
        "analysis": "The missing patients ...",
        **({"treated": "Arm"} if len(study.treated) > 1 else {}),
        "difference": f"Difference ({fmt.percent(study.conf_level)} CI)",
        "std_error": "SE",
        "p_value": "p",
    }
    visit = study.visit_phrase(study.primary.visits[-1])
    return tables.table(
        _with_words(result.frame),
        f"Difference at {visit} under each assumption",
        labels,
        {"std_error": fmt.number, "p_value": fmt.p_value},
        notes=[
            f"{_some(study, result.n_imputed)} after baseline were not observed. The first "
            "four rows impute conditional means and take their error from a jackknife, the fifth "
            "draws the values and pools by Rubin's rules.",
            *result.notes,
        ],
        results=result.frame,
    )


def together(study: Study, result: Together | None) -> Table | Prose:
    """Lay out the joint rank and the measures of pairwise comparison."""
    if result is None or result.frame.empty:
        return Prose("")
    labels = {
        "analysis": "Measure",
        **({"treated": "Arm"} if len(study.treated) > 1 else {}),
        "difference": f"Estimate ({fmt.percent(study.conf_level)} CI)",
        "p_value": "p",
    }
    ranks = [
        f"{r['arm']}: mean rank {fmt.number(r['mean_rank'], 1)}"
        + ("" if pd.isna(r["n"]) else f" of {r['n']:.0f} patients")
        + f", {r['told']} {'death' if r['told'] == '1' else 'deaths'}"
        for r in result.ranks.to_dict("records")
    ]
    return tables.table(
        _with_words(result.frame),
        f"Death and {study.parameter(study.primary.parameter).label} together",
        labels,
        {"p_value": fmt.p_value},
        notes=[
            f"{'; '.join(ranks)}.",
            "No difference is 0 for ranks and net benefit, 1 for win ratio and win odds, and 0.5 "
            "for the probabilistic index.",
            *result.notes,
        ],
        results=result.frame,
    )


def estimand(result: Estimands) -> Table:
    """Lay out the attributes of the estimand, with the events that get in its way."""
    counted = [
        f"{event}: "
        + ", ".join(f"{r['arm']} {r['told']} of {r['of']}" for r in rows.to_dict("records"))
        for event, rows in result.events.groupby("event", sort=False)
    ]
    return tables.table(
        result.attributes,
        "The question, part by part",
        {"attribute": "Part", "words": "In this trial"},
        notes=[
            *([f"{'; '.join(counted)}."] if counted else []),
            *([result.note] if result.note else []),
        ],
    )


def estimands(result: Estimands) -> Table:
    """Lay out which analysis answers which question."""
    return tables.table(
        result.analyses,
        "Which analysis answers which question",
        {
            "analysis": "Analysis",
            "death": "Patients who die",
            "leaving": "Patients who leave",
            "measure": "Compared",
        },
        group="estimand",
    )


def multiplicity(study: Study, result: Family) -> Table | Prose:
    """Lay out the adjusted p-values of every procedure."""
    if len(result.frame) == 1:
        return Prose("The study has one primary hypothesis: there is nothing to adjust for.")
    if result.frame["p_value"].isna().all():
        why = " ".join(result.notes)
        return Prose(f"No primary hypothesis could be tested, so there is nothing to adjust. {why}")
    columns = {name: fmt.capitalised(words) for name, words in PROCEDURES.items()}
    return tables.table(
        result.frame,
        "p-values of the primary hypotheses, adjusted for each other",
        {"hypothesis": "Hypothesis", "p_value": "As it is", **columns},
        dict.fromkeys(["p_value", *PROCEDURES], fmt.p_value),
        notes=[
            f"{result.frame['analysis'].dropna().iloc[0]}. A difference is shown where the "
            f"adjusted p is no more than {study.alpha:g}; each procedure keeps the chance of even "
            "one false claim at that level.",
            *result.notes,
        ],
        results=result.results,
    )


def _with_words(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(
        difference=[
            fmt.estimate(r["estimate"], r["conf_low"], r["conf_high"])
            for r in frame.to_dict("records")
        ]
    )


def _cells(frame: pd.DataFrame, side: str) -> list[str]:
    return [
        fmt.number(r[f"mean_{side}"])
        if pd.isna(r[f"n_{side}"])
        else f"{r[f'n_{side}']:.0f}, {fmt.mean_sd(r[f'mean_{side}'], r[f'sd_{side}'])}"
        for r in frame.to_dict("records")
    ]


def _why(study: Study, frame: pd.DataFrame) -> list[str]:
    """Say why numbers of patients are not there, where they are not."""
    hidden = not study.disclosure.is_open and lacks_sizes(frame)
    return [study.disclosure.why] if hidden else []


def _some(study: Study, count: int) -> str:
    """Write a number of values."""
    if study.disclosure.hides(count):
        return f"Fewer than {study.disclosure.minimum} values"
    return fmt.plural(count, "value")


def _agreement(row: dict[str, float]) -> str:
    if row["units"] == 0 and row["p_agrees"]:
        return "to the last digit"
    if row["units"] <= 1 and row["p_agrees"]:
        return "within one digit"
    off = [f"{row['units']:.0f} digits"] if row["units"] > 1 else []
    return f"differs: {fmt.listed(off + ([] if row['p_agrees'] else ['p']))}"


def _whole(value: float) -> str:
    return fmt.number(value, 0)


def _one(value: float) -> str:
    return fmt.number(value, 1)
