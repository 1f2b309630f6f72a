"""How long a round may take at worst."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from WardenServer.plugins.common.ping.configuration import Ping
from WardenServer.plugins.common.ping.hosts import Host, Pings
from WardenServer.plugins.common.ping.probe import longest
from WardenServer.plugins.common.ping.probe.longest import PRIMING, SPARE

HERE = Path("/nowhere")
#: Before the first ping: our own name, and all names.
BEFORE = 10.0 + 60.0


def hosts(number: int, **more: object) -> list[Host]:
    return [Host(f"h{each}", **more) for each in range(number)]  # type: ignore[arg-type]


def test_a_host_takes_the_spacing_of_its_sets_and_the_patience_after_each() -> None:
    ping = Ping(HERE)
    turn = longest.spacing(ping, hosts(1))
    assert turn == 0.125
    assert longest.of_host(Host("h"), ping, turn) == pytest.approx(2 * (9 + 20) + 3 * 0.125 + PRIMING + SPARE)


def test_where_packets_wait_longer_for_their_turn_than_for_the_next_the_rate_counts() -> None:
    ping = Ping(HERE, at_once=1000, rate=100.0, patience=1.0)
    host = Host("h", pings=(Pings(10, 100),))
    assert longest.of_host(host, ping, longest.spacing(ping, [host])) == pytest.approx(11 * 10 + 1 + PRIMING + SPARE)


def test_gateways_take_turns_too() -> None:
    assert longest.spacing(Ping(HERE), hosts(3, gateway="g")) == 0.25
    assert longest.spacing(Ping(HERE, gateway="g"), hosts(3)) == 0.25


def test_as_many_as_go_at_once_take_as_long_as_one() -> None:
    ping = Ping(HERE, at_once=25)
    of_one = longest.of_host(Host("h"), ping, longest.spacing(ping, hosts(1)))
    assert longest.of_round(ping, []) == 10.0
    assert longest.of_round(ping, hosts(1)) == longest.of_round(ping, hosts(25)) == pytest.approx(BEFORE + of_one)
    assert longest.of_round(ping, hosts(26)) == pytest.approx(BEFORE + 2 * of_one)


def test_what_comes_before_the_first_ping() -> None:
    named = Ping(HERE, name="here", address="192.0.2.1")
    assert longest.before(named, [Host("192.0.2.7"), Host("::1")]) == 0.0
    assert longest.before(named, [Host("192.0.2.7", gateway="gate")]) == 60.0
    assert longest.before(Ping(HERE, beacons="https://pinger.example.org"), []) == 60.0 + 10.0


def test_one_slow_host_in_the_end_is_not_forgotten() -> None:
    ping = Ping(HERE, at_once=2)
    slow = Host("slow", pings=(Pings(100, 100),))
    of_slow = longest.of_host(slow, ping, longest.spacing(ping, [slow]))
    assert longest.of_round(ping, [*hosts(2), slow]) > BEFORE + of_slow


def test_a_round_that_may_not_fit_is_said_with_numbers_and_cure() -> None:
    assert longest.too_long(Ping(HERE), hosts(500)) == ""
    said = longest.too_long(Ping(HERE), hosts(1000))
    assert said.startswith("a round of 1000 hosts may take 26")
    assert "every in [ping] is 1800 s" in said and "raise every or at_once" in said
    assert longest.too_long(Ping(HERE, phase=1700.0), hosts(50)).startswith(
        "a round of 50 hosts, begun 1700 s after its slot, may"
    )


@settings(deadline=None)
@given(st.lists(st.integers(1, 30), max_size=40), st.integers(1, 10))
def test_it_is_no_less_than_all_work_divided_and_no_less_than_the_longest(numbers, at_once) -> None:
    ping = Ping(HERE, at_once=at_once)
    those = [Host(f"h{place}", pings=(Pings(number, 100),)) for place, number in enumerate(numbers)]
    turn = longest.spacing(ping, those)
    times = [longest.of_host(host, ping, turn) for host in those]
    found = longest.of_round(ping, those) - longest.before(ping, those)
    assert found >= max(times, default=0.0) - 1e-6
    assert sum(times) / at_once - 1e-6 <= found <= sum(times) + 1e-6
