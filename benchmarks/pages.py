"""How soon a reader can read a page, and what it makes a browser load.

    python benchmarks/pages.py [SITE] [ROUNDS]

Serves a built site (``_build/html``) on this machine and opens each page in headless Chromium with
a cold cache, at the size of a desktop. Gives for each page the milliseconds until the document is
there, until the first text is painted, until the heading and first paragraph are on the screen
and until the last chart is drawn, each the median of the rounds; and the megabytes that crossed
the wire, uncompressed. The load of the machine at the start tells how far times can be trusted.
Leaves with 1 if a page takes 2 s until it can be read, or loads 3 MB. Prints the table and
writes it to ``tests/reference/build/pages.csv``.
"""

import functools
import http.server
import os
import shutil
import statistics
import sys
import threading
from pathlib import Path

import pandas as pd
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "tests" / "reference" / "build" / "pages.csv"
SLOWEST, HEAVIEST = 2000, 3.0  # ms until a page can be read; MB
PATIENCE = 60_000  # ms
# Runs within the page before anything else: remembers when its words could first be seen.
WATCH = """() => {
  const look = () => {
    const words = [document.querySelector("article h1"), document.querySelector("article p")];
    const seen = words.every((e) => e && e.getBoundingClientRect().height > 0);
    if (seen) requestAnimationFrame(() => requestAnimationFrame(() => {
      window.alsReadable = performance.now();
    }));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
DRAWN = "() => [...document.querySelectorAll('.als-chart')].every(e => e.querySelector('svg'))"
TIMES = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return [page.domContentLoadedEventEnd, paint ? paint.startTime : NaN, window.alsReadable];
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""


def visit(browser: Browser, address: str) -> tuple[float, ...]:
    """Open a page with a cold cache; give its times in milliseconds and its megabytes."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(f"({WATCH})()")
    page = context.new_page()
    size = 0

    def count(response) -> None:
        nonlocal size
        size += int(response.headers.get("content-length", 0))

    page.on("response", count)
    page.goto(address, wait_until="load")
    page.wait_for_function("() => window.alsReadable", timeout=PATIENCE)
    page.wait_for_function(DRAWN, timeout=PATIENCE)
    drawn = page.evaluate("() => performance.now()")
    times = page.evaluate(TIMES)
    context.close()
    return (*times, drawn, size / 1e6)


def main() -> int:
    site = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "_build" / "html"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    print(f"load {os.getloadavg()[0]:.1f}")
    handler = functools.partial(Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = f"http://127.0.0.1:{server.server_port}/"
    pages = sorted(p.relative_to(site).as_posix() for p in site.glob("chapters/**/*.html"))
    pages.insert(0, "index.html")
    rows = []
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        visit(browser, home)  # the first page pays for the browser's start
        for name in pages:
            each = [visit(browser, f"{home}{name}") for _ in range(rounds)]
            middle = [statistics.median(values) for values in zip(*each, strict=True)]
            rows.append((name.removesuffix(".html"), *middle))
        browser.close()
    columns = ["page", "document_ms", "first_paint_ms", "readable_ms", "drawn_ms", "megabytes"]
    table = pd.DataFrame(rows, columns=columns).round(
        {**dict.fromkeys(columns[1:5], 0), "megabytes": 2}
    )
    table = table.astype(dict.fromkeys(columns[1:5], int))
    print(table.to_string(index=False))
    table.to_csv(OUTPUT, index=False, lineterminator="\n")
    slow = (table["readable_ms"] >= SLOWEST) | (table["megabytes"] >= HEAVIEST)
    return int(slow.any())


if __name__ == "__main__":
    sys.exit(main())
