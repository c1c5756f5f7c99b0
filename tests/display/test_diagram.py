"""The flow diagram: boxes within the picture, words within their boxes, and readable without it."""

import itertools
import re
import xml.etree.ElementTree as ET

import pytest

from alsutils.display.diagram import (
    FONT_SIZE,
    MOST_ABREAST,
    NARROW,
    WIDE,
    Box,
    FlowDiagram,
    text_width,
)

SVG = "{http://www.w3.org/2000/svg}"
STAGES = ("Allocation", "Follow-up", "Analysis")
NAMES = (
    "A rather long name of an arm that was given twice daily",
    "Hydroxypropylmethylcelluloseacetatesuccinate",
    "高用量群（一日二回経口投与）の患者",
    "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
)


def _diagram(arms, aside=True, stages=STAGES):
    column = lambda i: (  # noqa: E731
        Box(f"{NAMES[i % 4]} {i}", ("Allocated: 84",), "#0c8ad6"),
        Box("5 left early", ("An adverse event that has a long name: 4", "Moved: 1")),
        Box("Analysed", ("Month 24: 79 (14 carried forward)",)),
    )
    lines = ("Inclusion criteria not met: 50", *(f"Reason {i}: 1" for i in range(12)))
    return FlowDiagram(
        (Box("Screened", ("900",)), Box("Randomised", ("800",))),
        Box("Excluded", lines) if aside else None,
        tuple(column(i) for i in range(arms)),
        'Says "it" & more <here>.',
        "A caption.",
        stages=stages,
    )


def _boxes(root):
    rects = [r for r in root.iter(f"{SVG}rect") if r.get("stroke")]
    return [tuple(float(r.get(k)) for k in ("x", "y", "width", "height")) for r in rects]


def _segments(root):
    for line in root.iter(f"{SVG}polyline"):
        points = [tuple(map(float, p.split(","))) for p in line.get("points").split()]
        yield from itertools.pairwise(points)


def _crosses(segment, box):
    """Whether an upright or level segment runs through the inside of a box."""
    (x0, y0), (x1, y1) = segment
    x, y, w, h = box
    across = max(min(x0, x1), x) < min(max(x0, x1), x + w) or (x0 == x1 and x < x0 < x + w)
    down = max(min(y0, y1), y) < min(max(y0, y1), y + h) or (y0 == y1 and y < y0 < y + h)
    return across and down


cases = pytest.mark.parametrize(
    ("arms", "aside", "narrow"),
    list(itertools.product([2, 3, 4, 5, 8], [False, True], [False, True])),
)


@cases
def test_boxes_hold_their_words_and_do_not_touch(arms, aside, narrow):
    root = ET.fromstring(_diagram(arms, aside).to_svg(narrow))
    width, height = map(float, root.get("viewBox").split()[2:])
    assert width == (NARROW if narrow else WIDE)
    boxes = _boxes(root)
    assert len(boxes) == 2 + aside + 3 * arms
    for x, y, w, h in boxes:
        assert min(x, y) >= 0
        assert x + w <= width
        assert y + h <= height
    for (x, y, w, h), (u, v, w2, h2) in itertools.combinations(boxes, 2):
        assert x + w <= u or u + w2 <= x or y + h <= v or v + h2 <= y
    for text in root.iter(f"{SVG}text"):
        if text.text in STAGES:
            continue
        left, line = float(text.get("x")), float(text.get("y"))
        right = left + text_width(text.text, text.get("font-weight") is not None)
        assert any(x < left and right <= x + w and y < line < y + h for x, y, w, h in boxes), (
            text.text
        )


@cases
def test_lines_run_between_the_boxes_and_lead_into_each(arms, aside, narrow):
    root = ET.fromstring(_diagram(arms, aside).to_svg(narrow))
    boxes, segments = _boxes(root), list(_segments(root))
    for segment in segments:
        assert segment[0][0] == segment[1][0] or segment[0][1] == segment[1][1]
        assert not any(_crosses(segment, box) for box in boxes)
    heads = [p.get("points").split()[0] for p in root.iter(f"{SVG}polygon")]
    tips = [tuple(map(float, head.split(","))) for head in heads]
    for x, y, w, h in boxes[1:]:  # all but the first box, which nobody comes from
        assert any(x <= a <= x + w and y - 1 <= b <= y + h for a, b in tips)


def _touch(segment, box):
    """Whether a segment reaches a box, or another segment as a box without width or height."""
    (x0, y0), (x1, y1) = segment
    x, y, w, h = box
    near = 0.01
    across = min(x0, x1) <= x + w + near and max(x0, x1) >= x - near
    down = min(y0, y1) <= y + h + near and max(y0, y1) >= y - near
    return across and down


@cases
def test_everybody_comes_from_the_first_box(arms, aside, narrow):
    root = ET.fromstring(_diagram(arms, aside).to_svg(narrow))
    boxes, waiting = _boxes(root), list(_segments(root))
    reached = [boxes[0]]
    while True:
        found = [s for s in waiting if any(_touch(s, place) for place in reached)]
        if not found:
            break
        waiting = [s for s in waiting if s not in found]
        for (x0, y0), (x1, y1) in found:
            reached.append((min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)))
        reached += [box for box in boxes if any(_touch(segment, box) for segment in found)]
    assert waiting == []
    assert set(boxes) <= set(reached)


@pytest.mark.parametrize("arms", [2, 5, 8])
def test_names_of_stages_keep_clear_of_lines_and_boxes(arms):
    root = ET.fromstring(_diagram(arms).to_svg())
    named = [t for t in root.iter(f"{SVG}text") if t.text in STAGES]
    assert len(named) == 3 * -(-arms // MOST_ABREAST)
    for text in named:
        x, y = float(text.get("x")), float(text.get("y"))
        size = float(text.get("font-size"))
        place = (x, y - size + 2, text_width(text.text) * size / FONT_SIZE, size)
        assert not any(_crosses(segment, place) for segment in _segments(root)), text.text
        bx, by, bw, bh = place
        assert all(
            bx + bw <= u or u + w <= bx or by + bh <= v or v + h <= by
            for u, v, w, h in _boxes(root)
        )


def test_arms_stand_beside_each_other_only_where_there_is_room():
    wide, narrow = (ET.fromstring(_diagram(3).to_svg(n)) for n in (False, True))
    assert len({x for x, *_ in _boxes(wide)}) > 3
    assert len({x for x, *_ in _boxes(narrow)}) == 3  # the trunk, the one to the side, the arms
    many = ET.fromstring(_diagram(8, aside=False).to_svg())
    assert len({x for x, *_ in _boxes(many)[2:]}) == MOST_ABREAST


def test_the_page_gets_both_pictures_and_one_description():
    page = _diagram(2).to_html()
    assert page.count("<svg") == 2
    assert page.count('role="img"') == 1
    assert 'aria-label="Says &quot;it&quot; &amp; more &lt;here&gt;."' in page
    assert page.count('aria-hidden="true"') == 2
    assert "<figcaption>A caption.</figcaption>" in page
    assert "\n" not in page  # a blank line would end the block of HTML


def test_ink_is_the_colour_of_the_text_around_and_black_in_print():
    svg = _diagram(2).to_svg()
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg))
    assert colours == {"currentColor", "none", "#0c8ad6"}
    assert re.search(r"@media print\{[^}]*color:#000", _diagram(2).to_html())


def test_words_are_escaped():
    drawn = FlowDiagram((Box("a < b & c"),), None, ((Box("x"),),), "d").to_svg()
    assert "a &lt; b &amp; c" in drawn


def test_scripts_that_run_to_the_left_stand_at_the_right():
    drawn = FlowDiagram((Box("جرعة عالية", ("Allocated: 3",)),), None, ((Box("x"),),), "d")
    title, line, _ = ET.fromstring(drawn.to_svg()).iter(f"{SVG}text")
    assert title.get("text-anchor") == "end"
    assert line.get("text-anchor") is None
    # On a page that runs to the left the pictures themselves do not turn round.
    assert "direction:ltr" in drawn.to_html()
    assert "unicode-bidi:plaintext" in drawn.to_html()


@pytest.mark.parametrize("words", ["", "a", "W" * 60, "two words " * 9, "e\u0301" * 3])
def test_no_word_is_lost_where_lines_are_broken(words):
    drawn = FlowDiagram((Box("t", (words,)),), None, ((Box("x"),),), "d").to_svg(narrow=True)
    texts = [t.text or "" for t in ET.fromstring(drawn).iter(f"{SVG}text")]
    assert re.sub(r"\s", "", "".join(texts[1:-1])) == re.sub(r"\s", "", words)


def test_wide_letters_are_taken_to_be_wide():
    assert text_width("WW") > text_width("aa") > text_width("ii")
    assert text_width("高") == FONT_SIZE
    assert text_width("a", bold=True) > text_width("a")
    assert text_width("e\u0301") == text_width("e")
