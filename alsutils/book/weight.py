"""What keeps a page light: short data, pictures apart, one style for all tables, few icons."""

import base64
import io
import json
import re
import shutil
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alsutils.book.chapters import Page
from alsutils.display.packing import packed

PICTURES = "pictures"
ICONS, TABLES = "als-icons.css", "als-tables.css"
_EMBEDDED = re.compile(r'(<noscript><img alt="[^"]*" )src="data:image/svg\+xml;base64,([^"]+)"')
_DATA = re.compile(r'(<script type="application/json">)(.*?)(</script>)', re.DOTALL)
_SIZE = re.compile(r'<svg [^>]*?width="([\d.]+)"[^>]*?height="([\d.]+)"')
_STYLE = re.compile(r'(<div id="(\w+)"[^>]*>)\s*<style>(.*?)</style>', re.DOTALL)
_CELL = re.compile(
    r'\s*<td(?: style="(?:white-space: nowrap|min-width: 6em);")? headers="[^"]*" '
    r'class="gt_row gt_(left|right)">'
)
_ANY_TABLE = ":is(#als, .als-table)"  # as strong as the name of one table
_VENDOR = Path("vendor") / "fontawesome"
_RULE = re.compile(r'((?:\.fa-[a-z0-9-]+:+before,?)+)\{content:"(\\[0-9a-f]+)"\}')
_NAME = re.compile(r"\.fa-([a-z0-9-]+):")
_POINT = re.compile(r"\\(f[0-9a-f]{3})|([\uf000-\uf8ff])")
# The icons by name in the theme's templates and scripts; styles name theirs by number.
_NAMED = (
    "angle-left",
    "angle-right",
    "arrow-up",
    "bars",
    "chevron-down",
    "circle-half-stroke",
    "list",
    "magnifying-glass",
    "moon",
    "rocket",
    "sun",
    "xmark",
)
_FAMILY = "Font Awesome 6 Free"
_ICON_RULES = f"""\
:root {{ --fa-font-solid: normal 900 1em/1 "{_FAMILY}"; --fa-font-regular: var(--fa-font-solid);
  --fa-font-brands: var(--fa-font-solid); --fa-style-family-classic: "{_FAMILY}"; }}
.fa-solid, .fas, .fa-regular, .far, .fa-brands, .fab {{ display: inline-block;
  font: normal 900 1em/1 "{_FAMILY}"; text-rendering: auto; -webkit-font-smoothing: antialiased; }}
.fa-lg {{ font-size: 1.25em; line-height: 0.05em; vertical-align: -0.075em; }}
"""


def lighten(notebook: Any, page: Page, folder: Path) -> None:
    """Take out of a page what it can share or load when it is asked for.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        A page's executed notebook; it is changed.
    page : Page
        Its name decides where the files are.
    folder : Path
        Folder that becomes that of all pages' pictures.
    """
    place = f"{'../' * page.name.count('/')}_static/{PICTURES}"
    shared = table_style()
    count = 0

    def moved(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        name = f"{page.short_name}-{count}.svg"
        picture = base64.b64decode(found[2])
        (folder / name).write_bytes(picture)
        size = _SIZE.search(picture.decode())
        shape = f'width="{float(size[1]):.0f}" height="{float(size[2]):.0f}" ' if size else ""
        # Nobody sees it but who prints, or has no scripts.
        return f'{found[1]}{shape}loading="lazy" src="{place}/{name}"'

    def unstyled(found: re.Match[str]) -> str:
        own = found[3].replace(f"#{found[2]}", _ANY_TABLE)
        return found[1] if own == shared else found[0]

    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                text = _EMBEDDED.sub(moved, data["text/html"])
                text = _STYLE.sub(unstyled, _DATA.sub(_packed, text))
                # The style sheet says of all cells what great_tables writes into each.
                data["text/html"] = _CELL.sub(r'<td class="gt_row gt_\1">', text)


def _packed(found: re.Match[str]) -> str:
    """Write a chart's specification with its data by columns."""
    spec = json.dumps(packed(json.loads(found[2])), ensure_ascii=False, separators=(",", ":"))
    # As in the chart's own HTML: nothing within may end the element.
    return found[1] + spec.replace("<", "\\u003c") + found[3]


@cache
def table_style() -> str:
    """Give the style that great_tables writes into each table, for all tables of the site."""
    import pandas as pd
    from great_tables import GT

    text = GT(pd.DataFrame({"a": ["b"]}), id="t0").as_raw_html(inline_css=False)
    lines = [line for line in text.splitlines() if line.strip()]
    found = _STYLE.search("\n".join(lines))
    return "" if found is None else found[3].replace("#t0", _ANY_TABLE)


def write_styles(folder: Path) -> None:
    """Write the tables' style and the theme's icons, as a font of just those, into a folder."""
    (folder / TABLES).write_text(table_style(), "utf-8")
    (folder / ICONS).write_text(icons(), "utf-8")


def icons() -> str:
    """Give a style sheet with the icons that the theme uses; the font is part of it.

    A font in the style sheet shows in pages opened from a folder, too, where browsers refuse one
    in a file of its own.
    """
    from fontTools import subset  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    static = _theme_static()
    vendor = next(iter((static / _VENDOR).iterdir()))
    rules = _RULE.findall((vendor / "css" / "all.min.css").read_text("utf-8"))
    codes = {name: code for names, code in rules for name in _NAME.findall(names)}
    styles = [path.read_text("utf-8") for path in (static / "styles").glob("*.css")]
    numbered = {int(a, 16) if a else ord(b) for s in styles for a, b in _POINT.findall(s)}
    named = {name: codes[name] for name in _NAMED}
    options = subset.Options(flavor="woff", layout_features=[], recalc_timestamp=False)
    font = TTFont(vendor / "webfonts" / "fa-solid-900.ttf", recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=numbered | {int(code[1:], 16) for code in named.values()})
    subsetter.subset(font)
    font.flavor, buffer = "woff", io.BytesIO()
    font.save(buffer)
    data = base64.b64encode(buffer.getvalue()).decode()
    face = (
        f'@font-face {{ font-family: "{_FAMILY}"; font-style: normal; font-weight: 900;'
        f' font-display: block; src: url("data:font/woff;base64,{data}") format("woff"); }}\n'
    )
    shown = [f'.fa-{name}::before {{ content: "{code}"; }}' for name, code in named.items()]
    return face + _ICON_RULES + "\n".join(shown) + "\n"


def remove_unused(html: Path) -> None:
    """Remove from a built site what none of its pages loads: all the icons, maps of sources."""
    shutil.rmtree(html / "_static" / "vendor", ignore_errors=True)
    for path in (html / "_static").rglob("*.map"):
        path.unlink()


def _theme_static() -> Path:
    # The theme itself would load Sphinx.
    spec = find_spec("pydata_sphinx_theme")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "theme" / "pydata_sphinx_theme" / "static"
