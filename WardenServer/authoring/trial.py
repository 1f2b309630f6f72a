"""Runs a plugin file by itself, for `warden try` and `warden check`: needs neither Tango nor Memcached."""

import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from WardenServer.authoring import processors
from WardenServer.errors import FieldError, WardenError
from WardenServer.hub.logs import Masked
from WardenServer.loading import import_thread, processor_file
from WardenServer.loading.beside import imported
from WardenServer.loading.contract import Contract
from WardenServer.loading.loader import examine, load_candidate
from WardenServer.loading.trust import Trust, make_cache, read
from WardenServer.results.board import Board
from WardenServer.results.field import Kind, attribute_name, kind_of
from WardenServer.results.result import Result, shorten, to_json
from WardenServer.running import look
from WardenServer.running.hand_over import HandOver
from WardenServer.running.runner import Runner
from WardenServer.servers import documents, tango_text
from WardenServer.settings import secret, shared
from WardenServer.settings.config import Settings
from WardenServer.settings.masking import mask
from WardenServer.sinks.events.store import as_line
from WardenServer.sinks.memcached import OVERHEAD

#: Bytes of the largest item that Memcached takes by default.
ITEM_SIZE = 1024 * 1024 - OVERHEAD
#: Seconds an isolated agent may take besides TIMEOUT, and that the end of any may take.
STARTING, CLOSING = 15.0, 2.0


@dataclass
class TrialRun:
    """One run of the file: its result, and how many seconds it took. Arrays longer than `array_limit` are not in the
    document."""

    result: Result
    took: float
    warnings: list[str] = field(default_factory=list)
    array_limit: int = Settings.array_limit

    @property
    def document(self) -> dict[str, Any]:
        """As readers of Memcached would find it."""
        return json.loads(self.encoded)  # type: ignore[no-any-return]

    @property
    def encoded(self) -> bytes:
        """The bytes of the document."""
        return to_json(self._board().document(self.result.key) or {})

    @property
    def others(self) -> dict[str, Any]:
        """What the run puts under other keys: documents, and plain values as readers find them."""
        board = self._board()
        keys = [key for key in board.keys_of(self.result.agent) if key != self.result.key]
        return {key: json.loads(found) for key in keys if (found := board.as_read(key)) is not None}

    def _board(self) -> Board:
        board = Board()
        board.put(shorten(self.result, self.array_limit))
        return board


def load_all(settings: Settings, path: Path, events: Path | None = None) -> list[Contract]:
    """The contracts of one file, with the settings of the agents of its names: one, or one for each processor, which
    gets the `events` of a file.

    Raises:
        WardenError: the file cannot become an agent.
    """
    path = path.absolute()
    if path.suffix != ".py" or not path.is_file():
        raise WardenError(f"{path} is no plugin file; name a file that ends in .py")
    if logging.lastResort is not None:  # where log lines go without a hub
        logging.lastResort.setFormatter(Masked())
    make_cache(path.parent)
    documents.use(settings)
    named = processor_file.find(read(path))
    if named:
        return [_whole(processors.contract(settings, path, each, events)) for each in named]
    return [load(settings, path)]


def _whole(contract: Contract) -> Contract:
    """A contract to which no setting is missing."""
    if contract.required:
        contract.discard()
        raise WardenError(f"{contract.path} {shared.needs(contract.required, contract.name)}")
    return contract


def load(settings: Settings, path: Path) -> Contract:
    """The contract of one file that is an agent, with the settings of the agent of its name.

    Raises:
        WardenError: the file cannot become an agent.
    """
    path = path.absolute()
    name = path.stem.removeprefix("template_")
    content, configured = read(path), secret.resolve(name, settings.table(name))
    candidate = examine(path, content, imported(content, path, read), name, configured)
    (outcome,) = import_thread.run([(path, lambda: load_candidate(candidate, settings))], settings.load_timeout)
    if isinstance(outcome, Exception):
        raise outcome
    return _whole(outcome)


def distrust(settings: Settings, path: Path) -> list[str]:
    """Why the hub would refuse a file though it can be used: others may write to it, or its content is not known."""
    trust, path = Trust(settings), path.absolute()
    try:
        imported(trust.read(path), path, trust.read)
    except WardenError as error:
        return [f"the hub refuses it: {error}"]
    return []


def runs(
    contract: Contract, count: int, at_close: list[str] | None = None, array_limit: int = Settings.array_limit
) -> Iterator[TrialRun]:
    """Run a file `count` times, at its interval, then close it; what fails in that goes to `at_close`."""
    board = Board()
    runner = Runner(contract, board)
    kinds: dict[str, Kind] = {}
    begun, pause = time.monotonic(), 0.0 if contract.at is not None else contract.interval
    runner.open()
    try:
        for number in range(count):
            time.sleep(max(0.0, begun + number * pause - time.monotonic()))
            started = time.monotonic()
            _run(runner, contract)
            took = time.monotonic() - started
            result = board.result(contract.name)
            assert result is not None
            run = TrialRun(result, took, _warnings(contract, result, took, kinds, runner), array_limit)
            if (size := len(to_json(shorten(result, array_limit).fields))) > ITEM_SIZE:
                run.warnings.append(f"the document has {size} bytes; Memcached takes {ITEM_SIZE} by default")
            yield run
    finally:
        runner.close()
        runner.join(CLOSING)
        if runner.outcome.close_error is not None and at_close is not None:
            at_close.append(runner.outcome.close_error)


def _run(runner: Runner, contract: Contract) -> None:
    """One run on the agent's own thread, as in the hub, waiting no longer than its TIMEOUT."""
    runner.take_place(time.monotonic(), HandOver())
    runner.wake()
    # An isolated agent ends its process itself at TIMEOUT, and needs time to start it.
    if not runner.wait_idle(contract.timeout + (STARTING if contract.isolate else 0.0)):
        raise WardenError(
            f"{contract.path}: work has not ended after TIMEOUT ({contract.timeout:g} s): it is at {look.where(runner)}"
        )


def _warnings(contract: Contract, result: Result, took: float, kinds: dict[str, Kind], runner: Runner) -> list[str]:
    warnings = list(runner.record.warnings.values())
    if took > contract.interval:
        warnings.append(
            f"the run took {took:.3g} s, longer than INTERVAL {contract.interval:g} s: runs will be skipped"
        )
    names: dict[str, str] = {}
    for name, value in result.fields.items():
        try:
            attribute = attribute_name(contract.name, name)
        except FieldError as error:
            warnings.append(str(error))
            continue
        if attribute != f"{contract.name}_{name}":
            warnings.append(f'field "{name}" becomes the attribute {attribute}; letters, digits and _ stay as they are')
        if (other := names.setdefault(attribute.lower(), name)) != name:
            warnings.append(f'fields "{other}" and "{name}" would be the same attribute {attribute}; rename one')
        kind = kind_of(value)
        if kind is not None and not kinds.setdefault(name, kind).accepts(kind):
            warnings.append(f'field "{name}" was {kinds[name]} and is now {kind}; return one type always')
    return warnings


def replaced(contract: Contract) -> list[str]:
    """What Tango will show in other words than `FIELDS` says it; no failure, but worth knowing."""
    return [
        f'field "{name}": {sentence}'
        for name, declared in contract.fields.items()
        for sentence in tango_text.replaced(declared.properties)
    ]


def attributes(contract: Contract, result: Result) -> dict[str, str]:
    """The Tango attributes a result makes, with their kinds."""
    found = {}
    for name, value in result.fields.items():
        kind = kind_of(value)
        said = contract.fields.get(name)
        kind = said.kind if said is not None and said.kind is not None else kind
        unit = f", {said.properties['unit']}" if said is not None and "unit" in said.properties else ""
        try:
            found[attribute_name(contract.name, name)] = f"{kind or 'unknown until it has a value'}{unit}"
        except FieldError as error:
            found[name[:40]] = f"none: {error}"
    return found


def show(settings: Settings, path: Path, count: int, as_json: bool, events: Path | None = None) -> int:
    """Print what a few runs of a file give; 1 when one failed."""
    return max(_show(settings, path, each, count, as_json) for each in load_all(settings, path, events))


def _show(settings: Settings, path: Path, contract: Contract, count: int, as_json: bool) -> int:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    warnings = [f"Warning: {reason}" for reason in distrust(settings, path)]
    for said in [*warnings, *(f"Note: {note}" for note in replaced(contract))]:
        print(said, file=sys.stderr)
    if not as_json:
        console.print(f"{contract.path}: {_when(contract)}, key {contract.key}, {count} run(s)")
    failed, last = False, None
    for number, run in enumerate(runs(contract, count, None, settings.array_limit), 1):
        failed, last = failed or run.result.error is not None, run.result
        if as_json:
            print(json.dumps(_line(run), ensure_ascii=False), flush=True)
        else:
            _print(console, number, run)
    if last is not None and not as_json:
        console.print("\nTango attributes:")
        for name, kind in attributes(contract, last).items():
            console.print(f"  {name}: {kind}")
    return int(failed)


def _when(contract: Contract) -> str:
    return f"every {contract.interval:g} s" if contract.at is None else f"at {contract.at} (UTC)"


def _line(run: TrialRun) -> dict[str, Any]:
    """A run as one JSON object."""
    line = {"document": run.document, "seconds": run.took, "warnings": run.warnings, "error": run.result.error}
    events = [asdict(event) for event in run.result.events]
    return {**line, **({"others": run.others} if run.others else {}), **({"events": events} if events else {})}


def _print(console: Console, number: int, run: TrialRun) -> None:
    """A run for people."""
    console.print(f"\nRun {number}, {1000 * run.took:.3g} ms\n{json.dumps(run.document, indent=2, ensure_ascii=False)}")
    for key, value in run.others.items():
        console.print(f"{key}: {json.dumps(value, indent=2, ensure_ascii=False)}")
    for event in run.result.events:
        console.print(f"Event: {as_line(event)}")
    for warning in run.warnings:
        console.print(f"Warning: {warning}")


def check(
    settings: Settings, path: Path, notes: list[str] | None = None, events: Path | None = None
) -> list[str]:
    """What is wrong with a file: it must load, run twice without failure or warning, keep its types, and close. What is
    no failure but worth knowing goes to `notes`."""
    try:
        contracts = load_all(settings, path, events)
    except WardenError as error:
        return [mask(str(error))]
    return [said for contract in contracts for said in _check(settings, path, contract, notes)]


def _check(settings: Settings, path: Path, contract: Contract, notes: list[str] | None) -> list[str]:
    try:
        if notes is not None:
            notes += replaced(contract)
        at_close: list[str] = []
        done = list(runs(contract, 2, at_close, settings.array_limit))
    except WardenError as error:
        return [mask(str(error))]
    found = distrust(settings, path)
    found += [run.result.error for run in done if run.result.error is not None]
    found += [warning for run in done for warning in run.warnings]
    found += at_close + _state_problems(contract) + _field_problems(contract, done[-1].result.fields)
    return list(dict.fromkeys(map(mask, found)))


def _field_problems(contract: Contract, fields: Mapping[str, Any]) -> list[str]:
    strange = [name for name in contract.fields if fields and name not in fields]
    return [f'{contract.path}: FIELDS names "{name}", which work does not return; correct one' for name in strange]


def _state_problems(contract: Contract) -> list[str]:
    if (contract.save is None) != (contract.load is None):
        return [f"{contract.path}: save and load come together; add the other"]
    if contract.save is None or contract.load is None:
        return []
    try:
        contract.load(contract.save())
    except BaseException as error:  # the plugin's
        return [f"{contract.path}: load cannot take what save returned: {error!r}"]
    return []
