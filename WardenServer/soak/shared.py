"""What soaks share: what is done to programs, and how a verdict is shown."""

import math
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from WardenServer.machine.child import Child, wait_until
from WardenServer.soak.verdict import VerdictLine


def forget_user() -> None:
    """Take what names the user's hub out of the environment: it is none of our business."""
    for name in [name for name in os.environ if name.startswith("WARDEN_") or name == "TANGO_HOST"]:
        del os.environ[name]


@contextmanager
def stopped(child: Child) -> Iterator[None]:
    """The process stands still, and then goes on."""
    assert child.pid is not None
    os.kill(child.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(child.pid, signal.SIGCONT)


def kill(child: Child) -> None:
    """End it as a crash would, and wait until it has."""
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    wait_until(lambda: not child.alive, 5.0)


def lines_table(found: Sequence[VerdictLine]) -> Table:
    """The lines of a verdict."""
    table = Table(title="Verdict", title_justify="left")
    for name in ("Figure", "Value", "Limit", "Ok", "Remark"):
        table.add_column(name, justify="right" if name in ("Value", "Limit") else "left")
    for line in found:
        limit = "" if line.limit is None else _with_unit(line.limit, line.unit)
        ok = "" if line.limit is None else ("[green]yes[/]" if line.ok else "[red]NO[/]")
        table.add_row(line.figure, _with_unit(line.value, line.unit), limit, ok, line.note)
    return table


def print_examples(screen: Console, examples: Mapping[str, Sequence[str]]) -> None:
    """What went wrong, one by one."""
    for figure, said in examples.items():
        for example in said:
            screen.print(f"{figure}: {example}", markup=False, soft_wrap=True)


def seconds(value: float | None) -> str:
    """Seconds for people; None or infinite: never."""
    if value is None or math.isinf(value):
        return "never"
    return f"{value:.2f} s" if value >= 0.1 else f"{1000 * value:.1f} ms"


def clock(passed: float) -> str:
    """Seconds as minutes and seconds."""
    return f"{int(passed) // 60:02}:{int(passed) % 60:02}"


def _with_unit(value: float, unit: str) -> str:
    if unit == "s":
        return seconds(value)
    return f"{value:g} {unit}".strip() if value == int(value) else f"{value:.1f} {unit}"
