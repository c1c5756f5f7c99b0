"""Made-up trials for the benchmarks: patients by visits with drop-out."""

import numpy as np
import pandas as pd


def make_trial(n_subjects: int, n_visits: int, seed: int = 1) -> pd.DataFrame:
    """Return a two-arm trial in long form.

    Each patient has a baseline and changes from it with an autoregressive covariance that grows
    over time; 4 % leave before each visit after the first, and 2 % of the other visits are missed.
    """
    rng = np.random.default_rng(seed)
    arm = rng.permutation(np.arange(n_subjects) % 2)
    base = rng.normal(35.0, 5.0, n_subjects)
    steps = rng.normal(size=(n_subjects, n_visits))
    noise = np.empty_like(steps)
    noise[:, 0] = steps[:, 0]
    for j in range(1, n_visits):
        noise[:, j] = 0.7 * noise[:, j - 1] + np.sqrt(1 - 0.49) * steps[:, j]
    visit = np.arange(1, n_visits + 1)
    mean = -0.8 * visit + 0.2 * arm[:, None] * visit + 0.05 * (base[:, None] - 35.0)
    change = mean + noise * (2.0 + 0.3 * visit)
    left = np.cumsum(rng.random((n_subjects, n_visits)) < 0.04, axis=1) > 0
    left[:, 0] = False
    missed = rng.random((n_subjects, n_visits)) < 0.02
    missed[:, 0] = False
    change[left | missed] = np.nan
    width = len(str(n_subjects))
    subjects = np.array([f"S{i:0{width}d}" for i in range(n_subjects)])
    labels = [f"Visit {j:02d}" for j in visit]
    return pd.DataFrame(
        {
            "USUBJID": np.repeat(subjects, n_visits),
            "TRT01P": pd.Categorical.from_codes(
                np.repeat(arm, n_visits), categories=["Placebo", "Active"]
            ),
            "AVISIT": pd.Categorical.from_codes(
                np.tile(np.arange(n_visits), n_subjects), categories=labels
            ),
            "BASE": np.repeat(base, n_visits),
            "CHG": change.ravel(),
        }
    )
