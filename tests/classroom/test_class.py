"""A class: trials that differ, keys that are right, and grades that are fair."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given
from hypothesis import strategies as st
from lifelines import CoxPHFitter
from lifelines.statistics import logrank_test
from lifelines.utils import restricted_mean_survival_time
from scipy import stats
from typer.testing import CliRunner

from alsutils import load_study
from alsutils.book.cli import app
from alsutils.classroom import grade_class, set_class
from alsutils.classroom.grading import read_number
from alsutils.classroom.questions import HORIZON
from alsutils.classroom.roster import folder_name, read_roster
from alsutils.classroom.truth import draw_truth
from alsutils.study import ARM, StudyError

DEFAULT = Path(__file__).parents[2] / "data" / "oh2018"
ROSTER = "student,name\nanna,Anna *Ångström*\nBo B.,\n=cmd|x,Mallory\n"
SEED = 7


def write_roster(folder: Path, text: str = ROSTER) -> Path:
    path = folder / "roster.csv"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    set_class(folder / "class", write_roster(folder), seed=SEED, like=DEFAULT, n_per_arm=30)
    return folder / "class"


@pytest.fixture(scope="module")
def key(made):
    return pd.read_csv(made / "teacher" / "key.csv", dtype=str, keep_default_na=False)


def answers(key: pd.DataFrame, folder: str) -> dict[str, str]:
    rows = key[key["folder"] == folder]
    return dict(zip(rows["question"], rows["answer"], strict=True))


def hand_in(made: Path, name: str, given: dict[str, str]) -> None:
    frame = pd.DataFrame({"question": list(given), "answer": list(given.values())})
    frame.to_csv(made / "submissions" / f"{name}.csv", index=False)


# The class as it is set.


def test_each_student_has_a_trial_a_notebook_and_an_empty_answer_file(made, key):
    folders = sorted(p.name for p in (made / "students").iterdir())
    assert folders == ["anna", "bo-b", "cmd-x"]
    for name in folders:
        own = made / "students" / name
        blank = pd.read_csv(own / "answers.csv", dtype=str, keep_default_na=False)
        assert list(blank["question"]) == list(answers(key, name))
        assert (blank["answer"] == "").all()
        assert len(load_study(own).subjects()) == 60
    assert len({(made / "students" / n / "adqs.csv").read_bytes() for n in folders}) == 3


def test_nothing_that_a_student_gets_tells_the_truth_or_an_answer(made, key):
    truths = pd.read_csv(made / "teacher" / "truth.csv", dtype=str)
    for row in truths.to_dict("records"):
        own = made / "students" / row["folder"]
        words = "".join(
            p.read_text("utf-8") for p in own.iterdir() if p.suffix in {".yml", ".ipynb"}
        )
        assert row["seed"] not in words
        figures = [a for a in answers(key, row["folder"]).values() if len(a) > 6]
        assert figures
        assert not [a for a in figures if a in words]
        assert {p.name for p in own.iterdir()} == {
            "adsl.csv", "adqs.csv", "adre.csv", "adae.csv", "adlb.csv", "adtte.csv", "study.yml",
            "handout.ipynb", "answers.csv",
        }  # fmt: skip


def test_the_same_trial_whoever_else_is_in_the_class(made, tmp_path):
    roster = write_roster(tmp_path, "student\nnew\nanna\n")
    set_class(tmp_path / "other", roster, seed=SEED, like=DEFAULT, n_per_arm=30, jobs=2)
    for path in (made / "students" / "anna").iterdir():
        again = tmp_path / "other" / "students" / "anna" / path.name
        if path.suffix == ".csv" or path.name == "study.yml":
            assert again.read_bytes() == path.read_bytes(), path.name


def test_half_of_the_treatments_do_nothing():
    truths = [draw_truth(1, f"s{i}") for i in range(400)]
    nothing = np.mean([t.effect == 0 for t in truths])
    assert abs(nothing - 0.5) < 4 * 0.5 / np.sqrt(400)
    assert all(0.4 <= t.effect <= 1.2 for t in truths if t.effect)


# The key, against other software.


def test_the_key_agrees_with_other_software(made, key):
    study = load_study(made / "students" / "anna")
    found = answers(key, "anna")
    adsl = study.subjects()
    assert int(found["n_treated"]) == (adsl[ARM] == study.treated[0]).sum()
    rows = study.records("ALSFRSR", "efficacy", [6]).dropna(subset=["CHG"])
    on = rows[ARM] == study.treated[0]
    assert int(found["n_missing"]) == len(adsl) - len(rows)
    test = stats.ttest_ind(rows.loc[on, "CHG"], rows.loc[~on, "CHG"])
    means = rows.groupby(ARM, observed=True)["CHG"].mean()
    assert float(found["difference"]) == pytest.approx(
        means[study.treated[0]] - means[study.control]
    )
    interval = test.confidence_interval()
    assert float(found["difference_low"]) == pytest.approx(interval.low)
    assert float(found["difference_high"]) == pytest.approx(interval.high)
    fit = smf.ols("CHG ~ on + BASE", rows.assign(on=on.astype(float))).fit()
    assert float(found["ancova"]) == pytest.approx(fit.params["on"])
    assert float(found["ancova_p"]) == pytest.approx(fit.pvalues["on"])
    assert found["significant"] == ("yes" if fit.pvalues["on"] <= 0.05 else "no")


def test_the_key_of_times_agrees_with_lifelines(made, key):
    study = load_study(made / "students" / "anna")
    found = answers(key, "anna")
    rows = study.times(study.config.time_to_event[0])
    frame = pd.DataFrame(
        {"on": (rows[ARM] == study.treated[0]).astype(float), "t": rows["AVAL"], "e": rows["EVENT"]}
    )
    fit = CoxPHFitter().fit(frame, "t", "e")
    assert float(found["hazard_ratio"]) == pytest.approx(float(np.exp(fit.params_["on"])), rel=1e-4)
    on = frame["on"] == 1
    test = logrank_test(frame["t"][on], frame["t"][~on], frame["e"][on], frame["e"][~on])
    assert float(found["log_rank_p"]) == pytest.approx(test.p_value)
    from lifelines import KaplanMeierFitter

    means = [
        restricted_mean_survival_time(
            KaplanMeierFitter().fit(frame["t"][mask], frame["e"][mask]), t=HORIZON
        )
        for mask in (on, ~on)
    ]
    assert float(found["rmst"]) == pytest.approx(means[0] - means[1])


def test_the_key_of_events_and_markers_agrees_with_scipy_and_statsmodels(made, key):
    study = load_study(made / "students" / "anna")
    found = answers(key, "anna")
    text = key[(key["folder"] == "anna") & (key["question"] == "risk_p")]["text"].item()
    events = study.events()
    term = next(t for t in events["AEDECOD"].unique() if t.lower() in text)
    people = study.subjects("safety")[ARM].value_counts()
    had = events[events["AEDECOD"] == term].drop_duplicates("USUBJID")[ARM].value_counts()
    table = [[had[a], people[a] - had[a]] for a in (study.treated[0], study.control)]
    assert float(found["risk_p"]) == pytest.approx(stats.fisher_exact(table).pvalue)
    shares = [100 * row[0] / sum(row) for row in table]
    assert float(found["risk_difference"]) == pytest.approx(shares[0] - shares[1])
    rows = study.records("MCP1", "safety", [4], dataset="adlb").dropna(subset=["AVAL", "BASE"])
    rows = rows.assign(on=(rows[ARM] == study.treated[0]).astype(float))
    fit = smf.ols("np.log(AVAL) ~ on + np.log(BASE)", rows).fit()
    assert float(found["ratio"]) == pytest.approx(float(np.exp(fit.params["on"])))


# Grades.


def test_the_handout_runs_and_full_marks_are_possible(made, key):
    import nbformat
    from nbclient import NotebookClient

    own = made / "students" / "anna"
    notebook = nbformat.read(own / "handout.ipynb", as_version=4)
    nbformat.validate(notebook)
    right = answers(key, "anna")
    for cell in notebook.cells:
        asked = re.fullmatch(r'answers\["(\w+)"\] = None', cell.source)
        if asked:
            cell.source = cell.source.replace("None", repr(right[asked[1]]))
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(own)}}).execute()
    (own / "answers.csv").rename(made / "submissions" / "anna.csv")
    grades = grade_class(made)
    anna = grades.students.set_index("student").loc["anna"]
    assert anna["handed_in"]
    assert anna["points"] == anna["out_of"] > 10
    assert "of" in (made / "grades" / "feedback" / "anna.md").read_text("utf-8")
    assert not grades.notes


def test_a_common_mistake_is_named(made, key):
    right = answers(key, "bo-b")
    given = {
        "n_treated": "60",
        "difference": str(-float(right["difference"])),
        "ancova_p": str(float(right["ancova_p"]) / 2),
        "mmrm": "nonsense",
        "significant": "maybe",
        "verdict": "no",
        "unheard_of": "1",
    }
    hand_in(made, "Bo B.", given)
    grades = grade_class(made)
    frame = grades.frame[grades.frame["student"] == "Bo B."].set_index("question")
    assert "both arms" in frame.loc["n_treated", "feedback"]
    assert "other way round" in frame.loc["difference", "feedback"]
    assert "one-sided" in frame.loc["ancova_p", "feedback"]
    assert frame.loc["mmrm", "feedback"] == "Not a number."
    assert frame.loc["significant", "feedback"] == "Answer one of yes, no."
    assert frame.loc["verdict", "feedback"].startswith("In truth the treatment does")
    assert frame.loc["ratio", "feedback"] == "No answer."
    assert frame["points"].sum() == 0
    assert grades.notes == ("bo-b.csv: no question is called 'unheard_of'",)


def test_what_is_handed_in_cannot_run_in_a_spreadsheet_and_strangers_are_told(made, key):
    hand_in(
        made,
        "cmd-x",
        {"difference": '=HYPERLINK("http://x")', "n_treated": "-3", "mmrm": "＝1+1\n=2"},
    )
    hand_in(made, "nobody", {"difference": "1"})
    (made / "submissions" / "anna.csv").write_bytes(b"\x00\xff broken")
    grades = grade_class(made)
    text = (made / "grades" / "grades.csv").read_text("utf-8")
    assert "'=HYPERLINK" in text
    assert "'＝1+1 =2" in text
    assert ",-3," in text
    assert "'=cmd|x" in text
    assert any(note.startswith("nobody.csv") for note in grades.notes)
    assert not grades.students.set_index("student").loc["anna", "handed_in"]
    (made / "submissions" / "nobody.csv").unlink()
    (made / "submissions" / "anna.csv").unlink()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("−1,25", ("", -1.25)),
        (" 12.5 %", ("", 12.5)),
        ("<0.001", ("<", 0.001)),
        ("p = .03", ("", 0.03)),
        ("1e-3", ("", 0.001)),
        ("1,234.5", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1 or 2", None),
    ],
)
def test_numbers_as_people_write_them(text, number):
    assert read_number(text) == number


@given(st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: round(v, 3)))
def test_every_number_is_read_back(value):
    assert read_number(f"{value}") == ("", value)
    assert read_number(f"{value:.3f}".replace(".", ",")) == ("", value)


# What is refused.


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name\nanna\n", "column is missing"),
        ("student\n", "nobody in it|no rows"),
        ("student\nanna\nAnna!\n", "row 3, student: is the same as row 2"),
        ("student,name\n***,x\n", "must hold a letter"),
    ],
)
def test_a_roster_that_cannot_be_used_is_refused(tmp_path, text, message):
    with pytest.raises(StudyError, match=message):
        read_roster(write_roster(tmp_path, text))


@given(st.text(max_size=80))
def test_a_folder_name_is_one_that_every_system_takes(identifier):
    name = folder_name(identifier)
    assert re.fullmatch(r"[a-z0-9-]{0,60}", name)
    assert folder_name(name) == name


def test_on_the_command_line(tmp_path):
    runner = CliRunner()
    roster = write_roster(tmp_path, "student\none\n")
    folder = tmp_path / "class"
    set_up = ["class", str(folder), "--students", str(roster), "--seed", "3", "--patients", "20"]
    done = runner.invoke(app, [*set_up, "--jobs", "1", "--like", str(DEFAULT)])
    assert done.exit_code == 0, done.output
    assert runner.invoke(app, [*set_up, "--like", str(DEFAULT)]).exit_code == 2  # not empty
    graded = runner.invoke(app, ["grade", str(folder)])
    assert graded.exit_code == 0, graded.output
    assert "0 of 1 students handed in" in graded.output
    assert runner.invoke(app, ["grade", str(tmp_path)]).exit_code == 2


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("alsutils.classroom.setting.questions", lambda _study: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        set_class(tmp_path / "class", write_roster(tmp_path), seed=1, like=DEFAULT, n_per_arm=20)
    assert [p.name for p in tmp_path.iterdir()] == ["roster.csv"]


def test_the_notebook_is_json_that_names_nobody_else(made):
    notebook = json.loads((made / "students" / "anna" / "handout.ipynb").read_text("utf-8"))
    text = "".join("".join(cell["source"]) for cell in notebook["cells"])
    assert "Anna \\*Ångström\\*" in text
    assert "Mallory" not in text
