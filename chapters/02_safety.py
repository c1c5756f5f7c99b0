# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# Safety

A treatment can do harm in hundreds of ways, and a trial is rarely large enough for any one of them.
This chapter shows what was seen, how the arms compare, and how much may have gone unseen.
"""

# %% tags=["parameters"]
study_path = "../data/oh2018"

# %%
from alsutils import load_study, safety
from alsutils.display import story

study = load_study(study_path)
story(study, "safety", "question")

# %% [markdown]
"""
## The question

Did more patients have adverse events under treatment, which events, how bad were they, and what can
we say of events that nobody had?

## What you will be able to do

After this chapter you can

- tell patients with an event from events, and choose the right one for a comparison;
- read a risk difference with its interval, and say why its limits are not simply symmetric;
- say how common an event may still be that nobody had;
- judge how many small p-values a long table of events brings by chance.

## Data used

One row for each adverse event (ADAE: term, organ class, severity, seriousness, relation), of the
patients in the safety population. Where the data mark events that began under treatment, only these
count.

## Overview

The first count is of patients: how many had any event, a serious one, a severe one, one that was
judged related. **Serious** is not **severe**. A severe headache is bad while it lasts; a serious event
leads to hospital, disability or death.
"""

# %%
kinds = safety.overview(study)
safety.tables.incidence(study, kinds)

# %%
safety.sentences.overview(study, kinds)

# %% [markdown]
"""
## Which events

Say that three in ten patients had a headache in one arm, and one in ten in the other. The **risk
difference** is two in ten, or 20 percentage points: of ten patients treated, two had a headache that
they would not have had. Below, each event has its share in every arm on the left and its difference
from the control on the right {cite:p}`amit2008`.
"""

# %%
terms = safety.incidence(study)
safety.charts.dots(study, terms)

# %%
safety.sentences.incidence(study, terms)

# %% [markdown]
"""
Near a share of zero an interval cannot be symmetric: nobody can have an event less often than never.
The textbook formula ignores that. **Newcombe's** interval joins the limits of the two shares
{cite:p}`newcombe1998`; **Miettinen and Nurminen's** tries every possible difference and keeps those
that the data do not contradict {cite:p}`miettinen1985`. Where both are given, they should tell the
same story. **Fisher's exact test** counts in how many ways the patients with the event could have
fallen into the two arms.
"""

# %%
safety.tables.incidence(study, terms)

# %%
safety.tables.differences(study, terms)

# %%
story(study, "safety", "procedure")

# %% [markdown]
"""
## Organ classes

A single term can be too rare to compare, and one complaint may be written down under several terms.
Classes of the body's organs gather what belongs together.
"""

# %%
systems = safety.incidence(study, "system")
safety.charts.dots(study, systems)

# %%
safety.tables.differences(study, systems)

# %% [markdown]
"""
## How severe

Each patient counts once, with the worst event.
"""

# %%
grades = safety.severity(study)
safety.charts.severity(study, grades)

# %%
safety.tables.differences(study, kinds)

# %% [markdown]
"""
## Per time watched

Who is watched longer has more time for events. If one arm leaves earlier, its share of patients with an
event looks too small. Events per patient-year are fair to both, as long as the risk stays much the
same over time. One patient may have many events, and these hang together; the interval allows for
that {cite:p}`zou2004`.
"""

# %%
per_time = safety.rates(study)
safety.tables.rates(study, per_time)

# %%
safety.sentences.rates(study, per_time)

# %% [markdown]
"""
## Serious events, one by one

Where a study may show single patients, its serious events are listed: few enough to be read.
"""

# %%
listed = safety.serious_listing(study)
safety.tables.serious(study, listed)

# %% [markdown]
"""
## What nobody had

If none of thirty patients had an event, it may still happen to one in ten. The reason: with a true
share of one in ten, thirty patients in a row go free of it now and then. The **rule of three** says it
in one breath: with nobody of n patients, the share is below three divided by n, with 95% confidence
{cite:p}`hanley1983`. The exact limit is close to it {cite:p}`clopper1934`.
"""

# %%
missed = safety.unseen(study)
safety.charts.unseen(study, missed)

# %%
safety.tables.unseen(study, missed)

# %%
safety.sentences.unseen(study, missed)

# %% [markdown]
"""
## How many looks

A table of events makes a comparison in every row. Of a hundred tests where nothing differs, about five
come out below 0.05. Rare events do less: with two patients in all, no way of sharing them out is
unlikely enough {cite:p}`tarone1990`. So the number to expect by chance is computed for each row and
added up. The adjusted p-values hold the share of false findings among all findings
{cite:p}`benjamini1995`, over those rows that could come out small at all {cite:p}`gilbert2005`.
"""

# %%
looks = safety.multiplicity(terms)
safety.sentences.multiplicity(study, looks)

# %% [markdown]
"""
Safety is the place where a missed difference costs more than a false one. An adjusted p-value that is
large is no proof of safety, and an event that fits what is known of the treatment deserves attention
whatever its p.

## What this does not show

- Events are what somebody asked for or reported. Patients who know their arm report differently, and
  so do doctors who judge a relation to treatment.
- An event is counted from the start of treatment to the end of the study; what comes years later is
  not here.
- A share in a few dozen patients cannot rule out a rare and grave harm, as the limits above say.
"""

# %%
story(study, "safety", "limits")

# %% [markdown]
"""
## Key points
"""

# %%
safety.sentences.key_points(study, kinds, terms, per_time, missed, looks)

# %% [markdown]
"""
## Exercises

**1. Nothing seen.** How many patients must go free of an event before it can be said, with 95%
confidence, that fewer than one in a hundred will have it?

```{dropdown} Solution
By the rule of three, three divided by n must be at most one in a hundred, so n is about 300. The exact
limit says one fewer:

~~~python
from alsutils.stats.proportions import zero_event_limit

zero_event_limit(298).exact
zero_event_limit(299).exact
~~~
```

**2. The wrong denominator.** Take the event with the largest difference and compare the arms by the
number of events instead of the number of patients. What goes wrong with Fisher's test?

```{dropdown} Solution
The counts are in the frame of the result:

~~~python
name = terms.shown[0]
terms.counts[terms.counts["name"] == name]
~~~

One patient with five headaches would count as five. The test takes all counts as separate patients, so
its p-value becomes too small, and the number of events may even exceed the number of patients.
Rates with an interval that allows for it, as above, are the way to compare numbers of events.
```

## References

```{bibliography}
:filter: docname in docnames
```
"""
