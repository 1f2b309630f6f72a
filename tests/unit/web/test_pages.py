"""Pages of the site's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.web.conftest import Ask


@pytest.fixture
def page(ask: Ask, tmp_path: Path) -> Callable[..., str]:
    """The HTML of a page with this text."""

    def make(text: str, **files: str) -> str:
        (tmp_path / "shift.md").write_text(text, encoding="utf-8")
        for name, content in files.items():
            (tmp_path / f"{name}.html").write_text(content, encoding="utf-8")
        answer = ask("GET", "/pages/shift", web_pages=str(tmp_path))
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        return answer.text

    return make


@pytest.mark.parametrize(
    ("tag", "attributes"),
    [
        ("{value /Petra/Current}", {"warden": "value", "key": "Petra", "field": "Current"}),
        ("{plot /P022.dcm/x_y_z/day}", {"warden": "plot", "key": "P022.dcm", "field": "x_y_z", "range": "day"}),
        ("{sparkline /a/b/100..200}", {"warden": "sparkline", "key": "a", "field": "b", "range": "100..200"}),
        ("{sparkrow /a/b?c.d=1}", {"warden": "sparkrow", "key": "a", "field": "b", "cut": "c.d=1"}),
        ("{plotlink Ring current /a/b/week}",
         {"warden": "plotlink", "key": "a", "field": "b", "range": "week", "label": "Ring current"}),
        ("{value /a%2Fb/c%20d}", {"warden": "value", "key": "a/b", "field": "c d"}),
    ],
)  # fmt: skip
def test_a_tag_becomes_an_element(page: Callable[..., str], tag: str, attributes: dict[str, str]) -> None:
    html = page(f"Before {tag} after")
    said = "".join(f' data-{name}="{attributes[name]}"' for name in sorted(attributes))
    assert f"Before <span{said}></span> after" in html


@pytest.mark.parametrize(
    ("tag", "why"),
    [
        ("{value}", "write {value /KEY/FIELD}"),
        ("{value /Petra}", "write {value /KEY/FIELD}"),
        ("{plot Petra.Current}", "write {plot /KEY/FIELD/day}"),
        ("{plot /a/b/decade}", "is no range; write hour"),
        ("{plotlink /a/b}", "write {plotlink Label /KEY/FIELD/day}"),
        ("{value Label /a/b}", "write {value /KEY/FIELD}"),
        ("{valeu /a/b}", "there is no tag"),
    ],
)
def test_a_wrong_tag_is_shown_as_such_and_the_rest_stands(page: Callable[..., str], tag: str, why: str) -> None:
    html = page(f"# Shift\n\nBefore *{tag}* after {{value /a/b}}")
    assert 'class="wrong-tag"' in html
    assert why in html
    assert f"{tag}</span>" in html
    assert "Before <em>" in html
    assert 'data-field="b"' in html


def test_other_braces_and_code_are_left_alone(page: Callable[..., str]) -> None:
    html = page('Write {"a": 1} or {x} or {a b} or `{value /a/b}`')
    assert "wrong-tag" not in html
    assert "data-warden" not in html


def test_scripts_in_tags_do_no_harm(page: Callable[..., str]) -> None:
    html = page('{plotlink <script>"x" /a/b} {value <script>}')
    assert "<script>" not in html.partition("<main>")[2]


def test_the_title_is_the_first_heading_else_the_files_name(page: Callable[..., str]) -> None:
    assert "<title>Night &amp; day</title>" in page("text\n\n# Night & day #\n\n# Other")
    assert "<title>Shift</title>" in page("text")


def test_the_sites_own_base(page: Callable[..., str]) -> None:
    html = page("# A %(content)s b", base="<h1>100 % %(title)s</h1>%(content)s %(other)s")
    assert html == "<h1>100 % A %(content)s b</h1><h1>A %(content)s b</h1> %(other)s"


def test_all_pages_with_their_titles(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# Bee")
    (tmp_path / "a.md").write_bytes(b"\xff\xfe")
    (tmp_path / "no page.md").write_text("x")
    (tmp_path / "a.txt").write_text("x")
    said = ask("GET", "/api/pages", web_pages=str(tmp_path)).json()
    assert said == [{"name": "a", "title": "A"}, {"name": "b", "title": "Bee"}]
    assert ask("GET", "/api/pages", web_pages=str(tmp_path / "nothing")).json() == []


def test_a_picture_beside_a_page(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "ring.png").write_bytes(b"picture")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    assert ask("GET", "/pages/ring.png", web_pages=str(tmp_path)).content == b"picture"
    assert ask("GET", "/pages/secret.txt", web_pages=str(tmp_path)).status_code == 404


def test_a_page_that_is_not_there_or_too_long_is_said(ask: Ask, tmp_path: Path) -> None:
    refused = ask("GET", "/pages/nothing", web_pages=str(tmp_path))
    assert (refused.status_code, refused.json()["error"][:30]) == (404, "there is no page 'nothing'; wr")
    (tmp_path / "long.md").write_text("x" * 1_000_001)
    assert ask("GET", "/pages/long", web_pages=str(tmp_path)).status_code == 503
