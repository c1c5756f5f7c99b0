"""Text files as spreadsheets, R and SAS write them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alsutils.study.readers import UnreadableTableError, read_file, read_table

REFERENCE = Path(__file__).parents[1] / "reference" / "readers"
TABLE = [["USUBJID", "AVAL", "TEXT"], ["01", "1.5", "é"], ["02", "-20", "b"], ["03", "", "c"]]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "adqs.csv"


def read(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return read_table(path)


def refused(path, content, words):
    with pytest.raises(UnreadableTableError, match=words) as caught:
        read(path, content)
    return caught.value


def lines(delimiter=",", end="\n"):
    return end.join(delimiter.join(row) for row in TABLE) + end


def check(table):
    assert table["USUBJID"].tolist() == ["01", "02", "03"]
    np.testing.assert_array_equal(table["AVAL"], [1.5, -20, np.nan])
    assert table["TEXT"].tolist() == ["é", "b", "c"]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "latin-1"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_encoding_is_found_out(path, encoding, end):
    check(read(path, lines(end=end).encode(encoding)))


def test_utf_16_of_either_order_is_known_by_its_mark(path):
    for mark, order in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        check(read(path, mark + lines().encode(order)))


def test_utf_16_without_a_mark_is_told(path):
    error = refused(path, lines().encode("utf-16-le"), "NUL")
    assert error.row == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(path, delimiter):
    check(read(path, lines(delimiter)))
    check(read(path, lines(delimiter).rstrip("\n")))


def test_a_delimiter_within_quotes_does_not_count(path):
    table = read(path, 'A;"B,C,D,E";F\n1;"x;y";3\n')
    assert list(table.columns) == ["A", "B,C,D,E", "F"]
    assert table.iloc[0].tolist() == [1, "x;y", 3]


def test_the_line_by_which_excel_names_its_delimiter_is_no_header(path):
    check(read(path, "sep=;\r\n" + lines(";", "\r\n")))
    assert read_file(path).first_row == 3


def test_a_decimal_comma_is_one_where_commas_part_nothing(path):
    table = read(path, "A;B;C\n1,5;1,234;1\n-2;0,5;2\n;1,25;x,y\n")
    np.testing.assert_array_equal(table["A"], [1.5, -2, np.nan])
    assert table["B"].tolist() == [1.234, 0.5, 1.25]
    assert table["C"].tolist() == ["1", "2", "x,y"]


def test_quoted_line_breaks_and_quotes_stay(path):
    table = read(path, 'A,B\r\n"one\r\ntwo","say ""x"""\r\n"",5" tall\r\n')
    assert table["A"].tolist()[0] == "one\r\ntwo"
    assert table["B"].tolist() == ['say "x"', '5" tall']
    assert table["A"].isna().tolist() == [False, True]


@pytest.mark.parametrize("code", ["NA", "NaN", ".", "._", ".A", ".Z"])
def test_marks_of_missing_numbers_are_missing_among_numbers(path, code):
    table = read(path, f"N,D,F,T\n1,2014-01-02,Y,x\n{code},{code},{code},{code}\n2.5,,N,\n")
    for column in ("N", "D", "F"):
        assert table[column].isna()[1], column
    assert table["N"].dtype == float
    assert table["T"].tolist()[1] == code  # a word among words


def test_a_column_of_codes_stays_text(path):
    table = read(path, "A,B,C\n007,1,12345678901234567\n010,02,1\n")
    assert table["A"].tolist() == ["007", "010"]
    assert table["B"].tolist() == ["1", "02"]
    assert table["C"].tolist() == ["12345678901234567", "1"]


@pytest.mark.parametrize("number", ["0", "0.5", "-0.5", "1e-3", "+2", " 3 ", "00.5"])
def test_numbers_of_any_shape_are_numbers(path, number):
    assert read(path, f"A,B\n{number},x\n1,y\n")["A"].tolist() == [float(number), 1]


def test_numbers_are_read_to_the_last_bit(path):
    values = np.random.default_rng(1).normal(size=2000) * 10.0 ** np.arange(-10, 10).repeat(100)
    table = read(path, "A\n" + "\n".join(map(repr, values.tolist())) + "\n")
    assert table["A"].tolist() == values.tolist()


def test_dates_as_sas_writes_them_are_iso_dates(path):
    table = read(
        path, "A,B,C,D\n02JAN2014,02JAN2014:10:30:00,2014-01-02 10:30,31FEB2014\n9Dec1959,,,x\n"
    )
    assert table["A"].tolist() == ["2014-01-02", "1959-12-09"]
    assert table["B"][0] == table["C"][0] == "2014-01-02T10:30:00"
    assert table["D"].tolist() == ["31FEB2014", "x"]


def test_partial_dates_stay_as_they_are(path):
    table = read(path, "ASTDTC\n2014-01-02\n2014-01\n2014\n")
    assert table["ASTDTC"].tolist() == ["2014-01-02", "2014-01", "2014"]


def test_sas_days_in_text_are_known_by_the_name(path):
    table = read(path, "TRTSDT,DAYS\n19725,19725\n19726,.\n")
    assert table["TRTSDT"].tolist() == ["2014-01-02", "2014-01-03"]
    assert table["DAYS"][0] == 19725


def test_what_r_writes_is_what_r_has():
    table = read_table(REFERENCE / "adsl_r.csv")
    expected = read_table(REFERENCE / "adsl.sas7bdat")
    pd.testing.assert_frame_equal(table, expected)  # without the numbers of rows, NA as a word


def test_a_sas_dataset_has_its_labels_dates_and_missing_values():
    file = read_file(REFERENCE / "adsl.sas7bdat")
    assert file.labels == {
        "USUBJID": "Unique Subject Identifier",
        "TRTSDT": "Date of First Exposure",
    }
    nothing = np.nan
    expected = pd.DataFrame(
        {
            "USUBJID": ["01", "02", "03", "04"],
            "AGE": [61, 47, nothing, 70.5],
            "TRTSDT": ["2014-01-02", "1959-12-31", nothing, "2020-02-29"],
            "RANDDTM": [
                "2014-01-02T10:30:00",
                nothing,
                "1959-12-31T23:59:59",
                "2020-02-29T00:00:00",
            ],
            "ETHNIC": ["Hé", nothing, "NA", "Ω"],
            "TRTSTM": ["01:01:01", nothing, "00:00:00", "23:59:59"],
        }
    )
    pd.testing.assert_frame_equal(file.table, expected)


def test_columns_that_spreadsheets_add_are_dropped(path):
    assert list(read(path, "A,B,,\n1,2,,\n3,4,,\n").columns) == ["A", "B"]


@pytest.mark.parametrize(
    ("content", "words", "row"),
    [
        ("\n\n", "no header", 1),
        (",,\n1,2,3\n", "no header", 1),
        ("A,B\n1,2\n3\n4,5\n", "1 fields where the header has 2", 3),
        ("A,B\n1,2\n3,4,5\n6\n7\n", "2 more rows like this", 3),
        ("A,B\n1,\x002\n", "NUL", 2),
        ("A,A\n1,2\n", "two columns", None),
        ("A,,B\n1,2,3\n", "column 2 has no name", None),
        ('A,B\n1,"2\n3,4\n', "not closed", 2),
        ("A\né\n".encode() + "é\n".encode("cp1252"), "two encodings", 3),
        (b"\xff\xfeodd", "utf-16-le, as it begins", None),
        (b"PK\x03\x04 workbook", "Excel", None),
        (b"\x1f\x8b\x08 packed", "gzip", None),
    ],
)
def test_what_is_no_table_is_told_with_its_row(path, content, words, row):
    error = refused(path, content, words)
    if row is not None:
        assert error.row == row


def test_a_header_alone_is_an_empty_table(path):
    for content in ("A,B", "A,B\n", "A,B\r\n\r\n"):
        assert read(path, content).shape == (0, 2)


def test_blank_lines_are_no_rows(path):
    assert len(read(path, "A,B\n1,2\n\n3,4\n\n\n")) == 2


def test_a_long_field_is_read_whole(path):
    long = "x" * 2_000_000
    assert read(path, f'A,B\n1,"{long}"\n')["B"][0] == long


def test_trailing_blanks_are_no_part_of_a_text(path):
    table = read(path, "A,B\nY ,  x \n   ,y\n")
    assert table["A"].tolist()[0] == "Y"
    assert table["A"].isna()[1]
    assert table["B"][0] == "  x"


def test_a_file_that_may_not_be_read_is_told(path, monkeypatch):
    path.write_text("A\n1\n")

    def forbidden(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", forbidden)
    with pytest.raises(UnreadableTableError, match="permissions"):
        read_table(path)
