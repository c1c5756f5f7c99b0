"""How often does each analysis of the primary endpoint find an effect that is not there?

    python benchmarks/type_one_error.py [TRIALS]

Two arms of 32, a baseline and four visits, the same decline and the same risk of death in both
arms. In the first world everybody who lives is seen throughout. In the second, patients leave the
likelier the worse their last change was (missing at random), and those of the treated arm leave
about three times as often, as with a drug that is hard to bear. The arms are compared at the last
visit at the two-sided level of 5 %; who dies has no value from then on. Writes, for each analysis
and world, the share of trials that found a difference with its Monte Carlo standard error.
"""

import sys
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from alsutils.stats.ancova import ancova
from alsutils.stats.imputation import (
    completers,
    conditional_mean_imputation,
    last_observation_carried_forward,
    multiple_imputation,
)
from alsutils.stats.joint_rank import joint_rank
from alsutils.stats.longitudinal import constrained_analysis, random_slopes
from alsutils.stats.mmrm import fit_mmrm
from alsutils.stats.two_sample import Sample, mean_difference
from alsutils.stats.wins import Continuous, TimeToEvent, win_statistics

OUTPUT = Path(__file__).parents[1] / "tests" / "reference" / "primary" / "type_one_error.csv"
PER_ARM, VISITS, TRIALS, IMPUTATIONS, SEED = 32, 4, 2000, 100, 20220508
MONTHS = np.array([1.0, 2.0, 4.0, 6.0])
DECLINE = 1.0  # points a month
SD = np.array([1.6, 2.0, 2.8, 3.6])
CORRELATION = 0.75 ** np.abs(np.subtract.outer(np.arange(VISITS), np.arange(VISITS)))
HAZARD = 0.01  # deaths a month
RESPONSE = -3.0  # a change at least this good counts as a response
LEVEL = 0.05
WORLDS = {"all seen": 0.0, "patients leave": 1.0}
ARMS = pd.CategoricalDtype(["Control", "Active"])


def make_trial(rng: np.random.Generator, leaving: float) -> pd.DataFrame:
    """Give one row a patient: arm, baseline, time to death or 6 months, and four changes."""
    n = 2 * PER_ARM
    arm = np.repeat([0, 1], PER_ARM)
    base = rng.normal(35.0, 4.0, n)
    noise = rng.normal(size=(n, VISITS)) @ np.linalg.cholesky(np.outer(SD, SD) * CORRELATION).T
    change = -DECLINE * MONTHS + 0.1 * (base[:, None] - 35.0) + noise
    time = rng.exponential(1 / HAZARD, n)
    staying = np.ones(n, dtype=bool)
    for j in range(1, VISITS):
        odds = leaving * np.exp(-3.0 + 1.2 * arm - 0.6 * noise[:, j - 1] / SD[j - 1])
        staying &= rng.random(n) >= odds / (1.0 + odds)
        change[~staying, j] = np.nan
    change[time[:, None] <= MONTHS] = np.nan
    patients = pd.DataFrame(change, columns=[f"Visit {j + 1}" for j in range(VISITS)])
    return patients.assign(
        USUBJID=np.arange(n),
        TRT01P=pd.Categorical.from_codes(arm, dtype=ARMS),
        BASE=base,
        TIME=np.minimum(time, MONTHS[-1]),
        DIED=time <= MONTHS[-1],
    )


def p_values(patients: pd.DataFrame, seed: int, gaps: bool) -> dict[str, float]:
    """Analyse one trial in every way."""
    visits = [f"Visit {j + 1}" for j in range(VISITS)]
    last, treated = patients[visits[-1]], patients["TRT01P"] == "Active"
    seen = last.notna()
    two = Sample.of(last[seen & treated]), Sample.of(last[seen & ~treated])
    adjusted = ancova(patients[seen], visits[-1], "TRT01P", ["BASE"]).frame
    long = patients.melt(["USUBJID", "TRT01P", "BASE"], visits, "AVISIT", "CHG")
    mixed = fit_mmrm(
        "CHG ~ BASE*AVISIT + TRT01P*AVISIT", long, "USUBJID", "AVISIT",
        vcov="kenward-roger-linear", reference={"TRT01P": "Control"},
    )  # fmt: skip
    start = patients.assign(AVISIT="Baseline", CHG=0.0)[
        ["USUBJID", "TRT01P", "BASE", "AVISIT", "CHG"]
    ]
    course = pd.concat([start, long], ignore_index=True)
    course["AVAL"] = course["BASE"] + course["CHG"]
    course["AVISIT"] = pd.Categorical(course["AVISIT"], ["Baseline", *visits], ordered=True)
    course["MONTH"] = np.array([0.0, *MONTHS])[course["AVISIT"].cat.codes]
    shared = constrained_analysis(course, "AVAL", "USUBJID", "AVISIT", "TRT01P").frame
    slope = random_slopes(course, "AVAL", "USUBJID", "MONTH", "TRT01P").frame
    ranked = joint_rank(patients, "TRT01P", "TIME", "DIED", visits, ["BASE"]).frame
    carried = patients[visits].ffill(axis=1).iloc[:, -1].fillna(0.0)
    wins = win_statistics(
        [TimeToEvent(patients["TIME"], patients["DIED"]), Continuous(carried)], treated
    ).frame.set_index("measure")["p_value"]
    table = pd.crosstab(treated, carried >= RESPONSE).reindex(columns=[False, True], fill_value=0)
    p = {
        "t-test, pooled": mean_difference(*two).frame["p_value"].iloc[0],
        "t-test, Welch": mean_difference(*two, variance="welch").frame["p_value"].iloc[0],
        "ANCOVA": adjusted["p_value"].iloc[0],
        "ANCOVA, robust errors": adjusted["robust_p_value"].iloc[0],
        "MMRM, Kenward-Roger": mixed.contrasts("TRT01P", by="AVISIT")["p_value"].iloc[-1],
        "cLDA, Kenward-Roger": shared["p_value"].iloc[-1],
        "Random slopes": slope["p_value"].iloc[0],
        "Joint rank, ANCOVA on ranks": ranked["p_value"].iloc[0],
        "Win ratio": wins["win_ratio"],
        "Win odds": wins["win_odds"],
        "Net benefit": wins["net_benefit"],
        "Responders, Fisher's exact test": stats.fisher_exact(table).pvalue,
    }
    return p | (imputed(long, seed) if gaps else {})


def imputed(long: pd.DataFrame, seed: int) -> dict[str, float]:
    """Analyse one trial with its gaps filled."""
    columns: dict[str, Any] = {
        "outcome": "CHG", "subject": "USUBJID", "visit": "AVISIT", "arm": "TRT01P",
        "covariates": ["BASE"],
    }  # fmt: skip
    many = columns | {"n_imputations": IMPUTATIONS, "seed": seed}
    found = {
        "Missing at random, conditional means": conditional_mean_imputation(long, **columns),
        "Missing at random, drawn": multiple_imputation(long, **many),
        "Jump to control, conditional means": conditional_mean_imputation(
            long, **columns, strategy="J2R"
        ),
        "Jump to control, drawn": multiple_imputation(long, **many, strategy="J2R"),
        "Last value carried forward": last_observation_carried_forward(long, **columns, start=0.0),
        "Complete patients": completers(long, **columns),
    }
    return {name: result.frame["p_value"].iloc[-1] for name, result in found.items()}


def trial(number: int) -> list[tuple[str, str, bool]]:
    """Make and analyse one trial of each world; the same whoever computes it."""
    rows = []
    for world, leaving in WORLDS.items():
        patients = make_trial(np.random.default_rng([SEED, number]), leaving)
        for analysis, p in p_values(patients, number, leaving > 0).items():
            rows.append((world, analysis, bool(p < LEVEL)))
    return rows


def main(trials: int) -> None:
    rows: list[tuple[str, str, bool]] = []
    with Pool(2) as pool:
        for number, found in enumerate(pool.imap(trial, range(trials), chunksize=10), start=1):
            rows += found
            if number % 100 == 0:
                print(f"{number} of {trials}", flush=True)
    each = pd.DataFrame(rows, columns=["world", "analysis", "found"])
    table = each.groupby(["world", "analysis"], sort=False)["found"].agg(["size", "mean"])
    table.columns = ["trials", "error"]
    table["monte_carlo_se"] = np.sqrt(table["error"] * (1 - table["error"]) / table["trials"])
    table.reset_index().to_csv(OUTPUT, index=False, float_format="%.4f")
    print(table.round(4).to_string())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS)
