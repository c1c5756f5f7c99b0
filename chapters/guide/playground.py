# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# Play

Nothing teaches a method like breaking it. Each chart below draws made-up patients by a formula that your
browser works out again as you move its sliders. Sliders answer to the arrow keys, too: Tab goes from one to
the next. Each chart says what to try. Write down what you expect before you move anything.

Other chapters have charts to play with as well, which start from the study at hand: {doc}`../01_design` for
power, for early looks and for the next trial's chances, {doc}`../04_mechanism` for values below a limit and
for webs of correlations.

## Large enough to find it

A trial can miss a difference that is there. How often depends on its size.
"""

# %%
from alsutils import playground

playground.power()

# %% [markdown]
"""
## p-values when nothing is there, and when something is

A p-value is as often near 0.03 as near 0.93 if nothing is there.
"""

# %%
playground.p_values()

# %% [markdown]
"""
## A bad visit is followed by a better one

Choose patients for a low score, and part of what you choose is a bad day.
"""

# %%
playground.regression_to_mean()

# %% [markdown]
"""
## The last value carried forward

Patients leave. To write their last value into every later visit looks harmless.
"""

# %%
playground.carried_forward()

# %% [markdown]
"""
## A number that nobody measured

A laboratory says "less than the limit". Somebody writes half the limit.
"""

# %%
playground.below_limit()

# %% [markdown]
"""
## Pairs that nobody wins

Compare every treated patient with every control. What counts as a tie is a choice.
"""

# %%
playground.ties()

# %% [markdown]
"""
## Time gained, up to a horizon

A mean time without the event needs a last day.
"""

# %%
playground.horizon()

# %% [markdown]
"""
## Who lived long enough to respond

A group that can only be told later is a group of those who lived until then.
"""

# %%
playground.immortal_time()

# %% [markdown]
"""
## The garden of forking paths

Many analyses of the same data are many chances to be significant.
"""

# %%
playground.forks()

# %% [markdown]
"""
## How sceptical may one be?

What a result does to a belief depends on how firm the belief was.
"""

# %%
playground.priors()
