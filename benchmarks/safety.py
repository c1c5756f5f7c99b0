"""How long the safety chapter takes on a large trial, step by step.

    python benchmarks/safety.py                      # 10,000 patients with 200,000 events
    python benchmarks/safety.py --patients 300 --events 3000 --arms 3

A trial is made up in a temporary folder: ADSL, ADAE with 1,200 terms in 27 organ classes, deaths,
leavers and two treatments a patient. Then every statement of the chapter runs on it, as when the
book is built, and is timed. Target: the analysis (what the chapter assigns) in under 10 seconds.
What it shows is timed beside it: charts and tables are brought into the form that a page takes.
Seconds are those of the processor; the elapsed time beside them grows with what else is running.
"""

import argparse
import ast
import contextlib
import io
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from IPython.core.formatters import DisplayFormatter

ROOT = Path(__file__).parents[1]
CHAPTER = ROOT / "chapters" / "02_safety.py"
TARGET = 10.0  # seconds, with the default numbers
SEED = 20120104
TERMS, SYSTEMS, DAYS = 1_200, 27, 364
SEVERITIES, RELATIONS = ("MILD", "MODERATE", "SEVERE"), ("RELATED", "NOT RELATED")


def make_subjects(patients: int, arms: int, rng: np.random.Generator) -> pd.DataFrame:
    left = np.minimum(rng.exponential(900, patients), DAYS).astype(int) + 1
    dead = (left <= DAYS) & (rng.random(patients) < 0.3)
    start = pd.Timestamp("2020-01-06") + pd.to_timedelta(rng.integers(0, 500, patients), "D")
    last = start + pd.to_timedelta(left - 1, "D")
    return pd.DataFrame(
        {
            "USUBJID": [f"S-{i:06d}" for i in range(patients)],
            "TRT01P": [f"A{i % arms}" for i in range(patients)],
            "SAFFL": "Y",
            "ONSET": rng.choice(["Limb", "Bulbar"], patients, p=[0.7, 0.3]),
            "TRTSDT": start.strftime("%Y-%m-%d"),
            "EOSDY": left,
            "DTHFL": np.where(dead, "Y", "N"),
            "DTHDT": last.strftime("%Y-%m-%d").where(dead, ""),
        }
    )


def make_events(subjects: pd.DataFrame, events: int, rng: np.random.Generator) -> pd.DataFrame:
    days = subjects["EOSDY"].to_numpy()
    weight = rng.gamma(0.8, 1.0, len(subjects)) * days
    who = rng.choice(len(subjects), events, p=weight / weight.sum())
    common = 1 / np.arange(2, TERMS + 2)
    term = rng.choice(TERMS, events, p=common / common.sum())
    return pd.DataFrame(
        {
            "USUBJID": subjects["USUBJID"].to_numpy()[who],
            "AEDECOD": [f"Term {i:04d}" for i in term],
            "AEBODSYS": [f"Class {i % SYSTEMS:02d}" for i in term],
            "ASTDY": np.floor(rng.random(events) * days[who]).astype(int) + 1,
            "AESEV": rng.choice(SEVERITIES, events, p=[0.6, 0.3, 0.1]),
            "AESER": np.where(rng.random(events) < 0.06, "Y", "N"),
            "AEREL": rng.choice(RELATIONS, events, p=[0.3, 0.7]),
            "AEACN": rng.choice(["DOSE NOT CHANGED", "DRUG WITHDRAWN"], events, p=[0.98, 0.02]),
            "TRTEMFL": "Y",
        }
    )


def write_study(folder: Path, patients: int, events: int, arms: int) -> None:
    rng = np.random.default_rng(SEED)
    subjects = make_subjects(patients, arms, rng)
    make_events(subjects, events, rng).to_parquet(folder / "adae.parquet")
    subjects.to_parquet(folder / "adsl.parquet")
    score = pd.DataFrame({"USUBJID": subjects["USUBJID"], "PARAMCD": "SCORE", "AVISITN": 6})
    score["AVAL"], score["BASE"] = rng.normal(30, 5, patients), 40.0
    score.assign(CHG=score["AVAL"] - 40.0).to_parquet(folder / "adqs.parquet")
    names = ["Control", "Low dose", "High dose", "Double dose"]
    parameter = {"dataset": "adqs", "label": "Score", "unit": "points", "better": "higher"}
    config = {
        "title": "A large trial",
        "short_title": "Large trial",
        "description": "Made up to measure speed.",
        "provenance": "synthetic",
        "publish_subject_data": True,
        "arms": [{"value": f"A{i}", "label": names[i]} for i in range(arms)],
        "populations": {"safety": {"flag": "SAFFL", "label": "Safety population"}},
        "time": {"unit": "month"},
        "design": {"masking": "none", "treatment_days": [1, 27]},
        "datasets": {role: {"file": f"{role}.parquet"} for role in ("adsl", "adqs", "adae")},
        "parameters": {"SCORE": parameter},
        "primary": {
            "parameter": "SCORE",
            "visits": [6],
            "population": "safety",
            "covariates": ["BASE", "ONSET"],
        },
        "adverse_events": {
            "population": "safety",
            "treatment_emergent": "TRTEMFL",
            "related": ["RELATED"],
            "minimum_percent": 5,
        },
    }
    (folder / "study.yml").write_text(yaml.safe_dump(config))


def statements() -> list[ast.stmt]:
    """Every statement of the chapter's code cells."""
    text = CHAPTER.read_text("utf-8")
    return [
        node
        for node in ast.parse(text).body
        if not isinstance(node, ast.Expr | ast.Assign)
        or not isinstance(getattr(node, "value", None), ast.Constant)
    ]


def run(folder: Path) -> pd.DataFrame:
    """Run the chapter on a study and time each statement."""
    scope: dict[str, object] = {"study_path": str(folder)}
    shown = DisplayFormatter()
    rows = []
    for node in statements():
        begin, used = time.perf_counter(), time.process_time()
        if isinstance(node, ast.Expr):
            value = eval(compile(ast.Expression(node.value), str(CHAPTER), "eval"), scope)
            with contextlib.redirect_stdout(io.StringIO()):
                shown.format(value)
        else:
            exec(compile(ast.Module([node], []), str(CHAPTER), "exec"), scope)
        kind = {ast.Expr: "show", ast.Assign: "analysis"}.get(type(node), "import")
        step = ast.unparse(node)
        rows.append((kind, step, time.process_time() - used, time.perf_counter() - begin))
    frame = pd.DataFrame(rows, columns=["kind", "step", "seconds", "elapsed"])
    frame.loc[frame["step"].str.startswith("study ="), "kind"] = "load"
    return frame


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--arms", type=int, default=2, choices=(2, 3, 4))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        write_study(Path(name), options.patients, options.events, options.arms)
        steps = run(Path(name))
    slow = steps.sort_values("seconds", ascending=False).head(25)
    print(slow.to_string(index=False, float_format="{:.3f}".format))
    totals = steps.groupby("kind")[["seconds", "elapsed"]].sum()
    print(totals.to_string(float_format="{:.2f}".format))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:,.0f} MiB")
    if totals.at["analysis", "seconds"] > TARGET:
        print(f"the analysis takes more than {TARGET:g} s")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
