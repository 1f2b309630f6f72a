"""Commands for pings: is it the network."""

import click


@click.group()
def ping() -> None:
    """Is it the network: pings of many hosts, as PingER makes them. The tables [ping] and [ping_archive] in the
    settings say which.

    \b
    warden ping probe HOST                    ping a host once, as the hub does
    warden ping collect                       fetch yesterday from the monitoring hosts
    warden ping check                         days that are missing or short
    warden ping analyze hourly                the tables of yesterday by hour
    warden ping restore 2026-11-01..2026-11-05    repair these days, and all tables that they are in
    warden ping table packet_loss             look at a table

    In a hub, the agents `ping` and `ping_nightly` do all that by themselves.
    """
