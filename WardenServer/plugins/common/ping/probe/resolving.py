"""Names to addresses, outside of all timing: many at a time, and none that hangs holds up the others."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from WardenServer.plugins.common.ping.names import address, is_address

#: Seconds that one name may take, and all together; names that are asked for at a time; most questions without answer.
LIMIT, WHOLE, AT_ONCE, HANGING = 5.0, 60.0, 32, 500


class Found(NamedTuple):
    """All addresses of a name, IPv4 first, or why there is none."""

    addresses: tuple[str, ...] = ()
    trouble: str = ""

    def first(self, protocol: str) -> str:
        """The first of a protocol, "IPv4" or "IPv6", or with "" of all; "" where there is none."""
        sign = {"IPv4": (False,), "IPv6": (True,)}.get(protocol, (False, True))
        return next((each for each in self.addresses if (":" in each) in sign), "")


def look_up(name: str) -> tuple[str, ...]:
    """What DNS and the file of hosts say. An address of a link keeps its interface.

    Raises:
        OSError, UnicodeError: there is none.
    """
    found = []
    for _family, _type, _protocol, _canonical, place in socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM):
        scope = f"%{socket.if_indextoname(place[3])}" if len(place) == 4 and place[3] else ""
        with suppress(ValueError):  # of no host
            found.append(address(f"{str(place[0]).partition('%')[0]}{scope}"))
    return tuple(sorted(dict.fromkeys(found), key=lambda each: ":" in each))


class Resolver:
    """Asks for names, in threads that end when DNS answers or gives up; they hold up neither the caller nor the end of
    the process. One event loop uses it."""

    def __init__(
        self, ask: Callable[[str], tuple[str, ...]] = look_up, limit: float = LIMIT, whole: float = WHOLE
    ) -> None:
        self._ask, self._limit, self._whole = ask, limit, whole
        self._hanging = 0

    async def resolve(self, names: Iterable[str]) -> dict[str, Found]:
        """What each name leads to. What is an address already needs no DNS."""
        late = Found(trouble=f"DNS has not answered within the {self._whole:g} s for all names")
        found = {name: Found((name,)) if is_address(name) else late for name in names}
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> None:
            async with turn:
                found[name] = await self._one(name)

        asked = [name for name in found if found[name] is late]
        with suppress(TimeoutError):
            async with asyncio.timeout(self._whole), asyncio.TaskGroup() as group:
                for name in asked:
                    group.create_task(one(name))
        return found

    async def _one(self, name: str) -> Found:
        if self._hanging >= HANGING:
            return Found(trouble=f"DNS owes answers to {self._hanging} questions")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Found] = loop.create_future()

        def done(found: Found) -> None:
            self._hanging -= 1
            if not answer.done():
                answer.set_result(found)

        def run() -> None:
            found = self._look(name)
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(done, found)

        try:
            threading.Thread(target=run, name="ping asks DNS", daemon=True).start()
            self._hanging += 1  # `done` runs in this thread, later
            async with asyncio.timeout(self._limit):
                return await answer
        except RuntimeError as error:  # the system gives no more threads
            return Found(trouble=f"DNS cannot be asked: {error}")
        except TimeoutError:
            return Found(trouble=f"DNS has not answered within {self._limit:g} s")

    def _look(self, name: str) -> Found:
        try:
            found = self._ask(name)
        except OSError as error:
            return Found(trouble=f"{error.strerror or error}")
        except UnicodeError:
            return Found(trouble="no name that DNS can have")
        return Found(found, "" if found else "no address of a host")
