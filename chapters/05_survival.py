# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# Survival

For some events what matters is not only whether they happen but when. This chapter compares the time to
an event between the arms, and asks what it means when no difference is found.
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

Does the event come later in one arm than in another? And if no difference is found, how large a
difference could have been there all the same?

## What you will be able to do

After this chapter you can

- read a Kaplan-Meier curve, its ticks, its bands and the numbers at risk under it;
- say what a median, a share at a fixed time and a mean within a horizon each tell;
- choose a test before the data are seen, and say why a second one is no second chance;
- explain what a hazard ratio compares and when one number does not describe it;
- tell kinds of event apart that forestall each other;
- say what "no difference" excludes, from the interval and the number of events;
- see four traps before you fall into them;
- read patients back out of a printed curve.

## Data used

For each patient there is a time and a mark: the event happened then, or the patient was last seen then
without it. The second kind is **censored**. It is not a missing value: we know that the event came later,
if ever.

How long were patients watched? The median of all times would mix watching with the event. So the book turns
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
```{question} A patient was last seen after two years, without the event. What is known of the time to it?
- ( ) Nothing, so the patient is left out.
  Leaving out those without the event would make the times look short.
- ( ) It is two years.
  That is how long the patient was watched.
- (x) It is longer than two years.
  That is what censored means: a lower limit in place of a number.
```

## The curves

Start with everybody without the event. Each time it happens to somebody, the curve steps down: by a tenth
of its height if ten are still watched, by a half if two are. Whoever is censored leaves that number without
a step. That is the **Kaplan-Meier** estimate {cite:p}`kaplan1958`. To the right few patients are left, each step is large, and
the end of a curve says little.
"""

# %%
course = survival.curves(study)
display(*survival.charts.curves(study, course))

# %% [markdown]
"""
The band around a curve holds at one time that was chosen beforehand. Let the eye run along the whole curve
and stop where the bands part: you have looked at many times, and will be wrong more often than the band says.
A band for the whole curve at once has to be wider. Choose one under the chart: with **equal precision**
{cite:p}`nair1984` it is the pointwise band, stretched by the same factor everywhere; **Hall and Wellner's**
{cite:p}`hall1980` is narrower in the middle.
"""

# %%
survival.sentences.bands(course)

# %% [markdown]
"""
```{question} Far to the right, the steps of a curve are large. Why?
- (x) Few patients are left, so that each counts for much.
  Look at the numbers at risk, and trust the end of a curve least.
- ( ) The event becomes more frequent with time.
  It may. But steps grow even if it does not.
- ( ) Censored patients are added to the steps.
  They only leave the number at risk.
```

## What the curves say

Three ways to put a curve into a number. The **median** is the time by which half have had the event; its
interval {cite:p}`brookmeyer1982` is read off the limits of the curve, and so are those of the quartiles.
The **share without the event** at a time that was fixed beforehand needs no model. The **restricted mean**
{cite:p}`royston2013,uno2014` is the area under the curve up to a horizon: the time without the event that a
patient can expect within it.
"""

# %%
read = survival.summaries(study)
survival.sentences.medians(study, read)

# %%
differences = survival.differences(study)
survival.tables.summaries(study, read, differences)

# %% [markdown]
"""
```{question} A curve never comes down to one half. What is the median?
- ( ) The last time at which anybody was watched.
  The median lies beyond it, if it is ever reached.
- (x) It is not reached.
  Say so, and give the share at a fixed time or a restricted mean instead.
- ( ) Zero, for nobody knows it.
  Not known is not zero.
```

## Time gained

The difference of two restricted means is an area between two curves: time without the event that one arm
gained over the other. It can also be given as a ratio.
"""

# %%
survival.tables.means(study, differences)

# %%
survival.sentences.differences(differences)

# %% [markdown]
"""
It hangs on the horizon, which is why the horizon is named beforehand. Below it is moved along.
"""

# %%
gained = survival.gains(study)
survival.charts.gains(study, gained)

# %%
survival.sentences.gains(gained)

# %% [markdown]
"""
```{question} Within two years a treatment gains one month. What does it gain within four?
- ( ) Two months.
  The gain need not grow at a steady pace.
- ( ) Still one month.
  Only if the curves meet after two years and stay together.
- (x) That depends on how the curves go on.
  So a gain always needs its horizon beside it.
```

## Comparing the whole curves

At every event, ask how many of those still watched were in each arm: if the arms are alike, the event
falls on each in that proportion. Adding up observed less expected over all events gives the **log-rank
test** {cite:p}`peto1972`.
"""

# %%
tests = survival.log_rank_tests(study)
survival.sentences.log_rank(tests)

# %% [markdown]
"""
It counts every event alike. A treatment that works early and then wears off shows in the early events, one
that needs time in the late ones. **Fleming and Harrington's** tests give the events weights
{cite:p}`harrington1982`. Whoever tries several and reports the best finds too much. The **max-combo** test
takes the best of four and pays for the choice {cite:p}`lin2020`; since the four are computed from the same
patients they hang together, and the price is lower than for four separate trials.

The p-values of all these come from large samples. In a small trial one may **shuffle** instead: give the
arms to the patients again and again by lot, and see how often chance alone does as much
{cite:p}`heller1996`.
"""

# %%
choices = survival.curve_tests(study)
survival.tables.curve_tests(study, choices)

# %%
survival.sentences.curve_tests(study, choices)

# %% [markdown]
"""
```{question} Five tests compare the same two curves, and the smallest p-value is reported. What is wrong with that?
- ( ) Nothing, as long as all five are proper tests.
  Each keeps its promise alone. The best of five does not.
- (x) The best of five is small by chance more often than one.
  Choose one beforehand, or use a test that pays for the choice.
- ( ) The five should have been averaged.
  There is a fair way to combine them, but a mean of p-values is not it.
```

## Hazard ratios

A test says nothing of how large a difference is. The **hazard** is the rate at which the event comes to
those who have not had it. The **Cox model** {cite:p}`cox1972` supposes that the hazard of one arm is the same
multiple of the other's at every time, the **hazard ratio**. It can also hold patients' characteristics
equal. An adjusted ratio answers a slightly different question: how the hazards of two patients alike in
those characteristics compare.

A model needs about ten events for each of its terms {cite:p}`peduzzi1995`; with fewer, its ratios lie too
far from 1. Where an arm has no event at all there is no estimate. **Firth's penalty**
{cite:p}`firth1993,heinze2001` mends both and stands beside where it is needed.
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
The characteristics have ratios of their own. They were not drawn by lot, so a ratio says who is at risk,
not what puts them there.
"""

# %%
others = survival.covariates(study)
survival.charts.covariates(study, others)

# %%
survival.tables.covariates(study, others)

# %%
survival.sentences.covariates(others)

# %% [markdown]
"""
The Cox model says nothing of the hazard itself, only of the ratio. Other models do. A **piecewise
exponential** model has a constant hazard between a few times; **Royston and Parmar's** {cite:p}`royston2002`
bends smoothly. And where several events fall on one time, there is more than one way to count them
(**Efron's** and **Breslow's**). If the ratio hangs on such choices, the data say little.
"""

# %%
same = survival.models(study)
survival.tables.models(study, same)

# %%
survival.sentences.models(same)

# %% [markdown]
"""
```{question} Patients with some characteristic have twice the hazard. Would changing it help them?
- ( ) Yes. Their hazard would be halved.
  The ratio compares different patients. It follows nobody through a change.
- ( ) No. Only the treatment can help.
  That is not shown either.
- (x) The ratio cannot tell.
  It says who is at risk. Nobody drew that characteristic by lot.
```

## Is one ratio enough?

If a treatment delays the event and then stops working, the ratio is small at first and one later; a single
number between the two describes neither time. **Schoenfeld residuals** compare, at each event, the patient
to whom it happened with what the model expected. Scaled, each stands for a hazard ratio of its own time,
and a smooth line through them shows how the ratio moves.
"""

# %%
moving = survival.changing(study)
survival.charts.changing(study, moving)

# %% [markdown]
"""
The test on these residuals {cite:p}`grambsch1994` looks for a trend over time. A small p-value is a
warning; a large one is no proof. The restricted mean needs no such assumption.
"""

# %%
survival.sentences.proportionality(study, ratios)

# %% [markdown]
"""
Or let the ratio change outright: one until a time, another after it.
"""

# %%
survival.tables.changing(study, moving)

# %%
survival.sentences.changing(moving)

# %% [markdown]
"""
```{question} A treatment works for half a year and then no more. What is its hazard ratio over two years?
- ( ) That of the first half year, when it works.
  The later events are counted, too.
- (x) Something in between, which describes neither time.
  It even depends on how long patients were watched.
- ( ) Exactly one, for it stops working.
  The early events pull it away from one.
```

## Does the model fit the patients?

The model gives each patient a number of events to expect. What happened, less what was expected, is the
**martingale residual** {cite:p}`therneau1990`; the **deviance residual** is the same made symmetric. A large
one is a surprise, and a surprise is not yet a mistake. The other question is whether the result rests on a
single patient: leave each out in turn and see where the hazard ratio goes.
"""

# %%
fitted = survival.fitting(study)
survival.charts.fitting(study, fitted)

# %%
survival.sentences.fitting(fitted)

# %%
survival.tables.groups(fitted)

# %% [markdown]
"""
A number enters a model as if each step of it did the same. Residuals of a model without it show whether
that is so.
"""

# %%
survival.charts.forms(fitted)

# %% [markdown]
"""
```{question} One patient has a huge residual. What do you do?
- ( ) Leave the patient out.
  Then the model would fit because nobody is left to contradict it.
- ( ) Nothing. Residuals are only for show.
  A surprise can be a slip in the data, and then it should be known.
- (x) Check the data, and see whether the result rests on that patient.
  A surprise is not a mistake. Tell both results if they differ.
```

## What counts as the event

A trial may count a death, or a death and something that comes before it, or only deaths of one cause. Each
is another question with another answer.
"""

# %%
story(study, "survival", "event")

# %%
meanings = survival.definitions(study)
survival.charts.definitions(study, meanings)

# %%
survival.tables.definitions(study, meanings)

# %%
survival.sentences.definitions(meanings)

# %% [markdown]
"""
Events of different kinds **compete**: a patient who has had the one first can no longer have the other
first. Suppose that the one is treated as leaving. Then the curve of the other is about a world in which the
first does not exist, and nobody lives there. The **cumulative incidence** {cite:p}`aalen1978` counts what
happened in this one.
"""

# %%
kinds = survival.competing(study)
survival.charts.competing(study, kinds)

# %%
survival.tables.incidence(study, kinds)

# %% [markdown]
"""
There are two hazard ratios here {cite:p}`putter2007`. The **cause-specific** one {cite:p}`prentice1978`
compares the rates among those without any event; it is nearer to what a treatment does. **Fine and Gray's**
{cite:p}`fine1999` compares how the shares grow; it is nearer to what patients will see. **Gray's test**
{cite:p}`gray1988` belongs to the second.
"""

# %%
survival.tables.competing(study, kinds)

# %%
survival.sentences.competing(kinds)

# %% [markdown]
"""
A picture of states says where patients went and what may still come after.
"""

# %%
display(*survival.charts.states(study, survival.states(study)))

# %% [markdown]
"""
```{question} Deaths of another cause are treated as if these patients had left. What does the curve then speak of?
- ( ) The share of patients who will die of this cause.
  That share is smaller: who has died of another cause cannot die of this one.
- (x) A world in which nobody dies of anything else.
  And even that only if the causes have nothing to do with each other.
- ( ) All deaths together.
  Only one cause steps the curve down.
```

## What "no difference" excludes

A trial that finds no difference may have had no chance to find one: absence of evidence is not evidence of
absence {cite:p}`altman1995`. Two figures tell. The interval of the hazard ratio holds the ratios that the
data do not contradict. And the **power** for a ratio worth having depends on the number of events, not of
patients {cite:p}`schoenfeld1983`.
"""

# %%
power = survival.power(study)
survival.tables.power(study, power)

# %%
survival.sentences.exclusions(study, ratios, power)

# %% [markdown]
"""
Take every ratio that the interval holds and ask: had that been the truth, would this trial have found it?
And how many events would a trial need that would?
"""

# %%
held = survival.inside(study, ratios)
survival.charts.inside(study, held)

# %%
survival.tables.inside(study, held)

# %% [markdown]
"""
Another way to read the same data is to ask what to believe now. That depends on what was believed before. A
**sceptic** expects no effect and gives a large one little chance; an **enthusiast** expects the effect that
was hoped for {cite:p}`spiegelhalter1994`. Where both end up with much the same opinion, the data have
spoken. Where they do not, another trial is needed.
"""

# %%
opinions = survival.beliefs(study, ratios)
survival.charts.beliefs(study, opinions)

# %%
survival.tables.beliefs(study, opinions)

# %%
survival.sentences.beliefs(opinions)

# %% [markdown]
"""
A p-value cannot say that there is no effect. Name a zone of ratios that are too near to 1 to matter, and ask
what share of the interval lies in it. That is the **second-generation p-value** {cite:p}`blume2018`. It is
one when the whole interval lies in the zone, zero when none of it does, and one half when the interval is so
wide that it says nothing.
"""

# %%
survival.sentences.second_generation(survival.second_generation(study, ratios))

# %% [markdown]
"""
```{question} The interval of a hazard ratio reaches from one half to two. What does it say?
- ( ) There is no difference, for one lies in the middle.
  Half the hazard fits the data as well as twice the hazard.
- ( ) The treatment does no harm.
  Twice the hazard is inside.
- (x) Hardly anything is excluded.
  Not a halving and not a doubling. That is absence of evidence.
```

## Decline and death together

A patient who dies is not seen again. If those who decline fast die early, the scores of later visits come
from those who decline slowly, and the mean looks better than it is. A **joint model** {cite:p}`wulfsohn1997`
gives every patient a slope of his or her own, lets it act on the hazard, and fits both at once. Beside it
stand the two fitted apart, and one after the other: first the slopes, then the hazard with each slope taken
as known.
"""

# %%
linked = survival.decline_and_death(study)
survival.charts.joint(study, linked)

# %%
survival.tables.joint(study, linked)

# %%
survival.sentences.joint(linked)

# %% [markdown]
"""
How much can it matter? Below are **simulated** patients whose slope acts strongly on the hazard, so that
the truth is known.
"""

# %%
invented = survival.simulated_decline()
survival.charts.joint(study, invented)

# %%
survival.sentences.joint(invented)

# %% [markdown]
"""
```{question} Patients who decline fast die early. How does the decline of those seen to the end compare with that of all?
- (x) It looks slower.
  Those with the fastest decline are no longer among them.
- ( ) It is the same.
  Only if dying had nothing to do with declining.
- ( ) It looks faster.
  The fast ones are those who are missing.
```

## Four traps

The patients in this section are **simulated**. The treatment in each example does nothing, and each
example shows how it can seem to work.

### Immortal time

Patients get a dose now and then. Compare those who came to get three or more with the others, from the
start, and the doses look like an elixir. But who got three had to live to get them: until the
third they could not die and be counted. That time is called **immortal** {cite:p}`suissa2008`.
"""

# %%
immortal = survival.trap("immortal time")
survival.charts.trap(immortal)

# %%
survival.sentences.trap(immortal)

# %% [markdown]
"""
The cure is a **landmark** {cite:p}`anderson1983`: choose a time beforehand, take those still without the
event, group them by what is known then, and watch from there. Or let each patient change groups on the day
that he or she does. The same trap waits wherever survival is compared between responders and others.

### Controls of another decade

The treated do better than patients of a registry of long ago. So would anybody: care has become better
since {cite:p}`pocock1976`. Making the patients alike in what was written down does not help, for what
changed was not.
"""

# %%
decade = survival.trap("external controls")
survival.charts.trap(decade)

# %%
survival.sentences.trap(decade)

# %% [markdown]
"""
The cure is a control arm in the same trial.

### Leaving because of getting worse

The visits are a burden. Those who get worse leave first, more of them in the treated arm. To censor them
supposes that they fared like those who stayed. They did not.
"""

# %%
leaving = survival.trap("informative censoring")
survival.charts.trap(leaving)

# %%
survival.sentences.trap(leaving)

# %% [markdown]
"""
The cure is to follow everybody to the end. Where that was not done, ask how much worse those who left would
have had to fare for the finding to be lost {cite:p}`jackson2014`. Their times are filled in many times over
with a hazard that is a multiple of that of those who stayed. The multiple where the finding tips over is
then judged: is it far-fetched or likely?
"""

# %%
tipped = survival.doubted_censoring(leaving)
survival.charts.tipping(tipped)

# %%
survival.sentences.tipping(tipped)

# %% [markdown]
"""
### Counting from a day before anybody watched

Survival is counted from the first symptom, but a patient enters the data only when he or she is enrolled.
Those who died before are in nobody's data. A centre that enrols late therefore seems to have patients who live
long. This is **left truncation**.
"""

# %%
truncated = survival.trap("left truncation")
survival.charts.trap(truncated)

# %%
survival.sentences.trap(truncated)

# %% [markdown]
"""
The cure is to count each patient as at risk only from the day on which he or she came under observation.

```{question} Patients who took a drug for two years or more lived longer than those who took it for less. What would make it so without any effect?
- ( ) Chance alone.
  Such differences are large and come back in every data set. Chance does not.
- (x) To take it for two years, one must live for two years.
  That time is immortal. Count from a landmark, or let patients change groups on the day that they do.
- ( ) Those who took it longer were watched for longer.
  Being watched does not keep anybody alive. The other way round, the living are watched.
```

## Reading a published curve

A paper shows a curve and not its patients. Click along the curve, write down the numbers at risk under it,
and patients can be made whose curve is the same {cite:p}`guyot2012`. To see how well that works, the
curves of this study are read here as though they came from a paper.
"""

# %%
printed = survival.read_back(study)
survival.charts.read_back(study, printed)

# %%
survival.tables.read_back(study, printed)

# %%
survival.sentences.read_back(printed)

# %% [markdown]
"""
For a curve of your own choice, note down points as below and hand them on.
"""

# %%
survival.tables.clicks(printed)

# %% [markdown]
"""
```{dropdown} Code to copy
Any program that reads coordinates off a picture will do for the points; shares lie between 0 and 1.

    from alsutils.stats.survival import quantile, reconstruct

    months = [0, 3, 6, 9, 12, 15, 18, 21, 24]
    shares = [1, 0.95, 0.9, 0.82, 0.74, 0.68, 0.6, 0.53, 0.46]
    patients = reconstruct(months, shares, risk_times=[0, 12, 24], at_risk=[100, 70, 40])
    patients.frame  # a time and an event for each patient
    quantile(patients.curve)

Do the same for the other arm, put the two frames under each other with a column for the arm, and every
method of this chapter can be used.
```

Reconstructed patients have no characteristics, so that nothing can be adjusted, and between two numbers at
risk it is not known when patients were censored.

```{question} Patients have been read back out of a printed curve. What can they not give?
- ( ) A median.
  That is read off the curve itself.
- ( ) A hazard ratio.
  With both arms read back, a model can be fitted to them.
- (x) A comparison adjusted for age.
  A printed curve does not say who is who.
```

## What this does not show

Every method here supposes that those who were lost would have fared like those who stayed. If patients
drop out because they are getting worse, all curves lie too high, and if they do so more often in one arm,
the comparison is wrong too. An event that somebody decides on, such as an intervention, comes when that
somebody decides, which knowledge of the arm may change. And a test that was chosen after the curves were
seen proves nothing, whatever its p-value.
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
- A band around a curve holds at one time; one for the whole curve is wider.
- A hazard ratio is one number for all times. Look whether it is enough, or give the time gained.
- What counts as the event changes the answer. Kinds of event that forestall each other need cumulative
  incidences.
- "Not significant" is not "no difference": say which ratios the interval holds, and how many events would
  tell.
- Group patients by what is known when watching begins, never by what comes later.
"""

# %% [markdown]
"""
## Exercises

{doc}`exercises/survival_exercises` has them in three levels, each with a hint and a folded, executed solution.

## References

```{bibliography}
:filter: docname in docnames
```
"""
