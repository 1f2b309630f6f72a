"""What is said of an agent's fields: in its file, by its settings, and in the configuration."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from WardenServer.errors import FieldError, PluginError, SettingError, WardenError
from WardenServer.results.field import Declaration, Place, attribute_name, declare

#: The function of a plugin file that says of its settings what `FIELDS` says of fields; called once, at load.
FUNCTION = "fields"


def said(
    module: ModuleType, path: Path, name: str, settings: Mapping[str, Any], configured: Mapping[str, Any]
) -> Mapping[str, Any]:
    """What FIELDS says, what the function fields makes of the settings, and what the configuration says; the later
    counts more.

    Raises:
        PluginError: the file says what is no table.
        SettingError: the configuration does.
    """
    own, make = getattr(module, "FIELDS", {}), getattr(module, FUNCTION, None)
    if type(own) is dict and make is None and "fields" not in configured:
        return own  # the usual case
    said = dict(_table(own, f"{path}: FIELDS", PluginError))
    if isinstance(make, FunctionType) and ... not in settings.values():
        try:
            made = make(settings)
        except Exception as error:  # a plugin may raise anything
            raise PluginError(f"{path}: fields(settings) fails: {type(error).__name__}: {error!s:.300}") from error
        said.update(_table(made, f"{path}: what fields(settings) returns", PluginError))
    for field, entry in _table(configured.get("fields", {}), f"[agents.{name}]: fields", SettingError).items():
        more = _table(entry, f"[agents.{name}.fields]: {field}", SettingError)
        said[field] = {**_table(said.get(field, {}), f'{path}: FIELDS["{field}"]', PluginError), **more}
    return said


def _table(said: Any, what: str, error: type[WardenError]) -> Mapping[str, Any]:
    if not isinstance(said, Mapping):
        raise error(f'{what} is a {type(said).__name__}; write a dict such as {{"Current": {{"unit": "mA"}}}}')
    return said


def read(said: Mapping[str, Any], path: Path, agent: str, key: str, original: bool) -> dict[str, Declaration]:
    """The declarations of an agent's fields, by name.

    Args:
        said: what `said` found.
        path: the plugin file, for sentences.
        agent: its name.
        key: of its document.
        original: whether a plain key without a value holds what the original wrote there.

    Raises:
        PluginError: an entry means nothing, or two are the same attribute, field or key.
    """
    try:
        declared = {str(name): declare(str(name), entry) for name, entry in said.items()}
        names = [(attribute_name(agent, name), name) for name in declared]
    except FieldError as error:
        raise PluginError(f"{path}: {error}") from None
    seen: dict[str, str] = {}
    for attribute, name in names:
        other = seen.setdefault(attribute.lower(), name)
        if other != name:
            raise PluginError(
                f'{path}: FIELDS "{other}" and "{name}" are the same Tango attribute {attribute}; rename one'
            )
    _refuse_shared(declared, path, key)
    return {name: _as_original(said) for name, said in declared.items()} if original else declared


#: What a plain key without a value held in the original, by form: readers know no other sign.
_EMPTY: Mapping[str | None, str | bool] = {"text": "", "bool": False}


def _as_original(said: Declaration) -> Declaration:
    place = said.place
    if place is None or place.form not in _EMPTY or place.empty is not None:
        return said
    return replace(said, place=place._replace(empty=_EMPTY[place.form]))


def _refuse_shared(declared: Mapping[str, Declaration], path: Path, key: str) -> None:
    """A key that holds a plain value holds nothing else; a document has one field of each name."""
    if all(said.place is None for said in declared.values()):
        return  # the usual case
    named: dict[tuple[str, str], str] = {}
    for name, said in declared.items():
        place = said.place or Place(key)
        slot = place.key, place.name or name
        if place.form is None and named.setdefault(slot, name) != name:
            raise PluginError(f'{path}: FIELDS "{named[slot]}" and "{name}" are one field of {slot[0]}; rename one')
    plain = [said.place.key for said in declared.values() if said.place is not None and said.place.form is not None]
    others = [key, *(said.place.key for said in declared.values() if said.place is not None and not said.place.form)]
    for each in plain:
        if each in others or plain.count(each) > 1:
            raise PluginError(f"{path}: FIELDS: the key {each} holds one plain value and nothing else; choose another")
