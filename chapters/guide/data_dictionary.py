# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# Data dictionary

What a study's folder must hold. The tables on this page are made from the code that checks a study,
so they cannot lag behind it. `alsbook new my-trial` writes the same tables empty, with a header, and a
page beside them that explains their columns.

## Datasets

CDISC ADaM datasets, as CSV, Parquet, SAS transport (`.xpt`), `.sas7bdat` or Dataset-JSON files (`.json`,
`.ndjson`). A dataset may have any name; the five below are those of the template. What holds for ADQS
and ADLB holds for every table with a row for each subject, parameter and visit. Other columns are let
through and left alone. An arm that stands in another table than ADSL is not used.

Columns whose need begins with *if there is* are for the sections that they name. Without them those
sections say in a sentence that the data do not tell.
"""

# %% tags=["hide-input"]
from alsutils.display import guide

guide.columns_table()

# %% [markdown]
"""
A subject has at most one record for each PARAMCD and AVISITN, of those that the book uses. Where a
dataset has more, such as values carried forward, `records` chooses among them. AVISITN must be the time
of the visit, in the unit of `time`. Where it only counts the visits, or is missing, `time: visits` gives
the time of each AVISIT by its name.

## study.yml

Every field, block by block. `[]` marks a list, `<name>` a name of your own. A misspelt field, a wrong
type and a name that nothing defines are problems that `alsbook check` lists. The examples come from the
template, from the pilot study in `data/` and from an invented trial of tablets.
"""

# %% tags=["hide-input"]
guide.fields_table("../../data/cdisc-pilot")
