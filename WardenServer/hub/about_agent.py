"""All about one agent that is too much for the hub's document: where it is now, its file, its settings."""

from pathlib import Path
from typing import Any

from WardenServer.hub.runners import Runners
from WardenServer.running import look
from WardenServer.settings.masking import mask, masked

#: Most characters of a file.
LONGEST = 500_000


def about(agents: Runners, name: str) -> dict[str, Any]:
    """The lines that the agent runs now (none between runs), its file, that file's text, and the agent's settings; what
    is secret is masked.

    Raises:
        WardenError: there is no such agent.
    """
    runner = agents.get(name)
    contract = runner.contract
    return {
        "stack": [mask(line) for line in look.stack(runner)],
        "file": str(contract.path),
        "source": mask(_text(contract.path)),
        "settings": masked("", dict(contract.settings)),
    }


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(LONGEST)
    except OSError as error:
        return f"# {path} cannot be read: {error.strerror}"
