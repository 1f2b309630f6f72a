"""The list of beacons from a file: when it is read, and what changes nothing. From servers: tests/system/ping."""

import os
from pathlib import Path

import pytest

from WardenServer.plugins.common.ping.hosts import Host, Pings
from WardenServer.plugins.common.ping.probe import beacons as module
from WardenServer.plugins.common.ping.probe.beacons import Beacons, Change, plain

LIST = "# ours\na.b 192.0.2.1\nc.d send=3 ! slow\n"
DEFAULT = Host("", pings=(Pings(5, 64),))


class Clock:
    now = 1.8e9

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text(LIST)
    return path


def beacons(source: Path | str, clock: Clock) -> Beacons:
    return Beacons(str(source), 3600, Path(str(source)).parent / "kept", DEFAULT, clock)


def names(beacons: Beacons) -> list[str]:
    return [host.name for host in beacons.hosts]


def test_the_list_is_read_and_its_addresses_win_over_dns(source: Path, clock: Clock) -> None:
    some = beacons(source, clock)
    assert (some.is_due, some.hosts) == (True, ())
    change = some.fetch()
    assert change == Change(("a.b", "c.d"))
    assert change.text == "the list of beacons has changed; new: a.b, c.d"
    assert some.hosts == (
        Host("a.b", "192.0.2.1", (Pings(5, 64),), is_cached=False), Host("c.d", "", (Pings(3, 64),), is_cached=False),
    )  # fmt: skip
    assert (some.is_due, some.problem) == (False, "")


def test_it_is_due_when_it_is_old_and_after_a_jump_of_the_clock(source: Path, clock: Clock) -> None:
    some = beacons(source, clock)
    some.fetch()
    begin = clock.now
    for passed, due in ((0, False), (3599, False), (3600, True), (-1, True)):
        clock.now = begin + passed
        assert some.is_due is due
        assert beacons(source, clock).is_due is due, "also after a restart"


def test_what_came_and_went(source: Path, clock: Clock) -> None:
    some = beacons(source, clock)
    some.fetch()
    source.write_text("a.b size=1000\ne.f\nbad line here\n" + "".join(f"h{number:02}.de\n" for number in range(12)))
    change = some.fetch()
    assert change.went == ("c.d",)
    assert change.text.startswith("the list of beacons has changed; new: e.f, h00.de, h01.de")
    assert change.text.endswith("h08.de and 3 more; gone: c.d")
    assert change.left_out[0].startswith("line 3, 'bad line here'")
    assert some.hosts[0].pings == (Pings(5, 1000),)
    assert some.fetch().text == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "has no host"),
        (b"# nothing\n\n", "has no host"),
        (b"a.b enabled=no", "has no host"),
        (b"\xff\xfe\x00", "has no host"),
        (b"\xef\xbb\xbf \n<!DOCTYPE html><title>Login</title>\nhome\n", "is a page of HTML"),
        (b"Please log in\nover here\nwww.de\n", "has 2 lines that mean nothing, such as line 1, 'Please log in'"),
        (b"a.b\n" * 50_001, "has more than 50000 lines"),
        (None, "is no file"),
    ],
)
def test_what_is_no_list_changes_nothing(source: Path, clock: Clock, text: bytes | None, said: str) -> None:
    some = beacons(source, clock)
    some.fetch()
    clock.now += 5000
    if text is None:
        source.unlink()
    else:
        source.write_bytes(text)
    kept = (source.parent / "kept" / "beacons.txt").read_bytes()
    assert some.fetch() == Change()
    assert some.problem.startswith(f"the list of beacons {source} {said}")
    cure = "correct beacons, or see to where the list comes from"
    assert some.problem.endswith(f"; the 2 hosts of the last list stay; {cure}")
    assert (names(some), some.is_due) == (["a.b", "c.d"], True)
    assert (source.parent / "kept" / "beacons.txt").read_bytes() == kept
    source.write_text("e.f")
    assert some.fetch() == Change(("e.f",), ("a.b", "c.d"))
    assert (some.problem, some.is_due) == ("", False)


def test_what_is_no_file_is_not_waited_for(source: Path, clock: Clock) -> None:
    source.unlink()
    os.mkfifo(source)
    some = beacons(source, clock)
    some.fetch()
    assert "is no file" in some.problem


def test_what_is_too_large(source: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", len(LIST) - 1)
    some = beacons(source, clock)
    some.fetch()
    assert f"has more than {len(LIST) - 1} bytes" in some.problem


def test_it_is_kept_over_restarts_also_without_its_source(source: Path, clock: Clock) -> None:
    beacons(source, clock).fetch()
    source.unlink()
    again = beacons(source, clock)
    assert (names(again), again.is_due) == (["a.b", "c.d"], False)
    other = Beacons("/else/where.txt", 3600, source.parent / "kept", DEFAULT, clock)
    assert (names(other), other.is_due) == (["a.b", "c.d"], True), "of another source: good until that one is there"
    none = Beacons("", 3600, source.parent / "kept", DEFAULT, clock)
    assert (names(none), none.is_due) == ([], False)


def test_a_damaged_copy_counts_as_none(source: Path, clock: Clock) -> None:
    beacons(source, clock).fetch()
    kept = source.parent / "kept" / "beacons.txt"
    kept.write_bytes(bytes(100))
    again = beacons(source, clock)
    assert (names(again), again.is_due) == ([], True)
    kept.unlink()
    kept.mkdir()
    again = beacons(source, clock)
    again.fetch()
    assert names(again) == ["a.b", "c.d"]
    assert f"{kept} cannot be written" in again.problem
    assert not again.is_due


def test_an_address_is_said_without_what_may_be_secret() -> None:
    assert plain("https://me:sword@fish@h.de:8/a/b.txt?token=1#x") == "https://h.de:8/a/b.txt"
    assert plain("/etc/b.txt") == "/etc/b.txt"
