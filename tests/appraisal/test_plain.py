"""The plain summary: readable, and true whatever the study."""

import re
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest

from alsutils import appraisal
from alsutils.display.leaflet import Leaflet
from alsutils.study import load_study

ROOT = Path(__file__).parents[2]
MEAN_WORDS, MOST_WORDS, WHOLE, MORE_AN_ARM = 12, 25, 320, 60
JARGON = re.compile(
    r"\b(p-?value|p [<=>]|significan\w*|confidence|interval|endpoint|randomi[sz]\w*|placebo-\w+|"
    r"hazard|odds|ratio|baseline|blind\w*|adverse|efficacy|bias\w*|primary|secondary|cohort|"
    r"statistic\w*|median|regression|hypothesis)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def twin():
    return load_study(ROOT / "data" / "oh2018")


def changed(study, **fields):
    config = study.config.model_copy(update=fields)
    return type(study)(folder=study.folder, config=config, tables=study.tables)


def redesigned(study, **fields):
    return changed(study, design=study.config.design.model_copy(update=fields))


def turned(study, better):
    parameters = dict(study.config.parameters)
    code = study.primary.parameter
    parameters[code] = parameters[code].model_copy(update={"better": better})
    return changed(study, parameters=parameters)


def three_arms(study):
    """Split the treated arm in two by the patients' numbers."""
    tables = dict(study.tables)
    column = study.config.arm_column
    arms = (
        *study.config.arms,
        study.config.arms[1].model_copy(update={"value": "B", "label": "B"}),
    )
    order = pd.CategoricalDtype([a.label for a in arms], ordered=True)
    adsl = tables["adsl"]
    second = (adsl[column] == study.treated[0]) & (adsl["SUBJID"].astype(int) % 2 == 0)
    arm = adsl[column].astype(object).mask(second, "B").astype(order)
    by_subject = pd.Series(arm.array, index=adsl["USUBJID"])
    for role, table in tables.items():
        tables[role] = table.assign(**{column: by_subject.reindex(table["USUBJID"]).array})
    config = study.config.model_copy(update={"arms": arms})
    return type(study)(folder=study.folder, config=config, tables=tables)


def nothing_differs(study):
    adqs = study.tables["adqs"].assign(
        CHG=lambda t: (
            t["CHG"]
            - t.groupby([study.config.arm_column, "PARAMCD", "AVISITN"], observed=True)[
                "CHG"
            ].transform("mean")
        )
    )
    return type(study)(study.folder, study.config, {**study.tables, "adqs": adqs})


def summary(study):
    return appraisal.sentences.plain_summary(study, appraisal.plain_facts(study))


def every_kind(twin):
    return {
        "twin": twin,
        "no effect": load_study(ROOT / "data" / "oh2018-no-effect"),
        "lower is better": turned(twin, "lower"),
        "three arms": three_arms(twin),
        "nothing differs": nothing_differs(twin),
        "double blind": redesigned(twin, masking="double"),
        "bare": changed(
            twin,
            design=None,
            adverse_events=None,
            later_trials=(),
            time_to_event=(),
            published=None,
            primary=twin.primary.model_copy(update={"death": None}),
        ),
    }


def test_sentences_are_short_and_words_are_plain(twin):
    for kind, study in every_kind(twin).items():
        page = summary(study)
        lengths = [len(sentence.split()) for sentence in page.sentences]
        assert sum(lengths) / len(lengths) <= MEAN_WORDS, kind
        assert max(lengths) <= MOST_WORDS, kind
        assert len(page.text.split()) <= WHOLE + MORE_AN_ARM * (len(study.arms) - 2), kind
        body = " ".join(page.sentences)
        assert JARGON.search(body) is None, (kind, JARGON.search(body))
        assert all(re.search(r"[.?!]$", sentence) for sentence in page.sentences)
        # Nothing but whole sentences: none hides another.
        assert not any(re.search(r"[.?!]\s", sentence) for sentence in page.sentences), kind


def test_jargon_would_be_found():
    assert JARGON.search("The primary endpoint was significant (p = 0.01).")


def test_direction_follows_the_endpoint(twin):
    assert "People on MSC + riluzole did better" in summary(twin).text
    assert "People on MSC + riluzole did worse" in summary(turned(twin, "lower")).text


def test_figures_are_those_of_the_main_analysis(twin):
    gaps = appraisal.plain_facts(twin).gaps.iloc[0]
    text = summary(twin).text
    for value in (gaps["gap"], gaps["low"], gaps["high"]):
        assert f"{value:.1f}" in text
    mirrored = appraisal.plain_facts(turned(twin, "lower")).gaps.iloc[0]
    assert mirrored["gap"] == -gaps["gap"]
    assert (mirrored["low"], mirrored["high"]) == (-gaps["high"], -gaps["low"])


def test_no_clear_gap_is_not_called_no_gap(twin):
    text = summary(nothing_differs(twin)).text
    assert "no clear gap between MSC + riluzole and Riluzole" in text
    assert "better by up to" in text
    assert "worse by up to" in text
    assert "riluzole did better" not in text


def test_every_arm_is_told(twin):
    text = summary(three_arms(twin)).text
    assert "People on MSC + riluzole" in text or "between MSC + riluzole" in text
    assert "People on B" in text or "between B and Riluzole" in text
    assert appraisal.plain_facts(three_arms(twin)).same_before is not None


def test_what_is_known_of_the_design_is_told(twin):
    assert "Everyone knew" in summary(twin).text
    assert "No one was told" in summary(redesigned(twin, masking="double")).text
    bare = summary(every_kind(twin)["bare"]).text
    assert "We do not know who was told" in bare
    for gone in ("serious", "died", "A later trial"):
        assert gone not in bare


def test_invented_people_are_called_so(twin):
    assert "made up" in summary(twin).text
    observed = changed(twin, provenance="observed", world=None, publish_subject_data=False)
    assert "made up" not in summary(observed).text


def test_counts_are_those_of_the_data(twin):
    facts = appraisal.plain_facts(twin)
    assert facts.sizes == {"Riluzole": 31, "MSC + riluzole": 33}
    assert facts.missing == 8
    assert facts.serious == {"Riluzole": (6, 31), "MSC + riluzole": (3, 33)}
    died = twin.subjects().groupby("ARM", observed=True)["DTHFL"].apply(lambda f: (f == "Y").sum())
    assert {arm: hit for arm, (hit, _) in facts.deaths.items()} == died.to_dict()


def test_the_page_can_be_taken_along(twin):
    page = summary(twin)
    link = re.search(r'href="data:text/plain;charset=utf-8,([^"]*)"', page.to_html()).group(1)
    assert unquote(link) == page.text
    safe = Leaflet("<i>", (("Why?", ("<b>.",)),)).to_html()
    assert "<b>" not in safe
    assert "<i>" not in safe
