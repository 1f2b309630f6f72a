"""The page's sources: nothing makes code of text or comes from elsewhere; libraries of others have their licence."""

import re
from pathlib import Path

import pytest

import WardenServer

STATIC = Path(str(WardenServer.__file__)).parent / "web" / "static"
VENDOR = STATIC / "vendor"
LIBRARIES = sorted(path for path in VENDOR.iterdir() if path.is_dir())
OURS = sorted(path for path in STATIC.iterdir() if path.suffix in (".js", ".html", ".css"))
#: What would run or parse text, or be refused by the policy of the server; and what would be fetched from elsewhere.
WRONG = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|unsafeHTML|setAttribute\(.style"
    r"|<[^>]+\sstyle=|<script>|https?://(?!www\.w3\.org/)"
)
#: The comparison of two runs comes from our server as HTML, which has all that came from a run escaped (test_page.py).
ALLOWED = {"diff.js": ["innerHTML"]}


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_no_source_makes_code_of_text_or_fetches_from_elsewhere(path: Path) -> None:
    assert WRONG.findall(path.read_text(encoding="utf-8")) == ALLOWED.get(path.name, [])


@pytest.mark.parametrize("text", ["node.innerHTML = said", "eval(said)", "<p style=x>", 'import "https://cdn.example/x.js"'])
def test_what_does_is_found(text: str) -> None:
    assert len(WRONG.findall(text)) == 1


def test_modules_stay_small() -> None:
    assert [path.name for path in OURS if len(path.read_text(encoding="utf-8").splitlines()) > 350] == []


@pytest.mark.parametrize("folder", LIBRARIES, ids=lambda path: path.name)
def test_libraries_of_others_have_their_licence_and_a_line_with_the_version(folder: Path) -> None:
    assert "Copyright" in (folder / "LICENSE").read_text(encoding="utf-8")
    assert re.search(rf"\| \[{folder.name}\].* \| \d+\.\d+\.\d+ \| ", (VENDOR / "README.md").read_text(), re.IGNORECASE)
