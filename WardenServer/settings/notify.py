"""The table [notify]: which rules say that something is wrong, and who is told.

    [notify.targets.mail]
    url = { env = "WARDEN_MAIL" }

    [notify.rules.beam]
    field = "Petra.BeamCurrent"
    below = 20
    clear = 70
    cycles = 2
    to = ["mail"]
"""

import dataclasses
import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.settings.masking import is_reference
from WardenServer.settings.units import duration

#: What is looked at. A rule has one of them.
SUBJECTS = ("field", "failing", "stale", "missing", "events")
#: What of a field is wrong. A rule for a field has one of them.
CONDITIONS = ("below", "above", "equals", "changes")
SEVERITIES = ("info", "warning", "alarm")
#: Seconds after which a document without values is stale, where its rule says nothing.
STALE_AFTER = 60.0
_OTHER_NAMES = {"remind": "reminder"}


@dataclass(frozen=True)
class Rule:
    """One rule. Times in seconds.

    Args:
        name: of the rule.
        field: KEY.FIELD; the longest key that is known counts, and the field of a plain key is `value`.
        below, above: bad at this value, and beyond it.
        equals: bad at this value.
        changes: each change is told.
        clear: the value at which a fault that began at `below` or `above` is over; None: at once where it is not bad.
        failing: name of an agent, or "*": it fails.
        stale: key: its document has had no value for so long.
        missing: key of a document with a list `servers`: each of them.
        events: name of an agent, or "*": what it tells, if that is as severe as `severity`.
        after: how long it must have been so: how old a stale document is (60 s where nothing is said), and how long
            anything else must have been bad (0).
        cycles: how many results in a row must be bad.
        severity: of the alarm.
        to: targets.
        unless: another rule; while that one has an alarm, this one has none.
        reminder: seconds between messages about an alarm that goes on; 0: none. In the table it may be called remind.
        text: what people read; "" for what the rule says of itself.
    """

    name: str
    field: str = ""
    below: float | None = None
    above: float | None = None
    equals: str | float | bool | None = None
    changes: bool = False
    clear: float | None = None
    failing: str = ""
    stale: str = ""
    missing: str = ""
    events: str = ""
    after: float = 0.0
    cycles: int = 1
    severity: str = "alarm"
    to: tuple[str, ...] = ()
    unless: str = ""
    reminder: float = 0.0
    text: str = ""


@dataclass(frozen=True)
class Target:
    """Where messages go: `url` as apprise reads it, or what stands for it, which is a secret as a whole; `emails` is a
    file with more addresses, one a line, for a mail target; messages below `severity` are left out."""

    name: str
    url: Any = field(repr=False)
    emails: str = ""
    severity: str = "info"


@dataclass(frozen=True)
class Notify:
    """The whole table. `silence_after_start` are seconds in which no alarm begins, `heartbeat` is a URL or a file that
    gets a sign of life every `heartbeat_interval` seconds."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    targets: Mapping[str, Target] = field(default_factory=dict)
    silence_after_start: float = 30.0
    heartbeat: Any = field(default="", repr=False)
    heartbeat_interval: float = 60.0


def read(table: Any, where: str) -> Notify:
    """The table of the settings file `where`.

    Raises:
        SettingError: something in it means nothing; the text has the cure.
    """
    said = dict(_table(table, f"{where}: notify"))
    targets = {name: _target(name, each, where) for name, each in _part(said, "targets", where).items()}
    rules = {name: _rule(name, each, where) for name, each in _part(said, "rules", where).items()}
    for rule in rules.values():
        _check_names(rule, rules, targets, where)
    parse = {"silence_after_start": duration, "heartbeat": _secret, "heartbeat_interval": _interval}
    return Notify(rules, targets, **_values(said, parse, f"{where}: [notify]"))


def _part(said: dict[str, Any], name: str, where: str) -> Mapping[str, Any]:
    return _table(said.pop(name, {}), f"{where}: notify.{name}")


def _table(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SettingError(f"{what} is {value!r:.40}; write a table")
    return value


def _values(said: Mapping[str, Any], parse: Mapping[str, Callable[[Any], Any]], where: str) -> dict[str, Any]:
    """The values of a table, each as its parser makes it."""
    found = {}
    for name, value in said.items():
        if name not in parse:
            close = difflib.get_close_matches(name, parse, 1, 0.5)
            meant = f'did you mean "{close[0]}"?' if close else f"it has {', '.join(parse)}"
            raise SettingError(f'{where} has no "{name}"; {meant}')
        try:
            found[name] = parse[name](value)
        except ValueError as error:
            shown = "***" if name in ("url", "heartbeat") else f"{value!r:.60}"
            raise SettingError(f"{where}: {name} is {shown}; write {error}") from None
    return found


def _name(name: str, where: str) -> None:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,60}", name):
        raise SettingError(f'{where}: "{name}"; write a name of letters, digits and _, a letter first')


def _rule(name: str, table: Any, where: str) -> Rule:
    place = f"{where}: [notify.rules.{name}]"
    _name(name, place)
    given = {_OTHER_NAMES.get(each, each): value for each, value in _table(table, place).items()}
    if "stale" in given:
        given = {"after": STALE_AFTER, **given}
    rule = Rule(name, **_values(given, _RULE, place))
    subjects = [subject for subject in SUBJECTS if subject in table]
    if len(subjects) != 1:
        said = f"has {' and '.join(subjects)}" if subjects else "does not say what it looks at"
        raise SettingError(f"{place} {said}; give one of {', '.join(SUBJECTS)}")
    conditions = [each for each in CONDITIONS if each in table]
    if len(conditions) != (1 if rule.field else 0):
        said = f"one of {', '.join(CONDITIONS)} with field" if rule.field else f"no {conditions[0]} without field"
        raise SettingError(f"{place}: give {said}")
    _check_clear(rule, place)
    return rule


def _check_clear(rule: Rule, place: str) -> None:
    limit = rule.below if rule.below is not None else rule.above
    if rule.clear is None:
        return
    if limit is None:
        raise SettingError(f"{place}: clear goes with below or above only")
    if (rule.clear < limit) if rule.below is not None else (rule.clear > limit):
        side = "above" if rule.below is not None else "below"
        raise SettingError(f"{place}: clear is {rule.clear:g}, which is still bad; write a value {side} {limit:g}")


def _check_names(rule: Rule, rules: Mapping[str, Rule], targets: Mapping[str, Target], where: str) -> None:
    place = f"{where}: [notify.rules.{rule.name}]"
    for name in rule.to:
        if name not in targets:
            raise SettingError(f'{place}: there is no target "{name}"{_meant(name, targets, "notify.targets")}')
    if rule.unless and (rule.unless not in rules or rule.unless == rule.name):
        meant = _meant(rule.unless, rules, "notify.rules")
        raise SettingError(f'{place}: unless is "{rule.unless}", which is no other rule{meant}')


def _meant(name: str, known: Mapping[str, Any], table: str) -> str:
    close = difflib.get_close_matches(name, known, 1, 0.5)
    return f'; did you mean "{close[0]}"?' if close else f"; write a table [{table}.{name}]"


def _target(name: str, table: Any, where: str) -> Target:
    place = f"{where}: [notify.targets.{name}]"
    _name(name, place)
    said = _values(_table(table, place), {"url": _secret, "emails": _text, "severity": _severity}, place)
    if "url" not in said:
        raise SettingError(f'{place} has no url; write url = {{ env = "NAME" }} or {{ file = "PATH" }}')
    return Target(name, **said)


# -- values


def _secret(value: Any) -> Any:
    if not is_reference(value) and not isinstance(value, str):
        raise ValueError('{ env = "NAME" } or { file = "PATH" }')
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("text in quotes")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError('a list of names, such as ["mail"]')
    return tuple(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise ValueError("a number")
    return value


def _plain(value: Any) -> Any:
    if not isinstance(value, str | int | float):
        raise ValueError("a number, text, true or false")
    return value


def _flag(value: Any) -> bool:
    if value is not True:
        raise ValueError("true, or leave it out")
    return True


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("a whole number, 1 or more")
    return value


def _severity(value: Any) -> str:
    if value not in SEVERITIES:
        raise ValueError(f"one of {', '.join(SEVERITIES)}")
    return str(value)


def _interval(value: Any) -> float:
    seconds = duration(value)
    if seconds < 1:
        raise ValueError("a duration of at least 1 second")
    return seconds


_RULE: Mapping[str, Callable[[Any], Any]] = {
    "field": _text, "below": _number, "above": _number, "equals": _plain, "changes": _flag, "clear": _number,
    "failing": _text, "stale": _text, "missing": _text, "events": _text, "after": _interval, "cycles": _count,
    "severity": _severity, "to": _texts, "unless": _text, "reminder": duration, "text": _text,
}  # fmt: skip
assert _RULE.keys() == {item.name for item in dataclasses.fields(Rule)} - {"name"}
