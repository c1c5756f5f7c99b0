# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# The design

Before any result, look at how the trial was made: who came, who was left out, who got what, who left,
and how alike the arms were. Most of what a trial can show is settled here.
"""

# %% tags=["parameters"]
study_path = "../data/oh2018"

# %%
from alsutils import design, load_study
from alsutils.display import story

study = load_study(study_path)
story(study, "design", "question")

# %% [markdown]
"""
## The question

Were the arms made and kept alike, so that a difference at the end can be put down to the treatment?
And was the trial large enough to find a difference that matters?

## What you will be able to do

After this chapter you can

- read a flow diagram, and say at which step the arms may have stopped being comparable;
- read a baseline table by standardised differences, and explain why it needs no p-values;
- say what each way of drawing the arms gains in balance and gives away in secrecy;
- test a difference by drawing the arms again;
- tell what a trial of a given size can find and what it must leave open;
- work out how many patients a trial needs, and say what the number rests on;
- tell power from the probability that the next trial succeeds, and say why no size makes it certain;
- say which broken promise of a trial harms which analysis, from simulated trials;
- say what looking early does to an error rate and to an estimate, and what a boundary costs;
- name what blinding protects against, and what its absence lets in.

## Data used

One row for each patient (ADSL: arm, dates, populations, baseline, end of study), the visits of the
primary endpoint, and for the schedule those of everything else that was measured.
"""

# %%
known = design.facts(study)
design.tables.facts(study, known)

# %%
design.sentences.facts(study, known)

# %%
story(study, "design", "blinding")

# %% [markdown]
"""
## The trial at a glance

A protocol holds a table of what is to be done at which visit {cite:p}`spirit2013`. The data tell what
was done. Each circle below is one measurement at one visit. Where a circle is not full, patients were
not measured.
"""

# %%
plan = design.schedule(study)
design.charts.schedule(study, plan)

# %%
design.sentences.schedule(study, plan)

# %% [markdown]
"""
The same as a table. Visits never fall on the planned day for everybody; the first row says on which
day the middle patient came.
"""

# %%
design.tables.schedule(study, plan)

# %% [markdown]
"""
```{question} At one visit the circle of a measurement is half full. What may be said?
- ( ) Half of the measurements at that visit were wrong.
  The circle says how many were made. It says nothing of how well.
- (x) About half of the patients were not measured then.
  So the mean of that visit speaks of the other half, and it matters who they are.
- ( ) The protocol asked for the measurement in half of the patients only.
  Perhaps. But the picture cannot tell a plan from a gap; the protocol can.
```

## The way of the patients

Randomisation makes groups that differ by nothing but chance. Every patient lost after it can undo
that, above all if the arms lose different patients. So the first picture of a trial is a flow diagram.
CONSORT, the standard for reports of trials, asks of each arm how many were allocated to it, received
its treatment, were lost, and were analysed, with the reasons {cite:p}`consort2025`. Here the diagram
is drawn from the data.
"""

# %%
followed = design.flow(study)
design.charts.flow(study, followed)

# %%
design.sentences.flow(study, followed)

# %% [markdown]
"""
The same counts as a table, with every reason for leaving.
"""

# %%
design.tables.flow(study, followed)

# %%
design.sentences.departures(study, followed)

# %% [markdown]
"""
```{question} As many patients left one arm as the other. Can leaving still spoil the comparison?
- (x) Yes, if they were different patients.
  One arm may lose those who fare worst, the other those who feel well. Look at the reasons, not only at the numbers.
- ( ) No, for the arms lost alike.
  Alike in number is not alike in kind.
- ( ) Only if more than half of them left.
  There is no such line. A few can matter if they differ and the effect is small.
```

## Who was seen at each visit

A mean at a visit is the mean of those who came. The share of those randomised who came says how far
the mean can be trusted.
"""

# %%
seen = design.attendance(study)
design.charts.attendance(study, seen)

# %%
design.tables.attendance(study, seen)

# %%
design.sentences.attendance(study, seen)

# %% [markdown]
"""
```{question} Every patient declines, and yet the mean of those who were seen rises from one visit to the next. What is the likeliest reason?
- ( ) The treatment has begun to work.
  If every patient declines, no treatment has made anybody better.
- ( ) The scale was read in another way.
  That can happen. But there is a plainer reason, and it happens in most trials.
- (x) Those who were worst off no longer came.
  The mean is now the mean of others. So look at who came before you look at the mean.
```

## Enrolment over time

Care changes, and so do the patients who come. If the arms fill at the same pace, such changes strike
all alike.
"""

# %%
enrolled = design.allocation(study)
design.charts.allocation(study, enrolled)

# %%
design.sentences.allocation(study, enrolled)

# %% [markdown]
"""
```{question} All patients of one arm were enrolled before those of the other. What is wrong with that?
- ( ) Nothing, as long as the arms are equally large.
  Equal numbers do not make the times alike.
- (x) Whatever changed meanwhile now differs between the arms.
  Care, raters and patients change. Nobody can tell the calendar from the treatment then.
- ( ) The test needs a correction for the order.
  No calculation can tell two things apart that always came together.
```

## How the arms are drawn

Toss a coin for each patient. Nobody can foresee the next arm, and everybody has the same chance of
each. But a coin does not remember. After twenty patients one arm can be well ahead, and most of the
older patients can be in it. Every cure gives the lottery a memory, and whoever knows the rule can then
guess.

- Fill a small box with as many tickets for each arm, shuffle it, and empty it before the next box is
  opened: **permuted blocks**. The arms stay close, but the last ticket of a box is no secret.
- Keep a box for each kind of patient, such as men and women: **blocks within strata**. With many kinds
  most boxes are never emptied, and the arms drift apart again.
- Imagine each patient in every arm in turn, and see with which one the arms would be most alike in
  that patient's categories. Let a biased coin mostly choose that arm: **minimisation**
  {cite:p}`pocock1975`.

How far does each of them go, with the patients of this trial? Draw their arms thousands of times. And
let somebody who has seen all arms so far guess, each time, that the arm which is behind comes next. The
share of right guesses says how open the secret is. The patients guessed beyond mere luck are called the
**excess selection bias** {cite:p}`blackwell1957`.
"""

# %%
lotteries = design.randomisation_methods(study)
design.charts.randomisation_methods(study, lotteries)

# %%
design.tables.randomisation_methods(study, lotteries)

# %%
design.sentences.randomisation_methods(study, lotteries)

# %% [markdown]
"""
Does guessing matter? Whoever includes patients may hope for the new treatment. A frail patient who is
put off until the next arm is likely to be the control makes the arms differ by more than chance, and
nothing in the data shows it. So the list is kept from those who include patients, and the size of the
blocks as well. Blocks of varying size hide where a block ends. They do not hide which arm is behind:
compare the rows of the table.

```{question} Two arms, blocks of four, and everybody knows both the blocks and the arms so far. The first three patients got A, B and A. What will the fourth get?
- ( ) A or B, each with an even chance.
  A coin would do that. A block remembers.
- ( ) Probably A, for A comes more often.
  A block of four holds two of each, and both tickets for A are drawn.
- (x) B, and everybody can know it.
  That is the price of balance: the last ticket of a block is no secret.
```

## The arms at baseline

Suppose one arm is two years older than the other. Is that much? It depends on how much patients
differ in age anyway. If they scatter by ten years, two years is a fifth of that scatter. Divide the
difference by the scatter and every characteristic has the same scale: that is the **standardised
mean difference** (SMD) {cite:p}`austin2009`. A yes-or-no characteristic is treated in the same way,
and for three or more categories the distance between the two sets of shares is measured
{cite:p}`yang2012`.
"""

# %%
start = design.baseline(study)
design.tables.baseline(study, start)

# %% [markdown]
"""
The picture of all SMDs is called a **love plot**, after Thomas Love who used it first.
"""

# %%
design.charts.love(study, start)

# %%
design.sentences.baseline(study, start)

# %% [markdown]
"""
There is no column of p-values, on purpose. A p-value asks whether a difference could be due to
chance. After randomisation we know the answer: every difference at baseline is due to chance
{cite:p}`senn1994`. Whether it can disturb the result is another question. That depends on its size
and on how strongly the characteristic bears on the endpoint, and the remedy is an analysis that holds
the characteristic equal, chosen before the data are seen.

```{question} One characteristic is out of balance and has nothing to do with the endpoint. Another is nearly even and says much about the endpoint. Which should the analysis hold equal?
- ( ) The first, for the arms differ in it.
  What has nothing to do with the endpoint cannot move the comparison, however uneven it is.
- (x) The second, and it should be named before the data are seen.
  It takes away scatter that patients bring along, so that the comparison becomes sharper.
- ( ) Neither, for the arms were drawn by lot.
  The lot makes the comparison fair. It does not make it as sharp as it can be.
```

## The course before treatment

Where patients were watched before treatment, each has a slope of his or her own: the straight line
through the visits of the lead-in. A difference between the arms' slopes was there before anybody was
treated.
"""

# %%
before = design.lead_in(study)
design.tables.lead_in(study, before)

# %%
design.sentences.lead_in(study, before)

# %% [markdown]
"""
```{question} The arms were drawn by lot, and before treatment one of them declined faster. Why?
- (x) By chance.
  Nobody had been treated yet. Chance or not, it can carry over into the result, so look at its size.
- ( ) Because the lottery was not fair.
  A fair lottery also makes such differences, now and then. One difference is no proof.
- ( ) Because of the treatment.
  It had not begun.
```

## A test from the lottery itself

Suppose the treatment did nothing to anybody. Then each patient would have had the same value in the
other arm, and the arms differ only by the luck of the draw. So leave the values where they are and
draw the arms again, many times. How often does the lottery alone make a difference as large as the one
that was found?
"""

# %%
again = design.randomisation_test(study)
design.sentences.redrawn(study, again)

# %%
design.charts.randomisation_test(study, again)

# %%
design.sentences.randomisation_test(study, again)

# %% [markdown]
"""
That is a **randomisation test**. It needs no bell-shaped curve, and no sample drawn from a larger
population. The only chance in it is the one that the trial itself brought in
{cite:p}`rosenberger2019`. The draw that was made is one of those that could have been, so it is counted
as well, and p is never zero {cite:p}`phipson2010`.

The interval turns the test round. Take a supposed effect off every treated patient and test again. The
effects that are not rejected make up the interval. It supposes that the effect is the same for all.

Any statistic will do. Means of what is left after a regression on the covariates are more precise
where the covariates say something about the outcome {cite:p}`rosenbaum2002`. Ranks are not moved by a
few extreme values.
"""

# %%
design.tables.randomisation_test(study, again)

# %% [markdown]
"""
One thing is not covered by the lottery: patients without a value are left out, as if they would have
been missing in any arm. If the treatment changes who is seen, drawing again does not notice.

```{question} The arms are drawn again. What stays as it is?
- ( ) The difference between the arms.
  It is worked out again for each draw. How it scatters is the whole point.
- ( ) Who was treated.
  Just that is drawn again.
- (x) The value of each patient.
  If the treatment does nothing, a patient would have had the same value in the other arm.
```

## What the trial could have found

Imagine the trial a thousand times over, with a true difference of some size. The share of those trials
whose test finds it is the **power** for that difference. The curve needs the number of patients and
the scatter of their values. It does not need the difference that was found, and must not use it: a
power computed from the result only says the p-value again {cite:p}`hoenig2001`.
"""

# %%
power = design.detectable(study)
design.charts.detectable(study, power)

# %%
design.tables.detectable(study, power)

# %%
design.sentences.detectable(study, power)

# %% [markdown]
r"""
```{question} A trial is over, and somebody computes its power from the difference that it found. What does this add to the p-value?
- ( ) The chance that the result is true.
  Power supposes that some difference is true. It does not say how likely that is.
- ( ) The chance that the next trial succeeds.
  Only if the difference that was found were the true one. Nobody knows that.
- (x) Nothing.
  It is the p-value in other words: the larger p, the lower such a power.
```

## The sample size

Now turn the question round. Somebody plans the next trial and asks how many patients it needs. That
depends on four things: the difference that the trial should find, how far patients scatter, how often
the test may err, and how many patients will be lost on the way. For two means the answer is nearly

$$
n \approx 2 \left( z_{1-\alpha/2} + z_{1-\beta} \right)^2 \left( \frac{\sigma}{\delta} \right)^2
$$

patients in each arm, where $\delta$ is the difference, $\sigma$ the standard deviation, $\alpha$ the
level and $1-\beta$ the power. Half the difference takes four times the patients. So the difference
must be the least one that matters to patients, not the one that is hoped for. Where a study names
none, half a standard deviation stands in: on many scales that is about what patients notice
{cite:p}`norman2003`.

The analysis decides as well. Some tests look at the last visit alone. Others subtract the baseline or
hold it equal, which pays if baseline and result go together {cite:p}`frison1992,borm2007`. Models of
all visits learn something from patients who leave early {cite:p}`lu2008`.

Each row below assumes one and the same world: a difference that grows in a straight line from the baseline to the last primary
visit. How far patients scatter, how visits correlate and how many leave comes from the data of this
trial, within its arms.
"""

# %%
needed = design.sample_sizes(study)
design.tables.sample_sizes(study, needed)

# %%
design.sentences.sample_sizes(study, needed)

# %% [markdown]
"""
Nothing in such a plan is known for sure. Move the sliders to see what each figure is worth.
"""

# %%
design.charts.power_sliders(study, needed)

# %% [markdown]
"""
Where the endpoint is a time, patients do not count but events do. How many are needed depends on the
**hazard ratio** alone {cite:p}`schoenfeld1983`. How many patients bring so many events depends on how
fast the events come and how long patients are followed.
"""

# %%
planned = design.event_sizes(study)
design.tables.event_sizes(study, planned)

# %%
design.sentences.event_sizes(study, planned)

# %% [markdown]
"""
```{question} The difference that a trial should find is halved, and all else stays. How many patients does it need now?
- ( ) Twice as many.
  The difference is squared in the formula.
- (x) Four times as many.
  This is why hopes for a large effect make trials look cheap.
- ( ) As many as before.
  Then the power falls: the trial would mostly miss the smaller difference.
```

## The trial, hundreds of times

A formula for power knows one kind of trial: everybody comes, nobody dies, and raters are blind. Real
trials are less kind. What happens then can be tried out: invent patients whose course, spread, deaths
and drop-out are like those of this trial, let chance deal them to the arms, analyse them, and begin
again. Some of these trials have an effect, the one that the sample size above was planned for; others
have none. The worlds below change one thing each.
"""

# %%
many = design.operating(study, needed)
design.tables.worlds(study, many)

# %% [markdown]
"""
First the trials in which treatment does nothing. An analysis may still find a difference in 5 of 100,
if it works at the level of 0.05. That share is its **type I error**.
"""

# %%
design.charts.operating(study, many, "type I error")

# %% [markdown]
"""
Now the trials in which treatment works. The share that finds it is the **power**. But look at the
raters who know the arm: there the "power" grows, for what they add is counted as effect.
"""

# %%
design.charts.operating(study, many, "power")

# %%
design.sentences.operating(study, many)

# %% [markdown]
"""
Power and error are two of the **operating characteristics** of a trial {cite:p}`morris2019`. Two more
say whether the estimate can be trusted: its **bias**, the mean distance from the true difference, and
the **coverage** of its interval, the share of trials whose interval holds the truth. Each figure comes
from a limited number of trials, so it has an error of its own, the Monte Carlo error.
"""

# %%
design.tables.operating(study, many)

# %% [markdown]
"""
Your own worlds take a few lines of YAML and the command `alsbook power`; the guide shows how.

```{question} Raters know the arm, and an analysis finds an effect in more of the simulated trials than before. Why is that no gain?
- (x) It also finds one where treatment does nothing.
  What the raters add is in every trial, with an effect or without. Compare the two pictures.
- ( ) Power has become too large.
  High power would be welcome if it came from the treatment.
- ( ) Simulated patients prove nothing.
  They prove what an analysis does in a world that is known. That is what is asked here.
```

## Looking early

Results come in one patient at a time, and it is tempting to look. Suppose treatment does nothing.
Somebody tests the data so far at each look and stops the trial at the first p-value below the level.
How often will such a trial claim an effect? Simulate it.
"""

# %%
peeked = design.peeking(study)
design.charts.peeking(study, peeked)

# %%
design.sentences.peeking(study, peeked)

# %% [markdown]
"""
Every look is one more chance to be lucky, and the chances add up {cite:p}`armitage1969`. The remedy is
to ask more of each look, so that all of them together err no more often than was promised. What is
asked is a **boundary** for the z statistic, the difference counted in standard errors. Pocock asks the
same of every look {cite:p}`pocock1977`; O'Brien and Fleming ask much of the first and hardly
anything extra of the last {cite:p}`obrien1979`.

Looks seldom come when they were planned. A **spending function** {cite:p}`lan1983` says how much of
the level may be used up by any share of the information, so that a boundary can be found whenever a
look takes place. The picture has four of them; two come close to the boundaries of Pocock and of O'Brien
and Fleming.
"""

# %%
menu, looks = design.boundary_choices(study), design.interim_looks(study)
design.charts.boundaries(study, menu, looks)

# %%
design.sentences.interim_plan(study, looks)

# %% [markdown]
"""
Looks are not free. A trial with a boundary must be ready for more patients than one with a single
look, to have the same power. But it will often stop before, and then it needs fewer.
"""

# %%
design.tables.boundary_costs(study, menu)

# %% [markdown]
"""
Here is the primary comparison of this trial as it would have stood at each look. Note how many
patients had been randomised by then: where patients are followed for long, a trial may have enrolled
everybody before the first look can take place, and stopping spares nobody.
"""

# %%
design.tables.interim_looks(study, looks)

# %%
design.sentences.interim_looks(study, looks)

# %% [markdown]
"""
A look can also ask whether it is worth going on. The chance that the trial still ends in favour of
treatment, given what was seen, is its **conditional power** {cite:p}`lanwittes1988`. It depends on
what is assumed of the patients to come: that the trend goes on, that treatment does what the design
hoped, or that it does nothing. **Predictive power** {cite:p}`spiegelhalter1986` averages over all
effects that the data so far leave possible. A trial with little chance may stop for **futility**. That
costs power and never adds a false claim.
"""

# %%
design.charts.conditional_power(study, looks)

# %%
design.tables.conditional_power(study, looks)

# %% [markdown]
"""
What does a trial that stopped early say about the size of the effect? Simulate trials with the looks
of this one, and keep those that stopped early in favour of treatment.
"""

# %%
claimed = design.stopping_bias(study, looks)
design.charts.stopping_bias(study, claimed)

# %%
design.sentences.stopping_bias(study, claimed)

# %% [markdown]
"""
So the estimate has to know of the looks. Put all results that were possible in an order: the earlier a
boundary is crossed, the more extreme is the result, and at the same look the larger z is. In that order
one can count how many results are at least as extreme as this one. That gives a p-value, an interval, and
an estimate that is too high as often as too low {cite:p}`tsiatis1984`.
"""

# %%
design.tables.interim_outcomes(study, looks)

# %% [markdown]
"""
Last, a look may ask for more patients. If the result is promising but not yet enough, the trial grows
{cite:p}`mehta2011`. Now its size depends on its own data, and counting all patients alike may break
the level. The **combination test** {cite:p}`cui1999` gives the two parts of the trial the weights that
were planned, however large the second part becomes.
"""

# %%
grown = design.reestimation(study)
design.tables.reestimation(study, grown)

# %%
design.sentences.reestimation(study, grown)

# %% [markdown]
"""
```{question} Why does the boundary of O'Brien and Fleming ask so much of the first look?
- ( ) The first patients are measured less well.
  They are not. There are only few of them.
- ( ) So that the trial stops early more often.
  It makes that rarer.
- (x) So that most of the level is left for the last look.
  A trial that goes on to its end is then judged nearly as if nobody had looked.
```

## The next trial

A trial is seldom the last of its kind. Suppose that somebody plans the next one from this result. If the
true effect were known, the chance that the next trial finds it would be its power. But nobody knows
it. So draw a true effect from what one believes after this trial, run the next trial with it, and begin
again. The share of next trials that succeed is the **assurance** {cite:p}`ohagan2005`. It is a power
averaged over what is believed.

Then everything hangs on what to believe. At face value, the effect lies around the estimate, as far off
as its standard error says. But a next trial follows a good result far more often than a bad one. So the
estimates from which next trials are planned are too large on average, though nobody did anything wrong.
There are several ways to allow for that:

- **One standard error less** is a rule of thumb {cite:p}`kirby2012`.
- **Carried on because p was small**: ask which true effects make this estimate likely, given that the
  test had to succeed for anybody to carry on {cite:p}`zhong2008`. It is left out where p was not small.
- **Past trials as a guide**: in a database of more than 20,000 trials true effects were mostly small beside
  the standard error of their trial. Whoever starts from there draws the estimate towards 0
  {cite:p}`vanzwet2021`.
- **With a sceptic of equal weight**: as if another trial of the same size had found no difference at all.
"""

# %%
ahead = design.next_trial(study)
design.sentences.open_label_bias(study, ahead)

# %% [markdown]
"""
How much knowing the arm adds is not well known. Trials that measured in both ways found that it adds
something, where raters knew and where patients did {cite:p}`hrobjartsson2013,hrobjartsson2014`. A comparison of open trials with other, blinded trials of the same treatments found nothing on
average {cite:p}`moustgaard2020`. So both are shown where the trial was open.
"""

# %%
design.charts.beliefs(study, ahead)

# %%
design.tables.beliefs(study, ahead)

# %%
design.sentences.next_trial(study, ahead)

# %% [markdown]
"""
More patients raise the assurance, but only up to a limit. A trial without end would find the sign of the
effect for sure. It would succeed as often as the effect is above 0, and no more often.
"""

# %%
design.charts.assurance(study, ahead)

# %% [markdown]
"""
Try your own doubts. How sceptical must one be, or how large the bias, before the next trial is as good
as a coin?
"""

# %%
design.charts.assurance_sliders(study, ahead)

# %% [markdown]
"""
Such figures can be held against what happened, if a next trial was run.
"""

# %%
design.tables.later_trials(study, ahead)

# %%
design.sentences.later_trials(study, ahead)

# %% [markdown]
"""
```{question} A plan has a power of 90% and an assurance of 60%. How can both be right?
- ( ) They cannot. One of them is a slip.
  They answer two questions.
- (x) Power takes one effect as true. Assurance averages over all that may be true.
  Among these are smaller effects and perhaps none at all.
- ( ) Assurance counts patients who leave, power does not.
  Both can count them.
```

## What this does not show

- A baseline table shows the characteristics that were recorded. Randomisation also balances what
  nobody measured, but only on average, and more surely in large trials.
- Whether patients really could not foresee their arm (concealment) cannot be seen in such data.
- Power says how a trial of this kind would do over and over. It does not say how sure we can be of
  the one result that we have; the interval does.
"""

# %%
story(study, "design", "limits")

# %% [markdown]
"""
## Key points
"""

# %%
design.sentences.key_points(
    study, followed, start, before, again, power, needed, many, looks, ahead
)

# %% [markdown]
"""
## Exercises

{doc}`exercises/design_exercises` has them in three levels, each with a hint and a folded, executed solution.

## References

```{bibliography}
:filter: docname in docnames
```
"""
