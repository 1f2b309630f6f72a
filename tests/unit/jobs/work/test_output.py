import os
from pathlib import Path

import pytest

from WardenServer.jobs.work import output
from WardenServer.jobs.work.output import TAIL, tail, trim, with_tail
from WardenServer.machine.child import OUTPUT_LIMIT
from WardenServer.settings import masking


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.out"


@pytest.mark.parametrize(
    ("printed", "expected"),
    [(b"", ""), (b"\n \n", ""), (b"one\ntwo\n", "one\ntwo"), (b"\xff\x00x", "\ufffd\0x"),
     (b"x" * 3 * TAIL, "x" * TAIL), (b"long " * TAIL + b"\nlast\n", "last")],
)  # fmt: skip
def test_tail(file: Path, printed: bytes, expected: str) -> None:
    file.write_bytes(printed)
    assert tail(file) == expected


def test_no_file_has_no_tail(file: Path) -> None:
    assert tail(file) == ""
    assert with_tail("exit code 1", file) == "exit code 1"


def test_secrets_are_masked_before_the_cut(file: Path) -> None:
    masking.add("wordofsecrecy")
    file.write_text("wordofsecrecy" + "x" * (TAIL - 5) + " postgresql://me:hidden@here/x")
    assert "secrecy" not in tail(file)
    assert "hidden" not in tail(file)


@pytest.mark.parametrize("can", [True, False])
def test_trim_keeps_the_end(file: Path, can: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not can:  # as on a file system that cannot give back a part
        monkeypatch.setattr(output, "_PUNCH", 0x80)
    with file.open("ab", buffering=0) as printer:
        printer.write(b"x" * OUTPUT_LIMIT)
        trim(file)
        assert file.read_bytes() == b"x" * OUTPUT_LIMIT
        printer.write(b"\nlast\n")
        trim(file)
        assert file.stat().st_blocks * 512 < 10 * TAIL
        printer.write(b"more\n")
    assert tail(file) == "last\nmore"


def test_what_is_printed_while_the_file_is_trimmed_is_not_lost(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truncate = os.truncate

    def print_first(path: Path, size: int) -> None:
        with file.open("ab") as printer:
            printer.write(b"meanwhile\n")
        truncate(path, size)

    monkeypatch.setattr(os, "truncate", print_first)
    file.write_bytes(b"x" * (OUTPUT_LIMIT + 8192))
    trim(file)
    assert file.stat().st_size == OUTPUT_LIMIT + 8192


def test_trim_bears_a_file_that_is_gone(file: Path) -> None:
    trim(file)
