"""Runs a soak: throws one fault after the other, waits until all is well again, and shows the verdict. Main thread."""

import json
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from WardenServer.errors import SettingError
from WardenServer.local import up
from WardenServer.machine.child import wait_until
from WardenServer.soak import shared, verdict
from WardenServer.soak.faults import ALL, FLOOD, Fault, Scene, faults, flood
from WardenServer.soak.record import COUNTS, DEVICE, SoakRecord, Window
from WardenServer.soak.shared import seconds
from WardenServer.soak.stage import INTERVALS, Stage
from WardenServer.soak.watch import Watch

#: Seconds without a fault between two, at random.
GAP = (2.0, 5.0)
#: Seconds waited for all to be well after a fault: far beyond the limit, to see how long it takes.
PATIENCE = 30.0
#: Seconds between samples of the hub's process.
SAMPLE = 1.0
#: A hub is killed once in so many rounds of all faults: between, it must live long enough to show a leak.
KILLED_EVERY = 3
#: The time until all agents have run for the first time.
WARMING_UP = Fault("warming up", lambda scene: nullcontext(), (0.0, 0.0), ALL)


def run(minutes: float, seed: int | None, only: str, as_json: bool) -> int:
    """Run a soak, until its time is over or Ctrl-C; the exit code: 0 when the verdict is clean, else 1.

    Args:
        minutes: how long, without the start and the end.
        seed: of the order and length of the faults; None is one by chance.
        only: what the names of the faults must contain.
        as_json: the verdict as JSON, and progress to the standard error.

    Raises:
        SettingError: no fault has such a name.
        WardenError: a server cannot be started.
    """
    seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    screen = Console(highlight=False, stderr=as_json, soft_wrap=True)
    shared.forget_user()
    soak = Soak(Path(tempfile.mkdtemp(prefix="warden-soak-")), seed, screen)
    soak.choose(only)
    found = soak.run(60 * minutes)
    good = verdict.clean(found)
    if good:
        shutil.rmtree(soak.stage.folder)
    kept = "" if good else str(soak.stage.folder)
    if as_json:
        print(json.dumps({"seed": seed, "seconds": soak.seconds, "kept": kept, **verdict.as_dict(soak.record, found)}))
    else:
        _show(soak, found, kept)
    return 0 if good else 1


class Soak:
    """One soak, with all that is known of it."""

    def __init__(self, folder: Path, seed: int, screen: Console) -> None:
        self.stage = Stage(folder)
        self.record = SoakRecord(INTERVALS)
        self.seed = seed
        self.seconds = 0.0
        self.samples: list[verdict.Sample] = []
        self._faults = faults(self.stage)
        self._random = random.Random(seed)
        self._screen = screen
        self._began = time.monotonic()

    def choose(self, only: str) -> None:
        """Throw only faults whose names contain this. Raises: SettingError, there are none."""
        names = "; ".join(fault.kind for fault in self._faults)
        self._faults = [fault for fault in self._faults if only in fault.kind]
        if not self._faults:
            shutil.rmtree(self.stage.folder)
            raise SettingError(f'no fault has "{only}" in its name; there are: {names}')

    def run(self, seconds: float) -> list[verdict.VerdictLine]:
        """Everything, from the start of the servers to their end; the lines of the verdict."""
        loop: Any = ()
        self._screen.print(f"Soak for {seconds / 60:g} minutes with seed {self.seed}, in {self.stage.folder}")
        try:
            with up.interrupts(), self.stage.running():
                watch = Watch(self.stage)
                loop = watch.loop
                with watch.looking():
                    self._throw_on(watch, seconds)
        except KeyboardInterrupt:
            self._screen.print("Ended early; the verdict is over what was run.")
        for process in self.stage.left_behind():
            self.record.fault("processes left behind", process)
        for said in self.stage.ended_by_itself:
            self.record.fault("hub ended by itself", said)
        self.seconds = time.monotonic() - self._began
        self.record.finish()
        return verdict.lines(self.record, self.samples, loop)

    def _throw_on(self, watch: Watch, seconds: float) -> None:
        """Fault after fault, with pauses, until the time is over."""
        scene = Scene(self.stage, watch)
        with self._screen.status("warming up") as status:
            flood(self.stage)
            self._settle(WARMING_UP, time.monotonic() - FLOOD, scene)
            self._began = time.monotonic()
            for fault in self._course():
                status.update(f"{self._clock()} no fault is on")
                self._pause(watch)
                watch.collect(self.record)
                if time.monotonic() - self._began > seconds:
                    break
                status.update(f"{self._clock()} [bold]{fault.kind}[/]")
                self._throw(fault, scene)
            self._pause(watch)
            watch.collect(self.record)

    def _course(self) -> Iterator[Fault]:
        """The faults in random order, round after round; each comes once in a round, the kill of the hub in some."""
        number = 0
        while True:
            spared = "hub killed" if number % KILLED_EVERY and len(self._faults) > 1 else ""
            kinds = [fault for fault in self._faults if fault.kind != spared]
            self._random.shuffle(kinds)
            yield from kinds
            number += 1

    def _throw(self, fault: Fault, scene: Scene) -> None:
        """One fault, up to when all is well again."""
        began, at = time.monotonic(), self._clock()
        scene.complaints.clear()
        with fault.throw(scene):
            time.sleep(self._random.uniform(*fault.seconds))
        self._settle(fault, began, scene)
        window = self.record.windows[-1]
        took = ", ".join(f"{name} after {seconds(value)}" for name, value in window.recovered.items())
        self._screen.print(f"{at} {fault.kind}, for {window.ended - began:.1f} s in all: {took}", markup=False)
        for complaint in scene.complaints:
            self._screen.print(f"      {complaint}", markup=False)

    def _settle(self, fault: Fault, began: float, scene: Scene) -> None:
        """Wait until all is well, and take note of the window."""
        ended, watch = time.monotonic(), scene.watch
        anew = ", hub began anew" if COUNTS in fault.excuses else ""
        documents = "documents whole" + anew
        events = "events valid" + (", hub was away" if DEVICE in fault.excuses else anew)
        wanted: dict[str, Callable[[], bool]] = {documents: watch.whole, events: lambda: watch.events_since(ended)}
        recovered: dict[str, float | None] = dict.fromkeys(wanted)

        def well() -> bool:
            for name, true in wanted.items():
                if recovered[name] is None and true():
                    recovered[name] = time.monotonic() - ended
            return None not in recovered.values()

        wait_until(well, PATIENCE)
        if fault is WARMING_UP:
            recovered = {}
        self.record.windows.append(Window(fault.kind, began, time.monotonic(), fault.excuses, recovered))
        for complaint in scene.complaints:
            self.record.fault("faults not met as they should be", f"{fault.kind}: {complaint}")

    def _pause(self, watch: Watch) -> None:
        """A quiet gap, in which the hub's process is measured."""
        until = time.monotonic() + self._random.uniform(*GAP)
        while time.monotonic() < until:
            time.sleep(SAMPLE)
            self.stage.see_to_hub()
            sample = watch.sample()
            if sample is not None:
                self.samples.append(sample)

    def _clock(self) -> str:
        return shared.clock(time.monotonic() - self._began)


# -- showing


def _show(soak: Soak, found: list[verdict.VerdictLine], kept: str) -> None:
    screen = up.console()
    screen.print(_faults_table(soak.record))
    screen.print(shared.lines_table(found))
    shared.print_examples(screen, soak.record.examples)
    if kept:
        screen.print(f"The verdict is bad; logs and files are in {kept}", markup=False, soft_wrap=True)
        screen.print(f"Again: warden soak --seed {soak.seed} --minutes {soak.seconds / 60:.1f}")
    else:
        screen.print(f"The verdict is clean, over {soak.seconds / 60:.1f} minutes with seed {soak.seed}.")


def _faults_table(record: SoakRecord) -> Table:
    table = Table(title="Faults, and what they cost agents that behave well", title_justify="left")
    table.add_column("Fault")
    for name in ("Times", "Late p50", "p99", "Longest", "Documents whole", "Events valid"):
        table.add_column(name, justify="right", no_wrap=True)
    for kind in verdict.kinds(record):
        took = {name.split()[0]: value for name, value in kind.recovered.items()}
        table.add_row(
            kind.kind, str(kind.times or ""), *map(seconds, (kind.late_p50, kind.late_p99, kind.late_max)),
            *(seconds(took[name]) if name in took else "" for name in ("documents", "events")),
        )  # fmt: skip
    return table
