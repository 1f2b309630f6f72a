"""One plugin changes the process for all: the hub, its other agents and its files do not suffer, and it is named."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import MakeHub

VANDAL = """
import faulthandler, gc, locale, logging, os, pathlib, signal, socket, sys, warnings
INTERVAL = 0.1
def work(agent):
    if pathlib.Path(SWITCH).exists():
        os.umask(0o777)
        os.environ.clear()
        os.chdir("/")
        socket.setdefaulttimeout(0.0001)
        sys.setswitchinterval(1.0)
        gc.disable()
        sys.stdout.close()
        sys.stderr.close()
        faulthandler.disable()
        faulthandler.cancel_dump_traceback_later()
        locale.setlocale(locale.LC_ALL, "C.UTF-8")
        logging.disable(logging.CRITICAL)
        logging.getLogger("warden").handlers.clear()
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        warnings.simplefilter("error")
        pathlib.Path(SWITCH).unlink()
    return {"x": 1}
"""
READS = """
INTERVAL = 0.1
def work(agent):
    return {"state": agent.read(DEVICE, ["State"])["State"]}
"""
ISOLATED = "import os\nISOLATE = True\nINTERVAL = 0.1\ndef work(agent):\n    return {'path': os.environ['PATH']}\n"
NEW = "INTERVAL = 0.1\ndef work(agent):\n    return {'new': 1}\n"

Write = Callable[..., Path]


def test_a_plugin_that_changes_the_process_for_all(hub: MakeHub, write: Write, tmp_path: Path) -> None:
    switch = tmp_path / "switch"
    write("vandal", VANDAL.replace("SWITCH", repr(str(switch))))
    write("reads", READS.replace("DEVICE", "'sys/database/2'"))
    write("apart", ISOLATED)
    server = hub()
    for key, field in (("vandal", "x"), ("reads", "state"), ("apart", "path")):
        server.wait_document(key, field)
    server.wait_state("RUNNING")
    switch.touch()
    wait_for(lambda: not switch.exists())
    status = server.proxy.status
    wait_for(lambda: "os.umask was changed" in status(), what=server.log())
    said = status()
    for name in ("os.environ", "socket.setdefaulttimeout", "sys.setswitchinterval", "gc", "sys.stderr", "logging"):
        assert f"Note: {name} " in said, said
    assert "vandal" in said.split("os.umask was changed")[1].split("ran just before")[0]
    assert "apart" not in said.split("os.umask was changed")[1].split("ran just before")[0], "it cannot have been"
    write("later", NEW)
    server.proxy.Reload()
    server.wait_document("later", "new", 1)
    server.wait_valid("later_new")
    wait_for(lambda: server.document("reads").get("state") == "ON")
    assert server.document("apart")["path"]
    state = server.settings.state_folder
    fields = state / f"{server.settings.instance}-fields.json"
    wait_for(lambda: "later" in fields.read_text())
    for path in (fields, state / "logs" / f"{server.settings.instance}.log"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
    server.proxy.StopAgent("later")
    wait_for(lambda: "StopAgent 'later'" in server.log(), what="the log goes on")


def test_a_hang_is_noticed_also_after_a_plugin_has_switched_the_watchdog_off(
    hub: MakeHub, write: Write, tmp_path: Path
) -> None:
    switch, hang = tmp_path / "switch", tmp_path / "hang"
    write("vandal", VANDAL.replace("SWITCH", repr(str(switch))))
    write("hangs", f"""
import ctypes, pathlib
INTERVAL = 0.1
def work(agent):
    if pathlib.Path({str(hang)!r}).exists():
        ctypes.PyDLL(None).sleep(1000)
    return {{"x": 1}}
""")  # fmt: skip
    server = hub(hang_limit="2")
    server.wait_document("hangs", "x")
    switch.touch()
    wait_for(lambda: not switch.exists())
    wait_for(lambda: "gc was changed" in server.proxy.status())
    hang.touch()
    wait_for(lambda: not server.alive, 15, "for the end of the server that hangs")
    assert server.code == 1


@pytest.mark.parametrize("isolate", ["", "ISOLATE = True\n"])
def test_async_work_is_refused_with_the_way_to_do_it(hub: MakeHub, write: Write, isolate: str) -> None:
    path = write("waits", isolate + "INTERVAL = 1\nasync def work(agent):\n    return {'x': 1}\n")
    write("good", NEW)
    server = hub()
    status = server.wait_state("ALARM")
    line = 3 if isolate else 2
    assert f"{path}:{line}: work is async" in status
    assert "return asyncio.run(work_async(agent))" in status
    assert server.proxy.state() == tango.DevState.ALARM
    assert "RuntimeWarning" not in server.log()
