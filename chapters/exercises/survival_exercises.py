# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# Exercises: survival

They go with {doc}`../05_survival`. Level 1 asks for reading, level 2 for computing, level 3 for thinking
on. Try each before you unfold its hint, and its hint before its solution. Every solution was executed
when this page was built; the patients in it are made up.

## Level 1: read

```{question} The log-rank test gives p = 0.4 after 12 events. Which sentence may be written?
- ( ) The treatment does not change survival.
  Twelve events leave room for halving and for doubling the hazard.
- (x) The trial is too small to say; the interval of the hazard ratio shows what is left.
  What is not excluded is what a reader has to know.
- ( ) Survival was similar.
  "Similar" is a claim, and the interval does not carry it.
```

```{question} A hazard ratio of 0.5. What does it say of the time that patients live?
- ( ) They live twice as long.
  Only where the hazard never changes would the median double.
- ( ) Half of those who would have died live.
  In the end, everybody may die in both arms, with a hazard ratio of 0.5 at all times.
- (x) At each time, those still alive die at half the rate.
  How much time that gains depends on the hazard itself and on how long one looks.
```

```{exercise-start} Ten patients by hand
:label: survival-ten
```
Ten patients: two have the event in month 1, then five leave in month 2, then one of the remaining three has the
event in month 3. What is the share without the event, and why is it not seven in ten?
```{exercise-end}
```

```{dropdown} Hint
At each event, multiply by the share of those still watched who did not have it.
```

```{solution-start} survival-ten
:class: dropdown
```
"""

# %%
import numpy as np
import pandas as pd

from alsutils.stats.survival import kaplan_meier

time = [1, 1, 2, 2, 2, 2, 2, 3, 4, 4]
event = [True, True, False, False, False, False, False, True, False, False]
curve = kaplan_meier(time, event).frame
curve.filter(["time", "at_risk", "events", "estimate", "conf_low", "conf_high"]).round(2)

# %% [markdown]
"""
After two events in ten the share is 8/10. Of the three then still watched one has the event, so that the share
falls to 8/10 times 2/3, a little over one half. Seven in ten would count the five who left as though they had
been watched to the end.

```{solution-end}
```

## Level 2: compute

```{exercise-start} Events, not patients
:label: survival-events
```
How many events does a trial with equal arms need for 80% power if the true hazard ratio is 0.7, 0.8 or 0.9?
Guess before computing.
```{exercise-end}
```

```{dropdown} Hint
What counts is the square of the logarithm of the ratio. `events_needed` has it.
```

```{solution-start} survival-events
:class: dropdown
```
"""

# %%
from alsutils.stats.power import power_of_events

needed = {r: power_of_events(100, 0.5, r).events_needed for r in (0.5, 0.7, 0.8, 0.9)}
pd.Series(needed, name="events").rename_axis("hazard ratio").map(float).round(0).to_frame()

# %% [markdown]
"""
From 0.7 to 0.8 it takes two and a half times as many. Even a halving of the hazard needs dozens of events, more
than many an early trial has patients in an arm.

```{solution-end}
```

```{exercise-start} Curves that cross late
:label: survival-late
```
A treatment does nothing for six months and then halves the hazard. Draw 200 patients an arm and compare the
log-rank test, the hazard ratio, and the mean time within 36 months. What does the one hazard ratio describe?
```{exercise-end}
```

```{dropdown} Hint
An exponential time of mean 20 months; whoever of the treated gets past month 6 has double the rest.
```

```{solution-start} survival-late
:class: dropdown
```
"""

# %%
from alsutils.stats.hazards import cox
from alsutils.stats.survival import log_rank, restricted_mean_difference

rng = np.random.default_rng(2)
on = np.arange(400) % 2 == 1
drawn = rng.exponential(20, 400)
drawn = np.where(on & (drawn > 6), 6 + 2 * (drawn - 6), drawn)
time, event = np.minimum(drawn, 36), drawn <= 36
ratio = np.exp(cox(time, event, pd.DataFrame({"treated": on * 1.0})).frame["estimate"].iloc[0])
curves = [kaplan_meier(time[arm], event[arm]) for arm in (on, ~on)]
gained = restricted_mean_difference(*curves, 36).estimate
p = log_rank(time, event, on).p_value
pd.Series({"hazard ratio": ratio, "months gained": gained, "log-rank p": p}).round(3)

# %% [markdown]
"""
The ratio lies between 1, which holds before month 6, and a half, which holds after. It is an average over the
events of this one trial; with longer follow-up it would come out lower. The time gained within 36 months
means the same in any trial of this treatment.

```{solution-end}
```

```{exercise-start} What is excluded
:label: survival-excluded
```
A trial with 20 events gives a hazard ratio of 0.85. What interval goes with it, roughly? Which ratios does a
reader who counts 0.8 to 1.25 as "no difference that matters" have to leave open?
```{exercise-end}
```

```{dropdown} Hint
With equal arms, the logarithm of the ratio has a standard error of about two over the square root of the
number of events.
```

```{solution-start} survival-excluded
:class: dropdown
```
"""

# %%
error = 2 / np.sqrt(20)
limits = 0.85 * np.exp(1.96 * error * np.array([-1, 1]))
pd.Series(limits, ["from", "to"]).round(2)

# %% [markdown]
"""
From a reduction by two thirds to a doubling. The trial excludes neither a great benefit nor a great harm, and
cannot show that there is no difference that matters: its interval would have to lie within 0.8 and 1.25, which
takes hundreds of events.

```{solution-end}
```

## Level 3: think on

```{exercise-start} Who lived to be treated
:label: survival-immortal
```
Nothing works. Patients get up to three doses, one every quarter of a year, as long as they live. Compare those
who got all three with the others, counted from the first dose. Then do it from the day of the third.
```{exercise-end}
```

```{dropdown} Hint
`immortal_time(rng)` draws such patients and analyses them in wrong and right ways.
```

```{solution-start} survival-immortal
:class: dropdown
```
"""

# %%
from alsutils.stats.traps import immortal_time

trap = immortal_time(np.random.default_rng(3), n=2_000)
trap.results.filter(
    ["analysis", "right", "n", "events", "estimate", "conf_low", "conf_high"]
).round(2)

# %% [markdown]
"""
To have had three doses, a patient must have lived until the third: that time is a gift to the group. Counted from
the day on which the group is known, the gift is gone. A paper that compares responders with others from day one
makes the same gift.

```{solution-end}
```

```{exercise-start} Read a printed curve
:label: survival-printed
```
A paper gives only: 40 patients, alive at 12, 24 and 36 months: 80%, 55%, 35%, with 30, 16 and 6 still at risk. About
how many deaths lie in each year? How many patients were lost?
```{exercise-end}
```

```{dropdown} Hint
Those at risk at the start of a year, times the share of them that the curve lets die. The rest who are gone were lost.
```

```{solution-start} survival-printed
:class: dropdown
```
"""

# %%
at_risk, alive = np.array([40, 30, 16, 6]), np.array([1, 0.80, 0.55, 0.35])
gone, dying = -np.diff(at_risk), 1 - alive[1:] / alive[:-1]
lowest = dying * (at_risk[:-1] - gone) / (1 - dying)
table = pd.DataFrame({"gone": gone, "deaths if the lost left first": lowest})
table["deaths if they left last"] = dying * at_risk[:-1]
table.set_axis(["year 1", "year 2", "year 3"]).round(1)

# %% [markdown]
"""
The two columns bound the number of deaths; with a curve to click on, the bounds close. The chapter reads patients back
out of a whole curve in the same way, step by step.

```{solution-end}
```
"""
