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

Did the measured substances change more in one arm than in the other? And do those who did well
differ from the rest in how two of them move together?

## What you will be able to do

After this chapter you can

- say what a value below the limit of quantification does and does not tell;
- read a change from baseline as a ratio of geometric means, with its interval;
- count the tests of a panel, and adjust their p-values for that number;
- tell a correlation within a group from a difference between the correlations of two groups.

## Data used

Each row is one patient, one substance (an **analyte**) and one visit. A laboratory does not report
every number: under its **limit of quantification** it only says "less than the limit". Such a value is
not missing, for we know that it is low, and it is not a number either.
"""

# %%
found = mechanism.detection(study)
mechanism.sentences.detection(study, found)

# %% [markdown]
"""
The picture comes first, for it decides what can be asked of the data. An analyte whose row is dark
holds little but "low".
"""

# %%
mechanism.charts.detection(study, found)

# %%
mechanism.tables.detection(study, found)

# %% [markdown]
"""
## How the values spread

Concentrations are lopsided: many are small and a few are huge. On a **logarithmic scale**, where each
step multiplies, they become even. So the book compares ratios, not differences.
"""

# %%
spread = mechanism.levels(study)
mechanism.charts.levels(study, spread)

# %% [markdown]
"""
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
change = mechanism.changes(study)
mechanism.charts.forest(study, change)

# %%
mechanism.sentences.changes(study, change)

# %% [markdown]
"""
## Many tests

Toss a fair coin often enough and some run of heads will look remarkable. A panel of analytes at several
visits is many tosses. **Holm's** adjustment keeps the chance of even one false finding among all of them
below the level {cite:p}`holm1979`. **Benjamini and Hochberg's** keeps the share of false findings among the
findings below it {cite:p}`benjamini1995`, a milder promise. Both need the family of tests to be written out.
"""

# %%
mechanism.sentences.family(study, change)

# %%
mechanism.tables.changes(study, change)

# %% [markdown]
"""
## Does the handling of low values matter?

A common shortcut writes half the limit for each value below it. That invents numbers, all alike, and so
makes the spread look smaller or the difference larger or smaller than it is. A third way uses only which
of two patients changed more: the **Wilcoxon test** in Gehan's form {cite:p}`gehan1965`, which leaves out a
pair when the limit hides the answer, and the **Hodges-Lehmann** estimate {cite:p}`hodges1963`, the median of
all ratios between a treated and a control patient. The three should agree where few values are low.
"""

# %%
mechanism.tables.methods(study, change)

# %%
mechanism.sentences.methods(change)

# %% [markdown]
"""
## What goes with what

If the treatment works by way of two substances, their changes might go together: where one rises, the
other falls. A **correlation** says how closely, from minus one to one.
"""

# %%
story(study, "mechanism", "association")

# %%
pair = mechanism.association(study)
mechanism.charts.scatter(study, pair)

# %%
mechanism.charts.correlations(study, pair)

# %%
mechanism.sentences.association(study, pair)

# %%
mechanism.tables.association(study, pair)

# %% [markdown]
"""
Two warnings belong to any such picture.

First, a correlation seen in one group and not in another is not yet a difference between the groups. A
small group's interval is wide, and "found here, not found there" happens often when both are the same.
The comparison that such a claim needs is the **difference of the two correlations** with its own interval
{cite:p}`zou2007`.

Second, who responded is known only after the treatment. Choosing patients by an outcome undoes what
randomisation did: responders of the two arms are no longer alike, and a treatment that moves both the
outcome and the substances makes them go together among the chosen even where neither acts on the other.
For the same reason a correlation over both arms mixes what the treatment does with what goes together
within patients; the rows of each arm stand beside it.

## What this does not show

A substance that moved with the treatment need not be how the treatment works: it may be a trace of
something else, such as the procedure. Samples come only from patients who stayed and agreed. And a ratio
whose interval includes one is not a proof of no change.
"""

# %%
story(study, "mechanism", "limits")

# %% [markdown]
"""
## Key points
"""

# %%
mechanism.sentences.key_points(study, found, change, pair)

# %% [markdown]
"""
## Exercises

**1.** A laboratory halves its limit, so that fewer values are below it. Which of the three analyses in the
table of methods would you expect to change most, and why?

```{dropdown} Solution
Writing half the limit: the invented number itself moves with the limit. Censored regression uses only what
was said, "below the limit", and a lower limit says more of the same thing, so that its estimate moves little
and its interval narrows. The ranks gain pairs whose order is now known.
```

**2.** Good responders show a correlation of -0.5 and the others of -0.1, with twenty patients each. Is
that a difference? Compute it.

```{dropdown} Solution
The two Fisher z values are -0.55 and -0.10; each has a standard error of about a quarter, so that their
difference of -0.45 has one of about a third. The difference is far from any usual level of a test, although
the first correlation alone passes it. With the book's function:

    import numpy as np
    from alsutils.stats.correlation import correlation, correlation_difference

    def with_correlation(r, n, rng):
        x, e = rng.normal(size=(2, n))
        x, e = x - x.mean(), e - e.mean()
        e = e - x * (e @ x) / (x @ x)
        return x, r * x / x.std() + np.sqrt(1 - r**2) * e / e.std()

    rng = np.random.default_rng(1)
    first, second = (correlation(*with_correlation(r, 20, rng)) for r in (-0.5, -0.1))
    correlation_difference(first, second).frame
```

## References

```{bibliography}
:filter: docname in docnames
```
"""
