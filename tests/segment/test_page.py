"""The report stands alone and holds nothing that others wrote as it is."""

from html.parser import HTMLParser

from shapes import Grid
from synthem.measure.census import census
from synthem.segment.page import Page, html
from synthem.world import World


def test_all_that_comes_from_outside_is_escaped() -> None:
    evil = '<script>alert("x")</script>&'
    counts = census([World("epfl", 1).patch(Grid((1, 32, 32)))])
    text = html(Page(evil, [evil], [evil], b"png", counts, evil, evil))
    assert "<script" not in text and text.count("&lt;script&gt;") == 6
    assert (
        'src="data:image/png;base64,cG5n"' in text and "http" not in text and "prefers-color-scheme" in text
    )
    tags: list[str] = []

    class Balance(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "img"):
                tags.append(tag)

        def handle_endtag(self, tag):
            assert tags.pop() == tag

    Balance().feed(text)
    assert tags == []
