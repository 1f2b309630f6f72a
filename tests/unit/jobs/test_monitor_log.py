"""The log of the monitor's program: two targets, thread names, no secrets, and a disk that is full for a while."""

import errno
import io
import logging
import os
import re
import threading
from pathlib import Path

import pytest

from WardenServer.errors import SettingError
from WardenServer.jobs.monitor_log import Lines, log, opened
from WardenServer.settings import masking

FORM = "%(asctime)s %(levelname)s - %(message)s"
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"


def lines(tmp_path: Path, size: int = 10**6, backups: int = 50) -> Lines:
    return Lines(tmp_path / "monitor.log", size, backups, FORM, 10, "%(levelname)s | %(message)s", 40)


def test_two_targets_with_their_levels_and_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(lines(tmp_path)) as found:
        found.debug("one %s", "line")
        found.error("two")
    text = (tmp_path / "monitor.log").read_text()
    assert re.fullmatch(f"{TIME} DEBUG - MainThread - one line\n{TIME} ERROR - MainThread - two\n", text)
    assert capsys.readouterr().err == "ERROR | MainThread - two\n"


def test_each_message_begins_with_the_name_of_its_thread(tmp_path: Path) -> None:
    with opened(lines(tmp_path)):
        thread = threading.Thread(target=lambda: log.info("here"), name="jobCleanupThread")
        thread.start()
        thread.join(10)
    assert " INFO - jobCleanupThread - here\n" in (tmp_path / "monitor.log").read_text()


def test_nothing_secret_is_written_not_even_in_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    masking.add("sesame-1")
    with opened(lines(tmp_path)):
        try:
            raise ValueError("sesame-1")
        except ValueError:
            log.exception("sesame-1 at postgresql://me:sesame-2@h")
    text = (tmp_path / "monitor.log").read_text() + capsys.readouterr().err
    assert text.count("ValueError: ***") == 2
    assert "sesame" not in text


def test_the_file_is_put_aside_and_old_ones_go(tmp_path: Path) -> None:
    with opened(lines(tmp_path, size=500, backups=2)):
        for number in range(100):
            log.info("line %d", number)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monitor.log", "monitor.log.1", "monitor.log.2"]
    assert all(path.stat().st_size <= 500 for path in tmp_path.iterdir())
    assert (tmp_path / "monitor.log").read_text().endswith("line 99\n")


def test_odd_characters_are_written(tmp_path: Path) -> None:
    with opened(lines(tmp_path)):
        log.info("a\udcff\u2713")
    assert "a\\udcff\u2713\n" in (tmp_path / "monitor.log").read_text(encoding="utf-8")


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "monitor.log").mkdir()
    said = r"monitor\.log cannot be written \(Is a directory\); correct logFilePathname"
    with pytest.raises(SettingError, match=said), opened(lines(tmp_path)):
        pass
    assert log.handlers == []


class Disk(io.StringIO):
    full = False

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(text)


def test_a_disk_that_is_full_is_said_once_until_there_is_room(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = Disk()
    with opened(lines(tmp_path)):
        file = log.handlers[0]
        assert isinstance(file, logging.FileHandler)
        real, file.stream = file.stream, disk  # type: ignore[assignment]
        real.close()
        for number, disk.full in enumerate((True, True, False, False, True, True)):
            log.info("line %d", number)
        written = disk.getvalue()
    assert [line[-1] for line in written.splitlines()] == ["2", "3"]
    said = f"{tmp_path}/monitor.log cannot be written (No space left on device), its lines are lost; make room\n"
    assert capsys.readouterr().err == 2 * said
