"""A page of Web2c on a server that is well, and on servers that are not."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.system.beamline import web2c as serve
from WardenServer.errors import Unreachable
from WardenServer.plugins.common import web2c
from WardenServer.plugins.common.web2c import Page

PAGE = "/web2cToolkit/Web2c?param=(open)p3_02o.xml,1"


def test_one_session_for_many_updates_and_a_new_one_where_it_is_gone() -> None:
    with serve() as (url, _):
        page = Page(url, PAGE, ("(page)[{session}]p3",), settling=0.0)
        for _ in range(2):
            assert web2c.values(page.update(), "h", PAGE)["umlaut"] == "geöffnet"
        page._session = "1"  # the server has forgotten it
        assert web2c.values(page.update(), "h", PAGE)["dcm1"] == "3.1e-9 mbar"


@pytest.mark.parametrize("answer", [b"<data><update>", b"%3Cdata", b"not XML", b"\xff\xfe\x00"])
def test_answers_that_are_no_page(answer: bytes) -> None:
    with serve({"update": answer}) as (url, _), pytest.raises(ValueError, match="no whole XML"):
        Page(url, PAGE, settling=0.0).update()


def test_fifty_megabytes_are_cut_before_they_are_parsed() -> None:
    with serve({"update": b"<data>" + b"x" * 50_000_000 + b"</data>"}) as (url, _):
        with pytest.raises(Unreachable, match="more than 2000000 bytes; raise the setting largest"):
            Page(url, PAGE, settling=0.0).update()
        with pytest.raises(Unreachable, match="more than 1000 bytes"):
            Page(url, PAGE, settling=0.0, largest=1000).update()


@contextmanager
def slow(pause: float, answer: bytes = b"x") -> Iterator[str]:
    """A server that sends a byte now and then, for ever."""
    ending = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def run() -> None:
        while not ending.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
                while not ending.wait(pause):
                    try:
                        connection.sendall(answer)
                    except OSError:
                        break

    thread = threading.Thread(target=run)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    ending.set()
    thread.join()
    listener.close()


@pytest.mark.parametrize("pause", [0.05, 30.0])
def test_a_server_that_is_slow_or_hangs_costs_its_time_limit(pause: float) -> None:
    with slow(pause) as url:
        began = time.monotonic()
        with pytest.raises(Unreachable, match=r"does not answer as it should"):
            Page(url, PAGE, patience=0.5).update()
        assert time.monotonic() - began < 5


def test_a_page_without_a_session_and_a_server_that_is_away() -> None:
    with slow(0.01, b"<html>") as url, pytest.raises(Unreachable, match="not all there after"):
        Page(url, PAGE, patience=0.3).update()
    with pytest.raises(Unreachable, match="check the server and the page"):
        Page("http://127.0.0.1:1", PAGE).update()
    with serve() as (url, _), pytest.raises(ValueError, match="opens no session: it has no sessionId"):
        _no_session(url)


def _no_session(url: str) -> None:
    page = Page(url, PAGE)
    page._fetch = lambda path, body: "<html>closed</html>"  # type: ignore[method-assign]
    page.update()
