"""Rows of CSV become events, also with line breaks in their cells; what is no row harms nothing else."""

import csv
import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from WardenServer.errors import SettingError
from WardenServer.streams.readers import make
from WardenServer.streams.readers.csv_lines import LINES, CSVLines

from .reading import drain, restarted
from .test_json_lines import append


@contextmanager
def opened(files: Any, position: Any = None, **settings: Any) -> Iterator[CSVLines]:
    reader = CSVLines(files, **settings)
    reader.open(position)
    try:
        yield reader
    finally:
        reader.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.csv"


def test_cells_become_values(file: Path) -> None:
    file.write_text("n,e,name,none\n1,2.5,Müller,\n-3,1e3,1_000,\n+7,nan, x,\n")
    with opened(str(file), follow=False) as reader:
        events = drain(reader)
        assert reader.ended
    assert events[:2] == [
        {"n": 1, "e": 2.5, "name": "Müller", "none": None},
        {"n": -3, "e": 1000.0, "name": "1_000", "none": None},
    ]
    assert events[2]["n"] == 7 and math.isnan(events[2]["e"]) and events[2]["name"] == " x"
    assert type(events[0]["n"]) is int and type(events[1]["e"]) is float


def test_another_delimiter_and_columns(file: Path) -> None:
    file.write_text("1;2\r\n3;4\r\n")
    with opened(str(file), delimiter=";", columns=["x", "y"]) as reader:
        assert drain(reader) == [{"x": 1, "y": 2}, {"x": 3, "y": 4}]


def test_a_mark_at_the_begin_is_no_part_of_the_first_name(file: Path) -> None:
    file.write_bytes(b'\xef\xbb\xbf"n",m\n1,2\n')
    with opened(str(file)) as reader:
        assert drain(reader) == [{"n": 1, "m": 2}]


def test_each_file_has_names_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "b.csv").write_text("y\n2\n")
    with opened(str(tmp_path / "*.csv"), follow=False) as reader:
        assert drain(reader) == [{"x": 1}, {"y": 2}]


def test_what_is_no_row_is_counted_and_the_others_go_on(file: Path) -> None:
    bad = ["1,2,3", "1", '"a"b,1', "\x00,\x00,\x00", f"1,{'x' * 200_000}"]
    file.write_bytes(b"x,y\n1,2\n\n\r\n\xff,1\n" + "\n".join(bad).encode() + b"\n3,4\n")
    undecodable: list[int] = []
    with opened(str(file)) as reader:
        assert drain(reader, undecodable) == [{"x": 1, "y": 2}, {"x": 3, "y": 4}]
    assert sum(undecodable) == len(bad) + 1


def test_a_cell_with_line_breaks(file: Path) -> None:
    file.write_text('x,y\n1,"two\n\nlines, and ""more"""\n2,"half\n')
    with opened(str(file)) as reader:
        assert drain(reader) == [{"x": 1, "y": 'two\n\nlines, and "more"'}]
        again = restarted(reader, CSVLines(str(file)))
        assert drain(again) == []
        append(file, 'done"\n3,\n')
        assert drain(again) == [{"x": 2, "y": "half\ndone"}, {"x": 3, "y": None}]
        again.close()


def test_a_stray_quote_does_not_hold_up_the_rest(file: Path) -> None:
    file.write_text('x,y\n1,"stray\n' + "2,3\n" * (LINES - 1))
    undecodable: list[int] = []
    with opened(str(file)) as reader:
        assert drain(reader, undecodable) == []
        append(file, "4,5\n")
        assert drain(reader, undecodable) == [{"x": 2, "y": 3}] * (LINES - 1) + [{"x": 4, "y": 5}]
    assert sum(undecodable) == 1


def test_a_stray_quote_at_the_end(file: Path) -> None:
    file.write_text('x,y\n1,"stray\n2,3')
    undecodable: list[int] = []
    with opened(str(file), follow=False) as reader:
        assert drain(reader, undecodable) == [{"x": 2, "y": 3}]
        assert reader.ended
    assert sum(undecodable) == 1


def test_a_row_too_large(file: Path) -> None:
    file.write_text("x,y\n1,2\n" + "7" * 200 + ',1\n3,"' + "8\n" * 60 + '"\n5,6\n')
    undecodable: list[int] = []
    with opened(str(file), largest=100) as reader:
        events = drain(reader, undecodable)
    assert events[0] == {"x": 1, "y": 2} and events[-1] == {"x": 5, "y": 6}
    assert sum(undecodable) >= 1


def test_a_header_that_is_none(file: Path) -> None:
    file.write_bytes(b"\xff,y\n1,2\n3,4\n")
    undecodable: list[int] = []
    with opened(str(file)) as reader:
        assert drain(reader, undecodable) == []
    assert sum(undecodable) == 2


def test_empty_lines_before_the_header(file: Path) -> None:
    file.write_text("\n\n")
    with opened(str(file)) as reader:
        assert drain(reader) == []
        append(file, "x\n1\n")
        assert drain(reader) == [{"x": 1}]


def test_the_names_are_known_at_the_end_and_after_a_restart(file: Path) -> None:
    file.write_text("x,y\n1,2\n3,")
    with opened(str(file), begin="end") as reader:
        assert drain(reader) == []
        append(file, "4\n5,6\n")
        assert drain(reader) == [{"x": 5, "y": 6}]
        again = restarted(reader, CSVLines(str(file)))
        append(file, "7,8\n")
        assert drain(again) == [{"x": 7, "y": 8}]
        again.close()


def test_a_truncated_file_has_a_new_header(file: Path) -> None:
    file.write_text("x,y\n1,2\n")
    with opened(str(file)) as reader:
        assert drain(reader) == [{"x": 1, "y": 2}]
        file.write_text("a,b\n3,4\n5,6\n")
        assert drain(reader) == [{"a": 3, "b": 4}, {"a": 5, "b": 6}]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"delimiter": ""}, "delimiter is ''; write one sign"),
        ({"delimiter": '"'}, "delimiter is"),
        ({"delimiter": 5}, "delimiter is 5"),
        ({"columns": []}, "columns is []; write a list of different names"),
        ({"columns": ["a", "a"]}, "columns is"),
        ({"columns": "ab"}, "columns is 'ab'"),
        ({"tree": "events"}, 'has no setting "tree"'),
    ],
)
def test_wrong_settings(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError) as raised:
        make("daq", "csv", {"files": "x.csv", **settings})
    assert said in str(raised.value)


CELL = some.text(some.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r_"), max_size=4).map(
    lambda text: "'" + text  # so that it is no number
)
ROWS = some.lists(some.tuples(CELL, some.integers(), CELL), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(ROWS, some.data())
def test_each_row_once_and_in_order(tmp_path_factory: pytest.TempPathFactory, rows: list[Any], data: Any) -> None:
    file = tmp_path_factory.mktemp("files") / "run.csv"
    text = io.StringIO(newline="")
    end, quoting = data.draw(some.sampled_from(["\n", "\r\n"])), data.draw(some.sampled_from([0, 1]))
    writing = csv.writer(text, lineterminator=end, quoting=quoting)
    writing.writerows([("a", "b", "c"), *rows])
    rest = text.getvalue().encode()
    reader: Any = CSVLines(str(file))
    reader.open(None)
    found: list[Any] = []
    while rest:
        size = data.draw(some.integers(1, len(rest)))
        piece, rest = rest[:size], rest[size:]
        with file.open("ab") as appending:
            appending.write(piece)
        then = data.draw(some.sampled_from(["", "read", "restart"]))
        if then == "read":
            found += drain(reader)
        elif then == "restart":
            reader = restarted(reader, CSVLines(str(file)))
    found += drain(reader)
    reader.close()
    assert found == [dict(zip("abc", row, strict=True)) for row in rows]
