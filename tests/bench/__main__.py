"""The benchmark's command line.

A group is a module with `contenders(quick)`, what to measure, and `figures(runs)`, what the measurements say.
"""

import argparse
import json
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.bench import agents, end_to_end, memcached, start, table, tango, tick
from tests.bench.contest import Contender, compete
from tests.bench.figure import Figure
from WardenServer.errors import WardenError

GROUPS: dict[str, Any] = {
    "tick": tick,
    "agents": agents,
    "memcached": memcached,
    "tango": tango,
    "end_to_end": end_to_end,
    "start": start,
}
ROUNDS, QUICK_ROUNDS = 5, 2

_TEACH = """\
Measures WardenServer beside what people would use instead: the same work, in turn, round after round, each measured
thing in a process of its own. Shows a table with the medians; a ratio is always ours / rival, so less is better.

  tick        lateness and drift of the tick: a bare loop to absolute deadlines, work-then-sleep
  agents      10, 100, 1000 agents at 0.1 s: the bare hand-over of threads, a thread per run, APScheduler
  memcached   1000 documents per wake-up: bare set_many, set_many with encoding, a new client per key
  tango       1000 changed scalars per wake-up, reads of 1 and 100 attributes: bare loops, a minimal device
  end_to_end  from work() returning to Memcached and to a client's event: a device polled by Tango at 100 ms
  start       1000 plugin files loaded, and to RUNNING with their attributes: bare imports, bare add_attribute
"""
_EXAMPLES = """\
examples:
  scripts/bench --quick                                    a first impression, in under 3 minutes
  scripts/bench --json bench.json --png bench.png          all of it; leave the machine alone meanwhile
  scripts/bench --only agents --rounds 9 > agents.txt      one group, more exactly
  scripts/bench --markdown > table.md                      the figures with a target, for the README

The JSON file has one record per figure: figure, ours, rival, unit, ratio, target, met, and who the rival is, the number
of rounds, and the lowest and highest of them.
"""


def main() -> int:
    """Measure and show; the exit code is 1 when something could not be measured."""
    chosen = _parser().parse_args()
    for name in [name for name in os.environ if name.startswith("WARDEN_") or name == "TANGO_HOST"]:
        del os.environ[name]  # what is measured uses servers of its own
    rounds = chosen.rounds or (QUICK_ROUNDS if chosen.quick else ROUNDS)
    about = _machine() | {"rounds": rounds, "quick": chosen.quick}
    figures, failed = _measure(chosen.only or list(GROUPS), chosen.quick, rounds)
    _show(figures, about, chosen)
    for trouble in failed:
        print(f"bench: not measured: {trouble}", file=sys.stderr)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "scripts/bench", description=_TEACH, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="shorter measurements, in under 3 minutes")
    parser.add_argument("--rounds", type=int, help=f"rounds of all measurements ({ROUNDS}; quick: {QUICK_ROUNDS})")
    parser.add_argument("--only", nargs="+", metavar="GROUP", choices=list(GROUPS), help="measure only these groups")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write machine and figures to this file")
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw the ratios into this file")
    parser.add_argument("--markdown", action="store_true", help="show the figures with a target as a Markdown table")
    return parser


def _measure(groups: list[str], quick: bool, rounds: int) -> tuple[list[Figure], list[str]]:
    """All figures, and what could not be measured."""
    plans: dict[str, list[Contender]] = {group: GROUPS[group].contenders(quick) for group in groups}
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    figures: list[Figure] = []
    failed: list[str] = []
    # Drawn before each measurement only: a bar that moves would be measured too.
    with Progress(*columns, console=console, auto_refresh=False) as progress:
        task = progress.add_task("", total=rounds * sum(map(len, plans.values())))

        def say(group: str, name: str, number: int) -> None:
            said = f"{group}: {name}, round {number + 1} of {rounds}"
            progress.update(task, description=said, refresh=True)
            progress.advance(task)
            if not console.is_terminal:
                print(said, file=sys.stderr, flush=True)

        for group, plan in plans.items():
            try:
                runs = compete(group, plan, rounds, lambda name, number, group=group: say(group, name, number))
                figures += GROUPS[group].figures(runs)
            except WardenError as error:
                failed.append(str(error))
    return figures, failed


def _machine() -> dict[str, Any]:
    """Where and when this was measured."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "cores": len(os.sched_getaffinity(0)),
        "cpu": _cpu(),
        "python": platform.python_version(),
        "pytango": version("pytango"),
        "load": round(os.getloadavg()[0], 2),
    }


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _show(figures: list[Figure], about: dict[str, Any], chosen: argparse.Namespace) -> None:
    if chosen.json:
        document = {"machine": about, "figures": [figure.plain() for figure in figures]}
        chosen.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    title = "{date}, {cores} cores, {cpu}, Python {python}, pytango {pytango}, {rounds} rounds".format(**about)
    if chosen.png:
        from tests.bench import picture

        picture.draw(figures, title, chosen.png)
    if chosen.markdown:
        print(f"{title}\n\n{table.markdown(figures)}")
    else:
        console = Console()
        if not console.is_terminal:
            console.width = 160
        console.print(table.text(figures, title))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")
