"""Readers that look at their files each time they are read."""

import pytest

from WardenServer.streams.readers import file_reader, files
from WardenServer.streams.readers.root import ROOT


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (file_reader.FileReader, ROOT):
        monkeypatch.setattr(kind, "shortest", 0.0)
    monkeypatch.setattr(file_reader, "PAUSE", 0.0)
    monkeypatch.setattr(files, "LISTING", 0.0)
    monkeypatch.setattr(files, "SELDOM", 0)
