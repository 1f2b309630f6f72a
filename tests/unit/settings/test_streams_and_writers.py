"""The tables [streams.NAME] and [writers.NAME]: what they say is read, and every mistake is named with its cure."""

import json
from pathlib import Path

import pytest

from WardenServer.errors import SettingError
from WardenServer.settings import config, masking, settings_view
from WardenServer.settings.streams import Stream
from WardenServer.settings.writers import Writer

GOOD = """
[streams.daq]
reader = "zeromq"
addresses = ["tcp://127.0.0.1:5024"]
full = "block"
memory = "1 GB"
[streams.poll]
[writers.archive]
writer = "couchdb"
url = "http://daq:very%20secret@127.0.0.1:5984"
database = "daq"
agents = ["rate", "spectrum"]
[writers.file]
writer = "json_lines"
agents = "*"
[writers.terminal]
writer = "print"
"""


def load(tmp_path: Path, text: str) -> config.Settings:
    path = tmp_path / "warden.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(path, {})


def test_good_ones(tmp_path: Path) -> None:
    read = load(tmp_path, GOOD)
    addresses = {"addresses": ["tcp://127.0.0.1:5024"]}
    assert read.streams["daq"] == Stream("daq", "zeromq", addresses, full="block", memory=10**9)
    assert read.streams["poll"] == Stream("poll")
    assert read.writers["archive"].agents == ("rate", "spectrum")
    assert read.writers["archive"].options.keys() == {"url", "database"}
    assert read.writers["file"] == Writer("file", "json_lines", ("*",))
    assert read.writers["terminal"] == Writer("terminal", "print")


def test_there_are_none_unless_they_are_said() -> None:
    assert (config.Settings().streams, config.Settings().writers) == ({}, {})


def test_passwords_are_seen_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read = load(tmp_path, GOOD)
    settings_view.show(read)
    shown = capsys.readouterr().out
    texts = [shown, json.dumps(settings_view.as_dict(read)), repr(read), masking.mask("said very%20secret to it")]
    assert [text for text in texts if "very%20secret" in text] == []


def test_they_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read = load(tmp_path, GOOD)
    settings_view.show(read)
    shown = capsys.readouterr().out
    assert "Streams: daq, poll\n    daq: reader = zeromq, queue = 100000, full = block" in shown
    assert "    terminal: writer = print, agents = []" in shown
    said = settings_view.as_dict(read)["writers"]["value"]
    assert said["archive"]["writer"] == "couchdb"
    assert said["archive"]["url"] == "http://daq:***@127.0.0.1:5984"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("writers = 3", "writers is 3; write tables such as [writers.archive]"),
        ("[writers]\nx = 3", "writers.x is 3; write a table [writers.x]"),
        ("[writers.'a b']\nwriter = 'print'", 'writer "a b"; write a name of letters'),
        ("[writers.x]\npath = 'a'", '[writers.x]: has no writer; write how it writes, such as writer = "json_lines"'),
        ("[writers.x]\nwriter = 3", "[writers.x]: writer is 3; write how"),
        ("[writers.x]\nwriter = ''", "[writers.x]: writer is ''; write how"),
        ("[writers.x]\nwriter = 'print'\nagents = 3", "[writers.x]: agents is 3; write a list of texts"),
        ("[writers.x]\nwriter = 'print'\nagents = ['*', 'a']", '; write "*" for all agents, or names'),
        ("streams = 3", "streams is 3; write tables such as [streams.daq]"),
        ("[streams]\nx = 3", "streams.x is 3; write a table [streams.x]"),
        ("[streams.'a b']", 'stream "a b"; write a name of letters'),
        ("[streams.x]\nfull = 'newer'", "[streams.x]: full is 'newer'; write \"oldest\" or \"newest\" or \"block\""),
        ("[streams.x]\nqueue = 0", "[streams.x]: queue is 0; write a number of events, 1 or more"),
        ("[streams.x]\nmemory = 'much'", "[streams.x]: memory is 'much'; write a size"),
        ("[streams.x]\nread = 'zeromq'", '[streams.x]: unknown setting "read"; did you mean "reader"?'),
        ("[streams.x]\npath = 'a'", '; add reader = "..." if events are to be read'),
    ],
)
def test_mistakes(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingError) as refused:
        load(tmp_path, text)
    assert said in str(refused.value)
    assert str(tmp_path / "warden.toml") in str(refused.value)
