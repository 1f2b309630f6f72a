"""Of several that change an archive, one does at a time."""

import threading
from pathlib import Path

import pytest

from tests.conftest import wait_for
from WardenServer.errors import Unreachable
from WardenServer.plugins.common.ping.archive import locking
from WardenServer.plugins.common.ping.archive.locking import held


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "LOOK", 0.005)


class Second(threading.Thread):
    """Another that wants the archive."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.stopping, self.found = threading.Event(), list[bool]()
        self._folder = folder
        self.start()

    def run(self) -> None:
        with held(self._folder, self.stopping) as is_ours:
            self.found.append(is_ours)


def test_the_second_waits_for_the_first(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    folder = tmp_path / "new" / "archive"
    with held(folder, threading.Event()) as is_ours:
        assert is_ours
        second = Second(folder)
        wait_for(lambda: "another process changes" in caplog.text)
        assert second.found == []
    second.join(10)
    assert second.found == [True]


def test_one_that_waits_can_be_ended(tmp_path: Path):
    with held(tmp_path, threading.Event()):
        second = Second(tmp_path)
        second.stopping.set()
        second.join(10)
        assert second.found == [False]


def test_waiting_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(locking, "WAIT", 0.02)
    said = r"another process has changed .* for 0.02 s; end it"
    with held(tmp_path, threading.Event()), pytest.raises(Unreachable, match=said), held(tmp_path, threading.Event()):
        pytest.fail("both have it")


def test_an_error_lets_go(tmp_path: Path):
    with pytest.raises(ValueError, match="any"), held(tmp_path, threading.Event()):
        raise ValueError("any")
    stopping = threading.Event()
    stopping.set()
    with held(tmp_path, stopping) as is_ours:
        assert is_ours


def test_a_folder_that_cannot_be_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    said = r"file/archive cannot be used \(Not a directory\); correct its rights"
    with pytest.raises(Unreachable, match=said), held(tmp_path / "file" / "archive", threading.Event()):
        pytest.fail("it cannot be")
