"""A comparison as a page: what it shows and leaves out, and that no text of a run gets out of hand."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.plugins.common.differ import page, rows, short
from WardenServer.plugins.common.differ.change import MISSING, Change, Comparison, Kind, Spared
from WardenServer.plugins.common.differ.rows import Mark, Row, Table

#: Elements without an end.
VOID = {"meta", "br", "link", "input"}
HOSTILE = [
    "<script>alert(1)</script>", "`backticks`", "\"'", "</pre></section>", "a\0b", "\u202ereversed", "&lt;", "\ud800",
    "{{ 7 * 7 }}", "{% raw %}",
]  # fmt: skip


class Tree(HTMLParser):
    """What a browser would find: elements with their attributes, and all text. Fails where elements do not fit."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    def values(self, attribute: str) -> list[str | None]:
        return [found[attribute] for _, found in self.elements if attribute in found]


def change(*lines: str, kind: Kind = Kind.TEXT, **more: Any) -> Change:
    said: dict[str, Any] = {"parameter": "CFG", "partitions": ("HF", "HO"), "old": "a", "new": "b"}
    return Change(**{**said, **more}, kind=kind, lines=lines)


def squeezed(html: str) -> str:
    """Its text, with one blank for any white space."""
    return " ".join(Tree(html).text.split())


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[tuple[str, str], Table]]:
    """The tables that two texts give, by the texts."""
    made: dict[tuple[str, str], Table] = {}
    monkeypatch.setattr(rows, "table", lambda old, new: made[old, new])
    yield made


TABLE = Table((
    Row(Mark.LEFT_OUT, None, None, left_out=12),
    Row(Mark.SAME, (13, "crate 20 {"), (13, "crate 20 {")),
    Row(Mark.CHANGED, (14, "t 5"), (14, "t 7"), ((("t ", False), ("5", True)), (("t ", False), ("7", True)))),
    Row(Mark.CHANGED, (15, "whole"), (15, "line")),
    Row(Mark.REMOVED, (16, "gone"), None),
    Row(Mark.ADDED, None, (16, "come")),
))  # fmt: skip


# -- the short view


def test_short_says_what_changed_where_with_signs_and_elements() -> None:
    html = page.fragment(Comparison([change("  crate 20 {", "-   t 5", "+   t 7")]), False)
    assert "<del>-   t 5</del>" in html
    assert "<ins>+   t 7</ins>" in html
    assert "<li>  crate 20 {</li>" in html
    assert squeezed(html) == "CFG in HF, HO crate 20 { - t 5 + t 7"


def test_a_program_finds_parameters_and_partitions() -> None:
    tree = Tree(page.fragment(Comparison([change("- a"), change("- b", parameter="<X>", partitions=('"P"',))]), False))
    assert tree.values("data-parameter") == ["CFG", "<X>"]
    assert tree.values("data-partition") == ["HF", "HO", '"P"']


@pytest.mark.parametrize(("number", "said"), [(20, False), (21, True), (5000, True)])
def test_short_has_20_lines_of_a_parameter(number: int, said: bool) -> None:
    html = page.fragment(Comparison([change(*(f"+ {each}" for each in range(number)))]), False)
    assert html.count("<li>") == 20
    assert ("diff truncated for clarity" in html) is said


def test_short_cuts_a_line_that_nobody_can_read() -> None:
    html = page.fragment(Comparison([change("+ " + "x" * 5_000_000)]), False)
    assert len(html) < 10_000
    assert "diff truncated for clarity" in html


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        (Kind.NUMBER, ("5.0 → 5.3 (+6 %)",)), (Kind.VALUE, ('"5" → 5',)),
        (Kind.NESTED, ("a.b[2]: 1 → 2", "a.c: added 3")), (Kind.ADDED, ("added 3",)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("complete", [False, True])
def test_other_kinds_are_their_lines_in_both_views(kind: Kind, lines: tuple[str, ...], complete: bool) -> None:
    html = page.fragment(Comparison([change(*lines, kind=kind, old=MISSING, new=3)]), complete)
    for line in lines:
        assert f"<li>{line}</li>".replace('"', "&#34;") in html


def test_complete_has_all_lines_of_other_kinds() -> None:
    nested = change(*(f"a[{each}]: 1 → 2" for each in range(500)), kind=Kind.NESTED, old=[], new=[])
    assert page.fragment(Comparison([nested]), True).count("<li>") == 500


# -- the complete view


def test_complete_has_the_lines_side_by_side(tables: dict[tuple[str, str], Table]) -> None:
    tables["a", "b"] = TABLE
    html = page.fragment(Comparison([change("- t 5")]), True)
    cells = re.findall(r"<tr[^>]*>(.*?)</tr>", html)[1:]
    assert cells == [
        '<td colspan="4">12 lines left out</td>',
        '<td class="at">13</td><td class="line"><span>  crate 20 {</span></td>' * 2,
        '<td class="at">14</td><td class="line"><del>- t <mark>5</mark></del></td>'
        '<td class="at">14</td><td class="line"><ins>+ t <mark>7</mark></ins></td>',
        '<td class="at">15</td><td class="line"><del>- whole</del></td>'
        '<td class="at">15</td><td class="line"><ins>+ line</ins></td>',
        '<td class="at">16</td><td class="line"><del>- gone</del></td><td class="at"></td><td></td>',
        '<td class="at"></td><td></td><td class="at">16</td><td class="line"><ins>+ come</ins></td>',
    ]
    assert squeezed(html).startswith("CFG changed in [HF, HO]")


@pytest.mark.parametrize(
    ("kind", "old", "new", "sides"),
    [(Kind.ADDED, MISSING, "text", ("", "text")), (Kind.REMOVED, "text", MISSING, ("text", ""))],
)
def test_a_text_that_came_or_went_is_shown_whole(
    kind: Kind, old: Any, new: Any, sides: tuple[str, str], tables: dict[tuple[str, str], Table]
) -> None:
    tables[sides] = TABLE
    assert "<table" in page.fragment(Comparison([change("added", kind=kind, old=old, new=new)]), True)


def test_a_blank_text_that_came_is_a_sentence(tables: dict[tuple[str, str], Table]) -> None:
    tables["", " "] = Table(())
    html = page.fragment(Comparison([change("added", kind=Kind.ADDED, old=MISSING, new=" ")]), True)
    assert "<table" not in html
    assert "<li>added</li>" in html


def test_what_was_not_compared_with_each_other_is_said(tables: dict[tuple[str, str], Table]) -> None:
    said = "large blocks of lines were not compared"
    tables["a", "b"] = Table(TABLE.rows, coarse=True)
    assert said in page.fragment(Comparison([change("- a")]), True)
    assert said not in page.fragment(Comparison([change("- a")]), False)
    assert said in page.fragment(Comparison([change("- a", coarse=True)]), False)


def test_a_page_ends_somewhere(tables: dict[tuple[str, str], Table], monkeypatch: pytest.MonkeyPatch) -> None:
    tables["a", "b"] = TABLE
    monkeypatch.setattr(page, "ROWS", 2 * len(TABLE.rows))
    html = page.fragment(Comparison([change(*("- a",) * 50)] * 3), True)
    assert html.count("<table") == 2
    assert html.count("<li>") == 20


@pytest.mark.parametrize("complete", [False, True])
def test_of_very_many_parameters_the_page_says_how_many_it_leaves_out(complete: bool) -> None:
    numbers = [change("1 → 2", kind=Kind.NUMBER)] * 1500
    spared = [Spared("P", "Q", "why")] * 1100
    html = page.fragment(Comparison(numbers, spared, spared), complete)
    assert html.count("data-parameter") == 1000
    assert html.count("500 more are left out of this page; choose partitions to see them") == 1
    assert html.count("100 more are left out of this page") == 2


# -- besides


@pytest.mark.parametrize("complete", [False, True])
def test_without_a_change_there_is_a_sentence(complete: bool) -> None:
    assert squeezed(page.fragment(Comparison(), complete)) == f"{short.EMPTY}."


@pytest.mark.parametrize("complete", [False, True])
def test_what_was_not_read_or_is_masked_is_shown_with_the_reason(complete: bool) -> None:
    unavailable, masked = [Spared("P1", "A", "it is <off>")], [Spared("P2", "B", "the time")]
    said = squeezed(page.fragment(Comparison((), unavailable, masked), complete))
    assert "Not read, and so not compared A in P1: it is <off>" in said
    assert "Changed, but masked B in P2: the time" in said


def test_the_run_that_an_old_value_is_of_is_named() -> None:
    assert "compared with run 1001" in page.fragment(Comparison([change("1 → 2", kind=Kind.NUMBER, since=1001)]), False)


def test_a_page_needs_no_other_file_and_runs_nothing() -> None:
    html = page.page(Comparison([change("- a")]), "Diff of run 1 and run 2", False)
    tree = Tree(html)
    assert html.startswith("<!doctype html>")
    assert "<title>Diff of run 1 and run 2</title>" in html
    assert not tree.tags & {"script", "link", "img", "iframe"}
    assert "default-src 'none'" in html
    assert ".diff ins" in html
    assert page.fragment(Comparison([change("- a")]), False) in html


# -- hostile texts


def everywhere(text: str) -> Comparison:
    """A comparison with this text wherever one can be."""
    spared = [Spared(text, text, text)]
    lines, names = (f"- {text}", f"+ {text}", text), {"parameter": text, "partitions": (text,)}
    changes = [change(*lines, kind=kind, new=new, **names) for kind in Kind for new in ("b", 1)]
    return Comparison(changes, spared, spared)


def row_of(text: str) -> Row:
    part = ((text, True), (text, False))
    return Row(Mark.CHANGED, (1, text), (1, text), (part, part))


#: All elements that a page has.
TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "h1", "div", "section", "h2", "p", "ul", "li", "span",
    "ins", "del", "mark", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("complete", [False, True])
def test_hostile_texts_are_shown_and_do_nothing(
    text: str, complete: bool, tables: dict[tuple[str, str], Table]
) -> None:
    tables["a", "b"] = Table((row_of(text), Row(Mark.SAME, (2, text), (2, text)), Row(Mark.ADDED, None, (3, text))))
    html = page.page(everywhere(text), text, complete)
    tree = Tree(html)
    assert tree.tags <= TAGS
    html.encode()
    assert not re.search("[\0\u202a-\u202e]", re.sub(r'data-\w+="[^"]*"', "", html))
    shown = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
    assert tree.text.count(shown) > 10


@given(st.text())
def test_no_text_makes_an_element(text: str) -> None:
    tree = Tree(page.page(everywhere(text), text, False))
    assert tree.tags <= TAGS
    of_runs = [found for tag, found in tree.elements if tag in ("section", "span", "li", "ins", "del")]
    assert {name for found in of_runs for name in found} <= {"class", "data-parameter", "data-partition"}


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r")))
def test_a_program_finds_any_name_as_it_is(name: str) -> None:
    tree = Tree(page.fragment(Comparison([change("- a", parameter=name, partitions=(name,))]), False))
    assert tree.values("data-parameter") == tree.values("data-partition") == [name]
