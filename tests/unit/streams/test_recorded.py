"""Events as lines, and a file of them."""

import gzip
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import SettingError, WardenError
from WardenServer.settings import config
from WardenServer.streams.batch import Batch
from WardenServer.streams.readers.json_lines import JSONLines
from WardenServer.streams.record import Recording, reader_of
from WardenServer.streams.recorded import as_line, events_of, lines_of

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def _text_that_utf8_holds(value: Any) -> bool:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode() == json.dumps(
        value, ensure_ascii=False
    )


@given(PLAIN.filter(_text_that_utf8_holds))
def test_an_event_is_one_line_and_comes_back(event: Any) -> None:
    line = as_line(event)
    assert line.count(b"\n") == 1
    if not (isinstance(event, dict) and list(event) == ["raw"]):
        assert events_of(line) == [event]


@given(st.binary())
def test_bytes_come_back(event: bytes) -> None:
    assert events_of(as_line(event)) == [event]


def test_what_json_does_not_know() -> None:
    event = {"a": np.float32(0.5), "b": np.arange(3), "c": {1}, "d": b"x", "e": 1j, "nan": math.nan}
    (back,) = events_of(as_line(event))
    assert back.pop("nan") != back
    assert back == {"a": 0.5, "b": [0, 1, 2], "c": [1], "d": {"raw": "eA=="}, "e": "1j"}
    assert events_of(as_line(np.arange(2))) == [[0, 1]]
    assert events_of(b'{"raw": "no base64"}') == [{"raw": "no base64"}]


def _read(path: Path) -> list[Any]:
    reader = JSONLines([str(path)], follow=False)
    reader.open(None)
    events: list[Any] = []
    while not reader.ended:
        batch = reader.read(0.01)
        events += batch.events if batch is not None else []
    reader.close()
    return events


def test_our_reader_reads_what_was_recorded(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.jsonl")
    recording.take(Batch([{"ä": 1}, [1, 2], "text", None, 3.5], undecodable=2, lost=1))
    recording.take(Batch(array=np.rec.fromarrays([[1, 2], [0.5, 1.5]], names="n,x")))
    recording.close()
    assert _read(tmp_path / "a.jsonl") == [{"ä": 1}, [1, 2], "text", None, 3.5, {"n": 1, "x": 0.5}, {"n": 2, "x": 1.5}]
    assert str(recording) == f"7 events, {recording.size / 1e6:.3g} MB, 2 could not be decoded, 1 are lost"


def test_as_many_events_as_are_wanted_and_compressed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    recording = Recording(path, 3)
    recording.take(Batch([1, 2]))
    assert not recording.done
    recording.take(Batch([3, 4, 5]))
    recording.take(Batch([6]))
    assert recording.done
    recording.close()
    assert gzip.decompress(path.read_bytes()) == b"1\n2\n3\n"
    assert list(lines_of(path)) == [b"1\n", b"2\n", b"3\n"]


def test_what_no_json_can_hold_is_counted(tmp_path: Path) -> None:
    circle: list[Any] = []
    circle.append(circle)
    recording = Recording(tmp_path / "a")
    recording.take(Batch([1, {"x": circle}, {(1, 2): 3}, 4]))
    recording.close()
    assert (tmp_path / "a").read_text() == "1\n4\n"
    assert (recording.events, recording.unwritten) == (2, 2)


def test_a_file_is_not_written_over_unless_that_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("precious")
    with pytest.raises(WardenError, match="is there already; name another file, or say --force"):
        Recording(path)
    assert path.read_text() == "precious"
    recording = Recording(path, force=True)
    recording.take(Batch([1]))
    recording.close()
    assert path.read_text() == "1\n"


def test_a_file_that_cannot_be_made_or_written(tmp_path: Path) -> None:
    with pytest.raises(WardenError, match=r"a cannot be written \(No such file or directory\)"):
        Recording(tmp_path / "none" / "a")
    recording = Recording(Path("/dev/full"), force=True)
    recording.take(Batch(["x" * 100_000]))
    recording.take(Batch(["more"]))
    with pytest.raises(WardenError, match=r"/dev/full cannot be written \(No space left on device\)"):
        recording.close()
    assert recording.done


@pytest.mark.parametrize("content", [b"not gzip", gzip.compress(b"1\n" * 1000)[:-9]], ids=["no gzip", "cut off"])
def test_a_damaged_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(content)
    with pytest.raises(WardenError, match=r"a\.gz cannot be read"):
        list(lines_of(path))


def _settings(tmp_path: Path, text: str) -> config.Settings:
    file = tmp_path / "warden.toml"
    file.write_text(text)
    return config.load(file=file, environment={})


def test_which_stream_is_recorded(tmp_path: Path) -> None:
    one = '[streams.daq]\nreader = "json_lines"\nfiles = "x"\n'
    reader, options = reader_of(_settings(tmp_path, one), None)
    assert isinstance(reader, JSONLines)
    assert options == {}
    two = f"{one}[streams.none]\n"
    with pytest.raises(SettingError, match="no stream is named; say --stream NAME; there are: daq, none"):
        reader_of(_settings(tmp_path, two), None)
    with pytest.raises(SettingError, match="there is no stream 'other'"):
        reader_of(_settings(tmp_path, two), "other")
    with pytest.raises(SettingError, match=r"\[streams.none\] has no reader"):
        reader_of(_settings(tmp_path, two), "none")
    with pytest.raises(SettingError, match=r"there are: none; add a table"):
        reader_of(_settings(tmp_path, ""), None)


def test_of_redis_it_reads_by_a_group_of_its_own(tmp_path: Path) -> None:
    text = '[streams.daq]\nreader = "redis"\nurl = "redis://127.0.0.1:1"\nkey = "k"\ngroup = "hub"\nshare = true\n'
    _, options = reader_of(_settings(tmp_path, text), "daq")
    assert options["group"].startswith("record-")
    assert options["share"] is False
