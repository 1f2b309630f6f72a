"""What a process that hung or crashed has left: the stacks that faulthandler wrote, and the marks of agents at work."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import WardenServer.plugins
from WardenServer.settings.config import Settings
from WardenServer.watchdog.agents_at_work import AgentsAtWork

#: Seconds a dump may come late. Later, the process had not hung: it was stopped, with its timer.
LATE = 1.0

_SHIPPED = Path(str(WardenServer.plugins.__file__)).parent
_FRAME = re.compile(r'  File "(.*)", line (\d+) in ')


@dataclass(frozen=True)
class End:
    """How a process ended, and who was at work then."""

    what: str
    dump: Path
    at_work: tuple[str, ...] = ()
    lines: dict[str, str] = field(default_factory=dict)  # of agents, as far as known: file:line
    advice: str = "no agent was at work"  # where that is so

    def sentence(self, blamed: list[str]) -> str:
        """What a person should know; `blamed` are the agents that are held back for it."""
        who = " and ".join(self.of(name) for name in self.at_work)
        if not who:
            return f"{self.what}; {self.advice}; the stacks are in {self.dump}.1"
        if blamed == list(self.at_work) and len(blamed) == 1:
            return f"{self.what} in {who}, which is held back; {self.cure(blamed[0])}; the stacks are in {self.dump}.1"
        held = f"; held back until they change: {', '.join(blamed)}" if blamed else ""
        return (
            f"{self.what} in one of {who}{held}; set ISOLATE = True in the one that calls C code;"
            f" the stacks are in {self.dump}.1"
        )

    def reason(self, name: str) -> str:
        """Why an agent is held back."""
        return f"held back: {self.what} in {self.of(name)}; {self.cure(name)}, or StartAgent to run it as it is"

    def of(self, name: str) -> str:
        """An agent and where it was."""
        return f"{name} at {self.lines[name]}" if name in self.lines else name

    def cure(self, name: str) -> str:
        """What to do."""
        where = f"in {self.lines[name].rpartition(':')[0]}" if name in self.lines else f"for {name}"
        return f"set ISOLATE = True {where} and Reload"


def is_there(dump: Path) -> bool:
    """Whether faulthandler has written anything."""
    return dump.exists() and dump.stat().st_size > 0


def read(dump: Path, marks: AgentsAtWork | None, settings: Settings) -> End | None:
    """How the last process ended; None when nothing is known against it.

    Raises:
        OSError: the dump cannot be read.
    """
    if not is_there(dump):
        return None
    text = dump.read_text(encoding="utf-8", errors="replace")
    names = marks.at_work() if marks is not None else []
    if text.startswith("Fatal Python error"):
        return _crash(text, names, dump, settings)
    late = dump.stat().st_mtime - marks.beaten - settings.hang_limit if marks is not None else 0.0
    if late > LATE:
        stopped = late + settings.hang_limit
        what = f"the server was stopped for {stopped:.0f} s, longer than hang_limit, and has started again"
        return End(what, dump, advice="see who sends SIGSTOP, or set hang_limit to more")
    what = f"the server hung for {settings.hang_limit:g} s and has started again: C code held the interpreter's lock"
    return End(what, dump, tuple(names), _lines(names, text, settings), _import(text, settings) or End.advice)


def _import(stacks: str, settings: Settings) -> str:
    """What to do about a plugin file that no agent runs: it is being imported."""
    folders = (*settings.plugin_folders, _SHIPPED)
    frames = ((_plain(frame[1]), frame[2]) for frame in _FRAME.finditer(stacks))
    line = next((f"{file}:{number}" for file, number in frames if file.parent in folders), "")
    return f"at {line}, in an import; move it into setup, with ISOLATE = True" if line else ""


def _plain(escaped: str) -> Path:
    """A file as it is, from its name in ASCII."""
    return Path(escaped.encode("ascii", "replace").decode("unicode_escape"))


def _crash(text: str, names: list[str], dump: Path, settings: Settings) -> End:
    """Of a crash there is only the stack of its own thread, or none, when that is no thread of Python's."""
    lines = _lines(names, text, settings)
    reason = text.partition("\n")[0].partition(": ")[2]
    return End(f"the server crashed ({reason}) and has started again: C code", dump, tuple(lines), lines)


def _lines(names: list[str], stacks: str, settings: Settings) -> dict[str, str]:
    """The innermost line of each agent's file in the stacks."""
    lines = {}
    for name in names:
        plugin = str(settings.agents.get(name, {}).get("plugin", name))
        files = [folder / f"{plugin}.py" for folder in (*settings.plugin_folders, _SHIPPED)]
        frames = ((_plain(frame[1]), frame[2]) for frame in _FRAME.finditer(stacks))
        line = next((f"{file}:{number}" for file, number in frames if file in files), "")
        if line:
            lines[name] = line
    return lines
