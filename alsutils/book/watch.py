"""Serve the site on this machine, build it again when a file is saved, and reload the page."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from urllib.parse import urlsplit

from watchfiles import DefaultFilter, watch

from alsutils.book.errors import BookError
from alsutils.book.reach import ROOT

EVENTS = "/-/events"
_BEAT = 15.0  # seconds after which a silent connection is tried
_LOCAL = {"localhost", "127.0.0.1"}
_ALSBOOK = (sys.executable, "-c", "from alsutils.book.cli import app; app()")
# Added to the pages on their way to the browser only.
_SCRIPT = f"""
<script>
(() => {{
  let seen = null;
  new EventSource("{EVENTS}").onmessage = (event) => {{
    const now = JSON.parse(event.data);
    if (seen !== null && now.built !== seen) location.reload();
    seen = now.built;
    let box = document.getElementById("alsbook-watch");
    if (!now.said) return box?.remove();
    if (!box) {{
      box = document.createElement("pre");
      box.id = "alsbook-watch";
      box.setAttribute("role", "alert");
      box.style.cssText = "position:fixed;inset:auto 0 0 0;z-index:9999;margin:0;padding:1rem;" +
        "max-height:50vh;overflow:auto;white-space:pre-wrap;background:#7a1020;color:#fff";
      document.body.append(box);
    }}
    box.textContent = now.said;
  }};
}})();
</script>
"""
_NO_SITE = "<!doctype html><title>No site yet</title><body>There is no site yet.</body>"


class News:
    """What the browsers are told: how many sites have been built, and why the last was not."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._built, self._said, self._number = 0, "", 0

    def tell(self, said: str) -> None:
        """Tell of a build that worked, or what one said that failed."""
        with self._changed:
            self._built += not said
            self._said = said
            self._number += 1
            self._changed.notify_all()

    def after(self, number: int, patience: float) -> tuple[int, str]:
        """Wait for news after those with a number; give their number and text, empty if none."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._number > number, patience):
                return number, ""
            return self._number, json.dumps({"built": self._built, "said": self._said})


class _Handler(SimpleHTTPRequestHandler):
    """Serves files as they are now, pages with the script that reloads them."""

    protocol_version = "HTTP/1.0"

    def __init__(self, *arguments: Any, news: News, **options: Any) -> None:
        self._news = news
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname not in _LOCAL:
            self.send_error(HTTPStatus.FORBIDDEN)
        elif self.path == EVENTS:
            self._send_events()
        elif (page := self._page()) is not None:
            self._send_page(page)
        else:
            super().do_GET()

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def _page(self) -> bytes | None:
        """Give the page that is asked for; None where something else is."""
        path = Path(self.translate_path(self.path))
        if path.is_dir() and self.path.endswith("/"):
            path = path / "index.html"
        if path.suffix != ".html" and not (self.path == "/" and not path.exists()):
            return None
        try:
            return path.read_bytes()
        except OSError:
            return _NO_SITE.encode() if self.path == "/" else None

    def _send_page(self, page: bytes) -> None:
        before, body, after = page.rpartition(b"</body>")
        content = before + _SCRIPT.encode() + body + after
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _send_events(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        number = -1
        try:
            while True:
                number, text = self._news.after(number, _BEAT)
                self.wfile.write(f"data: {text}\n\n".encode() if text else b": still here\n\n")
                self.wfile.flush()
        except OSError:  # the browser has gone
            return

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal is for the builds."""


class _Sources(DefaultFilter):
    """Lets through what a person saves, and nothing that a build writes."""

    def __init__(self, out: Path) -> None:
        super().__init__()
        self._out = out

    def __call__(self, change: Any, path: str) -> bool:
        return super().__call__(change, path) and self._out not in Path(path).parents


def watch_book(
    study: Path,
    out: Path,
    *,
    book_folder: Path,
    port: int,
    options: Sequence[str],
    say: Callable[[str], None],
) -> None:
    """Build a book, serve it, and build it again whenever a source is saved, until Ctrl-C.

    Parameters
    ----------
    study, out, book_folder : Path
        As for ``build_book``.
    port : int
        Where on this machine the site is served; 0 for any that is free.
    options : sequence of str
        Further options of ``alsbook build``.
    say : callable
        Called with what the terminal is to show.

    Raises
    ------
    BookError
        If the port is taken.
    """
    news, changes = News(), Queue[None]()
    out, study, book_folder = out.resolve(), study.resolve(), book_folder.resolve()
    handler = partial(_Handler, directory=str(out / "html"), news=news)
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise BookError(f"port {port} cannot be used: {error.strerror}; choose --port") from error
    over = threading.Event()
    folders = [folder for folder in (study, book_folder / "chapters", ROOT) if folder.is_dir()]
    places = [(folders, True), ([book_folder], False)]
    workers = [threading.Thread(target=server.serve_forever, daemon=True)]
    workers += [
        threading.Thread(target=_watch, args=(*place, out, over, changes), daemon=True)
        for place in places
    ]
    for worker in workers:
        worker.start()
    say(f"Serving http://127.0.0.1:{server.server_port}/ (end with Ctrl-C)")
    command = [*_ALSBOOK, "build", str(study), "--out", str(out), "--book", str(book_folder)]
    try:
        while True:
            news.tell(_build([*command, *options], say))
            changes.get()
            _drain(changes)
    except KeyboardInterrupt:
        say("Stopped.")
    finally:
        over.set()
        server.shutdown()
        server.server_close()


def _watch(
    folders: Sequence[Path],
    recursive: bool,
    out: Path,
    over: threading.Event,
    changes: "Queue[None]",
) -> None:
    """Put a mark into the queue for each set of changes."""
    for _ in watch(
        *folders,
        watch_filter=_Sources(out),
        recursive=recursive,
        stop_event=over,
        raise_interrupt=False,
    ):
        changes.put(None)


def _drain(changes: "Queue[None]") -> None:
    """Forget changes that the next build sees anyway."""
    while True:
        try:
            changes.get_nowait()
        except Empty:
            return


def _build(command: Sequence[str], say: Callable[[str], None]) -> str:
    """Build in a new process, which sees the package as it is now; give what a failed one said."""
    say("Building ...")
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        say(done.stdout.splitlines()[0] if done.stdout else "Built.")
        return ""
    said = done.stderr.strip() or f"alsbook build ended with {done.returncode}"
    say(said)
    return said
