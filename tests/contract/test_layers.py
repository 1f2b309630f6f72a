"""Imports run downward: the layers of setup.cfg hold, and import-linter would say if one of them did not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter over the package in this folder."""
    # -P and the path: the package of this folder, whatever else is installed
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); {LINT}"
    command = [sys.executable, "-P", "-c", code, "--config", str(ROOT / "setup.cfg"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_imports_run_downward() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("results/board", "from WardenServer.hub import warden", "Imports run downward BROKEN"),
        ("running/runner", "def late():\n    import WardenServer.sinks.base", "Imports run downward BROKEN"),
        ("running/scheduler", "import tango", "what plugins read with BROKEN"),
        ("plugins/common/naming", "from WardenServer.agent import Agent", "knows nothing of agents BROKEN"),
        ("plugins/host", "from WardenServer.results.board import Board", "a plugin of yours may use BROKEN"),
        ("sinks/memcached", "import WardenServer.sinks.attributes", "not each other BROKEN"),
        ("settings/config", "from WardenServer.machine.clock import Clock", "Imports run downward BROKEN"),
        ("novelty", "", "WardenServer.novelty"),
    ],
)
def test_what_runs_upward_is_found(tmp_path: Path, module: str, line: str, broken: str) -> None:
    shutil.copytree(ROOT / "WardenServer", tmp_path / "WardenServer", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "WardenServer" / f"{module}.py").open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert broken in " ".join(done.stdout.split())
