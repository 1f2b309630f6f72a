"""Lists of beacons from servers that lie in every way: all are given up within limits, and the list there is stays."""

import base64
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import wait_for
from tests.system.ping.lying_beacons import LIST, Liar, lying
from WardenServer.errors import Unreachable
from WardenServer.plugins.common.ping.hosts import Host
from WardenServer.plugins.common.ping.probe import download
from WardenServer.plugins.common.ping.probe.beacons import Beacons, Change
from WardenServer.plugins.common.ping.probe.download import Download


@pytest.fixture
def liar() -> Iterator[Liar]:
    with lying() as liar:
        yield liar


def beacons(url: str, folder: Path) -> Beacons:
    return Beacons(url, 3600, folder, Host(""))


@pytest.mark.parametrize("path", ["/list", "/without-length", "/chunks", "/once", "/5-times"])
def test_good_answers(liar: Liar, tmp_path: Path, path: str) -> None:
    some = beacons(liar.url + path, tmp_path)
    assert some.fetch() == Change(("a.b", "c.d"))
    assert (some.problem, some.is_due) == ("", False)
    assert (tmp_path / "beacons.txt").read_bytes() == f"# list of {liar.url}{path}\n".encode() + LIST


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/nothing", "has no host"),
        ("/comments", "has no host"),
        ("/204", "has no host"),
        ("/html", "is a page of HTML"),
        ("/500", "answers with 500 Out of order"),
        ("/404", "answers with 404 Not Found"),
        ("/cut", "ends too early"),
        ("/chunks-cut", "cannot be fetched (IncompleteRead"),
        ("/gzip", "has no host"),
        ("/garbage", "cannot be fetched (BadStatusLine"),
        ("/nobody", "cannot be fetched (RemoteDisconnected"),
        ("/loop", "leads elsewhere more than 5 times"),
        ("/6-times", "leads elsewhere more than 5 times"),
        ("/file", "leads elsewhere more than 5 times, or to what is no URL"),
        ("/ftp", "leads elsewhere more than 5 times, or to what is no URL"),
        ("/nowhere", "leads elsewhere"),
        ("/endless-head", "cannot be fetched (HTTPException: got more than 100 headers"),
        ("/endless-line", "cannot be fetched (LineTooLong"),
    ],
)
def test_lies_change_nothing(liar: Liar, tmp_path: Path, path: str, said: str) -> None:
    beacons(f"{liar.url}/list", tmp_path).fetch()
    kept = (tmp_path / "beacons.txt").read_bytes()
    some = beacons(liar.url + path, tmp_path)
    assert some.fetch() == Change()
    assert f"the list of beacons {liar.url}{path} {said}" in some.problem
    assert some.problem.isprintable()
    assert ([host.name for host in some.hosts], some.is_due) == (["a.b", "c.d"], True)
    assert (tmp_path / "beacons.txt").read_bytes() == kept


def test_an_endless_list(liar: Liar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "LARGEST", 500_000)
    some = beacons(f"{liar.url}/endless", tmp_path)
    some.fetch()
    assert "has more than 500000 bytes" in some.problem


def test_what_comes_with_a_redirect_is_not_read(liar: Liar) -> None:
    assert Download(f"{liar.url}/away-with-much", limit=10).text() == LIST.decode()


@pytest.mark.parametrize("path", ["/drips", "/drips-in-head", "/silent"])
def test_a_server_that_never_ends_is_left(liar: Liar, path: str) -> None:
    with pytest.raises(Unreachable, match=r"takes more than 0\.3 s"):
        Download(liar.url + path, limit=0.3, patience=10).text()


def test_one_that_never_begins_to_encrypt_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unreachable, match=r"takes more than 0\.3 s"):
        Download(f"https://127.0.0.1:{silent.getsockname()[1]}/", limit=0.3, patience=10).text()


def test_a_single_wait_has_a_limit(liar: Liar) -> None:
    with pytest.raises(Unreachable, match="timed out"):
        Download(f"{liar.url}/silent", limit=20, patience=0.2).text()


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unreachable, match="Connection refused"):
        Download(f"http://127.0.0.1:{port}/").text()


def test_a_name_without_dns() -> None:
    with pytest.raises(Unreachable, match=r"cannot be fetched \(gaierror"):
        Download("http://name.invalid/").text()


def test_it_can_be_stopped(liar: Liar, tmp_path: Path) -> None:
    some = beacons(f"{liar.url}/drips", tmp_path)
    thread = threading.Thread(target=some.fetch)
    thread.start()
    wait_for(lambda: liar.asked)
    some.stop()
    thread.join(10)
    assert "was stopped" in some.problem
    some.fetch()
    assert "was stopped" in some.problem, "nor does a later one begin"


def test_a_password_is_used_here_and_nowhere_else(liar: Liar, tmp_path: Path) -> None:
    with lying() as other:
        place = liar.url.removeprefix("http://")
        some = beacons(f"http://me:sword%40fish@{place}/away?{other.url}/list", tmp_path)
        some.fetch()
        assert [host.name for host in some.hosts] == ["a.b", "c.d"]
        assert liar.asked[0][1] == f"Basic {base64.b64encode(b'me:sword@fish').decode()}"
        assert other.asked == [("/list", "")]
    assert "sword" not in (tmp_path / "beacons.txt").read_text()
    away = beacons(f"http://me:sword%40fish@{place}/away?http://127.0.0.1:1/", tmp_path)
    away.fetch()
    assert "cannot be fetched" in away.problem
    assert "sword" not in away.problem


def test_a_certificate_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "1", "-subj", "/CN=127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]  # fmt: skip
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *arguments: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            Download(f"https://127.0.0.1:{server.server_port}/").text()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
