"""The writer `print`: lines as snoop printed them, and no harm from what becomes of the output."""

import os
from collections.abc import Iterator

import pytest

from WardenServer.errors import Unreachable
from WardenServer.sinks.writers import print_lines
from WardenServer.sinks.writers.print_lines import PrintLines
from WardenServer.sinks.writers.writer import Document


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """A pipe in place of the standard output, that nobody reads but the test."""
    reader, writer = os.pipe()
    monkeypatch.setattr(print_lines, "STDOUT", writer)
    monkeypatch.setattr(print_lines, "PATIENCE", 1)
    yield reader, writer
    for each in (reader, writer):
        try:
            os.close(each)
        except OSError:  # the test has closed it
            pass


def test_a_line_is_name_minute_document(capfd: pytest.CaptureFixture[str]) -> None:
    writer = PrintLines()
    writer.write([Document("rate", 120.5, {"rate": 2.5, "unit": "µs"}), Document("count", 180, {})])
    writer.write([])
    assert capfd.readouterr().out == 'rate_2 {"rate": 2.5, "unit": "µs"}\ncount_3 {}\n'


def test_a_reader_that_has_gone_is_said_and_nothing_is_taken_over(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    writer = PrintLines()
    for _ in range(2):
        with pytest.raises(Unreachable, match=r"standard output cannot be written \(Broken pipe\); start the program"):
            writer.write([Document("a", 0, {})])
    writer.write([])


def test_a_reader_that_does_not_read_holds_nobody_up_and_every_line_comes_once(pipe: tuple[int, int]) -> None:
    writer, lines, said = PrintLines(), b"", 0
    for number in range(30):
        while True:
            try:
                writer.write([Document("a", 0, {"number": number, "text": "x" * 5000})])
                break
            except Unreachable as error:
                assert "nobody reads it" in str(error)
                said += 1
                lines += os.read(pipe[0], 4096)
    while b'"number": 29' not in lines or not lines.endswith(b"\n"):
        lines += os.read(pipe[0], 100_000)
        writer.write([])
    expected = "".join(f'a_0 {{"number": {number}, "text": "{"x" * 5000}"}}\n' for number in range(30))
    assert lines.decode() == expected
    assert said


def test_an_output_that_was_closed_from_the_start_is_no_other_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    with pytest.raises(Unreachable, match="it is closed"):
        PrintLines().write([Document("a", 0, {})])
