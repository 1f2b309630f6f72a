"""Plugin files of P02.2: a corpus, one for each defect of the original, converted where it is Python 2, and run."""

import gc
import logging
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fake import FakeClock
from WardenServer.authoring import port
from WardenServer.errors import NoData, Unreachable, WardenError
from WardenServer.loading import loader
from WardenServer.loading.contract import Contract
from WardenServer.results.board import Board
from WardenServer.results.event import Severity
from WardenServer.running.runner import Runner
from WardenServer.running.scheduler import next_due
from WardenServer.servers import documents, tango_reading
from WardenServer.settings.config import Settings
from WardenServer.sinks.memcached import Memcached

CORPUS = Path(__file__).parent / "p02_files"
#: Read as text: of the files in Python 2, what a person must look at, by a word of the line.
PYTHON_2 = {
    "py2_message": {"e.message": "e.message does not exist any more"},
    "py2_none": {"current <= 20": "None was smaller", "sorted([current, 3])": "None among numbers"},
    "py2_division": {"ticks / 2": "write //", "half /= 3": "write //", "round(half)": "even neighbour"},
    "py2_bytes": {
        "urlopen": "bytes and text", "isinstance(answer, str)": "text only", "decode": "bytes and text",
        "unpack(": "bytes and text", '"wb"': "bytes and text",
    },
    "py2_syntax": {},
    "py2_windows": {"WindowsError": "not there on Linux", "cmp(1, 2)": "cmp does not", "print(error)": "is gone after"},
    "py2_gone": {
        "import memcache": "not needed", "__cmp__": "not called", "string.split": "does not exist",
        "clock.clock": "does not exist", "string.letters": "does not exist",
    },
    "py2_print_function": {},
    "py2_tabs": {"value = 2": "tabs and blanks"},
    "py2_latin1": {"Grüße": "was bytes"},
    "py2_no_encoding": {"import *": "read as Latin-1"},
}  # fmt: skip
PYTHON_3 = sorted(path.stem for path in CORPUS.glob("*.py") if not path.stem.startswith(("py2_", "neither")))
REFUSED = {
    "part_of_a_tick": "TICKTACK is 0.1; write a whole number of ticks of 0.1 s, at least 1",
    "part_of_an_offset": "TICKTACK_OFFSET is 0.5, with which the original never ran it",
    "raises_at_import": ":15: RuntimeError at import: the network is not up",
    "no_work": "has TICKTACK and no function work",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "plugins"
    made.mkdir(mode=0o755)
    return made


@pytest.fixture(autouse=True)
def others(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is in Memcached, and a device: no server is asked."""
    held: dict[str, Any] = {}
    monkeypatch.setattr(documents, "read", lambda keys: {key: held[key] for key in keys if key in held})
    monkeypatch.setattr(documents, "use", lambda settings: None)

    def read(device: str, attributes: list[str]) -> tuple[Any, list[Any]]:
        import tango

        values = {"Position": 1.5, "State": tango.DevState.ON}
        return tango.DevState.ON, [values.get(name) for name in attributes]

    monkeypatch.setattr(tango_reading, "state_and_values", read)
    return held


Load = Callable[..., Contract]
KEY = "P022.EH2.Tango.thing.state"


@pytest.fixture
def load(folder: Path) -> Iterator[Load]:
    loaded = []

    def load_one(name: str, **settings: Any) -> Contract:
        path = folder / f"{name}.py"
        if not path.exists():
            shutil.copy(CORPUS / path.name, path)
            path.chmod(0o644)
        found = loader.load(Settings(plugin_folders=(folder,), shipped=False, **settings))
        loaded.append(found)
        assert name in found.contracts, found.refused
        return found.contracts[name]

    yield load_one
    loaded.clear()


def run(contract: Contract, times: int = 1) -> tuple[Board, Runner]:
    board = Board()
    runner = Runner(contract, board, FakeClock())
    for _ in range(times):
        runner.run_once()
    return board, runner


def written(board: Board) -> dict[str, tuple[bytes, int]]:
    """What Memcached would get."""
    sink = Memcached(Settings())
    found = {}
    keys = board.keys()
    for key in keys:
        encoded, how = sink._encode(key, board.parts(key))
        if how.life >= 0:
            found[key] = encoded, how.flags
    return found


@pytest.mark.parametrize("name", PYTHON_2)
def test_python_2_is_converted_and_what_changes_its_meaning_is_listed(name: str, folder: Path, load: Load) -> None:
    made = port.port(CORPUS / f"{name}.py")
    compile(made.text, name, "exec")
    lines = made.text.splitlines()
    for word, said in PYTHON_2[name].items():
        found = [text for number, text in made.look if word in lines[number - 1]]
        assert any(said in text for text in found), (word, made.look)
    assert len(made.look) == len(PYTHON_2[name]), "nothing is listed that needs no look"
    (folder / f"{name}.py").write_text(made.text, encoding="utf-8")
    contract = load(name)
    assert (contract.interval_ticks, contract.offset_ticks) == (30, 35)
    run(contract)


@pytest.mark.parametrize("name", PYTHON_3)
def test_python_3_is_left_as_it_is(name: str) -> None:
    assert port.port(CORPUS / f"{name}.py").changes == []


def test_every_file_is_tried_in_one_of_these_tests() -> None:
    files = {path.stem for path in CORPUS.glob("*.py")}
    assert len(files) >= 20
    assert files == {*PYTHON_2, *PYTHON_3, "neither"}


def test_what_is_no_python_at_all_is_named_by_line() -> None:
    with pytest.raises(WardenError, match=r"neither.py:16: 'if True' is neither Python 2 nor 3; correct the line"):
        port.port(CORPUS / "neither.py")


def test_python_2_in_the_folder_is_refused_with_the_cure(folder: Path) -> None:
    shutil.copy(CORPUS / "py2_message.py", folder / "py2_message.py")
    (folder / "py2_message.py").chmod(0o644)
    refused = loader.load(Settings(plugin_folders=(folder,), shipped=False)).refused
    assert "py2_message.py:20: not valid Python" in refused["py2_message"]
    assert f"convert it: warden port {folder}/py2_message.py" in refused["py2_message"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_run_is_refused_and_the_others_run(name: str, folder: Path) -> None:
    for each in (name, "single_server"):
        shutil.copy(CORPUS / f"{each}.py", folder / f"{each}.py")
        (folder / f"{each}.py").chmod(0o644)
    loaded = loader.load(Settings(plugin_folders=(folder,), shipped=False))
    assert REFUSED[name] in loaded.refused[name]
    assert list(loaded.contracts) == ["single_server"]


def test_one_start_per_due_tick_first_at_offset_and_interval(load: Load) -> None:
    contract = load("double_start")
    due = [tick for tick in range(40) if next_due(tick - 1, contract.offset_ticks, contract.interval_ticks) == tick]
    assert due == [16, 26, 36]
    contract = load("double_start", original=True)
    due = [tick for tick in range(40) if next_due(tick - 1, contract.offset_ticks, contract.interval_ticks) == tick]
    assert due == [6, 16, 26, 36], "as it happened in the original"
    assert load("counter_reset").interval_ticks == 12_000


def test_a_document(load: Load) -> None:
    board, _ = run(load("double_start"))
    encoded, flags = written(board)["P022.thing"]
    result = board.result("double_start")
    assert result is not None and flags == 0
    assert encoded == b'{"Position": 1.5, "timestamp": %s}' % repr(result.timestamp).encode()
    assert list(result.fields) == ["Position"]
    assert list(written(board)) == ["P022.thing"]


def test_plain_keys_in_the_wire_forms_of_the_original(load: Load) -> None:
    board, _ = run(load("starter"))
    found = written(board)
    root = "P022.tango.starter.oh1"
    assert found[f"{root}.RunningServers"] == (b"TangoTest/1%ZMX/EH2A", 0)
    assert found[f"{root}.StoppedServers"] == (b"", 0)
    stamp, flags = found[f"{root}.RunningServers.timestamp"]
    assert stamp.startswith(b"F1") and stamp.endswith(b"\n.") and flags == 1
    assert f"{root}.Never" not in found
    assert "RunningServers" in board.result("starter").fields, "the attribute has a short name"  # type: ignore[union-attr]

    board, _ = run(load("single_server"))
    assert written(board) == {"P022.EH2.Tango.thing.state": (b"1", 2)}


def test_keys_of_all_types_from_any_thread(load: Load) -> None:
    board, _ = run(load("sets_from_a_thread"))
    found = written(board)
    assert found["P022.thing"] == (b"2.5 mm", 0)
    assert found["P022.bytes"] == ("Grüße".encode(), 0)
    assert "P022.nothing" not in found
    board, _ = run(load("own_modules"))
    assert written(board) == {"P022.thing": (b"F1.1\n.", 1), "P022.state": (b"ON", 0)}


def test_a_bad_attribute_costs_what_the_file_makes_of_it(load: Load) -> None:
    board, _ = run(load("one_bad_attribute"))
    fields = board.result("one_bad_attribute").fields  # type: ignore[union-attr]
    assert fields == {"Position": None, "Gone": None, "State": None}


def test_what_the_file_left_locked_costs_that_run_only(load: Load) -> None:
    board, runner = run(load("stays_locked"))
    assert "before the lock is let go" in board.result("stays_locked").error  # type: ignore[union-attr, operator]
    runner.run_once()
    assert written(board)["P022.thing"] == (b"2", 2)


def test_a_missing_message_tells_what_was_caught(load: Load, folder: Path) -> None:
    (folder / "py2_message.py").write_text(port.port(CORPUS / "py2_message.py").text)
    board, runner = run(load("py2_message"), 2)
    error = board.result("py2_message").error  # type: ignore[union-attr]
    assert error is not None and "line 19: ValueError: first (e.message is not in Python 3" in error
    assert runner.record.failures == 2, "it is not locked for ever"


def test_no_file_of_others_is_touched(load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    foreign = Path(tempfile.gettempdir()) / f"{tmp_path.name}.lock"
    foreign.touch()
    try:
        board, _ = run(load("unlocks_all"))
        assert foreign.exists()
        assert written(board)["P022.thing"] == (b"0", 2)
    finally:
        foreign.unlink()
    assert [path.name for path in (tmp_path / "plugins").iterdir() if path.name != "__pycache__"] == ["unlocks_all.py"]


def test_log_objects_write_to_the_hubs_log(load: Load, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    before = len(logging.getLogger().handlers)
    board, _ = run(load("logs"))
    assert written(board)["P022.thing"] == (str(before).encode(), 2), "no handlers are added"
    warned = [each.getMessage() for each in caplog.records if each.name == "warden.agent.logs"]
    assert warned == ["Grüße 0", "Grüße 1", "Grüße 2", "there is no setting speed; 3 is used"]
    assert {each.levelname for each in caplog.records if "Grüße" in each.getMessage()} == {"WARNING"}


def test_a_value_of_another_type_costs_that_run_and_is_never_pickled(load: Load) -> None:
    board, _ = run(load("pickles"))
    error = board.result("pickles").error  # type: ignore[union-attr]
    assert error is not None and "set_key('P022.thing') got a list; give text, a number or a bool" in error
    assert written(board).keys() == {"pickles"}


def test_an_exit_costs_that_run(load: Load) -> None:
    board, _ = run(load("exits"))
    assert "work calls sys.exit()" in board.result("exits").error  # type: ignore[union-attr, operator]


def test_setup_refuses_by_a_name_error(load: Load) -> None:
    board, _ = run(load("setup_refuses"))
    error = board.result("setup_refuses").error  # type: ignore[union-attr]
    assert error is not None and "its setup refuses what the file says (name 'TANGO_ATTR' is not defined)" in error


def test_a_page_without_the_values_that_are_none(load: Load) -> None:
    board, _ = run(load("page"))
    found = written(board)
    assert found.pop("P022.vacuum.dcm.timestamp")[1] == 1
    assert found == {
        "P022.vacuum.dcm.a": (b"5", 0),
        "P022.vacuum.dcm.d": (b"localhost:8080/web2cToolkit/icons/green.jpg", 0),
        "P022.vacuum.dcm.e": (b"gjpg", 0),
    }


def test_a_check_reads_keys_and_tells_once(load: Load, others: dict[str, Any], folder: Path) -> None:
    (folder / "required.conf").write_text("# needed\nTangoTest/1\nZMX/EH2A\n\nZMX/EH2A\n")
    others["P022.tango.starter.oh1.RunningServers"] = "TangoTest/1%Other/1"
    contract = load("check_starters")
    board, runner = run(contract)
    assert written(board)["P022.tango.starter.check"] == (b'{"servers": ["ZMX/EH2A"], "new": true, "errors": 1}', 0)
    events = board.result("check_starters").events  # type: ignore[union-attr]
    assert [(each.text, each.severity) for each in events] == [("crashed: ['ZMX/EH2A']", Severity.WARNING)]
    runner.run_once()
    assert board.result("check_starters").events == ()  # type: ignore[union-attr]


def test_a_device_that_is_away(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (Unreachable("device p02/fake/1 does not answer"), NoData("no Tango database")):

        def read(device: str, attributes: list[str], error: Exception = error) -> Any:
            raise error

        monkeypatch.setattr(tango_reading, "state_and_values", read)
        board, _ = run(load("single_server"))
        assert written(board)["P022.EH2.Tango.thing.state"] == (b"0", 2)


def test_the_modules_of_old_code_are_taken_down_with_it(folder: Path) -> None:
    shutil.copy(CORPUS / "double_start.py", folder / "double_start.py")
    (folder / "double_start.py").chmod(0o644)
    before = set(sys.modules)
    loaded = loader.load(Settings(plugin_folders=(folder,), shipped=False))
    run(loaded.contracts["double_start"])
    assert any(name.endswith(".app.this_run") for name in set(sys.modules) - before)
    loaded.contracts.clear()
    gc.collect()
    assert not any(name.endswith(".app.this_run") for name in set(sys.modules) - before)


@pytest.mark.parametrize("key", ["a b", "x" * 300, "warden.local", "\n"])
def test_a_key_that_memcached_cannot_have_costs_that_run(key: str, folder: Path, load: Load) -> None:
    text = (CORPUS / "single_server.py").read_text()
    (folder / "bad.py").write_text(text.replace("set_key(ROOT_REF", f"set_key({key!r}"))
    board, runner = run(load("bad"))
    error = board.result("bad").error  # type: ignore[union-attr]
    assert error is not None and "has a place whose key" in error
    assert written(board).keys() == {"bad"}
    runner.run_once()
    assert runner.record.failures == 2


def test_a_key_that_held_text_may_hold_a_document_next_time(folder: Path, load: Load) -> None:
    text = (CORPUS / "double_start.py").read_text().partition("def work")[0]
    body = "RUNS = []\n\ndef work(unlock=False):\n    RUNS.append(1)\n    if len(RUNS) % 2:\n"
    body += "        set_key('K', 'x')\n    else:\n        dict2json('K', {'a': 1})\n"
    (folder / "both.py").write_text(text + body)
    board, runner = run(load("both"))
    assert written(board)["K"] == (b"x", 0)
    runner.run_once()
    assert written(board)["K"][0].startswith(b'{"a": 1, ')
    runner.run_once()
    assert written(board)["K"] == (b"x", 0)


def test_a_key_of_another_agent_is_refused_and_that_one_goes_on(folder: Path, load: Load) -> None:
    board = Board()
    first, second = load("single_server"), load("double_start")
    (folder / "thief.py").write_text((CORPUS / "double_start.py").read_text().replace("P022.thing", KEY))
    Runner(first, board, FakeClock()).run_once()
    thief = Runner(load("thief"), board, FakeClock())
    thief.run_once()
    assert "is filled by agent single_server already" in str(board.result("thief").error)  # type: ignore[union-attr]
    assert written(board)[KEY] == (b"1", 2)
    assert second is not None and thief.record.failures == 1


def test_two_agents_do_not_share_what_they_set(load: Load, folder: Path) -> None:
    text = (CORPUS / "single_server.py").read_text()
    (folder / "other.py").write_text(text.replace("thing.state", "other.state"))
    first, second = load("single_server"), load("other")
    run(first)
    board, _ = run(second)
    assert written(board) == {"P022.EH2.Tango.other.state": (b"1", 2)}
