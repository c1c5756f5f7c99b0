# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# Exercises: the appraisal

They go with {doc}`../06_appraisal`. Level 1 asks for reading, level 2 for computing, level 3 for thinking
on. Try each before you unfold its hint, and its hint before its solution. Every solution was executed
when this page was built; the figures in it are made up.

## Level 1: read

```{question} A trial without masking finds a clear gain on a rating scale and none on anything an instrument measures. What fits?
- ( ) The treatment works.
  Possibly, if what it does cannot be measured by an instrument. It is one of two readings.
- ( ) The raters were dishonest.
  Nobody has to be dishonest for hope to move a rating.
- (x) Both a treatment that works and hope that moves ratings.
  The ratings alone cannot tell the two apart; masked raters could have.
```

```{question} The smallest of many p-values in a field of small trials is published first. What is to be expected of its effect?
- (x) It is too large.
  Only an estimate that is large, by luck or by truth, gets past the bar of a small trial.
- ( ) It is about right, since its p-value is small.
  The bar was passed because the estimate was large.
- ( ) It is too small, since trials are imperfect.
  Imperfections do shrink effects, but selection works the other way, and strongly in small trials.
```

```{exercise-start} Your own prior
:label: appraisal-prior
```
Before a trial you expected a gain of half a point, give or take one (a standard deviation). It found 3 points with
a standard error of 0.8. What should you believe now?
```{exercise-end}
```

```{dropdown} Hint
Weigh each by one over its variance: `normal_posterior`.
```

```{solution-start} appraisal-prior
:class: dropdown
```
"""

# %%
import numpy as np
import pandas as pd

from alsutils.stats.strength import normal_posterior

beliefs = {sd: normal_posterior(3, 0.8, prior_mean=0.5, prior_sd=sd) for sd in (0.25, 1, 4)}
columns = ("estimate", "conf_low", "conf_high")
found = {sd: {name: getattr(b, name) for name in columns} for sd, b in beliefs.items()}
pd.DataFrame(found).T.rename_axis("prior SD").round(2)

# %% [markdown]
"""
The posterior lies between the two, nearer to the narrower one. A stubborn prior hardly moves, one that says
little leaves the estimate as it is.

```{solution-end}
```

## Level 2: compute

```{exercise-start} What p = 0.04 is worth
:label: appraisal-risk
```
A field tests ideas of which one in five is right, in trials with 80% power. Of those with p just below 0.05, how
many are false? And of those with p near 0.001?
```{exercise-end}
```

```{dropdown} Hint
How likely is *this* p-value if the idea is right, and how likely if it is wrong? `false_positive_risk` has both.
```

```{solution-start} appraisal-risk
:class: dropdown
```
"""

# %%
from alsutils.stats.strength import false_positive_risk

effect = 1.96 + 0.84  # standard errors; a power of 80%
risks = {p: false_positive_risk(p, effect=effect, prior=0.2).risk for p in (0.045, 0.01, 0.001)}
pd.Series(risks, name="false").rename_axis("p").round(2).to_frame()

# %% [markdown]
"""
More than half at 0.045. A p-value speaks of data like these *or more extreme* if nothing is there; for the worth of the
p that was seen one needs the other side as well.

```{solution-end}
```

```{exercise-start} A few patients the other way
:label: appraisal-fragile
```
Eight of 40 treated patients and 18 of 40 controls had an event. How many treated patients would have to have the event
who did not, for Fisher's p to rise above 0.05?
```{exercise-end}
```

```{dropdown} Hint
`fragility_index(8, 40, 18, 40)`; or change one at a time by hand.
```

```{solution-start} appraisal-fragile
:class: dropdown
```
"""

# %%
from alsutils.stats.strength import fragility_index

index = fragility_index(8, 40, 18, 40)
pd.Series({"p": index.p_value, "patients": index.changes, "p after": index.p_after}).round(3)

# %% [markdown]
"""
As few as that. Compare it with the number of patients who were lost: if more were lost than it takes, the result hangs on
what happened to them.

```{solution-end}
```

```{exercise-start} Plan the next trial
:label: appraisal-next
```
A trial with a standard error of 0.8 found 3 points. Suppose the truth is 1, 2 or 3 points. How often would such a trial be
significant, and by what factor would it then exaggerate?
```{exercise-end}
```

```{dropdown} Hint
`design_errors(effects, std_error)`. Patients needed go with one over the square of the effect.
```

```{solution-start} appraisal-next
:class: dropdown
```
"""

# %%
from alsutils.stats.strength import design_errors

design_errors([1, 2, 3], 0.8).frame.round(2)

# %% [markdown]
"""
If the truth is 1, such a trial would find it rarely, and then say about twice as much. To plan for half the effect takes four times
the patients: that is the price of not believing one's own result too much.

```{solution-end}
```

## Level 3: think on

```{exercise-start} Means that cannot be
:label: appraisal-grim
```
A paper says that 28 patients scored 3.57 on a scale of whole points, on average, and another 3.58. Which is impossible?
```{exercise-end}
```

```{dropdown} Hint
A sum of whole points is whole. What means can 28 whole numbers have?
```

```{solution-start} appraisal-grim
:class: dropdown
```
"""

# %%
sums = np.arange(95, 105)
pd.DataFrame({"sum": sums, "mean of 28": (sums / 28).round(2)}).set_index("sum").T

# %% [markdown]
"""
The second: 100 points make 3.57 and 101 make 3.61, with nothing between. It may be a misprint, or one patient was missing. The
granularity test is worth a question, not an accusation.

```{solution-end}
```

```{exercise-start} Forty analyses
:label: appraisal-forty
```
Nothing is there, and forty defensible analyses of the same data go together with a correlation of 0.9. How often is at least one of
them significant? How often are more than half of them?
```{exercise-end}
```

```{dropdown} Hint
A common part and an own part, as for correlated endpoints.
```

```{solution-start} appraisal-forty
:class: dropdown
```
"""

# %%
rng = np.random.default_rng(4)
z = np.sqrt(0.9) * rng.normal(size=(20_000, 1)) + np.sqrt(0.1) * rng.normal(size=(20_000, 40))
share = (abs(z) > 1.96).mean(axis=1)
pd.Series({"at least one": (share > 0).mean(), "more than half": (share > 0.5).mean()}).round(3)

# %% [markdown]
"""
Choosing the best of forty brings a false finding in about one trial in five, far less than forty independent tests would, and far more than
one. That more than half agree happens about as often as one test is wrong: a curve of all analyses is read as a whole.

```{solution-end}
```
"""
