"""The Tango database: which one to use, and what it knows of the hub. Every call has a limit."""

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

import tango
import tango.utils

from WardenServer.errors import SettingError, Unreachable, WardenError
from WardenServer.servers import ports
from WardenServer.servers.ports import LOOPBACK
from WardenServer.settings.config import Settings

T = TypeVar("T")

# -- which servers to use


def given_tango_host(settings: Settings) -> str:
    """The Tango database the user has named, in the settings, TANGO_HOST or a tangorc file; "" when in none of them."""
    return settings.tango_host or tango.ApiUtil.get_env_var("TANGO_HOST") or ""


def tango_host(settings: Settings) -> str:
    """The Tango database to use: the one the user has named, else the local one that `warden up` made.

    Raises:
        WardenError: there is neither.
    """
    port = ports.known(settings.state_folder).get("database")
    host = given_tango_host(settings) or (f"{LOOPBACK}:{port}" if port else "")
    if not host:
        raise WardenError("no Tango database is known; set TANGO_HOST to yours, or run `warden up`, which makes one")
    return host


# -- talking to a Tango database


def within(seconds: float, function: Callable[..., T], *arguments: Any) -> T:
    """What `function` returns, waiting at most `seconds`; a call that is late is left behind on its thread.

    A Tango call takes 9 s where a server accepts and then says nothing, and meanwhile Python would handle no Ctrl-C.

    Raises:
        TimeoutError: it has not returned yet.
    """
    future: Future[T] = Future()

    def call() -> None:
        try:
            future.set_result(function(*arguments))
        except Exception as error:  # is raised again where the result is waited for
            future.set_exception(error)

    tango.utils.PyTangoThread(target=call, daemon=True).start()
    return future.result(seconds)


def connect(host_port: str, limit: float = 4.0) -> Any:
    """A Tango database: the first that answers where several are given, with commas between.

    Raises:
        SettingError: this is no host:port.
        Unreachable: nothing answers within `limit` seconds each.
    """
    for place in host_port.split(","):
        host, _, port = place.strip().rpartition(":")
        if not host or not port.isdigit():
            raise SettingError(f'TANGO_HOST is "{host_port}"; write host:port, such as localhost:10000')
        try:
            return within(limit, tango.Database, host, int(port))
        except (tango.DevFailed, TimeoutError):
            continue
    raise Unreachable(
        f"the Tango database at TANGO_HOST={host_port} does not answer; start it, correct TANGO_HOST,"
        " or unset TANGO_HOST and let `warden up` make a local one"
    )


def find_database(settings: Settings) -> Any:
    """The Tango database of these settings. Raises: as `tango_host` and `connect`."""
    return connect(tango_host(settings))


def properties(database: Any, device: str, names: Sequence[str]) -> dict[str, list[str]]:
    """Those of a device's properties that it has in the Tango database.

    Asked by the database's plain command: tango's own functions stop all threads of the process while it hangs.

    Raises:
        Unreachable: the database does not answer.
    """
    with _sentences(device):
        answer = list(database.command_inout("DbGetDeviceProperty", [device, *names]))
    found, at = {}, 2
    while at < len(answer):
        count = int(answer[at + 1])
        if count:
            found[answer[at]] = answer[at + 2 : at + 2 + count]
        at += 2 + max(count, 1)  # one that is not there has a blank in its place
    return found


def check_registered(host: str, settings: Settings) -> None:
    """Look whether the Tango database has a device of the hub's server.

    Raises:
        WardenError: it has none.
    """
    if not registered_device(connect(host), settings):
        raise WardenError(
            f"server BeamlineWarden/{settings.instance} has no device in the Tango database {host};"
            f" put it there with: warden register --instance {settings.instance}"
        )


def registered_device(database: Any, settings: Settings) -> str:
    """The hub's device as the Tango database has it, under whatever name; "" when it has none."""
    server = f"BeamlineWarden/{settings.instance}"
    with _sentences(server):
        pairs = list(database.command_inout("DbGetDeviceClassList", server))  # see properties
    devices = dict(zip(pairs[::2], pairs[1::2], strict=True))
    return next((device for device, name in devices.items() if name.lower() == "beamlinewarden"), "")


def register(database: Any, settings: Settings, properties: Mapping[str, Sequence[str]] | None = None) -> None:
    """Make the hub's server, device and alias known to a Tango database, where they are not, and give the device these
    properties.

    Raises:
        WardenError: the device belongs to another server, or the database does not answer any more.
    """
    known = registered_device(database, settings)
    if not known:
        _add(database, settings)
    if properties:
        with _sentences(known or settings.device):
            database.put_device_property(
                known or settings.device, {name: list(values) for name, values in properties.items()}
            )


def _add(database: Any, settings: Settings) -> None:
    device, server = settings.device, f"BeamlineWarden/{settings.instance}"
    with _sentences(device):
        owner = _owner(database, device)
        if owner and owner.lower() != server.lower():
            raise WardenError(f"{device} belongs to {owner} in the Tango database; choose another instance")
        database.add_device(_description(device, server))
        _give_alias(database, device, f"warden-{settings.instance}")


def dsconfig(settings: Settings, properties: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The hub as `json2tango` of dsconfig puts it into a Tango database: server, device, alias and properties."""
    device: dict[str, Any] = {"alias": f"warden-{settings.instance}"}
    if properties:
        device["properties"] = {name: list(values) for name, values in properties.items()}
    instance = {"BeamlineWarden": {settings.device: device}}
    return {"servers": {"BeamlineWarden": {settings.instance: instance}}}


def hand_to_starter(database: Any, settings: Settings, level: int, folder: str) -> str:
    """Have the Starter of this host start the hub, at a start-up level from 1 on, and find it in `folder`; the
    Starter's device.

    Raises:
        WardenError: this host has no Starter, or the database does not answer.
    """
    host = socket.gethostname().partition(".")[0].lower()
    starter = f"tango/admin/{host}"
    with _sentences(starter):
        if not _owner(database, starter):
            raise WardenError(
                f"the Tango database knows no Starter of this host ({starter}); put it there with Astor, or with:"
                f" tango_admin --add-server Starter/{host} Starter {starter}"
            )
        known = properties(database, starter, ["StartDsPath"]).get("StartDsPath", [])
        if folder not in known:
            database.put_device_property(starter, {"StartDsPath": [folder, *known]})
        about = tango.DbServerInfo()
        about.name, about.host, about.mode, about.level = f"BeamlineWarden/{settings.instance}", host, 1, level
        database.put_server_info(about)
    return starter


@contextmanager
def _sentences(device: str) -> Iterator[None]:
    """Turn errors of the Tango database into one of ours."""
    try:
        yield
    except tango.DevFailed as error:
        said = error.args[0].desc.strip()
        raise Unreachable(f"the Tango database has no answer about {device} ({said}); check the database") from None


def _owner(database: Any, device: str) -> str:
    """The server of a device; "" when there is no such device."""
    try:
        return str(database.get_device_info(device).ds_full_name)
    except tango.DevFailed as error:
        if error.args[0].reason == "DB_DeviceNotDefined":
            return ""
        raise


def _description(device: str, server: str) -> Any:
    info = tango.DbDevInfo()
    info.name, info._class, info.server = device, "BeamlineWarden", server
    return info


def _give_alias(database: Any, device: str, alias: str) -> None:
    """Without an alias of its own, the device looks dead in some viewers on a pytango-db."""
    try:
        database.get_device_from_alias(alias)
    except tango.DevFailed:
        database.put_device_alias(device, alias)
