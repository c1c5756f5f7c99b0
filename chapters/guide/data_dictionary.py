# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# Data dictionary

What a study's folder must hold. The tables on this page are made from the code that checks a study,
so they cannot lag behind it.

## Datasets

CDISC ADaM datasets, as CSV (UTF-8, an empty cell is a missing value), Parquet or SAS files (`.xpt`,
`.sas7bdat`). Other columns are
let through and left alone. An arm that stands in another table than ADSL is not used.
"""

# %% tags=["hide-input"]
from alsutils.display import guide

guide.columns_table()

# %% [markdown]
"""
A subject has at most one record for each PARAMCD and AVISITN, of those that the book uses. Where a
dataset has more, such as values carried forward, `records` chooses among them.

## study.yml

Every field, block by block. `[]` marks a list, `<name>` a name of your own. A misspelt field, a wrong
type and a name that nothing defines are problems that `alsbook check` lists.
"""

# %% tags=["hide-input"]
guide.fields_table()
