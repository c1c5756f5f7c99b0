"""The same table through every kind of file gives the same frame."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alsutils.study.readers import ENDINGS, UnreadableTableError, read_file, read_table

REFERENCE = Path(__file__).parents[1] / "reference" / "readers"
# Where a SAS dataset of 64 bits says how many rows it has: a signature, and bytes from there.
ROW_SIZES, ROW_COUNT = bytes.fromhex("f7f7f7f700000000"), 48
N = 5
DATES = ["2020-01-31", "1959-12-31", None, "1960-01-01", "2024-02-29"]
MOMENTS = ["2020-01-31T23:59:59", "2020-02-01T00:00:00", None, "1960-01-01T12:30:00", None]
TIMES = ["08:05:00", "23:59:59", None, "00:00:00", "12:00:01"]
LABELS = {"USUBJID": "Subject", "AVAL": "Analysis value", "ADT": "Date of analysis"}
EXPECTED = pd.DataFrame(
    {
        "USUBJID": ["01", "02", "03", "04", "05"],
        "AVISITN": pd.array([0, 1, 2, 3, 4], dtype="int64"),
        "AVAL": [1.5, np.nan, -0.1, 1e-12, 12345678.9],
        "ADT": DATES,
        "ADTM": MOMENTS,
        "ATM": TIMES,
        "EOSFL": ["Y", "N", None, "Y", "N"],
        "TEXT": ["NA", "a,b;c|d", None, "é Ω “x”", "two  blanks"],
    }
).astype(dict.fromkeys(("USUBJID", "ADT", "ADTM", "ATM", "EOSFL", "TEXT"), "str"))
SAS_FORMATS = {"ADT": "DATE9.", "ADTM": "DATETIME20.", "ATM": "TIME8."}
TYPES = {"AVISITN": "integer", "AVAL": "double", "ADT": "date", "ADTM": "datetime", "ATM": "time"}


def as_objects():
    """Give the table as a program would hold it: dates as dates."""
    table = EXPECTED.astype(object).where(EXPECTED.notna(), None)
    table["AVISITN"] = EXPECTED["AVISITN"]
    table["AVAL"] = EXPECTED["AVAL"]
    for column, parse in (
        ("ADT", dt.date.fromisoformat),
        ("ADTM", dt.datetime.fromisoformat),
        ("ATM", dt.time.fromisoformat),
    ):
        table[column] = [None if value is None else parse(value) for value in table[column]]
    return table


def write_csv(path):
    EXPECTED.to_csv(path, index=False)


def write_parquet(path):
    table = pa.Table.from_pandas(as_objects(), preserve_index=False)
    fields = [
        field.with_metadata({"label": LABELS[field.name]}) if field.name in LABELS else field
        for field in table.schema
    ]
    pq.write_table(table.cast(pa.schema(fields)), path)


def write_xpt(version):
    def write(path):
        pyreadstat.write_xport(
            as_objects().assign(ADTM=pd.to_datetime(EXPECTED["ADTM"])),
            path,
            file_format_version=version,
            column_labels=LABELS,
            variable_format=SAS_FORMATS,
        )

    return write


def dataset_json(table, *, numbers=False, **more):
    """Describe a table as Dataset-JSON does; its dates as SAS numbers where asked."""
    columns = [
        {
            "itemOID": f"IT.{name}",
            "name": name,
            "label": LABELS.get(name, ""),
            "dataType": TYPES.get(name, "string"),
            **({"targetDataType": "integer"} if name in SAS_FORMATS else {}),
            **({"displayFormat": SAS_FORMATS[name]} if numbers and name in SAS_FORMATS else {}),
        }
        for name in table.columns
    ]
    cells = table.astype(object).where(table.notna(), None)
    if numbers:
        cells = cells.assign(**{name: sas_numbers(table[name], name) for name in SAS_FORMATS})
    about = {
        "datasetJSONCreationDateTime": "2024-12-05T12:00:00",
        "datasetJSONVersion": "1.1.0",
        "itemGroupOID": "IG.ADQS",
        "records": len(table),
        "name": "ADQS",
        "label": "Questionnaires",
        "columns": columns,
    }
    return about | more, cells.to_numpy().tolist()


def sas_numbers(values, name):
    """Count days or seconds since 1960 with the standard library alone."""
    start = dt.datetime(1960, 1, 1)

    def number(value):
        if pd.isna(value):
            return None
        if name == "ATM":
            hour, minute, second = map(int, value.split(":"))
            return hour * 3600 + minute * 60 + second
        passed = dt.datetime.fromisoformat(value) - start
        return passed.days if name == "ADT" else int(passed.total_seconds())

    return pd.Series([number(value) for value in values], dtype=object)


def write_json(numbers=False):
    def write(path):
        about, rows = dataset_json(EXPECTED, numbers=numbers)
        path.write_text(json.dumps(about | {"rows": rows}), "utf-8")

    return write


def write_ndjson(path):
    about, rows = dataset_json(EXPECTED)
    path.write_text("\n".join(map(json.dumps, [about, *rows])) + "\n", "utf-8")


WRITERS = {
    "csv": (".csv", write_csv),
    "parquet": (".parquet", write_parquet),
    "xpt 5": (".xpt", write_xpt(5)),
    "xpt 8": (".xpt", write_xpt(8)),
    "json": (".json", write_json()),
    "json, SAS numbers": (".json", write_json(numbers=True)),
    "ndjson": (".ndjson", write_ndjson),
}
by_format = pytest.mark.parametrize("kind", WRITERS)


def written(kind, folder):
    ending, write = WRITERS[kind]
    path = folder / f"adqs{ending}"
    write(path)
    return path


def check_values(found, expected=EXPECTED, rtol=0.0):
    pd.testing.assert_frame_equal(found, expected, check_exact=rtol == 0, rtol=rtol or 1e-5)


@by_format
def test_every_format_gives_the_same_frame(kind, tmp_path):
    # SAS transport files hold numbers in base 16: the last bit may be lost.
    rtol = 1e-15 if kind.startswith("xpt") else 0.0
    check_values(read_file(written(kind, tmp_path)).table, rtol=rtol)


@by_format
def test_labels_are_kept_where_the_format_has_them(kind, tmp_path):
    path = written(kind, tmp_path)
    expected = {} if kind == "csv" else LABELS
    assert read_file(path).labels == expected
    assert read_table(path).attrs["labels"] == expected


def test_parquet_keeps_the_labels_that_pandas_noted(tmp_path):
    path = tmp_path / "noted.parquet"
    frame = pd.DataFrame({"AVAL": [1.0, 2.0], "PARAM": ["a", "b"]})
    frame.attrs["labels"] = {"AVAL": "Analysis Value", "PARAM": ""}
    frame.to_parquet(path)
    assert read_file(path).labels == {"AVAL": "Analysis Value"}
    frame.attrs["labels"] = "none to speak of"
    frame.to_parquet(path)
    assert read_file(path).labels == {}


@by_format
def test_rows_are_numbered_as_a_reader_of_the_file_would(kind, tmp_path):
    lines = {"csv": 2, "ndjson": 2}
    assert read_file(written(kind, tmp_path)).first_row == lines.get(kind, 1)


@by_format
def test_the_frame_may_be_written_to(kind, tmp_path):
    table = read_table(written(kind, tmp_path))
    table.loc[0, "AVAL"] = 7.0
    assert table.loc[0, "AVAL"] == 7.0


def test_every_ending_is_tried():
    assert {ending for ending, _ in WRITERS.values()} | {".sas7bdat"} == set(ENDINGS)


def test_sas_transport_read_by_another_tool_agrees(tmp_path):
    path = written("xpt 5", tmp_path)
    other = pd.read_sas(path, encoding="utf-8")
    ours = read_table(path)
    np.testing.assert_allclose(ours["AVAL"], other["AVAL"], rtol=1e-15)
    day = pd.Timestamp("1960-01-01") + pd.to_timedelta(other["ADT"], unit="D")
    assert day.dt.strftime("%Y-%m-%d").dropna().tolist() == ours["ADT"].dropna().tolist()


def test_special_missing_values_of_sas_are_missing(tmp_path):
    path = tmp_path / "adqs.xpt"
    pyreadstat.write_xport(pd.DataFrame({"A": [1.0, 2.0, 3.0], "B": [1.0, 2.0, 3.0]}), path,
                           file_format_version=5)  # fmt: skip
    data = path.read_bytes()
    two = bytes.fromhex("4120000000000000")  # 2 in base 16
    assert data.count(two) == 2
    # .B and ._ : a letter or underscore and zeros, as SAS describes its format.
    data = data.replace(two, b"B" + bytes(7), 1).replace(two, b"_" + bytes(7), 1)
    path.write_bytes(data)
    table = read_table(path)
    assert table["A"].isna().tolist() == [False, True, False]
    assert table["B"].isna().tolist() == [False, True, False]


def test_a_sas_column_that_stands_twice_is_told(tmp_path):
    path = tmp_path / "adqs.xpt"
    pyreadstat.write_xport(
        pd.DataFrame({"AVAL": [1.0], "BVAL": [2.0]}), path, file_format_version=5
    )
    path.write_bytes(path.read_bytes().replace(b"BVAL", b"AVAL"))
    with pytest.raises(UnreadableTableError, match="duplicated"):
        read_table(path)


def test_more_rows_than_a_file_can_hold_are_not_waited_for(tmp_path):
    data = bytearray((REFERENCE / "adsl.sas7bdat").read_bytes())
    count = data.find(ROW_SIZES) + ROW_COUNT
    assert data[count] == 4
    data[count : count + 4] = (10**9).to_bytes(4, "little")
    (tmp_path / "adsl.sas7bdat").write_bytes(data)
    with pytest.raises(UnreadableTableError, match="1,000,000,000 rows"):
        read_table(tmp_path / "adsl.sas7bdat")


def test_sas_texts_of_western_europe_are_read(tmp_path):
    path = tmp_path / "adqs.xpt"
    pyreadstat.write_xport(pd.DataFrame({"T": ["cafe", "x"]}), path, file_format_version=5)
    path.write_bytes(path.read_bytes().replace(b"cafe", "café".encode("cp1252")))
    assert read_table(path)["T"].tolist() == ["café", "x"]


def test_unformatted_sas_dates_are_known_by_their_name(tmp_path):
    path = tmp_path / "adlb.parquet"
    day = [19725.0, None, 19726.0]
    pd.DataFrame({"TRTSDT": day, "WEIGHT": day, "BIDT": [1.0, 2.0, 3.0]}).to_parquet(path)
    table = read_table(path)
    assert table["TRTSDT"].tolist()[::2] == ["2014-01-02", "2014-01-03"]
    assert table["WEIGHT"].dtype == float
    assert table["BIDT"].tolist() == [1, 2, 3]  # no dates of this century


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_at_midnight_are_dates(unit, tmp_path):
    times = pd.Series(["2014-01-02", None, "1900-03-01"]).astype(f"datetime64[{unit}]")
    pd.DataFrame({"ADT": times}).to_parquet(tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet")["ADT"].tolist()[::2] == ["2014-01-02", "1900-03-01"]


def test_truth_values_are_yes_and_no(tmp_path):
    table = pa.table({"A": pa.array([True, False, None])})
    pq.write_table(table, tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text("A,B\nTRUE,x\nFALSE,x\n,x\n")
    for name in ("a.parquet", "a.csv"):
        found = read_table(tmp_path / name)["A"]
        assert found.tolist()[:2] == ["Y", "N"]
        assert found.isna().tolist() == [False, False, True]


def test_odd_parquet_columns(tmp_path):
    from decimal import Decimal

    table = pa.table(
        {
            "D": pa.array([Decimal("1.25"), None, Decimal("3.50")]),
            "C": pa.array(["a", "b", "a"]).dictionary_encode(),
            "F": pa.array([1, 2, 3], pa.float32()),
            "U": pa.array([1, 2, 3], pa.uint8()),
            "B": pa.array([b"x", None, b"z"]),
            "L": pa.array(["p", "", None], pa.large_string()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    found = read_table(tmp_path / "a.parquet")
    assert found["D"].tolist()[::2] == [1.25, 3.5]
    assert found["C"].tolist() == ["a", "b", "a"]
    assert found["F"].tolist() == found["U"].tolist() == [1, 2, 3]
    assert found["B"].tolist()[::2] == ["x", "z"]
    assert found["L"].isna().tolist() == [False, True, True]


def test_columns_asked_to_be_text_are_text_in_every_format(tmp_path):
    table = pd.DataFrame({"ARM": [1.0, 2.0, np.nan], "SITEID": [701, 702, 703]})
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_parquet(tmp_path / "a.parquet")
    pyreadstat.write_xport(table, tmp_path / "a.xpt")
    for name in ("a.parquet", "a.xpt"):
        found = read_table(tmp_path / name, ("ARM",))
        assert found["ARM"].tolist()[:2] == ["1", "2"]
        assert found["SITEID"].tolist() == ["701", "702", "703"]
    assert read_table(tmp_path / "a.csv", ("ARM",))["SITEID"].tolist() == ["701", "702", "703"]


SUBJECT = st.text("abcXYZ019-_", min_size=1, max_size=8)
WORD = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), max_size=12
)
NUMBER = st.floats(-1e9, 1e9, allow_subnormal=False).map(lambda x: round(x, 4))
DAY = st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31)).map(dt.date.isoformat)


@st.composite
def tables(draw):
    rows = draw(st.integers(1, 6))

    def column(values):
        return draw(st.lists(values | st.none(), min_size=rows, max_size=rows))

    return pd.DataFrame(
        {
            "USUBJID": pd.array([draw(SUBJECT) for _ in range(rows)], dtype="str"),
            "AVAL": pd.array(column(NUMBER), dtype="float64"),
            "ADT": pd.array(column(DAY), dtype="str"),
            "AVALC": pd.array(column(WORD), dtype="str"),
        }
    )


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tables())
def test_any_table_comes_back_the_same_from_every_format(tmp_path, table):
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_parquet(tmp_path / "a.parquet")
    about, rows = dataset_json(table)
    (tmp_path / "a.json").write_text(json.dumps(about | {"rows": rows}), "utf-8")
    (tmp_path / "a.ndjson").write_text("\n".join(map(json.dumps, [about, *rows])), "utf-8")
    first = read_table(tmp_path / "a.csv")
    for ending in (".parquet", ".json", ".ndjson"):
        pd.testing.assert_frame_equal(read_table(tmp_path / f"a{ending}"), first, check_exact=True)
    known = table["AVAL"].notna()
    assert first["AVAL"][known].tolist() == table["AVAL"][known].tolist()
    assert first["USUBJID"].tolist() == table["USUBJID"].tolist()


def json_with(change):
    about, rows = dataset_json(EXPECTED)
    content = about | {"rows": rows}
    change(content)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("[1, 2]", "must be an object"),
        ("{", "not readable JSON"),
        ("{}", "datasetJSONVersion"),
        ('{"clinicalData": {}}', "Dataset-JSON 1.0"),
        ("[" * 100_000, "nested too deeply"),
        (json_with(lambda c: c.update(datasetJSONVersion="2.0")), "'2.0'"),
        (json_with(lambda c: c.update(columns=[])), "columns must list"),
        (json_with(lambda c: c["columns"][0].pop("name")), "columns must list"),
        (json_with(lambda c: c["columns"][0].update(dataType="blob")), "columns must list"),
        (json_with(lambda c: c.update(rows={})), "list of lists"),
        (json_with(lambda c: c["rows"].pop()), "5 records and has 4"),
        (json_with(lambda c: c["rows"][2].pop()), "has 7 values where there are 8"),
        (json_with(lambda c: c["rows"].__setitem__(1, 3)), "no list of values"),
        (json_with(lambda c: c["rows"][1].__setitem__(7, [1])), "a list or an object"),
        (json_with(lambda c: c["rows"][1].__setitem__(7, "a\0b")), "NUL"),
        (json_with(lambda c: c["columns"][1].update(name="USUBJID")), "two columns"),
    ],
)
def test_what_is_no_dataset_json_is_told(text, words, tmp_path):
    (tmp_path / "a.json").write_text(text, "utf-8")
    with pytest.raises(UnreadableTableError, match=words):
        read_table(tmp_path / "a.json")


def test_a_broken_line_of_ndjson_is_named(tmp_path):
    write_ndjson(tmp_path / "a.ndjson")
    lines = (tmp_path / "a.ndjson").read_text().splitlines()
    lines[3] = lines[3][:-2]
    (tmp_path / "a.ndjson").write_text("\n".join(lines))
    with pytest.raises(UnreadableTableError) as caught:
        read_table(tmp_path / "a.ndjson")
    assert caught.value.row == 4


def test_metadata_on_several_lines_is_joined(tmp_path):
    about, rows = dataset_json(EXPECTED)
    columns = {"columns": about.pop("columns")}
    (tmp_path / "a.ndjson").write_text("\n".join(map(json.dumps, [about, columns, *rows])))
    assert read_file(tmp_path / "a.ndjson").first_row == 3
    check_values(read_table(tmp_path / "a.ndjson"))


def test_decimals_are_numbers(tmp_path):
    about, rows = dataset_json(pd.DataFrame({"BMI": ["30.8983333232059", "1,234.5", None]}))
    about["columns"][0] |= {"dataType": "decimal", "targetDataType": "decimal"}
    (tmp_path / "a.json").write_text(json.dumps(about | {"rows": rows}))
    assert read_table(tmp_path / "a.json")["BMI"].tolist()[:2] == [30.8983333232059, 1234.5]


def test_a_wrong_cell_is_left_for_the_checks_to_name(tmp_path):
    (tmp_path / "a.json").write_text(json_with(lambda c: c["rows"][1].__setitem__(2, "high")))
    assert read_table(tmp_path / "a.json")["AVAL"].tolist()[1] == "high"


def test_metadata_alone_is_an_empty_table(tmp_path):
    about, _ = dataset_json(EXPECTED.head(0))
    (tmp_path / "a.json").write_text(json.dumps(about))
    (tmp_path / "a.ndjson").write_text(json.dumps(about) + "\n")
    for name in ("a.json", "a.ndjson"):
        assert read_table(tmp_path / name).shape == (0, 8)


@by_format
def test_a_file_under_another_name_is_told(kind, tmp_path):
    data = written(kind, tmp_path).read_bytes()
    for ending in {".parquet", ".xpt", ".csv", ".sas7bdat"} - {WRITERS[kind][0]}:
        if ending == ".csv" and "json" in kind:
            continue  # text may be a table
        path = tmp_path / f"other{ending}"
        path.write_bytes(data)
        with pytest.raises(UnreadableTableError, match=r"its ending says"):
            read_table(path)


@by_format
def test_a_truncated_file_is_no_table(kind, tmp_path):
    path = written(kind, tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3] if kind != "csv" else data[:-3])
    try:
        found = read_table(path)
    except UnreadableTableError:
        return
    assert kind in {"csv", "xpt 5", "xpt 8"}  # formats that do not know where they end
    assert len(found) <= N


@pytest.mark.parametrize("ending", ENDINGS)
def test_folders_and_nothing_are_no_tables(ending, tmp_path):
    (tmp_path / f"folder{ending}").mkdir()
    with pytest.raises(UnreadableTableError, match="folder"):
        read_table(tmp_path / f"folder{ending}")
    (tmp_path / f"empty{ending}").write_bytes(b"")
    with pytest.raises(UnreadableTableError, match="empty"):
        read_table(tmp_path / f"empty{ending}")
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / f"nothing{ending}")


def test_bytes_that_are_no_text_are_told(tmp_path):
    word = b"a word of its own"
    pq.write_table(pa.table({"A": [word.decode()]}), tmp_path / "a.parquet", compression="none")
    data = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(data.replace(word, b"\xff" + word[1:]))
    with pytest.raises(UnreadableTableError, match="parquet table"):
        read_table(tmp_path / "a.parquet")


def test_lists_are_no_cells(tmp_path):
    pq.write_table(pa.table({"A": pa.array([[1], [2]])}), tmp_path / "a.parquet")
    with pytest.raises(UnreadableTableError, match="no single values"):
        read_table(tmp_path / "a.parquet")
