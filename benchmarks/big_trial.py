"""A big made-up trial: 5,000 patients, 12 visits, 30 biomarkers, 100,000 adverse events.

    python benchmarks/big_trial.py FOLDER [--patients 5000] [--observed] [--seed 1]

Writes study.yml and Parquet tables of a trial of two doses of an invented drug against placebo, in
an invented disease. Scores, deaths and drop-out come from the project's model of a patient
(`alsutils.stats.patients`); biomarkers are lognormal with a limit of quantification; adverse
events are Poisson around a propensity of each patient. The same seed gives the same tables.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from alsutils.stats.patients import Patients, Scenario, simulate_patients

MONTHS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 24)
ARMS = ("PLACEBO", "LOW", "HIGH")
LABELS = ("Placebo", "Low dose", "High dose")
DAYS_PER_MONTH = 30.4375
FOLLOW_UP = 36.0  # months
BIOMARKERS, EVENTS_PER_PATIENT, TERMS, SYSTEMS = 30, 20, 400, 20
LIVER = ("ALT", "AST", "BILI")
DOMAINS = ("DOM1", "DOM2", "DOM3", "DOM4")


@dataclass(frozen=True)
class Trial:
    """The patients as they were seen; the first axis of every array is the patient."""

    patients: Patients
    subject: np.ndarray
    seen: np.ndarray  # shape (n, visits)
    end_month: np.ndarray

    @property
    def arm(self) -> np.ndarray:
        return self.patients.arm

    @property
    def n(self) -> int:
        return len(self.subject)


def make_trial(patients: int, rng: np.random.Generator) -> Trial:
    share = patients // len(ARMS)
    sizes = (patients - share * (len(ARMS) - 1), *[share] * (len(ARMS) - 1))
    scenario = Scenario(
        arms=ARMS,
        n_per_arm=sizes,
        months=MONTHS,
        slope_effect=(0.0, 0.12, 0.2),
        post_decline=0.6,
        post_decline_sd=0.4,
        noise_sd=2.0,
        survival_median=60.0,
        follow_up=FOLLOW_UP,
        dropout_per_month=0.012,
        log_hr_arm=(0.0, -0.1, -0.2),
        randomised_month=0.0,
    )
    drawn = simulate_patients(scenario, rng)
    seen = ~np.isnan(drawn.score)
    seen[:, 1:] &= rng.random((patients, len(MONTHS) - 1)) > 0.02
    end = np.minimum(np.minimum(drawn.event_month, drawn.dropout_month), MONTHS[-1])
    number = rng.permutation(patients) + 1
    subject = np.array([f"BIG-{1 + i % 200:03d}-{i:05d}" for i in number])
    return Trial(drawn, subject, seen, end)


def adsl(trial: Trial, rng: np.random.Generator) -> pd.DataFrame:
    drawn, n = trial.patients, trial.n
    died = drawn.event_month < np.minimum(drawn.dropout_month, MONTHS[-1])
    completed = trial.end_month >= MONTHS[-1]
    reason = np.where(rng.random(n) < 0.6, "Withdrawal by subject", "Lost to follow-up")
    start = pd.Timestamp("2019-01-07") + pd.to_timedelta(np.sort(rng.integers(0, 700, n)), "D")
    return pd.DataFrame(
        {
            "STUDYID": "BIG",
            "USUBJID": trial.subject,
            "SITEID": [name[4:7] for name in trial.subject],
            "TRT01P": np.asarray(ARMS)[trial.arm],
            "TRT01A": np.asarray(ARMS)[trial.arm],
            "ITTFL": "Y",
            "SAFFL": np.where(rng.random(n) < 0.995, "Y", "N"),
            "EFFFL": np.where(trial.seen[:, 1:].any(axis=1), "Y", "N"),
            "AGE": np.clip(np.rint(drawn.age), 18, 95).astype(float),
            "SEX": np.where(drawn.male, "M", "F"),
            "REGION": rng.choice(["Americas", "Asia", "Europe"], n, p=[0.35, 0.25, 0.4]),
            "BMIBL": np.round(rng.normal(27, 4.5, n), 1),
            "DISDUR": np.round(drawn.onset_months, 1),
            "SCOREBL": drawn.complete_score[:, 0],
            "RANDDT": start,
            "TRTSDT": start,
            "EOSSTT": np.where(completed, "COMPLETED", "DISCONTINUED"),
            "DCSREAS": np.where(completed, None, np.where(died, "Death", reason)),
            "EOSDY": np.rint(trial.end_month * DAYS_PER_MONTH) + 1,
        }
    )


def bds(trial: Trial, code: str, label: str, values: np.ndarray, digits: int) -> pd.DataFrame:
    """One parameter in rows: subject by visit, of values that are not missing."""
    visits = values.shape[1]
    values = np.round(values, digits)
    base = np.repeat(values[:, 0], visits)
    frame = pd.DataFrame(
        {
            "USUBJID": np.repeat(trial.subject, visits),
            "PARAMCD": code,
            "PARAM": label,
            "AVISITN": np.tile(np.asarray(MONTHS, dtype=float), trial.n),
            "AVISIT": np.tile(["Baseline", *(f"Month {m}" for m in MONTHS[1:])], trial.n),
            "ADY": np.rint(np.tile(np.asarray(MONTHS) * DAYS_PER_MONTH, trial.n)) + 1,
            "AVAL": values.ravel(),
            "BASE": base,
            "CHG": np.round(values.ravel() - base, digits),
        }
    )
    frame.loc[frame["AVISITN"] == 0, "CHG"] = np.nan
    return frame[frame["AVAL"].notna()]


def adqs(trial: Trial, rng: np.random.Generator) -> pd.DataFrame:
    score = np.where(trial.seen, trial.patients.complete_score, np.nan)
    shape = score.shape
    walk = 380 + 6 * (score - 36) + rng.normal(0, 60, (trial.n, 1)) + rng.normal(0, 25, shape)
    quality = 60 + 0.9 * (score - 36) + rng.normal(0, 9, (trial.n, 1)) + rng.normal(0, 8, shape)
    parts = [
        bds(trial, "SCORE", "Function score", score, 0),
        bds(trial, "WALK", "Walking distance (m)", np.clip(walk, 0, 800), 0),
        bds(trial, "QUAL", "Quality of life", np.clip(quality, 0, 100), 1),
    ]
    shares = rng.dirichlet([6.0] * len(DOMAINS), trial.n)
    for k, code in enumerate(DOMAINS):
        lost = (48 - score) * shares[:, [k]] + rng.normal(0, 0.6, shape)
        domain = np.clip(np.rint(12 - lost), 0, 12)
        parts.append(bds(trial, code, f"Domain {k + 1}", domain, 0))
    gain = 100 * (score - score[:, [0]] + 6) / 6
    parts.append(bds(trial, "GAIN", "Decline avoided (%)", gain, 1))
    return pd.concat(parts, ignore_index=True)


def analytes() -> list[str]:
    return [*LIVER, *(f"MARK{k:02d}" for k in range(1, BIOMARKERS - len(LIVER) + 1))]


def adlb(trial: Trial, rng: np.random.Generator) -> pd.DataFrame:
    n, visits = trial.seen.shape
    common = rng.normal(size=(n, visits))  # what all analytes of a sample share
    dose, after = trial.arm / 2.0, (np.asarray(MONTHS) > 0).astype(float)
    parts = []
    for k, code in enumerate(analytes()):
        median, spread = 10.0 * 1.2**k / 5, 0.35 + 0.01 * k
        own, visit = rng.normal(size=(n, 1)), rng.normal(size=(n, visits))
        effect = rng.normal(0, 0.06) if k % 3 == 0 else 0.0
        logs = np.log(median) + spread * (0.8 * own + 0.5 * visit + 0.3 * common)
        logs += effect * dose[:, None] * after + 0.1 * spread * (trial.patients.post_slope[:, None])
        taken = trial.seen & (rng.random((n, visits)) > 0.03)
        frame = bds(trial, code, f"{code} (ng/mL)", np.where(taken, np.exp(logs), np.nan), 4)
        limit = float(np.round(median * np.exp(-2.0 * spread), 4)) if k % 5 == 4 else np.nan
        low = frame["AVAL"] < limit
        frame["AVALC"] = np.where(low, f"<{limit:g}", None)
        frame["LBLLOQ"] = limit
        frame["A1LO"] = np.round(median * np.exp(-2.0 * spread), 4)
        frame["A1HI"] = np.round(median * np.exp(2.0 * spread), 4)
        frame.loc[low, ["AVAL", "CHG"]] = np.nan
        frame.loc[frame["BASE"] < limit, ["BASE", "CHG"]] = np.nan
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def advs(trial: Trial, rng: np.random.Generator) -> pd.DataFrame:
    kinds = [("SYSBP", "Systolic pressure", 128, 14), ("DIABP", "Diastolic pressure", 78, 9)]
    kinds += [("PULSE", "Pulse", 72, 10), ("WEIGHT", "Weight", 78, 14)]
    parts = []
    for code, label, mean, sd in kinds:
        own = rng.normal(mean, 0.8 * sd, (trial.n, 1))
        values = own + rng.normal(0, 0.6 * sd, trial.seen.shape)
        parts.append(bds(trial, code, label, np.where(trial.seen, values, np.nan), 0))
    return pd.concat(parts, ignore_index=True)


def adae(trial: Trial, rng: np.random.Generator) -> pd.DataFrame:
    days = np.maximum(trial.end_month * DAYS_PER_MONTH, 1.0)
    rate = rng.gamma(1.2, 1 / 1.2, trial.n) * days * (1 + 0.1 * trial.arm)
    total = trial.n * EVENTS_PER_PATIENT
    counts = rng.multinomial(total, rate / rate.sum())
    who = np.repeat(np.arange(trial.n), counts)
    common = 1.0 / (5.0 + np.arange(TERMS))
    term = rng.choice(TERMS, total, p=common / common.sum())
    # Some terms are a matter of the dose: a placebo patient has another one half of the time.
    of_dose = (term % 25 == 3) & (trial.arm[who] == 0) & (rng.random(total) < 0.5)
    term = np.where(of_dose, rng.choice(TERMS, total), term)
    start = np.ceil(rng.random(total) * days[who])
    end = start + rng.integers(1, 30, total)
    names = np.array([f"Event {k + 1}" for k in range(TERMS)])
    systems = np.array([f"System {k + 1}" for k in range(SYSTEMS)])
    severity = rng.choice(["MILD", "MODERATE", "SEVERE"], total, p=[0.68, 0.26, 0.06])
    serious = (severity == "SEVERE") & (rng.random(total) < 0.5)
    related = rng.random(total) < 0.15 + 0.05 * trial.arm[who]
    frame = pd.DataFrame(
        {
            "USUBJID": trial.subject[who],
            "AEDECOD": names[term],
            "AEBODSYS": systems[term % SYSTEMS],
            "ASTDY": start,
            "AENDY": np.where(end > days[who], np.nan, end),
            "AESEV": severity,
            "AESER": np.where(serious, "Y", "N"),
            "AEREL": np.where(related, "RELATED", "NOT RELATED"),
            "AEACN": np.where(rng.random(total) < 0.01, "DRUG WITHDRAWN", "DOSE NOT CHANGED"),
            "TRTEMFL": np.where(rng.random(total) < 0.97, "Y", "N"),
        }
    )
    return frame.sort_values(["USUBJID", "ASTDY"], kind="stable", ignore_index=True)


def adtte(trial: Trial, rng: np.random.Generator) -> pd.DataFrame:
    death = trial.patients.event_month
    known = np.minimum(FOLLOW_UP - rng.random(trial.n) * 12, death)
    worse = rng.exponential(30 * (1 + 0.15 * trial.arm))
    parts = []
    for code, label, time in (
        ("OS", "Time to death (months)", death),
        ("HOSP", "Time to hospital or death (months)", np.minimum(death, worse)),
    ):
        event = time <= known
        parts.append(
            pd.DataFrame(
                {
                    "USUBJID": trial.subject,
                    "PARAMCD": code,
                    "PARAM": label,
                    "AVAL": np.round(np.maximum(np.minimum(time, known), 0.03), 2),
                    "CNSR": np.where(event, 0, 1),
                    "EVNTDESC": np.where(
                        event, np.where(time < death, "Hospital", "Death"), "Alive"
                    ),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def study_yml(patients: int, observed: bool) -> dict:
    score = {"dataset": "adqs", "better": "higher", "measured_by": "rating"}
    parameters = {
        "SCORE": score | {"label": "Function score", "unit": "points", "range": [0, 48]},
        "WALK": score | {"label": "Walking distance", "unit": "m", "measured_by": "instrument"},
        "QUAL": score
        | {"label": "Quality of life", "unit": "points", "measured_by": "self_report"},
        "GAIN": score | {"label": "Decline avoided", "unit": "%", "derived": True},
    }
    for k, code in enumerate(DOMAINS):
        parameters[code] = score | {"label": f"Domain {k + 1}", "unit": "points", "range": [0, 12]}
    covariates = ["AGE", "SEX", "SCOREBL"]
    return {
        "title": f"Two doses of an invented drug, {patients:,} patients",
        "short_title": "A big trial",
        "description": "Two doses of an invented drug against placebo in an invented disease.",
        "provenance": "observed" if observed else "synthetic",
        "publish_subject_data": not observed,
        "arms": [{"value": v, "label": w} for v, w in zip(ARMS, LABELS, strict=True)],
        "populations": {
            "randomised": {"flag": "ITTFL", "label": "All randomised patients"},
            "efficacy": {"flag": "EFFFL", "label": "Patients with a score after baseline"},
            "safety": {"flag": "SAFFL", "label": "Safety population"},
        },
        "time": {"unit": "month", "baseline": 0},
        "design": {"phase": "3", "masking": "double", "sites": 200},
        "datasets": {
            name: {"file": f"{name}.parquet"}
            for name in ("adsl", "adqs", "adlb", "advs", "adae", "adtte")
        },
        "baseline": [
            {"column": "AGE", "label": "Age", "unit": "years"},
            {"column": "SEX", "label": "Sex", "levels": {"F": "Female", "M": "Male"}},
            {"column": "REGION", "label": "Region"},
            {"column": "BMIBL", "label": "Body mass index", "unit": "kg/m²"},
            {"column": "DISDUR", "label": "Time since onset", "unit": "months"},
            {"column": "SCOREBL", "label": "Function score", "unit": "points"},
        ],
        "flow": {"status": "EOSSTT", "completed": "COMPLETED", "reason": "DCSREAS"},
        "intercurrent_events": [
            {"label": "Death", "parameter": "OS"},
            {"label": "Withdrawal", "reasons": ["Withdrawal by subject"]},
            {"label": "Loss to follow-up", "reasons": ["Lost to follow-up"]},
        ],
        "parameters": parameters,
        "primary": {
            "parameter": "SCORE",
            "visits": [12, 24],
            "population": "efficacy",
            "covariates": ["BASE", "REGION"],
            "main_analysis": "mmrm",
            "death": "OS",
        },
        "secondary": [
            {"parameter": c, "visits": [24], "population": "efficacy", "covariates": ["BASE"]}
            for c in ("WALK", "QUAL")
        ],
        "profile": list(DOMAINS),
        "responders": {
            "parameter": "GAIN",
            "thresholds": [50, 100],
            "visits": [12, 24],
            "population": "efficacy",
            "good": 50,
        },
        "biomarkers": {
            "dataset": "adlb",
            "visits": [float(m) for m in MONTHS[1:]],
            "population": "safety",
            "panel": [{"parameter": c, "label": c, "unit": "ng/mL"} for c in analytes()],
            "association": {"x": "ALT", "y": "AST", "visit": 12},
        },
        "time_to_event": [
            {"parameter": code, "label": label, "unit": "month", "population": "randomised"}
            | {"covariates": covariates, "landmarks": [12, 24]}
            for code, label in (("HOSP", "Hospital or death"), ("OS", "Death"))
        ],
        "adverse_events": {"population": "safety", "treatment_emergent": "TRTEMFL"}
        | {"related": ["RELATED"], "minimum_percent": 5},
        "laboratory": {
            "datasets": ["adlb"],
            "population": "safety",
            "liver": dict(zip(("alt", "ast", "bilirubin"), LIVER, strict=True)),
        },
        "vital_signs": {
            "datasets": ["advs"],
            "population": "safety",
            "limits": {"SYSBP": [90, 160], "DIABP": [50, 100], "PULSE": [50, 100]},
        },
    }


def write_trial(folder: Path, patients: int, seed: int, observed: bool) -> None:
    """Write the study; one stream of random numbers a table, so that each stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    streams = np.random.default_rng(seed).spawn(7)
    trial = make_trial(patients, streams[0])
    makers = (adsl, adqs, adlb, advs, adae, adtte)
    for make, stream in zip(makers, streams[1:], strict=True):
        make(trial, stream).to_parquet(folder / f"{make.__name__}.parquet", index=False)
    text = yaml.safe_dump(study_yml(patients, observed), allow_unicode=True, sort_keys=False)
    (folder / "study.yml").write_text(text, "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--patients", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--observed", action="store_true", help="no row of a patient may be shown")
    options = parser.parse_args()
    write_trial(options.folder, options.patients, options.seed, options.observed)


if __name__ == "__main__":
    main()
