"""The processor `disk_usage`."""

import shutil
import threading
from types import SimpleNamespace

import psutil
import pytest

from tests.unit.plugins.events import plain
from WardenServer.errors import SettingError
from WardenServer.plugins import disk_usage
from WardenServer.plugins.disk_usage import DiskUsage
from WardenServer.results.result import clean


def reasons(processor):
    return clean(processor.sample())[1]


def test_the_real_disk():
    document = plain(DiskUsage().sample())
    assert document.keys() == {"root_percent", "root_free"}
    assert document["root_percent"] == pytest.approx(psutil.disk_usage("/").percent, abs=2)
    assert document["root_free"] > 0
    assert not hasattr(DiskUsage, "event")


def test_each_path_has_a_name_of_its_own(tmp_path):
    document = plain(DiskUsage(["/", str(tmp_path), "//"]).sample())
    assert {"root_percent", "root_2_percent"} < document.keys()
    assert len(document) == 6


@pytest.mark.parametrize(("path", "said"), [("/none/größe", "No such file or directory"), ("/a\0b", "it has no size")])
def test_a_path_that_is_not_there(path, said):
    processor = DiskUsage(["/", path])
    document = plain(processor.sample())
    assert document["root_free"] > 0
    assert [value is None for value in document.values()] == [False, False, True, True]
    assert all(reason == f"{path}: {said}" for reason in reasons(processor).values())


def test_a_disk_without_a_size(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(total=0, used=0, free=0))
    assert reasons(DiskUsage()) == dict.fromkeys(("root_percent", "root_free"), "/: it has no size")


def test_a_path_that_hangs_holds_up_its_own_fields_only_and_is_asked_once(monkeypatch):
    real, goes_on, asked = shutil.disk_usage, threading.Event(), []

    def ask(path):
        asked.append(path)
        if path == "/hangs":
            goes_on.wait(30)
        return real("/")

    monkeypatch.setattr(shutil, "disk_usage", ask)
    monkeypatch.setattr(disk_usage, "PATIENCE", 0.1)
    processor = DiskUsage(["/hangs", "/"])
    try:
        for _ in range(2):
            document = plain(processor.sample())
            assert (document["hangs_percent"], document["hangs_free"]) == (None, None)
        new = DiskUsage(["/hangs"])
        new.load(processor)
        new.load(processor)
        said = "/hangs does not answer; see whether its file server is there"
        assert reasons(new) == {"hangs_percent": said, "hangs_free": said}
        assert asked.count("/hangs") == 1
    finally:
        goes_on.set()
        processor.asked["/hangs"].join(10)
    monkeypatch.setattr(disk_usage, "PATIENCE", 10.0)
    assert plain(processor.sample())["hangs_free"] > 0
    assert asked.count("/hangs") == 2


@pytest.mark.parametrize("paths", ["/", None, 3, ["data"], [""], [3], {"/": 1}])
def test_paths_that_mean_nothing(paths):
    with pytest.raises(SettingError, match=r"^paths is .*; write a list of paths that begin with /"):
        DiskUsage(paths)


def test_no_paths_and_old_code_of_another_kind():
    processor = DiskUsage([])
    processor.load(SimpleNamespace())
    assert plain(processor.sample()) == {}
