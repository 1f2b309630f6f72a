"""The query of a day, and gzip as it comes."""

import gzip
import zlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import WardenError
from WardenServer.plugins.common.ping.archive import fetching
from WardenServer.plugins.common.ping.archive.fetching import Unpacker


def test_the_query_is_that_of_pingers_collectors():
    said = "&".join(f"{name}={value}" for name, value in fetching.query(date(2026, 3, 7)).items())
    assert said == (
        "in_form=1&begin_hour=00&begin_min=00&begin_sec=00&begin_day=07&begin_month=03&begin_year=2026&begin_offset="
        "&begin_point=y&end_hour=23&end_min=59&end_sec=59&end_day=07&end_month=03&end_year=2026&end_offset=&end_point=y"
    )


@given(st.binary(max_size=3000), st.integers(1, 50), st.integers(1, 3))
def test_gzip_may_come_in_any_parts(text: bytes, size: int, members: int):
    packed, unpacker = gzip.compress(text) * members, Unpacker()
    found = b"".join(
        block for at in range(0, len(packed), size) for block in unpacker.take(packed[at : at + size])
    )
    assert unpacker.is_whole
    assert found == text * members


@given(st.binary(min_size=100, max_size=3000), st.data())
def test_half_a_gzip_is_not_whole(text: bytes, data: st.DataObject):
    packed, unpacker = gzip.compress(text), Unpacker()
    cut = data.draw(st.integers(0, len(packed) - 1))
    assert text.startswith(b"".join(unpacker.take(packed[:cut])))
    assert not unpacker.is_whole


def test_a_bomb_comes_in_small_blocks():
    sizes = [len(block) for block in Unpacker().take(gzip.compress(bytes(30_000_000)))]
    assert sum(sizes) == 30_000_000 and max(sizes) <= fetching.BLOCK


def test_what_is_no_gzip_is_said():
    with pytest.raises(zlib.error):
        list(Unpacker().take(b"<html> this is no gzip"))


def test_a_proxy_that_is_none_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "ftp://user:hunter2hunter2@proxy:1")
    with pytest.raises(WardenError, match="the proxy in the environment cannot be used; correct http_proxy") as caught:
        fetching.open_client(1.0)
    assert "hunter2" not in str(caught.value)
