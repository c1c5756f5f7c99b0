# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# Exercises: the design

They go with {doc}`../01_design`. Level 1 asks for reading, level 2 for computing, level 3 for thinking
on. Try each before you unfold its hint, and its hint before its solution. Every solution was executed
when this page was built.

## Level 1: read

```{question} A baseline table says that the arms differ in age with p = 0.03. What follows?
- ( ) The draw did not work.
  If it worked, one characteristic in twenty still differs at that level. A p-value tests the draw, which is known.
- (x) Nothing about the draw; look at the size of the difference.
  Whether a difference matters depends on its size and on how strongly age goes with the endpoint.
- ( ) Age must be left out of the analysis.
  If age goes with the endpoint, holding it equal makes the comparison sharper.
```

```{question} A trial had 80% power and found no significant difference. How likely is it that the treatment works?
- ( ) 20%.
  That is how often such a trial misses an effect of the planned size. It is not about this treatment.
- ( ) 80%.
  Power is a promise about trials before they begin.
- (x) The figures given do not tell.
  That also needs what was believed before, and which effects the interval leaves.
```

```{exercise-start} Half the patients
:label: design-half
```
Suppose only half of the patients had been analysed. How much larger would the smallest difference be
that the trial could find? Guess before you compute.
```{exercise-end}
```

```{dropdown} Hint
The standard error goes with one over the square root of the number of patients.
```

```{solution-start} design-half
:class: dropdown
```
"""

# %%
import pandas as pd

from alsutils.stats.power import MeanTest, detectable_effect

test = MeanTest(sd=4)
found = {n: detectable_effect(test, n_control=n, n_treated=n) for n in (120, 60, 30, 15)}
pd.Series(found, name="smallest difference").rename_axis("patients an arm").round(2).to_frame()

# %% [markdown]
"""
Each halving multiplies it by a little more than the square root of two: in small arms the t-distribution
asks for more, too. To halve what can be found takes four times the patients.

```{solution-end}
```

## Level 2: compute

```{exercise-start} Guess the next arm
:label: design-guess
```
In a block of two the second arm is known once the first is seen, so three of four arms are guessed. How
well can one guess in blocks of four, of eight, and with a single block for the whole trial of 64?
```{exercise-end}
```

```{dropdown} Hint
`permuted_blocks` draws many trials at once, and `convergence_guesses` guesses whatever arm is behind.
```

```{solution-start} design-guess
:class: dropdown
```
"""

# %%
import numpy as np

from alsutils.stats.randomisation import convergence_guesses, permuted_blocks

rng = np.random.default_rng(1)
drawn = {size: permuted_blocks(64, 2000, rng, blocks=[size]) for size in (2, 4, 8, 64)}
right = {size: convergence_guesses(arms).right.mean() for size, arms in drawn.items()}
pd.Series(right, name="guessed right").rename_axis("block").round(3).to_frame()

# %% [markdown]
"""
The larger the block, the less it gives away. Even a single block can be guessed a little better than a
coin, for the arm that is behind has more tickets left.

```{solution-end}
```

```{exercise-start} Chance and balance
:label: design-balance
```
Two arms of 30 are drawn from one crowd, and ten characteristics that have nothing to do with each other
are compared. How large is the largest standardised difference, typically? How often is it above 0.25?
```{exercise-end}
```

```{dropdown} Hint
The difference of two means of 30 has a standard error of the square root of 2/30, in standard deviations.
```

```{solution-start} design-balance
:class: dropdown
```
"""

# %%
rng = np.random.default_rng(2)
arms = rng.normal(size=(2, 5_000, 10, 30))
largest = abs(arms[0].mean(axis=2) - arms[1].mean(axis=2)).max(axis=1)
pd.Series(
    {"median of the largest": np.median(largest), "above 0.25": (largest > 0.25).mean()}
).round(2)

# %% [markdown]
"""
In small arms a difference of a quarter of a standard deviation is nearly sure to be somewhere, though
nothing but chance is at work. A love plot should be read with that in mind.

```{solution-end}
```

```{exercise-start} What a baseline saves
:label: design-baseline
```
The endpoint is a score with a standard deviation of 8 in each arm, and its correlation with the baseline
is 0.7. How many patients find a difference of 4 with a power of 90%: by the values at the end, by their
changes, by analysis of covariance? What if the correlation were 0.4?
```{exercise-end}
```

```{dropdown} Hint
`MeanTest`, `change_score` and `ancova` of `alsutils.stats.power` are plans; `sample_size` takes one.
```

```{solution-start} design-baseline
:class: dropdown
```
"""

# %%
from alsutils.stats.power import ancova, change_score, sample_size

plans = {
    ("values", 0.7): MeanTest(sd=8),
    ("changes", 0.7): change_score(8, 8, 0.7),
    ("ANCOVA", 0.7): ancova(8, 0.7),
    ("changes", 0.4): change_score(8, 8, 0.4),
    ("ANCOVA", 0.4): ancova(8, 0.4),
}
sizes = {plan: sample_size(test, effect=4, power=0.9).total for plan, test in plans.items()}
pd.Series(sizes, name="patients").rename_axis(["analysis", "correlation"]).to_frame()

# %% [markdown]
"""
Covariance is never worse than either. At a correlation of 0.4 the change is worse than the bare value: it
brings in the noise of two visits. The change pays from a correlation of one half.

```{solution-end}
```

```{exercise-start} More patients or more time
:label: design-time
```
Under control 3 of 100 patients have the event in a month and a few are lost. Patients enter over 18
months, and the hazard ratio is 0.7. How many patients does the trial need if it ends a year after the
last one entered? How many if it ends after three?
```{exercise-end}
```

```{dropdown} Hint
`HazardTest` holds the rates and the times; the unit is a month. Power depends on events, not patients.
```

```{solution-start} design-time
:class: dropdown
```
"""

# %%
from alsutils.stats.power import HazardTest

plans = {m: HazardTest(hazard=0.03, follow_up=m, accrual=18, loss=0.005) for m in (12, 36)}
totals = {months: sample_size(plan, effect=0.7).total for months, plan in plans.items()}
pd.Series(totals, name="patients").rename_axis("months after the last entry").to_frame()

# %% [markdown]
"""
The number of events is the same. Two more years of waiting spare more than a third of the patients.

```{solution-end}
```

## Level 3: think on

```{exercise-start} Power is not assurance
:label: design-assurance
```
A trial found a difference of 2 with a standard error of 0.7, where patients scatter by 4. The next trial
has 64 patients in each arm. How large is its power if the true difference is 2, and how large its
assurance? Why is the one not the other, and which is nearer to a half?
```{exercise-end}
```

```{dropdown} Hint
`Belief.normal` takes the mean and its error. An error of 0 is to know the truth.
```

```{solution-start} design-assurance
:class: dropdown
```
"""

# %%
from alsutils.stats.assurance import Belief, assurance

beliefs = {"power: the truth is 2": Belief.normal(2, 0), "assurance": Belief.normal(2, 0.7)}
chances = {k: assurance(b, sd=4, n_control=64, n_treated=64) for k, b in beliefs.items()}
pd.Series(chances, name="chance of success").map(float).round(3).to_frame()

# %% [markdown]
"""
Not to know the effect draws the chance of success towards a half: down from a power above it, up from one
below. And 2 itself may be too large, having been found by a trial that was published for it.

```{solution-end}
```

```{exercise-start} A look that comes late
:label: design-late
```
A trial planned five looks at equal distances. The second took place only when half of the data were in.
What boundary holds there? And what would the trial give away if it kept the one planned for 40%?
```{exercise-end}
```

```{dropdown} Hint
A spending function needs only the shares of the information so far: `spending_boundaries`.
```

```{solution-start} design-late
:class: dropdown
```
"""

# %%
from alsutils.stats.group_sequential import Spending, spending_boundaries

spending = Spending("obrien_fleming")
looks = {"as planned": [0.2, 0.4], "late": [0.2, 0.5]}
frames = {name: spending_boundaries(shares, spending).frame for name, shares in looks.items()}
pd.concat(frames).droplevel(1).round(4)

# %% [markdown]
"""
At half of the data more of the level may be used up, so that the boundary is lower. The old one would
keep the promise too, but make it harder than need be to stop.

```{solution-end}
```
"""
