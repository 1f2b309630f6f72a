"""What is too much for the hub's document: all as text, and where an agent is now, its file and its settings."""

from pathlib import Path
from typing import Any

from WardenServer import __version__
from WardenServer.hub.runners import Runners
from WardenServer.results.hub_document import HubDocument
from WardenServer.running import look
from WardenServer.settings.masking import mask, masked

#: Most characters of a file.
LONGEST = 500_000


def info(hub: HubDocument, agents: Runners) -> str:
    """All that the hub can say of itself, as text; of an agent that hangs, where."""
    lines = [f"WardenServer {__version__}, instance {hub.instance}, state {hub.state}", hub.status, ""]
    for name, agent in hub.as_dict()["agents"].items():
        said = ", ".join(f"{item} {value}" for item, value in agent.items() if value is not None)
        lines.append(f"{name}: {said}")
        if agent["state"] == "stalled":
            lines += [f"    {line}" for line in look.stack(agents.runners[name])]
    return "\n".join(lines)


def agent(agents: Runners, name: str) -> dict[str, Any]:
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
