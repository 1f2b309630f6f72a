"""What must be known at the next start."""

import json
from pathlib import Path
from typing import Any

import pytest

from WardenServer.machine.state_file import StateFile


def understand(version: int, content: Any) -> tuple[int, list[int]]:
    return version, [int(item) for item in content["items"]]


@pytest.fixture
def file(tmp_path: Path) -> StateFile:
    return StateFile(tmp_path / "state" / "local-things.json", 2, "things")


def test_what_is_written_is_read_with_its_version(file: StateFile) -> None:
    assert file.read(understand, (0, [])) == (0, [])
    assert file.write({"items": [1, 2]})
    assert file.read(understand, (0, [])) == (2, [1, 2])
    assert json.loads(file.path.read_text()) == {"version": 2, "content": {"items": [1, 2]}}
    assert [path.name for path in file.path.parent.iterdir()] == [file.path.name], "nothing half-written is left"


@pytest.mark.parametrize(("text", "version"), [('{"items": [1]}', 0), ('{"version": 1, "items": [1]}', 1)])
def test_older_files_are_understood(file: StateFile, text: str, version: int) -> None:
    file.path.parent.mkdir()
    file.path.write_text(text)
    assert file.read(understand, (0, [])) == (version, [1])


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "3", "null", '{"version": "x"}', '{"version": 3, "content": {"items": []}}', '{"version": 2}',
     '{"content": {"items": ["x"]}}', "[" * 100_000],
)  # fmt: skip
def test_what_is_not_understood_counts_as_none_and_is_said(
    file: StateFile, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    file.path.parent.mkdir()
    file.path.write_text(content)
    assert file.read(understand, (0, [])) == (0, [])
    assert f"{file.path} is not usable" in caplog.text


def test_what_cannot_be_written_is_said_once_and_the_old_file_stays(
    file: StateFile, caplog: pytest.LogCaptureFixture
) -> None:
    file.path.parent.touch()  # a folder cannot be made there
    assert not file.write({"items": []})
    assert not file.write({"items": []})
    assert caplog.text.count("cannot be written") == 1
    file.path.parent.unlink()
    assert file.write({"items": [3]})
    assert file.read(understand, (0, [])) == (2, [3])
