"""The settings as people read them: a table, a commented file, a dict for programs."""

from collections.abc import Mapping
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
    tables = {
        "notify": (_of_notify(settings), "Who is told of what."),
        "streams": (_of_tables(settings.streams), "Where events come from."),
        "writers": (_of_tables(settings.writers), "Where results go besides the hub's own sinks."),
        "agents": (agents, "Settings of single agents."),
        "shared": (masked("", settings.shared), "Tables that several agents and commands go by, such as [jobs]."),
    }
    said = {
        name: {"value": value, "origin": origin, "unit": "", "meaning": meaning}
        for name, (value, meaning) in tables.items()
    }
    return {**hub, **said}


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


def _of_tables(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Streams or writers as their tables say, with the settings of the reader or writer beside what all have."""
    found = {}
    for name, table in sorted(tables.items()):
        said = asdict(table)
        options, kind = said.pop("options"), {"writer": said.pop("kind")} if "kind" in said else {}
        del said["name"]
        found[name] = masked("", {**kind, **said, **options})
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def show(settings: Settings) -> None:
    """Print every setting with its value, where that came from, and what it means."""
    console = Console(highlight=False, markup=False)
    described = as_dict(settings)
    tables = {name: described.pop(name)["value"] for name in ("agents", "notify", "streams", "writers", "shared")}
    for name, item in described.items():
        value = " ".join(item["value"]) if isinstance(item["value"], list) else str(item["value"])
        console.print(f"{name} = {value or '(nothing)'} {item['unit']}".rstrip(), style="bold", end="")
        console.print(f"  from {item['origin']}")
        console.print(Padding(item["meaning"], (0, 0, 0, 4)))
    notify = tables["notify"]
    _show_tables(console, f"Agents with settings: {', '.join(tables['agents'])}", tables["agents"])
    rules, targets = ", ".join(notify["rules"]) or "(none)", ", ".join(notify["targets"]) or "(none)"
    _show_tables(console, f"Rules of [notify]: {rules}; targets: {targets}", notify["rules"])
    for name in ("streams", "writers", "shared"):
        _show_tables(console, f"{name.capitalize()}: {', '.join(tables[name]) or '(none)'}", tables[name])
    console.print(
        f"Settings file: {settings.file or CONFIG_FILE}{'' if settings.file else ' (does not exist)'}", soft_wrap=True
    )
    console.print(
        f"Each is a variable such as {variable_name('tick')}, too, and a property such as {property_name('log_level')}."
    )
    if warning := exposed(settings):
        console.print(f"Warning: {warning}", soft_wrap=True)


def _show_tables(console: Console, title: str, tables: Mapping[str, Mapping[str, Any]]) -> None:
    console.print(f"\n{title}")
    for name, table in tables.items():
        said = ", ".join(f"{key} = {value}" for key, value in table.items())
        console.print(Padding(f"{name}: {said}", (0, 0, 0, 4)))


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
        "",
        "# Where events come from, for processors: agents with stream = \"daq\".",
        "#[streams.daq]",
        '#reader = "zeromq"',
        '#addresses = ["tcp://daq.example:5024"]',
        "",
        "# Files that are processed once each: the agents jobs_... run where there is this table.",
        "#[jobs]",
        '#storage = "/data/scans"',
        '#suffixes = [".json", ".cbf"]',
        "",
        "# What changed since the last run: the agent run_differ runs where there is this table.",
        "#[runs]",
        '#documents = ["host"]',
        '#attributes = ["sys/tg_test/1/double_scalar"]',
        "",
        "# Is it the network: the agent ping runs where there is this table...",
        "#[ping]",
        '#hosts = ["www.example.org", "gateway.example.org"]',
        "",
        "# ... and the agent ping_nightly, which makes tables of its results and those of others, where there is this.",
        "#[ping_archive]",
        '#nodes = "/etc/warden/nodes.csv"',
        "",
        "# Where results go besides the hub's own sinks; without `agents` those of all processors.",
        "#[writers.archive]",
        '#writer = "json_lines"',
        '#path = "/data/samples.json"',
    ]
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return str(value) if isinstance(value, int | float) else '"' + str(value).replace("\\", "\\\\") + '"'
