from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from WardenServer.errors import SettingError
from WardenServer.jobs.work.command import Command

SUFFIXES = (".json", ".meta.json", "_1.h5")
ECHO = Command("echo {id} {{{id}}}", SUFFIXES)
PATHS = [Path(f"/in/a b/x{suffix}") for suffix in SUFFIXES]


def words(text: str) -> list[str]:
    return Command(text, SUFFIXES).arguments("a b/x", PATHS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("echo {json}", ["echo", "/in/a b/x.json"]),
        ("echo --in={meta.json},{_1.h5}", ["echo", "--in=/in/a b/x.meta.json,/in/a b/x_1.h5"]),
        ("echo {files} end", ["echo", *map(str, PATHS), "end"]),
        ("echo {pathname} {id}.out", ["echo", "/in/a b/x", "a b/x.out"]),
        ("echo '{{json}} {{}}'", ["echo", "{json} {}"]),
        ("echo 'a  b' \"it's\" \\\\ ''", ["echo", "a  b", "it's", "\\", ""]),
    ],
)
def test_placeholders(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"), ("  ", "is empty"), ("echo 'a", "no closing quotation"),
        ("echo {dump}", "{json}, {meta.json}"),
        ("echo {", "is no placeholder"), ("echo }", "is no placeholder"), ("echo {{json}", "is no placeholder"),
        ("echo {}", "is no placeholder"), ("echo {json!r}", "is no placeholder"), ("echo x{files}", "word of its own"),
        ("no-such-program {json}", "there is no program no-such-program"), ("/etc/passwd", "there is no program"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(SettingError) as refused:
        words(text)
    assert said in str(refused.value)


@given(id=some.text())
def test_an_id_is_taken_as_it_is(id: str) -> None:
    assert ECHO.arguments(id, PATHS) == ["echo", id, f"{{{id}}}"]


@given(text=some.text(alphabet="{}adjnos '\"\\"))
def test_any_text_is_refused_in_a_sentence_or_understood(text: str) -> None:
    try:
        assert all(isinstance(word, str) for word in words(f"echo {text}"))
    except SettingError as error:
        assert str(error).startswith("--command")
