"""Commands of pings: probe."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from WardenServer.cli.shared import with_settings
from WardenServer.errors import WardenError
from WardenServer.plugins.common.ping.configuration import METHODS
from WardenServer.settings import config

if TYPE_CHECKING:
    from WardenServer.plugins.common.ping.configuration import Ping
    from WardenServer.plugins.common.ping.hosts import Host
    from WardenServer.plugins.common.ping.probe.fields import Document
    from WardenServer.plugins.common.ping.probe.round import Outcome

_METHODS = ("auto", *METHODS)
#: The columns of the table, and what they show of a document.
_NUMBERS = {"Loss %": "loss", "Min ms": "rtt_min", "Avg ms": "rtt_avg", "Max ms": "rtt_max", "Jitter ms": "jitter"}
_TEXTS = {"State": "state", "Address": "address", "Method": "method"}


@click.command()
@click.argument("hosts", nargs=-1, required=True, metavar="HOST...")
@click.option("--count", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many pings.")
@click.option("--size", default=100, show_default=True, type=click.IntRange(16, 65507), help="Bytes of data in each.")
@click.option("--wait", default=1.0, show_default=True, type=click.FloatRange(0.01, 60), help="Seconds between two.")
@click.option("--method", type=click.Choice(_METHODS), help="How to measure. [default: as [ping] has it, or auto]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per host.")
@with_settings
def probe(
    settings: config.Settings,
    options: dict[str, Any],
    hosts: tuple[str, ...],
    count: int,
    size: int,
    wait: float,
    method: str | None,
    as_json: bool,
) -> None:
    """Ping each HOST once, as the hub does, and show what came back. No table [ping] is needed.

    Exit code 1 where one of them does not answer.
    """
    from WardenServer.plugins.common.ping.hosts import Host, Pings
    from WardenServer.plugins.common.ping.probe.fields import ANSWERS, document

    ping = _settings_of(settings, method)
    wanted = [Host(_name(host), pings=(Pings(count, size),), wait=wait) for host in dict.fromkeys(hosts)]
    outcomes, notices = asyncio.run(_measure(ping, wanted))
    documents = {outcome.target.host.name: document(outcome) for outcome in outcomes}
    documents = {host.name: documents[host.name] for host in wanted}
    for notice in notices:
        click.echo(f"warden: {notice}", err=True)
    if as_json:
        for name, found in documents.items():
            click.echo(json.dumps({"host": name, **found}))
    else:
        _print(documents, size)
    sys.exit(0 if all(found["state"] == ANSWERS for found in documents.values()) else 1)


def _settings_of(settings: config.Settings, method: str | None) -> "Ping":
    """What [ping] says, where there is one."""
    from WardenServer.hub.ping_tables import ping_of
    from WardenServer.plugins.common.ping.configuration import Ping

    ping = ping_of(settings) if "ping" in settings.shared else Ping(Path())
    return replace(ping, method=method or ping.method)


def _name(text: str) -> str:
    from WardenServer.plugins.common.ping.names import host_name

    try:
        return host_name(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r:.60}: write {error}", param_hint="HOST") from None


async def _measure(ping: "Ping", hosts: Sequence["Host"]) -> tuple[list["Outcome"], list[str]]:
    """What became of each host, and sentences on the method."""
    from WardenServer.plugins.common.ping.probe import longest
    from WardenServer.plugins.common.ping.probe.methods import family_of, open_methods
    from WardenServer.plugins.common.ping.probe.resolving import Resolver
    from WardenServer.plugins.common.ping.probe.round import Round, Target

    found = await Resolver().resolve(host.name for host in hosts)
    targets = [Target(host, found[host.name].first(""), reason=found[host.name].trouble) for host in hosts]
    turn = longest.spacing(ping, hosts)
    methods = await open_methods(ping, [family_of(each.address) for each in targets if each.address], turn)
    outcomes: list[Outcome] = []
    try:
        await Round(
            methods.of,
            lambda host: longest.of_host(host, ping, turn),
            ping.patience,
            ping.at_once,
            lambda sample: None,
            outcomes.append,
        ).run(targets)
    finally:
        methods.close()
    if hosts and not methods.taken and methods.notices:
        raise WardenError(next(iter(methods.notices.values())))
    return outcomes, list(methods.notices.values())


def _print(documents: dict[str, "Document"], size: int) -> None:
    from rich.table import Table
    from rich.text import Text

    from WardenServer.local import up

    shown = Table()
    shown.add_column("Host", overflow="fold")
    for name in _TEXTS:
        shown.add_column(name, no_wrap=True)
    for name in _NUMBERS:
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("Marks", overflow="fold")
    for host, found in documents.items():
        numbers = [_number(found[f"{name}_{size}"]) for name in _NUMBERS.values()]
        words = (host, *(found[name] for name in _TEXTS.values()), *numbers, found["marks"] or found["trouble"])
        shown.add_row(*(Text(str(word)) for word in words))
    up.console().print(shown)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
