"""The default study: its printed figures, its consistency, and that it can be made again."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from lifelines.statistics import logrank_test

from alsutils.stats.patients import Scenario
from alsutils.study.calibrate import twin_targets
from alsutils.study.config import StudyConfig
from alsutils.study.loading import load_study
from alsutils.study.simulate import simulate_study, simulate_twin

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "data" / "oh2018"
FOLDERS = (FOLDER, ROOT / "data" / "oh2018-no-effect")
REFERENCE = ROOT / "tests" / "reference" / "oh2018_published.yml"
TABLES = ("adsl", "adqs", "adre", "adae", "adlb", "adtte")
ARMS = {"msc": "MSC", "control": "RIL"}
ROWS = {
    "alsfrs_r_change_4": ("adqs", "ALSFRSR", 4, "CHG"),
    "alsfrs_r_change_6": ("adqs", "ALSFRSR", 6, "CHG"),
    "alsfrs_r_slope_change_4": ("adqs", "FRSSLC", 4, "AVAL"),
    "alsfrs_r_slope_change_6": ("adqs", "FRSSLC", 6, "AVAL"),
    "aals_change_4": ("adqs", "AALS", 4, "CHG"),
    "aals_slope_change_4": ("adqs", "AALSSLC", 4, "AVAL"),
    "fvc_change_4": ("adre", "FVC", 4, "CHG"),
    "fvc_slope_change_4": ("adre", "FVCSLC", 4, "AVAL"),
    "sf36_change_4": ("adqs", "SF36", 4, "CHG"),
}
EVENTS = {
    "back_pain": "Back pain",
    "pyrexia": "Pyrexia",
    "headache": "Headache",
    "injection_site_pain": "Injection site pain",
    "nausea": "Nausea",
    "constipation": "Constipation",
    "upper_respiratory_tract_infection": "Upper respiratory tract infection",
    "fall": "Fall",
    "dyspnoea": "Dyspnoea",
}
# Tables carry four decimals.
ROUNDED = 1e-4
CORRELATION = 0.01
DAYS_TO_MONTH_6 = 190


def _read(folder: Path) -> dict[str, pd.DataFrame]:
    return {
        name: pd.read_csv(folder / f"{name}.csv", dtype={"SUBJID": str, "AVALC": str})
        for name in TABLES
    }


@pytest.fixture(scope="module")
def reference() -> dict:
    return yaml.safe_load(REFERENCE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def tables(request) -> dict[str, pd.DataFrame]:
    """The committed tables of each world, each with the arm of ADSL."""
    found = _read(request.param)
    arm = found["adsl"].set_index("USUBJID")["TRT01P"]
    return {name: table.assign(ARM=table["USUBJID"].map(arm)) for name, table in found.items()}


@pytest.fixture(scope="module")
def simulated(tmp_path_factory) -> dict[str, pd.DataFrame]:
    """An uncalibrated trial of three arms, as it is read back."""
    scenario = Scenario(
        arms=("PBO", "LOW", "HIGH"),
        n_per_arm=(40, 50, 60),
        slope_effect=(0.0, 0.2, 0.4),
        dropout_per_month=0.08,
        survival_median=9.0,
    )
    folder = tmp_path_factory.mktemp("simulated")
    simulate_study(scenario, seed=5).write(folder)
    return _read(folder)


@pytest.fixture(scope="module", params=["twin", "simulated"])
def either(request, tables, simulated) -> dict[str, pd.DataFrame]:
    return tables if request.param == "twin" else simulated


def _wide(table: pd.DataFrame, index, columns, values) -> pd.DataFrame:
    """Widen a table; unlike pivot_table this fails on a second record."""
    return table.pivot(index=index, columns=columns, values=values)  # noqa: PD010


def _values(tables, arm, row):
    dataset, code, visit, column = ROWS[row]
    table = tables[dataset]
    kept = (table["PARAMCD"] == code) & (table["AVISITN"] == visit) & (table["ARM"] == arm)
    return table.loc[kept, column].dropna()


@pytest.mark.parametrize("world", FOLDERS, ids=lambda folder: folder.name)
def test_study_loads(world):
    study = load_study(world)
    assert set(study.tables) == set(TABLES)


@pytest.mark.parametrize(
    "world",
    [
        FOLDER,
        *(pytest.param(other, marks=pytest.mark.long) for other in FOLDERS if other != FOLDER),
    ],
    ids=lambda folder: folder.name,
)
def test_made_again_byte_for_byte(tmp_path, world):
    simulate_twin(world / "study.yml").write(tmp_path)
    for name in (*TABLES, "truth"):
        made, committed = (folder / f"{name}.csv" for folder in (tmp_path, world))
        assert made.read_bytes() == committed.read_bytes(), name
        assert b"\r" not in made.read_bytes()


def test_another_seed_is_another_twin_with_the_same_figures(tmp_path, reference):
    simulate_twin(FOLDER / "study.yml", seed=2).write(tmp_path)
    assert (tmp_path / "adqs.csv").read_bytes() != (FOLDER / "adqs.csv").read_bytes()
    other = _read(tmp_path)
    arm = other["adsl"].set_index("USUBJID")["TRT01P"]
    other = {name: table.assign(ARM=table["USUBJID"].map(arm)) for name, table in other.items()}
    for row in ROWS:
        for key, value in ARMS.items():
            _check_cell(_values(other, value, row), reference["table_3"][row][key])


def _check_cell(values, cell):
    n, mean, sd = cell
    assert len(values) == n
    assert f"{values.mean():.2f}" == f"{mean:.2f}"
    assert f"{values.std():.2f}" == f"{sd:.2f}"


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("arm", ARMS)
def test_cells_print_as_published(tables, reference, row, arm):
    _check_cell(_values(tables, ARMS[arm], row), reference["table_3"][row][arm])


@pytest.mark.parametrize("cell", ["msc_4", "control_4", "msc_6", "control_6"])
def test_primary_cells_are_the_only_whole_number_solutions(tables, reference, cell):
    arm, visit = cell.split("_")
    values = _values(tables, ARMS[arm], f"alsfrs_r_change_{visit}")
    wanted = reference["derived"]["integer_solutions"][cell]
    assert len(values) == wanted["n"]
    assert values.sum() == wanted["sum"]
    assert (values**2).sum() == wanted["sum_of_squares"]


@pytest.mark.parametrize("visit", [4, 6])
@pytest.mark.parametrize("level", ["below_50", "at_least_50", "at_least_75", "at_least_100"])
@pytest.mark.parametrize(("arm", "n"), [("msc", 32), ("control", 27)])
def test_responders_are_as_published(tables, reference, visit, level, arm, n):
    table = tables["adqs"]
    kept = (table["PARAMCD"] == "FRSIMP") & (table["AVISITN"] == visit)
    values = table.loc[kept & (table["ARM"] == ARMS[arm]), "AVAL"]
    side, threshold = level.rsplit("_", 1)
    found = (values < 50) if side == "below" else (values >= float(threshold))
    assert len(values) == n
    assert found.sum() == reference["table_3"][f"responders_{visit}"][level][arm]


def test_patients_are_as_published(tables, reference):
    adsl, design = tables["adsl"], reference["design"]
    assert len(adsl) == design["consented"]
    assert adsl["TRT01P"].isna().sum() == design["screen_failures"]
    failed = adsl[adsl["TRT01P"].isna()]
    assert (failed["DCSREAS"] == "Screen failure").all()
    assert (failed["RANDFL"] == "N").all()
    for arm, value in ARMS.items():
        assert (adsl["TRT01P"] == value).sum() == design["randomised"][arm]
    assert adsl["RANDDT"].min() == str(design["period"]["first_enrolled"])
    assert adsl["RANDDT"].max() == str(design["period"]["last_enrolled"])
    assert adsl.groupby("TRT01P")["EFFFL"].value_counts()[:, "Y"].to_dict() == {
        "MSC": 32,
        "RIL": 27,
    }


def test_adverse_events_are_as_set(tables, reference):
    wanted = reference["simulation_settings"]["patients_with_event"]
    emergent = tables["adae"][tables["adae"]["TRTEMFL"] == "Y"]
    for key, term in EVENTS.items():
        patients = emergent[emergent["AEDECOD"] == term].groupby("ARM")["USUBJID"].nunique()
        found = [int(patients.get(arm, 0)) for arm in ("MSC", "RIL")]
        assert found == wanted[key], term
    serious = emergent[emergent["AESER"] == "Y"]
    patients = serious.groupby("ARM")["USUBJID"].nunique()
    assert [patients["MSC"], patients["RIL"]] == wanted["serious"]
    assert (serious["AEREL"] == "NOT RELATED").all()


def test_deaths_by_month_6_are_as_set(tables, reference):
    wanted = reference["simulation_settings"]["patients_with_event"]["death_by_month_6"]
    adsl = tables["adsl"]
    day = (pd.to_datetime(adsl["DTHDT"]) - pd.to_datetime(adsl["TRTSDT"])).dt.days
    died = adsl[day <= DAYS_TO_MONTH_6]
    assert [(died["ARM"] == arm).sum() for arm in ("MSC", "RIL")] == wanted
    fatal = tables["adae"].loc[tables["adae"]["AESDTH"] == "Y", "USUBJID"]
    assert (
        set(fatal) == set(died["USUBJID"]) == set(adsl.loc[adsl["DCSREAS"] == "Death", "USUBJID"])
    )


def test_changes_at_months_4_and_6_correlate_as_set(tables, reference):
    wanted = reference["simulation_settings"]["correlation_change_4_with_6"]
    total = tables["adqs"][tables["adqs"]["PARAMCD"] == "ALSFRSR"]
    for _, rows in total.groupby("ARM"):
        change = _wide(rows, "USUBJID", "AVISITN", "CHG")[[4, 6]].dropna()
        assert change[4].corr(change[6]) == pytest.approx(wanted, abs=CORRELATION)


def test_carried_forward_records_are_marked(tables):
    adqs = tables["adqs"]
    carried = adqs[adqs["DTYPE"] == "LOCF"]
    assert carried.groupby(["ARM", "PARAMCD"]).size().to_dict() == {
        ("MSC", "FRSIMP"): 1,
        ("MSC", "FRSSLC"): 1,
        ("RIL", "FRSIMP"): 2,
    }
    assert (carried["AVISITN"] == 6).all()
    score_6 = adqs[(adqs["PARAMCD"] == "ALSFRSR") & (adqs["AVISITN"] == 6)]
    assert not set(carried["USUBJID"]) & set(score_6["USUBJID"])
    value = adqs.set_index(["USUBJID", "PARAMCD", "AVISITN"])["AVAL"]
    for record in carried.itertuples():
        assert value[record.USUBJID, record.PARAMCD, 4] == record.AVAL


def test_survival_does_not_differ_between_arms(tables):
    tfs = tables["adtte"][tables["adtte"]["PARAMCD"] == "TFS"]
    msc, control = (tfs[tfs["ARM"] == arm] for arm in ("MSC", "RIL"))
    test = logrank_test(msc["AVAL"], control["AVAL"], msc["CNSR"] == 0, control["CNSR"] == 0)
    assert test.p_value > 0.05


def test_cytokines_move_as_published(tables):
    """TGF-beta1 rises, MCP-1 falls, and in good responders the two changes are opposed."""
    adlb, adqs = tables["adlb"], tables["adqs"]
    log = adlb.assign(LOG=np.log(adlb["AVAL"]))
    wide = _wide(log, "USUBJID", ["PARAMCD", "AVISITN"], "LOG")
    change = pd.DataFrame({code: wide[code][4] - wide[code][0] for code in ("TGFB1", "MCP1")})
    change = change.dropna().join(tables["adsl"].set_index("USUBJID")["ARM"])
    means = change.groupby("ARM").mean()
    assert means.loc["MSC", "TGFB1"] > means.loc["RIL", "TGFB1"]
    assert means.loc["MSC", "MCP1"] < means.loc["RIL", "MCP1"]
    improved = adqs[(adqs["PARAMCD"] == "FRSIMP") & (adqs["AVISITN"] == 4) & (adqs["AVAL"] >= 50)]
    good = change[(change["ARM"] == "MSC") & change.index.isin(improved["USUBJID"])]
    # Concentrations are rounded to a tenth.
    assert good["TGFB1"].corr(good["MCP1"]) == pytest.approx(-0.5, abs=0.01)
    assert good["TGFB1"].corr(good["MCP1"], method="spearman") == pytest.approx(-0.5, abs=0.05)


def test_items_add_up(either):
    adqs = either["adqs"]
    wide = _wide(adqs[adqs["DTYPE"].isna()], ["USUBJID", "AVISITN"], "PARAMCD", "AVAL")
    items = [f"FRS{number:02d}" for number in range(1, 13)]
    assert wide[items].isin([0, 1, 2, 3, 4]).all(axis=None)
    assert (wide[items].sum(axis=1) == wide["ALSFRSR"]).all()
    for start, domain in enumerate(["FRSBULB", "FRSFINE", "FRSGROS", "FRSRESP"]):
        assert (wide[items[3 * start : 3 * start + 3]].sum(axis=1) == wide[domain]).all()


def test_changes_and_slopes_follow_from_the_scores(either):
    for name in ("adqs", "adre", "adlb"):
        table = either[name]
        difference = (table["AVAL"] - table["BASE"] - table["CHG"]).dropna()
        assert len(difference)
        assert difference.abs().max() < ROUNDED
        baseline = table[table["ABLFL"] == "Y"]
        assert (baseline["AVISITN"] == 0).all()
        assert (baseline["AVAL"].dropna() == baseline["BASE"].dropna()).all()
    adqs = either["adqs"]
    observed = _wide(adqs[adqs["DTYPE"].isna()], "USUBJID", ["PARAMCD", "AVISITN"], "AVAL")
    score = observed["ALSFRSR"]
    lead_in = pd.Series(
        np.polyfit([-3, -2, -1, 0], score[[-3, -2, -1, 0]].T, 1)[0], index=score.index
    )
    for visit in (4, 6):
        post = (score[visit] - score[0]) / visit
        wanted = pd.concat([post - lead_in, observed["FRSSLC"][visit]], axis=1).dropna()
        assert (wanted[0] - wanted[visit]).abs().max() < ROUNDED
        assert wanted.notna().all(axis=None)
        declining = lead_in < -1e-9
        share = (100 * (1 - post / lead_in))[declining]
        both = pd.concat([share, observed["FRSIMP"][visit]], axis=1, join="inner").dropna()
        assert (both[0] - both[visit]).abs().max() < ROUNDED
    aals = observed["AALS"]
    slope = (aals[4] - aals[0]) / 4 - (aals[0] - aals[-3]) / 3
    assert (slope - observed["AALSSLC"][4]).abs().max() < ROUNDED


def test_scores_are_on_their_scales(either):
    limits = {"ALSFRSR": (0, 48), "AALS": (30, 164), "SF36": (0, 100), "FVC": (10, 200)}
    values = pd.concat([either["adqs"], either["adre"]]).groupby("PARAMCD")["AVAL"]
    for code, (low, high) in limits.items():
        assert low <= values.min()[code]
        assert values.max()[code] <= high
    assert (either["adqs"].query("PARAMCD == 'AALS'")["AVAL"] % 1 == 0).all()


def test_nothing_happens_after_death_or_leaving(either):
    adsl = either["adsl"].set_index("USUBJID")
    died = (pd.to_datetime(adsl["DTHDT"]) - pd.to_datetime(adsl["TRTSDT"])).dt.days + 1
    last = np.minimum(died.fillna(np.inf), adsl["EOSDY"])
    for name, column in (("adqs", "ADY"), ("adre", "ADY"), ("adlb", "ADY"), ("adae", "ASTDY")):
        table = either[name]
        assert (table[column] <= table["USUBJID"].map(last)).all(), name
        assert (table[column] != 0).all(), name
    ae = either["adae"]
    assert (ae["AENDY"].dropna() >= ae.loc[ae["AENDY"].notna(), "ASTDY"]).all()
    assert ((ae["ASTDY"] > 0) == (ae["TRTEMFL"] == "Y")).all()


def test_times_agree_with_the_subjects(either):
    adsl = either["adsl"].set_index("USUBJID")
    randomised = adsl.index[adsl["RANDFL"] == "Y"]
    for code in ("TFS", "OS"):
        rows = either["adtte"][either["adtte"]["PARAMCD"] == code].set_index("USUBJID")
        assert set(rows.index) == set(randomised)
        days = (pd.to_datetime(rows["ADT"]) - pd.to_datetime(rows["STARTDT"])).dt.days
        assert (days / 30.4375 - rows["AVAL"]).abs().max() < 0.0051
        assert (rows["AVAL"] > 0).all()
        assert rows["STARTDT"].equals(adsl.loc[rows.index, "RANDDT"].rename("STARTDT"))
    wide = _wide(either["adtte"], "USUBJID", "PARAMCD", ["AVAL", "CNSR"])
    assert (wide["AVAL"]["TFS"] <= wide["AVAL"]["OS"]).all()
    died = adsl.loc[randomised, "DTHFL"] == "Y"
    assert ((wide["CNSR"]["OS"] == 0) == died.reindex(wide.index)).all()
    last = either["adtte"].query("PARAMCD == 'OS'").set_index("USUBJID")["ADT"]
    assert (last == adsl.loc[last.index, "LSTALVDT"]).all()


def test_calendar_is_in_order(either):
    adsl = either["adsl"].query("RANDFL == 'Y'")
    dates = [pd.to_datetime(adsl[c]) for c in ("RFICDT", "RANDDT", "TRTSDT", "LSTALVDT")]
    for earlier, later in pairwise(dates):
        assert (earlier <= later).all()
    assert either["adsl"]["USUBJID"].is_unique
    assert either["adsl"]["USUBJID"].is_monotonic_increasing


def test_values_below_the_limit_are_not_shown(either):
    adlb = either["adlb"]
    below = adlb["AVALC"].str.startswith("<")
    assert below.any()
    assert adlb["AVAL"].isna().equals(below)
    assert (adlb.loc[below, "AVALC"].str[1:].astype(float) == adlb.loc[below, "LBLLOQ"]).all()
    seen = adlb[~below]
    assert (seen["AVAL"] >= seen["LBLLOQ"]).all()
    assert np.allclose(seen["AVALC"].astype(float), seen["AVAL"])


def test_simulated_study_has_the_twin_s_tables(tables, simulated):
    for name in TABLES:
        wanted = [column for column in tables[name] if column != "ARM"]
        assert list(simulated[name]) == wanted, name
    sizes = simulated["adsl"]["TRT01P"].value_counts()
    assert sizes.to_dict() == {"PBO": 40, "LOW": 50, "HIGH": 60}
    assert set(simulated["adsl"]["DCSREAS"].dropna()) == {
        "Death",
        "Withdrawal by subject",
        "Lost to follow-up",
        "Screen failure",
    }


def test_simulated_study_is_made_again_byte_for_byte(tmp_path):
    for folder in ("one", "two"):
        simulate_study(Scenario(n_per_arm=(6, 6)), seed=3).write(tmp_path / folder)
    for name in TABLES:
        one, two = (tmp_path / folder / f"{name}.csv" for folder in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_missing_visits_are_refused():
    with pytest.raises(ValueError, match="visit at month 4"):
        simulate_study(Scenario(months=(-3, 0, 1, 6)), seed=1)


def _config(change=None) -> StudyConfig:
    content = yaml.safe_load((FOLDER / "study.yml").read_text(encoding="utf-8"))
    if change:
        change(content)
    return StudyConfig.model_validate_json(json.dumps(content, default=str))


def test_targets_need_their_printed_rows():
    with pytest.raises(ValueError, match="no `published` block"):
        twin_targets(_config(lambda content: content.pop("published")))
    with pytest.raises(ValueError, match="ALSFRSR at month 4, ALSFRSR at month 6"):
        twin_targets(
            _config(lambda c: c["published"].update(comparisons=c["published"]["comparisons"][2:]))
        )
    with pytest.raises(ValueError, match="at least 75 % at month 4"):
        twin_targets(_config(lambda c: c["published"]["responders"].pop(2)))


def test_settings_are_needed_beside_the_study(tmp_path):
    (tmp_path / "study.yml").write_bytes((FOLDER / "study.yml").read_bytes())
    with pytest.raises(ValueError, match=r"needs simulation\.yml beside"):
        simulate_twin(tmp_path / "study.yml")
    (tmp_path / "simulation.yml").write_text("design: {}\nshape: {}\n")
    with pytest.raises(ValueError, match="'enrolled' is missing"):
        simulate_twin(tmp_path / "study.yml")
