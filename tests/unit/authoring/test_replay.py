"""Old and new code over the same recorded events, by the command line."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from WardenServer.cli.commands import main

SUM = """
class Sum:
    name = "{name}"
    def __init__(self, scale=1):
        self.scale, self.total = scale, 0
    def event(self, event):
        {event}
    def sample(self):
        return {{"total": self.scale * self.total, "nan": float("nan")}}
"""
Write = Callable[..., Path]


class Place:
    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.setenv("WARDEN_CONFIG", str(self.write("warden.toml", "")))
        self.write("events", "".join(json.dumps({"x": number}) + "\n" for number in range(2500)))
        self.sum("old.py")
        self.sum("new.py")

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def sum(self, file: str, event: str = 'self.total += event["x"]', name: str = "sum") -> None:
        self.write(file, SUM.format(event=event, name=name))

    def replay(self, *words: str, events: str = "events") -> Result:
        old, new = str(self.folder / "old.py"), str(self.folder / "new.py")
        return CliRunner().invoke(main, ["stream", "replay", str(self.folder / events), "--against", old, new, *words])

    def report(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.replay("--json", *words).stdout)
        return found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


def test_the_same_code_gives_the_same(place: Place) -> None:
    done = place.replay()
    assert (done.exit_code, done.stdout) == (0, "3 of 3 samples are the same, over 2500 events\n")


def test_where_they_differ_is_shown(place: Place) -> None:
    place.sum("new.py", 'self.total += event["x"] + (event["x"] == 1500)')
    done = place.replay()
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "sample 2 (event 2000), sum.total: 1999000 → 1999001 (+5e-05 %)",
        "sample 3 (event 2500), sum.total: 3123750 → 3123751 (+3.2e-05 %)",
        "1 of 3 samples are the same, over 2500 events",
    ]
    report = place.report("--every", "500")
    assert (report["samples"], report["same"], report["events"]) == (5, 3, 2500)
    assert [each["sample"] for each in report["differences"]] == [4, 5]
    assert report["differences"][0]["field"] == "total"
    assert place.replay("--tolerance", "1e-3").exit_code == 0


def test_one_processor_each_is_compared_whatever_its_name(place: Place) -> None:
    place.sum("new.py", name="better")
    assert place.replay().exit_code == 0
    place.write("new.py", (place.folder / "new.py").read_text() + SUM.format(name="more", event="pass"))
    fields = [(each["processor"], each["field"]) for each in place.report()["differences"]]
    assert set(fields) == {("sum", ""), ("better", ""), ("more", "")}


def test_settings_are_those_of_the_configuration(place: Place) -> None:
    place.write("warden.toml", "[agents.sum]\nscale = 3\n[agents.better]\nscale = 4\n")
    place.sum("new.py", name="better")
    (first, *_) = place.report("--every", "2500")["differences"]
    assert (first["old"], first["new"]) == (3 * 3123750, 4 * 3123750)


@pytest.mark.parametrize("every", [1, 7, 1000, 1024, 2500, 5000])
def test_batches_give_the_same_as_single_events(place: Place, every: int) -> None:
    text = SUM.format(name="sum", event="self.total += int(batch['x'].sum())")
    place.write("new.py", text.replace("def event(self, event)", "def events(self, batch)"))
    place.write("events", "".join((place.folder / "events").read_text().splitlines(keepends=True)[:2048]))
    assert place.report("--every", str(every))["differences"] == []


def test_several_events_in_a_line_bytes_and_lines_that_are_none(place: Place) -> None:
    place.write("events", '[{"x": 1}, {"x": 2}]\n\nnonsense\n{"x": 3}\n')
    done = place.replay("--every", "1")
    assert done.stdout == "3 of 3 samples are the same, over 3 events; 1 lines were no JSON\n"
    (place.folder / "b.gz").write_bytes(gzip.compress(b'{"raw": "AAE="}\n'))
    place.sum("old.py", "self.total += sum(event)")
    place.sum("new.py", "self.total += 1 if event == bytes([0, 1]) else 0")
    assert place.replay(events="b.gz").exit_code == 0


def test_without_events_they_are_still_sampled(place: Place) -> None:
    place.write("events", "")
    assert place.replay().stdout == "1 of 1 samples are the same, over 0 events\n"


def test_code_that_changes_its_events_does_not_change_those_of_the_other(place: Place) -> None:
    place.sum("old.py", "event['x'] += 1; self.total += event['x'] - 1")
    assert place.replay().exit_code == 0


def test_what_raises_is_a_difference(place: Place) -> None:
    place.sum("new.py", "self.total += event['x'] if event['x'] < 1500 else event['y']")
    first, *_ = place.report()["differences"]
    assert (first["sample"], first["field"]) == (2, "total")
    assert "event failed" in {each["field"] for each in place.report()["differences"]}
    place.sum("old.py", "self.total += event['x'] if event['x'] < 1500 else event['y']")
    assert place.replay().exit_code == 0
    place.sum("new.py", "raise __import__('WardenServer.processor', fromlist=['x']).ProcessorAbort('x')")
    assert place.replay().exit_code == 1


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("x = 1\n", "has no processor; write classes with a name"),
        ("1 / 0\nclass A:\n    name = 'a'\n    def sample(self): pass\n", "new.py:1: ZeroDivisionError"),
        ("class A:\n    name = 'a'\n", "class A has no sample(self)"),
        ("class A:\n    name = 'a'\n    def __init__(self, x): pass\n    def sample(self): 1\n", "needs the setting x"),
        ("class A:\n    name = 'a'\n    def __init__(self): 1 / 0\n    def sample(self): pass\n", "ZeroDivisionError"),
    ],
)
def test_what_cannot_be_compared_is_wrong_usage(place: Place, new: str, said: str) -> None:
    place.write("new.py", new)
    done = place.replay()
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_files_that_are_not_there_are_wrong_usage(place: Place) -> None:
    done = place.replay(events="none")
    assert done.exit_code == 2
    assert "none cannot be read (No such file or directory)" in done.stderr
    (place.folder / "old.py").unlink()
    assert place.replay().exit_code == 2


def test_a_file_that_the_hub_would_refuse_is_named(place: Place) -> None:
    (place.folder / "new.py").chmod(0o666)
    done = place.replay()
    assert done.exit_code == 0
    assert "Warning: the hub refuses it" in done.stderr
