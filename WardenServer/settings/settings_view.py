"""The settings as people read them: a table, a commented file, a dict for programs."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding

from WardenServer.errors import SettingError
from WardenServer.settings.config import CONFIG_FILE, SETTINGS, Settings, property_name, variable_name
from WardenServer.settings.masking import MASK, masked
from WardenServer.settings.notify import Rule
from WardenServer.settings.secret import exposed


def as_dict(settings: Settings) -> dict[str, Any]:
    """Every setting with value, origin, unit and meaning; what is secret is masked."""
    hub = {
        name: {
            "value": _shown(name, getattr(settings, name)),
            "origin": settings.origins.get(name, "default"),
            "unit": item.metadata["unit"],
            "meaning": item.metadata["help"],
        }
        for name, item in SETTINGS.items()
    }
    agents = {name: masked("", table) for name, table in sorted(settings.agents.items())}
    origin = str(settings.file or "default")
    hub["notify"] = {"value": _of_notify(settings), "origin": origin, "unit": "", "meaning": "Who is told of what."}
    return {**hub, "agents": {"value": agents, "origin": origin, "unit": "", "meaning": "Settings of single agents."}}


def _shown(name: str, value: Any) -> Any:
    if SETTINGS[name].metadata["secret"] and isinstance(value, str):
        return MASK if value else ""
    return masked(name, _plain(value))


def _of_notify(settings: Settings) -> dict[str, Any]:
    """Rules with what was said of them, and names of targets: their URLs are secret."""
    said = {rule.name: asdict(rule) for rule in settings.notify.rules.values()}
    usual = asdict(Rule(""))
    rules = {name: {k: v for k, v in rule.items() if v != usual[k] and k != "name"} for name, rule in said.items()}
    return {"rules": rules, "targets": sorted(settings.notify.targets)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def show(settings: Settings) -> None:
    """Print every setting with its value, where that came from, and what it means."""
    console = Console(highlight=False, markup=False)
    described = as_dict(settings)
    agents, notify = described.pop("agents")["value"], described.pop("notify")["value"]
    for name, item in described.items():
        value = " ".join(item["value"]) if isinstance(item["value"], list) else str(item["value"])
        console.print(f"{name} = {value or '(nothing)'} {item['unit']}".rstrip(), style="bold", end="")
        console.print(f"  from {item['origin']}")
        console.print(Padding(item["meaning"], (0, 0, 0, 4)))
    console.print(f"\nAgents with settings: {', '.join(agents)}")
    for name, table in agents.items():
        console.print(
            Padding(f"{name}: " + ", ".join(f"{key} = {value}" for key, value in table.items()), (0, 0, 0, 4))
        )
    console.print(f"\nRules of [notify]: {', '.join(notify['rules']) or '(none)'}", end="; ")
    console.print(f"targets: {', '.join(notify['targets']) or '(none)'}")
    for name, rule in notify["rules"].items():
        console.print(Padding(f"{name}: " + ", ".join(f"{key} = {value}" for key, value in rule.items()), (0, 0, 0, 4)))
    console.print(
        f"Settings file: {settings.file or CONFIG_FILE}{'' if settings.file else ' (does not exist)'}", soft_wrap=True
    )
    console.print(
        f"Each is a variable such as {variable_name('tick')}, too, and a property such as {property_name('log_level')}."
    )
    if warning := exposed(settings):
        console.print(f"Warning: {warning}", soft_wrap=True)


EXAMPLES = Path(__file__).parent / "examples"


def example(name: str) -> str:
    """A whole settings file of a beamline.

    Raises:
        SettingError: there is none of this name.
    """
    known = sorted(path.stem for path in EXAMPLES.glob("*.toml"))
    if name not in known:
        raise SettingError(f'there is no example "{name}"; there are: {", ".join(known)}')
    return (EXAMPLES / f"{name}.toml").read_text(encoding="utf-8")


def template() -> str:
    """A settings file with every setting commented out at its default."""
    lines = ["# Settings of the WardenServer. Remove the # before what you change.", ""]
    for name, item in SETTINGS.items():
        unit = f" [{item.metadata['unit']}]" if item.metadata["unit"] else ""
        lines += [f"# {item.metadata['help']}{unit}", f"#{name} = {_toml(item.default)}", ""]
    lines += [
        "# Settings of an agent; every agent knows interval, offset, key, timeout, isolate, memory and enabled.",
        '# Durations are seconds, or text such as "1:30" or "30 minutes"; memory is bytes, or text such as "500 MB".',
        "#[agents.host]",
        "#interval = 5",
        "",
        "# One plugin file may serve many agents:",
        "#[agents.ring]",
        '#plugin = "read_tango"',
        '#device = "sys/tg_test/1"',
        '#attributes = ["double_scalar", "State"]',
        "#interval = 1",
        "",
        "# Who is told of what: rules, and targets of apprise; `warden check` looks whether they fit.",
        "#[notify.targets.mail]",
        '#url = { env = "WARDEN_MAIL_URL" }',
        "#[notify.rules.hot]",
        '#field = "host.load_1"',
        "#above = 20",
        "#cycles = 3",
        '#to = ["mail"]',
    ]
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return str(value) if isinstance(value, int | float) else '"' + str(value).replace("\\", "\\\\") + '"'
