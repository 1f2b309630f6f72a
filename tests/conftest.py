"""What all tests share: fixtures for plugin files, and the rule that nothing may be left behind."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import psutil
import pytest

from WardenServer.settings import config, masking

# Plugin files that others may write to are refused: what tests write must not depend on who runs them, where.
os.umask(0o022)
# Several tests run at once, and the programs that they start: each has one core at most, not all of them.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

# How long an example takes says more of what else runs on this machine than of us.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")


def wait_for(true: Callable[[], object], limit: float = 10.0, what: str = "") -> None:
    """Wait for a thing, with a limit."""
    until = time.monotonic() + limit
    while not true():
        if time.monotonic() > until:
            raise AssertionError(f"waited {limit:g} s in vain {what}")
        time.sleep(0.01)


def _ours() -> set[threading.Thread]:
    """Threads but those that only visit Python (Tango's), watch over the tests, or serve in a longer fixture."""
    foreign = ("Dummy", "pytest_timeout", "fake memcached")
    return {thread for thread in threading.enumerate() if not thread.name.startswith(foreign)}


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """A test that leaves a thread or a child process behind fails. The interpreter is left as it was, and what one test
    has made secret is none to the next."""
    threads, children, interval = _ours(), set(psutil.Process().children()), sys.getswitchinterval()
    known, pattern = set(masking._secrets._known), masking._secrets._pattern
    yield
    sys.setswitchinterval(interval)
    masking._secrets._known, masking._secrets._pattern = known, pattern
    until = time.monotonic() + 5
    while (left := _ours() - threads) and time.monotonic() < until:
        time.sleep(0.01)
    assert not left, f"threads left behind: {sorted(thread.name for thread in left)}"
    more = [child for child in psutil.Process().children() if child not in children and child.status() != "zombie"]
    assert not more, f"processes left behind: {more}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for plugin files."""
    path = tmp_path / "plugins"
    path.mkdir()
    return path


@pytest.fixture
def write(folder: Path) -> Callable[..., Path]:
    """Write a plugin file: write("ring", "INTERVAL = 1 ...")."""

    def write_file(name: str, text: str) -> Path:
        path = folder / f"{name}.py"
        path.write_text(text, encoding="utf-8")
        os.utime(path, None)
        return path

    return write_file


@pytest.fixture
def settings(folder: Path, tmp_path: Path) -> Callable[..., config.Settings]:
    """Settings that touch nothing of the user's."""

    def make(**options: object) -> config.Settings:
        said = {"plugin_folders": [str(folder)], "shipped": False, "state_folder": str(tmp_path / "state"), **options}
        return config.load(environment={}, options=said)

    return make
