"""One round: all hosts in their order, so many at a time. Whatever a host does costs that host only."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from WardenServer.errors import WardenError
from WardenServer.plugins.common.ping.hosts import Host, Pings
from WardenServer.plugins.common.ping.probe.longest import PRIMING
from WardenServer.plugins.common.ping.probe.method import Method
from WardenServer.plugins.common.ping.probe.sample import Measured, Sample

#: Bytes of the priming ping, and of those to a gateway.
SHORT = 56


@dataclass(frozen=True)
class Target:
    """A host, the address that its name has in this round, or `reason`: why it has none; and the address of the host on
    the way, "" for none."""

    host: Host
    address: str = ""
    gateway: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a host: the samples of those sets that could be measured, and why others could not."""

    target: Target
    samples: tuple[Sample, ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class Round:
    """How a round goes.

    Args:
        method: the way to measure an address; raises WardenError where there is none.
        limit: the most seconds that a host may take as a whole.
        patience: seconds after the last ping of a set in which replies count.
        at_once: most hosts at a time.
        done: takes each sample as soon as it is there.
        ended: takes each host's outcome.
    """

    method: Callable[[str], Method]
    limit: Callable[[Host], float]
    patience: float
    at_once: int
    done: Callable[[Sample], None]
    ended: Callable[[Outcome], None]

    async def run(self, targets: Sequence[Target]) -> None:
        """Measure all of them."""
        waiting = iter(targets)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.at_once, len(targets))):
                group.create_task(self._work(waiting))

    async def _work(self, waiting: Iterator[Target]) -> None:
        """One of those that go through the list together."""
        for target in waiting:
            samples: list[Sample] = []
            trouble = await self._guarded(target, samples) if target.address else target.reason
            self.ended(Outcome(target, tuple(samples), trouble))

    async def _guarded(self, target: Target, samples: list[Sample]) -> str:
        limit = self.limit(target.host)
        try:
            async with asyncio.timeout(limit):
                await self._measure(target, samples)
        except TimeoutError:
            return f"{target.host.name} was given up after {limit:.0f} s"
        except WardenError as error:
            return str(error)
        except Exception as error:  # no host may end the round of the others
            return f"{target.host.name} cannot be measured ({type(error).__name__}: {error})"
        return ""

    async def _measure(self, target: Target, samples: list[Sample]) -> None:
        method = self.method(target.address)
        with suppress(WardenError, OSError):  # its result is thrown away; what is wrong, the first set will say
            await method.ping(target.address, Pings(1, SHORT), target.host.wait, PRIMING)
        for pings in target.host.pings:
            beside = asyncio.create_task(self._gateway(target, pings))
            try:
                measured = await method.ping(target.address, pings, target.host.wait, self.patience)
                gateway = await beside
            finally:
                beside.cancel()
            samples.append(Sample(target.host, target.address, pings.size, measured, gateway, method.name))
            self.done(samples[-1])

    async def _gateway(self, target: Target, pings: Pings) -> Measured | None:
        """What the host on the way shows meanwhile; None where it cannot be measured, which costs the host nothing."""
        if not target.gateway:
            return None
        try:
            method = self.method(target.gateway)
            return await method.ping(target.gateway, Pings(pings.number, SHORT), target.host.wait, self.patience)
        except Exception:  # whatever it is, the host itself counts
            return None
