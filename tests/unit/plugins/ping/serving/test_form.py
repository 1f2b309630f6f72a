import re
from datetime import date
from html.parser import HTMLParser

from WardenServer.plugins.common.ping.serving.asked import FIELDS, Page, asked
from WardenServer.plugins.common.ping.serving.form import form, help_text
from WardenServer.plugins.common.ping.serving.window import Window


class Read(HTMLParser):
    """What a browser would send of a form that nobody has touched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}
        self.tags: list[str] = []
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        said = dict(attrs)
        if tag == "input":
            self.sent[str(said["name"])] = said.get("value") or ""
            assert re.fullmatch(said.get("pattern") or ".*", said.get("value") or "") or not said.get("value")
        if tag == "select":
            self._select = str(said["name"])

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "option" and data.strip():
            self.sent.setdefault(self._select, data)


def test_the_form_as_it_is_asks_for_the_whole_of_yesterday() -> None:
    sent = Read(form(date(2024, 3, 1))).sent
    host = sent.pop("host")
    assert (host, asked(sent)) == ("", Window(1709164800, 1709164800 + 86_399, True, True))


def test_the_form_has_no_script_and_no_style() -> None:
    page = form(date(2024, 3, 1))
    assert not {"script", "style", "link", "img"} & set(Read(page).tags)
    assert not re.search(r"\son\w+=|style=|javascript:|https?:", page)


def test_each_input_has_a_label() -> None:
    page = form(date(2024, 3, 1))
    assert page.count("<label>") == page.count("<select") + len(re.findall(r"<input (?!type=\"hidden\")", page))


def test_the_help_names_all_parameters_and_its_example_is_right() -> None:
    text = help_text()
    assert all(f"    {field.name} " in text for field in FIELDS)
    example = next(line for line in text.splitlines() if line.strip().startswith("?in_form"))
    found = asked(dict(part.split("=") for part in example.strip().removeprefix("?").split("&")))
    assert isinstance(found, Window)
    assert (found.end - found.begin, found.with_begin, found.with_end) == (86_399, True, True)
    assert asked({"help": "1"}) is Page.HELP
