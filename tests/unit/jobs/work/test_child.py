import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from WardenServer.errors import SettingError
from WardenServer.jobs.work import child


@pytest.mark.parametrize("target", ["", "os", "os:", ":getpid", "os:nope", "os:path.nope", "os:sep"])
def test_what_is_no_function(target: str) -> None:
    with pytest.raises(SettingError):
        child.find(target)


def test_what_is_one() -> None:
    assert child.find("os:path.join") is os.path.join
    with pytest.raises(ModuleNotFoundError):
        child.find("no_such_module:function")


def raised(function: Callable[[], object]) -> BaseException:
    try:
        function()
    except BaseException as error:
        return error
    raise AssertionError


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def fail(error: BaseException) -> Any:
    raise error


def look() -> object:
    return json.loads("[")  # raises far below


def test_an_error_is_said_with_its_line_in_the_file() -> None:
    line = fail.__code__.co_firstlineno + 1
    assert child.say(raised(lambda: fail(KeyError("x"))), __file__) == f"KeyError: 'x' ({__file__}, line {line})"
    assert child.say(raised(lambda: fail(SystemExit())), __file__) == f"SystemExit ({__file__}, line {line})"
    assert child.say(Mute()) == "Mute: (no text)"
    assert child.say(raised(look), __file__).endswith(f"({__file__}, line {look.__code__.co_firstlineno + 1})")


def test_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    printing: list[str] = []
    monkeypatch.setattr(child, "print_to", printing.append)  # this process keeps its output
    monkeypatch.setattr(sys, "stdout", None)  # a function may do that
    assert child.call(lambda *paths: repr(paths), "", "out", ["/a"]) == ("done", repr((Path("/a"),)))
    assert child.call(lambda *paths: 3, "", "out", ["/a"]) == ("done", "")
    assert child.call(lambda *paths: "x" * 10_000, "", "out", [])[1] == "x" * child.LONGEST
    assert child.call(lambda *paths: sys.exit(), "", "out", [])[0] == "ended"
    assert printing == ["out", os.devnull] * 4
