"""What is odd in the data is told once, with its rule; what is in order is no alarm."""

import numpy as np
import pandas as pd
import pytest
import yaml

from alsutils.study.loading import examine
from alsutils.study.plausibility import Concern, find_concerns

N, VISITS, DAYS = 40, (0, 4, 8, 12), {0: 1, 4: 29, 8: 57, 12: 85}
CONFIG = {
    "title": "A trial",
    "short_title": "A trial",
    "description": "Two arms.",
    "provenance": "observed",
    "arms": [{"value": "P", "label": "Placebo"}, {"value": "A", "label": "Active"}],
    "populations": {"all": {"flag": "ITTFL", "label": "All patients"}},
    "time": {"unit": "week", "baseline": 0},
    "datasets": {
        name: {"file": f"{name}.csv"} for name in ("adsl", "adqs", "adlb", "adae", "adtte")
    },
    "parameters": {"SCORE": {"dataset": "adqs", "label": "Score", "better": "higher"}},
    "primary": {"parameter": "SCORE", "visits": [12], "population": "all"},
    "biomarkers": {
        "dataset": "adlb",
        "visits": [12],
        "population": "all",
        "panel": [{"parameter": "ALT", "label": "ALT"}, {"parameter": "CRP", "label": "CRP"}],
    },
    "adverse_events": {"population": "all", "treatment_emergent": "TRTEMFL"},
    "time_to_event": [{"parameter": "OS", "label": "Death", "unit": "month", "population": "all"}],
}


def subjects():
    return [f"S{i:02d}" for i in range(N)]


def on(day, start="2020-03-01"):
    """Date of a study day."""
    return (pd.Timestamp(start) + pd.to_timedelta(np.asarray(day) - 1, unit="D")).strftime(
        "%Y-%m-%d"
    )


def bds(parameters, rng):
    rows = []
    for subject in subjects():
        for code, draw in parameters.items():
            base = draw(rng)
            for visit in VISITS:
                value = base if visit == 0 else draw(rng)
                day = DAYS[visit] + (0 if visit == 0 else int(rng.integers(-3, 4)))
                rows.append((subject, code, f"{code} (U)", visit, day, value, base))
    table = pd.DataFrame(
        rows, columns=["USUBJID", "PARAMCD", "PARAM", "AVISITN", "ADY", "AVAL", "BASE"]
    )
    table["CHG"] = table["AVAL"] - table["BASE"]
    table["ADT"] = on(table["ADY"])
    table["ABLFL"] = np.where(table["AVISITN"] == 0, "Y", "")
    return table


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(1)
    adsl = pd.DataFrame(
        {
            "USUBJID": subjects(),
            "TRT01P": ["P", "A"] * (N // 2),
            "TRT01A": ["P", "A"] * (N // 2),
            "ITTFL": "Y",
            "AGE": rng.integers(20, 90, N),
            "RANDDT": "2020-02-20",
            "TRTSDT": "2020-03-01",
            "TRTEDT": "2020-05-30",
            "DTHFL": ["Y", *[""] * (N - 1)],
            "DTHDT": ["2021-01-01", *[""] * (N - 1)],
        }
    )
    adae = pd.DataFrame(
        {
            "USUBJID": subjects(),
            "AEDECOD": "Headache",
            "AEBODSYS": "Nervous system",
            "AESER": "N",
            "AESEV": "MILD",
            "AEREL": "NONE",
            "ASTDY": 10,
            "ASTDT": on(10),
            "AENDT": on(12),
            "TRTEMFL": "Y",
        }
    )
    elapsed = rng.integers(200, 900, N)
    adtte = pd.DataFrame(
        {
            "USUBJID": subjects(),
            "PARAMCD": "OS",
            "STARTDT": "2020-03-01",
            "ADT": on(elapsed + 1),
            "AVAL": (elapsed / 30.4375).round(2),
            "CNSR": 1,
        }
    )
    adtte.loc[0, ["ADT", "AVAL", "CNSR"]] = ["2021-01-01", 10.05, 0]
    return {
        "adsl": adsl,
        "adqs": bds({"SCORE": lambda r: float(r.integers(10, 40))}, rng),
        # Skewed, as laboratory values are: the largest lies 20 standard deviations off.
        "adlb": bds(
            {
                "ALT": lambda r: round(float(np.exp(r.normal(3, 0.4))), 1),
                "CRP": lambda r: round(float(np.exp(r.normal(1, 1.2))), 2),
            },
            rng,
        ),
        "adae": adae,
        "adtte": adtte,
    }


def concerns(folder, tables, config=CONFIG):
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    (folder / "study.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    found = examine(folder)
    assert found.problems == ()
    return find_concerns(found)


def test_data_in_order_are_no_alarm(tmp_path, tables):
    assert concerns(tmp_path, tables) == []


def put(column, value, rows=(5,)):
    def change(table):
        table = table.astype({column: object})
        table.loc[list(rows), column] = value
        return table

    return change


def value_of(code, visit, value):
    """Put a value of one subject, with its change."""

    def change(table):
        rows = (table["PARAMCD"] == code) & (table["AVISITN"] == visit)
        rows &= table["USUBJID"] == "S07"
        table = table.copy()
        table.loc[rows, "AVAL"] = value
        table["CHG"] = table["AVAL"] - table["BASE"]
        return table

    return change


def drop(subject):
    return lambda table: table[table["USUBJID"] != subject]


def base_of_one_row(table):
    table = table.astype({"BASE": float})
    table.loc[7, "BASE"] += 1
    table["CHG"] = table["AVAL"] - table["BASE"]
    return table


def base_of_one_subject(table):
    table = table.astype({"BASE": float})
    table.loc[4:7, "BASE"] += 1
    table["CHG"] = table["AVAL"] - table["BASE"]
    return table


def twice(table):
    return pd.concat([table, table.iloc[[3]]], ignore_index=True)


ODD = [
    ("adsl", put("TRT01A", "P"), "arm_as_treated", 7, 1),
    ("adsl", put("AGE", 180), "age", 7, 1),
    ("adsl", put("RANDDT", "2020-03-05"), "order_of_dates", 7, 1),
    ("adsl", put("TRTEDT", "2020-02-25"), "order_of_dates", 7, 1),
    ("adsl", put("DTHFL", "", rows=(0,)), "death", 2, 1),
    ("adsl", put("TRTEDT", "05/30/2020"), "no_date", 7, 1),
    ("adqs", drop("S03"), "no_primary_value", None, 0),
    ("adqs", put("ADY", 57), "visit_window", 7, 1),
    ("adqs", put("ADY", 0, rows=(4,)), "day_zero", 6, 1),
    ("adqs", put("ADT", on(5), rows=(4,)), "late_baseline", 6, 1),
    ("adqs", base_of_one_row, "baseline_differs", 9, 1),
    ("adqs", base_of_one_subject, "baseline_value", 6, 1),
    ("adlb", value_of("ALT", 8, 20_000.0), "far_value", None, 1),
    ("adlb", put("PARAM", "ALT (other)"), "mixed_units", 7, 1),
    ("adae", put("AENDT", on(9)), "negative_duration", 7, 1),
    ("adae", put("ASTDY", -3), "emergent_before_treatment", 7, 1),
    ("adqs", put("ADT", "2022-01-01", rows=(3,)), "after_death", 5, 1),
    ("adae", twice, "same_event", N + 2, 1),
    ("adtte", put("ADT", "2020-01-01"), "negative_duration", 7, 1),
]


@pytest.mark.parametrize(("name", "change", "rule", "row", "records"), ODD,
                         ids=[f"{name}-{rule}" for name, _, rule, _, _ in ODD])  # fmt: skip
def test_each_oddity_is_told_once(tmp_path, tables, name, change, rule, row, records):
    found = concerns(tmp_path, tables | {name: change(tables[name])})
    [concern] = found
    assert (concern.rule, concern.file) == (rule, f"{name}.csv")
    assert (concern.records, concern.subjects) == (records, 1)
    if row is not None:
        assert concern.row == row


def test_a_subject_of_adsl_alone(tmp_path, tables):
    found = concerns(
        tmp_path,
        {n: table if n == "adsl" else drop("S03")(table) for n, table in tables.items()},
    )
    [concern] = found
    assert (concern.rule, concern.examples) == ("only_in_adsl", ("S03",))


def test_a_unit_slip_is_named(tmp_path, tables):
    middle = float(tables["adlb"].query("PARAMCD == 'ALT'")["AVAL"].median())
    change = value_of("ALT", 8, round(middle * 1000, 1))
    [concern] = concerns(tmp_path, tables | {"adlb": change(tables["adlb"])})
    assert "about 1000 times off" in concern.message


def test_far_values_need_no_unit(tmp_path, tables):
    """Distances are the same in any unit, and for values below zero they are plain ones."""
    for factor, shift in ((1, 0), (0.001, 0), (1000, 0), (1, -1000)):
        table = tables["adqs"].copy()
        table.loc[6, "AVAL"] = 5000.0
        table[["AVAL", "BASE"]] = table[["AVAL", "BASE"]] * factor + shift
        table["CHG"] = table["AVAL"] - table["BASE"]
        [concern] = concerns(tmp_path, tables | {"adqs": table})
        assert (concern.rule, concern.row, concern.records) == ("far_value", 8, 1)


def test_an_endpoint_too_small_for_two_decimals(tmp_path, tables):
    table = tables["adqs"].copy()
    table[["AVAL", "BASE", "CHG"]] *= 1e-4
    [concern] = concerns(tmp_path, tables | {"adqs": table})
    assert concern.rule == "small_values"
    assert "two decimals show little; give it in a smaller unit" in concern.message


def test_the_unit_of_time_is_held_against_the_days(tmp_path, tables):
    for unit, odd in (("week", False), ("day", True), ("month", True)):
        found = concerns(tmp_path, tables, CONFIG | {"time": {"unit": unit, "baseline": 0}})
        assert [c.rule for c in found] == ["unit_of_time"] * 2 * odd


def test_the_unit_of_times_is_held_against_their_dates(tmp_path, tables):
    event = CONFIG["time_to_event"][0] | {"unit": "day"}
    [concern] = concerns(tmp_path, tables, CONFIG | {"time_to_event": [event]})
    assert "30.4 days" in concern.message


def test_a_visit_that_is_none(tmp_path, tables):
    last = tables["adqs"].query("AVISITN == 12").assign(AVISITN=99)
    table = pd.concat([tables["adqs"], last])
    [concern] = concerns(tmp_path, tables | {"adqs": table})
    assert concern.rule == "order_of_visits"
    assert "`records` of adqs" in concern.message


def test_derived_records_have_no_window(tmp_path, tables):
    table = tables["adqs"].assign(DTYPE="")
    table.loc[5, ["ADY", "DTYPE"]] = [57, "LOCF"]
    table["ADT"] = tables["adqs"]["ADT"]
    assert concerns(tmp_path, tables | {"adqs": table}) == []


def test_second_records_that_are_left_out_are_counted(tmp_path, tables):
    table = pd.concat([tables["adqs"].assign(ANL01FL="Y"), tables["adqs"].head(4)])
    datasets = CONFIG["datasets"] | {"adqs": {"file": "adqs.csv", "records": 'ANL01FL == "Y"'}}
    [concern] = concerns(tmp_path, tables | {"adqs": table}, CONFIG | {"datasets": datasets})
    assert concern.rule == "left_out"
    assert "leaves out 4 of 164 rows, 4 of them" in concern.message


OPTIONAL = {
    "adsl": ["AGE", "TRT01A", "RANDDT", "TRTSDT", "TRTEDT", "DTHFL", "DTHDT", "PARAMCD", "AVAL"],
    "adqs": ["ADY", "ADT", "ABLFL", "DTYPE", "BASETYPE", "AVALU", "PARAM", "CNSR"],
    "adlb": ["ADY", "ADT", "ABLFL", "DTYPE", "BASETYPE", "AVALU", "PARAM"],
    "adae": ["ASTDT", "AENDT", "AENDY", "ADT", "PARAMCD", "AVAL", "AVISITN", "BASE", "ADY"],
    "adtte": ["STARTDT", "ADT", "AVISITN", "BASE", "ADY"],
}


@pytest.mark.parametrize("value", ["x", "", 1.5, -(10**9), "2020-01-01", "TRUE"])
def test_whatever_columns_hold_that_no_rule_speaks_of(tmp_path, tables, value):
    odd = {name: tables[name].assign(**dict.fromkeys(OPTIONAL[name], value)) for name in tables}
    assert isinstance(concerns(tmp_path, odd), list)
    config = {key: block for key, block in CONFIG.items() if key != "adverse_events"}
    odd["adae"] = odd["adae"].assign(ASTDY="x")
    assert isinstance(concerns(tmp_path, odd, config), list)


def test_many_odd_rows_are_one_concern(tmp_path, tables):
    table = tables["adae"].assign(AENDT=on(9))
    [concern] = concerns(tmp_path, tables | {"adae": table})
    assert (concern.records, concern.subjects, len(concern.examples)) == (N, N, 3)
    assert str(concern).endswith("[40 subjects: S00, S01, S02, ...]")


def test_a_study_with_problems_has_no_concerns(tmp_path, tables):
    found = examine(tmp_path)
    assert found.problems
    assert find_concerns(found) == []


def test_the_words_of_a_concern():
    concern = Concern("age", "adsl.csv", "too old", "AGE", 3, "180", 4, 2, ("S1", "S2"))
    assert str(concern) == (
        "adsl.csv, row 3, AGE: too old (found '180') [4 records of 2 subjects: S1, S2]"
    )


def test_the_twins_are_no_alarm():
    for name in ("oh2018", "oh2018-no-effect"):
        assert find_concerns(examine(f"data/{name}")) == []
