import numpy as np
import pytest
from scipy import integrate, stats

from alsutils.stats.censored import SUBSTITUTES, substitute, substitution_bias

ERRORS = 4.0  # standard errors of a simulated mean within which it must come to the truth


@pytest.fixture(scope="module")
def found():
    return substitution_bias(
        np.random.default_rng(1), shares=(0.0, 0.3, 0.6), n_per_arm=40, ratio=0.6, n_trials=1500
    )


@pytest.mark.parametrize("rule", ["half", "root", "limit"])
def test_the_closed_form_is_the_integral(found, rule: str) -> None:
    rows = found.frame.query("share_below == 0.6 and rule == @rule").set_index("scale")
    limit = stats.norm.ppf(0.6)
    written = limit + np.log(SUBSTITUTES[rule])

    def mean(centre: float, transform) -> float:
        above = integrate.quad(
            lambda v: transform(v) * stats.norm.pdf(v, centre), limit, centre + 12
        )[0]
        return above + transform(written) * stats.norm.cdf(limit, centre)

    centre = np.log(0.6)
    geometric = np.exp(mean(centre, float) - mean(0, float))
    assert rows.at["geometric", "expected"] == pytest.approx(geometric, rel=1e-7)
    arithmetic = mean(centre, np.exp) / mean(0, np.exp)
    assert rows.at["arithmetic", "expected"] == pytest.approx(arithmetic, rel=1e-6)


def test_geometric_means_come_out_as_the_closed_form_says(found) -> None:
    # The mean of the logarithms is not biased in small trials; that of a ratio of means is.
    rows = found.frame.query("scale == 'geometric' and rule != 'tobit'")
    gap = np.abs(rows["estimate"] - rows["expected"]) / rows["std_error"]
    assert (gap < ERRORS).all()


def test_substitution_is_biased_and_the_regression_is_not(found) -> None:
    low = found.frame.query("share_below == 0.6").set_index(["rule", "scale"])
    assert low.at[("half", "geometric"), "bias"] > 0.15
    assert low.at[("limit", "geometric"), "bias"] > low.at[("root", "geometric"), "bias"]
    assert low.at[("limit", "geometric"), "coverage"] < 0.7
    assert low.at[("zero", "arithmetic"), "bias"] < -0.05
    assert abs(low.at[("tobit", "geometric"), "bias"]) < 0.02
    tobit = found.frame.query("rule == 'tobit'")
    # 1500 trials: three standard errors of a coverage of 95%.
    assert tobit["coverage"].between(0.95 - 0.017, 0.95 + 0.017).all()


def test_with_nothing_below_all_rules_agree(found) -> None:
    for _, rows in found.frame.query("share_below == 0").groupby("scale"):
        assert rows["estimate"].max() == pytest.approx(rows["estimate"].min(), rel=1e-9)
        assert rows["expected"].tolist() == pytest.approx([0.6] * len(rows))


def test_writes_what_the_rule_says() -> None:
    values, below = [10.0, 4.0, 4.0], [False, True, True]
    assert substitute(values, below).tolist() == [10, 2, 2]
    assert substitute(values, below, "root")[1] == pytest.approx(4 / np.sqrt(2))
    assert substitute(values, below, "zero").tolist() == [10, 0, 0]
    assert substitute(values, below, "limit").tolist() == values
    with pytest.raises(ValueError, match="rule must be"):
        substitute(values, below, "third")  # type: ignore[arg-type]


def test_same_seed_same_figures_and_arms_of_nothing() -> None:
    small = [
        substitution_bias(np.random.default_rng(2), (0.95,), 3, n_trials=40).frame for _ in range(2)
    ]
    assert small[0].equals(small[1])
    assert small[0]["fitted"].min() < 0.5


def test_refuses_what_is_impossible() -> None:
    with pytest.raises(ValueError, match="shares"):
        substitution_bias(np.random.default_rng(1), shares=(1.0,))
    with pytest.raises(ValueError, match="two patients"):
        substitution_bias(np.random.default_rng(1), n_per_arm=1)
