"""`warden try` and `warden check`: what they find in a file, without Tango and Memcached."""

import json
import logging
import math
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from WardenServer.authoring import trial
from WardenServer.errors import PluginError, WardenError
from WardenServer.settings.config import Settings

GOOD = "INTERVAL = 0.1\ndef work(agent):\n    return {'x': 1}\n"

Write = Callable[..., Path]
MakeSettings = Callable[..., Settings]


def returning(value: str, head: str = "") -> str:
    return f"{head}\nINTERVAL = 0.1\ndef work(agent):\n    return {value}\n"


def test_a_good_file_keeps_the_contract(write: Write, settings: MakeSettings) -> None:
    assert trial.check(settings(), write("good", GOOD)) == []


PROBLEMS = {
    "syntax": ("def work(agent:\n", "problem.py:1: not valid Python"),
    "raises": (returning("1 / 0"), "problem.py:4: ZeroDivisionError: division by zero"),
    "exits": (returning("exit(3)"), "problem.py:4: work calls sys.exit()"),
    "value": (returning("{'x': {1}}"), 'field "x" is a set'),
    "nan": (returning("{'x': float('nan')}"), 'field "x" is NaN or infinite'),
    "type": (returning("{'x': 'text' if agent.last else 1}"), 'field "x" was int and is now str; return one type'),
    "name": (returning("{'two words': 1}"), 'field "two words" becomes the attribute problem_two_words'),
    "case": (returning("{'A': 1, 'a': 2}"), 'fields "A" and "a" would be the same attribute'),
    "long name": (returning("{'n' * 300: 1}"), "has 300 characters: too long for a Tango attribute"),
    "size": (returning("{'x': 'x' * 999_999, 'y': 'x' * 999_999}"), "has 2000016 bytes; Memcached takes 1048376"),
    "not returned": (returning("{'x': 1}", "FIELDS = {'y': {}}"), 'FIELDS names "y", which work does not return'),
    "save alone": (GOOD + "def save():\n    return 1\n", "save and load come together; add the other"),
    "load alone": (GOOD + "def load(state):\n    pass\n", "save and load come together; add the other"),
    "state": (GOOD + "def save():\n    return 1\ndef load(state):\n    state['x']\n", "load cannot take what save"),
    "setup": (GOOD + "def setup(agent):\n    raise OSError('no gateway')\n", "OSError: no gateway"),
    "setting": (returning("{'x': 1}", "SETTINGS = {'device': ...}"), "needs the setting device; give it in [agents."),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_is_found_and_said_once(name: str, write: Write, settings: MakeSettings) -> None:
    text, said = PROBLEMS[name]
    found = trial.check(settings(), write("problem", text))
    assert [said in sentence for sentence in found] == [True], found


def test_a_run_that_is_too_slow_for_its_interval(write: Write, settings: MakeSettings) -> None:
    slow = write("slow", "import time\nINTERVAL = 0.1\ndef work(agent):\n    time.sleep(0.15)\n    return {'x': 1}\n")
    assert "longer than INTERVAL 0.1 s: runs will be skipped" in trial.check(settings(), slow)[0]


def test_a_run_that_does_not_end_is_left_after_its_timeout(write: Write, settings: MakeSettings) -> None:
    text = "INTERVAL = 0.1\nTIMEOUT = 0.2\ndef work(agent):\n    agent.stopping.wait(20)\n    return {'x': 1}\n"
    path = write("hangs", text)
    [sentence] = trial.check(settings(), path)
    assert sentence.startswith(f"{path}: work has not ended after TIMEOUT (0.2 s): it is at ")
    assert f"{path}:4" in sentence


def test_a_close_that_fails_is_found(write: Write, settings: MakeSettings) -> None:
    path = write("problem", GOOD + "def setup(agent): pass\ndef close(agent):\n    raise OSError('still open')\n")
    assert any("still open" in sentence for sentence in trial.check(settings(), path))


@pytest.mark.parametrize("name", ["none.py", "text.txt", "folder.py"])
def test_what_is_no_plugin_file_is_said(name: str, folder: Path, settings: MakeSettings) -> None:
    (folder / "text.txt").touch()
    (folder / "folder.py").mkdir()
    [sentence] = trial.check(settings(), folder / name)
    assert sentence == f"{folder / name} is no plugin file; name a file that ends in .py"


def test_a_file_is_named_by_its_whole_path(
    write: Write, settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("bad", "def work(agent:\n")
    monkeypatch.chdir(path.parent)
    with pytest.raises(PluginError, match=f"^{path}:1: "):
        trial.load(settings(), Path("bad.py"))


def test_settings_of_the_agent_are_taken(write: Write, settings: MakeSettings) -> None:
    path = write(
        "reader", "SETTINGS = {'device': ...}\nINTERVAL = 1\ndef work(agent):\n    return dict(agent.settings)\n"
    )
    made = replace(settings(), agents={"reader": {"device": "a/b/c", "interval": 0.2, "key": "K"}})
    [run] = trial.runs(trial.load(made, path), 1)
    assert run.document["device"] == "a/b/c"
    assert (run.result.key, trial.load(made, path).interval) == ("K", 0.2)
    with pytest.raises(WardenError, match="needs the setting device"):
        trial.load(settings(), path)


def test_runs_come_at_the_interval_with_one_setup_and_one_close(
    write: Write, settings: MakeSettings, tmp_path: Path
) -> None:
    text = f"""
INTERVAL = 0.2
seen = []
def setup(agent): seen.append("setup")
def work(agent):
    seen.append("work")
    return {{"last": agent.last.get("n"), "n": len(seen)}}
def close(agent):
    __import__("pathlib").Path({str(tmp_path / "seen")!r}).write_text(" ".join(seen))
"""
    done = list(trial.runs(trial.load(settings(), write("counting", text)), 3))
    assert [run.document["n"] for run in done] == [2, 3, 4]
    assert [run.document["last"] for run in done] == [None, 2, 3]
    stamps = [run.result.timestamp for run in done]
    assert stamps[2] - stamps[0] == pytest.approx(0.4, abs=0.1)
    assert (tmp_path / "seen").read_text() == "setup work work work"


def test_who_looks_at_one_run_only_has_it_closed_too(write: Write, settings: MakeSettings, tmp_path: Path) -> None:
    close = f"def close(agent): __import__('pathlib').Path({str(tmp_path / 'c')!r}).touch()\n"
    path = write("closing", GOOD + "def setup(agent): pass\n" + close)
    running = trial.runs(trial.load(settings(), path), 5)
    next(running)
    running.close()  # type: ignore[attr-defined]
    assert (tmp_path / "c").exists()


def test_no_data_is_no_failure(write: Write, settings: MakeSettings, capsys: pytest.CaptureFixture[str]) -> None:
    path = write("shut", "from WardenServer import NoData\n" + returning("{'x': NoData('shut')}"))
    assert trial.check(settings(), path) == []
    assert trial.show(settings(), path, 1, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["document"]["reason"] == "shut"


def test_what_is_shown_for_people(write: Write, settings: MakeSettings, capsys: pytest.CaptureFixture[str]) -> None:
    text = returning(
        "{'Current': 1.5, 'Two words': [1, 2], 'none': None, 'n' * 200: 1, 'nan': float('nan'), 'T': '20 °C [red]'}",
        "FIELDS = {'Current': {'unit': 'mA'}, 'Gate': {'dtype': 'bool'}, 'none': {'dtype': 'int', 'dims': 1}}",
    )
    path = write("ring", text)
    assert trial.show(settings(), path, 2, as_json=False) == 0
    said = capsys.readouterr().out
    assert f"{path}: every 0.1 s, key ring, 2 run(s)" in said
    assert "Run 1, " in said
    assert "Run 2, " in said
    assert '"Current": 1.5' in said
    assert '"T": "20 °C [red]"' in said
    assert "ring_Current: float, mA" in said
    assert "ring_Two_words: spectrum of int" in said
    assert "ring_none: spectrum of int" in said
    assert "nnn: none: field" in said
    assert 'Warning: field "Two words" becomes the attribute ring_Two_words' in said
    assert 'ring.py: field "nan" is NaN' in said


def test_what_tango_shows_in_other_words_is_no_problem_but_is_said(
    write: Write, settings: MakeSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write("bridge", returning("{'R': 1.5}", "FIELDS = {'R': {'unit': 'Ω'}}"))
    notes: list[str] = []
    assert trial.check(settings(), path, notes) == []
    assert notes == ['field "R": its unit "Ω" is shown as "Ohm" in Tango, which has Latin-1 only']
    assert trial.show(settings(), path, 1, as_json=True) == 0
    assert f"Note: {notes[0]}" in capsys.readouterr().err


def test_what_is_shown_for_programs(write: Write, settings: MakeSettings, capsys: pytest.CaptureFixture[str]) -> None:
    path = write("half", returning("{'x': float('inf')} if not agent.last else 1 / 0"))
    assert trial.show(settings(), path, 2, as_json=True) == 1
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert first["document"]["x"] is None
    assert first["error"] is None
    assert first["warnings"] != []
    assert math.isfinite(first["seconds"])
    assert second["document"]["x"] is None
    assert second["error"] == second["document"]["error"]
    assert second["error"].startswith(f"{path}:4: ZeroDivisionError: division by zero; correct the file")


def test_an_isolated_agent_is_tried_in_its_own_process(write: Write, settings: MakeSettings) -> None:
    path = write(
        "apart", "import os\nISOLATE = True\nINTERVAL = 1\ndef work(agent):\n    return {'parent': os.getppid()}\n"
    )
    [run] = trial.runs(trial.load(settings(), path), 1)
    assert run.document["parent"] == os.getpid()


def test_an_isolated_file_that_needs_a_setting_leaves_no_process(write: Write, settings: MakeSettings) -> None:
    path = write("apart", "ISOLATE = True\nSETTINGS = {'device': ...}\n" + GOOD)
    before = set(psutil.Process().children())  # the session may have servers of its own
    with pytest.raises(WardenError, match="needs the setting device"):
        trial.load(settings(), path)
    assert set(psutil.Process().children()) <= before


def test_nothing_stays_of_a_file_that_was_tried(
    write: Write, settings: MakeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    path = write("good", GOOD)
    trial.check(settings(), path)
    before = len(sys.modules)
    for _ in range(3):
        trial.check(settings(), path)
    assert len(sys.modules) <= before + 2
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
