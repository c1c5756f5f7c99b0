"""What the solutions of the exercises say in words is what their code comes to."""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from alsutils.book.chapters import Page, read_notebook

FOLDER = Path(__file__).parents[2] / "chapters" / "exercises"
PAGES = {path.stem.partition("_")[0]: path for path in sorted(FOLDER.glob("*.py"))}
FENCE = re.compile(r"^```\{solution-(start|end)\} ?(\S*)", re.MULTILINE)


@dataclass
class Solution:
    """The words of a solution, and what each of its cells ends in."""

    words: str
    shown: list[Any]


@cache
def solutions(page: str) -> dict[str, Solution]:
    path = PAGES[page]
    names: dict[str, Any] = {}
    found: dict[str, Solution] = {}
    label = ""
    for cell in read_notebook(Page(path.stem, path)).cells:
        if cell.cell_type == "markdown":
            for part in re.split(r"(?=^```\{solution)", cell.source, flags=re.MULTILINE):
                if fence := FENCE.match(part):
                    label = fence[2]
                    if label:
                        found[label] = Solution("", [])
                        part = part[fence.end() :]
                if label:
                    found[label].words += part
        elif cell.cell_type == "code":
            *steps, last = ast.parse(cell.source).body
            exec(compile(ast.Module(steps, []), path.name, "exec"), names)
            value = eval(compile(ast.Expression(last.value), path.name, "eval"), names)
            if label:
                found[label].shown.append(value)
    return found


def one(frame):
    """Give a frame of one column as a dict by its rows' names."""
    return frame.iloc[:, 0].to_dict()


def ends(row):
    return row["conf_low"], row["conf_high"]


def holds(row, value):
    low, high = ends(row)
    return low < value < high


def _half(s):
    size = one(s[0])
    steps = [size[n // 2] / size[n] for n in (120, 60, 30)]
    return all(1.41 < step < 1.46 for step in steps) and steps == sorted(steps)


def _baseline(s):
    n = one(s[0])
    never_worse = all(n["ANCOVA", r] < min(n["values", 0.7], n["changes", r]) for r in (0.7, 0.4))
    return never_worse and n["changes", 0.4] > n["values", 0.7] > n["changes", 0.7]


def _late(s):
    frame = s[0][s[0]["look"] == 2]["upper"]
    return frame["late"] < frame["as planned"]


def _chain(s):
    got = s[0]
    return (
        abs(got["total"]) < 0.1
        and got["through"] > 0.2
        and abs(got.sum() - 2 * got["total"]) < 0.02
    )


def _locf(s):
    carried, visits = s[0].iloc[0], s[1]
    return ends(carried)[0] > 0 and all(holds(row, 0) for _, row in visits.iterrows())


def _ties(s):
    by = s[0].loc[["1 points", "4 points", "12 points"]]
    return by["win_ratio"].is_monotonic_increasing and by["win_odds"].is_monotonic_decreasing


def _several(s):
    rate = s[0]
    return (
        abs(rate.loc["apart", "no adjustment"] - (1 - 0.95**4)) < 0.01
        and rate.loc["together", "Bonferroni"] < rate.loc["apart", "Bonferroni"] - 0.01
    )


def _immortal(s):
    wrong, *right = (row for _, row in s[0].iterrows())
    return ends(wrong)[1] < 0.5 and all(holds(row, 1) for row in right)


def _copies(s):
    row = s[0].iloc[0]
    return abs(row["holm"] - 12 * row["p_value"]) < 1e-3 and row["p_max_t"] == row["p_value"]


def _tobit(s):
    made, right = s[0].loc["substitution"], s[0].loc["tobit"]
    width = [ends(row)[1] - ends(row)[0] for row in (made, right)]
    return right["estimate"] < made["estimate"] < 1 and width[0] < width[1] and holds(right, 0.6)


def _printed(s):
    first, last = s[0].columns[1:]
    return (s[0][first] <= s[0][last]).all()


def _prior(s):
    got = one(s[0])
    return 0.5 < got[0.25] < 1.75 < got[1] and abs(got[4] - 3) < 0.2


CLAIMS: list[tuple[str, str, Callable[[list[Any]], Any]]] = [
    ("design-half", "a little more than the square root of two", _half),
    ("design-guess", "The larger the block, the less it gives away", lambda s: (
        one(s[0])[2] > one(s[0])[4] > one(s[0])[8] > one(s[0])[64])),
    ("design-guess", "a little better than a\ncoin", lambda s: 0.52 < one(s[0])[64] < 0.6),
    ("design-balance", "nearly sure to be somewhere", lambda s: s[0]["above 0.25"] > 0.95),
    ("design-baseline", "At a correlation of 0.4 the change is worse", _baseline),
    ("design-time", "more than a third of the patients", lambda s: (
        1 / 3 < 1 - one(s[0])[36] / one(s[0])[12] < 0.45)),
    ("design-assurance", "down from a power above it", lambda s: (
        0.5 < one(s[0])["assurance"] < one(s[0])["power: the truth is 2"] - 0.03)),
    ("design-late", "the boundary is lower", _late),
    ("safety-nothing", "the exact limit asks for one fewer", lambda s: (
        one(s[0])[299] <= 0.01 and s[0].loc[299].item() < 0.01)),
    ("safety-measures", "The difference of 20 percentage points", lambda s: (
        s[0].loc["estimate"].item() == 0.2)),
    ("safety-measures", "The ratio of 3", lambda s: s[0].loc["ratio"].item() == 3),
    ("safety-measures", "further from 1 than the risk ratio", lambda s: (
        s[0].loc["odds_ratio"].item() > 3)),
    ("safety-denominator", "In about a third of trials", lambda s: 0.28 < s[0] < 0.38),
    ("safety-watched", "Half the rate", lambda s: s[0]["ratio"] == 0.5 and s[0]["to"] < 1),
    ("safety-long", "Less than two", lambda s: s[0]["mean"] < 2),
    ("safety-long", "three tables\nin four", lambda s: abs(s[0]["trials with none"] - 0.25) < 0.03),
    ("safety-grave", "needs\nthousands", lambda s: one(s[0])[1000] < 0.5 < 0.8 < one(s[0])[3000]),
    ("primary-print", "The two agree", lambda s: s[0]["p_value"].diff().abs().max() < 0.01),
    ("primary-missing", "had lost more", lambda s: (
        s[1].loc[False, "mean"] < s[1].loc[True, "mean"] - 0.5)),
    ("primary-ancova", "depends on the correlation", lambda s: (
        0 < 1 - s[0]["std_error"].iloc[1] / s[0]["std_error"].iloc[0] < 0.05
        and 0 < s[1].loc["base", "change"] < 0.25)),
    ("primary-locf", "looks better, although the treatment does nothing", _locf),
    ("primary-regression", "About 3 points", lambda s: (
        2.8 < s[0]["at the next visit"] - s[0]["at entry"] < 3.3)),
    ("primary-several", "Bonferroni is stricter than it has to be", _several),
    ("primary-ties", "moves away from 1; the win odds come closer", _ties),
    ("mechanism-tobit", "draws the ratio towards one", _tobit),
    ("mechanism-two", "The first correlation alone passes", lambda s: (
        one(s[0])["good responders"] < 0.05 < 0.15 < one(s[0])["difference"] < 0.5)),
    ("mechanism-copies", "Holm multiplies it by twelve", _copies),
    ("mechanism-chosen", "The harder the choice, the stronger", lambda s: (
        s[0]["correlation"].is_monotonic_decreasing and s[0]["correlation"].max() < 0)),
    ("mechanism-chain", "an equal harm past it", _chain),
    ("survival-ten", "8/10 times 2/3", lambda s: s[0]["estimate"].iloc[-1] == round(16 / 30, 2)),
    ("survival-events", "two and a half times as many", lambda s: (
        2.4 < one(s[0])[0.8] / one(s[0])[0.7] < 2.6)),
    ("survival-events", "dozens of events", lambda s: 36 < one(s[0])[0.5] < 100),
    ("survival-late", "The ratio lies between 1", lambda s: 0.5 < s[0]["hazard ratio"] < 1),
    ("survival-excluded", "From a reduction by two thirds to a doubling", lambda s: (
        abs(s[0]["from"] - 1 / 3) < 0.03 and abs(s[0]["to"] - 2) < 0.1)),
    ("survival-immortal", "the gift is gone", _immortal),
    ("survival-printed", "The two columns bound", _printed),
    ("appraisal-prior", "nearer to the narrower one", _prior),
    ("appraisal-risk", "More than half at 0.045", lambda s: one(s[0])[0.045] > 0.5),
    ("appraisal-fragile", "As few as that", lambda s: (
        s[0]["patients"] <= 3 and s[0]["p after"] > 0.05)),
    ("appraisal-next", "about twice as much", lambda s: (
        abs(s[0]["exaggeration"].iloc[0] - 2) < 0.1 and s[0]["power"].iloc[0] < 0.3)),
    ("appraisal-grim", "100 points make 3.57 and 101 make 3.61", lambda s: (
        s[0].loc["mean of 28", 100] == 3.57 and s[0].loc["mean of 28", 101] == 3.61)),
    ("appraisal-forty", "in about one trial in five", lambda s: (
        abs(s[0]["at least one"] - 0.2) < 0.03)),
    ("appraisal-forty", "about as often as one test is wrong", lambda s: (
        abs(s[0]["more than half"] - 0.05) < 0.02)),
]  # fmt: skip


@pytest.mark.parametrize(("label", "words", "is_so"), CLAIMS, ids=[c[0] for c in CLAIMS])
def test_a_solution_says_what_its_code_comes_to(label, words, is_so):
    solution = solutions(label.partition("-")[0])[label]
    assert words in solution.words
    assert is_so(solution.shown), solution.shown


@pytest.mark.parametrize("page", PAGES)
def test_every_solution_that_computes_is_held_to_it(page):
    computed = {label for label, solution in solutions(page).items() if solution.shown}
    assert computed <= {label for label, _, _ in CLAIMS}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_exercises_in_three_levels_each_with_a_hint_and_a_solution(page):
    text = PAGES[page].read_text("utf-8")
    labels = re.findall(r"^```\{exercise-start\}.*\n:label: (\S+)", text, flags=re.MULTILINE)
    assert 6 <= len(labels) <= 10
    assert len(labels) == text.count("```{dropdown} Hint") == len(solutions(page))
    assert set(labels) == set(solutions(page))
    assert re.findall(r"^## (Level \d)", text, flags=re.MULTILINE) == [
        "Level 1",
        "Level 2",
        "Level 3",
    ]
