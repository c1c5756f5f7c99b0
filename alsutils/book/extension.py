"""A Sphinx extension: formulas without a script, charts' scripts only where there is a chart.

Jupyter Book's defaults load MathJax and thebe from other servers. Here formulas become MathML when
the site is built, which browsers draw by themselves, and nothing is asked of another server.
"""

import re
import unicodedata
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes  # type: ignore[import-untyped]
from docutils.utils.math import MathError  # type: ignore[import-untyped]
from docutils.utils.math.latex2mathml import tex2mathml  # type: ignore[import-untyped]
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from alsutils.book import glossary, reading
from alsutils.book.question import Question

_LOGGER = logging.getLogger(__name__)
_BOLD = re.compile(r"\\(?:boldsymbol|bm)\s*(?:\{\s*)?(\\[A-Za-z]+|[A-Za-z])(?:\s*\})?")
_ALIGNING = re.compile(r"\\(begin|end)\{(?:align|split|eqnarray)\*?\}")
_TEMPLATES = Path(__file__).parent / "templates"
# Docutils calls references a list without list items, which confuses screen readers.
_CITATION_ROLES = re.compile(
    r'(?<=<div )role="list" (?=class="citation-list")| role="doc-biblioentry"'
)
_CHART = 'class="als-chart'
_SORTABLE = " data-sortable"
_BANNER = (
    "Synthetic data: every patient in this book is invented, none took part in the trial. "
    '<a href="{index}">What that means</a>'
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer of formulas and the hooks that finish each page."""
    app.add_config_value("alsbook_synthetic", False, "html", bool)
    app.add_html_math_renderer("mathml", (_visit_math, None), (_visit_math_block, None))
    app.add_css_file("als-tables.css")
    app.add_css_file("als.css")
    app.add_js_file("als-print.js", loading_method="defer")
    app.add_directive("question", Question)
    glossary.setup(app)
    reading.setup(app)
    app.connect("config-inited", _set_defaults)
    app.connect("builder-inited", _leave_out_thebe, priority=900)
    app.connect("html-page-context", _finish_page, priority=900)
    app.connect("env-before-read-docs", _remember_shared)
    app.connect("env-updated", _pages_to_write)
    app.connect("html-collect-pages", _forget_words)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _set_defaults(_app: Sphinx, config: Any) -> None:
    config.html_math_renderer = "mathml"
    # The theme complains in the browser's console where no mode is named.
    config.html_context.setdefault("default_mode", "auto")
    config.templates_path.append(str(_TEMPLATES))


def _leave_out_thebe(app: Sphinx) -> None:
    """Disconnect thebe, which Jupyter Book always loads: it puts a script of another server in."""
    for listeners in app.events.listeners.values():
        listeners[:] = [
            listener
            for listener in listeners
            if not listener.handler.__module__.startswith("sphinx_thebe")
        ]


def _shared(env: Any) -> str:
    """Describe what pages show of each other: titles, their order, labels, citations, terms."""
    domains = {name: env.domaindata.get(name) for name in ("std", "cite")}
    titles = sorted((name, title.astext()) for name, title in env.titles.items())
    terms = {page for (kind, _), (page, _) in domains["std"]["objects"].items() if kind == "term"}
    texts = [env.get_doctree(page).astext() for page in sorted(terms)]
    order = sorted(env.toctree_includes.items())
    return repr((titles, order, env.toc_secnumbers, domains, texts))


def _remember_shared(app: Sphinx, env: Any, _names: list[str]) -> None:
    app._als_shared = _shared(env)  # type: ignore[attr-defined]


def _pages_to_write(app: Sphinx, env: Any) -> list[str]:
    """Have all pages written anew where a page that changed may show in others."""
    before = getattr(app, "_als_shared", "")
    return [] if before == _shared(env) else sorted(env.all_docs)


def _forget_words(app: Sphinx) -> list[Any]:
    """Take words out of the search that no page has any more: Sphinx keeps them, without a page."""
    indexer: Any = getattr(app.builder, "indexer", None)
    for words in (indexer._mapping, indexer._title_mapping) if indexer else ():
        for word in [word for word, pages in words.items() if not pages]:
            del words[word]
    return []


def _finish_page(
    app: Sphinx, _page: str, template: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Load the scripts that a page needs; show the banner over invented data."""
    styles = context.get("css_files", [])
    context["css_files"] = [s for s in styles if "thebe" not in str(getattr(s, "filename", s))]
    if _CHART in context.get("body", ""):
        for script in ("vega.js", "als-themes.js", "als-charts.js"):
            app.add_js_file(script, loading_method="defer")
    if _SORTABLE in context.get("body", ""):
        app.add_js_file("als-tables.js", loading_method="defer")
    if "body" in context:
        context["body"] = _CITATION_ROLES.sub("", context["body"])
    if "generate_toctree_html" in context:
        context["generate_toctree_html"] = _with_named_toggles(context["generate_toctree_html"])
    if template == "search.html":  # the one template of the theme that does not escape it
        context["docstitle"] = escape(context["docstitle"])
    if app.config.alsbook_synthetic:
        index = context["pathto"](app.config.root_doc)
        context["theme_announcement"] = _BANNER.format(index=index)


def _with_named_toggles(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Have the toggles of the sidebar named, which the theme leaves to an icon."""

    def named(*args: Any, **kwargs: Any) -> Any:
        drawn = draw(*args, **kwargs)
        for toggle in drawn("summary"):
            chapter = toggle.find_parent("li").find("a").get_text(strip=True)
            toggle["aria-label"] = f"Pages that belong to {chapter}"
        return drawn

    return named


def _mathml(self: Any, node: nodes.Element, block: bool) -> str:
    """Translate one formula; one that cannot be is a warning, and so stops the build."""
    text = _ALIGNING.sub(r"\\\1{aligned}", node.astext().strip())
    try:
        text = _BOLD.sub(_bold, text)
        if block and not node.get("nowrap", False):
            text = _aligned(text)
        return tex2mathml(text, as_block=block)
    except (MathError, AttributeError, IndexError, TypeError, ValueError) as error:
        # MathError is what docutils knows of; malformed TeX ends in the others.
        # The place is the page's: formulas do not keep their line.
        _LOGGER.warning("formula not understood: %s in %s", error, text, location=node)
        return self.encode(text)


def _bold(found: re.Match[str]) -> str:
    """Write a bold symbol as its own character: docutils bolds all that follows, too."""
    symbol = found[1].lstrip("\\")
    kind = "CAPITAL" if symbol[0].isupper() else "SMALL"
    style = "BOLD" if len(symbol) > 1 and symbol[0].isupper() else "BOLD ITALIC"
    name = f"{kind} {symbol.removeprefix('var').upper()}"
    try:
        return unicodedata.lookup(f"MATHEMATICAL {style} {name}")
    except KeyError as error:
        raise MathError(f"no bold symbol for {found[0]}") from error


def _aligned(text: str) -> str:
    """Set several lines under each other, as Sphinx does for MathJax."""
    parts = [part.strip() for part in text.split("\n\n") if part.strip()]
    lines = r" \\ ".join(parts)
    needs = r"\\" in lines and r"\begin" not in lines
    return rf"\begin{{aligned}} {lines} \end{{aligned}}" if needs else lines


def _visit_math(self: Any, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(f"{_mathml(self, node, block=False)}</span>")
    raise nodes.SkipNode


def _visit_math_block(self: Any, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(f"{_mathml(self, node, block=True)}</div>\n")
    raise nodes.SkipNode
