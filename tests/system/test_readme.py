"""The README's commands and code blocks, run in their order as a new user would."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import wait_for
from tests.system.conftest import clean_environment
from WardenServer.loading import loader
from WardenServer.loading.contract import OVERRIDES
from WardenServer.servers import ports
from WardenServer.settings import config
from WardenServer.sinks.writers import make
from WardenServer.streams.streams import Streams

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
    folder = tmp_path / ".config" / "warden" / "plugins"
    ran = []
    for language, text in BLOCKS[2:]:
        if "def work(" in text:
            assert (folder / "ring.py").exists(), "made by `warden new`"
            (folder / "ring.py").write_text(text, encoding="utf-8")
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
def test_settings_are_valid(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "warden.toml"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("RUN_DATABASE", f"sqlite:///{tmp_path}/runinfo.db")
    settings = config.load(file, {})
    streams = Streams()
    loaded = loader.load(replace(settings, state_folder=tmp_path), None, streams)
    streams.close()
    for contract in loaded.contracts.values():
        contract.discard()
    assert set(settings.agents) <= set(loaded.contracts)
    assert loaded.refused == {}
    for writer in settings.writers.values():
        monkeypatch.setenv("WARDEN_COUCHDB", "http://127.0.0.1:5984")
        make(writer.name, writer.kind, writer.options, tmp_path).close()


def test_the_processor_in_it_keeps_the_contract(environment: dict[str, str], tmp_path: Path) -> None:
    [text] = [text for language, text in BLOCKS if language == "python" and "class " in text]
    plugin = tmp_path / "spectrum.py"
    _run(f"warden new spectrum --from processor --set plugin_folders={tmp_path} && test -e {plugin}", "", environment)
    plugin.write_text(text, encoding="utf-8")
    events = tmp_path / "events.jsonl"
    events.write_text('{"energy": 3.2}\n{"energy": 7.7}\n')
    _run(f"warden try {plugin} --events {events} --runs 1 | grep '\"high\": 1'", "", environment)
    _run(f"warden check {plugin} --events {events}", "", environment)
    _run(f"warden stream replay {events} --against {plugin} {plugin}", "", environment)


def test_the_library_example_prints_the_count(environment: dict[str, str]) -> None:
    [text] = [text for language, text in BLOCKS if language == "python" and "gather(" in text]
    ran = subprocess.run([sys.executable, "-c", text], env=environment, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "2\n", "")


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
