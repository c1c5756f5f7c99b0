import re
import xml.etree.ElementTree as ET

import pytest

from alsutils.display.diagram import NARROW, Box
from alsutils.display.states import WIDE, StateDiagram

START, ILL, DEAD = Box("Well", ("Control: 5 < 6",)), Box("Ill", ("Control: 2",)), Box("Dead")


def drawn(svg: str) -> tuple[int, int]:
    """Count boxes and heads of arrows."""
    return len(re.findall("<rect", svg)), len(re.findall("<polygon", svg))


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize(
    ("middle", "ends", "boxes", "arrows"),
    [
        ((ILL,), (DEAD,), 3, 2),
        ((ILL, ILL), (DEAD, DEAD), 5, 4),
        ((), (DEAD, DEAD), 3, 2),
        ((ILL,), (), 2, 1),
    ],
)
def test_every_state_is_drawn_and_reached(middle, ends, boxes, arrows, narrow):
    svg = StateDiagram(START, middle, ends, "Words.").to_svg(narrow)
    assert drawn(svg) == (boxes, arrows)
    root = ET.fromstring(svg)
    width, height = (float(v) for v in root.get("viewBox").split()[2:])
    assert width == (NARROW if narrow else WIDE)
    for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
        x, y, w, h = (float(rect.get(k)) for k in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + w <= width
        assert y + h <= height


def test_the_page_has_both_widths_and_the_words():
    html = StateDiagram(START, (ILL,), (DEAD,), 'From "well" on.', "A caption.").to_html()
    assert 'aria-label="From &quot;well&quot; on."' in html
    assert html.count("<svg") == 2
    assert "5 &lt; 6" in html
    assert "<figcaption>A caption.</figcaption>" in html
