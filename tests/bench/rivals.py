"""What keeps values elsewhere: Debian's VictoriaMetrics and rrdcached, and a table of SQLite.

Each is given the same seconds of documents, one after the other as fast as it takes them; it may then write out and
merge what it likes before its files are measured.
"""

import json
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from urllib.parse import urlencode

import numpy as np

from tests.bench import simulation
from tests.bench.figure import Run
from tests.bench.servers import free_port
from tests.bench.simulation import DOCUMENTS, FIELDS, Numbers
from WardenServer.errors import Unreachable
from WardenServer.machine.child import START_LIMIT, Child, wait_until
from WardenServer.sinks.history.parts import DAY

#: The program of each rival that has one.
PROGRAMS = {"victoria": "victoria-metrics", "rrdcached": "rrdcached"}
#: Threads of rrdcached that write, and seconds that it gathers updates of a file: what Debian sets, and recommends.
_RRD = ("-t", "4", "-w", "300", "-f", "3600", "-F")


class Victoria(Child):
    """VictoriaMetrics with its files in a folder, spoken to over one connection."""

    patience = 60.0  # it writes out what it has in memory

    def __init__(self, folder: Path, output: Path) -> None:
        self._port = free_port()
        self.folder = folder
        command = [PROGRAMS["victoria"], f"-httpListenAddr=127.0.0.1:{self._port}", f"-storageDataPath={folder}"]
        super().__init__("VictoriaMetrics", [*command, "-retentionPeriod=2y", "-loggerLevel=WARN"], output)
        self.http = HTTPConnection("127.0.0.1", self._port, timeout=60)

    def answers(self) -> bool:
        """See Child."""
        try:
            return self.ask("/health") == b"OK"
        except OSError:
            self.http.close()
            return False

    def ask(self, path: str, body: str | None = None) -> bytes:
        """What it answers, undecoded; raises Unreachable where that is an error."""
        self.http.request("GET" if body is None else "POST", path, body)
        answer = self.http.getresponse()
        said = answer.read()
        if answer.status >= 300:
            raise Unreachable(f"VictoriaMetrics refuses {path[:40]} ({answer.status}): {said[:200]!r}")
        return said

    def settle(self) -> None:
        """Let it merge all it has, and wait for the end: one that is stopped meanwhile loses values."""
        self.ask("/internal/force_flush")
        self.ask("/internal/force_merge")
        if not wait_until(lambda: b"\nvm_active_force_merges 0\n" in self.ask("/metrics"), 60):
            raise Unreachable("VictoriaMetrics still merges after 60 s")

    def size(self) -> int:
        """Bytes of its values and of its index."""
        return size_of(self.folder / "data") + size_of(self.folder / "indexdb")

    def stop(self) -> None:
        """See Child."""
        self.http.close()
        super().stop()


class RrdCached(Child):
    """rrdcached, spoken to over its socket; a file for each document, as long as the measurement."""

    patience = 100.0  # it writes all that it has gathered

    def __init__(self, folder: Path) -> None:
        self.files, journal, self._socket = folder / "rrd", folder / "journal", folder / "socket"
        self.files.mkdir()
        journal.mkdir()
        command = [PROGRAMS["rrdcached"], "-g", "-p", str(folder / "pid"), "-l", f"unix:{self._socket}", *_RRD]
        super().__init__("rrdcached", [*command, "-b", str(self.files), "-j", str(journal)], folder / "out")

    def answers(self) -> bool:
        """See Child."""
        return self._socket.exists()

    def start(self, limit: float = START_LIMIT) -> None:
        """See Child."""
        super().start(limit)
        self._line = socket.socket(socket.AF_UNIX)
        self._line.settimeout(60)
        self._line.connect(str(self._socket))
        self._answers = self._line.makefile("rb")

    def stop(self) -> None:
        """See Child."""
        self._line.close()
        super().stop()

    def create(self, file: str, form: str) -> None:
        """Make a file; raises Unreachable."""
        self._send(f"CREATE {file} {form}")
        self._expect()

    def update(self, updates: Iterable[str]) -> None:
        """Send updates together, and wait until all are taken; raises Unreachable."""
        self._send("BATCH", *(f"UPDATE {update}" for update in updates), ".")
        self._expect()  # it goes ahead
        self._expect()  # it has found no errors

    def _send(self, *lines: str) -> None:
        self._line.sendall("".join(f"{line}\n" for line in lines).encode())

    def _expect(self) -> None:
        said = self._answers.readline()
        if not said.startswith(b"0 "):
            raise Unreachable(f"rrdcached refuses: {said!r}")


def victoria(folder: Path, seconds: int) -> Run:
    """A request each second, with a line for each value."""
    begin, values = int(time.time()) - seconds, simulation.documents(seconds)
    names = [f'{name}{{key="agent{number}"}}' for number in range(DOCUMENTS) for name in FIELDS]

    def write(second: int, row: Numbers) -> None:
        stamp = 1000 * (begin + second)
        lines = [f"{name} {value!r} {stamp}\n" for name, value in zip(names, row.ravel().tolist(), strict=True)]
        server.ask("/api/v1/import/prometheus", "".join(lines))

    before = _cpu()
    with Victoria(folder / "data", folder / "out") as server:
        _write(values, write)
        server.settle()
    return _run(before, values.size, server.size())


def rrdcached(folder: Path, seconds: int) -> Run:
    """A batch each second, with an update for each document."""
    begin, values = int(time.time()) - seconds, simulation.documents(seconds)
    with RrdCached(folder) as server:
        sources = " ".join(f"DS:{name}:GAUGE:60:U:U" for name in FIELDS)
        for number in range(DOCUMENTS):
            server.create(f"agent{number}.rrd", f"-s 1 -b {begin - 1} {sources} RRA:LAST:0.5:1:{seconds}")
        before = _cpu()

        def write(second: int, row: Numbers) -> None:
            each = (":".join(map(repr, its)) for its in row.tolist())
            server.update(f"agent{number}.rrd {begin + second}:{its}" for number, its in enumerate(each))

        _write(values, write)
    return _run(before, values.size, size_of(server.files))


def executemany(folder: Path, seconds: int) -> Run:
    """A row for each value, a transaction each second; as safe against kill -9 as ours."""
    begin, values = int(time.time()) - seconds, simulation.documents(seconds)
    before = _cpu()
    with closing(sqlite3.connect(folder / "values.db")) as database:
        database.execute("PRAGMA journal_mode = WAL").fetchall()
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("CREATE TABLE sample (series INTEGER, time REAL, value REAL)")

        def write(second: int, row: Numbers) -> None:
            rows = ((series, begin + second, value) for series, value in enumerate(row.ravel().tolist()))
            with database:
                database.executemany("INSERT INTO sample VALUES (?, ?, ?)", rows)

        _write(values, write)
    return _run(before, values.size, (folder / "values.db").stat().st_size)


def _write(values: Numbers, write: Callable[[int, Numbers], None]) -> None:
    for second, row in enumerate(values):
        write(second, row)


def _cpu() -> float:
    """Seconds of processor time of this process, and of its children that have ended."""
    used = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _run(before: float, values: int, size: int) -> Run:
    return {"cpu_each": 1e6 * (_cpu() - before) / values, "bytes": size / values}


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# -- a month of a year


def ask_victoria(folder: Path, kept: str, days: int, first: int, begins: list[float], seconds: int, pixels: int) -> Run:
    """Smallest, mean and largest value of each pixel, for ranges of `seconds` that begin at `begins`, Unix seconds."""
    place = Path(kept, "victoria")
    if not place.exists():
        _import_days(place, folder / "import", first, days)
    step = seconds // pixels
    with Victoria(place, folder / "out") as server:
        took = []
        for begin in begins:
            asked = {"query": f"rollup({simulation.FIELD}[{step}s])", "step": f"{step}s", "nocache": "1"}
            before = time.perf_counter()
            said = server.ask("/api/v1/query_range?" + urlencode({**asked, "start": begin, "end": begin + seconds}))
            took.append(1e3 * (time.perf_counter() - before))
            _look_at(said, pixels)
    return {"first": took[0], "p50": float(np.median(took))}


def _look_at(said: bytes, pixels: int) -> None:
    lines = json.loads(said)["data"]["result"]
    if len(lines) != 3 or any(len(line["values"]) < pixels - 1 for line in lines):
        raise Unreachable(f"VictoriaMetrics gives no whole answer: {said[:200]!r}")


def _import_days(place: Path, output: Path, first: int, days: int) -> None:
    with Victoria(place, output) as server:
        for line in _lines(first, days):
            server.ask("/api/v1/import", line)
        server.settle()


def _lines(first: int, days: int) -> Iterator[str]:
    """A day of values each."""
    for number in range(first, first + days):
        stamps = (1000 * (number * DAY + np.arange(DAY))).tolist()
        values = simulation.day(number).tolist()
        yield json.dumps({"metric": {"__name__": simulation.FIELD}, "values": values, "timestamps": stamps})


def missing() -> list[str]:
    """The rivals whose program is not there."""
    return [rival for rival, program in PROGRAMS.items() if shutil.which(program) is None]
