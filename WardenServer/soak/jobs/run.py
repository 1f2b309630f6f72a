"""Runs a soak of jobs: one fault after the other, until all that is left is done, and the verdict. Main thread."""

import json
import logging
import math
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from WardenServer.errors import SettingError, Unreachable
from WardenServer.local import up
from WardenServer.plugins.common.jobs.rounds import Lost
from WardenServer.soak import shared
from WardenServer.soak.jobs import evidence, verdict
from WardenServer.soak.jobs.collector import Collector
from WardenServer.soak.jobs.faults import Fault, Scene, faults
from WardenServer.soak.jobs.stage import Stage
from WardenServer.soak.jobs.verdict import Judged
from WardenServer.soak.verdict import VerdictLine, clean

#: Seconds without a fault between two, at random.
GAP = (0.2, 1.5)
#: The part of the time in which files come.
COMING = 0.7
#: Seconds in which all that is left must be done in the end, and more for each pair.
END, END_EACH = 60.0, 0.05
#: Where another file system is likely, and the bytes that must be free there.
OTHER, ROOM = Path("/dev/shm"), 1_000_000_000
#: Seconds between two looks at what is left.
LOOK = 2.0


def run(minutes: float, pairs: int, seed: int | None, url: str, as_json: bool) -> int:
    """Run a soak, until its time is over or Ctrl-C; the exit code: 0 when the verdict is clean, else 1.

    Args:
        minutes: how long, without the start and the end.
        pairs: of files that come meanwhile.
        seed: of the order and length of the faults; None is one by chance.
        url: of a database that is empty; "" is a file of SQLite.
        as_json: the verdict as JSON, and progress to the standard error.

    Raises:
        SettingError: the URL means nothing, or the database is not empty.
        WardenError: something cannot be started.
    """
    seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    screen = Console(highlight=False, stderr=as_json, soft_wrap=True)
    shared.forget_user()
    with ExitStack() as stack:
        folder = _folder(stack, None)
        other = _folder(stack, OTHER) if _is_other(OTHER, folder) else folder
        soak = Soak(folder, other, seed, url, screen)
        soak.run(60 * minutes, pairs)
        found = soak.judged.lines()
        kept = "" if clean(found) else " and ".join(sorted({str(folder), str(other)}))
        if kept:
            stack.pop_all()
    if as_json:
        print(json.dumps({"seed": seed, "seconds": soak.seconds, "kept": kept, **_as_dict(soak, found)}))
    else:
        _show(soak, found, kept)
    return 1 if kept else 0


def _folder(stack: ExitStack, above: Path | None) -> Path:
    """A new folder, which goes with the stack."""
    path = Path(tempfile.mkdtemp(prefix="warden-soak-jobs-", dir=above))
    stack.callback(shutil.rmtree, path, ignore_errors=True)
    return path


def _is_other(place: Path, folder: Path) -> bool:
    """Whether a place is on another file system, with room."""
    return place.is_dir() and place.stat().st_dev != folder.stat().st_dev and shutil.disk_usage(place).free > ROOM


class Soak:
    """One soak, with all that is known of it."""

    def __init__(self, folder: Path, other: Path, seed: int, url: str, screen: Console) -> None:
        self.stage = Stage(folder, other, url)
        self.judged = Judged()
        self.seed, self.seconds = seed, 0.0
        self.thrown: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._screen = screen
        self._began = time.monotonic()
        if evidence.read(self.stage).steps:
            raise SettingError("the database of --url is not empty; name one that is")

    def run(self, seconds: float, pairs: int) -> None:
        """Everything, from the start of the programs to their end; `judged` is what came of it."""
        self._screen.print(f"Soak of jobs for {seconds / 60:g} minutes with seed {self.seed}, in {self.stage.folder}")
        collector = Collector(
            self.stage.standard, self.stage.deferred, self.stage.journal, pairs, COMING * seconds, self.seed
        )
        is_over = False
        with self.stage.running():
            try:
                with up.interrupts():
                    collector.start()
                    self._throw_on(Scene(self.stage, collector, self._random), seconds)
            except KeyboardInterrupt:
                self._screen.print("Ended early; the verdict is over what was run.")
            collector.stop()
            is_over = collector.join(END) and self._finish(END + END_EACH * len(collector.pairs))
            self.seconds = time.monotonic() - self._began
            for actor in self.stage.actors:
                self.stage.end(actor)
            left = self.stage.left_behind()
            self._judge(collector, is_over, left)

    def _throw_on(self, scene: Scene, seconds: float) -> None:
        """Fault after fault, with pauses, until the time is over."""
        with self._screen.status("begins") as status:
            for fault in self._course():
                time.sleep(self._random.uniform(*GAP))
                self.stage.see_to()
                if time.monotonic() - self._began > seconds:
                    return
                status.update(f"{self._clock()} [bold]{fault.kind}[/]; {len(scene.collector.pairs)} pairs have come")
                began, at = time.monotonic(), self._clock()
                with fault.throw(scene):
                    time.sleep(self._random.uniform(*fault.seconds))
                self.thrown[fault.kind] += 1
                self._screen.print(f"{at} {fault.kind}, for {time.monotonic() - began:.1f} s", markup=False)

    def _course(self) -> Iterator[Fault]:
        """The faults in random order, round after round."""
        kinds = [fault for fault in faults(self.stage) for _ in range(fault.times)]
        while True:
            self._random.shuffle(kinds)
            yield from kinds

    def _finish(self, limit: float) -> bool:
        """No faults any more. Wait until all is done; whether it is. What has missed its arrival is found here, as a
        monitor would once a day."""
        lost = Lost(self.stage.jobs, self.stage.database, logging.getLogger("warden.soak"))
        until, count = time.monotonic() + limit, math.inf
        with self._screen.status("what is left is done") as status:
            while count and time.monotonic() < until:
                self.stage.see_to()
                with suppress(Unreachable):  # the next look may do better
                    lost.run(threading.Event())
                    count = evidence.left(self.stage)
                status.update(f"{self._clock()} no faults any more; {count} jobs, requests and files are left")
                time.sleep(LOOK)
        return not count

    def _judge(self, collector: Collector, is_over: bool, left: list[str]) -> None:
        found, standard = evidence.read(self.stage), self.stage.standard
        self.judged = verdict.judge(
            list(collector.pairs.values()), found, lambda id: evidence.place(standard, id), self.stage.is_harmed
        )
        self.judged.stated = {"faults thrown": self.thrown.total(), **self.judged.stated}
        more = {
            "programs that ended by themselves": self.stage.ended_by_itself, "errors in logs": self.stage.errors(),
            "processes left behind": left, "not over in time": [] if is_over else ["jobs, requests or files are left"],
            "pairs lost": [collector.failure] if collector.failure else [],
        }  # fmt: skip
        for figure, several in more.items():
            for said in several:
                self.judged.fault(figure, said)

    def _clock(self) -> str:
        return shared.clock(time.monotonic() - self._began)


# -- showing


def _as_dict(soak: Soak, found: list[VerdictLine]) -> dict[str, object]:
    return {
        "clean": clean(found),
        "lines": [{**asdict(line), "ok": line.ok} for line in found],
        "faults": dict(soak.thrown),
        "examples": soak.judged.examples,
    }


def _show(soak: Soak, found: list[VerdictLine], kept: str) -> None:
    screen = up.console()
    table = Table(title="Faults", title_justify="left")
    table.add_column("Fault")
    table.add_column("Times", justify="right")
    for kind, times in soak.thrown.most_common():
        table.add_row(kind, str(times))
    screen.print(table)
    screen.print(shared.lines_table(found))
    shared.print_examples(screen, soak.judged.examples)
    if kept:
        screen.print(f"The verdict is bad; logs and files are in {kept}", markup=False, soft_wrap=True)
        screen.print(f"Again: warden soak --jobs --seed {soak.seed} --minutes {soak.seconds / 60:.1f}")
    else:
        screen.print(f"The verdict is clean, over {soak.seconds / 60:.1f} minutes with seed {soak.seed}.")
