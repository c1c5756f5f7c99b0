"""Tables of the guide: what a study's folder must hold, and what numbers were checked against."""

from alsutils.display import tables
from alsutils.display.output import Prose, Table
from alsutils.stats.validation import Agreement
from alsutils.study.dictionary import study_fields, table_columns


def columns_table() -> Table:
    """Lay out the columns that the datasets need."""
    labels = {"column": "Column", "holds": "Holds", "when": "Needed"}
    return tables.table(table_columns(), "Columns of the datasets", labels, group="dataset")


def fields_table() -> Table:
    """Lay out every field of study.yml."""
    labels = {"field": "Field", "meaning": "Meaning", "type": "Type", "default": "If left out"}
    return tables.table(study_fields(), "Fields of study.yml", labels, group="block")


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


def _distance(value: float) -> str:
    """Write a small difference by its power of ten."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    digits = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa.replace('-', '−')} × 10{digits}"
