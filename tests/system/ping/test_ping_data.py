"""Raw data of pings from a real web server, for collectors on this machine and elsewhere. There is no hub beside it:
none is needed."""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import psutil
import pytest

from tests.conftest import wait_for
from tests.system.conftest import free_port
from tests.unit.plugins.ping.serving.test_asked import COLLECTOR
from WardenServer.local.our_servers import WebServer
from WardenServer.machine.child import Child
from WardenServer.plugins.common.ping.archive.collecting import collect
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.archive.monitors import Monitor
from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.settings import config

DAY = date(2007, 8, 6)
BEGIN = int(datetime(2007, 8, 6, tzinfo=UTC).timestamp())
QUERY = f"ping_data?{COLLECTOR}"
#: What a proxy says of a client that is not on this machine, who knows it by some name.
ELSEWHERE = {"X-Forwarded-For": "192.0.2.9", "Host": "pinger.example.org"}


def raw(time: int, host: int = 0) -> str:
    return f"here.example.org 192.0.2.1 host{host}.example.org 192.0.2.2 100 {time} 10 10 1.1 1.2 1.3\n"


@contextmanager
def serving(base: Path, lines: Iterator[str], ping_serve: bool = True) -> Iterator[Child]:
    """The web of a machine that has measured these lines in August 2007."""
    (base / "raw").mkdir(parents=True)
    (base / "raw" / "ping-2007-08.txt").write_text("".join(lines))
    file = base / "warden.toml"
    file.write_text(f'[ping]\nhosts = ["host0.example.org"]\nfolder = "{base}/raw"\n')
    given = {
        "state_folder": str(base / "state"), "web_listen": f"127.0.0.1:{free_port()}", "web_login": "always",
        "memcached": f"127.0.0.1:{free_port()}", "tango_host": f"127.0.0.1:{free_port()}",
        "ping_serve": "yes" if ping_serve else "no",
    }  # fmt: skip
    with WebServer(config.load(file, {}, options=given), given) as web:
        yield web


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """With a line each three seconds of two days, out of order by half a minute: 6 MB."""
    times = (BEGIN - 43_200 + 3 * number - 30 * (number % 2) for number in range(57_600))
    with serving(tmp_path_factory.mktemp("web"), (raw(time, time % 5) for time in times)) as server:
        yield server


@pytest.fixture
def opened(web: Child) -> Callable[[], int]:
    """How many files with raw data the server has open."""
    return lambda: sum(file.path.endswith("ping-2007-08.txt") for file in psutil.Process(web.pid).open_files())


def get(web: Child, url: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{web.address}{url}", headers=headers, timeout=30)


def times(text: str) -> list[int]:
    return [int(line.split()[5]) for line in text.splitlines()]


# -- a day


@pytest.mark.parametrize("address", ["ping_data", "cgi-bin/ping_data.pl"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_day_is_whole_and_in_order(web: Child, address: str, encoding: str) -> None:
    found = get(web, f"{address}?{COLLECTOR}", **{"Accept-Encoding": encoding})
    assert found.headers.get("content-encoding", "identity") == encoding
    assert times(found.text) == sorted(times(found.text))
    assert len(times(found.text)) == 28_800
    assert (times(found.text)[0], times(found.text)[-1]) == (BEGIN, BEGIN + 86_397)


def test_our_own_collector_gets_it(web: Child, tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    got = collect(
        archive,
        [Monitor("here", f"{web.address}ping_data"), Monitor("at.pinger", f"{web.address}cgi-bin/ping_data.pl")],
        [DAY],
    )
    assert [(each.lines, each.trouble) for each in got] == [(28_800, "")] * 2
    first, second = (Folders(tmp_path).raw(name, DAY).read_bytes() for name in ("here", "at.pinger"))
    assert first == second


def test_our_own_collector_understands_that_there_is_nothing(web: Child, tmp_path: Path) -> None:
    got = collect(Archive(tmp_path), [Monitor("here", f"{web.address}ping_data")], [date(2007, 9, 6)])
    assert got[0].lines == 0
    assert get(web, "ping_data?in_form=1&begin=1&end=2").text == "No data\n"


# -- who may


def test_with_ping_serve_everybody_may_have_just_that(web: Child) -> None:
    assert len(times(get(web, QUERY, **ELSEWHERE).text)) == 28_800
    assert "<form" in get(web, "ping_data", **ELSEWHERE).text
    assert get(web, "api/documents", **ELSEWHERE).status_code == 400
    assert get(web, "api/documents", **{**ELSEWHERE, "Host": "localhost"}).status_code == 401


def test_without_ping_serve_a_login_is_needed(tmp_path: Path) -> None:
    with serving(tmp_path, iter([raw(BEGIN)]), ping_serve=False) as web:
        assert get(web, QUERY, **{**ELSEWHERE, "Host": "localhost"}).status_code == 401
        assert get(web, QUERY, **ELSEWHERE).status_code == 400
        token = next((tmp_path / "state").glob("*web-token"))
        assert get(web, QUERY, Authorization=f"Bearer {token.read_text().strip()}").text == raw(BEGIN)


def test_what_means_nothing_is_a_sentence(web: Child) -> None:
    refused = get(web, QUERY.replace("begin_month=08", "begin_month=13"))
    assert (refused.status_code, refused.json()) == (400, {"error": "begin_month is '13'; write a month from 1 to 12"})


# -- clients that do not as they should


def test_a_client_that_goes_leaves_nothing_open(web: Child, opened: Callable[[], int]) -> None:
    with httpx.stream("GET", f"{web.address}{QUERY}", timeout=30) as answer:
        assert next(answer.iter_bytes(100))
    wait_for(lambda: opened() == 0, 10, "for the file to be closed")
    assert get(web, "ping_data?help=1").status_code == 200


def test_a_client_that_takes_nothing_is_cut_off(web: Child, opened: Callable[[], int]) -> None:
    with closing(socket.create_connection(("127.0.0.1", int(web.address.rstrip("/").rpartition(":")[2])))) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(f"GET /{QUERY} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        wait_for(lambda: opened() == 1, 10, "for the file to be read")
        wait_for(lambda: opened() == 0, 20, "for the client to be cut off")


def test_a_file_that_grows_meanwhile_is_read_to_where_it_was_whole(tmp_path: Path) -> None:
    with serving(tmp_path, iter([raw(BEGIN), raw(BEGIN + 1)[:-1]])) as web:
        assert get(web, QUERY).text == raw(BEGIN)
        with (tmp_path / "raw" / "ping-2007-08.txt").open("a") as file:
            file.write("\n")
        assert get(web, QUERY).text == raw(BEGIN) + raw(BEGIN + 1)
        (tmp_path / "raw" / "ping-2007-08.txt").unlink()
        assert get(web, QUERY).text == "No data\n"
        assert "Traceback" not in web.output.read_text()
