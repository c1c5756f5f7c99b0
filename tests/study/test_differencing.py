"""Whoever subtracts published counts from each other finds no hidden one."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from alsutils import design, primary, safety
from alsutils.safety.analysis import ANY, BOTH, RELATED, SERIOUS, SEVERE
from alsutils.study import Study, load_study
from alsutils.study.disclosure import INSTEAD
from tests.trials.shapes import DOSES, Shape, write

SHAPES = [
    Shape(
        name=f"attacked{k}",
        arms=DOSES if k % 2 else ("Placebo", "Tablets"),
        sizes=(size, size + 3, size + 1)[: 3 if k % 2 else 2],
        shift=float(k),
        death=True,
        responders=True,
        laboratory=True,
        provenance="observed",
        odd=("few_flags", "covariate_missing") if k % 3 else ("covariate_missing",),
    )
    for k, size in enumerate((9, 14, 19, 26))
]


@pytest.fixture(scope="module", params=SHAPES, ids=lambda shape: shape.name)
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Study:
    return load_study(write(request.param, tmp_path_factory.mktemp("attacked")))


@dataclass
class Attack:
    """What is known of whole numbers: their bounds, and sums of them.

    Attributes
    ----------
    bounds : dict of str to (float, float)
        Least and most of each number.
    sums : list of (dict of str to float, float, float)
        Coefficients of a sum, its least and its most.
    hidden : list of str
        Numbers that are not told.
    """

    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    sums: list[tuple[dict[str, float], float, float]] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)

    def learn(self, name: str, count: float, instead: str, most: float) -> None:
        """Read a cell of a table: a count, or what stands in its place."""
        if not np.isnan(count):
            self.bounds[name] = (count, count)
            return
        self.hidden.append(name)
        if instead[:1] == "<":
            self.bounds[name] = (1, float(instead[1:]) - 1)
        elif instead[:1] == ">":
            self.bounds[name] = (float(instead[1:]) + 1, most)
        else:
            self.bounds[name] = (0, most)

    def add(self, whole: str | float, parts: Iterable[str]) -> None:
        """Know that parts add up to a whole."""
        terms = dict.fromkeys(parts, 1.0)
        if isinstance(whole, str):
            self.sums.append(({**terms, whole: -1.0}, 0, 0))
        else:
            self.sums.append((terms, whole, whole))

    def within(self, part: str, whole: str) -> None:
        """Know that a number is at most another."""
        self.sums.append(({whole: 1.0, part: -1.0}, 0, np.inf))

    def covers(self, whole: str, parts: Iterable[str]) -> None:
        """Know that a number is at most the sum of others."""
        self.sums.append(({**dict.fromkeys(parts, 1.0), whole: -1.0}, 0, np.inf))

    def found(self) -> list[str]:
        """Name the hidden numbers that can have one value only."""
        names = list(self.bounds)
        place = {name: i for i, name in enumerate(names)}
        low, high = np.array([self.bounds[name] for name in names]).T
        rows = np.zeros((len(self.sums), len(names)))
        for row, (terms, _, _) in zip(rows, self.sums, strict=True):
            for name, coefficient in terms.items():
                row[place[name]] = coefficient
        known = LinearConstraint(rows, [s[1] for s in self.sums], [s[2] for s in self.sums])
        pinned = []
        for name in self.hidden:
            ends = []
            for sign in (1, -1):
                aim = np.zeros(len(names))
                aim[place[name]] = sign
                solved = milp(
                    aim,
                    constraints=known if self.sums else (),
                    bounds=Bounds(low, high),
                    integrality=np.ones(len(names)),
                )
                assert solved.success, f"what is told of {name} cannot be true"
                ends.append(round(sign * solved.fun))
            if ends[0] == ends[1]:
                pinned.append(f"{name} = {ends[0]}")
        return pinned


def sizes(study: Study) -> dict[str, int]:
    return {arm: int(n) for arm, n in study.subjects()["ARM"].value_counts().items()}


def test_the_attack_finds_what_is_not_closed():
    attack = Attack()
    for name, count, instead in (("a", np.nan, "<5"), ("b", 12.0, ""), ("c", 4.0, "")):
        attack.learn(name, count, instead, 20)
    attack.add(19.0, ("a", "b", "c"))
    assert attack.found() == ["a = 3"]


def test_characteristics(study):
    table = design.baseline(study).descriptions
    counted = table[table["kind"].isin(["level", "missing"])]
    everybody = sizes(study)
    hidden = 0
    for name, rows in counted.groupby("characteristic"):
        attack, by_row = Attack(), defaultdict(list)
        for row in rows.to_dict("records"):
            cell = f"{name}, {row['row']}, {row['arm']}"
            most = everybody.get(row["arm"], sum(everybody.values()))
            attack.learn(cell, row["n"], row[INSTEAD], most)
            by_row[row["row"]].append((row["arm"], cell))
        for arm, n in {**everybody, "Overall": sum(everybody.values())}.items():
            if (rows["kind"] == "level").any():
                attack.add(n, [c for cells in by_row.values() for a, c in cells if a == arm])
        for cells in by_row.values():
            told = dict(cells)
            attack.add(told.pop("Overall"), told.values())
        assert attack.found() == []
        hidden += len(attack.hidden)
    assert hidden > 0


def test_disposition(study):
    for arm, rows in design.flow(study).frame.groupby("arm", sort=False):
        attack, n = Attack(), float(rows["of"].iloc[0])
        names: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in rows.to_dict("records"):
            name = f"{arm}, {row['kind']}, {row['step']}, {row['visit'] or ''}"
            attack.learn(name, row["n"], row[INSTEAD], n)
            names[row["kind"], row["visit"] or ""].append(name)
        visits = {visit for _, visit in names}
        for part, rest, why in (
            ("received", "not_received", "not_received_reason"),
            ("completed", "left", "reason"),
            ("primary", "excluded", "excluded_reason"),
        ):
            for visit in visits:
                if (part, visit) in names:
                    attack.add(n, names[part, visit] + names[rest, visit])
                if names[why, visit]:
                    attack.add(names[rest, visit][0], names[why, visit])
        for population in names["population", ""]:
            if names["received", ""]:
                # The safety population is of those who received the treatment.
                attack.within(population, f"{arm}, randomised, Randomised, ")
        assert attack.found() == []


def test_adverse_events(study):
    kinds, terms = safety.overview(study), safety.incidence(study)
    classes = safety.incidence(study, "system")
    assert kinds is not None
    hidden = 0
    for arm in study.arms:
        attack = Attack()
        for part in (kinds, terms, classes):
            for row in part.counts[part.counts["arm"] == arm].to_dict("records"):
                name = f"{part.level}, {row['name']}"
                attack.learn(name, row["patients"], row[INSTEAD], row["total"])
                events = f"{name}, events"
                attack.learn(events, row["events"], "", 10 * row["total"])
                attack.hidden = [n for n in attack.hidden if n != events]
                attack.within(name, events)
        everything = f"category, {ANY}"
        for name in (RELATED, SERIOUS, SEVERE):
            attack.within(f"category, {name}", everything)
        for name in (RELATED, SERIOUS):
            attack.within(f"category, {BOTH}", f"category, {name}")
        by_class: dict[str, list[str]] = defaultdict(list)
        for term, system in terms.systems.items():
            by_class[f"system, {system}"].append(f"term, {term}")
        for system, members in by_class.items():
            attack.covers(system, members)
            attack.add(f"{system}, events", [f"{member}, events" for member in members])
            attack.within(system, everything)
            for member in members:
                attack.within(member, system)
        attack.covers(everything, by_class)
        attack.add(f"{everything}, events", [f"{system}, events" for system in by_class])
        assert attack.found() == []
        hidden += len(attack.hidden)
    assert hidden > 0


def test_severity(study):
    kinds = safety.overview(study)
    grades = safety.severity(study, safety.incidence(study))
    told = kinds.counts.set_index(["name", "arm"])
    for arm, rows in grades.frame.groupby("arm", sort=False):
        attack, n = Attack(), float(rows["total"].iloc[0])
        for row in rows.to_dict("records"):
            attack.learn(row["grade"], row["patients"], row[INSTEAD], n)
        attack.add(n, rows["grade"])
        for name in (ANY, SEVERE):
            attack.learn(f"kind {name}", *told.loc[(name, arm), ["patients", INSTEAD]], n)
        attack.add(n, ("No event", f"kind {ANY}"))
        attack.add("Severe", (f"kind {SEVERE}",))
        assert attack.found() == []


def test_laboratory(study):
    shifts = safety.laboratory(study)
    assert shifts is not None
    assert not shifts.frame["patients"].between(1, 4).any()
    for row in shifts.new.to_dict("records"):
        assert not 1 <= row["patients"] <= 4
        assert not 1 <= row["total"] - row["patients"] <= 4


def test_responders(study):
    shares = primary.responders(study).shares
    everybody = sizes(study)
    for (_, arm), rows in shares.groupby(["visit", "arm"], sort=False):
        counts = rows.sort_values("threshold")["responders"].dropna().to_numpy()
        n = rows["n"].iloc[0]
        apart = np.append(-np.diff(counts), [counts, n - counts])
        assert not pd.Series(apart).between(1, 4).any()
        assert not 1 <= everybody[arm] - n <= 4
        if np.isnan(n):
            # Shares are rounded so that the number stays one of several.
            possible = [
                m
                for m in range(1, everybody[arm] + 1)
                if all(
                    any(abs(x / m - share) <= 0.005 + 1e-9 for x in range(m + 1))
                    for share in rows["share"].dropna()
                )
            ]
            assert len(possible) > 1


def test_nothing_small_is_left_in_files(study, tmp_path: Path):
    """Results of these tables hold no count of a few patients."""
    parts = [safety.overview(study).frame, safety.incidence(study).frame]
    counts = pd.concat(parts).reindex(columns=["patients", "n_control", "n_treated"])
    assert not counts.apply(lambda c: c.between(1, 4)).any(axis=None)
