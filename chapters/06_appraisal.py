# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# What the trial can and cannot say

The other chapters each look at one part. This one steps back and weighs the whole: how strong the
evidence is, what could explain it other than the treatment, and what to expect of the next trial.
"""

# %% tags=["parameters"]
study_path = "../data/oh2018"

# %%
from alsutils import appraisal, load_study
from alsutils.display import story

study = load_study(study_path)
story(study, "appraisal", "question")

# %% [markdown]
"""
## The question

Having seen the results, what should a careful reader believe, and what would change that belief?

## What you will be able to do

After this chapter you can

- put endpoints of different units on one scale and read them by how they were measured;
- say which data tell a treatment that works from an open label that moves the ratings;
- look at all defensible analyses of a trial at once, and test them as a whole;
- say how sceptical a reader may be and still have to change their mind;
- explain why estimates that stand out are too large on average, and by how much;
- say what a p-value is worth as evidence, and how likely a further trial is to agree;
- check a printed comparison from its own cells;
- list what a design leaves open, whatever the numbers say;
- hold a later trial against what this one let expect;
- judge the risk of bias of a result, and check whether a report tells what it should.

## Data used

Every endpoint of the study at the visits at which it is compared, the result of the main analysis,
and, where there is one, the printed table.

## All endpoints on one scale

Points on a scale and grams in a blood sample cannot be compared as they are. Divide each difference
by the spread between patients and they can: the result is a difference in **standard deviations**,
here with a small-sample correction, which makes it **Hedges' g**. Its sign is turned so that above
zero is always better for the patient.
"""

# %%
scale = appraisal.standardised(study)
appraisal.charts.standardised(study, scale)

# %% [markdown]
"""
Read the picture by its panels. A judgement can be coloured by knowing the arm; the reading of an
instrument much less so. If differences sit only where somebody judges, the treatment is not the only
explanation.
"""

# %%
appraisal.sentences.by_measurement(scale)

# %% [markdown]
"""
```{question} A difference is half a standard deviation. Does it matter to patients?
- ( ) Yes. That counts as a medium effect.
  Such words are a habit of authors. No patient was asked.
- ( ) No. It is less than one.
  There is no such line.
- (x) The number alone cannot say.
  It says how large the difference is beside the spread between patients. What it is worth is another question.
```

## Two worlds, one table

Where everybody knows who got what, a difference in ratings has two explanations. Perhaps the
treatment works. Perhaps knowing moves what is seen: raters see more, patients try harder, and those
who got nothing leave.

How well can the data tell the two apart? Invented data can answer that, because their truth is known.
So make the same trial twice, **once in each world**, with the same patients and the same printed
figures. Then put both through every test of the primary endpoint.
"""

# %%
pair = appraisal.worlds(study)
appraisal.tables.worlds(study, pair)

# %%
appraisal.sentences.worlds(study, pair)

# %% [markdown]
"""
A test asks whether chance alone could make the difference. It cannot ask what else made it. For that
the trial needs **data that knowing cannot reach**: a rater who does not know the arm, a sham that
keeps the patients from knowing it, or an endpoint that is read and not judged.
"""

# %%
appraisal.charts.telling(study, pair)

# %%
appraisal.sentences.telling(study, pair)

# %% [markdown]
"""
Time is a witness, too. If a treatment slows a decline, the arms keep moving apart for as long as it
works. If only the view has shifted, they need not.
"""

# %%
growth = appraisal.divergence(study)
appraisal.sentences.divergence(study, growth)

# %%
appraisal.sentences.bias_needed(study, pair, growth)

# %% [markdown]
"""
```{question} An open trial finds a difference in ratings with a tiny p-value. Which of the two worlds does that rule out?
- ( ) The one in which knowing moves the ratings.
  In that world there is a difference, too, and it gets a tiny p-value as well.
- (x) Neither.
  It rules out chance. To tell the worlds apart takes data that knowing cannot reach.
- ( ) Both.
  Each of them explains the difference.
```

## Every analysis at once

Somebody chose the endpoint, the visit, the patients, the model and what to do about missing and
extreme values. Another sensible person would have chosen otherwise. So let us make every choice, in
every combination, and look at all the answers.

Each column of the picture is one way to analyse the trial. Above stands its answer, in standard
deviations; below stand its choices.
"""

# %%
curve = appraisal.specifications(study)
appraisal.charts.specifications(study, curve)

# %% [markdown]
"""
This is a **specification curve** {cite:p}`simonsohn2020`. A result that holds along the whole curve
does not hang on anybody's choices. One that holds on a part of it hangs on the choices that gather
there.
"""

# %%
appraisal.sentences.specifications(curve)

# %%
appraisal.tables.choices(study, curve)

# %%
appraisal.sentences.weightiest_choice(curve)

# %%
appraisal.sentences.world_curves(study, appraisal.world_curves(study, curve))

# %% [markdown]
"""
The answers lean on the same patients, so that counting them proves nothing: if chance favours one
arm, it does so in all of them. But what chance does can be tried out. Give the arms to the patients anew
and compute the whole curve. Do it again and again. How often is the curve as far out as the real one?
"""

# %%
appraisal.tables.curve_test(study, curve)

# %%
appraisal.sentences.curve_test(curve)

# %% [markdown]
"""
The test covers chance, over all choices together. A bias that all the analyses share is in the real
curve and in none of the others.

```{question} Nine of ten analyses of one trial find the same. Is that nine times the evidence of one?
- (x) No. All of them lean on the same patients.
  It shows that the finding does not hang on one choice. That is worth something else.
- ( ) Yes. They confirm each other.
  They would if each had patients of its own.
- ( ) No. The tenth contradicts them.
  It need not: its choices may be poor, or its patients few.
```

## How sceptical must one be?

Evidence moves belief, and how far depends on where belief started. Imagine a **sceptic** who thinks
that there is probably no effect and that large effects are improbable. The narrower the sceptic's
prior, the more evidence is needed. The picture starts with a sceptic who is all but certain and ends
with one who lets the data speak.
"""

# %%
doubt = appraisal.scepticism(study)
appraisal.charts.scepticism(study, doubt)

# %% [markdown]
"""
Somewhere the band leaves the line of no difference. A sceptic to the left of that point stays
unconvinced; this is the **analysis of credibility** {cite:p}`matthews2018`.
"""

# %%
appraisal.tables.scepticism(study, doubt)

# %%
appraisal.sentences.scepticism(study, doubt)

# %% [markdown]
"""
Now meet three people. The **sceptic** thinks that a worthwhile benefit is improbable, one chance in
twenty. The **enthusiast** expects it and thinks that harm is just as improbable. The **neutral** one
has no opinion. Where even the sceptic and the enthusiast come to agree, the data have spoken
{cite:p}`spiegelhalter1994`.
"""

# %%
strong = appraisal.strength(study)
appraisal.charts.beliefs(study, strong)

# %%
appraisal.tables.beliefs(study, strong)

# %%
appraisal.sentences.beliefs(strong)

# %% [markdown]
"""
```{question} After a trial, the sceptic and the enthusiast still disagree. What follows?
- ( ) One of them has computed badly.
  Both can be right about what follows from where they began.
- ( ) The trial was useless.
  Both have moved. Perhaps not far enough to meet.
- (x) These data alone do not settle it.
  More data would bring them closer, whoever is right.
```

## Why results that stand out are too large

Suppose that the true effect is small. Most trials of it find little and are forgotten. The few that
stand out do so because chance pushed them up. So, among results that stand out, the estimate is on
average larger than the truth: a **type M error**, M for magnitude {cite:p}`gelman2014`.

The smaller the true effect, the worse the exaggeration. Nobody knows the true effect, so the picture
shows all of them.
"""

# %%
errors = appraisal.exaggeration(study)
appraisal.charts.exaggeration(study, errors)

# %% [markdown]
"""
```{question} A small trial of a small effect happens to be significant. What about its estimate?
- ( ) It is right on average, as all estimates are.
  All of them are, taken together. Those that were picked for being large are not.
- (x) It is likely to be too large.
  In a small trial, only a large estimate can be significant.
- ( ) It is likely to be too small, for the trial was small.
  A small trial scatters both ways. The small estimates are not significant, so nobody picks them.
```

## What is a p-value worth?

A p-value says how often chance alone brings data at least as far out as these. It does not say how
likely it is that there is no effect. For that one must say how likely an effect was before. The chance
that remains is the **false-positive risk** {cite:p}`colquhoun2017`. Whatever the true effect, the risk
cannot fall below a bound that the p-value sets {cite:p}`sellke2001`.

The **intrinsic p-value** goes one step further {cite:p}`held2019`. Take the sceptic who is only just not
convinced. If the result surprises even that sceptic, the intrinsic p-value is small.
"""

# %%
appraisal.tables.evidence(study, strong)

# %%
appraisal.sentences.evidence(study, strong)

# %% [markdown]
"""
Would the same trial find it again? Less often than most people think: an estimate just beyond the
limit is as likely to fall short next time as not {cite:p}`goodman1992`.

And what would undo it? The **E-value** says how strong a hidden cause would have to be to explain the
result {cite:p}`vanderweele2017`. In a trial it would have to come in after the arms were drawn: by who left,
who knew and who measured. The last column counts the patients on whom the result hangs.
"""

# %%
appraisal.tables.outlook(study, strong)

# %% [markdown]
"""
For counts such a number of patients is the **fragility index** {cite:p}`walsh2014`. A small index is no
flaw; it says how little more of bad luck, or of missing patients, would have changed the verdict.
"""

# %%
appraisal.tables.fragility(study, strong)

# %% [markdown]
"""
```{question} A p-value is exactly 0.05. Is the chance that there is no effect 5 in 100?
- ( ) Yes. That is its definition.
  It is defined with no effect taken as given. It cannot be the chance of what it supposes.
- ( ) No, it is smaller.
  It is usually larger.
- (x) No. It depends on how likely an effect was before.
  For a far-fetched idea it may be more likely than not that there is none.
```

## Does the print add up?

Number of patients, mean and standard deviation of two arms fix everything else in a row of a
comparison. Recomputing it is no accusation: rounding, a changed number of patients or a slip of the
pen all leave such traces, and a reader should know of them.
"""

# %%
printed = appraisal.forensics(study)
appraisal.tables.forensics(study, printed)

# %%
appraisal.sentences.forensics(printed)

# %% [markdown]
"""
Cell by cell, a printed figure stands for every value that rounds to it. A figure adds up if some of
these values agree with some values of the others. Where scores are whole numbers, for instance, their
mean is a whole number over the number of patients {cite:p}`brown2017`. The command `alsbook forensics` does the same for
any table that you type in; the guide shows how.
"""

# %%
figures = appraisal.arithmetic(study)
appraisal.tables.arithmetic(study, figures)

# %%
appraisal.sentences.arithmetic(figures)

# %% [markdown]
"""
```{question} Each of seven patients has a score that is a whole number. Can their mean be exactly three and a half?
- ( ) Yes, if some score three and others four.
  Try it: seven times three and a half is not a whole number.
- (x) No. Seven scores would have to add up to half a point.
  So a printed mean can be checked against the number of patients.
- ( ) It cannot be known without the scores.
  The number of patients is enough.
```

## What the design leaves open

Some doubts cannot be calculated away. They follow from how the trial was run.
"""

# %%
appraisal.sentences.limits(study, appraisal.exposure(study))

# %% [markdown]
"""
Reviewers put such doubts in order. **RoB 2** {cite:p}`sterne2019` asks about five places where bias
can enter: how the arms were drawn, what patients really got, who is missing, how the outcome was
measured, and whether the reported analysis was the planned one.
"""

# %%
bias = appraisal.risk_of_bias(study)
appraisal.charts.risk_of_bias(study, bias)

# %%
appraisal.sentences.risk_of_bias(bias)

# %%
story(study, "appraisal", "afterwards")

# %% [markdown]
"""
```{question} Everybody knew the arm. Which analysis mends that?
- ( ) A mixed model with all visits.
  It uses the coloured ratings better. They stay coloured.
- ( ) A sensitivity analysis for missing values.
  It is about those who were not seen.
- (x) None.
  How large the harm would have to be can be computed. Whether it is there cannot.
```

## Does the next trial contradict this one?

What this trial found is a belief about the next. Before the next trial is run, that belief says which
outcomes are likely. If what then comes was all but impossible, belief and outcome are in **conflict**
{cite:p}`box1980,evans2006`. The check asks how probable an outcome was that is as improbable as the
one that came.
"""

# %%
later = appraisal.afterwards(study)
appraisal.tables.afterwards(study, later)

# %%
appraisal.sentences.afterwards(study, later)

# %% [markdown]
"""
```{question} A later trial finds a smaller effect. Does it contradict the first one?
- ( ) Yes, for the estimates differ.
  Two estimates always differ.
- (x) Not by that alone. The first may have let expect it.
  Look at how improbable such an outcome was, after the first trial.
- ( ) No. The first trial is the one that counts.
  Neither counts more for having come first.
```

## Was everything told?

**CONSORT** lists what the report of a randomised trial should tell {cite:p}`consort2025`. A book made
from data can tell some of it, and it can say what else to look for elsewhere.
"""

# %%
report = appraisal.checklist(study)
appraisal.sentences.checklist(report)

# %%
appraisal.sentences.checklist_summary(report)

# %% [markdown]
"""
```{question} A report tells all that CONSORT asks for. What does that show?
- ( ) The trial was well done.
  A poor trial can be reported in full.
- ( ) The result is true.
  No checklist can promise that.
- (x) The trial can be judged.
  To tell is the condition. To judge is left to the reader.
```

## One page in plain words

Those whom a trial is about should be able to read what it found. This page uses short words and short
sentences, and it says nothing that the results do not.
"""

# %%
appraisal.sentences.plain_summary(study, appraisal.plain_facts(study))

# %% [markdown]
"""
```{question} The interval holds "no difference" and a worthwhile benefit. Which sentence is both plain and true?
- ( ) "The treatment does not work."
  Plain, but the data do not say so.
- ( ) "Superiority was not shown at the prespecified level."
  True, but not plain.
- (x) "This trial cannot tell whether the treatment helps."
  Short, and no more than is known.
```

## What this does not show

- A sceptic's prior speaks of chance. A bias does not shrink as a prior does.
- Standardised differences compare endpoints, not their worth to a patient.
- Analyses on one curve are not equally good, and the curve weighs them all alike.
- A false-positive risk rests on a chance that somebody gave before the trial.
- Exaggeration is an average over imagined trials; this one may be closer to the truth or further
  from it.
- Figures that fit each other can still be wrong, and figures that do not can have a harmless reason.

## Key points
"""

# %%
appraisal.sentences.key_points(study, scale, doubt)

# %% [markdown]
"""
## Exercises

{doc}`exercises/appraisal_exercises` has them in three levels, each with a hint and a folded, executed solution.

## References

```{bibliography}
:filter: docname in docnames
```
"""
