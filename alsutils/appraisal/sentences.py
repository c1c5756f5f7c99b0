"""What the trial can and cannot say, in sentences that read the results."""

import pandas as pd

from alsutils.appraisal.analysis import MEASURED_BY, Exposure, Forensics, Scepticism, Standardised
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study


def by_measurement(result: Standardised) -> Prose:
    """Say how the differences go by who or what took the measurement."""
    frame = result.frame.dropna(subset=["conf_low"])
    lines = []
    for words in MEASURED_BY.values():
        rows = frame[frame["measured_by"] == words]
        if rows.empty:
            continue
        better = int((rows["conf_low"] > 0).sum())
        worse = int((rows["conf_high"] < 0).sum())
        neither = len(rows) - better - worse
        lines.append(
            f"{words}: of {fmt.plural(len(rows), 'interval')}, {better} lie wholly on the better "
            f"side, {worse} wholly on the worse and {neither} include no difference."
        )
    return Prose("\n".join(f"- {line}" for line in lines))


def forensics(result: Forensics | None) -> Prose:
    """Say how many printed rows follow from their own cells, and which data fit them."""
    if result is None:
        return Prose("")
    tests = result.frame.dropna(subset="misfits")
    fitting = (tests["misfits"] == "").groupby([tests["endpoint"], tests["visit"]]).any()
    text = (
        f"{fitting.sum()} of {fmt.plural(len(fitting), 'printed row')} follow from their own cells "
        "by one of the two t-tests."
    )
    single = result.solutions[result.solutions["solutions"] == 1]
    if len(single):
        text += (
            " Scores are whole numbers, which narrows down what the raw data can have been: for "
            f"{_named(single)} exactly one pair of sums and sums of squares prints as given."
        )
    impossible = result.solutions[result.solutions["solutions"] == 0]
    if len(impossible):
        text += f" No whole-number scores print as given for {_named(impossible)}."
    return Prose(text)


def _named(rows: pd.DataFrame) -> str:
    return fmt.listed([f"{r['endpoint']} at {r['visit'].lower()}" for r in rows.to_dict("records")])


def scepticism(study: Study, result: Scepticism) -> Prose:
    """Say what kind of sceptic the main result convinces."""
    unit = study.parameter(study.primary.parameter).unit
    doubtful = result.limits["prior_sd"].isna()
    if doubtful.all():
        return Prose(
            "Every interval includes no difference, so that no prior is needed to doubt it."
        )
    lines = []
    for row in result.limits[~doubtful].to_dict("records"):
        span = 1.96 * row["prior_sd"]
        lines.append(
            f"{row['contrast']} at {row['visit'].lower()}: whoever held effects beyond "
            f"±{fmt.number(span, 1)} {unit} to be improbable (less than one chance in twenty) "
            "before the trial can remain unconvinced after it."
        )
    if doubtful.any():
        lines.append("The other intervals include no difference by themselves.")
    return Prose(" ".join(lines))


def limits(study: Study, risk: Exposure) -> Prose:
    """List what the design leaves open, from what study.yml says of it."""
    design = study.config.design
    if design is None:
        return Prose("study.yml does not describe the design, so nothing can be said of it here.")
    about = study.parameter(study.primary.parameter)
    judged = about.measured_by in ("rating", "self_report")
    points = []
    if design.masking == "none":
        how = "is a judgement" if judged else "is read from an instrument"
        points.append(
            f"**Nobody was blinded**, and the primary endpoint {how}: "
            + (
                "expectations of patients and raters can move it."
                if judged
                else "expectations can move effort and attendance, hardly the reading itself."
            )
        )
    elif design.masking == "double":
        points.append(
            "**Patients and raters were blinded**; a treatment that is felt may still be guessed."
        )
    if design.sham is False:
        points.append(
            f"**{study.control} had no sham procedure**: what a procedure does by itself, from "
            "attention to complications, belongs to the difference."
        )
    if design.sites == 1:
        points.append(
            "**One centre**: skill, selection and habits of one place cannot be told from the "
            "treatment."
        )
    share = fmt.percent(risk.missing / risk.randomised)
    points.append(
        f"**Missing at {study.visit_phrase(risk.last_visit)}**: {risk.missing} of "
        f"{risk.randomised} randomised patients ({share}) have no observed value of the primary "
        "endpoint."
    )
    points.append(
        f"**Many chances**: the endpoints make {fmt.plural(risk.comparisons, 'comparison')}; if "
        f"nothing differed, about {fmt.number(risk.by_chance, 1)} would exclude no difference by "
        "chance alone."
    )
    return Prose("\n".join(f"- {point}" for point in points))


def key_points(study: Study, scale: Standardised, doubt: Scepticism) -> Prose:
    """Sum up what the trial can and cannot say."""
    rows = scale.frame[scale.frame["endpoint"] == study.parameter(study.primary.parameter).label]
    better, worse = (rows["conf_low"] > 0).all(), (rows["conf_high"] < 0).all()
    if better:
        finding = "favours treatment at every primary visit"
    elif worse:
        finding = "favours the control at every primary visit"
    else:
        finding = "does not clearly favour one side at every primary visit"
    design = study.config.design
    points = [f"The primary endpoint {finding}."]
    if better or worse:
        if design is not None and design.masking == "none":
            points.append(
                "The difference is real in the data; whether the treatment made it, the design "
                "cannot say."
            )
        convinced = doubt.limits["prior_sd"].notna()
        if convinced.any():
            points.append(str(scepticism(study, doubt)))
    points.append(
        "An estimate that was chosen because it stood out is, on average, too large; the next "
        "trial should be planned for less."
    )
    return Prose("\n".join(f"- {point}" for point in points))
