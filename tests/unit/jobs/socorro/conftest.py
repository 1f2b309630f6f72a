"""A site with configuration files of Socorro."""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.unit.jobs.socorro.files import COMMON, MONITOR
from WardenServer.jobs.socorro import defaults, values
from WardenServer.jobs.socorro.file import load
from WardenServer.jobs.socorro.options import Option
from WardenServer.jobs.socorro.values import Value
from WardenServer.settings import config


class Site:
    """The folder, and what its files say."""

    def __init__(self, folder: Path, settings: config.Settings) -> None:
        folder.mkdir()
        self.folder, self.settings = folder, settings
        self.state = settings.shared_folder("jobs")
        self.file = self.write("monitorconfig.py", MONITOR)
        self.common = self.write("config/commonconfig.py", COMMON)
        self.notes: list[str] = []

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def add(self, text: str) -> None:
        self.write("monitorconfig.py", f"{MONITOR}\n{text}\n")

    def options(self) -> dict[str, Option]:
        found, self.notes = load(self.file, self.settings, defaults.monitor(self.state))
        return found

    def values(self, *words: str, environment: Mapping[str, str] | None = None) -> dict[str, Value]:
        return values.gather(self.options(), words, environment or {})


@pytest.fixture
def site(tmp_path: Path, settings: Callable[..., config.Settings]) -> Iterator[Site]:
    path, modules = list(sys.meta_path), set(sys.modules)
    yield Site(tmp_path / "site", settings())
    assert sys.meta_path == path
    names = ("socorro", "config", "commonconfig", "monitorconfig", "helper")
    assert not [each for each in set(sys.modules) - modules if each.partition(".")[0] in names]
