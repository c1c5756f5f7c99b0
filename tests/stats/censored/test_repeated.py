import numpy as np
import pandas as pd
import pytest

from alsutils.stats.censored import geometric_ratio, repeated_ratio
from alsutils.stats.mmrm import fit_mmrm

SEARCH = 1e-6  # two searches for the same maximum
COLUMNS = ("subject", "visit", "arm", "value", "low", "base", "base_low")


def trial(rng: np.random.Generator, n: int = 60, effect: float = 0.4) -> pd.DataFrame:
    """Give two visits after a baseline, some of them missed and some values below a limit."""
    arm = np.resize(["control", "treated"], n)
    z = rng.normal(size=(n, 3)) @ np.linalg.cholesky(0.4 * np.eye(3) + 0.6).T
    z[arm == "treated", 1:] += effect
    parts = [
        pd.DataFrame({"subject": np.arange(n), "visit": v, "arm": arm, "y": z[:, v], "x": z[:, 0]})
        for v in (1, 2)
    ]
    data = pd.concat(parts, ignore_index=True)
    data = data[~((data["subject"] % 11 == 0) & (data["visit"] == 2))].reset_index(drop=True)
    data["arm"] = pd.Categorical(data["arm"], ["control", "treated"])
    return data.assign(
        value=np.exp(data["y"].clip(-0.4)),
        low=data["y"] < -0.4,
        base=np.exp(data["x"].clip(-0.6)),
        base_low=data["x"] < -0.6,
    )


def test_without_a_limit_it_is_the_mixed_model() -> None:
    data = trial(np.random.default_rng(1))
    data["value"], data["base"] = np.exp(data["y"]), np.exp(data["x"])
    found = repeated_ratio(data, "subject", "visit", "arm", "value", base="base").frame
    frame = data.assign(visit=data["visit"].astype(str), on=(data["arm"] == "treated") * 1.0)
    for k, v in enumerate(("1", "2")):
        frame[f"on{v}"] = frame["on"] * (frame["visit"] == v)
        frame[f"x{v}"] = frame["x"] * (frame["visit"] == v)
        assert found["visit"].iloc[k] == int(v)
    fit = fit_mmrm(
        "y ~ visit + on1 + on2 + x1 + x2", frame, "subject", "visit", vcov="kenward-roger-linear"
    ).coefficients.set_index("term")
    for k, term in enumerate(("on1", "on2")):
        row, expected = found.iloc[k], fit.loc[term]
        assert np.log(row["estimate"]) == pytest.approx(expected["estimate"], rel=SEARCH)
        assert np.log(row["conf_low"]) == pytest.approx(expected["conf_low"], rel=1e-5)
        for name in ("std_error", "df", "statistic", "p_value"):
            assert row[name] == pytest.approx(expected[name], rel=1e-5)
    assert found["n_treated"].tolist() == [30, 27]


def test_one_visit_is_the_analysis_of_covariance_with_imputation() -> None:
    data = trial(np.random.default_rng(2), n=300).query("visit == 1")
    many = repeated_ratio(data, *COLUMNS, rng=np.random.default_rng(1), n_imputations=100)
    one = geometric_ratio(
        data, *COLUMNS[2:], method="imputation", rng=np.random.default_rng(2), n_imputations=100
    ).frame.iloc[0]
    row = many.frame.iloc[0]
    # The same analysis with other draws: apart by a small share of the standard error.
    assert abs(np.log(row["estimate"] / one["estimate"])) < 0.15 * one["std_error"]
    assert row["std_error"] == pytest.approx(one["std_error"], rel=0.05)
    assert (row["below_control"], row["below_treated"]) == (
        one["below_control"],
        one["below_treated"],
    )


def test_interval_covers_the_ratio() -> None:
    rng, trials = np.random.default_rng(3), 20
    covered = np.zeros(2)
    for _ in range(trials):
        found = repeated_ratio(trial(rng), *COLUMNS, rng=rng, n_imputations=15).frame
        inside = (found["conf_low"] <= np.exp(0.4)) & (np.exp(0.4) <= found["conf_high"])
        covered += inside.to_numpy()
    # Three standard errors by the number of trials, both visits together.
    assert covered.mean() / trials > 0.95 - 3 * np.sqrt(0.95 * 0.05 / trials)


def test_order_and_unit_do_not_matter_and_arms_turn() -> None:
    data = trial(np.random.default_rng(4))
    data["low"] = data["base_low"] = False
    plain = repeated_ratio(data, *COLUMNS).frame
    mixed = data.sample(frac=1, random_state=1)
    mixed["value"] *= 50
    other = repeated_ratio(mixed, *COLUMNS).frame
    np.testing.assert_allclose(other["estimate"], plain["estimate"], rtol=SEARCH)
    data["arm"] = data["arm"].cat.reorder_categories(["treated", "control"])
    turned = repeated_ratio(data, *COLUMNS).frame
    np.testing.assert_allclose(turned["conf_high"], 1 / plain["conf_low"], rtol=SEARCH)


def test_same_seed_same_figures() -> None:
    data = trial(np.random.default_rng(5))
    one, two = (
        repeated_ratio(data, *COLUMNS, rng=np.random.default_rng(1), n_imputations=4).frame
        for _ in range(2)
    )
    assert one.equals(two)


def test_visits_and_arms_without_values_have_their_reason() -> None:
    data = trial(np.random.default_rng(6))
    data["arm"] = data["arm"].cat.add_categories(["nobody"])
    data.loc[data["visit"] == 2, "low"] = True
    found = repeated_ratio(data, *COLUMNS, rng=np.random.default_rng(1)).frame
    assert found["estimate"].isna().tolist() == [False, True, True, True]
    assert found["reason"].tolist()[1:3] == [
        "fewer than 3 values above the limit in control",
        "no sample in nobody",
    ]
    for rows in (data.head(0), data.head(3), data.assign(low=True)):
        frame = repeated_ratio(rows, *COLUMNS, rng=np.random.default_rng(1)).frame
        assert frame["estimate"].isna().all()
        assert (frame["reason"] != "").all()
    flat = repeated_ratio(data.assign(value=1.0, low=False), *COLUMNS[:4]).frame
    assert "no maximum" in flat["reason"].iloc[0]


def test_says_what_is_wrong() -> None:
    data = trial(np.random.default_rng(7))
    with pytest.raises(ValueError, match="give rng"):
        repeated_ratio(data, *COLUMNS)
    with pytest.raises(ValueError, match="category"):
        repeated_ratio(data.assign(arm="a"), *COLUMNS)
    with pytest.raises(ValueError, match="above 0"):
        repeated_ratio(data.assign(base=0.0), *COLUMNS)
    with pytest.raises(ValueError, match="two rows at visit"):
        repeated_ratio(pd.concat([data, data.head(1).assign(value=3.0)]), *COLUMNS)
