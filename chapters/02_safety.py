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

Did more patients have adverse events under treatment, which events, how bad were they, when did they
come, and what can we say of events that nobody had?

## What you will be able to do

After this chapter you can

- tell patients with an event from events, and choose the right one for a comparison;
- read a risk difference, a risk ratio and an odds ratio of the same event, and say which to trust when;
- see whether events follow the treatment's own days, and what that does to a comparison of arms;
- read the time to a first event where death may come before it;
- say how common an event may still be that nobody had;
- judge how many small p-values a long table of events brings by chance, and what to do about them.

## Data used

One row for each adverse event (ADAE: term, organ class, severity, seriousness, relation), of the
patients in the safety population. Where the data mark events that began under treatment, only these
count. The time that each patient was watched comes from the table of patients, laboratory values and
vital signs from their own tables where the study has them. Under every table stand links to it as a
file for a spreadsheet (CSV) or a word processor (RTF).

## Overview

The first count is of patients: how many had any event, one that was judged related, a serious one, a
severe one, one that ended the treatment, a fatal one. **Serious** is not **severe**. A severe headache
is bad while it lasts; a serious event leads to hospital, disability or death. Beside the patients stand
the events, for a patient may have many.
"""

# %%
kinds = safety.overview(study)
safety.tables.incidence(study, kinds)

# %%
safety.sentences.overview(study, kinds)

# %%
safety.tables.differences(study, kinds)

# %% [markdown]
"""
```{question} A patient faints for a second, is kept in hospital overnight and is well. How is the event counted?
- ( ) As severe, for the patient was in hospital.
  Severe is how bad an event is while it lasts.
- (x) As serious, and perhaps as mild.
  Serious is what an event leads to, such as a stay in hospital.
- ( ) As neither, for the patient is well.
  How it ended does not undo the stay in hospital.
```

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
A single term can be too rare to compare, and one complaint may be written down under several terms.
**Organ classes** gather what belongs together.
"""

# %%
systems = safety.incidence(study, "system")
safety.charts.dots(study, systems)

# %% [markdown]
"""
The whole table has every event under its organ class. Write a word into the field above it to see only
the rows that hold it, and press a heading to sort by it; events stay under their class.
"""

# %%
safety.tables.nested(study, systems, terms)

# %% [markdown]
"""
```{question} An event befell two in ten patients under treatment and one in ten under control. What is the risk difference?
- (x) One in ten, or 10 percentage points.
  Of ten patients treated, one had the event who would not have had it.
- ( ) Two, for it is twice as frequent.
  That is the risk ratio.
- ( ) 10 per cent.
  Ten per cent of what? An increase from 10% to 11% is also one of ten per cent. Points leave no doubt.
```

## One event, every measure

Take the event that stands on top above. How much more frequent is it under treatment? There is more
than one honest answer. The **difference** says how many more patients had it. The **risk ratio** says
how many times as many. The **odds ratio** compares patients with the event to patients without it,
and lies further from 1 than the risk ratio does. For a rare event the ratio may look alarming while the
difference is small; a patient lives with the difference.
"""

# %%
every_way = safety.measures(study, terms)
safety.tables.measures(study, every_way)

# %%
safety.sentences.measures(study, terms, every_way)

# %% [markdown]
"""
Near a share of zero an interval cannot be symmetric: nobody can have an event less often than never.
The textbook formula ignores that. Three others do not:

- **Newcombe's** interval joins the limits of the two shares {cite:p}`newcombe1998`.
- **Miettinen and Nurminen's** tries every possible difference and keeps those that the data do not
  contradict {cite:p}`miettinen1985`.
- **Agresti and Caffo's** adds one patient with and one without the event to each arm and then uses the
  textbook formula {cite:p}`agresti2000`.

Where all are given, they should tell the same story.

**Fisher's exact test** counts in how many ways the patients with the event could have fallen into the
two arms. It is cautious: with small counts it rejects less often than the level allows. Two relatives
find more. Its **mid-p** counts the outcome that was seen only half {cite:p}`lancaster1961`. **Boschloo's
test** takes Fisher's p as a measure of surprise and asks how often chance alone would bring one as small
{cite:p}`boschloo1970`. Of the two, only Boschloo's is sure to keep the level.
"""

# %%
safety.tables.differences(study, terms)

# %%
safety.tables.ratios(study, terms)

# %% [markdown]
"""
If the trial balanced its arms within groups of patients, the comparison may be made within each group
and then averaged, so that like is set against like. That is **Mantel and Haenszel's** method
{cite:p}`mantel1959`. The last column asks whether the odds ratio could be the same in every group.
"""

# %%
within = safety.stratified(study, terms)
safety.tables.stratified(study, within)

# %%
safety.sentences.stratified(study, terms, within)

# %% [markdown]
"""
```{question} An event is three times as frequent under treatment. How many more patients have it?
- ( ) Many. Three times is a lot.
  A ratio alone cannot say how many.
- ( ) Two more in a hundred.
  Only if one in a hundred has it anyway.
- (x) That depends on how rare it is.
  If one in ten has it anyway, two more in ten do. If one in a thousand, two more in a thousand.
```

## How severe

Each patient counts once, with the worst event.
"""

# %%
grades = safety.severity(study, terms)
safety.charts.severity(study, grades)

# %%
safety.tables.severity(study, grades)

# %% [markdown]
"""
```{question} A patient had two mild headaches and one severe one. Where does the patient stand in such a table?
- ( ) Three times, once for each event.
  Then events would be counted, not patients.
- (x) Once, under severe.
  The worst event counts, so that the shares of an arm add up to the patients with any event.
- ( ) Once, under mild, which came more often.
  How often an event came is another question.
```

## Per time watched

Whoever is watched longer has more time for events. If one arm leaves earlier, its share of patients with an
event looks too small. Events per patient-month are fair to all arms, as long as the risk stays much the
same over time. One patient may have many events, and these hang together
{cite:p}`glynn1996`. Two ways allow for that: a **robust** interval looks at how much patients differ
{cite:p}`zou2004`, and a **negative binomial** model supposes that each patient has a rate of events of
his or her own.
"""

# %%
rates = safety.rates(study)
safety.tables.rates(study, rates)

# %%
safety.sentences.rates(study, rates)

# %% [markdown]
"""
```{question} Patients of one arm left after half of the time, and fewer of them had an event. What does that show?
- ( ) The treatment of that arm protects.
  They also had less time in which an event could be seen.
- (x) Perhaps only that they were watched for less time.
  Events per patient-month allow for it, as long as the risk stays much the same over time.
- ( ) Nothing can be compared between such arms.
  Rates per time can, if leaving has nothing to do with the events.
```

## When events come

The risk is rarely the same on all days. The curve below counts all events: its height is how many a
patient has had so far, on average, and its slope is the rate of the moment {cite:p}`lawless1995`. A
patient who dies has no more events, and the curve counts that as it is {cite:p}`ghosh2000`.
"""

# %%
over_time = safety.course(study)
safety.charts.course(study, over_time)

# %%
safety.sentences.course(study, over_time)

# %%
by_period = safety.periods(study)
safety.tables.periods(study, by_period)

# %%
safety.sentences.periods(study, by_period)

# %% [markdown]
"""
For some events the first one matters most. Patients who leave before it are **censored**: it may yet
come. Patients who die before it are not: for them it never will. To treat a death as if the patient had
merely left would make the event look more likely than it is. **Aalen and Johansen's** estimate keeps
the two apart {cite:p}`aalen1978`, and **Gray's test** compares its curves {cite:p}`gray1988`.
"""

# %%
first = safety.first_events(study)
safety.charts.first_events(study, first)

# %%
safety.tables.first_events(study, first)

# %%
safety.sentences.first_events(study, first)

# %% [markdown]
"""
Where a study may show single patients, nothing says more than their own lines.
"""

# %%
safety.charts.timelines(study, safety.timelines(study))

# %% [markdown]
"""
```{question} A patient dies before the first event of some kind. Why is that not the same as leaving?
- (x) Whoever leaves may yet have the event. Whoever dies never will.
  To treat a death as leaving makes the event look more likely than it is.
- ( ) A death counts as an event of that kind.
  Only if it was defined so. Here it is another event, which comes first.
- ( ) It is the same: both were last seen without the event.
  What was seen is alike. What can still come is not.
```

## Does the treatment bring them, or the way it is given?

A needle hurts whatever is in the syringe. If one arm is pricked and the other is not, an excess of pain
in the first says nothing of the drug. Data cannot mend that, but they can show it: events that come of
the procedure follow it within days. So count events from the last day of treatment, and count the
control arm from the same days of its own.
"""

# %%
around = safety.ascertainment(study)
safety.charts.since(study, around)

# %%
safety.tables.windows(study, around)

# %%
safety.sentences.ascertainment(study, around)

# %%
story(study, "safety", "procedure")

# %% [markdown]
"""
There is a second reason to distrust such a comparison. Patients who are seen on the days after a treatment
are asked more often how they feel, and an event that is asked for is an event that is found. This is
called **ascertainment bias**. A sham procedure in the control arm, with the same visits, takes care of
both.

```{question} Pain follows an injection that only one arm got. What would tell the drug from the needle?
- ( ) More patients in both arms.
  They would make the excess surer, and no clearer.
- ( ) A smaller p-value.
  It says that the excess is not chance. It does not say what brings it.
- (x) A control arm that gets the needle without the drug.
  Then only the drug differs between the arms. That is what a sham is for.
```

## Serious events, one by one

Where a study may show single patients, its serious events are listed: few enough to be read.
"""

# %%
listed = safety.serious_listing(study)
safety.tables.serious(study, listed)

# %%
safety.sentences.serious(study, listed)

# %%
alive = safety.vital_status(study)
safety.tables.vital_status(study, alive)

# %% [markdown]
"""
```{question} A doctor who knew the arm judged which events come of the treatment. What are these judgements good for?
- ( ) They replace the comparison of the arms.
  Whoever knows the arm may see it in an event. The comparison needs no such judgement.
- (x) They say what to look for. The arms are compared by all events.
  So knowing the arm cannot decide which events count.
- ( ) Nothing. They should not be asked for.
  A doctor at the bedside may notice what a table hides.
```

## Laboratory values and vital signs

Some harm is seen in the blood before it is felt. Every value has limits between which most healthy
people lie. What counts is who was inside before treatment and outside after it: a **shift**. The worst
value after the start of treatment is held against the one before.
"""

# %%
blood = safety.laboratory(study)
safety.tables.laboratory(study, blood)

# %%
safety.sentences.laboratory(study, blood)

# %%
safety.tables.laboratory_shifts(study, blood)

# %%
signs = safety.vital_signs(study)
safety.tables.vital_signs(study, signs)

# %%
safety.sentences.vital_signs(study, signs)

# %%
safety.tables.vital_sign_shifts(study, signs)

# %% [markdown]
"""
The worst value is the highest or lowest of many, so nearly everybody is outside at some time if enough
is measured. Only the difference between the arms means anything.

One pair of values has a rule of its own. Many drugs raise the liver's enzymes a little and do no harm.
When bilirubin rises as well, the liver has begun to fail, and about one such patient in ten will die or
need a new one. This is **Hy's law** {cite:p}`temple2006`; two or three such cases in a trial have ended
drugs.
"""

# %%
liver = safety.hys_law(study)
safety.charts.hys_law(study, liver)

# %%
safety.tables.hys_law(study, liver)

# %%
safety.sentences.hys_law(study, liver)

# %% [markdown]
"""
```{question} Nearly every patient had a value outside the limits at some time. What follows?
- ( ) The treatment does harm.
  Look at the control arm first.
- ( ) The limits are wrong.
  They hold for one value. Of many values, some lie outside in healthy people, too.
- (x) Little, before the arms are compared.
  The worst of many values is often outside. Only a difference between the arms tells anything.
```

## What nobody had

If none of thirty patients had an event, it may still happen to one in ten. The reason: with a true
share of one in ten, thirty patients in a row go free of it now and then. The **rule of three** says it
in one breath: with nobody of n patients, the share is below three divided by n, with 95% confidence
{cite:p}`hanley1983`. The exact limit is close to it {cite:p}`clopper1934`.
"""

# %%
missed = safety.unseen(study, kinds, terms)
safety.charts.unseen(study, missed)

# %%
safety.tables.unseen(study, missed)

# %%
safety.sentences.unseen(study, missed)

# %% [markdown]
"""
```{question} None of sixty patients had an event. How common may it still be?
- ( ) It does not happen.
  It did not happen to these sixty.
- ( ) Less than one in sixty.
  Sixty patients can go free by luck even if it is somewhat more common than that.
- (x) Up to about one in twenty.
  Three divided by sixty: a more common event would hardly have spared them all.
```

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
The picture of all comparisons at once is called a **volcano**: differences to the sides, small p-values
on top. What erupts far to the right is where to look first.
"""

# %%
safety.charts.volcano(study, terms)

# %% [markdown]
"""
A family of all events treats a rash and a fracture as strangers. But a treatment that harms the skin
brings more than one skin complaint. The **double false discovery rate** asks first whether an organ
class stands out among the classes and then whether an event does within its class
{cite:p}`mehrotra2004`. An event with company is believed sooner, a lone one later.
"""

# %%
discovered = safety.false_discovery(terms)
safety.tables.false_discovery(study, discovered)

# %%
safety.sentences.false_discovery(study, discovered)

# %% [markdown]
"""
The same thought can be put without tests. Of twenty rare events, some come out high in one arm by luck.
Suppose that the shares of one organ class in one arm scatter around a common mean, learn that mean and
scatter from the data, and draw each share towards it: the rarer the event, the further. This is
**shrinkage**, here by empirical Bayes; fuller models do the same {cite:p}`berry2004`. It does not ask
which differences are real. It asks how large each most likely is.
"""

# %%
shrunk = safety.shrinkage(study, terms)
safety.charts.shrinkage(study, shrunk)

# %%
safety.tables.shrinkage(study, shrunk)

# %%
safety.sentences.shrinkage(study, shrunk)

# %% [markdown]
"""
Safety is the place where a missed difference costs more than a false one. An adjusted p-value that is
large is no proof of safety, and an event that fits what is known of the treatment deserves attention
whatever its p.

```{question} A table compares a hundred events and finds a handful of p-values below 0.05. How many would chance bring?
- ( ) None. That is what p < 0.05 means.
  It means that chance brings it in up to five of a hundred tests.
- (x) About as many, or fewer where the events are rare.
  A rare event cannot reach a small p-value, however it falls.
- ( ) More than a handful, for the events hang together.
  That makes the number vary from trial to trial. It does not raise it on average.
```

## What this does not show

- Events are what somebody asked for or reported. Patients who know their arm report differently, and
  so do doctors who judge a relation to treatment.
- An event is counted from the start of treatment to the end of the study; what comes years later is
  not here.
- Intervals of single events know nothing of each other. Shrinkage lends strength within an organ class
  only, and where a class was drawn up badly it lends it to the wrong event.
- A share in a few dozen patients cannot rule out a rare and grave harm, as the limits above say.
"""

# %%
story(study, "safety", "limits")

# %% [markdown]
"""
## Key points
"""

# %%
safety.sentences.key_points(study, kinds, terms, rates, around, missed, looks)

# %% [markdown]
"""
## Exercises

{doc}`exercises/safety_exercises` has them in three levels, each with a hint and a folded, executed solution.

## References

```{bibliography}
:filter: docname in docnames
```
"""
