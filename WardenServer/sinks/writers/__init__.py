"""Writers of documents, by the name that `[writers.NAME] writer = ...` gives them."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.settings import secret
from WardenServer.sinks.writers.writer import Writer

#: Where each is.
WRITERS = {
    "print": "print_lines:PrintLines",
    "json_lines": "json_lines:JSONLines",
    "couchdb": "couchdb:CouchDB",
}


def make(name: str, kind: str, options: Mapping[str, Any], state_folder: Path) -> Writer:
    """The writer of a table [writers.NAME].

    Args:
        name: of the table.
        kind: how it writes, one of WRITERS.
        options: its settings; what { env = ... } and { file = ... } stand for is fetched now.
        state_folder: where it may keep what is yet to be delivered.

    Raises:
        SettingError: there is no such writer, the options do not fit it, or a secret cannot be had.
    """
    where = f"[writers.{name}]"
    if kind not in WRITERS:
        raise SettingError(f"{where}: writer is {kind!r:.40}; write one of {', '.join(WRITERS)}")
    module, _, found = WRITERS[kind].partition(":")
    made: Callable[..., Writer] = getattr(importlib.import_module(f"{__name__}.{module}"), found)
    parameters = inspect.signature(made).parameters
    known = {each: said for each, said in parameters.items() if each != "spool_file"}
    if unknown := [option for option in options if option not in known]:
        has = f"it has {', '.join(known)}" if known else "it has none"
        raise SettingError(f'{where}: writer {kind} has no setting "{unknown[0]}"; {has}')
    if needed := [each for each, said in known.items() if said.default is said.empty and each not in options]:
        raise SettingError(f"{where}: writer {kind} needs the setting {' and '.join(needed)}")
    place = {"spool_file": state_folder / f"{name}.db"} if "spool_file" in parameters else {}
    values = {option: secret.value(f"{where}: {option}", said) for option, said in options.items()}
    try:
        return made(**values, **place)
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from None
