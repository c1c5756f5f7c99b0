"""The trial in a world without effect: the same print, the same people, another truth."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from alsutils.study import StudyError, load_study
from alsutils.study.simulate import simulate_twin
from alsutils.study.world import counterpart_folder, latent_truth

ROOT = Path(__file__).parents[2]
HERE, THERE = ROOT / "data" / "oh2018", ROOT / "data" / "oh2018-no-effect"
# Whole-number scores of some thirty patients: a mean cannot be set nearer than half a point in all.
WHOLE = 0.5 / 28
MOST_BYTES = 2_000_000


def _changes(folder):
    """Change from baseline of the blind and the sham score, with the arm."""
    truth = pd.read_csv(folder / "truth.csv")
    adsl = pd.read_csv(folder / "adsl.csv").set_index("USUBJID")
    base = truth["USUBJID"].map(adsl["FRSBL"])
    return truth.assign(
        BLINDED=truth["BLINDED"] - base,
        SHAM=truth["SHAM"] - base,
        ARM=truth["USUBJID"].map(adsl["TRT01P"]),
    )


@pytest.mark.parametrize("name", ["adsl", "adre", "adae", "adlb", "adtte"])
def test_what_nobody_rates_is_the_same_in_both(name):
    assert (HERE / f"{name}.csv").read_bytes() == (THERE / f"{name}.csv").read_bytes()


def test_ratings_differ_only_after_baseline_and_only_in_the_endpoint():
    keys = ["USUBJID", "PARAMCD", "AVISITN"]
    both = [pd.read_csv(folder / "adqs.csv").set_index(keys)["AVAL"] for folder in (HERE, THERE)]
    assert both[0].index.equals(both[1].index)
    differs = both[0].index[both[0] != both[1]].to_frame()
    assert len(differs)
    total = differs[differs["PARAMCD"] == "ALSFRSR"]
    assert (total["AVISITN"] > 0).all()
    assert differs["PARAMCD"].str.match("FRS|ALSFRSR$").all()


def test_the_truth_is_alike_in_both_arms_only_without_effect():
    for visit in (1, 2, 4, 6):
        rows = (
            _changes(THERE).loc[lambda t, v=visit: t["AVISITN"] == v].groupby("ARM")["SHAM"].mean()
        )
        assert rows["MSC"] == pytest.approx(rows["RIL"], abs=2 * WHOLE)
    rows = _changes(HERE).query("AVISITN == 6").groupby("ARM")["SHAM"].mean()
    assert rows["MSC"] - rows["RIL"] > 3


def test_a_blinded_rater_sees_the_effort_and_a_sham_does_not():
    rows = _changes(THERE).query("AVISITN == 6").groupby("ARM")[["BLINDED", "SHAM"]].mean()
    gap = rows.loc["MSC"] - rows.loc["RIL"]
    assert 0.5 < gap["BLINDED"] < 1.7  # about a third of the printed difference
    assert abs(gap["SHAM"]) < 2 * WHOLE
    same = pd.read_csv(HERE / "truth.csv")
    assert same["BLINDED"].equals(same["SHAM"])


def test_truth_of_the_twin_is_its_score():
    adqs = pd.read_csv(HERE / "adqs.csv")
    score = adqs[adqs["PARAMCD"] == "ALSFRSR"].set_index(["USUBJID", "AVISITN"])["AVAL"]
    truth = pd.read_csv(HERE / "truth.csv").set_index(["USUBJID", "AVISITN"])["SHAM"]
    assert truth.reindex(score.index).equals(score.astype(truth.dtype).rename("SHAM"))
    assert len(truth) > len(score)  # those who left alive have a truth as well


def test_nobody_has_a_truth_after_death_or_off_the_scale():
    adsl = pd.read_csv(THERE / "adsl.csv").set_index("USUBJID")
    truth = pd.read_csv(THERE / "truth.csv")
    assert truth[["BLINDED", "SHAM"]].isin(range(49)).all(axis=None)
    days = (pd.to_datetime(adsl["DTHDT"]) - pd.to_datetime(adsl["TRTSDT"])).dt.days
    lived = truth["USUBJID"].map(days).fillna(1e9)
    assert (truth["AVISITN"] * 30.4375 - 3.5 < lived).all()


def test_the_two_studies_say_the_same_of_the_design():
    here, there = (load_study(folder).config.model_dump() for folder in (HERE, THERE))
    differs = {key for key in here if here[key] != there[key]}
    assert differs == {"title", "short_title", "description", "world"}


def test_the_tables_stay_small():
    sizes = [p.stat().st_size for p in THERE.glob("*.csv")]
    assert sum(sizes) < MOST_BYTES


def test_each_names_the_other_and_both_have_a_truth():
    here, there = load_study(HERE), load_study(THERE)
    assert counterpart_folder(here) == THERE
    assert counterpart_folder(there) == HERE
    assert set(latent_truth(there)["USUBJID"]) <= set(there.subjects()["USUBJID"])


def test_a_copied_study_without_its_counterpart_still_loads(tmp_path):
    shutil.copytree(HERE, tmp_path / "copy")
    (tmp_path / "copy" / "truth.csv").unlink()
    study = load_study(tmp_path / "copy")
    assert counterpart_folder(study) is None
    assert latent_truth(study) is None


@pytest.mark.parametrize("path", ["../../etc", "/etc", "..", "../", "../.git", "other", "../a/b"])
def test_a_counterpart_lies_beside_the_study(tmp_path, path):
    shutil.copytree(HERE, tmp_path / "copy")
    file = tmp_path / "copy" / "study.yml"
    file.write_text(file.read_text("utf-8").replace("../oh2018-no-effect", f'"{path}"'), "utf-8")
    with pytest.raises(StudyError, match="counterpart"):
        load_study(tmp_path / "copy")


def test_a_link_out_of_the_data_folder_is_not_followed(tmp_path):
    shutil.copytree(HERE, tmp_path / "data" / "copy")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data" / "oh2018-no-effect").symlink_to(tmp_path / "elsewhere")
    assert counterpart_folder(load_study(tmp_path / "data" / "copy")) is None


def test_observed_data_have_no_other_world(tmp_path):
    shutil.copytree(HERE, tmp_path / "copy")
    file = tmp_path / "copy" / "study.yml"
    text = file.read_text("utf-8").replace("provenance: synthetic", "provenance: observed")
    file.write_text(
        text.replace("publish_subject_data: true", "publish_subject_data: false"), "utf-8"
    )
    with pytest.raises(StudyError, match="only of invented data"):
        load_study(tmp_path / "copy")


def test_an_open_label_needs_all_its_settings(tmp_path):
    for name in ("study.yml", "simulation.yml"):
        shutil.copy(THERE / name, tmp_path / name)
    file = tmp_path / "simulation.yml"
    text = file.read_text("utf-8")
    for wrong in (text.replace("  effort:", "  efort:"), text.replace("  effort:", "  # effort:")):
        file.write_text(wrong, "utf-8")
        with pytest.raises(ValueError, match="open_label needs decline"):
            simulate_twin(tmp_path / "study.yml")
