"""`warden stream run`: a configuration module of snoop in a process of its own, without a hub."""

import logging
import queue
import re
import signal
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from WardenServer.errors import PluginError, SettingError, WardenError
from WardenServer.loading.trust import Trust
from WardenServer.machine.clock import Clock
from WardenServer.settings.config import Settings
from WardenServer.settings.masking import mask
from WardenServer.settings.streams import Stream as StreamSettings
from WardenServer.streams.code import Code
from WardenServer.streams.outlets import Outlets
from WardenServer.streams.readers.base import Reader
from WardenServer.streams.reload import Reload, full_for
from WardenServer.streams.sampling import Sampler
from WardenServer.streams.snoop.config import Config, load
from WardenServer.streams.snoop.names import Names
from WardenServer.streams.stream import Stream

log = logging.getLogger("warden.stream")

#: Seconds that the end may take: to process what was read, for the last samples, and to write them.
FINISH, LAST, WRITE = 10.0, 5.0, 5.0
#: Most seconds between looks at what there is to be said, or whether the input has ended.
LOOK = 0.25
#: What ends the program, and what has it load its code again.
ENDS, RELOAD = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT), signal.SIGUSR1

_NUMBER = re.compile(r"\d+")


class Program:
    """One configuration module at work. `open` first, `close` at last; for the main thread."""

    def __init__(self, path: Path, settings: Settings, once: bool = False, clock: Clock | None = None) -> None:
        """Put it together.

        Args:
            path: of the configuration module.
            settings: of the hub, as far as they are about files, Memcached and secrets.
            once: end at the end of the input.
            clock: the time.
        """
        self.path = path.absolute()
        self._settings, self._once = settings, once
        self._clock = clock or Clock()
        #: A name for files of this configuration module alone.
        self.name = f"{self.path.stem}-{zlib.crc32(str(self.path).encode()):08x}"
        self._names = Names(self.path.parent, Trust(settings).read)
        self._outlets = Outlets(settings)
        self._thread: threading.Thread | None = None  # that reloads
        self._again = False
        self._said: set[str] = set()

    def open(self) -> None:
        """Load all, and begin to read.

        Raises:
            WardenError: it cannot begin; the text has the file and the cure.
        """
        self._names.open()
        try:
            self._begin(self._names.fresh(self._load))
        except BaseException:
            self._outlets.close(0.0)
            self._names.close()
            raise

    def _begin(self, config: Config) -> None:
        reader = self._reader(config)
        self._config = config
        self._stream = Stream(StreamSettings(self.path.stem, full=full_for(reader)))
        problems = [*config.problems, *filter(None, map(self._add, config.codes.values()))]
        for problem in problems:
            log.error("%s", mask(problem))
        if not self._stream.names:
            cure = "correct the files that are named above" if problems else "write classes with `name` and `sample`"
            raise PluginError(f"{self.path}: its packages have no processor that can be used; {cure}")
        self._outlets.open(config.target, self.name)
        self._sampler = Sampler(self._stream, config.period, self._outlets.put, self._clock)
        self._adopt(config)
        self._reload = Reload(self._stream, self._outlets, self._names, self._reader)
        self._stream.open(reader)

    def _add(self, code: Code) -> str | None:
        try:
            self._stream.add(code.name, code.make(), code.explain)
        except PluginError as error:
            return str(error)
        return None

    def run(self, signals: "queue.SimpleQueue[int]") -> None:
        """Sample until the end: a signal, or that of the input."""
        while True:
            self._adopt(self._config)
            self._sampler.look()
            self._tell()
            if self._again and (self._thread is None or not self._thread.is_alive()):
                self._begin_reload()
            if self._once and self._stream.ended and self._stream.finish(0.0):
                log.info("all events are processed")
                return
            try:
                number = signals.get(timeout=min(self._sampler.wait, LOOK))
            except queue.Empty:
                continue
            if number != RELOAD:
                log.info("ended by %s", signal.Signals(number).name)
                return
            self._again = True

    def close(self) -> None:
        """End in order: process what was read, sample once more, and write that."""
        if self._thread is not None:
            self._thread.join(LAST)
        if not self._stream.finish(FINISH):
            log.warning("processors have not taken all events within %g s: the rest is left out", FINISH)
        self._sampler.sample()
        if not self._sampler.join(LAST):
            log.warning("not all processors gave a last sample within %g s", LAST)
        self._stream.close(1.0)
        self._outlets.close(WRITE)
        self._tell()
        self._names.close()

    # -- what is said and written

    def _tell(self) -> None:
        """Log notes that are new; those that only have other numbers are not."""
        notes = [mask(each) for each in (*self._stream.notes, *self._outlets.notes)]
        said = {_NUMBER.sub("#", each): each for each in notes}
        for key in said.keys() - self._said:
            log.info("%s", said[key])
        self._said = set(said)

    def _adopt(self, config: Config) -> None:
        """Sample as this configuration says."""
        expire = self._settings.expire
        self._sampler.expire = expire if expire >= 0 else max(10.0, 10 * config.period)
        self._sampler.files = {name: code.path for name, code in config.codes.items()}
        self._sampler.change(config.period)

    # -- loading

    def _load(self) -> Config:
        trust = Trust(self._settings)
        self._names.read = trust.read
        loaded = load(self.path, self.name, self._names, self._settings.state_folder / "streams")
        for note in trust.notes:
            log.warning("%s", note)
        return loaded

    def _reader(self, config: Config) -> Reader | None:
        reader: Reader | None = config.source.make() if config.source is not None else None
        if self._once and (reader is None or reader.endless):
            raise SettingError(f"{self.path}: its reader has no end; leave out --once, or read files without follow")
        return reader

    def _begin_reload(self) -> None:
        self._again = False
        self._thread = threading.Thread(target=self._load_again, name="reload", daemon=True)
        self._thread.start()

    def _load_again(self) -> None:
        begun = time.monotonic()
        try:
            self._config = self._reload.run(self._load, self._config, self.name)
        except WardenError as error:
            log.error("nothing was reloaded: %s; the old code goes on", mask(str(error)))
        except Exception:  # whatever it is, the old code goes on
            log.exception("nothing was reloaded; the old code goes on")
        else:
            took = time.monotonic() - begun
            log.info("reloaded %s with %d processors in %.2g s", self.path, len(self._config.codes), took)


def take_signals(put: Callable[[int], None]) -> None:
    """Have the signals that end the program, or reload it, handed to `put`. For the main thread."""
    for number in (*ENDS, RELOAD):
        signal.signal(number, lambda came, _: put(came))
