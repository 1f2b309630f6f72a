"""`warden up`: the whole hub on this machine in the foreground, with a view of its agents. For the main thread."""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from WardenServer.errors import Unreachable, WardenError
from WardenServer.local import our_servers
from WardenServer.local.local_servers import LocalDatabase, LocalMemcached
from WardenServer.local.our_servers import HubServer, WebServer
from WardenServer.machine.child import Child, Keeper, make_folder
from WardenServer.results.health import BAD
from WardenServer.results.hub_document import AgentEntry, HubDocument
from WardenServer.servers import client, ports, tango_database
from WardenServer.settings.config import Settings

#: Seconds between looks at the children and the agents.
LOOK = 0.5

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_COLOURS = {"good": "green", "RUNNING": "green", "ALARM": "yellow", "FAULT": "red", "UNKNOWN": "red"}


def run(settings: Settings, options: Mapping[str, Any]) -> int:
    """Run everything until Ctrl-C, SIGTERM or SIGHUP; the exit code. All that was started has ended when it returns.

    Args:
        settings: those of the hub.
        options: what the command line said of them, to be said to the device server too.

    Raises:
        WardenError: something cannot be started.
    """
    screen = console()
    try:
        with interrupts(), only_one(settings.state_folder), ExitStack() as stack:
            local, children = _servers(settings, screen, stack)
            tango_database.register(tango_database.find_database(local), local)
            hub = HubServer(local, options)
            _begin(hub, screen, stack)
            signal.signal(signal.SIGUSR1, lambda *_: hub.tell(signal.SIGUSR1))
            web = _web(local, options, screen, stack)
            children += [hub, *web]
            _introduce(local, screen, *(child.address for child in web))
            _follow(local, [Keeper(child) for child in children], screen)
    except KeyboardInterrupt:
        return 0


def console() -> Console:
    """Where people read: as wide as the terminal, or wide enough for the table in a file."""
    return Console(highlight=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140)


# -- starting


@contextmanager
def interrupts() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the program as Ctrl-C does; from then on nothing interrupts the end."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # by nohup; SIGINT is too, in a shell's background
    wanted = [number for number in _SIGNALS if number != signal.SIGHUP or not ignored]
    before = {number: signal.getsignal(number) for number in wanted}
    for number in wanted:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the state folder's lock. The kernel gives it back however we end; children do not inherit it.

    Raises:
        WardenError: another process holds it.
    """
    make_folder(folder)
    with ExitStack() as stack:
        with _writes(folder):
            file = stack.enter_context((folder / "up.lock").open("a+", encoding="ascii"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                pid = file.read().strip()
                raise WardenError(
                    f"`warden up` runs already, as process {pid}; use that one, or end it with: kill {pid}"
                ) from None
            file.truncate(0)
            os.write(file.fileno(), str(os.getpid()).encode("ascii"))
        yield


@contextmanager
def _writes(folder: Path) -> Iterator[None]:
    """Turn errors of the disk into one of ours."""
    try:
        yield
    except WardenError:  # Unreachable is an OSError too
        raise
    except OSError as error:
        raise WardenError(
            f"{folder} cannot be written to ({error.strerror}); make room there, or correct the setting state_folder"
        ) from None


def _servers(settings: Settings, screen: Console, stack: ExitStack) -> tuple[Settings, list[Child]]:
    """Start the servers that have to run here; the settings with the addresses of those and of the others, and they."""
    folder, children = settings.state_folder, list[Child]()
    host, memcached = tango_database.given_tango_host(settings), settings.memcached
    if host:
        tango_database.connect(host)
    else:
        children.append(_local(LocalDatabase, "database", 10000, folder, screen, stack))
        host = children[-1].address
    if not memcached:
        children.append(_local(LocalMemcached, "memcached", 11211, folder, screen, stack))
        memcached = (children[-1].address,)
    return replace(settings, tango_host=host, memcached=memcached), children


def _local(
    make: Callable[[int, Path], LocalDatabase | LocalMemcached],
    name: str,
    usual: int,
    folder: Path,
    screen: Console,
    stack: ExitStack,
) -> Child:
    """Start a local server on its port; on another where somebody else took a new one before it could."""
    was_known = name in ports.known(folder)
    with _writes(folder):
        child = make(ports.keep(folder, name, usual), folder)
    try:
        _begin(child, screen, stack)
    except Unreachable:
        if was_known or ports.is_free(child.port):
            raise
        with _writes(folder):
            ports.forget(folder, name)
            child = make(ports.keep(folder, name, usual), folder)
        _begin(child, screen, stack)
    return child


def _web(settings: Settings, options: Mapping[str, Any], screen: Console, stack: ExitStack) -> list[Child]:
    """The page, and all that comes by HTTP; the hub goes on without it."""
    if missing := our_servers.missing_for_web():
        _say(screen, f"Web ... not started: {missing}")
        return []
    with _writes(settings.state_folder):
        web = WebServer(settings, options)
    try:
        _begin(web, screen, stack)
    except WardenError as error:
        _say(screen, str(error))
    return [web]


def _begin(child: Child, screen: Console, stack: ExitStack) -> None:
    _say(screen, f"{child.name} ...", end=" ")
    stack.callback(child.stop)  # before the start, which may be interrupted
    try:
        child.start()
    except WardenError:
        _say(screen, "failed")
        raise
    _say(screen, child.address)
    if child.notice:
        _say(screen, child.notice)


def _introduce(settings: Settings, screen: Console, page: str = "") -> None:
    """Say where clients find all that runs."""
    look = f"Look at it in a browser: {page}\n\nF" if page else "F"
    server, key, device = settings.memcached[0], settings.prefix + settings.hub_key, settings.device
    host, _, port = server.rpartition(":")
    place = f"-U {server.removeprefix('unix:')}" if "/" in server else f"{host.strip('[]')} {port}"
    read = f"from pymemcache import Client; print(Client('{server}').get('{key}').decode())"
    _say(
        screen,
        f"""
The hub runs; Ctrl-C ends all that was started here. {look}rom another terminal:

  export TANGO_HOST={settings.tango_host}    # then Jive, Taurus and all other clients find {device}
  taurus form {device}/State {device}/Ticks
  itango    # DeviceProxy("{device}").Ticks

Memcached is at {", ".join(settings.memcached)}; one of its documents, the hub about itself, is {key}:

  {sys.executable} -c "{read}"
  printf 'get {key}\\r\\nquit\\r\\n' | nc {place}
""",
    )


def _say(screen: Console, text: str, end: str = "\n") -> None:
    """Print as it is: what people copy must not be broken into lines or coloured. Where nothing can be written, as on
    a full disk, the hub is not ended for that."""
    with suppress(OSError):
        screen.print(text, markup=False, soft_wrap=True, end=end)


# -- running


def _follow(settings: Settings, keepers: Sequence[Keeper], screen: Console) -> NoReturn:
    """Look after the children and show the agents: a live table on a terminal, else a line when the state changes."""
    with ExitStack() as stack:
        live = None
        if screen.is_terminal and not screen.is_dumb_terminal:
            live = stack.enter_context(Live(console=screen, auto_refresh=False))
        before = ""
        while True:
            for said in filter(None, [keeper.look(time.monotonic()) for keeper in keepers]):
                _say(screen, said)
            hub = client.status(settings)
            if live is not None:
                live.update(table(hub), refresh=True)
            elif hub.state != before:
                _say(screen, f"{hub.state}: {hub.status}")
            before = hub.state
            time.sleep(LOOK)


# -- showing


def table(hub: HubDocument) -> Table:
    """The hub's document about itself as a table: agents that need care first."""
    title = Text.assemble(f"{hub.device} is ", _coloured(hub.state))
    caption = Text("\n".join(hub.problems), "red")
    shown = Table(title=title, title_justify="left", caption=caption, caption_justify="left", title_style="bold")
    for name in ("Agent", "State"):
        shown.add_column(name, no_wrap=True)
    for name in ("Every", "Age", "Runs", "Failed", "Skipped", "Late p99"):
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("Document")
    shown.add_column("Last error", ratio=1)
    agents = sorted(hub.agents.items(), key=lambda item: (item[1].state not in BAD, item[0]))
    for name, agent in agents:
        shown.add_row(*_row(name, agent))
    return shown


def _row(name: str, agent: AgentEntry) -> list[Text]:
    return [
        Text(name),
        _coloured(agent.state),
        Text(agent.at or _seconds(agent.interval)),
        Text(_seconds(agent.age)),
        *(Text(str(count)) for count in (agent.runs, agent.failures, agent.skipped)),
        Text(_seconds(agent.lateness_p99)),
        Text(agent.key or ""),
        Text(agent.last_error or ""),
    ]


def _coloured(state: str) -> Text:
    return Text(state, _COLOURS.get(state, "red" if state in BAD else "default"))


def _seconds(value: float | None) -> str:
    """Seconds with three digits; the lateness of a tick, as a rule, in milliseconds."""
    if value is None:
        return ""
    return f"{value:.3g} s" if value >= 0.1 or value == 0 else f"{1000 * value:.2g} ms"
