"""The README's commands and code blocks, run in their order as a new user would."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import wait_for
from tests.system.conftest import clean_environment
from WardenServer.loading import loader
from WardenServer.loading.contract import OVERRIDES
from WardenServer.servers import ports
from WardenServer.settings import config

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A home of its own, and the commands on the PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {k: v for k, v in clean_environment().items() if not k.startswith("XDG_")}
    return {**kept, "HOME": str(tmp_path), "PATH": path}


@pytest.fixture
def running(environment: dict[str, str], tmp_path: Path) -> Iterator[Path]:
    """The hub, started as the README's first block says; the state folder."""
    state = tmp_path / ".local" / "state" / "warden"
    output = tmp_path / "up.out"
    with output.open("w") as file:
        up = subprocess.Popen(["scripts/warden", "up"], cwd=ROOT, env=environment, stdout=file, stderr=file)
    try:
        wait_for(lambda: "RUNNING" in output.read_text() or up.poll() is not None, 300, output.read_text())
        assert up.poll() is None, output.read_text()
        yield state
    finally:
        up.terminate()
        assert up.wait(10) == 0


def test_the_readme_opens_with_the_two_commands() -> None:
    first, second = (text for language, text in BLOCKS[:2])
    assert first.splitlines()[1] == "scripts/warden up"
    assert second == "scripts/test\n"


def test_commands_and_files_in_their_order(running: Path, environment: dict[str, str], tmp_path: Path) -> None:
    known = ports.known(running)
    plugin = tmp_path / ".config" / "warden" / "plugins" / "ring.py"
    ran = []
    for language, text in BLOCKS[2:]:
        if language == "python":
            assert plugin.exists(), "made by `warden new`"
            plugin.write_text(text, encoding="utf-8")
        elif language == "sh":
            text = text.replace("11211", str(known["memcached"])).replace("10000", str(known["database"]))
            text = text.replace("8060", str(known["web"]))
            exports = "\n".join(line for line in text.splitlines() if line.startswith("export "))
            for line in text.splitlines():
                _run(line, exports, environment)
                ran.append(line)
    assert "warden get Petra" in ran


def _run(line: str, exports: str, environment: dict[str, str]) -> None:
    """Run one line; what a fresh agent publishes may take a moment to be there."""
    said = ""

    def done() -> bool:
        nonlocal said
        command = ["bash", "-euc", f"{exports}\n{line}"]
        ended = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )
        said = ended.stdout + ended.stderr
        return ended.returncode == 0

    try:
        wait_for(done, 10, line)
    except AssertionError:
        pytest.fail(f"{line}: {said}")


@pytest.mark.parametrize("text", [text for language, text in BLOCKS if language == "toml"])
def test_settings_are_valid(text: str, tmp_path: Path) -> None:
    file = tmp_path / "warden.toml"
    file.write_text(text, encoding="utf-8")
    settings = config.load(file, {})
    loaded = loader.load(settings)
    assert set(settings.agents) <= set(loaded.contracts)
    assert loaded.refused == {}


def test_the_table_of_the_contract_names_all_that_a_plugin_may_say() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in (
        "INTERVAL",
        "AT",
        "OFFSET",
        "KEY",
        "TIMEOUT",
        "ISOLATE",
        "EXCLUSIVE",
        "MEMORY",
        "FIELDS",
        "SETTINGS",
        "setup(",
        "close(",
        "save(",
        "load(",
        "answer(",
    ):
        assert f"| `{name}" in text or f"`{name}" in text
    assert set(OVERRIDES) > {"interval", "key"}
