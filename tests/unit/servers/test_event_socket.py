"""Where a server without a database finds its own admin device."""

import pytest

from WardenServer.servers.event_socket import admin_without_database

SERVER = "BeamlineWarden/local"


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (["-nodb", "-ORBendPoint", "giop:tcp:127.0.0.1:45000"], "127.0.0.1:45000"),
        (["-nodb", "-ORBendPoint", "giop:tcp::45000"], "127.0.0.1:45000"),
        (["-nodb", "-ORBendPoint", "giop:tcp:beam1:45000", "-v4"], "beam1:45000"),
        (["-nodb", "-dlist", "warden/hub/local", "--port", "45000"], "127.0.0.1:45000"),
        (["--nodb", "-port", "45000", "-host", "10.0.0.5"], "10.0.0.5:45000"),
    ],
)
def test_the_admin_device_is_where_tango_was_told_to_listen(arguments: list[str], place: str) -> None:
    assert admin_without_database(SERVER, arguments) == f"tango://{place}/dserver/{SERVER}#dbase=no"


def test_without_a_port_it_is_not_known() -> None:
    assert admin_without_database(SERVER, ["-nodb", "-dlist", "warden/hub/local"]) == ""
