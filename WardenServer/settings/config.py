"""Every setting of the hub, in one place: type, default, unit and a sentence; and where each value came from.

Later sources win: default, TOML file, environment (`WARDEN_<NAME>`), Tango property, command line.
"""

import dataclasses
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from WardenServer.errors import SettingError
from WardenServer.settings import agent_tables, notify, parse, shared, streams, users_file, writers
from WardenServer.settings.masking import learn, masked
from WardenServer.settings.notify import Notify
from WardenServer.settings.streams import Stream
from WardenServer.settings.units import duration, size
from WardenServer.settings.where import line_of, meaning
from WardenServer.settings.writers import Writer

CONFIG_DIR = platformdirs.user_config_path("warden")
STATE_DIR = platformdirs.user_state_path("warden")
CONFIG_FILE = CONFIG_DIR / "warden.toml"

DAY = 86400.0


def _setting(default: Any, parse: Callable[[Any], Any], text: str, unit: str = "", secret: bool = False) -> Any:
    return field(default=default, metadata={"parse": parse, "help": text, "unit": unit, "secret": secret})


@dataclass(frozen=True)
class Settings:
    """The values of one hub. `origins` says of each where it came from, `file` is the TOML file read, if any."""

    instance: str = _setting(
        "local", parse.instance, "Name of this hub: device warden/hub/<instance>, alias warden-<instance>."
    )
    tick: float = _setting(0.1, parse.positive, "The scheduler's fixed tick; intervals are whole numbers of it.", "s")
    autostart: bool = _setting(
        True, parse.flag, "Whether the agents run as soon as the server does, or wait for Start."
    )
    plugin_folders: tuple[Path, ...] = _setting(
        (CONFIG_DIR / "plugins",),
        parse.paths,
        "Folders of your own plugin files; the first folder that has a name wins.",
    )
    shipped: bool = _setting(True, parse.flag, "Whether the agents that ship with the hub run too.")
    watch: bool = _setting(
        False, parse.flag, "Whether plugin files and settings are read again as soon as they change."
    )
    original: bool = _setting(
        False, parse.flag, "Whether all rules of P02.2's first BeamlineWarden are kept, also those for failures."
    )
    disabled: tuple[str, ...] = _setting((), parse.texts, "Names of agents not to load.")
    load_timeout: float = _setting(
        5.0, parse.positive, "How long one plugin file may take to import before it is refused.", "s"
    )
    isolate_memory: int = _setting(
        1_000_000_000,
        size,
        "Memory that the process of an isolated agent may hold, where its MEMORY is not set.",
        "bytes",
    )
    allow_writable_plugins: bool = _setting(
        False,
        parse.flag,
        "Whether plugin files run that others than their owner may write to: whoever can, runs code here.",
    )
    plugin_hashes: str = _setting(
        "", lambda value: str(parse.path(value)) if value else "",
        "File written by sha256sum; where it is given, only plugin files run whose content it names.",
    )  # fmt: skip
    memcached: tuple[str, ...] = _setting(
        (),
        parse.servers,
        "Memcached servers, host:port or a Unix socket's path; none: `warden up` starts one, the server alone uses"
        " 127.0.0.1:11211.",
    )
    memcached_timeout: float = _setting(1.0, parse.positive, "How long Memcached may take to answer.", "s")
    prefix: str = _setting("", parse.text, "Put before every Memcached key, to share a server between beamlines.")
    second_prefix: str = _setting(
        "", parse.text, "Where given, every document is written a second time, with this before its key."
    )
    expire: float = _setting(
        -1.0, parse.life,
        "Life of a document; 0 never ends, -1 means ten intervals of its agents, at least 10 s.", "s",
    )  # fmt: skip
    array_limit: int = _setting(
        10_000, parse.whole, "Longest array in a JSON document; longer ones are null there, whole in Tango."
    )
    tango_host: str = _setting(
        "", parse.text, "The Tango database, host:port; empty: TANGO_HOST, else `warden up` starts one."
    )
    listen: str = _setting(
        "",
        parse.text,
        "Address the device server listens on; empty: 127.0.0.1 where the Tango database is there, else all.",
    )
    state_folder: Path = _setting(
        STATE_DIR, parse.path, "Where the hub keeps its database, logs and what it remembers."
    )
    history: bool = _setting(True, parse.flag, "Whether the hub keeps the history of all values.")
    history_url: Any = _setting(
        "", parse.place,
        'Where the history is kept, a secret: sqlite:///FOLDER, postgresql://..., { env = "NAME" }, { file = "PATH" };'
        " empty: a folder in state_folder.",
        secret=True,
    )  # fmt: skip
    history_arrays: tuple[str, ...] = _setting((), parse.texts, "Arrays that the history keeps, as KEY.FIELD.")
    history_raw: float = _setting(14 * DAY, duration, "How long the history keeps every value; 0 is for ever.", "s")
    history_minutes: float = _setting(
        60 * DAY, duration, "How long it keeps a point for each minute; 0 is for ever.", "s"
    )
    history_ten_minutes: float = _setting(
        366 * DAY, duration, "How long it keeps a point for each 10 minutes; those of hours stay for ever.", "s"
    )
    history_size: int = _setting(
        10_000_000_000, size, "Size of the whole history; beyond it the oldest goes, the finest first.", "bytes"
    )
    runs_url: Any = _setting(
        "", parse.place,
        "Where runs, their values and differences are kept, a secret: sqlite:///FILE or postgresql://..., said as"
        " history_url is; empty: a file in state_folder.",
        secret=True,
    )  # fmt: skip
    log_level: str = _setting("INFO", parse.level, "Least important log lines to write: DEBUG, INFO, WARNING or ERROR.")
    log_size: int = _setting(
        5_000_000, parse.whole, "Size at which the log file is put aside; three are kept.", "bytes"
    )
    hang_limit: float = _setting(
        30.0, parse.hang_limit,
        "How long the whole server may hang, or be stopped, before it is ended, to be started again; 0 for ever.", "s",
    )  # fmt: skip
    web_listen: str = _setting(
        "", parse.listen, "Where `warden web` listens, host:port; empty: 127.0.0.1:8060, or the port that `up` found."
    )
    web_hosts: tuple[str, ...] = _setting(
        (), parse.texts, "Names under which browsers find the web page, such as that of a reverse proxy."
    )
    web_interval: float = _setting(
        1.0, parse.web_interval, "How often the web page takes what is new; at least 0.1 s.", "s"
    )
    web_login: str = _setting(
        "elsewhere", parse.login, "Who has to log in to read: browsers elsewhere than on this machine, or always all."
    )
    web_token: Mapping[str, str] | str = _setting(
        "", parse.reference,
        'Where the token is that lets people read and change: { env = "NAME" } or { file = "PATH" }; without it the'
        " first start makes one.",
    )  # fmt: skip
    web_wall_token: Mapping[str, str] | str = _setting(
        "", parse.reference, "Where the token of wall displays is, which lets them only read."
    )
    web_pages: Path = _setting(CONFIG_DIR / "pages", parse.path, "Folder of your own pages, in Markdown.")
    web_woodstock: bool = _setting(False, parse.flag, "Whether the web has the paths of woodstock, /proc/key, too.")
    ping_serve: bool = _setting(
        False, parse.flag, "Whether the web gives raw data of pings to those who collect them, without login."
    )
    zone: str = _setting(
        "", parse.zone, "Time zone of the beamline, such as Europe/Berlin; empty: that of the machine."
    )
    notify: Notify = field(default_factory=Notify)
    streams: Mapping[str, Stream] = field(default_factory=dict)
    writers: Mapping[str, Writer] = field(default_factory=dict)
    agents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    shared: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None

    @property
    def device(self) -> str:
        """The Tango name of the hub's device."""
        return f"warden/hub/{self.instance}"

    def table(self, agent: str) -> dict[str, Any]:
        """What is configured for an agent, and what is said for all."""
        common: dict[str, Any] = {"original": True} if self.original else {}
        own = self.agents.get(agent, {})
        return {**common, **shared.of(str(own.get("plugin", agent)), self.shared, self.shared_table), **own}

    def shared_table(self, table: str) -> dict[str, Any]:
        """A shared table with what other settings say for it: `folder`, of the runs `hub` and `url`, and of the archive
        of pings `own`, the table [ping] of a machine that measures, too."""
        said = self.shared[table]
        others: dict[str, Any] = {"folder": str(self.shared_folder(table))}
        if table == "ping_archive" and "ping" in self.shared:
            others["own"] = self.shared_table("ping")
        if table == "runs":
            if "hub" in said:
                raise SettingError("[runs]: hub is the name of this hub; give it as instance, and take hub out")
            others["hub"] = self.instance
            if self.runs_url:
                others["url"] = self.runs_url
        return {**others, **said}

    def shared_folder(self, table: str) -> Path:
        """Where what a shared table describes keeps its files, unless it says so itself."""
        return self.state_folder / f"{table}-{self.instance}"

    @property
    def alarms_key(self) -> str:
        """The Memcached key, without prefix, of the document about alarms."""
        return f"warden.{self.instance}.alarms"

    @property
    def hub_key(self) -> str:
        """The Memcached key, without prefix, of the hub's document about itself."""
        return f"warden.{self.instance}"

    @property
    def fields_key(self) -> str:
        """The Memcached key, without prefix, of the hub's document about all fields."""
        return f"{self.hub_key}.fields"

    @property
    def memcached_servers(self) -> tuple[str, ...]:
        """The servers to write to."""
        return self.memcached or ("127.0.0.1:11211",)


#: The settings a user can give, by name.
SETTINGS = {item.name: item for item in dataclasses.fields(Settings) if "help" in item.metadata}

#: Those that may be Tango properties of the device: known only once there is one, not there to keep others out, not of
#: the web's process, and no secrets, since anybody can read properties.
PROPERTIES = tuple(
    name
    for name in SETTINGS
    if name not in ("instance", "tango_host", "listen", "allow_writable_plugins", "plugin_hashes", "zone")
    and not name.startswith(("web_", "ping_"))
    and not SETTINGS[name].metadata["secret"]
)


def property_name(name: str) -> str:
    """The Tango property of a setting: log_level is LogLevel."""
    return "".join(part.capitalize() for part in name.split("_"))


def as_properties(options: Mapping[str, Any]) -> dict[str, list[str]]:
    """Settings of the command line as Tango properties of the device, those that may be one."""
    return {
        property_name(name): [part.strip() for part in str(value).split(",")]
        if isinstance(SETTINGS[name].default, tuple)
        else [str(value)]
        for name, value in options.items()
        if name in PROPERTIES
    }


def variable_name(name: str) -> str:
    """The environment variable of a setting: log_level is WARDEN_LOG_LEVEL."""
    return f"WARDEN_{name.upper()}"


def file_place(environment: Mapping[str, str] = os.environ) -> Path:
    """The settings file, whether it exists or not: what WARDEN_CONFIG names, else the one in the XDG folder."""
    return Path(environment.get("WARDEN_CONFIG") or CONFIG_FILE).expanduser().absolute()


def load(
    file: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    properties: Mapping[str, Sequence[str]] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Settings:
    """Read all sources.

    Args:
        file: the TOML file; None means WARDEN_CONFIG, else the one in the XDG configuration folder, if there.
        environment: variables such as WARDEN_TICK.
        properties: Tango properties of the device such as {"Tick": ["0.2"]}.
        options: values from the command line, by setting name.

    Raises:
        SettingError: a setting is unknown or wrong; the text has the source, the line and the likely meaning.
    """
    named = file is not None or bool(environment.get("WARDEN_CONFIG"))
    path = file.expanduser().absolute() if file is not None else file_place(environment)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    table, text = _read_file(path, must_exist=named)
    agents = agent_tables.read(table.pop("agents", {}), path, text)
    tables = _tables(table, f"{path}")
    for name in shared.agents(tables["shared"]):
        agents.setdefault(name, {})
    for name, value in table.items():
        where = f"{path}:{line_of(text, name)}"
        _take(values, origins, name, value, where, f"{path}")
    for name in SETTINGS:
        if (value := environment.get(variable_name(name))) is not None:
            _take(
                values, origins, name, value, f"environment {variable_name(name)}", f"environment {variable_name(name)}"
            )
    by_property = {property_name(name).lower(): name for name in PROPERTIES}
    for given, lines in (properties or {}).items():
        name = by_property.get(given.lower(), given)
        value = list(lines) if SETTINGS.get(name) and isinstance(SETTINGS[name].default, tuple) else "".join(lines)
        _take(values, origins, name, value, f"property {given}", f"property {given}")
    for name, value in (options or {}).items():
        if value is not None:
            _take(values, origins, name, value, f"option --{name.replace('_', '-')}", "command line")
    return Settings(**values, **tables, agents=agents, origins=origins, file=path if table or text else None)


def _tables(table: dict[str, Any], where: str) -> dict[str, Any]:
    """Those settings that are tables of their own, taken out of the file's."""
    read = {"notify": notify.read, "streams": streams.read, "writers": writers.read}
    for name in ("streams", "writers", *shared.TABLES):  # those of [notify] are known once they are used
        learn("", table.get(name))
    found: dict[str, Any] = {name: read_it(table.pop(name, {}), where) for name, read_it in read.items()}
    return {**found, "shared": shared.read(table, where)}


def _read_file(path: Path, must_exist: bool) -> tuple[dict[str, Any], str]:
    try:
        text = users_file.read(path)
        return tomllib.loads(text), text
    except FileNotFoundError:
        if must_exist:
            raise SettingError(f"{path} does not exist; make it with: warden config --template > {path}") from None
        return {}, ""
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{path}: not valid TOML: {error}") from None
    except users_file.Unusable as error:
        raise SettingError(f"{path} {error}") from None


def _take(values: dict[str, Any], origins: dict[str, str], name: str, value: Any, where: str, origin: str) -> None:
    if name not in SETTINGS:
        raise SettingError(f'{where}: unknown setting "{name}"{meaning(name, SETTINGS)}')
    try:
        values[name] = SETTINGS[name].metadata["parse"](value)
    except (ValueError, RuntimeError) as error:  # RuntimeError: ~name of nobody
        raise SettingError(f"{where}: {name} is {masked(name, value)!r:.60}; write {error}") from None
    origins[name] = origin
