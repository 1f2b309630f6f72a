"""The table [jobs]: what it means, its defaults, and what is said of mistakes."""

from pathlib import Path
from typing import Any

import pytest

from WardenServer.errors import SettingError
from WardenServer.plugins.common.jobs import configuration

LEAST = {"storage": "/data", "folder": "/state/jobs"}


def test_a_folder_needs_no_more_than_its_path() -> None:
    jobs = configuration.read(LEAST)
    assert (jobs.storage, jobs.deferred, jobs.layout, jobs.after) == (Path("/data"), None, "folder", "keep")
    assert jobs.suffixes == (".json", ".dump")
    assert jobs.url == "sqlite:////state/jobs/jobs.db"
    assert (jobs.check_in, jobs.attempts) == (300.0, 3)


def test_the_storage_of_socorro_moves_to_folders_of_its_own_unless_somebody_wrote_a_blank() -> None:
    jobs = configuration.read({**LEAST, "layout": "radix"})
    assert (jobs.after, jobs.successful, jobs.failed) == (
        "move", Path("/state/jobs/successful"), Path("/state/jobs/failed"),
    )  # fmt: skip
    jobs = configuration.read({**LEAST, "layout": "radix", "successful": ""})
    assert (jobs.successful, jobs.failed) == (None, Path("/state/jobs/failed"))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("storage", "data", "a path that begins with /"),
        ("storage", 3, "the path of a folder"),
        ("layout", "flat", '"folder" or "radix"'),
        ("suffixes", ".json", "a list of suffixes"),
        ("suffixes", [], "a list of suffixes"),
        ("suffixes", [".json", ".json"], "a list of suffixes"),
        ("suffixes", ["a/b"], "a list of suffixes"),
        ("after", "burn", '"keep" or "move" or "delete"'),
        ("check_in", 0, "seconds, more than 0"),
        ("check_in", float("nan"), "seconds, more than 0"),
        ("attempts", 0, "a whole number, 1 or more"),
        ("minutes_per_slot", 61, "minutes, 1 to 60"),
        ("file_mode", 0o10000, "rights in octal"),
        ("group", "staff", "the number of a group"),
        ("pattern", "", "a text"),
    ],
)
def test_a_mistake_is_named_with_the_cure(name: str, value: Any, said: str) -> None:
    with pytest.raises(SettingError, match=rf"\[jobs\]: {name} is .*; write {said}"):
        configuration.read({**LEAST, name: value})


def test_what_is_missing_or_unknown_is_named() -> None:
    with pytest.raises(SettingError, match=r'\[jobs\] needs storage = "/a/folder"'):
        configuration.read({"folder": "/state"})
    with pytest.raises(SettingError, match='unknown setting "sufixes"; did you mean "suffixes"'):
        configuration.read({**LEAST, "sufixes": [".json"]})


def test_the_url_is_never_shown() -> None:
    jobs = configuration.read({**LEAST, "url": "postgresql://me:swordfish@host/jobs"})
    assert "swordfish" not in repr(jobs)
