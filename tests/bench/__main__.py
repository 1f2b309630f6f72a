"""The benchmark's command line."""

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

from tests.bench import picture, table
from tests.bench.contest import Contest
from tests.bench.figure import Figure

GROUPS = ("tick", "agents", "memcached", "tango", "end_to_end", "start", "trouble", "web", "page", "history", "streams",
          "jobs", "runs", "ping")  # fmt: skip
ROUNDS, QUICK_ROUNDS = 5, 2
#: Seconds after which --quick begins no round that would not end by then.
QUICK_LIMIT = 340.0

_TEACH = """\
Measures WardenServer beside what people would use instead: the same work, in turn, round after round, each measured
thing in a process of its own. Shows a table with the medians; a ratio is always ours / rival, so less is better.

  tick        lateness and drift of the tick: a bare loop to absolute deadlines, work-then-sleep
  agents      10, 100, 1000 agents at 0.1 s: the bare hand-over of threads, a thread per run, APScheduler
  memcached   1000 documents per wake-up: bare set_many, set_many with encoding, a new client per key
  tango       1000 changed scalars per wake-up, reads of 1 and 100 attributes: bare loops, a minimal device
  end_to_end  from work() returning to Memcached and to a client's event: a device polled by Tango at 100 ms
  trouble     100 agents beside a device of 5 s, 1000 alarms and a service that hangs: the same hub at rest
  web         200 listeners to the web, 50 of whom stop to read: limits
  page        500 agents in a browser: size, first paint, processor, and what grows in six minutes
  start       1000 plugin files loaded, and to RUNNING with their attributes: bare imports, bare add_attribute
  history     1000 documents a second kept, a month read, a day packed: VictoriaMetrics, rrdcached, sqlite3.executemany
  streams     events from ZeroMQ, Redis, ROOT and memory to processors: bare loops, bytewax, snoop's loop; hub at rest
  jobs        files found, jobs queued, taken and ended: huey on SQLite, pgqueuer and procrastinate on PostgreSQL
  runs        runs, texts and nested values compared: dictionaries of both runs, difflib, jsondiff, dictdiffer; limits
  ping        raw data to tables, 1000 hosts probed: plain Python, polars' own reading, fping; hub without pings; limits
"""
_EXAMPLES = """\
examples:
  scripts/bench --quick                                    a first impression, in about 10 minutes
  scripts/bench --json bench.json --png bench.png          all of it, an hour and a half; leave the machine alone
  scripts/bench --only agents tick --rounds 9              two groups, more exactly
  scripts/bench --markdown > table.md                      the figures with a target, for the README

The JSON file has the machine, and one record per figure: figure, ours, rival, unit, ratio, target, met, who the rival
is, the number of rounds, and the lowest and highest of them.
"""


def main() -> int:
    """Measure and show; the exit code is 1 when something could not be measured."""
    chosen = _parser().parse_args()
    for name in [name for name in os.environ if name.startswith("WARDEN_") or name == "TANGO_HOST"]:
        del os.environ[name]  # what is measured uses servers of its own
    rounds = chosen.rounds or (QUICK_ROUNDS if chosen.quick else ROUNDS)
    about = _machine() | {"quick": chosen.quick}
    contests = [Contest(group, chosen.quick) for group in GROUPS if group in (chosen.only or GROUPS)]
    _measure(contests, rounds, QUICK_LIMIT if chosen.quick else float("inf"))
    _show([figure for contest in contests for figure in contest.figures()], about, chosen)
    failed = [contest.trouble for contest in contests if contest.trouble]
    for trouble in failed:
        print(f"bench: not measured: {trouble}", file=sys.stderr)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "scripts/bench", description=_TEACH, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="shorter measurements; no round begins after 6 minutes")
    parser.add_argument("--rounds", type=_count, help=f"rounds of all measurements ({ROUNDS}; quick: {QUICK_ROUNDS})")
    parser.add_argument("--only", nargs="+", metavar="GROUP", choices=GROUPS, help="measure only these groups")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write machine and figures to this file")
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw the ratios that have a target into this file")
    parser.add_argument("--markdown", action="store_true", help="show the figures with a target as a Markdown table")
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of rounds; write 1 or more")
    return int(text)


def _measure(contests: list[Contest], rounds: int, limit: float) -> None:
    """Round after round of all groups; a round that would end after `limit` seconds is left out, but for the first."""
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    began = time.monotonic()
    # Drawn before each measurement only: a bar that moves would be measured too.
    with Progress(*columns, console=console, auto_refresh=False, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=rounds * sum(len(contest.contenders) for contest in contests))

        def say(what: str) -> None:
            if not console.is_terminal:
                print(what, file=sys.stderr, flush=True)
            progress.update(task, description=what, refresh=True)
            progress.advance(task)

        for number in range(rounds):
            for contest in contests:
                late = number > 0 and time.monotonic() - began + contest.took > limit
                if not contest.trouble and not late:
                    contest.compete(number, say)


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
    title = "{date}, {cores} cores, {cpu}, Python {python}, pytango {pytango}".format(**about)
    if chosen.png:
        picture.draw(figures, title, chosen.png)
    if chosen.markdown:
        print(f"{title}\n\n{table.markdown(figures)}")
    else:
        console = Console()
        if not console.is_terminal:
            console.width = 170
        console.print(table.text(figures, title))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")
