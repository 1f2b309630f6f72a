"""Tables of pings by HTTP: what there is, one table, and one pair over time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from anyio import CapacityLimiter
from starlette.responses import Response

from WardenServer.errors import SettingError, WardenError
from WardenServer.hub.ping_tables import archive_of
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.plugins.common.ping.looking import classes, pingtable, series
from WardenServer.plugins.common.ping.reports import kept
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.settings.config import Settings
from WardenServer.web import ping_asked
from WardenServer.web.paths import Asked, Path, Refused, as_json
from WardenServer.web.series import plain

#: Seconds within which there is an answer, and questions to the archive at a time.
LIMIT, AT_A_TIME = 20.0, 3
#: Bytes of an answer, and pairs that are named for forms.
LARGEST, MOST_PAIRS = 20_000_000, 2000
_OBJECT = {"type": "object"}


class Ping:
    """The archive of pings, for those who ask by HTTP."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def paths(self) -> list[Path]:
        """The paths of this module."""
        more: dict[str, Any] = {"schema": _OBJECT, "turn": CapacityLimiter(AT_A_TIME), "limit": LIMIT}
        return [
            Path("GET", "/api/ping/about", "Metrics, classes, sizes, newest days and pairs of pings.", self.about,
                 **more),
            Path("GET", "/api/ping/table", "A table of pairs, with its summary.", self.table,
                 parameters=ping_asked.TABLE, **more),
            Path("GET", "/api/ping/series", "A pair over some days, with the packets that the values are made of.",
                 self.series, parameters=ping_asked.SERIES, **more),
        ]  # fmt: skip

    def about(self, asked: Asked) -> Response:
        """What can be asked for. `newest` has a day for each tick; it and `oldest` are null where there is nothing."""
        archive = archive_of(self._settings)
        metrics = [
            {"name": name, "unit": metric.unit, "classes": [each._asdict() for each in classes.classes(name)]}
            for name, metric in METRICS.items()
        ]
        newest = {by: {tick: _newest(archive, by, tick) for tick in pingtable.TICKS} for by in archive.by}
        pairs = {by: _pairs(archive, by) for by in archive.by}
        oldest = _text(kept.oldest(Folders(archive.folder)))
        about = {"metrics": metrics, "sizes": archive.sizes, "by": archive.by, "ticks": list(pingtable.TICKS)}
        return as_json({**about, "newest": newest, "oldest": oldest, "pairs": pairs})

    def table(self, asked: Asked) -> Response:
        """One table; `day` is one within its period."""
        wanted, is_text, archive = ping_asked.table(asked), ping_asked.is_text(asked), archive_of(self._settings)
        with _judged():
            found = pingtable.view(archive, wanted)
        if not is_text:
            return _bounded(as_json(pingtable.as_plain(found)))
        name = f"{wanted.metric}-{wanted.size}-by-{wanted.by}-{wanted.tick}.tsv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return _bounded(Response(pingtable.as_tsv(found), media_type="text/tab-separated-values", headers=headers))

    def series(self, asked: Asked) -> Response:
        """The values from `start` on, one each `step` seconds."""
        wanted, archive = ping_asked.series(asked), archive_of(self._settings)
        with _judged():
            found = series.series(archive, wanted)
        about = {"metric": found.metric, "unit": found.unit, "start": found.times[0], "step": found.step}
        return as_json({**about, "values": plain(found.values), "sent": found.sent, "received": found.received})


@contextmanager
def _judged() -> Iterator[None]:
    """What is asked for is judged in here: what makes no sense is another answer than what is not there."""
    try:
        yield
    except pingtable.Missing:
        raise
    except SettingError as error:
        raise Refused(400, str(error)) from None


def _pairs(archive: Archive, by: str) -> Sequence[tuple[str, str]]:
    """Some pairs, to be offered: where a table is damaged, none."""
    try:
        return pingtable.pairs(archive, by)[:MOST_PAIRS]
    except WardenError:
        return ()


def _newest(archive: Archive, by: str, tick: str) -> str | None:
    """By the tables of packet_loss: there are others only beside them."""
    return _text(pingtable.latest(archive, "packet_loss", archive.sizes[0], by, tick))


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _bounded(answer: Response) -> Response:
    """An answer, unless it is too large for a browser."""
    if len(answer.body) > LARGEST:
        raise Refused(400, f"this is more than {LARGEST // 1_000_000} MB; choose fewer pairs with from, to, only or ex")
    return answer
