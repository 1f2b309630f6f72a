"""Files as editors and people leave them: read, or refused with the real cause and its cure."""

import errno
import os
from pathlib import Path

import pytest

from WardenServer.errors import PluginError, SettingError
from WardenServer.loading import trust
from WardenServer.loading.plugin_file import refuse_other_text
from WardenServer.settings import config, users_file


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a = 1".encode("utf-16"), "is saved as UTF-16; save it as UTF-8"),
        (b"\xfe\xff\0a", "is saved as UTF-16; save it as UTF-8"),
        (b"a = 1\nb = '\xe4'\n", "is not UTF-8: line 2 has the byte 0xe4; save it as UTF-8"),
    ],
)
def test_other_encodings_are_named(content: bytes, said: str) -> None:
    with pytest.raises(users_file.Unusable) as refused:
        users_file.decode(content)
    assert str(refused.value) == said


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert users_file.decode(b"\xef\xbb\xbftick = 0.2") == "tick = 0.2"


def test_links_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    dangling, loop = tmp_path / "dangling.py", tmp_path / "loop.py"
    dangling.symlink_to("gone.py")
    loop.symlink_to("loop.py")
    for path, said in (
        (dangling, "is a link to gone.py, which does not exist; mend or remove the link"),
        (loop, "is a link that leads back to itself; mend or remove the link"),
    ):
        with pytest.raises(users_file.Unusable, match=said):
            users_file.read(path)
        with pytest.raises(PluginError, match=f"{path}: {said}"):
            trust.read(path)
    with pytest.raises(FileNotFoundError):
        users_file.read(tmp_path / "none")


@pytest.mark.parametrize(
    ("number", "cure"),
    [
        (errno.EACCES, "correct its rights"),
        (errno.EIO, "check the disk it is on"),
        (errno.ENOENT, "put it back, or reload without it"),
        (errno.EISDIR, "name the file in it"),
        (errno.EMFILE, "raise the limit (ulimit -n)"),
    ],
)
def test_each_cause_has_its_cure(tmp_path: Path, number: int, cure: str) -> None:
    assert cure in users_file.why(tmp_path / "a.py", OSError(number, os.strerror(number)))


def test_settings_from_windows_are_read(tmp_path: Path) -> None:
    file = tmp_path / "warden.toml"
    file.write_bytes(b"\xef\xbb\xbftick = 0.2\r\n")
    assert config.load(file, {}).tick == 0.2
    file.write_bytes("tick = 0.2\n".encode("utf-16"))
    with pytest.raises(SettingError, match=r"warden\.toml is saved as UTF-16; save it as UTF-8"):
        config.load(file, {})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("x = 1".encode("utf-16"), "is saved as UTF-16, or is no text"),
        (b"x = 1\0", "it has NUL bytes"),
        (b"# gr\xfc\xdfe\n", "line 1 has the byte 0xfc"),
    ],
)
def test_plugin_files_that_are_no_text_as_python_reads_it(content: bytes, said: str) -> None:
    with pytest.raises(PluginError) as refused:
        refuse_other_text(content, Path("/plugins/a.py"))
    assert str(refused.value).startswith("/plugins/a.py: is ")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xef\xbb\xbfx = 1", b"# coding: latin-1\n# \xe4\n", b"#!/usr/bin/python\n# -*- coding: cp1252 -*-\n#\xe4"],
)
def test_plugin_files_that_python_can_read(content: bytes) -> None:
    refuse_other_text(content, Path("/plugins/a.py"))
