"""Whether a file asks for a process of its own: known without running it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pluginbase import PluginSource

from WardenServer.errors import PluginError, SettingError
from WardenServer.loading.plugin_file import Source, asks_isolation, import_plugin

PATH = Path("/plugins/a.py")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("", False),
        ("ISOLATE = True\n", True),
        ("ISOLATE = False\n", False),
        ("ISOLATE: bool = True\n", True),
        ("A = ISOLATE = True\n", True),
        ("# ISOLATE = True\n", False),
        ('"""\nISOLATE = True\n"""\n', False),
        ("def (:\nISOLATE = True\n", False),  # its import says why it cannot be used
        ("ISOLATE = True\0\n", False),
    ],
)
def test_a_plain_isolate_is_found_without_import(text: str, asked: bool) -> None:
    assert asks_isolation(f"raise SystemExit\n{text}".encode(), PATH, "a", {}) is asked


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import sys\nISOLATE = sys.platform == 'linux'\n", ":2: ISOLATE is sys.platform == 'linux'; write True or"),
        ("ISOLATE = 1\n", ":1: ISOLATE is 1; write True or False"),
        ("if 1:\n    ISOLATE = True\n", ":2: ISOLATE is not set at the top level; write True or False"),
        ("ISOLATE = True\nISOLATE &= False\n", ":2: ISOLATE is not set at the top level"),
        ("ISOLATE, B = True, 1\n", ":1: ISOLATE is not set at the top level"),
        ("for ISOLATE in (0, 1): pass\n", ":1: ISOLATE is not set at the top level"),
    ],
)
def test_a_computed_isolate_is_refused(text: str, said: str) -> None:
    with pytest.raises(PluginError) as error:
        asks_isolation(text.encode(), PATH, "a", {})
    assert str(error.value).startswith(f"{PATH}{said}")
    assert asks_isolation(text.encode(), PATH, "a", {"isolate": True}), "the configuration wins"


@pytest.mark.parametrize("wanted", [True, False])
def test_the_configuration_wins_over_the_file(wanted: bool) -> None:
    assert asks_isolation(f"ISOLATE = {not wanted}\n".encode(), PATH, "a", {"isolate": wanted}) is wanted


@pytest.mark.parametrize("said", ["yes", 1, None])
def test_a_configured_isolate_that_is_no_flag_is_refused(said: Any) -> None:
    with pytest.raises(SettingError, match=r"\[agents.a\]: isolate is .*; write true or false"):
        asks_isolation(b"", PATH, "a", {"isolate": said})


def test_a_namespace_is_taken_down_whole_while_other_modules_come_and_go(
    folder: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlucky(source: PluginSource) -> None:
        source.mod = None
        raise RuntimeError("dictionary changed size during iteration")

    monkeypatch.setattr(PluginSource, "_PluginSource__cleanup", unlucky)  # seen where many agents are reloaded at once
    write("_helper", "x = 1\n")
    source = import_plugin(write("a", "from warden_plugins import _helper\n"), "a")[1]
    assert isinstance(source, Source)
    prefix = f"{source.mod.__name__}."
    assert len([name for name in sys.modules if name.startswith(prefix)]) == 2
    source.cleanup()
    source.cleanup()
    assert not [name for name in sys.modules if name.startswith(prefix)]
