"""Tables of what the trial could have found."""

from alsutils.design.analysis import Detectable
from alsutils.display import Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study


def detectable(study: Study, result: Detectable) -> Table:
    """Lay out the differences that the trial could have found."""
    powers = sorted(result.frame["power"].unique())
    key = ["visit", "contrast", "n_control", "n_treated", "sd"]
    wide = result.frame.pivot_table(
        index=key, columns="power", values="estimate", sort=False, dropna=False, observed=True
    )
    wide = wide.dropna(how="all").reset_index()
    names = {p: f"power{i}" for i, p in enumerate(powers)}
    shown = wide.rename(columns=names)
    labels = {
        "visit": "Visit",
        **({"contrast": "Contrast"} if len(study.treated) > 1 else {}),
        "n_treated": "n treated",
        "n_control": "n control",
        "sd": "SD",
        **{names[p]: f"{fmt.percent(p)} power" for p in powers},
    }
    formats = {"n_treated": _whole, "n_control": _whole, "sd": fmt.number}
    formats |= dict.fromkeys(names.values(), fmt.number)
    unit = f" ({result.unit})" if result.unit else ""
    return tables.table(
        shown,
        f"Smallest true difference in {result.label}{unit} that the trial could find",
        labels,
        formats,
        notes=["SD: standard deviation within the arms, pooled. Two-sided t-test."],
        results=result.frame,
    )


def _whole(value: float) -> str:
    return fmt.number(value, 0)
