"""woodstock's tags in Markdown: {value /KEY/FIELD} becomes an element that the page's code fills."""

import difflib
import re
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.util import AtomicString

from WardenServer.web.period import WORDS

#: What a tag may be, and how it is written.
TAGS = {
    "value": "{value /KEY/FIELD}",
    "plot": "{plot /KEY/FIELD/day}",
    "sparkline": "{sparkline /KEY/FIELD/hour}",
    "sparkrow": "{sparkrow /KEY/FIELD/hour}",
    "plotlink": "{plotlink Label /KEY/FIELD/day}",
}
_URI = re.compile(r"/([^/?{}\s]+)/([^/?{}\s]+)(?:/([^/?{}\s]+))?(?:\?([^{}\s]*))?")
_RANGE = re.compile(rf"{'|'.join(WORDS)}|\S*\.\.\S*")


class Wrong(ValueError):
    """A tag cannot be understood; the text says how to write it."""


class Tags(Extension):
    """The extension for Markdown."""

    def extendMarkdown(self, md: Markdown) -> None:
        """See Extension. Before Markdown's own escapes and emphasis, which would take the _ of a field's name."""
        md.inlinePatterns.register(_Tag(r"\{([a-z]+)(?:\s+([^{}]*))?\}", md), "warden", 185)


class _Tag(InlineProcessor):
    def handleMatch(  # type: ignore[override]
        self, found: re.Match[str], data: str
    ) -> tuple[Element | None, int | None, int | None]:
        """See InlineProcessor."""
        word = found[1]
        if word not in TAGS and not difflib.get_close_matches(word, TAGS, 1, 0.75):
            return None, None, None  # braces in a text
        try:
            element = element_of(word, (found[2] or "").strip())
        except Wrong as error:
            element = Element("span", {"class": "wrong-tag", "title": str(error)})
            element.text = AtomicString(found[0])
        return element, found.start(), found.end()


def element_of(word: str, rest: str) -> Element:
    """The element of a tag; raises Wrong."""
    if word not in TAGS:
        raise Wrong(f'there is no tag "{word}"; there are: {", ".join(TAGS)}')
    label, _, uri = rest.rpartition(" ")
    parts = _URI.fullmatch(uri)
    if parts is None or bool(label.strip()) != (word == "plotlink"):
        raise Wrong(f"write {TAGS[word]}")
    key, field, range_, cut = parts.groups()
    if range_ and not _RANGE.fullmatch(range_):
        raise Wrong(f'"{range_}" is no range; write {", ".join(WORDS)}, or A..B')
    said = {"key": unquote(key), "field": unquote(field), "range": range_, "cut": cut, "label": label.strip()}
    attributes = {f"data-{name}": value for name, value in said.items() if value}
    return Element("span", {"data-warden": word, **attributes})
