"""No chart of the book hangs on seeing colours."""

import json
from pathlib import Path

from alsutils.display.theme import SHADES

LIVE = "application/vnd.vegalite.v6+json"
BESIDE = ("shape", "strokeDash", "strokeWidth", "fill", "text")
PLACES = ("x", "y", "xOffset", "yOffset", "row", "column", "facet")


def units(spec, above=None):
    coding = {**(above or {}), **spec.get("encoding", {})}
    for name in ("layer", "concat", "hconcat", "vconcat"):
        for part in spec.get(name, ()):
            yield from units(part, coding if name == "layer" else {})
    if "spec" in spec:
        facet = spec.get("facet", {})
        yield from units(spec["spec"], {"facet": facet} if "field" in facet else facet)
    if "mark" in spec:
        yield coding


def category(coding):
    colour = coding.get("color", {})
    colour = colour if "field" in colour else colour.get("condition", {})
    if isinstance(colour, dict) and colour.get("type") == "nominal":
        return colour
    return {}


def told_by_colour_alone(spec):
    """Give the columns whose categories have a colour of the palette and nothing beside it."""
    coloured, told = set(), set()
    for coding in units(spec):
        colour = category(coding)
        # Steps of one hue differ in lightness; they are none of the palette's colours.
        if set(colour.get("scale", {}).get("range", SHADES)) & {*SHADES} and colour:
            coloured.add(colour["field"])
        told |= {coding.get(name, {}).get("field") for name in (*BESIDE, *PLACES)}
    return coloured - told


def charts(folder):
    for path in sorted(folder.rglob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                if LIVE in output.get("data", {}):
                    yield f"{path.stem}: {''.join(cell['source'])}", output["data"][LIVE]


def test_whatever_colour_tells_something_else_tells_too(site: Path):
    found = dict(charts(site / "notebooks"))
    assert len(found) > 60
    assert {
        name: alone for name, spec in found.items() if (alone := told_by_colour_alone(spec))
    } == {}


def test_a_chart_of_colours_alone_is_found():
    colour = {"field": "arm", "type": "nominal", "scale": {"range": ["#0c8ad6"]}}
    alone = {"layer": [{"mark": "line", "encoding": {"color": colour}}]}
    assert told_by_colour_alone(alone) == {"arm"}
    dashed = {**alone["layer"][0]["encoding"], "strokeDash": {"field": "arm"}}
    assert told_by_colour_alone({"mark": "line", "encoding": dashed}) == set()
    panels = {"facet": {"row": {"field": "arm"}}, "spec": alone}
    assert told_by_colour_alone(panels) == set()
