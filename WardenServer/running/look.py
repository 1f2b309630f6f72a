"""Looks at a runner from outside: what state its agent is in, and what has to be taken back from clients."""

import logging
from functools import partial

from WardenServer.machine import thread_trace
from WardenServer.results.health import p99
from WardenServer.results.hub_document import AgentEntry
from WardenServer.running.runner import Runner

log = logging.getLogger("warden.runner")


def watch(runner: Runner) -> None:
    """Look after an agent, about once a second: take back values that are no longer live (the run hangs, or none has
    ended for the life of a document), log runs that were skipped, note what it costs. By one thread only."""
    record, now = runner.record, runner.clock.monotonic()
    runner.cpu.look(runner.thread.native_id, now)
    if said := record.overruns.look(record.skipped, now - record.began if runner.busy else None):
        log.log(said[0], "agent %s: %s", runner.name, said[1])
    runner.outcome.take_back(partial(_why_not_live, runner))


def _why_not_live(runner: Runner) -> str | None:
    """Why the agent's values are no longer live; None where they are."""
    ended, took = runner.record.ended, runner.stalled_for()
    if took is not None:
        return f"the run started {took:.0f} s ago has not ended; TIMEOUT is {runner.contract.timeout:g} s"
    if runner.passes:  # it rests after failures: readers shall go on seeing why
        return runner.record.last_error
    silent = 0.0 if ended is None else runner.clock.monotonic() - ended
    return f"no run for {silent:.0f} s" if silent > runner.contract.life else None


def state(runner: Runner) -> str:
    """The state of an agent, as its entry in the hub's document has it."""
    if runner.stalled_for() is not None:
        return "stalled"
    if not runner.enabled:
        return "stopped"
    if runner.record.ended is None:
        return "waiting"
    if runner.record.failing_since is not None:
        return "failing"
    return "no data" if runner.record.no_data else "good"


def describe(runner: Runner, pending: bool = False) -> AgentEntry:
    """The agent as the hub's document shows it; `pending`: new code waits for its first run."""
    record, contract, stalled = runner.record, runner.contract, runner.stalled_for()
    return AgentEntry(
        state=state(runner),
        key=contract.key,
        interval=contract.interval,
        at=None if contract.at is None else str(contract.at),
        offset=round(contract.offset, 6),
        runs=record.runs,
        failures=record.failures,
        skipped=record.skipped,
        lateness_p99=round(p99(record.lateness.copy()), 6),
        last_error=_stall(runner, stalled) if stalled else record.last_error,
        age=None if record.ended is None else round(runner.clock.monotonic() - record.ended, 3),
        since=record.failing_since,
        reason=runner.held or record.no_data,
        tries_every=runner.outcome.due_ticks_between_tries() * contract.interval if record.in_a_row else None,
        skipping=record.overruns.skipped,
        cpu=round(runner.cpu.share, 3),
        pending=pending,
        warnings=record.warnings,
    )


def _stall(runner: Runner, took: float) -> str:
    contract = runner.contract
    return (
        f"{contract.path}: the run started {took:.0f} s ago has not ended, it is at {where(runner)};"
        f" TIMEOUT is {contract.timeout:g} s, ISOLATE = True lets it be killed"
    )


def where(runner: Runner) -> str:
    """Where its thread is now: the line of the plugin it runs, else the innermost line; "" when it has ended."""
    return thread_trace.where(runner.runs_on(), runner.contract.path)


def stack(runner: Runner) -> list[str]:
    """The lines its thread runs now, from the plugin's first one inwards; empty between runs."""
    return thread_trace.stack(runner.runs_on(), runner.contract.path) if runner.busy else []
