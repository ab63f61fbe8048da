"""Reads an HTML page as strictly as the reports should be written."""

import re
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Reader(HTMLParser):
    """Keeps tags and text, and refuses tags that do not close in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.tags, self.words, self.style = [], [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def read(html) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open, reader.open
    return reader


def check_that_it_stands_alone(html) -> Reader:
    """Refuse what would be fetched from elsewhere, or run; return the page that was read."""
    reader = read(html)
    assert "//" not in re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", html)
    assert "url(" not in reader.style and "@import" not in reader.style
    names = {attrs["id"] for _, attrs in reader.tags if "id" in attrs}
    for tag, attrs in reader.tags:
        assert tag not in ("script", "link", "iframe", "object", "img")
        assert "src" not in attrs and not any(key.startswith("on") for key in attrs)
        if "href" in attrs:
            target = attrs["href"]
            assert target.startswith("data:image/png;base64,") or target[1:] in names, target
    assert len(html) < 4_000_000
    return reader
