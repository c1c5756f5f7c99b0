"""The flow diagram: boxes within the picture, words within their boxes, and readable without it."""

import re
import xml.etree.ElementTree as ET

import pytest

from alsutils.display.diagram import CHARACTER, FONT_SIZE, NARROW, WIDE, Box, FlowDiagram

SVG = "{http://www.w3.org/2000/svg}"


def _diagram(arms, aside=True):
    column = lambda i: (  # noqa: E731
        Box(f"A rather long name of arm {i}", ("84 randomised",), "#0c8ad6"),
        Box("5 left early", ("An adverse event that has a long name: 4", "Moved: 1")),
        Box("Analysed", ("Month 24: 79 (14 carried forward)",)),
    )
    out = Box("Not randomised", ("Inclusion criteria not met: 50",)) if aside else None
    return FlowDiagram(
        (Box("Screened", ("900",)), Box("Randomised", ("800",))),
        out,
        tuple(column(i) for i in range(arms)),
        'Says "it" & more <here>.',
        "A caption.",
    )


def _boxes(root):
    rects = [r for r in root.iter(f"{SVG}rect") if r.get("stroke")]
    return [tuple(float(r.get(k)) for k in ("x", "y", "width", "height")) for r in rects]


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("aside", [False, True])
@pytest.mark.parametrize("arms", [2, 3, 4])
def test_boxes_hold_their_words_and_do_not_touch(arms, aside, narrow):
    root = ET.fromstring(_diagram(arms, aside).to_svg(narrow))
    width, height = map(float, root.get("viewBox").split()[2:])
    assert width == (NARROW if narrow else WIDE)
    boxes = _boxes(root)
    assert len(boxes) == 2 + aside + 3 * arms
    for x, y, w, h in boxes:
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height
    for i, (x, y, w, h) in enumerate(boxes):
        for u, v, w2, h2 in boxes[i + 1 :]:
            assert x + w <= u or u + w2 <= x or y + h <= v or v + h2 <= y
    for text in root.iter(f"{SVG}text"):
        left, line = float(text.get("x")), float(text.get("y"))
        right = left + CHARACTER * FONT_SIZE * len(text.text)
        assert any(x < left and right <= x + w + 1 and y < line < y + h for x, y, w, h in boxes), (
            text.text
        )


def test_arms_stand_beside_each_other_only_where_there_is_room():
    wide, narrow = (ET.fromstring(_diagram(3).to_svg(n)) for n in (False, True))
    assert len({x for x, *_ in _boxes(wide)}) > 3
    assert len({x for x, *_ in _boxes(narrow)}) == 2  # the boxes, and the one to the side


def test_the_page_gets_both_pictures_and_one_description():
    page = _diagram(2).to_html()
    assert page.count("<svg") == 2
    assert page.count('role="img"') == 1
    assert 'aria-label="Says &quot;it&quot; &amp; more &lt;here&gt;."' in page
    assert page.count('aria-hidden="true"') == 2
    assert "<figcaption>A caption.</figcaption>" in page
    assert "\n" not in page  # a blank line would end the block of HTML


def test_ink_is_the_colour_of_the_text_around():
    svg = _diagram(2).to_svg()
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg))
    assert colours == {"currentColor", "none", "#0c8ad6"}


def test_words_are_escaped():
    drawn = FlowDiagram((Box("a < b & c"),), None, ((Box("x"),),), "d").to_svg()
    assert "a &lt; b &amp; c" in drawn
