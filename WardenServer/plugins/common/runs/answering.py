"""What people ask of the agent run_differ: a golden run, and changes that are acknowledged."""

import time
from collections.abc import Mapping
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.plugins.common.runs import acknowledging, golden
from WardenServer.plugins.common.runs.acknowledging import Acknowledgement
from WardenServer.plugins.common.runs.source import LARGEST, Source
from WardenServer.plugins.common.runs.store import Store

#: Most characters of a reason, and of other texts.
LONGEST_REASON, LONGEST = 1000, 255

_CURE = (
    'ask {"golden": RUN}, {"golden": null}, or '
    '{"acknowledge": {"partition": "P", "parameter": "Q", "run": RUN, "reason": "WHY", "by": "WHO"}}'
)


def answer(store: Store, source: Source, request: Any) -> dict[str, Any]:
    """Do what is asked for.

    Raises:
        SettingError: it cannot be done; the text has the cure.
        Unreachable: a database cannot be used.
    """
    match request:
        case {"golden": run, **rest} if not rest:
            return _golden(store, source, run)
        case {"acknowledge": Mapping() as said, **rest} if not rest:
            return _acknowledge(store, source, said)
    raise SettingError(f"run_differ was asked what it does not know; {_CURE}")


def _golden(store: Store, source: Source, run: Any) -> dict[str, Any]:
    golden.declare(store, source.name, None if run is None else _known(source, run))
    return {"golden": run}


def _acknowledge(store: Store, source: Source, said: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := said.keys() - {"partition", "parameter", "run", "reason", "by"}:
        raise SettingError(f"acknowledge does not know {', '.join(sorted(map(str, unknown)))[:100]}; {_CURE}")
    partition, parameter = _text(said, "partition", LONGEST), _text(said, "parameter", LONGEST)
    reason, by = _text(said, "reason", LONGEST_REASON), _text({"by": "unknown", **said}, "by", LONGEST)
    run = _known(source, said.get("run"))
    acknowledging.acknowledge(store, source.name, Acknowledgement(partition, parameter, run, reason, by, time.time()))
    return {"acknowledged": run}


def _text(said: Mapping[str, Any], name: str, longest: int) -> str:
    text = said.get(name)
    if not isinstance(text, str) or not text.strip() or len(text) > longest:
        raise SettingError(f"{name} is {text!r:.40}; write a text of 1 to {longest} characters")
    return text.strip()


def _known(source: Source, run: Any) -> int:
    """The number of a run that there is."""
    if not isinstance(run, int) or isinstance(run, bool) or not 0 < run <= LARGEST:
        raise SettingError(f"run is {run!r:.40}; write the number of a run, such as 12")
    if source.run(run) is None:
        newest = source.newest(1)
        cure = f"the newest is {newest[0].number}" if newest else "there is none yet"
        raise SettingError(f"there is no run {run}; {cure}")
    return run
