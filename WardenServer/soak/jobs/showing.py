"""The verdict on a soak of jobs, for people and for programs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Table

from WardenServer.local import up
from WardenServer.soak import shared
from WardenServer.soak.jobs.verdict import Judged
from WardenServer.soak.verdict import VerdictLine, clean


def as_dict(judged: Judged, thrown: Counter[str], found: Sequence[VerdictLine]) -> dict[str, object]:
    """For programs: whether it is clean, its lines, how often each fault was thrown, and examples of what is wrong."""
    lines = [{**asdict(line), "ok": line.ok} for line in found]
    return {"clean": clean(found), "lines": lines, "faults": dict(thrown), "examples": judged.examples}


def show(judged: Judged, thrown: Counter[str], found: Sequence[VerdictLine]) -> None:
    """Print it."""
    screen = up.console()
    table = Table(title="Faults", title_justify="left")
    table.add_column("Fault")
    table.add_column("Times", justify="right")
    for kind, times in thrown.most_common():
        table.add_row(kind, str(times))
    screen.print(table)
    screen.print(shared.lines_table(found))
    shared.print_examples(screen, judged.examples)
