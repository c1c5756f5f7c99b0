# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# Survival

For some events what matters is not only whether they happen but when. This chapter compares the time to
an event between the arms.
"""

# %% tags=["parameters"]
study_path = "../data/oh2018"

# %%
from IPython.display import display

from alsutils import load_study, survival
from alsutils.display import story

study = load_study(study_path)
story(study, "survival", "question")

# %% [markdown]
"""
## The question

Does the event come later in one arm than in the other? And if no difference is found, how large a
difference could have been there all the same?

## What you will be able to do

After this chapter you can

- read a Kaplan-Meier curve, its ticks and the numbers at risk under it;
- say what a median, a share at a fixed time and a mean within a horizon each tell;
- explain what a hazard ratio compares and when one number does not describe it;
- say what "no difference" excludes, from the interval and the number of events.

## Data used

For each patient there is a time and a mark: the event happened then, or the patient was last seen then
without it. The second kind is **censored**. It is not a missing value: we know that the event came later,
if ever.

How long were patients watched? The median of all times would mix watching with dying. So the book turns
the question round and asks for the time to the end of watching, which an event cuts short
{cite:p}`schemper1996`.
"""

# %%
watched = survival.follow_up(study)
survival.sentences.follow_up(watched)

# %%
survival.tables.follow_up(watched)

# %% [markdown]
"""
## The curves

Start with everybody without the event. Each time it happens to somebody, the curve steps down by one part
in as many as are still watched. Who is censored leaves that number without a step. That is the
**Kaplan-Meier** estimate {cite:p}`kaplan1958`. To the right few patients are left, each step is large, and
the end of a curve says little.
"""

# %%
course = survival.curves(study)
display(*survival.charts.curves(study, course))

# %% [markdown]
"""
## What the curves say

Three ways to put a curve into a number. The **median** is the time by which half have had the event; its
interval {cite:p}`brookmeyer1982` is read off the limits of the curve. The **share without the event** at a
time that was fixed beforehand needs no model. The **restricted mean** {cite:p}`royston2013,uno2014` is the
area under the curve up to a horizon: the time without the event that a patient can expect within it.
"""

# %%
read = survival.summaries(study)
survival.sentences.medians(study, read)

# %%
differences = survival.differences(study)
survival.tables.summaries(study, read, differences)

# %%
survival.sentences.differences(differences)

# %% [markdown]
"""
## Comparing the whole curves

At every event, ask how many of those still watched were in each arm: if the arms are alike, the event
falls on each in that proportion. Adding up observed less expected over all events gives the **log-rank
test**.
"""

# %%
tests = survival.log_rank_tests(study)
survival.sentences.log_rank(tests)

# %% [markdown]
"""
The test says nothing of how large a difference is. The **hazard** is the rate at which the event comes to
those who have not had it. The **Cox model** {cite:p}`cox1972` supposes that the hazard of one arm is the same
multiple of the other's at every time, the **hazard ratio**. It can also hold patients' characteristics
equal. An adjusted ratio answers a slightly different question: how the hazards of two patients alike in
those characteristics compare.
"""

# %%
ratios = survival.hazard_ratios(study)
survival.charts.hazard_ratios(study, ratios)

# %%
survival.sentences.hazard_ratios(ratios)

# %%
survival.tables.hazard_ratios(study, tests, ratios)

# %% [markdown]
"""
## Is one ratio enough?

If a treatment delays the event and then stops working, the ratio is small at first and one later; a single
number between the two describes neither time. The test on **Schoenfeld residuals** {cite:p}`grambsch1994`
compares, at each event, the patient to whom it happened with what the model expected, and looks for a trend
over time. A small p-value is a warning; a large one is no proof. The restricted mean needs no such
assumption.
"""

# %%
survival.sentences.proportionality(study, ratios)

# %% [markdown]
"""
## What "no difference" excludes

A trial that finds no difference may have had no chance to find one. Two figures tell. The interval of the
hazard ratio holds the ratios that the data do not contradict. And the **power** for a ratio worth having
depends on the number of events, not of patients {cite:p}`schoenfeld1983`.
"""

# %%
power = survival.power(study)
survival.tables.power(study, power)

# %%
survival.sentences.exclusions(study, ratios, power)

# %% [markdown]
"""
## What this does not show

Every method here supposes that those who were lost would have fared like those who stayed. If patients
drop out because they are getting worse, all curves lie too high, and if they do so more often in one arm,
the comparison is wrong too. An event that somebody decides on, such as an intervention, comes when that
somebody decides, which knowledge of the arm may change. And pointwise intervals hold at one time each, not
for a whole curve at once.
"""

# %%
story(study, "survival", "limits")

# %% [markdown]
"""
## Key points
"""

# %%
survival.sentences.key_points(watched, ratios, power)

# %% [markdown]
"""
## Exercises

**1.** Ten patients: two have the event in the first month, then five leave, then one of the remaining three
has the event. What is the share without the event, and why is it not seven in ten?

```{dropdown} Solution
After two events in ten the share is 8/10. Of the three then still watched one has the event, so that the
share falls to 8/10 times 2/3, a little over one half. Seven in ten would count the five who left as though
they had been watched to the end.

    from alsutils.stats.survival import kaplan_meier

    time = [1, 1, 2, 2, 2, 2, 2, 3, 4, 4]
    event = [True, True, False, False, False, False, False, True, False, False]
    kaplan_meier(time, event).frame
```

**2.** How many events would a trial with equal arms need for 80% power if the true hazard ratio were 0.8
rather than 0.7? Guess before computing.

```{dropdown} Solution
About two and a half times as many, since what counts is the square of the logarithm of the ratio.

    from alsutils.stats.power import power_of_events

    power_of_events(100, 0.5, 0.8).events_needed / power_of_events(100, 0.5, 0.7).events_needed
```

## References

```{bibliography}
:filter: docname in docnames
```
"""
