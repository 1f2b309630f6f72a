"""New code of processors takes over from old code, all of it or none."""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

from WardenServer.errors import PluginError
from WardenServer.loading.failure import explain_in
from WardenServer.streams.code import Code
from WardenServer.streams.stream import Stream
from WardenServer.streams.trial import prove

log = logging.getLogger("warden.stream")

CURE = "correct the file"


def try_all(stream: Stream, codes: Mapping[str, Code], limit: float, judge: Callable[[Any], Any]) -> None:
    """Try new code while the old goes on: with copies of events, and whether it can load the state of the old.

    Args:
        stream: that of the processors.
        codes: the new code, by processor.
        limit: seconds that each may take.
        judge: raises what is wrong with a sample.

    Raises:
        PluginError: one of them fails; the text has the file and the line.
    """
    for code in codes.values():
        try:
            prove(code.make, stream.recent, limit, judge)
        except PluginError as error:
            raise PluginError(f"processor {code.name}: {error}") from None
        except BaseException as error:  # a processor may raise anything
            raise PluginError(explain_in(error, code.path, CURE)) from error
    loads = [(code, host.ask(code.after)) for code in codes.values() if (host := stream.host(code.name)) is not None]
    for code, loaded in loads:
        _await(code, loaded, limit)


def _await(code: Code, loaded: "Future[Any]", limit: float) -> None:
    try:
        error = loaded.exception(limit)
    except TimeoutError:
        said = f"processor {code.name} is busy, and took no new code within {limit:g} s"
        raise PluginError(f"{said}; let event and sample return sooner") from None
    if isinstance(error, PluginError):
        raise error
    if error is not None:
        raise PluginError(explain_in(error, code.path, "correct load, which takes over the state")) from error


def take_over(stream: Stream, codes: Mapping[str, Code]) -> None:
    """Have the code take over, of each processor between two of its events. Processors without code end.

    Raises:
        PluginError: a processor that is new cannot be made; nothing has changed.
    """
    made = {name: code.make() for name, code in codes.items() if stream.host(name) is None}
    for name in set(stream.names) - codes.keys():
        stream.remove(name)
        log.info("processor %s has ended", name)
    for name, code in codes.items():
        host = stream.host(name)
        if host is None:
            stream.add(name, made[name], code.explain)
        else:
            host.ask(partial(code.take_over, host)).add_done_callback(partial(_note, code))


def _note(code: Code, done: "Future[Any]") -> None:
    if (error := done.exception()) is not None:
        said = explain_in(error, code.path, "correct load, which takes over the state")
        log.error("processor %s goes on with its old code: %s", code.name, said)
