"""The table [runs]: where runs come from, what is kept of them, and what is no change.

    [runs]
    documents = ["Petra"]
    attributes = ["p02/motor/eh1.01/Position"]
    number = "p02/daq/1/RunNumber"

or, of a run database of others, which is only read:

    [runs]
    database = { file = "/etc/warden/runinfo" }
    parameters = "/etc/warden/diffed_parameters.txt"
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.plugins.common.differ.rules import Rules
from WardenServer.plugins.common.forms import meant, or_nothing, path
from WardenServer.plugins.common.runs import forms
from WardenServer.plugins.common.runs.rules_table import masks, tolerances


@dataclass(frozen=True)
class Runs:
    """All that hub, agent, commands and web must agree upon.

    Args:
        hub: name of the hub, whose runs these are.
        folder: where the store and the log of URLs are, unless something else is said.
        url: of the store, sqlite:///FILE or postgresql://USER@HOST/DATABASE; a secret. It comes from runs_url.
        database: URL of a run database of others, which is only read; a secret. "" where the hub has runs of its own.
        schema: of its tables, such as "cms_hcl_runinfo"; "" for the usual one of the user.
        parameters: the file that says which of its parameters are compared; of CMS: diffed_parameters.txt.
        documents: keys, or patterns such as "P022.*", whose fields are in a snapshot.
        attributes: Tango attributes in a snapshot, as DEVICE/ATTRIBUTE.
        state: a Tango attribute; a run is open while it has one of the values `running`.
        running: those values, as text.
        number: a Tango attribute with the number of the run; without `state` each new number ends a run and begins one.
        file: a run is open while this file exists; it may hold the number.
        every: seconds between snapshots while a run is open; 0 for none.
        limit: seconds that a snapshot may take.
        link: address of the page, for messages; "" where there is none.
        log: the file with URLs of the newest differences, as the original's BotUrlLog.html.
        rules: what is no change: the tables [runs.tolerances] and [[runs.masks]].
    """

    hub: str
    folder: Path
    url: str = field(repr=False)
    database: str = field(default="", repr=False)
    schema: str = ""
    parameters: Path | None = None
    documents: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    state: str = ""
    running: tuple[str, ...] = ("RUNNING", "MOVING", "ON", "True")
    number: str = ""
    file: Path | None = None
    every: float = 0.0
    limit: float = 2.5
    link: str = ""
    log: Path | None = None
    rules: Rules = field(default_factory=Rules)

    @property
    def is_own(self) -> bool:
        """Whether the hub itself opens and closes the runs."""
        return not self.database


def read(table: Mapping[str, Any]) -> Runs:
    """Understand the table.

    Raises:
        SettingError: something is missing, unknown or wrong; the text has the cure.
    """
    if unknown := table.keys() - _READ.keys():
        name = sorted(unknown)[0]
        raise SettingError(f'[runs]: unknown setting "{name}"{meant(name, _READ)}')
    said = {name: _take(name, value) for name, value in table.items()}
    given = [name for name in _READ if said.get(name)]
    if missing := [name for name in ("hub", "folder") if name not in given]:
        raise SettingError(f"[runs] needs {missing[0]}, which the settings of the hub give")
    if "database" in given:
        _check_foreign(given)
    else:
        _check_own(given)
    folder: Path = said["folder"]
    defaults = {"url": f"sqlite:///{folder / 'runs.db'}", "log": folder / "BotUrlLog.html"}
    rules = Rules(said.pop("tolerances", ()), said.pop("masks", ()))
    return Runs(**{**defaults, **said}, rules=rules)


def _take(name: str, value: Any) -> Any:
    try:
        return _READ[name](value)
    except SettingError:  # it says itself where it is
        raise
    except ValueError as error:
        said = "wrong" if name in ("url", "database") else f"{value!r:.60}"
        raise SettingError(f"[runs]: {name} is {said}; write {error}") from None


def _check_own(given: Sequence[str]) -> None:
    if foreign := [name for name in _OF_A_DATABASE if name in given]:
        cure = f'give database = "URL", or take {foreign[0]} out'
        raise SettingError(f"[runs]: {foreign[0]} belongs to a run database of others; {cure}")
    if "documents" not in given and "attributes" not in given:
        cure = 'documents = ["Petra"] or attributes = ["p02/motor/eh1.01/Position"], or the database of others'
        raise SettingError(f"[runs] needs {cure}")
    if "file" in given and (other := [name for name in ("state", "number") if name in given]):
        raise SettingError(f"[runs]: {other[0]} and file both say when a run is open; take one of them out")
    if "running" in given and "state" not in given:
        raise SettingError("[runs]: running has no meaning without state; add state, or take running out")


def _check_foreign(given: Sequence[str]) -> None:
    if own := [name for name in _OF_THE_HUB if name in given]:
        why = "is of runs that the hub itself opens, database of those of others"
        raise SettingError(f"[runs]: {own[0]} {why}; take one of them out")
    if "parameters" not in given:
        raise SettingError('[runs]: database needs parameters = "/a/folder/diffed_parameters.txt"')


def names(attributes: Sequence[str]) -> dict[str, list[str]]:
    """Attributes by device, both in the order in which they come."""
    found: dict[str, list[str]] = {}
    for each in attributes:
        device, _, attribute = each.rpartition("/")
        found.setdefault(device, []).append(attribute)
    return found


_OF_THE_HUB = ("documents", "attributes", "state", "running", "number", "file", "every", "limit")
_OF_A_DATABASE = ("schema", "parameters")
_ATTRIBUTE = or_nothing(forms.attribute, "")
_TEXT = or_nothing(forms.text, "")
_PATH = or_nothing(path, None)

_READ: Mapping[str, Callable[[Any], Any]] = {
    "hub": forms.text, "folder": path, "url": forms.text, "database": _TEXT, "schema": _TEXT,
    "parameters": _PATH, "documents": forms.texts('["Petra", "P022.*"]'), "attributes": forms.attributes,
    "state": _ATTRIBUTE, "running": forms.texts('["RUNNING", "MOVING"]'), "number": _ATTRIBUTE, "file": _PATH,
    "every": forms.seconds(0, 86_400), "limit": forms.seconds(0.1, 600), "link": or_nothing(forms.link, ""),
    "log": _PATH, "tolerances": tolerances, "masks": masks,
}  # fmt: skip
