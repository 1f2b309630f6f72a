from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import SettingError, Unreachable
from WardenServer.settings.masking import mask
from WardenServer.streams.readers import make
from WardenServer.streams.readers.redis_losses import order, unaccounted

GOOD = {"url": "redis://u:hidden@x", "key": "daq", "group": "hub"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "x:6379"}, 'write "redis://host:6379/0"'),
        ({"url": 5}, 'write "redis://host:6379/0"'),
        ({"key": ""}, "write text in quotes"),
        ({"group": 5}, "write text in quotes"),
        ({"consumer": " "}, "write text in quotes"),
        ({"share": 5}, "write true or false"),
        ({"begin": "now"}, 'write "new" or "start"'),
        ({"form": "xml"}, "write one of json, msgpack, raw"),
        ({"field": None}, "write text in quotes"),
        ({"largest": 0}, "write a size"),
    ],
)
def test_settings_that_mean_nothing_are_refused_with_the_cure(settings, words) -> None:
    with pytest.raises(SettingError, match=words) as raised:
        make("daq", "redis", {**GOOD, **settings})
    assert f"[streams.daq]: {next(iter(settings))} is " in str(raised.value)


def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    reader = make("daq", "redis", GOOD)
    with pytest.raises(Unreachable) as raised:
        reader.exchange("count", {}, 1)
    assert "hidden" not in str(raised.value)
    assert mask("hidden") == "***"
    reader.close()
    reader.close()


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)), min_size=2))
def test_entries_are_ordered_by_their_numbers(numbers) -> None:
    ids = sorted((f"{first}-{second}".encode() for first, second in numbers), key=order)
    assert all(order(one) <= order(other) for one, other in pairwise(ids))
    assert [order(each) for each in ids] == sorted(numbers)


@given(st.lists(st.sampled_from(["add", "deliver", "acknowledge", "trim"]), max_size=60))
def test_what_is_unaccounted_is_what_was_acknowledged_or_lost(steps) -> None:
    """Against a stream of plain numbers."""
    added, oldest, last, pending, acknowledged, lost = 0, 1, 0, 0, 0, 0
    for step in steps:
        if step == "add":
            added += 1
        elif step == "trim":
            lost += oldest <= added and oldest > last
            oldest += oldest <= added
        elif step == "deliver" and max(last + 1, oldest) <= added:
            last, pending = max(last + 1, oldest), pending + 1
        elif step == "acknowledge" and pending:
            pending, acknowledged = pending - 1, acknowledged + 1
        first = (f"{oldest}-0".encode(), {}) if oldest <= added else None
        stream = {"entries-added": added, "length": added - oldest + 1, "first-entry": first}
        stream["last-generated-id"] = f"{added}-0".encode()
        found = unaccounted(stream, {"last-delivered-id": f"{last}-0".encode(), "pending": pending})
        assert found in (None, acknowledged + lost)
        if last == added or oldest > last:
            assert found is not None


def test_servers_that_do_not_count_what_was_added() -> None:
    stream = {"length": 1, "first-entry": (b"1-0", {}), "last-generated-id": b"1-0"}
    assert unaccounted(stream, {"last-delivered-id": b"0-0", "pending": 0}) is None
