import gc
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from WardenServer import plugins
from WardenServer.agent import Agent
from WardenServer.errors import NoData, Unreachable
from WardenServer.loading.contract import read_contract
from WardenServer.plugins import (
    host,
    processes,
    read_tango,
    tango_servers,
    template_array,
    template_daily,
    template_http_json,
    template_listen,
    template_minimal,
    template_processor,
    template_state,
    template_tango,
)
from WardenServer.processor import ProcessorAbort
from WardenServer.results.field import kind_of
from WardenServer.results.result import clean

TEMPLATES = (
    template_array,
    template_daily,
    template_http_json,
    template_listen,
    template_minimal,
    template_state,
    template_tango,
)


@pytest.mark.parametrize("module", [host, processes, read_tango, tango_servers, *TEMPLATES], ids=lambda m: m.__name__)
def test_every_shipped_file_keeps_the_contract(module):
    path = Path(module.__file__)
    contract = read_contract(module, path, path.stem, 0.1, {})
    assert contract.required == (("device",) if module is read_tango else ())


def test_all_shipped_files_are_known_here():
    shipped = {path.stem for path in Path(plugins.__file__).parent.glob("*.py")} - {"__init__"}
    assert {path for path in shipped if path.startswith("template_")} == {
        one.__name__.split(".")[-1] for one in (*TEMPLATES, template_processor)
    }


@pytest.mark.parametrize("module", [template_minimal, template_array])
def test_declared_kinds_are_those_returned(module):
    path = Path(module.__file__)
    declared = read_contract(module, path, path.stem, 0.1, {}).fields
    for name, value in clean(module.work(Agent("a")))[0].items():
        assert name not in declared or declared[name].kind == kind_of(value)


def test_minimal_is_a_sine():
    assert -1 <= template_minimal.work(Agent("a"))["Sine"] <= 1


def test_array_has_its_peak_where_it_says():
    fields = template_array.work(Agent("a"))
    assert fields["Peak"] == np.argmax(fields["Profile"])


def test_processor_has_the_mean_and_passes_over_what_is_no_number():
    old = template_processor.Mean("e")
    assert clean(old.sample())[0] == {"Count": 0, "Mean": None}
    for event in ({"e": 1}, {"e": 3}):
        old.event(event)
    for event in ({}, {"e": None}, {"e": "x"}, None, b"e"):
        with pytest.raises(ProcessorAbort, match="an event has no number e"):
            old.event(event)
    new = template_processor.Mean("e")
    new.load(old)
    assert new.sample() == {"Count": 2, "Mean": 2}


def test_state_lives_on():
    template_state.load({"runs_in_all": 41})
    template_state.setup(Agent("a"))
    assert template_state.work(Agent("a")) == {"RunsInAll": 42, "RunsSinceStart": 1}
    assert template_state.save() == {"runs_in_all": 42}
    template_state.load({})
    assert template_state.save() == {"runs_in_all": 0}


@pytest.mark.parametrize(("state", "ok"), [("ON", True), ("FAULT", False), (NoData("gone"), False)])
def test_tango_adds_a_field(state, ok):
    class Reader(Agent):
        def read(self, device, attributes):
            return dict.fromkeys(attributes, state)

    assert template_tango.work(Reader("a"))["Ok"] is ok


@pytest.fixture
def serve():
    """Answer with these bytes on loopback; gives the agent that asks."""
    started = []

    def serve(body, status=200):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        started.append((server, thread))
        return Agent("a", {"url": f"http://127.0.0.1:{server.server_port}/", "time_limit": 2.0})

    yield serve
    for server, thread in started:
        server.shutdown()
        thread.join()
        server.server_close()


def test_http_publishes_what_is_plain(serve):
    agent = serve(json.dumps({"T": 1.5, "n": 2, "on": True, "text": "x", "none": None, "deep": {"a": 1}}).encode())
    assert template_http_json.work(agent) == {"T": 1.5, "n": 2, "on": True, "text": "x", "none": None}


@pytest.mark.parametrize("body", [b"<html>", b"\xff\xfe", b"[1]"])
def test_http_says_what_it_got(serve, body):
    agent = serve(body)
    with pytest.raises(ValueError, match=rf"{agent.settings['url']} answers? |does not answer with JSON"):
        template_http_json.work(agent)


def test_http_error_status(serve):
    with pytest.raises(Unreachable, match="HTTP Error 404"):
        template_http_json.work(serve(b"", 404))


def test_http_refuses_too_much(serve):
    with pytest.raises(Unreachable, match="more than"):
        template_http_json.work(serve(b" " * (template_http_json.LARGEST + 1)))


def test_http_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unreachable, match="Connection refused"):
        template_http_json.work(Agent("a", {"url": f"http://127.0.0.1:{port}/", "time_limit": 2.0}))


def test_http_slow_sender(serve, monkeypatch):
    agent = serve(b"{}")
    times = iter([0.0, 3.0])
    monkeypatch.setattr(template_http_json, "time", SimpleNamespace(monotonic=lambda: next(times)))
    with pytest.raises(Unreachable, match="not all there after 2 s"):
        template_http_json.work(agent)


def test_http_error_leaves_no_connection_open(serve):
    with pytest.raises(Unreachable):
        template_http_json.work(serve(b"x", 500))
    gc.collect()  # an open one would warn here, and warnings are errors


@pytest.mark.parametrize(("limit", "told"), [(101.0, 0), (-1.0, 1)])
def test_daily_tells_when_a_disk_is_too_full_once_a_day(limit, told):
    agent = Agent("daily", {"folder": "/", "limit": limit})
    for _ in range(2):
        assert 0 <= template_daily.work(agent)["Used"] <= 100
    assert len({event.id for event in agent.told}) == told


def test_listen_publishes_what_comes_and_answers_with_its_count():
    asked = threading.Event()
    agent = Agent("listen", dict(template_listen.SETTINGS), ask_for_run=asked.set)
    template_listen.setup(agent)
    try:
        port = template_listen.work(agent)["Port"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for sent in (b"nonsense", b"2.5"):
                sender.sendto(sent, ("127.0.0.1", port))
        assert asked.wait(5)
        assert template_listen.work(agent) == {"Number": 2.5, "Count": 1, "Port": port}
        assert template_listen.answer(agent, "reset") == {"count": 1}
        assert template_listen.work(agent)["Count"] == 0
        template_listen.load(template_listen.save())
    finally:
        template_listen.close(agent)
