# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# Exercises: safety

They go with {doc}`../02_safety`. Level 1 asks for reading, level 2 for computing, level 3 for thinking
on. Try each before you unfold its hint, and its hint before its solution. Every solution was executed
when this page was built; figures and patients in it are made up.

## Level 1: read

```{question} Of 40 patients with 55 headaches, 12 had one or more. What is the risk of a headache?
- ( ) 55 of 40.
  A risk counts patients. 55 events in 40 patients is a rate, if the time they were watched is given, too.
- (x) 12 of 40.
  Who had five headaches counts once.
- ( ) 12 of 55.
  That is the share of the headaches that were somebody's first.
```

```{question} Every patient of the treated arm had a puncture; there was no sham. Back pain is commoner there. What does it say of the drug?
- ( ) The drug causes back pain.
  The puncture can do that alone.
- ( ) Nothing can ever be said about it.
  A pain that comes long after the last puncture would say something.
- (x) Little, until one looks at when the pain came.
  Pain that clusters after punctures speaks of the puncture; a sham would have told the two apart.
```

```{exercise-start} Nothing seen
:label: safety-nothing
```
How many patients must go free of an event before it can be said, with 95% confidence, that fewer than
one in a hundred will have it?
```{exercise-end}
```

```{dropdown} Hint
The rule of three: nobody of $n$ leaves room for $3/n$.
```

```{solution-start} safety-nothing
:class: dropdown
```
"""

# %%
import pandas as pd

from alsutils.stats.proportions import zero_event_limit

limits = {n: zero_event_limit(n).exact for n in (100, 298, 299, 300)}
pd.Series(limits, name="upper limit").rename_axis("patients without the event").round(5).to_frame()

# %% [markdown]
"""
By the rule of three 300; the exact limit asks for one fewer. A trial with thirty patients an arm leaves
room for an event in every tenth.

```{solution-end}
```

## Level 2: compute

```{exercise-start} One event, three measures
:label: safety-measures
```
An event befell 9 of 30 treated patients and 3 of 30 controls. Give the risk difference, the risk ratio and
the odds ratio with their intervals. Which of them says how many patients must be treated for one more to
have the event?
```{exercise-end}
```

```{dropdown} Hint
`compare_risks` takes a frame with the columns `events_treated`, `n_treated`, `events_control` and
`n_control`.
```

```{solution-start} safety-measures
:class: dropdown
```
"""

# %%
from alsutils.stats.proportions import compare_risks

counts = {"events_treated": [9], "n_treated": [30], "events_control": [3], "n_control": [30]}
found = compare_risks(pd.DataFrame(counts))
found.filter(regex="estimate|score|ratio|p_value|midp").T.round(3)

# %% [markdown]
"""
The difference of 20 percentage points does: one in five. The ratio of 3 says that it is thrice as likely,
but not whether that is one in a thousand more. The odds ratio is further from 1 than the risk ratio
wherever the event is not rare.

```{solution-end}
```

```{exercise-start} The wrong denominator
:label: safety-denominator
```
Let the number of headaches of each of 60 patients be drawn so that some have none and some many, alike in
both arms. Test the arms as if every headache were a patient of its own. How often is p below 0.05?
```{exercise-end}
```

```{dropdown} Hint
A negative binomial distribution has such patients. Given the total, the events of one arm are then taken
for the flips of a coin: `scipy.stats.binom`.
```

```{solution-start} safety-denominator
:class: dropdown
```
"""

# %%
import numpy as np
from scipy import stats

rng = np.random.default_rng(1)
headaches = rng.negative_binomial(0.5, 0.25, size=(5_000, 2, 30)).sum(axis=2)
total, fewer = headaches.sum(axis=1), headaches.min(axis=1)
as_coins = np.minimum(1, 2 * stats.binom.cdf(fewer, total, 0.5))
(as_coins < 0.05).mean().round(3)

# %% [markdown]
"""
In about a third of trials in which nothing is different. Headaches of one patient are not independent; a
method for rates has to allow for how much patients differ, as the chapter's do.

```{solution-end}
```

```{exercise-start} Watched longer
:label: safety-watched
```
A treatment brings an event in the first week or never, to one patient in four, in both arms alike. The
treated arm is watched for 12 months, the control for 6. Compare the events per patient-month.
```{exercise-end}
```

```{dropdown} Hint
`event_rate(events, time)` takes one number of events and one time for each patient; `rate_ratio` compares
two.
```

```{solution-start} safety-watched
:class: dropdown
```
"""

# %%
from alsutils.stats.rates import event_rate, rate_ratio

had = np.repeat([1, 0], [25, 75])
treated, control = event_rate(had, np.full(100, 12.0)), event_rate(had, np.full(100, 6.0))
ratio = rate_ratio(treated, control)
pd.Series({"ratio": ratio.estimate, "from": ratio.conf_low, "to": ratio.conf_high}).round(2)

# %% [markdown]
"""
Half the rate, though the arms do not differ: the second half of the time adds months and no events. A rate
is fair only while the risk stays the same. The share of patients with the event within the first month is
the same in both arms.

```{solution-end}
```

## Level 3: think on

```{exercise-start} A long table
:label: safety-long
```
A table has 80 events, each of which befalls 8% of patients in two arms of 60, whatever their arm. How many
Fisher p-values are below 0.05? Why not four?
```{exercise-end}
```

```{dropdown} Hint
Draw the counts, and let `fisher_tests(Tables(...))` work on all of them at once. Which p-values can arms
with so few events have at all?
```

```{solution-start} safety-long
:class: dropdown
```
"""

# %%
rng = np.random.default_rng(2)
drawn = rng.binomial(60, 0.08, size=(2, 200 * 80))
table = {"events_treated": drawn[0], "n_treated": 60, "events_control": drawn[1], "n_control": 60}
tested = compare_risks(pd.DataFrame(table), boschloo_up_to=0)
small = (tested["p_value"] < 0.05).to_numpy().reshape(200, 80).sum(axis=1)
pd.Series({"mean": small.mean(), "trials with none": (small == 0).mean()}).round(2)

# %% [markdown]
"""
Less than two. Counts go in steps, so Fisher's test keeps its level by staying below it. Even so three tables
in four have at least one "significant" event. Look at what the events have in common, and at the size of
the differences.

```{solution-end}
```

```{exercise-start} A grave harm, doubled
:label: safety-grave
```
One patient in a hundred has a stroke in the year of a trial; the treatment doubles it. How often does a trial
with 100, 1,000 or 3,000 patients an arm show it at the two-sided level of 5%? Why is a trial that was
planned for its benefit of little help?
```{exercise-end}
```

```{dropdown} Hint
`ShareTest(control=0.01)` is a plan for two shares; its effect is the difference of the shares.
```

```{solution-start} safety-grave
:class: dropdown
```
"""

# %%
from alsutils.stats.power import ShareTest

plan = ShareTest(control=0.01)
power = {n: plan.power(0.01, n, n) for n in (100, 1_000, 3_000)}
pd.Series(power, name="power").rename_axis("patients an arm").map(float).round(2).to_frame()

# %% [markdown]
"""
Trials are sized for effects that half of the patients feel. A harm that befalls one in a hundred more needs
thousands, or all trials of the drug together, or a register after it is sold.

```{solution-end}
```
"""
