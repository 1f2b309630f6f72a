from pathlib import Path

import pytest

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


def test_trim_keeps_the_end(file: Path) -> None:
    with file.open("ab", buffering=0) as printer:
        printer.write(b"x" * OUTPUT_LIMIT)
        trim(file)
        assert file.stat().st_size == OUTPUT_LIMIT
        printer.write(b"\nlast\n")
        trim(file)
        assert file.stat().st_size < 10 * TAIL
        printer.write(b"more\n")
    assert tail(file) == "last\nmore"


def test_trim_bears_a_file_that_is_gone(file: Path) -> None:
    trim(file)
