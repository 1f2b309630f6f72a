"""Whether a Memcached can be reached from other machines, by what it says of itself."""

import pytest

from WardenServer.servers.exposure import exposure


@pytest.mark.parametrize(
    "listens",
    [b"127.0.0.1", b"127.0.0.1,::1", b"localhost", b"127.0.0.1:11211", b"[::1]:11211", b"::1", b"127.0.0.1, 127.0.1.1"],
)
def test_on_loopback(listens: bytes) -> None:
    assert exposure("127.0.0.1:11211", listens) == ""
    assert exposure("some.host:11211", listens) == "", "a name for this computer"


@pytest.mark.parametrize(
    ("listens", "said"),
    [
        (b"NULL", "all addresses"),
        (b"", "all addresses"),
        (b"0.0.0.0", "0.0.0.0"),
        (b"::", "::"),
        (b"127.0.0.1,10.1.2.3", "127.0.0.1,10.1.2.3"),
        (b"10.1.2.3:11211", "10.1.2.3:11211"),
        (b"\xff", "\ufffd"),
    ],
)
def test_open(listens: bytes, said: str) -> None:
    sentence = exposure("127.0.0.1:11211", listens)
    assert f"Memcached 127.0.0.1:11211 listens on {said}: " in sentence
    assert "start it with -l 127.0.0.1" in sentence


@pytest.mark.parametrize(
    ("place", "open_"),
    [("127.0.0.1:11211", False), ("localhost:1", False), ("[::1]:1", False), ("p02:1", True), ("[fe80::1]:1", True)],
)
def test_a_server_that_does_not_say_is_judged_by_its_place(place: str, open_: bool) -> None:
    assert bool(exposure(place, None)) is open_
