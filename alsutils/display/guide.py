"""Tables of the guide: what a study's folder must hold."""

from alsutils.display import tables
from alsutils.display.output import Table
from alsutils.study.dictionary import study_fields, table_columns


def columns_table() -> Table:
    """Lay out the columns that the datasets need."""
    labels = {"column": "Column", "holds": "Holds", "when": "Needed"}
    return tables.table(table_columns(), "Columns of the datasets", labels, group="dataset")


def fields_table() -> Table:
    """Lay out every field of study.yml."""
    labels = {"field": "Field", "meaning": "Meaning", "type": "Type", "default": "If left out"}
    return tables.table(study_fields(), "Fields of study.yml", labels, group="block")
