"""What a monitoring host sends for a day becomes the file of that day, or what was there stays."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date
from pathlib import Path

from WardenServer.errors import Unreachable, WardenError
from WardenServer.plugins.common.ping.archive import day_file
from WardenServer.plugins.common.ping.archive.fetching import Refused, Silent
from WardenServer.plugins.common.ping.archive.judging import Judge, NotRaw
from WardenServer.plugins.common.ping.archive.monitors import Monitor

#: Seconds that one day of one host may take as a whole.
WHOLE = 1800.0


async def store(path: Path, monitor: Monitor, day: date, blocks: AsyncIterator[bytes], had: int) -> int:
    """Put a day in place if it has no fewer lines than the `had` that are there; how many there are now.

    Raises:
        Silent: the host takes too long.
        Refused: it sends something else than raw data of that day.
        Unreachable: the file cannot be written.
        WardenError: what reading the blocks raises.
    """
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        async with asyncio.timeout(WHOLE):
            judge = await _write(part, day, blocks, may_be_empty=not monitor.url)
        if judge.says_nothing or judge.lines < had:
            return had
        part.replace(path)
    except NotRaw as error:
        raise Refused(f"{monitor.name} {error}") from None
    except WardenError:
        raise
    except TimeoutError:
        raise Silent(f"{monitor.name} does not end its answer within {WHOLE:g} s; see its log") from None
    except OSError as error:
        raise Unreachable(f"{path} cannot be written ({error.strerror}); make room, or correct its rights") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return judge.lines


async def _write(part: Path, day: date, blocks: AsyncIterator[bytes], may_be_empty: bool) -> Judge:
    judge = Judge(day)
    with day_file.packing(part) as packed:
        async for block in blocks:
            packed.write(judge.take(block))
        judge.end(may_be_empty)
    return judge
