"""Tables of how arms can be drawn and of the test that draws them again."""

from collections.abc import Callable

from alsutils.design.randomisation import METHODS, RandomisationMethods, RandomisationTests
from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study


def randomisation_methods(_study: Study, result: RandomisationMethods) -> Table:
    """Lay out how alike and how foreseeable each method makes the arms."""
    spelt = {
        METHODS["simple"]: "a coin or die for each patient",
        METHODS["minimisation"]: "coin {}",
    }
    shown = result.points.assign(
        setting=[
            spelt.get(r["method"], "of {}").format(r["setting"])
            for r in result.points.to_dict("records")
        ]
    )
    differ = {"overall": "Of all", "high": "Of all, 95%"}
    if result.factors:
        differ |= {"category": "In a category", "stratum": "In a stratum"}
    guessed = {"by_totals": "By totals", "by_rule": "By the rule", "excess": "Beyond chance"}
    formats: dict[str, Callable[[float], str]] = dict.fromkeys([*differ, "excess"], _one_digit)
    formats |= dict.fromkeys(["by_totals", "by_rule"], fmt.percent)
    notes = [
        f"Means over {result.n_trials:,} simulated trials of {result.n:,} patients; arms "
        f"{':'.join(map(str, result.ratio))}. 95%: in 95 of 100 trials the arms differ by no more.",
    ]
    if result.factors:
        notes.append(
            f"Categories: {fmt.listed(result.factors)}; "
            f"{fmt.plural(result.n_strata, 'stratum', 'strata')} by their combinations."
        )
    notes.append(
        "By totals: who counts all patients' arms. By the rule: who counts as the method does. "
        "Beyond chance: patients guessed by the rule beyond what luck gives."
    )
    return tables.table(
        shown,
        "Methods of randomisation, simulated with the patients of this trial",
        {"setting": "Setting"} | differ | guessed,
        formats,
        group="method",
        spanners={
            "Patients by which arms differ": list(differ),
            "Arms guessed right": list(guessed),
        },
        notes=notes,
        results=result.frame,
    )


def randomisation_test(study: Study, result: RandomisationTests) -> Table | Prose:
    """Lay out the tests that draw the arms again beside the usual ones."""
    if result.frame.empty:
        return Prose("So there is no randomisation test of the primary endpoint either.")
    shown = result.frame.assign(
        cell=[
            fmt.estimate(*row)
            for row in result.frame[["estimate", "conf_low", "conf_high"]].itertuples(index=False)
        ],
    )
    unit = f" ({result.unit})" if result.unit else ""
    drawn = shown.loc[~shown["exact"].astype(bool), "n_ways"]
    notes = [
        "Effects of ranks: median of all differences between a treated and a control patient. p is "
        "twice the smaller tail; the interval holds the effects that are not rejected.",
        f"Usual tests, in this order: {fmt.listed(list(dict.fromkeys(shown['model'])))}.",
    ]
    if len(drawn):
        error = float(shown["p_error"].max())
        notes.append(
            f"{drawn.max() - 1:,} draws and the one that was made; another set of draws would move "
            f"p by up to about {fmt.number(2 * error, 3)}."
        )
    if shown["exact"].any():
        notes.append("Where few patients are left, all ways of giving the arms were listed.")
    return tables.table(
        shown,
        f"{result.label}{unit}: the arms drawn again",
        {
            "visit": "Visit",
            **({"treated": "Arm"} if len(study.treated) > 1 else {}),
            "compared": "Compared",
            "cell": f"Treated less control ({fmt.percent(study.conf_level)} CI)",
            "p_value": "p",
            "model_p": "p, usual test",
        },
        {"p_value": fmt.p_value, "model_p": fmt.p_value},
        notes=notes,
        results=result.frame,
    )


def _one_digit(value: float) -> str:
    return fmt.number(value, 1)
