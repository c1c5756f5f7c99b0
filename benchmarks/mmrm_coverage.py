"""Do 95 % intervals cover 95 %? Small trials with drop-out, many times over.

    python benchmarks/mmrm_coverage.py [TRIALS]

Two arms of 12, four visits, a baseline, an unstructured covariance whose variances grow, and
drop-out that depends on the last change seen: a patient who worsened more is likelier to leave.
Each trial is fitted once; the difference between the arms at each visit gets the interval of
Kenward and Roger (R's and SAS's second-order term), of Satterthwaite, and the asymptotic one with
normal quantiles. Writes coverage, its Monte Carlo standard error and the mean width.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtri

from alsutils.stats.mmrm import MMRMError, fit_mmrm

OUTPUT = Path(__file__).parents[1] / "tests" / "reference" / "mmrm" / "coverage.csv"
FORMULA = "CHG ~ BASE*AVISIT + TRT01P*AVISIT"
PER_ARM, VISITS, TRIALS, SEED = 12, 4, 2000, 20080123
EFFECT = np.array([0.5, 1.0, 2.0, 3.0])
SD = np.array([1.6, 2.0, 2.8, 3.6])
CORRELATION = 0.75 ** np.abs(np.subtract.outer(np.arange(VISITS), np.arange(VISITS)))


def make_trial(rng: np.random.Generator) -> pd.DataFrame:
    n = 2 * PER_ARM
    arm = np.repeat([0, 1], PER_ARM)
    base = rng.normal(35.0, 4.0, n)
    factor = np.linalg.cholesky(np.outer(SD, SD) * CORRELATION)
    noise = rng.normal(size=(n, VISITS)) @ factor.T
    change = -np.array([1.0, 2.0, 4.0, 6.0]) + arm[:, None] * EFFECT
    change = change + 0.1 * (base[:, None] - 35.0) + noise
    staying = np.ones(n, dtype=bool)
    for j in range(1, VISITS):
        chance = 1.0 / (1.0 + np.exp(2.6 + 0.6 * noise[:, j - 1] / SD[j - 1]))
        staying &= rng.random(n) >= chance
        change[~staying, j] = np.nan
    return pd.DataFrame(
        {
            "USUBJID": np.repeat(np.arange(n), VISITS),
            "TRT01P": np.repeat(np.where(arm == 1, "Active", "Control"), VISITS),
            "AVISIT": np.tile([f"Visit {j + 1}" for j in range(VISITS)], n),
            "BASE": np.repeat(base, VISITS),
            "CHG": change.ravel(),
        }
    )


def intervals(data: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Contrasts by each method, from one fit."""
    fit = fit_mmrm(
        FORMULA, data, "USUBJID", "AVISIT", df="satterthwaite", reference={"TRT01P": "Control"}
    )
    tables = {"satterthwaite": fit.contrasts("TRT01P", by="AVISIT")}
    normal = tables["satterthwaite"].copy()
    half = ndtri(0.975) * normal["std_error"]
    normal["conf_low"], normal["conf_high"] = normal["estimate"] - half, normal["estimate"] + half
    tables["asymptotic"] = normal
    for kind in ("kenward-roger", "kenward-roger-linear"):
        inference = replace(fit._inference, df="kenward-roger", kind=kind)
        tables[kind] = replace(fit, _inference=inference).contrasts("TRT01P", by="AVISIT")
    return tables


def main() -> None:
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    rng = np.random.default_rng(SEED)
    covered: dict[str, list[np.ndarray]] = {}
    widths: dict[str, list[np.ndarray]] = {}
    failed = 0
    for _ in range(trials):
        data = make_trial(rng)
        try:
            tables = intervals(data)
        except MMRMError:
            failed += 1
            continue
        for method, table in tables.items():
            low, high = table["conf_low"].to_numpy(), table["conf_high"].to_numpy()
            covered.setdefault(method, []).append((low <= EFFECT) & (high >= EFFECT))
            widths.setdefault(method, []).append(high - low)
    rows = []
    for method, hits in covered.items():
        share = np.mean(hits, axis=0)
        for j in range(VISITS):
            rows.append(
                {
                    "method": method,
                    "visit": f"Visit {j + 1}",
                    "coverage": round(float(share[j]), 4),
                    "monte_carlo_se": round(
                        float(np.sqrt(share[j] * (1 - share[j]) / len(hits))), 4
                    ),
                    "mean_width": round(float(np.mean(widths[method], axis=0)[j]), 4),
                    "trials": len(hits),
                    "not_fitted": failed,
                }
            )
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    if trials == TRIALS:
        table.to_csv(OUTPUT, index=False)


if __name__ == "__main__":
    main()
