"""The text of a table, and its bytes."""

import gzip
import math
import stat
import threading
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import SettingError, Unreachable
from WardenServer.plugins.common.ping.reports import grid, placing, table
from WardenServer.plugins.common.ping.reports.grid import Grid

POINTS = ("0", "1")


def lines(rows: dict[tuple[str, str], list[float | None]]) -> bytes:
    """The lines of a table of these values."""
    points = len(next(iter(rows.values()), []))
    found = [(*pair, n, value) for pair, values in rows.items() for n, value in enumerate(values)]
    schema = {"src": pl.String, "dst": pl.String, "point": pl.Int32, "MOS": pl.Float64}
    return dict(Grid(pl.DataFrame(found, schema, orient="row"), points).lines(("MOS",)))["MOS"]


def shown(*values: float | None) -> list[str]:
    """These values as a table shows them."""
    return lines({("a", "b"): list(values)}).decode().split(" ")[2:-2]


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def packed(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_the_text_is_exactly_as_pinger_has_it(tmp_path: Path) -> None:
    rows: dict[tuple[str, str], list[float | None]] = {
        ("b.org", "c.org"): [1.0, 0.5], ("a.org", "d.org"): [None, 3], ("a.org", "b.org"): [2, 4],
    }  # fmt: skip
    path = tmp_path / "packet_loss" / "packet_loss-100-by-node-2026-11-25.txt.gz"
    assert table.write(path, POINTS, lines(rows))
    assert gzip.decompress(path.read_bytes()) == (
        b"0 1\n"
        b"a.org b.org 2.000 4.000 a.org b.org\n"
        b"a.org d.org . 3.000 a.org d.org\n"
        b"b.org c.org 1.000 0.500 b.org c.org\n"
    )  # fmt: skip


def test_values_are_formatted_from_the_unrounded_number() -> None:
    values = [0.0005, 0.0625, 0.0004999, -0.0004, -0.0, -0.0005, 1e15, 1234567.8915, 338.9765]
    expected = ["0.001", "0.062", "0.000", "0.000", "0.000", "-0.001"]
    assert shown(*values) == [*expected, *(f"{value:.3f}" for value in values[6:])]


@pytest.mark.parametrize("together", [1, 5, 4000])
def test_each_metric_has_its_own_table_however_many_are_made_together(
    together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid, "_TOGETHER", together)
    values = {"MOS": [4.0, 3.5], "alpha": [0.25, None], "throughput": [1e15, 2.0]}
    columns = {"src": ["a", "b"], "dst": ["c", "c"], "point": [0, 1]}
    found = list(Grid(pl.DataFrame({**columns, **values}), 2).lines(tuple(values)))
    assert found == [
        ("MOS", b"a c 4.000 . a c\nb c . 3.500 b c\n"),
        ("alpha", b"a c 0.250 . a c\nb c . . b c\n"),
        ("throughput", b"a c 1000000000000000.000 . a c\nb c . 2.000 b c\n"),
    ]


def test_without_values_a_table_has_no_lines() -> None:
    schema = {"src": pl.String, "dst": pl.String, "point": pl.Int32, "MOS": pl.Float64, "alpha": pl.Float64}
    assert list(Grid(pl.DataFrame(schema=schema), 2).lines(("MOS", "alpha"))) == [("MOS", b""), ("alpha", b"")]


def test_what_is_no_number_is_a_dot() -> None:
    assert shown(None, math.nan, math.inf, -math.inf, 1.0) == [".", ".", ".", ".", "1.000"]


#: Means of two readings of three decimals: half of them lie between two of three decimals, as far as a computer knows.
halves = st.builds(lambda one, other: (one / 1000 + other / 1000) / 2, *[st.integers(-(10**6), 10**9)] * 2)
quarters = st.integers(-(10**6), 10**12).map(lambda number: number / 16)


@given(
    st.lists(halves | quarters | st.floats(-1e12, 1e12), min_size=1, max_size=20)
    | st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20)
)
def test_values_are_as_c_prints_them(values: list[float]) -> None:
    assert shown(*values) == [f"{value:.3f}" if abs(value) >= 0.0005 else "0.000" for value in values]


def test_a_name_with_blanks_shifts_no_values() -> None:
    assert lines({("my site", ""): [1.0]}) == b"my_site _ 1.000 my_site _\n"


@given(
    st.dictionaries(
        st.tuples(st.from_regex(r"[a-z0-9.:é-]{1,9}", fullmatch=True), st.from_regex(r"[a-z]{1,5}", fullmatch=True)),
        st.lists(st.none() | st.floats(-1e9, 1e9), min_size=2, max_size=2),
        max_size=8,
    )
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[tuple[str, str], list[float | None]]
) -> None:
    path = tmp_path_factory.mktemp("tables") / "t.txt.gz"
    table.write(path, POINTS, lines(rows))
    found = table.read(path)
    assert found.points == POINTS
    assert list(found.rows) == sorted(rows)
    for pair, row in rows.items():
        assert found.rows[pair] == [None if value is None else pytest.approx(value, abs=0.00051) for value in row]


def test_the_same_values_make_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a.txt.gz", tmp_path / "b.txt.gz"
    assert table.write(first, POINTS, b"a b 1.000 . a b\n")
    assert table.write(second, POINTS, b"a b 1.000 . a b\n")
    assert first.read_bytes() == second.read_bytes()
    # RFC 1952: no flags, so no name; time 0; made by the fastest way of packing; of no known system.
    assert first.read_bytes()[:10] == bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 4, 255])


def test_a_table_of_the_same_bytes_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "t.txt.gz"
    assert table.write(path, POINTS, b"")
    before = path.stat()
    assert not table.write(path, POINTS, b"")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert table.write(path, POINTS, b"a b 1.000 . a b\n")
    assert names(tmp_path) == ["t.txt.gz"]


def test_others_may_read_a_table_as_the_umask_says(tmp_path: Path) -> None:
    path = tmp_path / "metric" / "t.txt.gz"
    table.write(path, POINTS, b"")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_table_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "t.txt.gz"
    table.write(path, POINTS, b"")
    before = path.read_bytes()
    with pytest.raises(Unreachable, match="make room"), placing.placed(path) as part:
        part.write_bytes(b"half")
        raise OSError(28, "No space left on device")
    assert (path.read_bytes(), names(tmp_path)) == (before, ["t.txt.gz"])


def test_a_folder_in_place_of_a_table_is_said(tmp_path: Path) -> None:
    (tmp_path / "t.txt.gz").mkdir()
    with pytest.raises(Unreachable, match=r"t\.txt\.gz cannot be written"):
        table.write(tmp_path / "t.txt.gz", POINTS, b"")
    with pytest.raises(Unreachable, match="cannot be read"):
        table.read(tmp_path / "t.txt.gz")


def test_those_who_read_meanwhile_find_one_or_the_other(tmp_path: Path) -> None:
    path = tmp_path / "t.txt.gz"
    texts = [b"", b"a b 1.000 . a b\n" * 1000]
    table.write(path, POINTS, texts[0])
    done = threading.Event()

    def write() -> None:
        for number in range(100):
            table.write(path, POINTS, texts[number % 2])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert len(table.read(path).rows) in (0, 1)
    writer.join()


def test_lines_that_mean_nothing_are_left_out(tmp_path: Path) -> None:
    path = packed(
        tmp_path / "t.txt.gz",
        "0 1\r\n"
        "a b 1.000 . a b\r\n"
        "a c 1.000 2.000 a d\n"
        "a c 1.000 2.000\n"
        "a c 1.000 2.000 3.000 a c\n"
        "a c nan inf a c\n"
        "a c x y a c\n"
        "\0\ufffd\n"
        "\n"
        "a d 3 4e0 a d",
    )  # fmt: skip
    assert table.read(path) == table.Table(("0", "1"), {("a", "b"): [1.0, None], ("a", "d"): [3.0, 4.0]})


def test_a_table_without_pairs_is_one(tmp_path: Path) -> None:
    assert table.read(packed(tmp_path / "t.txt.gz", "0 1\n")) == table.Table(("0", "1"), {})


@pytest.mark.parametrize("text", ["", "\n", "<html>\n<p>x</p>", "No data\n", "0 1\nrubbish\n", "\0\0\0"])
def test_what_is_no_table_is_said(tmp_path: Path, text: str) -> None:
    path = packed(tmp_path / "t.txt.gz", text)
    with pytest.raises(Unreachable, match=r"t\.txt\.gz is no table of pings; make it again"):
        table.read(path)


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "t.txt.gz"
    table.write(path, POINTS, b"a b 1.000 . a b\n")
    whole = path.read_bytes()
    for bad in (whole[:-9], whole[:11], b"0 1\n", whole[:12] + b"\xff\xff\xff" + whole[15:], whole[:-8] + b"\0" * 8):
        path.write_bytes(bad)
        with pytest.raises(Unreachable, match="cannot be read"):
            table.read(path)
    path.write_bytes(b"")
    with pytest.raises(Unreachable):
        table.read(path)


def test_a_table_that_is_not_there_is_said_with_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="make it with: warden ping analyze"):
        table.read(tmp_path / "t.txt.gz")
