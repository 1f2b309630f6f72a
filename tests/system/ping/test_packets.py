"""ICMP for real: the kernel's own replies, and those of a responder in a network namespace of its own, which loses,
delays, doubles, reorders and changes them. What is measured equals what was set, packet by packet."""

import asyncio
import random
import select
import socket
from typing import Any

import pytest

from tests.system.ping import responder
from tests.system.ping.namespaces import ask, measure, skip_without_namespaces
from WardenServer.plugins.common.ping.hosts import Pings
from WardenServer.plugins.common.ping.probe import sockets
from WardenServer.plugins.common.ping.probe.icmp import Icmp
from WardenServer.plugins.common.ping.probe.pace import Pace
from WardenServer.plugins.common.ping.probe.packet import Echo, request
from WardenServer.plugins.common.ping.probe.sample import Measured

Script = list[list[dict[str, Any]]]

UNPRIVILEGED = {"ipv4/ping_group_range": "0 2147483647"}
KINDS = pytest.mark.parametrize("kind", ["raw", "unprivileged"])


@pytest.fixture(scope="module", autouse=True)
def _namespaces() -> None:
    skip_without_namespaces()


@pytest.fixture
def _raw() -> None:
    if why_not := sockets.allowed("raw", socket.AF_INET):
        pytest.skip(why_not)


def ping(address: str, pings: Pings, wait: float = 0.01, pace: float = 5000, patience: float = 5.0) -> Measured:
    async def once() -> Measured:
        method = Icmp("raw", Pace(pace))
        try:
            return await method.ping(address, pings, wait, patience)
        finally:
            method.close()

    return asyncio.run(once())


def sequences(measured: Measured) -> list[int]:
    return [reply.sequence for reply in measured.replies]


def expected(script: Script) -> list[int]:
    """The order in which a responder's answers without delay come, until each ping has one."""
    came: list[int] = []
    held: dict[int, list[int]] = {}
    for place, answers in enumerate(script):
        for answer in answers:
            if "wrong" in answer or "from" in answer:
                continue
            if "after" in answer:
                held.setdefault(answer["after"], []).append(place)
            else:
                came.append(place)
        came += held.pop(place, [])
    complete = [end for end in range(len(came)) if len(set(came[: end + 1])) == len(script)]
    return came[: complete[0] + 1] if complete else came


@pytest.mark.usefixtures("_raw")
@pytest.mark.parametrize("size", [0, 56, 100, 1000, 9000, 65507])
def test_this_machine(size: int) -> None:
    measured = ping("127.0.0.1", Pings(10, size))
    assert sequences(measured) == list(range(10))
    assert all(0 < reply.rtt < 5000 for reply in measured.replies)
    assert "clock" not in measured.marks


@pytest.mark.usefixtures("_raw")
@pytest.mark.parametrize("size", [0, 100, 1000, 65000])
def test_this_machine_over_ipv6(size: int) -> None:
    if why_not := sockets.allowed("raw", socket.AF_INET6):
        pytest.skip(why_not)
    measured = ping("::1", Pings(10, size))
    assert sequences(measured) == list(range(10))
    assert "clock" not in measured.marks


@pytest.mark.usefixtures("_raw")
@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_only_replies_reach_a_raw_socket(family: int, address: str) -> None:
    if why_not := sockets.allowed("raw", family):
        pytest.skip(why_not)
    opened, identifier = sockets.opened("raw", family)
    with opened:
        opened.sendto(request(family, Echo(identifier, 1, b"only this")), (address, 0))
        found = [select.select([opened], [], [], 5) and sockets.received(opened)]
        while packet := sockets.received(opened):
            found.append(packet)
    ours = [packet for packet in found if packet and packet.data.endswith(b"only this")]
    assert len(ours) == 1  # on loopback the request comes in, too
    assert ours[0].address == address


@pytest.mark.usefixtures("_raw")
@pytest.mark.parametrize(("address", "size"), [("127.0.0.1", 65508), ("255.255.255.255", 100)])
def test_what_the_kernel_refuses_to_send_is_lost(address: str, size: int) -> None:
    measured = ping(address, Pings(1, size), patience=0.2)
    assert (measured.sent, measured.replies) == (1, ())


@pytest.mark.usefixtures("_raw")
def test_replies_that_are_not_read_in_time_are_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "RECEIVE_BUFFER", 1)  # the kernel gives some KB
    measured = ping("127.0.0.1", Pings(500, 1000), wait=0, pace=1e9, patience=0.2)  # sent at once, before any is read
    assert 0 < measured.received < 500
    assert "late" in measured.marks


@KINDS
def test_many_hosts_at_once(kind: str) -> None:
    addresses = [f"127.1.{number // 200}.{number % 200 + 1}" for number in range(400)] + ["::1"]
    found = measure(addresses=addresses, kind=kind, number=3, sysctls=UNPRIVILEGED)
    assert [sequences(found[address]) for address in addresses] == [[0, 1, 2]] * 401


@KINDS
@pytest.mark.parametrize("size", [0, 1, 100, 1000, 20_000])
def test_sizes(kind: str, size: int) -> None:
    script = {"127.0.0.5": [[{}]] * 3, "::1": [[{}]] * 3}
    found = measure(script=script, kind=kind, number=3, size=size, sysctls=UNPRIVILEGED)
    assert [sequences(measured) for measured in found.values()] == [[0, 1, 2]] * 2


#: Scripts for ten pings; {} is a whole answer at once.
CASES: dict[str, Script] = {
    "all": [[{}]] * 10,
    "none": [[]] * 10,
    "first lost": [[], *[[{}]] * 9],
    "last lost": [*[[{}]] * 9, []],
    "three in a row lost": [*[[{}]] * 3, *[[]] * 3, *[[{}]] * 4],
    "doubled": [*[[{}]] * 4, [{}, {}], *[[{}]] * 5],
    "all doubled but the last lost": [*[[{}, {}]] * 9, []],
    "the last doubled": [*[[{}]] * 9, [{}, {}]],
    "doubled later": [[{}, {"after": 5}], *[[{}]] * 9],
    "one late": [*[[{}]] * 2, [{"after": 5}], *[[{}]] * 7],
    "the first comes last": [[{"after": 9}], *[[{}]] * 9],
    "all come with the last": [*[[{"after": 9}]] * 9, [{}]],
    "two change places": [*[[{}]] * 4, [{"after": 5}], *[[{}]] * 5],
    **{f"wrong {what}": [*[[{}]] * 4, [{"wrong": what}], *[[{}]] * 5] for what in responder.WRONG},
    **{f"all wrong {what}": [[{"wrong": what}]] * 10 for what in responder.WRONG},
    "wrong before right": [[{"wrong": what}, {}] for what in [*responder.WRONG, "payload"]],
    "from another address": [[{"from": "127.9.9.9"}, {}], *[[{"from": "127.9.9.9"}]] * 9],
}


@KINDS
def test_what_is_measured_equals_what_was_set(kind: str) -> None:
    script = {f"127.0.1.{number + 1}": case for number, case in enumerate(CASES.values())}
    found = measure(script=script, kind=kind, sysctls=UNPRIVILEGED)
    measured = dict(zip(CASES, map(sequences, found.values()), strict=True))
    assert measured == {name: expected(case) for name, case in CASES.items()}
    assert [each.sent for each in found.values()] == [10] * len(CASES)


@KINDS
@pytest.mark.parametrize("case", ["three in a row lost", "doubled later", "the first comes last", "wrong before right"])
def test_over_ipv6(kind: str, case: str) -> None:
    script = CASES[case]
    if case == "wrong before right":  # a wrong checksum is the kernel's to see, which also makes ours
        script = [[answer for answer in answers if answer.get("wrong") != "checksum"] for answers in script]
    [measured] = measure(script={"::1": script}, kind=kind, sysctls=UNPRIVILEGED).values()
    assert sequences(measured) == expected(script)


def _any_script(chance: random.Random) -> Script:
    script: Script = []
    for place in range(10):
        answers: list[dict[str, Any]] = []
        for _ in range(chance.choice([0, 1, 1, 1, 1, 2, 3])):
            later = {"after": chance.randint(place, 9)} if chance.random() < 0.4 else {}
            wrong = {"wrong": chance.choice(list(responder.WRONG))} if chance.random() < 0.2 else {}
            answers.append({**later, **wrong})
        script.append(answers)
    return script


def test_hundreds_of_hosts_with_all_sorts_of_faults() -> None:
    chance = random.Random(15)
    script = {f"127.0.{2 + number // 200}.{number % 200 + 1}": _any_script(chance) for number in range(300)}
    found = measure(script=script, wait=0.1)
    assert {address: sequences(measured) for address, measured in found.items()} == {
        address: expected(case) for address, case in script.items()
    }


@KINDS
def test_delays(kind: str) -> None:
    delays = [500, 0, 250]
    answers = [[{"delay": delay}] for delay in delays]
    script = {"127.0.0.7": answers, "::1": answers}
    for measured in measure(script=script, kind=kind, number=3, sysctls=UNPRIVILEGED).values():
        rtt = {reply.sequence: reply.rtt for reply in measured.replies}
        assert len(rtt) == 3
        assert all(rtt[place] >= delay for place, delay in enumerate(delays))


@KINDS
def test_what_goes_earlier_and_comes_later_takes_longer(kind: str) -> None:
    answers = [[{"after": 5}], [{"after": 4}], [{"after": 3}], [{}], [{}], [{}]]
    script = {"127.0.0.7": answers, "::1": answers}
    for measured in measure(script=script, kind=kind, number=6, sysctls=UNPRIVILEGED).values():
        rtt = {reply.sequence: reply.rtt for reply in measured.replies}
        assert sequences(measured) == [3, 2, 4, 1, 5, 0]
        assert rtt[0] > rtt[1] > rtt[2] > rtt[3] > 0


def test_a_reply_after_the_patience_is_lost() -> None:
    script = {"127.0.0.8": [[{}], [{"after": 1}, {}], []], "127.0.0.9": [[{"delay": 50_000}], [{}], [{}]]}
    found = measure(script=script, number=3, patience=2.0)
    assert [sequences(measured) for measured in found.values()] == [[0, 1, 1], [1, 2]]


def test_no_route() -> None:
    found = measure(addresses=["192.0.2.1", "2001:db8::1", "127.0.0.1"], up=False, number=2, patience=0.2)
    assert [(each.sent, each.replies) for each in found.values()] == [(2, ())] * 3


def test_what_is_allowed() -> None:
    assert ask(allowed=True) == ["", ""]
    assert ask(allowed=True, kind="unprivileged", sysctls=UNPRIVILEGED) == ["", ""]
    refused = ask(allowed=True, kind="unprivileged", sysctls={"ipv4/ping_group_range": "1 0"})
    assert all("ping_group_range" in why_not for why_not in refused)


def test_without_the_capability() -> None:
    drop = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")
    ipv4, ipv6 = ask(drop, allowed=True)
    assert "raw ICMP over IPv4" in ipv4 and "CAP_NET_RAW" in ipv4
    assert "raw ICMP over IPv6" in ipv6 and "CAP_NET_RAW" in ipv6
    [measured] = measure(
        drop, addresses=["127.0.0.1"], kind="unprivileged", sysctls=UNPRIVILEGED, number=1
    ).values()
    assert measured.received == 1


def test_without_ipv6() -> None:
    off = {"ipv6/conf/all/disable_ipv6": "1"}
    ipv4, ipv6 = ask(allowed=True, sysctls=off)
    assert ipv4 == ""
    assert "no interface of this machine has an IPv6 address" in ipv6
    [measured] = measure(addresses=["::1"], sysctls=off, number=1, patience=0.2).values()
    assert (measured.sent, measured.replies) == (1, ())
