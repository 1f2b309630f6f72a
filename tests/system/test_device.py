"""The device under a real database, seen by a real Tango client."""

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import Events, MakeHub, clean_environment, free_port

COUNTER = """
INTERVAL = 0.1
FIELDS = {"n": {"unit": "mA", "label": "Count", "format": "%6d", "max_warning": 5, "max_alarm": 10, "dtype": "int"}}
n = 0
def work(agent):
    global n
    n += 1
    return {"n": n}
"""

EVERYTHING = """
import enum, numpy as np
from WardenServer import NoData
class Gate(enum.Enum):
    CLOSED = 0
    OPEN = 1
INTERVAL = 0.1
def work(agent):
    return {"on": True, "count": 3, "current": 100.5, "text": "20 °C 温", "gate": Gate.OPEN, "numbers": [1, 2, 3],
            "spectrum": np.linspace(0, 1, 5), "image": np.eye(3), "texts": ["a", "b"], "two words": 1.0,
            "nothing": None, "nodata": NoData("shut"), "nan": float("nan"), "timestamp": 1.5e9}
"""

Write = Callable[..., Path]


def test_every_kind_of_value_is_an_attribute_with_its_type(hub: MakeHub, write: Write) -> None:
    write("every", EVERYTHING)
    server = hub()
    document = server.wait_document("every", "current")
    proxy = server.proxy
    server.wait_valid("every_two_words")
    read = {a.name: a for a in proxy.read_attributes([n for n in proxy.get_attribute_list() if n.startswith("every_")])}
    assert read["every_on"].value is True
    assert read["every_count"].value == 3
    assert read["every_current"].value == 100.5
    assert read["every_text"].value == "20 °C Wen"
    assert read["every_gate"].value == 1
    assert proxy.get_attribute_config("every_gate").enum_labels[1] == "OPEN"
    assert list(read["every_numbers"].value) == [1, 2, 3]
    assert read["every_spectrum"].value.shape == (5,)
    assert read["every_image"].value.shape == (3, 3)
    assert list(read["every_texts"].value) == ["a", "b"]
    assert read["every_nan"].value != read["every_nan"].value
    assert abs(read["every_current"].time.totime() - 1.5e9) < 1e-3
    assert "every_nothing" not in read
    assert document["text"] == "20 °C 温"
    assert document["gate"] == "OPEN"
    assert document["nothing"] is None
    assert document["reason"] == "nodata: shut"
    assert document["timestamp"] == 1.5e9


def test_declared_properties_limits_and_events(hub: MakeHub, write: Write) -> None:
    write("counter", COUNTER)
    server = hub()
    proxy = server.proxy
    said = proxy.get_attribute_config("counter_n")
    assert (said.unit, said.label, said.format, said.max_alarm) == ("mA", "Count", "%6d", "10")
    assert said.data_type == tango.CmdArgType.DevLong64
    server.run_agent("counter")
    proxy.Stop()
    proxy.Init()
    with Events(proxy, "counter_n") as change, Events(proxy, "counter_n", tango.EventType.ARCHIVE_EVENT) as archive:
        wait_for(lambda: "ALARM" in change.qualities and "ALARM" in archive.qualities)
        # Who subscribes between a change and its event gets the value with the subscription, and with the event.
        values = [value for value, _ in itertools.groupby(change.values) if value is not None]
        assert values == sorted(set(values)), "every change once, in order"
        assert {"VALID", "WARNING", "ALARM"} <= set(change.qualities)
        assert not change.errors


def test_units_labels_and_docs_outside_latin_1_have_their_usual_spelling(hub: MakeHub, write: Write) -> None:
    write("bridge", """
INTERVAL = 0.1
FIELDS = {"r": {"unit": "kΩ", "label": "Сопротивление", "doc": "“shunt” → bridge", "format": "%6.2f"},
          "k": {"unit": "cm⁻¹", "label": "2θ, µm²", "dtype": "float"}}
def work(agent):
    return {"r": 1.5, "k": 2.5}
""")  # fmt: skip
    server = hub()
    server.wait_valid("bridge_r")
    r, k = (server.proxy.get_attribute_config(name) for name in ("bridge_r", "bridge_k"))
    assert (r.unit, r.label, r.description) == ("kOhm", "Soprotivlenie", '"shunt" -> bridge')
    assert (k.unit, k.label) == ("cm^-1", "2theta, µm²")
    assert 'bridge_r: its unit "kΩ" is shown as "kOhm"' in server.log()


def test_attributes_are_there_from_the_first_moment_of_the_next_start(hub: MakeHub, write: Write) -> None:
    path = write("ring", "INTERVAL = 0.1\ndef work(agent):\n    return {'current': 1.5}\n")
    first = hub()
    first.wait_document("ring", "current")
    wait_for(lambda: (first.settings.state_folder / f"{first.settings.instance}-fields.json").exists())
    first.stop()
    path.write_text("INTERVAL = 100\nOFFSET = 100\ndef work(agent):\n    return {'current': 1.5}\n")
    first.start()
    assert first.proxy.read_attribute("ring_current").quality == tango.AttrQuality.ATTR_INVALID
    assert first.proxy.get_attribute_config("ring_current").data_type == tango.CmdArgType.DevDouble


def test_a_failing_agent_is_invalid_named_and_good_again(hub: MakeHub, write: Write, tmp_path: Path) -> None:
    switch = tmp_path / "broken"
    write("ring", f"""
import os
INTERVAL = 0.1
def work(agent):
    if os.path.exists({str(switch)!r}):
        raise OSError("gateway away")
    return {{"current": 1.5}}
""")  # fmt: skip
    server = hub()
    server.wait_document("ring", "current", 1.5)
    server.wait_state("RUNNING")
    server.wait_valid("ring_current")
    with Events(server.proxy, "ring_current") as change, Events(server.proxy, "State") as state:
        switch.touch()
        status = server.wait_state("ALARM")
        assert "ring is failing since" in status
        assert "OSError: gateway away" in status
        document = server.document("ring")
        assert document["current"] is None
        assert "gateway away" in document["error"]
        assert server.proxy.read_attribute("ring_current").quality == tango.AttrQuality.ATTR_INVALID
        switch.unlink()
        server.wait_state("RUNNING")
        server.wait_document("ring", "current", 1.5)
        wait_for(lambda: change.qualities[-1] == "VALID" and "INVALID" in change.qualities)
        wait_for(lambda: [str(value) for value in state.values] == ["RUNNING", "ALARM", "RUNNING"])


def test_reload_brings_a_new_agent_without_a_restart_and_tells_clients(hub: MakeHub, write: Write) -> None:
    write("first", COUNTER)
    server = hub()
    proxy = server.proxy
    changes: list[Any] = []
    ident = proxy.subscribe_event(tango.EventType.INTERFACE_CHANGE_EVENT, changes.append)
    path = write("second", "INTERVAL = 0.1\ndef work(agent):\n    return {'x': 1}\n")
    assert "2 agents run" in proxy.Reload()
    server.wait_document("second", "x", 1)
    wait_for(lambda: any("second_x" in [a.name for a in event.att_list] for event in changes if not event.err))
    proxy.unsubscribe_event(ident)
    path.write_text("INTERVAL = 0.1\ndef work(agent):\n    return {'x': 2}\n")
    proxy.Reload()
    server.wait_document("second", "x", 2)
    wait_for(lambda: server.wait_valid("second_x") == 2)
    path.write_text("INTERVAL = 0.1\ndef work(agent:\n")
    assert "not valid Python" in proxy.Reload()
    assert "the old code runs on" in proxy.status()
    server.wait_document("second", "x", 2)
    path.unlink()
    proxy.Reload()
    wait_for(lambda: proxy.read_attribute("second_x").quality == tango.AttrQuality.ATTR_INVALID)
    wait_for(lambda: list(proxy.AgentNames) == ["first"])
    proxy.Init()
    assert proxy.read_attribute("second_x").quality == tango.AttrQuality.ATTR_INVALID
    server.wait_valid("first_n")


def test_state_is_handed_over_on_reload(hub: MakeHub, write: Write) -> None:
    text = """
INTERVAL = 0.1
n = 0
def work(agent):
    global n
    n += 1
    return {"n": n, "code": 1}
def save():
    return n
def load(state):
    global n
    n = state
"""
    write("count", text)
    server = hub()
    wait_for(lambda: server.document("count").get("n", 0) >= 10)
    write("count", text.replace('"code": 1', '"code": 2'))
    server.proxy.Reload()
    assert server.wait_document("count", "code", 2)["n"] >= 11


def test_agents_can_be_stopped_started_and_run_one_by_one(hub: MakeHub, write: Write) -> None:
    write("counter", COUNTER)
    server = hub()
    server.wait_document("counter", "n")
    proxy = server.proxy
    proxy.StopAgent("counter")
    wait_for(lambda: "counter: stopped" in proxy.status())
    stopped = proxy.GetDocument("counter")
    proxy.RunAgent("counter")
    wait_for(lambda: proxy.GetDocument("counter") != stopped)
    proxy.StartAgent("counter")
    wait_for(lambda: proxy.state() == tango.DevState.RUNNING)
    with pytest.raises(tango.DevFailed, match='there is no agent "other"; loaded are: counter'):
        proxy.RunAgent("other")
    with pytest.raises(tango.DevFailed, match='there is no document "other"'):
        proxy.GetDocument("other")


def nodb_client(device: str, script: str) -> str:
    """What a client prints that runs by itself: in a process that has used a database, the destructor of a proxy
    without one frees what it never had (cppTango 10.3.3)."""
    code = f"import os, time, tango\nproxy = tango.DeviceProxy({device!r})\n{script}\nos._exit(0)"
    done = subprocess.run([sys.executable, "-u", "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_a_database(hub: MakeHub, write: Write) -> None:
    write("counter", COUNTER)
    server = hub(port=free_port())
    server.wait_document("counter", "n")
    said = nodb_client(server.device, """
got = []
proxy.subscribe_event("counter_n", tango.EventType.CHANGE_EVENT, got.append)
limit = time.monotonic() + 20
while len(got) < 5 and time.monotonic() < limit:
    time.sleep(0.01)
print(len(got) >= 5 and not any(event.err for event in got))
print(proxy.Reload())
proxy.Init()
while proxy.state() != tango.DevState.RUNNING and time.monotonic() < limit:
    time.sleep(0.01)
print(proxy.state(), proxy.get_attribute_config("counter_n").unit)
""")  # fmt: skip
    assert said.splitlines() == ["True", "1 agents run the code in the files.", "RUNNING mA"]
    admin = server.device.replace(server.settings.device, f"dserver/BeamlineWarden/{server.settings.instance}")
    nodb_client(admin, "proxy.Kill()")
    wait_for(lambda: not server.alive)
    assert server.code == 0


def test_properties_from_the_database_override_the_file(hub: MakeHub, write: Write) -> None:
    write("counter", COUNTER)
    server = hub()
    proxy = server.proxy
    assert proxy.TickTackPeriod == 0.1
    server.wait_valid("counter_n")
    proxy.put_property({"Tick": ["0.05"]})
    proxy.Init()
    wait_for(lambda: proxy.TickTackPeriod == 0.05)
    proxy.put_property({"Tick": ["soon"]})
    proxy.Init()
    assert proxy.state() == tango.DevState.FAULT
    assert "property Tick: tick is 'soon'" in proxy.status()
    wait_for(lambda: proxy.read_attribute("counter_n").quality == tango.AttrQuality.ATTR_INVALID)
    with pytest.raises(tango.DevFailed, match="the hub is not there"):
        proxy.Start()
    proxy.delete_property("Tick")
    proxy.Init()
    server.wait_state("RUNNING")


def test_reload_takes_on_agents_from_the_settings_and_refuses_wrong_ones(hub: MakeHub, write: Write) -> None:
    write("reader", "INTERVAL = 0.1\nSETTINGS = {'x': ...}\ndef work(agent):\n    return {'x': agent.settings['x']}\n")
    write("counter", COUNTER)
    server = hub()
    server.file.write_text('[agents.seven]\nplugin = "reader"\nx = 7\n')
    assert "2 agents run" in server.proxy.Reload()
    server.wait_document("seven", "x", 7)
    server.file.write_text('[agents.seven]\nplugin = "reader"\nx = 8\ntick = 1\n[agents.seven.x]\n')
    with pytest.raises(tango.DevFailed, match="not valid TOML"):
        server.proxy.Reload()
    server.file.write_text('[agents.seven]\nplugin = "reader"\nx = 8\n')
    server.proxy.StopAgent("counter")
    server.proxy.Reload()
    server.wait_document("seven", "x", 8)
    assert "counter: stopped" in server.proxy.status()


def test_an_agent_that_hangs_is_named_with_its_line_and_never_runs_twice(
    hub: MakeHub, write: Write, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    text = f"""
import os, time
INTERVAL = 0.1
TIMEOUT = 0.5
def work(agent):
    with open({str(tmp_path / "log")!r}, "a") as log:
        log.write("begin\\n")
        log.flush()
        while not os.path.exists({str(go)!r}):
            time.sleep(0.01)  # hangs here
        log.write("end\\n")
    return {{"x": 1}}
"""
    write("hangs", text)
    write("counter", COUNTER)
    server = hub()
    wait_for(lambda: "hangs is stalled" in server.proxy.status())
    line = text[: text.index("# hangs here")].count("\n") + 1
    wait_for(lambda: f"hangs.py:{line} in work" in server.proxy.status())
    write("hangs", text + "# changed\n")
    server.proxy.Reload()
    server.proxy.Init()
    server.proxy.Init()
    server.wait_document("counter", "n")
    wait_for(lambda: "hangs is stalled" in server.proxy.status())
    assert (tmp_path / "log").read_text().count("begin") == 1
    go.touch()
    server.wait_document("hangs", "x", 1)
    server.wait_state("RUNNING")
    lines = (tmp_path / "log").read_text().split()
    assert all(pair == ("begin", "end") for pair in zip(lines[::2], lines[1::2], strict=False))


def test_the_admin_device_ends_the_server_cleanly(hub: MakeHub, write: Write, tmp_path: Path) -> None:
    closed = str(tmp_path / "closed")
    write("closing", f"INTERVAL = 0.1\ndef setup(agent): pass\ndef close(agent): open({closed!r}, 'w').close()\n"
                     "def work(agent):\n    return {'x': 1}\n")  # fmt: skip
    server = hub()
    server.wait_document("closing", "x")
    admin = tango.DeviceProxy(f"tango://{server.database}/dserver/BeamlineWarden/{server.settings.instance}")
    admin.Kill()
    wait_for(lambda: not server.alive)
    assert server.code == 0
    assert (tmp_path / "closed").exists()


def test_restarts_through_the_admin_device_leave_one_hub_and_its_events(hub: MakeHub, write: Write) -> None:
    write("counter", COUNTER)
    server = hub()
    server.wait_valid("counter_n")
    proxy = server.proxy
    threads = proxy.NumThreads
    admin = tango.DeviceProxy(f"tango://{server.database}/dserver/BeamlineWarden/{server.settings.instance}")
    with Events(proxy, "counter_n") as change:
        for restart in (lambda: admin.DevRestart(server.settings.device), admin.RestartServer, admin.RestartServer):
            restart()
            server.wait_valid("counter_n")
            got = len(change.got)
            wait_for(lambda got=got: len(change.got) > got + 5)
            wait_for(lambda: server.wait_valid("NumThreads") == threads)
        assert not change.errors


def test_the_log_goes_to_the_console_and_to_a_file_and_to_tango(hub: MakeHub, write: Write, tmp_path: Path) -> None:
    write("talking", "INTERVAL = 0.1\ndef work(agent):\n    agent.log.warning('Grüße 温 %s', 1)\n    return {'x': 1}\n")
    server = hub()
    server.proxy.set_logging_level(3)  # warnings; without a property of the device it is off
    server.proxy.add_logging_target(f"file::{tmp_path / 'tango.log'}")
    wait_for(lambda: "Grüße 温 1" in server.log())
    file = server.settings.state_folder / "logs" / f"{server.settings.instance}.log"
    wait_for(lambda: "Grüße 温 1" in file.read_text(encoding="utf-8"))
    wait_for(lambda: (tmp_path / "tango.log").exists() and "Grüße Wen 1" in (tmp_path / "tango.log").read_text())


SOURCE = """
from WardenServer.agent import Value
INTERVAL = 0.1
FIELDS = {"x": {"unit": "mm", "label": "Position", "max_alarm": 3}}
def work(agent):
    return {"x": 5.5, "y": Value(7, quality="WARNING", timestamp=1.5e9, properties={"unit": "kV"})}
"""
COPY = """
INTERVAL = 0.1
ISOLATE = {apart}
def work(agent):
    readings = agent.read("{device}", ["source_x", "source_y"])
    return readings | {{"double": readings["source_x"] * 2}}
"""


@pytest.mark.parametrize("apart", [False, True])
def test_the_quality_time_and_properties_of_a_source_are_those_of_the_copy(
    hub: MakeHub, write: Write, apart: bool
) -> None:
    write("source", SOURCE)
    server = hub()
    server.wait_valid("source_x")
    write("copy", COPY.format(apart=apart, device=server.device))
    server.proxy.Reload()
    server.wait_valid("copy_double")
    x, y, double = server.proxy.read_attributes(["copy_source_x", "copy_source_y", "copy_double"])
    assert (x.value, x.quality) == (5.5, tango.AttrQuality.ATTR_ALARM)
    assert (y.value, y.quality, y.time.totime()) == (7, tango.AttrQuality.ATTR_WARNING, 1.5e9)
    assert (double.value, double.quality) == (11.0, tango.AttrQuality.ATTR_VALID)
    config = server.proxy.get_attribute_config_ex("copy_source_x")[0]
    assert (config.unit, config.label, float(config.alarms.max_alarm)) == ("mm", "Position", 3.0)
    key = server.settings.fields_key
    found = server.wait_document(key, "copy.source_x")["copy.source_x"]
    assert found == {
        "agent": "copy", "key": "copy", "field": "source_x", "attribute": "copy_source_x", "type": "float",
        "unit": "mm", "label": "Position", "max_alarm": 3.0, "doc": "x of agent source", "quality": "ALARM",
    }  # fmt: skip
    assert server.document(key)["copy.source_y"]["unit"] == "kV"


def test_an_agent_is_asked_from_the_command_line(hub: MakeHub, write: Write) -> None:
    write("jobs", "INTERVAL = 1\ndef work(agent): return {}\ndef answer(agent, request): return {'got': request}\n")
    server = hub()
    environment = clean_environment(TANGO_HOST=server.database, WARDEN_CONFIG=str(server.file))
    command = [sys.executable, "-m", "WardenServer", "ask", "-i", server.settings.instance]

    def ask(*words: str) -> tuple[int, str, str]:
        done = subprocess.run([*command, *words], capture_output=True, text=True, env=environment, timeout=30)
        return done.returncode, done.stdout, done.stderr

    assert ask("jobs", '{"priority": 3}') == (0, '{"got": {"priority": 3}}\n', "")
    assert ask("jobs") == (0, '{"got": null}\n', "")
    code, _, said = ask("nobody", "1")
    assert (code, said) == (1, 'warden: there is no agent "nobody"; loaded are: jobs\n')


def test_events_go_out_while_an_agent_is_asked_that_does_not_answer_soon(
    hub: MakeHub, write: Write, events: type[Events]
) -> None:
    write("busy", """
import time
INTERVAL = 1
def work(agent): return {}
def answer(agent, request): time.sleep(2)
""")
    write("counter", COUNTER)
    server = hub()
    server.wait_valid("counter_n")
    with events(server.proxy, "counter_n") as got:
        wait_for(lambda: got.values)
        before = len(got.got)
        assert server.proxy.AskAgent(["busy", "1"]) == '{"queued": true}'
        assert len(got.got) > before + 3
        assert got.errors == []
