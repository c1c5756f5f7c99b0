"""Small odd trials as study folders: invented patients, in words of no trial in particular."""

import zlib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import yaml

from alsutils.study.config import DAYS

FIRST_DAY = pd.Timestamp("2021-03-01")
_EVENTS = {
    "Dizziness": "Nervous system",
    "Sleepiness": "Nervous system",
    "Nausea": "Stomach and bowel",
    "Dry mouth": "Stomach and bowel",
    "Rash": "Skin",
    "Fall": "Injury",
}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a trial is like; the defaults make a plain one.

    Attributes
    ----------
    name : str
        Name of its folder.
    arms : tuple of str
        Labels, the control first.
    sizes : tuple of int
        Patients an arm; one number counts for each arm.
    words : tuple of str
        Title, label of the endpoint and its unit.
    better, value, unit, main : str
        As in study.yml: direction, CHG or AVAL, unit of time, main analysis.
    baseline : float
        AVISITN of the baseline.
    visits, compared : tuple of float
        Visits after the baseline, and those of the primary endpoint.
    scores : str
        ``plain``; ``constant`` (one value for everybody), ``ties`` (three values), ``binary``.
    factor, shift : float
        Scores are multiplied and then shifted.
    same_baseline : bool
        Everybody starts with the same score.
    missing : str
        ``some``; ``none``; ``last`` (nobody of the last arm at the last visit), ``most``.
    times : str
        ``some``; ``none`` (no event), ``all``, ``one_arm`` (none in the last arm), ``ties``.
    n_biomarkers : int
        Analytes; 0 for no panel.
    low : bool
        Every value of the panel is below its limit.
    lead_in, responders, death, secondary, laboratory, profile : bool
        Whether there are such blocks.
    without : tuple of str
        What is left out: ``survival``, ``events``, ``flow``, ``design``, ``characteristics``,
        ``dates``, ``covariates``, ``baseline_row``.
    odd : tuple of str
        Further oddities: ``unscheduled`` visits, ``few_flags`` (some are in no population),
        ``covariate_missing``, ``one_site``, ``no_event_in_arm``, ``unrandomised``, ``rare_visits``
        (each patient comes to visits of his or her own), ``covariate_constant``.
    provenance : str
        ``synthetic`` or ``observed``.
    masking : str
        As in study.yml.
    """

    name: str
    arms: tuple[str, ...] = ("Placebo", "Tablets")
    sizes: tuple[int, ...] = (22,)
    words: tuple[str, str, str] = ("Trial X of tablets in back pain", "Pain score", "points")
    better: Literal["higher", "lower"] = "lower"
    value: Literal["CHG", "AVAL"] = "CHG"
    unit: Literal["day", "week", "month", "year"] = "week"
    main: Literal["t_test", "ancova", "mmrm"] = "ancova"
    baseline: float = 0
    visits: tuple[float, ...] = (2, 4, 8, 12)
    compared: tuple[float, ...] = (8, 12)
    scores: Literal["plain", "constant", "ties", "binary"] = "plain"
    factor: float = 1.0
    shift: float = 0.0
    same_baseline: bool = False
    missing: Literal["some", "none", "last", "most"] = "some"
    times: Literal["some", "none", "all", "one_arm", "ties"] = "some"
    n_biomarkers: int = 3
    low: bool = False
    lead_in: bool = False
    responders: bool = False
    death: bool = False
    secondary: bool = False
    laboratory: bool = False
    profile: bool = False
    without: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()
    provenance: Literal["synthetic", "observed"] = "synthetic"
    masking: Literal["none", "single", "double"] = "double"

    @property
    def per_arm(self) -> tuple[int, ...]:
        """Patients in each arm."""
        return self.sizes if len(self.sizes) > 1 else self.sizes * len(self.arms)

    def has(self, what: str) -> bool:
        """Tell whether something is not left out."""
        return what not in self.without


def bare(**changes: Any) -> Shape:
    """Give a trial with nothing but one endpoint."""
    nothing = ("survival", "events", "flow", "design", "characteristics", "dates", "covariates")
    shape = Shape(name="bare", without=(*nothing, "baseline_row"), n_biomarkers=0, main="t_test")
    return replace(shape, **changes)


def write(shape: Shape, folder: Path) -> Path:
    """Write a trial as a study folder; the same shape always gives the same bytes.

    Parameters
    ----------
    shape : Shape
        What it is like.
    folder : Path
        Where its own folder is made.

    Returns
    -------
    Path
        The study folder.
    """
    place = Path(folder) / shape.name
    place.mkdir(parents=True)
    different = [f.name for f in fields(shape) if f.name != "name"]
    seed = zlib.crc32(repr([getattr(shape, name) for name in different]).encode())
    for name, table in _tables(shape, np.random.default_rng(seed)).items():
        table.to_csv(place / f"{name}.csv", index=False)
    settings = yaml.safe_dump(_settings(shape), allow_unicode=True, sort_keys=False)
    (place / "study.yml").write_text(settings, "utf-8")
    return place


def _tables(shape: Shape, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Make the tables."""
    people = _people(shape, rng)
    tables = {"adsl": people.drop(columns=["arm", "left"]), "adqs": _scores(shape, people, rng)}
    if shape.n_biomarkers:
        tables["adlb"] = _biomarkers(shape, people, rng)
    if shape.laboratory:
        tables["adlc"] = _laboratory(shape, people, rng)
    if shape.has("events"):
        tables["adae"] = _events(shape, people, rng)
    if shape.has("survival"):
        tables["adtte"] = _times(shape, people, rng)
    return tables


def _people(shape: Shape, rng: np.random.Generator) -> pd.DataFrame:
    """Make ADSL, and for the other tables ``arm`` (its number) and ``left`` (a time)."""
    arm = rng.permutation(np.repeat(np.arange(len(shape.arms)), shape.per_arm))
    n, last = len(arm), shape.visits[-1]
    rate = {"none": 0.0, "some": 0.2, "last": 0.2, "most": 2.5}[shape.missing]
    wait = rng.exponential(1, n)
    left = wait * last / rate if rate else np.full(n, np.inf)
    end_day = np.minimum(left, last) * DAYS[shape.unit]
    people = pd.DataFrame(
        {
            "USUBJID": [f"X-{k:04d}" for k in range(1, n + 1)],
            "TRT01P": [f"A{a}" for a in arm],
            "RANDFL": "Y",
            "SAFFL": "Y",
            "AGE": rng.normal(52, 11, n).round(),
            "SEX": rng.choice(["F", "M"], n),
            "SITEID": "1" if "one_site" in shape.odd else rng.choice(["1", "2", "3"], n),
            "GRADE": rng.choice(["Mild", "Marked"], n),
            "EOSSTT": np.where(left > last, "COMPLETED", "DISCONTINUED"),
            "DCSREAS": np.where(left > last, "", rng.choice(["Moved away", "Own wish"], n)),
            "EOSDY": np.round(end_day + 1),
            "arm": arm,
            "left": left,
        }
    )
    if "covariate_missing" in shape.odd:
        people.loc[::7, "AGE"] = np.nan
        people.loc[3::9, "GRADE"] = ""
    if "covariate_constant" in shape.odd:
        people["GRADE"] = "Mild"
    if "few_flags" in shape.odd:
        people.loc[[1, 4], ["RANDFL", "SAFFL"]] = "N"
    if shape.has("dates"):
        start = FIRST_DAY + pd.to_timedelta(np.sort(rng.integers(0, 300, n)), unit="D")
        people["RANDDT"] = people["TRTSDT"] = start.strftime("%Y-%m-%d")
        end = start + pd.to_timedelta(np.round(end_day), unit="D")
        people["TRTEDT"] = end.strftime("%Y-%m-%d")
    if "unrandomised" in shape.odd:
        extra = people.iloc[:3].assign(USUBJID=["X-9001", "X-9002", "X-9003"], TRT01P="", arm=0)
        people = pd.concat([people, extra.assign(RANDFL="N", SAFFL="N")], ignore_index=True)
    if not shape.has("characteristics"):
        people = people.drop(columns=["AGE", "SEX", "SITEID", "GRADE"])
    if not shape.has("flow"):
        people = people.drop(columns=["EOSSTT", "DCSREAS", "EOSDY"])
    return people


def _raw(shape: Shape, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Make one score a patient and visit, before any is lost: ``USUBJID``, ``at``, ``AVAL``."""
    n, last = len(people), shape.visits[-1] - shape.baseline
    before = (-2, -1) if shape.lead_in else ()
    visits = np.array([*(shape.baseline + b for b in before), shape.baseline, *shape.visits])
    sign = 1 if shape.better == "higher" else -1
    start = np.full(n, 50.0) if shape.same_baseline else rng.normal(50, 8, n)
    slope = rng.normal(-1, 5, n) * -1 + sign * 4 * people["arm"].to_numpy()
    course = np.outer(slope, np.maximum(visits - shape.baseline, 0) / last)
    noise = rng.normal(0, 3, (n, len(visits)))
    if shape.same_baseline:
        noise[:, visits == shape.baseline] = 0
    scores = np.round(start[:, None] + course + noise)
    if shape.scores == "constant":
        scores[:] = 50
    elif shape.scores == "ties":
        scores = np.digitize(scores, [45, 55]).astype(float)
    elif shape.scores == "binary":
        scores = (scores > 50).astype(float)
    return pd.DataFrame(
        {
            "USUBJID": np.repeat(people["USUBJID"].to_numpy(), len(visits)),
            "arm": np.repeat(people["arm"].to_numpy(), len(visits)),
            "left": np.repeat(people["left"].to_numpy(), len(visits)),
            "AVISITN": np.tile(visits, n),
            "AVAL": (scores * shape.factor + shape.shift).ravel(),
        }
    )


def _scores(shape: Shape, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Make the table of the endpoint, and of a second one where there is one."""
    tables = [_scored(shape, people, "PAIN", rng)]
    if shape.secondary:
        tables.append(_scored(shape, people, "SLEEP", rng))
    if shape.profile:
        tables += [_scored(shape, people, code, rng) for code in ("REST", "MOVE")]
    if shape.responders:
        good = tables[0][tables[0]["AVISITN"].isin(shape.compared)]
        change = (good["AVAL"] - good["BASE"]) * (1 if shape.better == "higher" else -1)
        shares = (100 * change / good["BASE"].abs().clip(lower=1e-300)).round(2)
        tables.append(good.assign(PARAMCD="GAIN", AVAL=shares, BASE=np.nan, CHG=np.nan))
    return pd.concat(tables, ignore_index=True)


def _scored(
    shape: Shape, people: pd.DataFrame, code: str, rng: np.random.Generator
) -> pd.DataFrame:
    """Make the records of one parameter, with what was missed left out."""
    rows = _raw(shape, people, rng)
    start = rows[rows["AVISITN"] == shape.baseline].set_index("USUBJID")["AVAL"]
    rows["BASE"] = rows["USUBJID"].map(start)
    after = rows["AVISITN"] > shape.baseline
    rows["CHG"] = (rows["AVAL"] - rows["BASE"]).where(after)
    gone = (rows["AVISITN"] - shape.baseline > rows["left"]) & after
    if shape.missing == "last":
        gone |= (rows["arm"] == rows["arm"].max()) & (rows["AVISITN"] == shape.visits[-1])
    if "rare_visits" in shape.odd:
        gone |= after & (rng.random(len(rows)) < 0.4)
    rows = rows[~gone]
    if not shape.has("baseline_row"):
        rows = rows[rows["AVISITN"] != shape.baseline]
    days = DAYS[shape.unit] * (rows["AVISITN"] - shape.baseline)
    rows = rows.assign(PARAMCD=code, ADY=np.where(days >= 0, days.round() + 1, days.round()))
    if "unscheduled" in shape.odd:
        more = rows.iloc[::11].assign(AVISITN=np.nan)
        rows = pd.concat([rows, more], ignore_index=True)
    if not shape.has("dates"):
        rows = rows.drop(columns="ADY")
    return rows.drop(columns=["arm", "left"])


def _biomarkers(shape: Shape, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Make the panel: lognormal values, some below the limit of 3."""
    visits = np.array([shape.baseline, shape.compared[0]])
    n, tables = len(people), []
    for k in range(shape.n_biomarkers):
        level = rng.normal(2 - 3 * shape.low, 0.5, (n, 1)) + rng.normal(0, 0.4, (n, 2))
        level[:, 1] += 0.3 * people["arm"] * (not shape.low)
        value = np.exp(level).round(2)
        low = np.full_like(value, True, dtype=bool) if shape.low else value < 3
        table = pd.DataFrame(
            {
                "USUBJID": np.repeat(people["USUBJID"].to_numpy(), 2),
                "PARAMCD": f"MARK{k + 1}",
                "AVISITN": np.tile(visits, n),
                "AVAL": np.where(low, np.nan, value).ravel(),
                "AVALC": np.where(low, "<3", value.astype(str)).ravel(),
                "BASE": np.repeat(np.where(low, np.nan, value)[:, 0], 2),
            }
        )
        kept = (table["AVISITN"] == shape.baseline) | (rng.random(2 * n) < 0.9)
        tables.append(table[kept])
    return pd.concat(tables, ignore_index=True)


def _laboratory(shape: Shape, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Make laboratory values with limits."""
    n, tables = len(people), []
    for code, high in (("ALT", 40), ("AST", 40), ("BILI", 20)):
        value = high * np.exp(rng.normal(-0.6, 0.5, (n, 2)))
        table = pd.DataFrame(
            {
                "USUBJID": np.repeat(people["USUBJID"].to_numpy(), 2),
                "PARAMCD": code,
                "PARAM": {"ALT": "Alanine aminotransferase (U/L)"}.get(code, code),
                "AVISITN": np.tile([shape.baseline, shape.visits[-1]], n),
                "AVAL": value.ravel().round(1),
                "A1LO": high / 8,
                "A1HI": high,
                "ABLFL": np.tile(["Y", ""], n),
                "ADY": np.tile([1, 30], n),
            }
        )
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _events(shape: Shape, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Make adverse events, about one and a half a patient."""
    who = people
    if "no_event_in_arm" in shape.odd:
        who = people[people["arm"] != people["arm"].max()]
    counts = rng.poisson(1.5, len(who))
    counts[0] = max(counts[0], 1)
    rows = who.loc[who.index.repeat(counts), ["USUBJID"]].reset_index(drop=True)
    n = len(rows)
    term = rng.choice(list(_EVENTS), n)
    end = shape.visits[-1] * DAYS[shape.unit]
    return rows.assign(
        AEDECOD=term,
        AEBODSYS=[_EVENTS[t] for t in term],
        AESER=rng.choice(["N", "Y"], n, p=[0.94, 0.06]),
        AESEV=rng.choice(["MILD", "MODERATE", "SEVERE"], n, p=[0.6, 0.3, 0.1]),
        AEREL=rng.choice(["RELATED", "NOT RELATED"], n),
        ASTDY=rng.integers(1, max(int(end), 2), n) if shape.has("dates") else np.nan,
    )


def _times(shape: Shape, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Make the times to a relapse, and to death where death counts."""
    last = 1.5 * (shape.visits[-1] - shape.baseline)
    tables = []
    for code in ("RELAPSE", *(["DEATH"] if shape.death else [])):
        time = rng.exponential(last * (1.5 if code == "RELAPSE" else 4), len(people))
        if shape.times == "one_arm":
            time[people["arm"] == people["arm"].max()] = np.inf
        if shape.times == "none":
            time[:] = np.inf
        until = last * rng.uniform(0.7, 1, len(people))
        event = time <= until
        if shape.times == "all":
            event[:] = True
        else:
            time = np.minimum(time, until)
        time = np.ceil(time / last * 4) * last / 4 if shape.times == "ties" else time.round(2)
        tables.append(
            pd.DataFrame(
                {
                    "USUBJID": people["USUBJID"],
                    "PARAMCD": code,
                    "AVAL": time,
                    "CNSR": np.where(event, 0, 1),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _settings(shape: Shape) -> dict[str, Any]:
    """Write study.yml."""
    title, label, unit = shape.words
    parameter = {"dataset": "adqs", "label": label, "unit": unit, "better": shape.better}
    adjusted = (["BASE"] if shape.scores != "binary" else []) + (
        ["GRADE"] if shape.has("characteristics") else []
    )
    endpoint: dict[str, Any] = {
        "parameter": "PAIN",
        "visits": list(shape.compared),
        "population": "randomised",
        "value": shape.value,
        "main_analysis": shape.main,
        "covariates": adjusted if shape.has("covariates") else [],
    }
    if shape.death and shape.has("survival"):
        endpoint["death"] = "DEATH"
    settings: dict[str, Any] = {
        "title": title,
        "short_title": "Trial X",
        "description": "Patients were given one of the arms below.",
        "provenance": shape.provenance,
        "arms": [{"value": f"A{k}", "label": arm} for k, arm in enumerate(shape.arms)],
        "populations": {
            "randomised": {"flag": "RANDFL", "label": "All randomised patients"},
            "safety": {"flag": "SAFFL", "label": "Safety population"},
        },
        "time": {"unit": shape.unit, "baseline": shape.baseline},
        "datasets": {"adsl": {"file": "adsl.csv"}, "adqs": {"file": "adqs.csv"}},
        "parameters": {"PAIN": parameter},
        "primary": endpoint,
    }
    _add_blocks(shape, settings)
    return settings


def _add_blocks(shape: Shape, settings: dict[str, Any]) -> None:
    """Add the blocks that the trial has to study.yml."""
    files, parameters = settings["datasets"], settings["parameters"]
    if shape.provenance == "synthetic":
        settings["publish_subject_data"] = True
    if shape.has("design"):
        settings["design"] = {"phase": "2", "masking": shape.masking, "sites": 3}
    if shape.has("characteristics"):
        settings["baseline"] = [
            {"column": "AGE", "label": "Age", "unit": "years"},
            {"column": "SEX", "label": "Sex", "levels": {"F": "Female", "M": "Male"}},
            {"column": "GRADE", "label": "Grade"},
        ]
    if shape.has("flow"):
        settings["flow"] = {"received": "SAFFL"}
    if shape.secondary:
        sleep = {"dataset": "adqs", "label": "Sleep score", "unit": "points"}
        parameters["SLEEP"] = {**sleep, "better": "higher", "measured_by": "self_report"}
        settings["secondary"] = [
            {"parameter": "SLEEP", "visits": [shape.compared[-1]], "population": "randomised"}
        ]
    if shape.profile:
        for code, label in (("REST", "Pain at rest"), ("MOVE", "Pain in motion")):
            parameters[code] = {**parameters["PAIN"], "label": label}
        settings["profile"] = ["REST", "MOVE"]
    if shape.responders:
        gain = {"dataset": "adqs", "label": "Relief", "unit": "%", "better": "higher"}
        parameters["GAIN"] = {**gain, "derived": True}
        settings["responders"] = {
            "parameter": "GAIN",
            "thresholds": [10, 30],
            "visits": list(shape.compared),
            "population": "randomised",
            "good": 10,
        }
    if shape.lead_in:
        settings["lead_in"] = [shape.baseline - 2, shape.baseline - 1, shape.baseline]
    if shape.n_biomarkers:
        files["adlb"] = {"file": "adlb.csv"}
        roles = ["pro-inflammatory", "anti-inflammatory", "other"]
        settings["biomarkers"] = {
            "dataset": "adlb",
            "visits": [shape.compared[0]],
            "population": "safety",
            "panel": [
                {"parameter": f"MARK{k + 1}", "label": f"Marker {k + 1}", "role": roles[k % 3]}
                | {"unit": "ng/mL", "lower_limit": 3}
                for k in range(shape.n_biomarkers)
            ],
        }
    if shape.laboratory:
        files["adlc"] = {"file": "adlc.csv"}
        settings["laboratory"] = {"datasets": ["adlc"], "population": "safety", "liver": {}}
    if shape.has("events"):
        files["adae"] = {"file": "adae.csv"}
        settings["adverse_events"] = {"population": "safety", "related": ["RELATED"]}
    if shape.has("survival"):
        files["adtte"] = {"file": "adtte.csv"}
        covariates = ["AGE", "GRADE"] if shape.has("characteristics") else []
        relapse = {"parameter": "RELAPSE", "label": "Relapse", "unit": shape.unit}
        settings["time_to_event"] = [
            {**relapse, "population": "randomised", "covariates": covariates}
        ]
        if shape.death:
            settings["time_to_event"].append(
                {**relapse, "parameter": "DEATH", "label": "Death", "population": "randomised"}
            )


LONG = "Tablets twice a day with a course of exercises at home"
DOSES = ("Placebo", "Low dose", "High dose")
FIVE = ("Placebo", "Dose 1", "Dose 2", "Dose 3", "Dose 4")
FOREIGN = ("Kontrolle (Größe ≤ 5 µg)", "Präparat “Ω” – täglich", "治療群")

SHAPES = (
    Shape(name="plain"),
    Shape(name="three_arms", arms=DOSES, sizes=(20,), death=True, secondary=True),
    Shape(name="five_arms", arms=FIVE, sizes=(12,), responders=True),
    Shape(name="long_names", arms=("Usual care without tablets", LONG), lead_in=True),
    Shape(name="higher", better="higher", unit="month", value="AVAL", main="mmrm", profile=True),
    Shape(name="days", unit="day", visits=(7, 14, 28), compared=(28,), missing="none"),
    Shape(name="years", unit="year", visits=(1, 2, 3), compared=(3,), arms=DOSES, death=True),
    Shape(name="no_baseline_row", without=("baseline_row",), unit="month"),
    Shape(name="one_visit", visits=(6,), compared=(6,), unit="month", main="t_test"),
    Shape(name="rare_visits", odd=("rare_visits", "unscheduled"), arms=DOSES),
    Shape(name="no_events_in_time", times="none", death=True),
    Shape(name="all_events", times="all", arms=DOSES),
    Shape(name="event_free_arm", times="one_arm", odd=("no_event_in_arm",), death=True),
    Shape(name="tied_times", times="ties", scores="ties"),
    Shape(name="twelve", sizes=(6,), death=True, secondary=True, responders=True),
    Shape(name="four_in_two", sizes=(2,), secondary=True),
    Shape(name="twelve_in_three", arms=DOSES, sizes=(4,), lead_in=True),
    Shape(name="many", sizes=(150,), death=True, laboratory=True),
    Shape(name="one_in_an_arm", sizes=(20, 1), death=True),
    Shape(name="one_in_one_of_three", arms=DOSES, sizes=(20, 18, 1)),
    Shape(name="constant", scores="constant", missing="none", responders=True),
    Shape(name="constant_baseline", same_baseline=True, lead_in=True),
    Shape(name="ties", scores="ties", responders=True, arms=DOSES),
    Shape(name="binary", scores="binary", value="AVAL", main="t_test"),
    Shape(name="arm_not_seen", missing="last", arms=DOSES, lead_in=True),
    Shape(name="arm_not_seen_of_two", missing="last", compared=(12,), secondary=True),
    Shape(name="mostly_gone", missing="most", death=True),
    Shape(name="nothing_missing", missing="none", main="mmrm", death=True, responders=True),
    Shape(name="few_flags", odd=("few_flags", "unrandomised", "covariate_missing")),
    Shape(name="covariate_constant", odd=("covariate_constant", "one_site")),
    Shape(name="observed", provenance="observed", arms=DOSES, death=True, laboratory=True),
    Shape(name="observed_twelve", provenance="observed", sizes=(6,), responders=True),
    Shape(name="foreign", arms=FOREIGN, words=("Étude « Ωmega »", "Schmerz (0–10)", "Punkte")),
    Shape(name="no_dates", without=("dates",), death=True),
    Shape(name="no_flow", without=("flow",), laboratory=True),
    Shape(name="no_design", without=("design",), secondary=True),
    Shape(name="no_characteristics", without=("characteristics",), arms=DOSES),
    Shape(name="no_covariates", without=("covariates",), main="mmrm"),
    Shape(name="no_survival", without=("survival",), responders=True),
    Shape(name="no_adverse_events", without=("events",), laboratory=True),
    Shape(name="no_biomarkers", n_biomarkers=0, profile=True, secondary=True),
    Shape(name="low_biomarkers", low=True, n_biomarkers=2),
    Shape(name="one_biomarker", n_biomarkers=1, arms=DOSES),
    Shape(name="ten_biomarkers", n_biomarkers=10, masking="none"),
    Shape(name="negative", shift=-80.0, death=True, responders=True, unit="month"),
    Shape(name="huge", factor=1e9, responders=True, main="mmrm"),
    Shape(name="tiny", factor=1e-9, main="mmrm", death=True),
    Shape(name="open_label", masking="none", lead_in=True, unit="month", better="higher"),
    Shape(name="baseline_at_one", baseline=1, visits=(2, 3, 5), compared=(3, 5), lead_in=True),
    Shape(name="no_unit", words=("Trial X", "Wellbeing", ""), better="higher"),
    bare(),
    bare(name="bare_three", arms=DOSES, sizes=(9,)),
    bare(name="bare_one_visit", visits=(6,), compared=(6,), sizes=(6,), provenance="observed"),
    bare(name="bare_mmrm", main="mmrm", value="AVAL", better="higher", unit="year"),
)

# Few trials that bring most of the oddities together, for a test that must be quick.
COVERING = (
    Shape(
        name="cover_three_arms",
        arms=DOSES,
        sizes=(12, 12, 1),
        death=True,
        secondary=True,
        responders=True,
        odd=("few_flags", "unrandomised", "covariate_missing", "unscheduled"),
        times="one_arm",
        main="mmrm",
    ),
    Shape(
        name="cover_constant",
        scores="constant",
        missing="none",
        times="none",
        low=True,
        n_biomarkers=2,
        without=("flow", "design"),
        unit="month",
        sizes=(10,),
    ),
    Shape(
        name="cover_years",
        arms=("Usual care without tablets", LONG),
        unit="year",
        better="higher",
        value="AVAL",
        baseline=1,
        visits=(2, 3),
        compared=(3,),
        lead_in=True,
        factor=1e9,
        shift=-9e10,
        n_biomarkers=1,
        times="all",
        words=("Trial X", "Wellbeing", ""),
        sizes=(12,),
        masking="none",
    ),
    Shape(
        name="cover_observed",
        arms=FOREIGN,
        provenance="observed",
        unit="day",
        visits=(7, 14),
        compared=(14,),
        scores="ties",
        times="ties",
        laboratory=True,
        without=("dates", "characteristics"),
        odd=("no_event_in_arm",),
        missing="last",
        sizes=(11,),
    ),
    bare(name="cover_bare", sizes=(6,)),
)
