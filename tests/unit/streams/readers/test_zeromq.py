import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import SettingError
from WardenServer.streams.readers import make
from WardenServer.streams.readers.publishers import known_addresses
from WardenServer.streams.readers.zeromq import ZeroMQ


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"addresses": "tcp//x:5024"}, 'write "tcp://host:port"'),
        ({"addresses": "tcp://x"}, 'write "tcp://host:port"'),
        ({"addresses": "tcp://x:70000"}, 'write "tcp://host:port"'),
        ({"addresses": "tcp://x:0"}, 'write "tcp://host:port"'),
        ({"addresses": "foo://x:1"}, 'write "tcp://host:port"'),
        ({"addresses": []}, 'write "tcp://host:port"'),
        ({"addresses": 5024}, 'write "tcp://host:port"'),
        ({"addresses": ["tcp://x:1", 5]}, "in place of 5"),
        ({"addresses": ["tcp://x:1", "tcp://x:1"]}, "write tcp://x:1 once"),
        ({"addresses": "tcp://x:1", "form": "pickle"}, "write one of json, msgpack, raw"),
        ({"addresses": "tcp://x:1", "form": ["json"]}, "write one of json, msgpack, raw"),
        ({"addresses": "tcp://x:1", "topic": 5}, "write text in quotes"),
        ({"addresses": "tcp://x:1", "limit": -1}, "write a whole number"),
        ({"addresses": "tcp://x:1", "limit": 2**31}, "write a whole number below"),
        ({"addresses": "tcp://x:1", "largest": "much"}, "write a size"),
    ],
)
def test_settings_that_mean_nothing_are_refused_with_the_cure(settings, words) -> None:
    with pytest.raises(SettingError, match=words) as raised:
        make("daq", "zeromq", settings)
    assert f"[streams.daq]: {list(settings)[-1]} is " in str(raised.value)


@given(
    st.one_of(
        st.text(),
        st.lists(st.one_of(st.text(), st.none(), st.lists(st.text()), st.just("tcp://a:1"))),
        st.dictionaries(st.text(), st.text()),
    )
)
def test_addresses_are_taken_or_refused(value) -> None:
    try:
        addresses = known_addresses(value)
    except ValueError:
        return
    assert addresses == ([value] if isinstance(value, str) else value)
    assert len(set(addresses)) == len(addresses)


@pytest.mark.parametrize(
    "address", ["tcp://daq.example:5024", "tcp://[fe80::1]:5", "tcp://127.0.0.1:1", "ipc:///run/daq"]
)
def test_addresses(address) -> None:
    assert known_addresses(address) == known_addresses([address]) == [address]


def test_a_reader_that_is_not_open_takes_on_other_addresses() -> None:
    reader = ZeroMQ("tcp://a:1")
    reader.add("tcp://b:1")
    with pytest.raises(SettingError, match="write tcp://b:1 once"):
        reader.add("tcp://b:1")
    with pytest.raises(SettingError, match="in place of"):
        reader.add("['tcp://b:1']")
    assert reader.change({"addresses": ["tcp://b:1", "tcp://c:1"]})
    assert not reader.change({"addresses": "tcp://c:1", "topic": ""})
    with pytest.raises(SettingError):
        reader.change({"addresses": "c"})
    reader.close()
    reader.close()
    assert reader.position() is None
