"""What is searched for before anything is published, and in what forms it is found."""

import base64
import io
import zipfile
import zlib
from types import SimpleNamespace

import pandas as pd
import pytest

from alsutils.book.errors import BuildError
from alsutils.book.privacy import check_files, secrets_of

ADSL = pd.DataFrame(
    {
        "USUBJID": ["TRIAL-01-007", "TRIAL-01-008"],
        "SUBJID": ["007", "008"],
        "PATID": ["zoë 3/4", None],
        "RANDDT": ["2014-01-02", "2014-03-30T08:15"],
        "TRTSDT": pd.to_datetime(["2015-11-05", None]),
        "DTHDTC": ["05JUN2016", ""],
        "VISIT": ["Week 1", "Week 2"],
        "AGE": [60, 61],
    }
)


def study(*, synthetic: bool = False, shows: bool = False) -> SimpleNamespace:
    return SimpleNamespace(
        is_synthetic=synthetic, shows_subjects=shows, tables={"adsl": ADSL, "adqs": ADSL}
    )


def complaint(tmp_path, content: str | bytes, name: str = "html/page.html") -> str:
    """Give the error of a folder with one file; nothing where it may be published."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    try:
        check_files(secrets_of(study()), tmp_path, ["html", "tables"])
    except BuildError as error:
        return str(error)
    return ""


def archive(*names: str) -> bytes:
    """Give an archive of files, all with the same line."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in names:
            packed.writestr(name, "a,b\nTRIAL-01-007,1\n")
    return file.getvalue()


PICTURE = base64.b64encode(b"<svg><text>TRIAL-01-007</text></svg>").decode()


@pytest.mark.parametrize(
    ("name", "content", "column"),
    [
        ("html/page.html", "<td>TRIAL-01-007</td>", "USUBJID (adsl)"),
        ("html/page.html", "Patient trial-01-008.", "USUBJID (adsl)"),
        ("html/page.html", "TRIAL&#45;01&#45;007", "USUBJID (adsl)"),
        ("html/page.html", "of zo&euml; 3/4, who", "PATID (adsl)"),
        ("html/page.html", f'<img src="data:image/svg+xml;base64,{PICTURE}">', "USUBJID (adsl)"),
        ("html/searchindex.js", '{"terms":{"trial-01-007":[1]}}', "USUBJID (adsl)"),
        ("html/objects.inv", b"#\n#\n#\n#\n" + zlib.compress(b"TRIAL-01-007 x"), "USUBJID"),
        ("html/_downloads/all.zip", archive("results/safety.csv"), "USUBJID (adsl)"),
        ("tables/t.csv", "a,b\nTRIAL-01-007,1\n", "USUBJID (adsl)"),
        ("tables/t.rtf", r"{\f0 zo\u235? 3/4}\cell", "PATID (adsl)"),
        ("html/page.html", '{"month": "2014-01-02T00:00:00"}', "RANDDT (adsl)"),
        ("html/page.html", "on 30 March 2014 or", "RANDDT (adsl)"),
        ("html/page.html", "on March 30, 2014 or", "RANDDT (adsl)"),
        ("html/page.html", "02JAN2014", "RANDDT (adsl)"),
        ("html/page.html", "2-Jan-2014", "RANDDT (adsl)"),
        ("html/page.html", "01/02/2014", "RANDDT (adsl)"),
        ("html/page.html", "2.1.2014", "RANDDT (adsl)"),
        ("html/page.html", "2014/1/2", "RANDDT (adsl)"),
        ("html/page.html", "20140102", "RANDDT (adsl)"),
        ("html/page.html", "1446681600000", "TRTSDT (adsl)"),
        ("html/page.html", "June 5th, 2016", "DTHDTC (adsl)"),
    ],
)
def test_a_patient_is_found_in_any_form_and_not_repeated(tmp_path, name, content, column):
    told = complaint(tmp_path, content, name)
    assert name in told
    assert column in told
    for value in ("TRIAL", "zo", "2014", "2015", "2016", "144668"):
        assert value not in told


@pytest.mark.parametrize(
    "content",
    [
        "007 patients",
        "TRIAL-01-0071",
        "Week 1",
        "2014-01-03",
        "0.20140102",
        "in January 2014, 60 years",
        "2 of 2014",
    ],
)
def test_what_names_nobody_may_be_published(tmp_path, content):
    assert complaint(tmp_path, content) == ""


def test_dates_in_files_of_the_theme_are_of_nobody(tmp_path):
    assert complaint(tmp_path, "released 2014-01-02", "html/_static/theme.js") == ""
    assert complaint(tmp_path, "TRIAL-01-007", "html/_static/theme.js")


def test_every_column_and_page_is_named_with_the_number_of_its_values(tmp_path):
    told = complaint(tmp_path, "TRIAL-01-007 TRIAL-01-008 TRIAL-01-007 2014-01-02")
    assert "2 of USUBJID (adsl)" in told
    assert "1 of RANDDT (adsl)" in told


def test_dates_that_somebody_wrote_into_the_book_are_no_secret():
    days = secrets_of(study(), ["registered on 2 January 2014"]).days
    assert "2014-01-02" not in days
    assert "2014-03-30" in days


def test_nothing_is_secret_where_single_patients_may_be_seen():
    assert secrets_of(study(synthetic=True)) is None
    assert secrets_of(study(shows=True)) is None
