"""Work that blocks, such as a question to DNS, beside an event loop."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def beside(work: Callable[[], T]) -> T:
    """What `work` returns or raises, run on a thread of its own. Where nobody waits any more, the thread ends by itself
    and holds up nothing: unlike one of the loop's executor, which the end of the loop waits for."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(done: Callable[[], None]) -> None:
        if not future.done():
            done()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # it belongs to who waits
            failed = error
            done = lambda: future.set_exception(failed)  # noqa: E731
        else:
            done = lambda: future.set_result(result)  # noqa: E731
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, done)

    threading.Thread(target=run, name="ping waits", daemon=True).start()
    return await future
