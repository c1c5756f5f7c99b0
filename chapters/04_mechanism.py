# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# The mechanism

A treatment is supposed to act by way of something in the body. A trial can measure that something
and ask whether the treatment moved it.
"""

# %% tags=["parameters"]
study_path = "../data/oh2018"

# %%
from alsutils import load_study, mechanism
from alsutils.display import story

study = load_study(study_path)
story(study, "mechanism", "question")

# %% [markdown]
"""
## The question

Did the measured substances change more in one arm than in another? Do those who did well differ from
the rest in how two of them move together? And can a trial show that the treatment works through them?

## What you will be able to do

After this chapter you can

- say what a value below the limit of quantification does and does not tell, and what goes wrong when a
  number is written in its place;
- read a change from baseline as a ratio of geometric means, with its interval;
- ask one question of a whole panel before asking one of each analyte;
- count the tests of a panel, write their family out, and choose an adjustment by what it promises;
- tell a correlation within a group from a difference between the correlations of two groups, and see what
  choosing patients by their outcome does to it;
- say what an analysis of mediation takes for granted.

## Data used

Each row is one patient, one substance (an **analyte**) and one visit. The first thing to know of such
data is what is not there. Draw each arm as a wall, a layer for each patient: where no sample was taken,
the wall has a hole.
"""

# %%
data = mechanism.samples(study)
walls = mechanism.taken(study, data)
mechanism.sentences.taken(study, walls)

# %%
mechanism.charts.taken(study, walls)

# %%
mechanism.tables.taken(study, walls)

# %% [markdown]
"""
Even where a sample was taken, a laboratory does not report every number. Under its **limit of
quantification** it only says "less than the limit". Such a value is not missing, for we know that it is
low, and it is not a number either.
"""

# %%
found = mechanism.detection(study, data)
mechanism.sentences.detection(study, found)

# %% [markdown]
"""
This picture decides what can be asked of the data. An analyte whose row is dark holds little but "low".
"""

# %%
mechanism.charts.detection(study, found)

# %%
mechanism.tables.detection(study, found)

# %% [markdown]
"""
Concentrations are lopsided: many are small and a few are huge. On a **logarithmic scale**, where each
step multiplies, they become even. So the book compares ratios, not differences.
"""

# %%
spread = mechanism.levels(study, data)
mechanism.charts.levels(study, spread)

# %% [markdown]
"""
An assay is run in batches: a plate holds a few dozen samples, and a plate can read high as a whole. That
does little harm where each plate holds samples of all arms and of all visits. Where one arm was measured
on Monday and the other on Friday, no analysis can tell the plate from the treatment. Where the batch of
each sample is known, the comparisons below are also made with the batch held equal.
"""

# %%
plates = mechanism.batches(study, data)
mechanism.charts.batches(study, plates)

# %%
mechanism.tables.batches(study, plates)

# %% [markdown]
"""
```{question} Samples were taken only from patients who could still come. Of whom do they speak?
- ( ) Of all patients, for the arms were drawn by lot.
  The lot decided who was treated. It did not decide who came.
- (x) Of those who came, who may be the fitter ones.
  A hole in the wall is not blank: it has patients in it.
- ( ) Of nobody.
  They speak of some. The question is how those differ from the rest.
```

## Values below the limit

What is the median of values of which some are only known to be low? If fewer than half are, nothing is
lost: the median lies among the numbers. So draw the share of patients below each value, from the highest
value downwards, and stop where the limit hides the rest.

This is the curve of **Kaplan and Meier** {cite:p}`kaplan1958` turned round. A patient who leaves a trial
alive is known to live longer than so many months; a sample below the limit is known to hold less than so
many units. Flip the scale, and one is the other {cite:p}`gillespie2010`. Limits may differ from sample to
sample, as they do when plates differ.
"""

# %%
curves = mechanism.distributions(study, data)
mechanism.charts.distributions(study, curves)

# %%
mechanism.tables.distributions(study, curves)

# %%
mechanism.sentences.distributions(study, curves)

# %% [markdown]
"""
### The number that nobody measured

A common shortcut writes half the limit for each value below it. That invents numbers, all alike. How much
harm do they do? Simulate it: draw two arms with a known ratio of their means, put a limit somewhere, write
half of it wherever a value falls below, and compare the arms as if all were measured. Do it again for
every height of the limit.
"""

# %%
written = mechanism.substitution(study, data)
mechanism.charts.substitution(study, written, found)

# %% [markdown]
"""
The bias has no fixed sign. It depends on the share below, on how far the values spread and on the effect
itself, so that nobody can say beforehand which way an analysis is off. And since the invented numbers do
not vary, the interval is too narrow around the wrong place {cite:p}`helsel2006`. With a true ratio of 1,
and the same limit in both arms, nothing is biased: both arms are falsified alike.
"""

# %%
mechanism.tables.substitution(study, written)

# %%
mechanism.sentences.substitution(study, written)

# %% [markdown]
"""
```{question} A laboratory reports "less than 4". What is known of the value?
- ( ) Nothing. It is missing.
  It is low, and that is worth knowing.
- ( ) It is about 2.
  Nobody measured that. The value may lie anywhere below.
- (x) It is below 4, and no more.
  A good method uses just that.
```

## Change from baseline, compared between the arms

Take each patient's value at a visit over the same patient's baseline. If the typical value doubles in
one arm and stays in the other, the **ratio of geometric means** is two: treated over control. One is no
difference.

How should a value below the limit enter? The main analysis asks, for each patient, how probable the
laboratory's answer was: the probability of the number where there is a number, and the probability of
lying below the limit where there is none. The ratio under which all the answers together are most
probable is the estimate. This is **censored regression**, or the Tobit model {cite:p}`tobin1958,lubin2004`,
of the logarithm of the value on the arm and on the logarithm of the baseline. Where no value is below the
limit, it is ordinary analysis of covariance. A baseline below the limit stands at the limit; where many
are, they get a level of their own, so that no patient is lost.
"""

# %%
change = mechanism.changes(study, data)
mechanism.charts.heat(study, change)

# %% [markdown]
"""
A colour says little about how sure one can be. The same ratios with their intervals, sorted by what the
analytes are thought to do:
"""

# %%
mechanism.charts.forest(study, change)

# %%
mechanism.sentences.changes(study, change)

# %%
mechanism.tables.changes(study, change)

# %%
mechanism.sentences.batches(study, plates, change)

# %%
mechanism.tables.held(study, plates)

# %% [markdown]
"""
### Does the handling of low values matter?

Four ways stand side by side. Censored regression comes first, and half the limit last. Between them are:

- **Multiple imputation** draws each low value many times from what the model says of values that low. What
  is not known shows as a spread between the draws {cite:p}`rubin1987`.
- The **Wilcoxon test** in Gehan's form {cite:p}`gehan1965` asks only which of two patients changed more. It
  leaves out a pair when the limit hides the answer. The **Hodges-Lehmann** estimate {cite:p}`hodges1963`
  that goes with it is the median of all ratios between a treated and a control patient.

All four should agree where few values are low.
"""

# %%
mechanism.charts.methods(study, change)

# %%
mechanism.tables.methods(study, change)

# %%
mechanism.sentences.methods(study, change)

# %% [markdown]
"""
### All visits at once

A patient's visits resemble each other. A model of all of them at once uses that: who missed one visit
still counts by the others. This is the **mixed model for repeated measures** {cite:p}`mallinckrodt2008`,
here of the logarithms, with values below the limit imputed.
"""

# %%
course = mechanism.courses(study, data)
mechanism.tables.courses(study, change, course)

# %%
mechanism.sentences.courses(study, change, course)

# %% [markdown]
"""
### By ranks alone

Ranks suppose nothing of the shape of the values, and a value below the limit has a rank like any other:
it is among the lowest. The baseline can be held equal in a rough way: rank the patients who began low
among themselves, and those who began high among themselves, and add up. That is **van Elteren's test**
{cite:p}`vanelteren1960`.
"""

# %%
by_ranks = mechanism.robust(study, data, change)
mechanism.tables.robust(study, by_ranks)

# %% [markdown]
"""
```{question} A ratio of geometric means, treated over control, is one half. What does it say?
- (x) Beside its baseline, the typical level is half as high under treatment as under control.
  It compares the arms. Both may have risen, or both fallen.
- ( ) The level fell by half under treatment.
  Only if it stayed as it was under control.
- ( ) Half of the patients responded.
  It speaks of levels, not of numbers of patients.
```

## The panel as a whole

Before asking which analytes changed, ask whether any did. Two questions are possible.

*Did anything change?* Take the difference between the arms in every analyte, square and add. How large
would the sum be if the treatment did nothing? Then every patient would have had the same values in the
other arm, so give out the arms again, at random, thousands of times, and see. Whole patients are moved, so
that analytes which go together stay together.

*Did the panel move the good way?* Turn every analyte so that good is up: more of what restrains
inflammation or helps cells to live, less of what drives inflammation. Rank the patients in each analyte,
and give each patient the mean of the ranks. A patient who did a little better in everything stands out,
although no single analyte does. That is **O'Brien's test** {cite:p}`obrien1984`.
"""

# %%
panel = mechanism.together(study, data)
mechanism.sentences.together(study, panel)

# %%
mechanism.tables.together(study, panel)

# %% [markdown]
"""
The same thought makes a score: divide each change by its spread, turn it so that good is up, and take the
mean. A **composite score** is only as good as its weights and signs, and both are choices. Here every
analyte with a role counts alike. Somebody who thinks that one matters more would get another score, so
the weights belong beside it.
"""

# %%
mechanism.charts.composite(study, panel)

# %%
mechanism.tables.weights(study, panel)

# %% [markdown]
"""
```{question} No single analyte stands out, but O'Brien's test does. How can that be?
- ( ) One of the two must be wrong.
  They ask different questions.
- ( ) One analyte has changed a great deal.
  Then it would stand out by itself.
- (x) Many small changes go the same way.
  Each may be chance. All of them together are less likely to be.
```

## Many tests

Toss a fair coin often enough and some run of heads will look remarkable. A panel of analytes at several
visits is many tosses. Every adjustment is for a **family** of tests, so the family must be written out.
"""

# %%
tests = mechanism.family(study, data, change)
mechanism.sentences.family(study, tests)

# %% [markdown]
"""
Two promises are on offer. One keeps the chance of even a single false finding below the level. **Holm**
keeps it for any family {cite:p}`holm1979`, and pays for tests that say the same thing twice as if they
were strangers. **Westfall and Young** give out the arms again and look at the largest of all statistics:
whatever the analytes share, they share in every draw, so that the price is no higher than it must be
{cite:p}`westfall1993`.

The other keeps the share of false findings among the findings below the level, a milder promise.
**Benjamini and Hochberg** {cite:p}`benjamini1995` keep it where tests are independent or go together in
one direction, **Benjamini and Yekutieli** {cite:p}`benjamini2001` whatever they do, at a price. **Storey**
{cite:p}`storey2002` first reckons how many of the tests have no effect at all: where there is none, half
of the p-values lie above a half.
"""

# %%
mechanism.charts.ladder(study, tests)

# %%
mechanism.tables.family(study, tests)

# %% [markdown]
"""
```{question} The share of false findings is held at one in ten, and there are twenty findings. What is promised?
- ( ) Two of the twenty are false.
  It may be none or five: the promise is about the average of many such lists.
- (x) On average over many such lists, no more than one finding in ten is false.
  It names no culprit. The last findings on a list are the likeliest.
- ( ) With a chance of nine in ten, none is false.
  That is the other promise, which Holm keeps.
```

## What goes with what

If the treatment works by way of two substances, their changes might go together: where one rises, the
other falls. A **correlation** says how closely, from minus one to one.
"""

# %%
story(study, "mechanism", "association")

# %%
pair = mechanism.association(study, data)
mechanism.charts.scatter(study, pair)

# %%
mechanism.sentences.association(study, pair)

# %% [markdown]
"""
**Pearson's** correlation is of the values, **Spearman's** of their ranks, so that one patient far out
counts no more than any other. The **partial** correlation asks what is left when the baselines and the
arm are held equal: a patient who began high has farther to fall in both.
"""

# %%
mechanism.charts.correlations(study, pair)

# %% [markdown]
"""
A correlation has an exact test: put one of the two columns in every order that there is, and count how
often the correlation is as strong. Its interval comes from **Fisher's z**, which supposes normal values, or from
drawing the patients again with replacement; **BCa** is the form of this bootstrap that allows for a
lopsided and biased estimate {cite:p}`efron1987`.
"""

# %%
mechanism.tables.association(study, pair)

# %% [markdown]
"""
Visits can be used, too. To pool them as if each were another patient would count patients several times.
The **repeated-measures correlation** lets each patient have a level of his or her own and asks whether
the two move together around it {cite:p}`bland1995`. It mixes what the treatment does to both with what
goes together anyway: the rows of each arm stand in the table.
"""

# %%
mechanism.sentences.within(study, pair)

# %% [markdown]
"""
### The comparison that the claim needs

A correlation seen in one group and not in another is not yet a difference between the groups. A small
group's interval is wide, and "found here, not found there" happens often when both are the same. The claim
needs the **difference of the two correlations** with its own interval {cite:p}`zou2007`, or the
**interaction**: is the slope of one on the other steeper among responders?
"""

# %%
mechanism.tables.claim(study, pair)

# %%
mechanism.sentences.claim(study, pair)

# %% [markdown]
"""
### What choosing by the outcome does

Who responded is known only after the treatment. Choosing patients by an outcome undoes what randomisation
did: responders of the two arms are no longer alike.

It does more. Think of two talents that have nothing to do with each other, and a school that takes pupils
with a high sum of both. Among its pupils, whoever lacks the one must have the other: the talents go against
each other, in the school and nowhere else. This is **collider bias**, or Berkson's
{cite:p}`berkson1946,hernan2004`. An outcome that goes with two analytes is such a school.

So make up trials in which the two analytes do nothing to each other, pick those with the best outcome, and
correlate. In the first world nothing goes with anything. In the second each analyte goes with the outcome,
and with nothing else. In the third the treatment raises one, lowers the other and improves the outcome.
"""

# %%
chosen = mechanism.selection(study, data, pair)
mechanism.charts.selection(study, chosen)

# %%
mechanism.tables.selection(study, chosen)

# %%
mechanism.sentences.selection(study, chosen)

# %% [markdown]
"""
### The garden of forking paths

A single correlation was reported. How many could have been? Any two analytes, any visit, everybody or
responders or the others, any threshold of response. Nobody need try them all: it is enough that other data
would have led to another choice {cite:p}`gelman2014forking`. Make up studies in which nothing goes with
anything, walk all the paths, and count how often there is something to report.
"""

# %%
paths = mechanism.forks(study, data)
mechanism.charts.forks(study, paths)

# %%
mechanism.sentences.forks(study, paths)

# %% [markdown]
"""
```{question} Two analytes go together among responders, and nothing is seen among the others. Does the link differ between them?
- ( ) Yes. It is there and not here.
  A link that is not seen may be hidden by a wide interval.
- ( ) No. Responders cannot be compared with others.
  They can, though not as fairly as two arms drawn by lot.
- (x) Only the difference of the two correlations can tell, with its interval.
  In small groups it is mostly wide.
```

## By way of what?

Suppose that the treatment moved an analyte, and that the outcome is better. Did it become better *because*
the analyte moved? Draw what causes what.
"""

# %%
ways = mechanism.pathways(study, data)
mechanism.charts.graph(study, ways)

# %% [markdown]
"""
Two ways lead from the arm to the outcome: by way of the analyte, and around it. To split the effect, use
two models: one of the analyte on the arm, one of the outcome on the arm, the analyte and their product. The
**natural indirect effect** is what the outcome would change if the analyte alone changed as under treatment;
the **natural direct effect** is the rest {cite:p}`pearl2001,imai2010`.
"""

# %%
mechanism.charts.pathways(study, ways)

# %%
mechanism.tables.pathways(study, ways)

# %%
mechanism.sentences.pathways(study, ways)

# %% [markdown]
"""
The first arrow, from arm to analyte, was drawn by lot and can be believed. The second, from analyte to
outcome, was not: nobody drew patients' analytes by lot. Whatever moves both, such as how fast the disease
runs, looks like an effect of the one on the other. Its strength cannot be estimated, but it can be
supposed: how large would it have to be to explain all of the indirect effect away?
"""

# %%
mechanism.charts.sensitivity(study, ways)

# %%
mechanism.sentences.sensitivity(study, ways)

# %% [markdown]
"""
Would a larger trial help? Make up trials of this size and of up to eight times this size, in three worlds:
the analyte is on the way; it does nothing; it does nothing, and a hidden cause moves both.
"""

# %%
sizes = mechanism.pathway_power(study, data)
mechanism.charts.power(study, sizes)

# %%
mechanism.sentences.power(study, sizes)

# %% [markdown]
"""
What would help is a second lottery: a trial in which the analyte itself is moved, or blocked, by lot.
"""

# %%
story(study, "mechanism", "mediation")

# %% [markdown]
"""
```{question} The treatment moved an analyte, and patients in whom it moved fared better. Is that how the treatment works?
- ( ) Yes, for both arrows were seen.
  The arrow from the analyte to the outcome was not drawn by lot.
- (x) Perhaps. Something else may move both analyte and outcome.
  How fast the disease runs is one such thing. A lottery over the analyte would settle it.
- ( ) No. Such data can only contradict it.
  They fit it. They fit other stories as well.
```

## All changes at once

Each pair of analytes has a correlation, in each arm. A **network** draws the strong ones. It is good for
seeing shapes and bad for testing them: with so many pairs the strongest always looks strong.
"""

# %%
knots = mechanism.connections(study, data)
mechanism.charts.network(study, knots)

# %%
mechanism.sentences.connections(study, knots)

# %%
mechanism.tables.connections(study, knots)

# %% [markdown]
"""
Where a study may show single patients, follow them from one picture to the next.
"""

# %%
mechanism.charts.linked(study, mechanism.linked(study, data, change))

# %% [markdown]
"""
```{question} Of hundreds of pairs of analytes, one has a strong correlation. What may be said?
- ( ) This pair belongs together.
  It was chosen for being the strongest.
- ( ) One of the two brings about the other.
  A line in a network has no direction.
- (x) Little. The strongest of hundreds looks strong even by chance.
  Look for it again in other patients.
```

## What this does not show

- A substance that moved with the treatment need not be how the treatment works: it may be a trace of
  something else, such as the procedure.
- Samples come only from patients who stayed and agreed.
- A ratio whose interval includes one is not a proof of no change.
- No adjustment knows of the tests that were made and not reported.
"""

# %%
story(study, "mechanism", "limits")

# %% [markdown]
"""
## Key points
"""

# %%
results = found, change, tests, pair, chosen, ways
mechanism.sentences.key_points(study, *results)

# %% [markdown]
"""
## Exercises

{doc}`exercises/mechanism_exercises` has them in three levels, each with a hint and a folded, executed solution.

## References

```{bibliography}
:filter: docname in docnames
```
"""
