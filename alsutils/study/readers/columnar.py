"""Tables from Parquet files."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from alsutils.study.readers.content import check_rows
from alsutils.study.readers.raw import Raw


def read_parquet(path: Path) -> Raw:
    """Read a Parquet file.

    Parameters
    ----------
    path : Path
        The file. A label stands in a column's metadata as ``label``, or in pandas' ``attrs`` as
        ``labels``.

    Returns
    -------
    Raw
        Its columns without pandas' index.
    """
    about = pq.read_metadata(path)
    check_rows(about.num_rows)
    schema = about.schema.to_arrow_schema()
    texts = [
        f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)
    ]
    # Texts stay coded as they are in the file: what is done to one value is done once.
    table = pq.read_table(path, read_dictionary=texts, partitioning=None)
    notes = table.schema.pandas_metadata or {}
    indexes = {name for name in notes.get("index_columns", ()) if isinstance(name, str)}
    labels = _noted_labels(table.schema.metadata or {})
    names, columns = [], []
    for field, values in zip(table.schema, table.columns, strict=True):
        if field.name in indexes and field.name.startswith("__index_level"):
            continue
        names.append(field.name.strip())
        columns.append(values)
        label = (field.metadata or {}).get(b"label")
        if label:
            labels[field.name.strip()] = label.decode("utf-8", errors="replace")
    return Raw(tuple(names), tuple(columns), labels)


def _noted_labels(metadata: dict[bytes, bytes]) -> dict[str, str]:
    """Take the labels that pandas kept with the frame."""
    try:
        labels = json.loads(metadata[b"PANDAS_ATTRS"])["labels"]
        return {str(name): str(label) for name, label in labels.items() if label}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}
