"""What colour tells apart, shape and dash tell apart, too: for grey print and every kind of eye."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from alsutils.display import theme

_POINTS, _LINES = {"point", "circle", "square"}, {"line", "trail"}
_AREAS = {"bar", "rect"}
_PLACES = ("x", "y", "row", "column", "facet")  # which name what they show
_PARTS = ("layer", "concat", "hconcat", "vconcat")
_SHARED = ("field", "type", "sort", "title", "legend")
_LONG = {"symbolType": "stroke", "symbolSize": 500}  # a line in which a dash can be seen
_EDGELESS = {"symbolStrokeWidth": 0}  # the edge of a point would be dashed as its line is

Spec = dict[str, Any]


def told_apart(spec: Spec) -> Spec:
    """Give points a shape, lines a dash and bars a shade wherever a category colours them.

    Parameters
    ----------
    spec : dict
        A Vega-Lite specification.

    Returns
    -------
    dict
        The same, with ``shape`` or ``strokeDash`` beside each ``color`` of a nominal column, or
        ``fill`` and ``stroke`` in its place, where the chart does not set them itself. One legend
        shows all of them.
    """
    told = [(mark, _category(coding)) for mark, coding in _units(spec, {})]
    points = [m for m, c in told if _is_point(m, c)]
    lines = [m for m, c in told if c and m["type"] in _LINES]
    hollow = any(m["type"] == "point" and not m.get("filled") for m in points)
    key: Spec = {"symbolOpacity": 1}
    if lines and not points:
        key |= _LONG
    elif lines and not hollow:
        key |= _EDGELESS
    fields = frozenset(c["field"] for m, c in told if c and m["type"] in _POINTS | _LINES)
    return _marked(spec, {}, _Chart(spec.get("datasets", {}), key, fields))


@dataclass(frozen=True)
class _Chart:
    """What the parts of a chart share: its data, how legends look, what points or lines tell."""

    datasets: Spec
    key: Spec
    told: frozenset[str]


def _is_point(mark: Spec, category: Spec) -> bool:
    """Tell whether a mark is a coloured point that can be seen, and its legend shows no lines."""
    line = (category.get("legend") or {}).get("symbolType") == "stroke"
    seen = mark.get("opacity") != 0
    return bool(category) and mark["type"] in _POINTS and seen and not line


def _units(spec: Spec, inherited: Spec) -> Iterator[tuple[Spec, Spec]]:
    """Yield each mark, and its encoding with what it inherits."""
    coding = {**inherited, **spec.get("encoding", {})}
    for name in _PARTS:
        for part in spec.get(name, ()):
            yield from _units(part, coding if name == "layer" else {})
    if "spec" in spec:
        yield from _units(spec["spec"], {})
    if "mark" in spec:
        yield _mark(spec), coding


def _mark(spec: Spec) -> Spec:
    return spec["mark"] if isinstance(spec["mark"], dict) else {"type": spec["mark"]}


def _marked(spec: Spec, inherited: Spec, chart: _Chart, data: Spec | None = None) -> Spec:
    out, data = dict(spec), spec.get("data", data)
    if "encoding" in spec:
        out["encoding"] = _completed(spec["encoding"], chart, data)
    coding = {**inherited, **out.get("encoding", {})}
    for name in _PARTS:
        if name in spec:
            below = coding if name == "layer" else {}
            out[name] = [_marked(part, below, chart, data) for part in spec[name]]
    if "spec" in spec:
        out["spec"] = _marked(spec["spec"], _panels(spec.get("facet", {})), chart, data)
    if "resolve" in spec:
        out["resolve"] = {part: _as_colour(how) for part, how in spec["resolve"].items()}
    if "mark" in spec and (category := _category(coding)):
        out = _with_companions(out, coding, category, chart)
    return out


def _with_companions(spec: Spec, coding: Spec, category: Spec, chart: _Chart) -> Spec:
    """Add to one mark what says the same as its colour."""
    mark, own = _mark(spec), dict(spec.get("encoding", {}))
    field = category["field"]
    if _is_point(mark, category) and "shape" not in coding:
        own["shape"] = _beside(category, theme.SHAPES)
        mark = {**mark, "filled": mark["type"] != "point" or mark.get("filled", False)}
        mark["type"] = "point"
    elif _is_dashed(mark, category, chart) and "strokeDash" not in coding:
        own["strokeDash"] = _beside(category, theme.DASHES)
    elif mark["type"] in _LINES and coding["strokeDash"].get("field") != field:
        own["strokeWidth"] = _beside(category, theme.WIDTHS)
        mark = {name: value for name, value in mark.items() if name != "strokeWidth"}
    elif _is_filled(mark, coding) and _needs_shade(category, coding):
        own.pop("color", None)
        own["fill"] = _shaded(category)
        if mark["type"] != "rect":
            own["stroke"] = category
    return {**spec, "mark": mark, "encoding": own}


def _is_filled(mark: Spec, coding: Spec) -> bool:
    """Tell whether a mark is an area, or a point whose shape has another meaning."""
    return mark["type"] in _AREAS or (mark["type"] in _POINTS and "shape" in coding)


def _is_dashed(mark: Spec, category: Spec, chart: _Chart) -> bool:
    """Tell whether a mark is a line that nothing else tells apart."""
    alone = mark["type"] == "rule" and category["field"] not in chart.told
    return mark["type"] in _LINES or alone


def _panels(facet: Spec) -> Spec:
    """Give what tells panels apart, as if it were an encoding."""
    return {"facet": facet} if "field" in facet else facet


def _needs_shade(category: Spec, coding: Spec) -> bool:
    """Tell whether a filled shape has its meaning from a colour of the palette alone.

    Steps of one hue differ in lightness and are none of the palette's colours.
    """
    places = {coding.get(name, {}).get("field") for name in _PLACES}
    colours = (category.get("scale") or {}).get("range", [])
    return category["field"] not in places and bool({*colours} & {*theme.SHADES})


def _as_colour(how: Spec) -> Spec:
    """Resolve shapes and dashes as colours are."""
    others = dict.fromkeys(("shape", "strokeDash", "fill", "stroke"), how.get("color"))
    return {**others, **how} if "color" in how else how


def _category(coding: Spec) -> Spec:
    """Give the definition of a nominal column that colours; empty where there is none."""
    colour = coding.get("color", {})
    colour = colour if "field" in colour else colour.get("condition", {})
    nominal = isinstance(colour, dict) and colour.get("type") == "nominal" and "field" in colour
    return colour if nominal else {}


def _completed(coding: Spec, chart: _Chart, data: Spec | None) -> Spec:
    """Name the categories that a colour has, and have its legend show what a line looks like.

    Legends of colour and shape are one only where both have the same domain.
    """
    category = _category(coding)
    if not category or category is not coding["color"]:
        return coding
    scale, legend = dict(category.get("scale") or {}), category.get("legend", {})
    rows = chart.datasets.get(str((data or {}).get("name")), [])
    found = {row.get(category["field"]) for row in rows} - {None}
    names = sorted(found, key=lambda name: (isinstance(name, str), name))
    order = category.get("sort")
    if "domain" not in scale and (isinstance(order, list) or names):
        scale["domain"] = order if isinstance(order, list) else names
    told = {} if legend is None else {"legend": {**chart.key, **legend}}
    return {**coding, "color": {**category, **told, **({"scale": scale} if scale else {})}}


def _beside(category: Spec, kinds: dict[str, Any]) -> Spec:
    """Write the channel that says the same as the colour."""
    scale = category.get("scale") or {}
    coding = {name: category[name] for name in _SHARED if name in category}
    domain = {"domain": scale["domain"]} if "domain" in scale else {}
    coding["scale"] = {**domain, "range": theme.companions(scale.get("range"), kinds)}
    return coding


def _shaded(category: Spec) -> Spec:
    """Let more or less of the page be seen through the colours of the palette."""
    colours = category["scale"]["range"]
    shades = theme.companions(colours, theme.SHADES)
    pairs = zip(colours, shades, strict=True)
    seen = [theme.see_through(c, shade) if c in theme.SHADES else c for c, shade in pairs]
    return {**category, "scale": {**category["scale"], "range": seen}}
