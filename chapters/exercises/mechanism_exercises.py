# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# Exercises: the mechanism

They go with {doc}`../04_mechanism`. Level 1 asks for reading, level 2 for computing, level 3 for thinking
on. Try each before you unfold its hint, and its hint before its solution. Every solution was executed
when this page was built; the values in it are made up.

## Level 1: read

```{question} A marker's ratio of geometric means is 0.80, with an interval from 0.62 to 1.03. What does it say?
- ( ) The marker does not change.
  The interval leaves room for a fall by a third.
- (x) The data fit with a fall by a third as well as with no change.
  A ratio of one is inside, and so is much else.
- ( ) The marker falls by 20% in every patient.
  It is a ratio of middles, not of patients.
```

```{question} Twelve markers, one p-value of 0.03. Holm's adjusted value is 0.36. What does the adjusted value mean?
- ( ) The marker has a chance of 36% of being noise.
  No p-value is the chance that a hypothesis is true.
- (x) At a level of 36% for the whole family it would be declared.
  The family's level is what an adjusted p-value speaks of.
- ( ) The difference is smaller than it looked.
  Adjustment changes what may be said of the difference, not the difference.
```

```{exercise-start} Half the limit
:label: mechanism-limit
```
A laboratory halves its limit, so that fewer values are below it. Which of the chapter's methods change most,
and why?
```{exercise-end}
```

```{dropdown} Hint
Which method writes a number that nobody measured, and where does that number come from?
```

```{solution-start} mechanism-limit
:class: dropdown
```
Writing half the limit: the invented number itself moves with the limit. Censored regression uses only what
was said, "below the limit"; a lower limit says more of the same thing, so that its estimate moves little and
its interval narrows. So does multiple imputation. The ranks gain pairs whose order is now known.
```{solution-end}
```

## Level 2: compute

```{exercise-start} A number that nobody measured
:label: mechanism-tobit
```
Two arms of 200 have lognormal values; the treated arm's are lower by a factor of 0.6. Of the controls 40% are
below the limit. Estimate the factor with half the limit written for low values, and by censored regression.
```{exercise-end}
```

```{dropdown} Hint
`geometric_ratio(data, "ARM", "VALUE", "BELOW", method=...)` has both: `"substitution"` and `"tobit"`. Where
`BELOW` is true, `VALUE` holds the limit.
```

```{solution-start} mechanism-tobit
:class: dropdown
```
"""

# %%
import numpy as np
import pandas as pd

from alsutils.stats.censored import geometric_ratio

rng = np.random.default_rng(1)
arm = pd.Categorical(np.repeat(["control", "treated"], 200), ordered=True)
value = np.exp(rng.normal(np.where(arm == "treated", np.log(0.6), 0), 1))
limit = np.quantile(value[:200], 0.4)
low = value < limit
data = pd.DataFrame({"ARM": arm, "VALUE": np.where(low, limit, value), "BELOW": low})
methods = ("substitution", "tobit")
found = {m: geometric_ratio(data, "ARM", "VALUE", "BELOW", method=m).frame for m in methods}
pd.concat(found).droplevel(1).filter(["estimate", "conf_low", "conf_high"]).round(2)

# %% [markdown]
"""
Substitution draws the ratio towards one: two low values are the same number, whichever arm they come from.
Its interval is narrower, too, for invented numbers do not scatter.

```{solution-end}
```

```{exercise-start} Two correlations
:label: mechanism-two
```
Good responders show a correlation of −0.5 and the others of −0.1, with twenty patients each. Is that a
difference?
```{exercise-end}
```

```{dropdown} Hint
Fisher's z, the inverse hyperbolic tangent of the correlation, has a standard error of one over the square
root of $n-3$.
```

```{solution-start} mechanism-two
:class: dropdown
```
"""

# %%
from scipy import stats

z = np.arctanh([-0.5, -0.1]) * np.sqrt(17)
difference = (z[0] - z[1]) / np.sqrt(2)
p = 2 * stats.norm.sf(np.abs([*z, difference]))
pd.Series(p, ["good responders", "others", "difference"], name="p-value").round(3).to_frame()

# %% [markdown]
"""
The first correlation alone passes the usual level, the second does not, and yet the difference is far from it.
"Significant here and not there" is no test of a difference.

```{solution-end}
```

```{exercise-start} Twelve copies
:label: mechanism-copies
```
A panel has a dozen markers that are all copies of one. What do Holm and Westfall-Young make of the small
p-value that all twelve share?
```{exercise-end}
```

```{dropdown} Hint
`westfall_young(values, shuffles(treated, 5000, rng)).frame` draws the arms again, for all markers at once.
```

```{solution-start} mechanism-copies
:class: dropdown
```
"""

# %%
from alsutils.stats.multiplicity import adjust_p_values, westfall_young
from alsutils.stats.permutation import shuffles

rng = np.random.default_rng(4)
treated = np.arange(40) % 2 == 1
values = np.repeat(rng.normal(size=(40, 1)) + 0.7 * treated[:, None], 12, axis=1)
adjusted = westfall_young(values, shuffles(treated, 5000, rng)).frame
adjusted = adjusted.assign(holm=adjust_p_values(adjusted["p_value"]).holm)
adjusted.filter(regex="p_|holm").head(1).round(4)

# %% [markdown]
"""
Holm multiplies it by twelve, for it knows nothing of the copies. Westfall and Young draw the arms again: in
every draw the twelve statistics are the same, the largest is the one, and the adjusted p-value stays.

```{solution-end}
```

## Level 3: think on

```{exercise-start} Chosen by the outcome
:label: mechanism-chosen
```
Two markers each have a correlation of a half with the outcome and none with each other. A third of the
patients are called responders. Which correlation should be expected among them? And among the best tenth?
Would more patients help?
```{exercise-end}
```

```{dropdown} Hint
For normal values there is a closed form: `truncated_correlation(0.5, 0.5, share)`.
```

```{solution-start} mechanism-chosen
:class: dropdown
```
"""

# %%
from alsutils.stats.correlation import truncated_correlation

expected = {share: truncated_correlation(0.5, 0.5, share) for share in (0.9, 1 / 2, 1 / 3, 1 / 10)}
pd.Series(expected, name="correlation").rename_axis("share chosen").round(2).to_frame()

# %% [markdown]
"""
The harder the choice, the stronger the correlation, though neither marker does anything. It is there in an
endless trial as well: more patients make it certain, not smaller.

```{solution-end}
```

```{exercise-start} A chain with a hidden cause
:label: mechanism-chain
```
A treatment lowers a marker by one standard deviation and has no effect on the outcome. Something unmeasured
lowers the marker and improves the outcome. Regress the outcome on treatment and marker. What does the
analysis of mediation say, and what would a larger trial say?
```{exercise-end}
```

```{dropdown} Hint
Draw the hidden cause first. The indirect effect is the treatment's effect on the marker times the marker's
coefficient.
```

```{solution-start} mechanism-chain
:class: dropdown
```
"""

# %%
import statsmodels.formula.api as smf

rng = np.random.default_rng(5)
drawn = pd.DataFrame({"treated": np.arange(4000) % 2, "hidden": rng.normal(size=4000)})
drawn["marker"] = -drawn["treated"] - 0.7 * drawn["hidden"] + rng.normal(size=4000)
drawn["outcome"] = 0.7 * drawn["hidden"] + rng.normal(size=4000)
total = smf.ols("outcome ~ treated", drawn).fit().params["treated"]
fit = smf.ols("outcome ~ treated + marker", drawn).fit().params
pd.Series({"total": total, "direct": fit["treated"], "through": -fit["marker"]}).round(2)

# %% [markdown]
"""
In all nothing happens, yet the analysis finds an effect through the marker and an equal harm past it. The
marker is a collider: both the treatment and the hidden cause act on it. The trial drew the treatment, not the
marker, and no number of patients changes that.

```{solution-end}
```
"""
