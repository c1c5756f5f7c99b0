"""What people of different beliefs should think after the trial."""

from alsutils.appraisal.charts.panels import panel_names
from alsutils.appraisal.strength import Strength
from alsutils.display import Figure, Prose, charts
from alsutils.display import format as fmt
from alsutils.study import Study


def beliefs(study: Study, result: Strength) -> Figure | Prose:
    """Draw the posterior of each prior, a panel a visit."""
    if result.beliefs.empty:
        return Prose("The main analysis has no estimate to combine with a belief.")
    about = study.parameter(study.primary.parameter)
    shown = result.beliefs.assign(panel=panel_names(study, result.beliefs))
    title = f"Difference in {about.label}" + (f" ({about.unit})" if about.unit else "")
    chart = charts.forest(shown, "prior", title, row="panel")
    told = [
        f"{r['panel']}, {r['prior'].lower()}: "
        f"{fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in shown.to_dict("records")
    ]
    side = "above" if about.better == "higher" else "below"
    return Figure(
        chart,
        f"Posterior difference under three priors. {'. '.join(told)}.",
        f"What each should believe after the trial, with {fmt.percent(study.conf_level)} credible "
        f"intervals; {side} 0 is better for the patient.",
        result.beliefs,
    )
