"""Two small proxies on loopback: one of HTTP, one of SOCKS 5 (RFC 1928, CONNECT to a name, without a password).

Each sends on to one place, whatever name it is asked for, and keeps these names: who can only be found by the proxy
was found by it.
"""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, TCPServer, ThreadingTCPServer
from urllib.parse import urlsplit

#: Seconds that each step may take.
LIMIT = 5.0


@contextmanager
def http_proxy(place: str, names: list[str]) -> Iterator[str]:
    """A proxy that sends on to `place`, HOST:PORT; its URL."""

    class Handler(BaseHTTPRequestHandler):
        timeout = LIMIT

        def do_POST(self) -> None:
            names.append(str(urlsplit(self.path).hostname))
            body = self.rfile.read(int(self.headers["Content-Length"]))
            connection = HTTPConnection(place, timeout=LIMIT)
            connection.request("POST", urlsplit(self.path).path, body, {"Content-Type": self.headers["Content-Type"]})
            self.send_response(connection.getresponse().status)
            self.end_headers()
            connection.close()

        def log_message(self, *args: object) -> None: ...

    with _served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def socks_proxy(place: str, names: list[str]) -> Iterator[str]:
    """A proxy that sends on to `place`, HOST:PORT; its URL, by which it also finds the names."""
    host, _, port = place.partition(":")

    class Handler(StreamRequestHandler):
        timeout = LIMIT

        def handle(self) -> None:
            _, methods = self.rfile.read(2)
            self.rfile.read(methods)
            self.wfile.write(b"\x05\x00")
            assert self.rfile.read(4) == b"\x05\x01\x00\x03"
            names.append(self.rfile.read(self.rfile.read(1)[0]).decode())
            self.rfile.read(2)
            with socket.create_connection((host, int(port)), timeout=LIMIT) as target:
                self.wfile.write(b"\x05\x00\x00\x01" + socket.inet_aton("127.0.0.1") + struct.pack(">H", 0))
                back = threading.Thread(target=_send_on, args=(target, self.connection))
                back.start()
                _send_on(self.connection, target)
                back.join()

    class Server(ThreadingTCPServer):
        daemon_threads = False

    with _served(Server(("127.0.0.1", 0), Handler)) as port_of_ours:
        yield f"socks5h://127.0.0.1:{port_of_ours}"


def _send_on(one: socket.socket, other: socket.socket) -> None:
    try:
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # either side has gone


@contextmanager
def _served(server: TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
