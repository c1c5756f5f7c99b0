# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# Exercises: the primary endpoint

They go with {doc}`../03_primary`. Level 1 asks for reading, level 2 for computing, level 3 for
thinking on. Try each before you unfold its hint, and its hint before its solution. Every solution
was executed when this page was built. The patients here are simulated, so that the truth is known.
"""

# %%
import numpy as np
import pandas as pd

from alsutils.stats.patients import Scenario, simulate_patients

scenario = Scenario(
    n_per_arm=(150, 150), slope_effect=(0.0, 0.5), dropout_per_month=0.03, dropout_log_hr_seen=0.2
)
scores = simulate_patients(scenario, np.random.default_rng(3)).frame.query("month >= 0")
scores["base"] = scores.groupby("patient")["score"].transform("first")
scores["change"] = scores["score"] - scores["base"]
scores["arm"] = pd.Categorical(scores["arm"], ["CONTROL", "ACTIVE"], ordered=True)
scores.filter(["patient", "arm", "month", "score", "base", "change"]).head()

# %% [markdown]
"""
The score has 48 points, and a higher one is better. The treatment of the arm ACTIVE slows the decline
by half a point a month. So after six months its patients are on average about 3 points better off, as
far as the scale lets it be seen. Patients leave, the more likely the more they have lost.

## Level 1: read

```{question} A paper prints a difference of 1.2 points with a 95% interval from −0.1 to 2.5. What does it say?
- ( ) The treatment does not work.
  The interval reaches from slightly worse to 2.5 points better; it excludes neither nothing nor much.
- (x) The data fit with no difference and with one of two points.
  Every value inside is about as compatible with the data as the interval's level says.
- ( ) The true difference is 1.2 points.
  That is the value that fits best. Its neighbours fit nearly as well.
```

```{exercise-start} From print to interval
:label: primary-print
```
A table gives, for two arms, 30 patients with a mean of −2.0 points (SD 3.0) and 28 with −4.0 (SD 4.0).
What are the difference, its 95% interval and its p-value?
```{exercise-end}
```

```{dropdown} Hint
Means, SDs and numbers are all that a t-test needs. Is one common variance plausible here?
```

```{solution-start} primary-print
:class: dropdown
```
"""

# %%

from alsutils.stats.two_sample import Sample, mean_difference

treated, control = Sample(n=30, mean=-2.0, sd=3.0), Sample(n=28, mean=-4.0, sd=4.0)
student = mean_difference(treated, control).frame
welch = mean_difference(treated, control, variance="welch").frame
pd.concat({"one variance": student, "one each": welch}).droplevel(1).round(3)

# %% [markdown]
"""
The two agree where the arms are of like size. Student's test assumes one variance in both arms,
Welch's does not. If a paper's p-value fits neither, look at the number of patients first.

```{solution-end}
```

```{exercise-start} Who is missing?
:label: primary-missing
```
Count the patients with a score at each visit in each arm. Then compare the score one visit earlier of
those who were gone at the last visit with that of those who were still there. What does it tell about
a mean over time?
```{exercise-end}
```

```{dropdown} Hint
A pivot table of visits by arms counts. For the second part, mark who has a row at the last visit.
```

```{solution-start} primary-missing
:class: dropdown
```
"""

# %%
seen = scores.dropna(subset=["score"])
seen.pivot_table(index="month", columns="arm", values="score", aggfunc="count", observed=True)

# %%
stayed = seen.loc[seen["month"] == 6, "patient"]
before = seen[seen["month"] == 4].assign(seen_at_6=lambda rows: rows["patient"].isin(stayed))
before.groupby("seen_at_6")["change"].agg(["count", "mean", "std"]).round(2)

# %% [markdown]
"""
Those who are gone had lost more. A mean of whoever came is then a mean of ever fitter patients: it can
rise although nobody gets better.

```{solution-end}
```

## Level 2: compute

```{exercise-start} What the baseline is good for
:label: primary-ancova
```
Compare the arms at month 6 twice: by the mean changes, and by a model that holds the baseline equal.
How much narrower is the second interval? When would it be no narrower at all?
```{exercise-end}
```

```{dropdown} Hint
`ancova(data, "change", "arm", ["base"])` takes the arm as an ordered category, the control first.
```

```{solution-start} primary-ancova
:class: dropdown
```
"""

# %%
from alsutils.stats.ancova import ancova

last = seen[seen["month"] == 6]
both = {"change": ancova(last, "change", "arm")}
both["with baseline"] = ancova(last, "change", "arm", ["base"])
compared = pd.concat({name: fit.frame for name, fit in both.items()}).droplevel(1)
compared.filter(["estimate", "std_error", "conf_low", "conf_high", "p_value"]).round(3)

# %%
last[["base", "score", "change"]].corr().round(2)

# %% [markdown]
"""
What is gained depends on the correlation $r$ of the baseline with the *change*: the model leaves
$1-r^2$ of the variance. Where they do not go together, nothing is gained, and only a degree of freedom
lost. Where the baseline goes with the value but not with its change, the change has done the work already.

```{solution-end}
```

```{exercise-start} The last value carried on
:label: primary-locf
```
Simulate a trial in which the treatment does nothing, but whose treated patients leave more often.
Compare the arms at month 6 with each patient's last value carried forward, and by a mixed model for
repeated measures. Which of the two sees a difference that is not there?
```{exercise-end}
```

```{dropdown} Hint
`Scenario(slope_effect=(0.0, 0.0), dropout_log_hr_arm=(0.0, 1.5), dropout_per_month=0.04, ...)`. Who
leaves early has lost little by then: what does carrying that on do to the mean of an arm?
```

```{solution-start} primary-locf
:class: dropdown
```
"""

# %%
leaving = Scenario(
    n_per_arm=(400, 400),
    slope_effect=(0.0, 0.0),
    dropout_per_month=0.04,
    dropout_log_hr_arm=(0.0, 1.5),
)
drawn = simulate_patients(leaving, np.random.default_rng(6)).frame.query("month >= 0")
drawn["base"] = drawn.groupby("patient")["score"].transform("first")
drawn["change"] = drawn["score"] - drawn["base"]
drawn["arm"] = pd.Categorical(drawn["arm"], ["CONTROL", "ACTIVE"], ordered=True)
rows = drawn.query("month > 0").dropna(subset=["score"])
carried_on = ancova(rows.groupby("patient").tail(1), "change", "arm", ["base"]).frame
carried_on.filter(["n_control", "n_treated", "estimate", "conf_low", "conf_high", "p_value"]).round(
    3
)

# %%
from alsutils.stats.mmrm import fit_mmrm

rows["visit"] = "M" + rows["month"].astype(int).astype(str)
fit = fit_mmrm("change ~ arm * visit + base * visit", rows, subject="patient", visit="visit")
differences = fit.contrasts("arm", by="visit", reference="CONTROL")
differences.filter(["visit", "estimate", "conf_low", "conf_high", "p_value"]).round(3)

# %% [markdown]
"""
Carrying the last value on stops the decline of everybody who leaves. The arm that leaves more then
looks better, although the treatment does nothing. The mixed model lets the earlier visits of those who
left speak for their later ones, which is right as long as leaving depends on what was seen.

```{solution-end}
```

```{exercise-start} Sick today, better tomorrow
:label: primary-regression
```
A score has a standard deviation of 6 between patients, and one visit's noise has one of 4. Nobody
changes. Patients enter a study if they score below 30 where the mean is 36. By how much does the mean
of those who entered "improve" at the next visit?
```{exercise-end}
```

```{dropdown} Hint
Draw true scores, add noise twice, and select by the first. No formula is needed.
```

```{solution-start} primary-regression
:class: dropdown
```
"""

# %%

rng = np.random.default_rng(5)
true = rng.normal(36, 6, 100_000)
first, second = true + rng.normal(0, 4, 100_000), true + rng.normal(0, 4, 100_000)
entered = first < 30
pd.Series({"at entry": first[entered].mean(), "at the next visit": second[entered].mean()}).round(2)

# %% [markdown]
"""
About 3 points, without any treatment. The share of the variance that is noise, $4^2/(6^2+4^2)$ or 31%, is
the share of the distance from the mean that is lost. A control arm that entered in the same way shows
the same rise, and the difference between the arms is free of it.

```{solution-end}
```

## Level 3: think on

```{exercise-start} Several chances to be wrong
:label: primary-several
```
A trial tests four endpoints; none of them is changed by the treatment, and they are independent. How
often is at least one p-value below 0.05? How often after Bonferroni, Holm, and Benjamini-Hochberg?
What if the four go together with a correlation of 0.8?
```{exercise-end}
```

```{dropdown} Hint
$1-0.95^4$ for the first. For the rest, draw z-values with a common part and adjust each trial's four
p-values.
```

```{solution-start} primary-several
:class: dropdown
```
"""

# %%
from scipy import stats

rng = np.random.default_rng(6)
own, shared = rng.normal(size=(20_000, 4)), rng.normal(size=(20_000, 1))
apart = 2 * stats.norm.sf(abs(own))
together = 2 * stats.norm.sf(abs(np.sqrt(0.8) * shared + np.sqrt(0.2) * own))
smallest = pd.DataFrame({"apart": apart.min(axis=1), "together": together.min(axis=1)})
wrong = pd.DataFrame(
    {"no adjustment": (smallest < 0.05).mean(), "Bonferroni": (smallest < 0.05 / 4).mean()}
)
wrong.round(3)

# %% [markdown]
"""
Holm rejects something exactly when Bonferroni does: the smallest p-value meets the same bar. So does
Benjamini-Hochberg but for rare trials in which several p-values are just below 0.05. Where endpoints go
together, there are fewer independent chances, and Bonferroni is stricter than it has to be.

```{solution-end}
```

```{exercise-start} Pairs that nobody wins
:label: primary-ties
```
A score is compared pair by pair between two arms of 100. Round it ever more coarsely (1, 4, 12 points)
and watch the win ratio and the win odds. Which one moves away from 1, and why can that mislead?
```{exercise-end}
```

```{dropdown} Hint
`win_statistics([Continuous(values)], treated)`. The win ratio leaves ties out; the win odds give half
of each to either side.
```

```{solution-start} primary-ties
:class: dropdown
```
"""

# %%
from alsutils.stats.wins import Continuous, win_statistics

rng = np.random.default_rng(7)
values = np.concatenate([rng.normal(-4, 6, 100), rng.normal(-2, 6, 100)])
treated = np.arange(200) >= 100
rounded = {step: Continuous(np.round(values / step) * step) for step in (1, 4, 12)}
found = pd.concat({f"{k} points": win_statistics([v], treated).frame for k, v in rounded.items()})
found.droplevel(1).reset_index().pivot_table(
    index="index", columns="measure", values="estimate"
).round(2)

# %% [markdown]
"""
The coarser the score, the more pairs are tied. The win ratio speaks of the pairs that were decided, and
moves away from 1; the win odds come closer to it. A win ratio of 3 in which nine pairs in ten are tied
is a small effect. Always ask for the share of ties.

```{solution-end}
```
"""
