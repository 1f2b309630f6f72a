"""The hub as its clients see it: asks the device and Memcached, and says which of them does not answer."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import tango

from WardenServer.errors import Unreachable, WardenError
from WardenServer.results import hub_document, wire_form
from WardenServer.results.hub_document import HubDocument
from WardenServer.servers import memcached, tango_database
from WardenServer.servers.memcached import ERRORS, WithFlags, open_client, sentence
from WardenServer.servers.tango_reading import first_reason
from WardenServer.settings import config

#: Seconds the device may take to answer: Tango's own limit. Setting another would stop all threads while it hangs.
LIMIT = 3.0
#: Seconds between looks at a document that is watched.
LOOK = 0.2


class RefusedByHub(WardenError):
    """The device answers, and refuses."""


def command(settings: config.Settings, name: str, argument: Any = None) -> Any:
    """Run a command of the hub's device.

    Raises:
        Unreachable: the database or the device does not answer.
        RefusedByHub: the hub does not do it, and says why.
    """
    host = tango_database.tango_host(settings)
    try:
        return tango_database.within(2 * LIMIT, _command, host, settings, name, argument)
    except TimeoutError:
        raise Unreachable(f"device {settings.device} at TANGO_HOST={host} takes too long to answer") from None


def _command(host: str, settings: config.Settings, name: str, argument: Any) -> Any:
    device = settings.device
    try:
        database = tango_database.connect(host)
        device = tango_database.registered_device(database, settings) or device
        proxy = tango.DeviceProxy(f"tango://{database.get_db_host()}:{database.get_db_port()}/{device}")
        return proxy.command_inout(name, argument)
    except tango.DevFailed as error:
        if error.args[0].reason.startswith("Warden_"):
            raise RefusedByHub(first_reason(error)) from None
        raise Unreachable(f"device {device} does not answer: {first_reason(error)}") from None


def with_properties(settings: config.Settings, options: dict[str, Any]) -> tuple[config.Settings, str]:
    """The settings as the hub has them, with its properties in the Tango database; else a sentence why not."""
    try:
        found = tango_database.within(2 * LIMIT, _properties, tango_database.tango_host(settings), settings)
    except (WardenError, TimeoutError) as error:
        why = str(error) or "it takes too long to answer"
        return settings, f"Properties in the Tango database are not shown: {why}\n"
    return config.load(properties=found, options=options), ""


def _properties(host: str, settings: config.Settings) -> dict[str, list[str]]:
    database = tango_database.connect(host)
    device = tango_database.registered_device(database, settings)
    names = [config.property_name(name) for name in config.PROPERTIES]
    return tango_database.properties(database, device, names) if device else {}


def state(settings: config.Settings) -> str:
    """The state of the hub's device, by name."""
    return str(command(settings, "State"))


def document(settings: config.Settings, key: str) -> str:
    """The document of a key as it stands in Memcached; of a key with a plain value, the value.

    Raises:
        Unreachable: Memcached does not answer.
        WardenError: it has no such document.
    """
    servers = memcached.memcached_servers(settings)
    client = open_client(servers, settings.memcached_timeout, WithFlags())
    try:
        found = client.get(settings.prefix + key)
    except ERRORS as error:
        raise Unreachable(sentence(", ".join(servers), error)) from None
    finally:
        client.close()
    if found is None:
        raise WardenError(f'Memcached {", ".join(servers)} has no document "{settings.prefix + key}"')
    try:
        return str(wire_form.decode(*found))
    except ValueError:  # in no form of ours: as it is
        return str(found[0].decode("utf-8", "replace"))


def changes(settings: config.Settings, key: str, say: Callable[[str], None]) -> Iterator[str]:
    """The document of a key, again and again, whenever it has changed; `say` is told once why there is none."""
    last, said = "", ""
    while True:
        try:
            newest, why = document(settings, key), ""
        except WardenError as error:
            newest, why = last, str(error)
        if why and why != said:
            say(f"{why}; waiting for it")
        if newest != last:
            yield newest
        last, said = newest, why
        time.sleep(LOOK)


def status(settings: config.Settings) -> HubDocument:
    """The hub's document about itself, from the device, else from Memcached; `status` says who does not answer.

    Without any answer its state is UNKNOWN.
    """
    problems: list[str] = []
    found, state = None, None
    try:
        found = hub_document.read(json.loads(document(settings, settings.hub_key)))
    except (WardenError, ValueError) as error:
        problems.append(str(error))
    try:
        found = hub_document.read(json.loads(command(settings, "GetDocument", settings.hub_key)))
    except RefusedByHub as error:  # there, but without a hub: it says why
        problems.append(str(error))
        state = "FAULT"
    except (WardenError, ValueError) as error:
        problems.append(str(error))
        state = "UNKNOWN"
    if found is None:
        servers = list(memcached.memcached_servers(settings))
        found = HubDocument("UNKNOWN", "", settings.instance, settings.device, memcached=servers)
    said = "\n".join([*problems, *([found.status] if found.status else [])])
    return replace(found, state=state or found.state, status=said)
