# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# The primary endpoint

A trial names, before it begins, the one measurement that will decide it. This chapter asks what
that measurement says, first in the plainest way and then in ways that use the data better.
"""

# %% tags=["parameters"]
study_path = "../data/oh2018"

# %%
from alsutils import load_study, primary
from alsutils.display import story

study = load_study(study_path)
story(study, "primary", "question")

# %% [markdown]
"""
## The question

Did patients in one arm do better than patients in another on the primary endpoint, by how much,
and how sure can we be?
"""

# %%
primary.sentences.endpoint(study)

# %% [markdown]
"""
## What you will be able to do

After this chapter you can

- say which question an analysis answers about patients who die or leave;
- read a mean over time together with the people who are missing from it;
- compare two arms by a t-test, and say what its interval does and does not exclude;
- explain what holding the baseline equal (ANCOVA) and using all visits at once (MMRM) add;
- say what each way of treating missing patients assumes, and how far a result depends on it;
- test several hypotheses, and still be wrong no more often than with one;
- compare patients on death and the endpoint together, pair by pair;
- set a recomputed result beside a printed one and judge whether they agree.

## Data used

One row for each patient and visit: the value, the baseline, and the change between them. A patient
counts in an analysis if the value that it needs was observed. The table shows how many did.

## What exactly is asked

"By how much do patients do better?" leaves much open. Better than whom, measured how and when? And what
of those who die or leave: are they part of the answer, or is it about a world in which nobody left? The
exact question is called the **estimand** {cite:p}`iche9r1`, and whatever happens after randomisation
and changes what the endpoint means is an **intercurrent event**.
"""

# %%
asked = primary.estimands(study)
primary.tables.estimand(asked)

# %% [markdown]
"""
Two analyses can disagree because they answer different questions. This table is a map of the chapter:
each analysis below stands under the question that it answers.
"""

# %%
primary.tables.estimands(asked)

# %% [markdown]
"""
```{question} A patient gives up the treatment because it does not help, and is measured at the end all the same. Should the value count?
- ( ) Yes, always.
  It counts if we ask what comes of giving the treatment, whatever patients then do with it.
- ( ) No, never.
  It does not count if we ask what the treatment does as long as it is taken. That is another question.
- (x) It depends on the question, which must be fixed first.
  Both questions are fair. They must not be mixed, nor chosen by the answer.
```

## How the endpoint moves over time

Before any test, look. Each point below is the mean of the patients who came to that visit, and each
vertical line says how far that mean could be off by chance alone.
"""

# %%
course = primary.trajectory(study)
primary.charts.trajectory(study, course)

# %% [markdown]
"""
Two things can move such a line: patients change, and patients leave. If those who do worst leave
first, the mean of those who stay looks better than it should.

If the study splits its endpoint into parts, here they are one by one. A difference that sits in all
parts is easier to believe than one that sits in a single part.
"""

# %%
parts = primary.domains(study)
primary.charts.domains(study, parts)

# %% [markdown]
"""
```{question} The mean of an arm turns for the better at the last visit. What do you look at first?
- ( ) The p-value of that visit.
  It compares the arms. It says nothing of who was still there.
- (x) How many patients that point is the mean of.
  If patients have left, the line may have turned although nobody's course did.
- ( ) The scale of the axis.
  It can make a turn look large. It cannot make one.
```

## The difference between the arms

The simplest comparison subtracts one mean from the other. Its **standard error** says how much that
difference would wobble from one such trial to the next, and a **confidence interval** is the range of
true differences that the data do not contradict. The test that belongs to it is **Student's t-test**;
its p-value is the probability of a difference at least this large if the treatment did nothing.
**Welch's** version of the test does not need values to scatter equally in both arms
{cite:p}`welch1947`.
"""

# %%
main = primary.published_analysis(study)
primary.sentences.main_result(study, main)

# %% [markdown]
"""
The same comparison for every endpoint of the study. The more rows such a table has, the likelier it
is that one of them stands out by chance.
"""

# %%
every_endpoint = primary.unadjusted(study)
primary.tables.comparisons(study, every_endpoint)

# %% [markdown]
"""
```{question} The interval of a difference holds zero. What does it say?
- (x) The data contradict neither zero nor any other value inside.
  Look at both ends: perhaps a difference worth having is inside as well.
- ( ) There is no difference.
  Zero is one of many values that fit.
- ( ) The trial was too small.
  A narrow interval around zero says that a large difference is out of the question. That is an answer.
```

## Beside the print

A published table can be checked: the number of patients, mean and standard deviation of two arms fix
the difference, its interval and its p-value. Here every printed row stands beside the same row
computed from the data of this study.
"""

# %%
printed = primary.beside_print(study)
primary.tables.beside_print(study, printed)

# %%
primary.sentences.agreement(printed)

# %%
primary.sentences.inconsistencies(study)

# %%
story(study, "primary", "print")

# %% [markdown]
"""
```{question} A printed interval does not fit the means and standard deviations printed beside it. What does that show?
- ( ) Somebody has cheated.
  There are many harmless reasons. This is a question to the authors, not a verdict.
- ( ) The recomputed interval is the right one.
  It is right if the other figures are. One of those may be the slip.
- (x) Something in the row is not what it seems.
  It may be a rounding, another number of patients, an adjusted analysis or a slip.
```

## Holding the baseline equal

By chance one arm may start better than the other, and where a patient starts says something about
where the patient will be. **Analysis of covariance** (ANCOVA) compares patients as if they had
started alike. It usually gives a narrower interval for the same patients
{cite:p}`senn2006,fda2023`.

Its standard error can lean on the assumption that values scatter equally in all arms, or do without
it (**robust** errors). If the two disagree, trust the robust one.

```{question} When does holding the baseline equal gain the most?
- ( ) When the arms differ much at baseline.
  Then it moves the estimate. How narrow the interval gets depends on something else.
- (x) When the baseline says much about what is compared.
  Then it takes away much of the scatter between patients.
- ( ) When there are hardly any patients.
  Then every term of a model costs more than in a large trial.
```

## Using every visit at once

A patient who missed the last visit still told us something at the visits before. The **mixed model
for repeated measures** (MMRM) fits all visits together and lets the visits of one patient be alike.
It needs no invented values: patients who left help to estimate the visits they did attend, and the
result is fair if leaving depends only on what had been seen before {cite:p}`mallinckrodt2008`. Its
degrees of freedom follow Kenward and Roger, who made such models honest in small trials
{cite:p}`kenward1997`.
"""

# %%
analyses = primary.all_analyses(study)
primary.charts.forest(study, analyses)

# %%
primary.tables.analyses(study, analyses)

# %%
primary.sentences.robustness(study, analyses)

# %%
primary.sentences.interaction(study, analyses)

# %% [markdown]
"""
These analyses agree or disagree about the same numbers. None of them can repair a measurement that
was coloured by knowing the arm: that is a matter of design, not of calculation.

The last of them, the **constrained longitudinal analysis** (cLDA), treats the baseline as one more
value that the arms share, because randomisation made it so. Patients who were never seen again then
still count through their baseline {cite:p}`liu2009`.

```{question} What happens in a mixed model to a patient who missed the last visit?
- ( ) The patient is left out.
  That is what a test of the last visit alone would do.
- ( ) The last value seen is carried on.
  No value is invented.
- (x) The visits attended are used, and how visits go together.
  That is fair if leaving depends only on what had been seen before.
```

## Several chances to be right

Whoever tests at several visits, or several doses, has several chances to find a difference where there
is none. Two tests at 5% go wrong, one or the other, almost twice as often. So the tests have to share their
5%, and there are fair ways to do it.

- In a **fixed sequence** the tests stand in line, each with the whole level. The first that fails ends it.
- **Bonferroni** gives every test the same small share.
- **Holm** hands the share of a test that has succeeded to the others.
- **Hochberg** begins at the other end, with the largest p-value.
- A **graph** draws which tests a success feeds {cite:p}`bretz2009`.
"""

# %%
family = primary.multiplicity(study)
primary.charts.level_graph(study, family)

# %%
primary.tables.multiplicity(study, family)

# %%
primary.sentences.multiplicity(study, family)

# %% [markdown]
"""
```{question} Three tests stand in a fixed sequence. The first succeeds, the second fails, and the third has a tiny p-value. What may be claimed?
- ( ) The first and the third.
  The line ends at the first failure. For that, each test had the whole level.
- (x) The first.
  The third p-value may be told. But the promise of the level covers no claim after a failure.
- ( ) All three, for most of them succeed.
  Chances to be wrong are not put to the vote.
```

## A slope for every patient

Instead of visits one can compare speeds. Draw a straight line through each patient's values and
compare the mean slopes of the arms: a model with **random slopes** does both at once
{cite:p}`laird1982`. Where patients were watched before treatment, each line may bend at baseline, and
the arms are compared by how much it bends.
"""

# %%
slopes = primary.slopes(study)
primary.tables.slopes(study, slopes)

# %% [markdown]
"""
```{question} Patients were watched for a while before treatment. Why compare how much their lines bend at baseline?
- ( ) A bend proves that the treatment works.
  Lines bend without any treatment, too. Only the difference between the arms counts.
- (x) It takes each patient's own pace before treatment into account.
  Whoever declined fast before is not blamed for it afterwards.
- ( ) A straight line is always wrong.
  It is often good enough. The bend asks another question.
```

## Who is missing

Every analysis so far says something about patients who were not seen, if only by leaving them out.
First look at who they are.
"""

# %%
seen = primary.patterns(study)
primary.charts.missing_patterns(study, seen)

# %%
primary.tables.missing_patterns(study, seen)

# %%
primary.sentences.missing_patterns(study, seen)

# %% [markdown]
"""
What would the difference be if all had been seen? That depends on how the others did, which nobody
knows. So make assumptions, one after the other, fill in what each implies and see whether the answer
moves. Perhaps they **went on as those who stayed** with the same history ("missing at random").
Perhaps they **jumped to control**, losing at once whatever the treatment had given, or kept it and
went on like controls from then on, or never had it {cite:p}`carpenter2013,wolbers2022`.

The last two rows are old habits and are shown as what not to do: carrying the last value forward
freezes a patient who was changing, and leaving out whoever is incomplete undoes the randomisation.
"""

# %%
imputed = primary.assumptions(study)
primary.charts.assumptions(study, imputed)

# %%
primary.tables.assumptions(study, imputed)

# %%
primary.sentences.assumptions(study, imputed)

# %% [markdown]
"""
Now be harsher and let the missing differ from those who stayed by a **shift**, in each arm. How large
must it be for the conclusion to turn? If only an absurd shift turns it, it does not hang on who left.
"""

# %%
turned = primary.tipping(study)
primary.charts.tipping(study, turned)

# %%
primary.sentences.tipping(study, turned)

# %% [markdown]
"""
```{question} A result stays much the same under two assumptions about those who left. What has been shown?
- (x) It does not hang on which of these two is right.
  A harsher assumption could still turn it. The shift asks how harsh it would have to be.
- ( ) One of the two is right.
  The data cannot tell. Both are about values that nobody saw.
- ( ) Nobody who left matters.
  It shows that for two guesses, not for all.
```

## The endpoint and death together

A patient who has died has no score, and is not missing at random either. Instead of guessing a score,
compare patients in pairs: of two, the one who lived longer did better; where that is open, the one
who changed more for the better did {cite:p}`berry2013,pocock2012`. Such ways to join function and
death answer different questions, and were held against each other in ALS
{cite:p}`vaneijk2018,vaneijk2022`.
"""

# %%
both = primary.together(study)
primary.charts.pairs(study, both)

# %% [markdown]
"""
The pairs can be counted in several ways:

- the **win ratio** is the number won over the number lost;
- the **win odds** are the same, with half of each tie given to either side {cite:p}`brunner2021`;
- the **net benefit** is the share won less the share lost {cite:p}`buyse2010`;
- the **probabilistic index** is the probability that a treated patient does better than a control.

To rank all patients by their pairs and to compare the ranks is the **joint rank** test.
"""

# %%
primary.tables.together(study, both)

# %%
primary.sentences.together(study, both)

# %% [markdown]
"""
```{question} Of two patients, one died, and the other lived on and lost many points. Who did better in such a pair?
- ( ) The one who died, who had lost fewer points by then.
  A score that ended with death is not a better one.
- ( ) Neither. The pair is tied.
  Pairs are tied where both parts leave it open.
- (x) The one who lived on.
  The rule lets death count before points. It is a choice, to be made before the data are seen.
```

## Responders

It is tempting to cut a measurement at a threshold and count who reached it. Counting is easy to
explain and throws away most of what was measured: a patient just below the line counts as a failure
and one just above as a success.
"""

# %%
counted = primary.responders(study)
primary.charts.responders(study, counted)

# %%
primary.tables.responders(study, counted)

# %%
primary.sentences.responders(study, counted)

# %% [markdown]
"""
How much is thrown away? Invent a trial of the same size and spread in which the truth is known, test
it both ways, and repeat it thousands of times. The picture shows how often each way finds a true
difference. The further the curves of the responders lie below that of the means, the more patients a
trial needs only because it counts.
"""

# %%
cut = primary.cost_of_cutting(study, counted)
primary.charts.cost_of_cutting(study, cut)

# %%
primary.tables.cost_of_cutting(study, cut)

# %%
primary.sentences.cost_of_cutting(study, cut)

# %% [markdown]
"""
This is the **cost of dichotomising**. Even with the cut in the middle, the best place for it, 100
patients counted are worth no more than 64 patients measured: 2 divided by π
{cite:p}`cohen1983,fedorov2009`. A rare response costs far more. The exact test of responders costs a
little on top, because counts move in steps.

### A bad past does not last

Some definitions of a responder compare a patient with the patient's own past. Then it matters who is
chosen. Cut the patients into thirds by how fast they got worse **before** treatment, and follow each
third afterwards.
"""

# %%
past = primary.past_and_future(study)
primary.charts.thirds(study, past)

# %% [markdown]
"""
If those with a bad past look better later, and those with a good past worse, in the control arm too,
then no treatment is needed to explain it: it is **regression to the mean** {cite:p}`barnett2005`. Part
of it is noise: a slope through a few values is steep partly by bad luck, and luck does not come twice.
The rest is that a disease need not keep its pace. Drawing the change against the earlier slope sets
the two apart.
"""

# %%
primary.charts.past_and_future(study, past)

# %%
primary.sentences.past_and_future(study, past)

# %% [markdown]
"""
So a patient's own past is no control. The comparison with patients who were chosen in the same way
and treated otherwise is.

```{question} One patient ends just below the threshold of a response, another just above. What does the count make of them?
- ( ) Two patients who fared nearly alike.
  The measurement says so. The count has thrown it away.
- (x) A failure and a success.
  As far apart as the worst and the best patient of the trial.
- ( ) Half a response each.
  A count knows yes and no.
```

## The scale as it is

Before trusting a mean, look at what it is the mean of. Where patients may be shown, each is one thin
line here.
"""

# %%
each = primary.courses(study)
primary.charts.courses(study, each)

# %% [markdown]
"""
If the endpoint is a sum of questions, the same total can come from quite different answers. The map
shows the mean of each question at each visit: read a row from left to right to see when it gives way.
"""

# %%
single = primary.items(study)
primary.charts.items(study, single)

# %% [markdown]
"""
A scale has two ends. A patient who already has the worst score cannot be seen to get worse, and one
who still has the best score may have lost something that the scale does not notice. Many patients at
one end are called a **floor effect** or a **ceiling effect**: there the scale is blind.
"""

# %%
ends = primary.extremes(study)
primary.charts.extremes(study, ends)

# %%
primary.sentences.extremes(study, ends)

# %% [markdown]
"""
### Stages

Points are hard to picture. For some diseases a published rule turns the answers of one visit into a
**stage**, a step on the way of the disease that doctors can name. Stages are coarse: a patient can
lose many points within one stage, and one point can move another patient to the next.
"""

# %%
staged = primary.stages(study)
primary.charts.stages(study, staged)

# %%
primary.sentences.stages(staged)

# %% [markdown]
"""
```{question} Many patients have the worst score that there is. What can the trial no longer see in them?
- (x) That they get worse.
  The scale ends there. This is its floor, whichever way it is numbered.
- ( ) That they get better.
  There is plenty of room for that.
- ( ) Whether they are alive.
  That is not what a scale is for; the chapter on survival is.
```

## What this does not show

- A mean difference is not a difference for every patient: some may gain and some lose.
- A test at several visits or on several endpoints has several chances to be wrong.
- Patients without a value are not in a t-test at all, and a model can only guess about them.
- An interval speaks of chance. It says nothing about how the values were measured.
"""

# %%
story(study, "primary", "limits")

# %% [markdown]
"""
## Key points
"""

# %%
primary.sentences.key_points(study, main, analyses)

# %% [markdown]
"""
## Exercises

{doc}`exercises/primary_exercises` has them in three levels, each with a hint and a folded, executed solution.

## References

```{bibliography}
:filter: docname in docnames
```
"""
