"""A folder with a configuration module of snoop."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from WardenServer.loading.trust import Trust
from WardenServer.settings import config
from WardenServer.streams.snoop.config import Config, load
from WardenServer.streams.snoop.names import Names

CONFIG = """
from snoop.core.writer import PrintWriter
from snoop.core.reader import ROOTFileReader
sample_period = 5
processor_paths = [("procs", ["procs"])]
reader = ROOTFileReader("a.root", "T", "ev", None)
writer = PrintWriter()
"""


class Site:
    """The folder, and what is loaded from it."""

    def __init__(self, folder: Path, settings: config.Settings) -> None:
        self.folder, self.settings = folder, settings
        self.names = Names(folder, Trust(settings).read)
        self.write("procs/__init__.py", "")
        self.config()

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def config(self, more: str = "") -> Path:
        return self.write("config.py", CONFIG + more)

    def load(self) -> Config:
        def load_it() -> Config:
            self.names.read = Trust(self.settings).read
            return load(self.folder / "config.py", "config", self.names, self.folder / "state")

        loaded: Config = self.names.fresh(load_it)
        return loaded


@pytest.fixture
def site(tmp_path: Path, settings: Callable[..., config.Settings]) -> Iterator[Site]:
    made = Site(tmp_path, settings())
    modules = set(sys.modules)
    with made.names:
        yield made
    ours = ("snoop", "procs", "helper", "config")
    left = {each for each in set(sys.modules) - modules if each.partition(".")[0] in ours}
    assert not left, "modules of a configuration module are left behind"
