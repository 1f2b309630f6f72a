"""One round, with methods that do as the test says."""

import asyncio
from collections.abc import Callable

import pytest

from tests.unit.plugins.ping.probe.fake_method import Fake, hang
from WardenServer.errors import Unreachable
from WardenServer.plugins.common.ping.hosts import Host, Pings
from WardenServer.plugins.common.ping.probe.method import Method
from WardenServer.plugins.common.ping.probe.round import SHORT, Outcome, Round, Target
from WardenServer.plugins.common.ping.probe.sample import Sample


def target(name: str, gateway: str = "", **more: object) -> Target:
    return Target(Host(name, **more), f"of {name}", gateway)  # type: ignore[arg-type]


def run(targets: list[Target], method: Method, at_once: int = 25, limit: float = 60.0) -> tuple[
    list[Sample], list[Outcome]
]:
    samples: list[Sample] = []
    outcomes: list[Outcome] = []
    made = Round(lambda address: method, lambda host: limit, 20.0, at_once, samples.append, outcomes.append)
    asyncio.run(made.run(targets))
    return samples, outcomes


def test_a_host_has_a_priming_ping_and_then_its_sets_in_order() -> None:
    fake = Fake()
    host = target("a", pings=(Pings(3, 100), Pings(2, 1000)), wait=0.5)
    samples, [outcome] = run([host], fake)
    sets = [Pings(1, SHORT), Pings(3, 100), Pings(2, 1000)]
    assert fake.pings == [("of a", pings, 0.5, 2.0 if pings.size == SHORT else 20.0) for pings in sets]
    assert [(sample.size, sample.address, sample.method) for sample in samples] == [
        (100, "of a", "fake"), (1000, "of a", "fake"),
    ]  # fmt: skip
    assert outcome == Outcome(host, tuple(samples))


def test_the_order_of_the_list_is_kept_and_no_more_than_allowed_go_at_once() -> None:
    fake = Fake()
    _, outcomes = run([target(f"h{each}") for each in range(100)], fake, at_once=7)
    assert fake.most == 7
    primed = [address for address, pings, *_ in fake.pings if pings.size == SHORT]
    assert primed == [f"of h{each}" for each in range(100)]
    assert len(outcomes) == 100


def test_no_hosts_are_no_round() -> None:
    assert run([], Fake()) == ([], [])


def fail(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (hang, "h3 was given up after 0 s"),
        (lambda: fail(OSError(113, "No route")), "h3 cannot be measured (OSError: [Errno 113] No route)"),
        (lambda: fail(ZeroDivisionError("x")), "h3 cannot be measured (ZeroDivisionError: x)"),
        (lambda: fail(Unreachable("there is no way; make one")), "there is no way; make one"),
    ],
)
def test_a_bad_host_costs_itself_only(bad: Callable[[], object], why: str) -> None:
    fake = Fake(lambda address, pings: bad() if address == "of h3" else None)
    targets = [target(f"h{each}") for each in range(8)]
    samples, outcomes = run(targets, fake, at_once=1 if "given up" not in why else 8, limit=0.1)
    found = {outcome.target.host.name: outcome for outcome in outcomes}
    assert found["h3"].trouble == why
    assert not found["h3"].samples
    assert len(samples) == 14
    assert all(not outcome.trouble for name, outcome in found.items() if name != "h3")


def test_what_was_measured_before_it_went_wrong_counts() -> None:
    fake = Fake(lambda address, pings: fail(Unreachable("gone")) if pings.size == 1000 else None)
    samples, [outcome] = run([target("a")], fake)
    assert [sample.size for sample in samples] == [100]
    assert outcome.samples == tuple(samples) and outcome.trouble == "gone"


def test_a_priming_ping_that_fails_is_thrown_away_too() -> None:
    fake = Fake(lambda address, pings: fail(Unreachable("not yet")) if pings.size == SHORT else None)
    _, [outcome] = run([target("a")], fake)
    assert len(outcome.samples) == 2 and not outcome.trouble


def test_a_host_without_an_address_is_not_pinged() -> None:
    fake = Fake()
    without = Target(Host("a"), reason="DNS does not know a")
    assert run([without], fake) == ([], [Outcome(without, (), "DNS does not know a")])
    assert fake.pings == []


def test_the_host_on_the_way_is_pinged_meanwhile_with_the_same_number() -> None:
    fake = Fake()
    samples, _ = run([target("a", "gate", pings=(Pings(5, 1000),))], fake)
    assert ("gate", Pings(5, SHORT), 1.0, 20.0) in fake.pings
    assert fake.most == 2
    assert samples[0].gateway is not None and samples[0].gateway.received == 5


def test_a_host_on_the_way_that_cannot_be_measured_costs_nothing() -> None:
    fake = Fake(lambda address, pings: fail(OSError("no")) if address == "gate" else None)
    samples, [outcome] = run([target("a", "gate")], fake)
    assert [sample.gateway for sample in samples] == [None, None]
    assert not outcome.trouble


def test_a_host_that_fails_ends_what_goes_on_beside_it() -> None:
    async def check() -> None:
        def behave(address: str, pings: Pings) -> object:
            return hang() if address == "gate" else None if pings.size == SHORT else fail(OSError("no"))

        fake = Fake(behave)
        made = Round(lambda address: fake, lambda host: 60.0, 20.0, 1, lambda sample: None, lambda outcome: None)
        await made.run([target("a", "gate")])
        await asyncio.sleep(0)
        assert fake.now == 0

    asyncio.run(check())


def test_a_round_that_is_cancelled_ends() -> None:
    async def check() -> None:
        fake = Fake(lambda address, pings: hang())
        made = Round(lambda address: fake, lambda host: 60.0, 20.0, 5, lambda sample: None, lambda outcome: None)
        running = asyncio.create_task(made.run([target(f"h{each}") for each in range(9)]))
        while fake.now < 5:
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert fake.now == 0

    asyncio.run(check())
