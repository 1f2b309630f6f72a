"""What is done in each round: lists, addresses, the method, the pings, and what is written of them."""

import logging
import time
from collections.abc import Callable, Sequence

from WardenServer.plugins.common.ping import own
from WardenServer.plugins.common.ping.configuration import Ping
from WardenServer.plugins.common.ping.hosts import Host
from WardenServer.plugins.common.ping.probe import longest
from WardenServer.plugins.common.ping.probe.beside import beside
from WardenServer.plugins.common.ping.probe.board import Board
from WardenServer.plugins.common.ping.probe.lists import Lists
from WardenServer.plugins.common.ping.probe.methods import Methods, family_of, open_methods
from WardenServer.plugins.common.ping.probe.records import Records
from WardenServer.plugins.common.ping.probe.round import Round, Target
from WardenServer.plugins.common.ping.probe.sample import Sample
from WardenServer.plugins.common.problems import Problems


class Rounds:
    """Round after round, for one event loop.

    Args:
        ping: what all goes by.
        lists: which hosts there are.
        files: where samples are written.
        board: takes what is seen.
        log: told of each problem once.
        clock: Unix seconds.
    """

    def __init__(
        self,
        ping: Ping,
        lists: Lists,
        files: Records,
        board: Board,
        log: logging.Logger,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ping, self._lists, self._files, self._board = ping, lists, files, board
        self._problems, self._clock = Problems(log), clock
        self._name, self._address = ping.name, ping.address
        #: The most seconds that a round of the hosts of now may take.
        self.longest = 0.0
        self._list()
        board.say(problem=longest.too_long(ping, lists.hosts))

    async def run(self) -> None:
        """One round. Whatever goes wrong is a problem of this round only."""
        began = time.monotonic()
        self._board.say(began=self._clock())
        try:
            await self._run()
        except Exception as error:  # the next round may go well
            self._problem(f"a round was given up ({type(error).__name__}: {error})")
        self._files.end_round()
        self._problem(self._files.problem)
        self._board.ended(time.monotonic() - began, "; ".join(self._problems.end()))

    def stop(self) -> None:
        """End what is waited for on other threads; any thread may."""
        self._lists.stop()

    def close(self) -> None:
        """Let go of all files."""
        self._files.close()

    async def _run(self) -> None:
        await self._lists.refresh()
        self._list()
        targets = await self._lists.targets()
        self._name, self._address = await beside(lambda: self._own(targets))
        turn = longest.spacing(self._ping, self._lists.hosts)
        addresses = [each for target in targets for each in (target.address, target.gateway) if each]
        methods = await open_methods(self._ping, map(family_of, addresses), turn)
        try:
            await self._measure(targets, methods, turn)
        finally:
            methods.close()

    def _list(self) -> None:
        """Take over the hosts of now."""
        hosts = self._lists.hosts
        self._board.listed(hosts)
        self.longest = longest.of_round(self._ping, hosts)
        for problem in (*self._lists.problems, longest.too_long(self._ping, hosts)):
            self._problem(problem)

    async def _measure(self, targets: Sequence[Target], methods: Methods, turn: float) -> None:
        for notice in methods.notices.values():
            self._problem(notice)
        self._board.say(method=methods.names)
        ping = self._ping

        def limit(host: Host) -> float:
            return longest.of_host(host, ping, turn)

        await Round(methods.of, limit, ping.patience, ping.at_once, self._done, self._board.take).run(targets)

    def _own(self, targets: Sequence[Target]) -> tuple[str, str]:
        """Name and address of this machine."""
        name = self._ping.name or own.full_name()
        first = next((target.address for target in targets if target.address), "127.0.0.1")
        return name, self._ping.address or own.own_address(name, first)

    def _done(self, sample: Sample) -> None:
        self._files.add(sample, self._name, self._address)
        is_late = bool({"late", "clock"} & set(sample.measured.marks))
        self._board.say(lines=self._files.lines, late=self._board.state.late + is_late)

    def _problem(self, text: str) -> None:
        if text:
            self._problems.add(text)
