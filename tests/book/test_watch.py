"""A saved file builds the site again, and the page in the browser follows."""

import re
import signal
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.book import killing

PATIENCE = 120_000  # milliseconds


@pytest.fixture
def watched(tmp_path):
    """A watched book: its folder, its address and the process."""
    folder = killing.write_book(tmp_path / "book")
    process = killing.Build(folder, "--port", "0", command="watch")
    said = ""
    while "chapters executed" not in said:
        line = process.process.stdout.readline()
        assert line, said
        said += line
    yield folder, re.search(r"http://[\d.:]+/", said)[0], process
    process.process.send_signal(signal.SIGINT)
    process.finish()
    assert process.left() == []


def test_the_page_follows_what_is_saved(watched, browser):
    folder, address, _ = watched
    page = browser.new_page()
    page.goto(f"{address}chapters/01_first.html")
    expect(page.locator("main")).to_contain_text("'one'")
    killing.write_chapter(folder, '"another"')
    expect(page.locator("main")).to_contain_text("'another'", timeout=PATIENCE)
    killing.write_chapter(folder, "1 / 0")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("ZeroDivisionError", timeout=PATIENCE)
    expect(page.locator("main")).to_contain_text("'another'")
    killing.write_chapter(folder, '"third"')
    expect(page.locator("main")).to_contain_text("'third'", timeout=PATIENCE)
    expect(alert).to_have_count(0)
    # The site itself knows nothing of the server.
    assert "EventSource" not in (folder / "out" / "html" / "index.html").read_text("utf-8")
    stranger = urllib.request.Request(address, headers={"Host": "example.org"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(stranger)
    page.close()


def test_a_port_that_is_taken_is_told(run, tmp_path):
    import socket

    folder = killing.write_book(tmp_path / "book")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("watch", folder / "study", "--book", folder, "--port", port)
    assert result.exit_code == 2
    assert "choose --port" in result.stderr
