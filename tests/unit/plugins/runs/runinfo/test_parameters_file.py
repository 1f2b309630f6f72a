"""The parameters file: the form of CMS HCAL's, as people write it."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from WardenServer.errors import SettingError
from WardenServer.plugins.common.runs.runinfo import parameters_file
from WardenServer.plugins.common.runs.runinfo.parameters_file import Compared, ParametersFile, parse


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "diffed_parameters.txt"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("A:P", {"A": ["P"]}),
        ("A   :P Q", {"A": ["P", "Q"]}),
        ("A \t\t: \t P\tQ  ", {"A": ["P", "Q"]}),
        ("A more words :P", {"A": ["P"]}),
        ("  A :P", {"A": ["P"]}),
        ("#A :P\nB :P", {"B": ["P"]}),
        ("A :P #Q", {"A": ["P", "#Q"]}),
        ("no colon\n\n   \nB :P", {"B": ["P"]}),
        (" :P\nB :", {}),
        ("A :P\r\nB :Q\rC :R", {"A": ["P"], "B": ["Q"], "C": ["R"]}),
        ("A :P P\nB :P\nA :Q P", {"A": ["P", "Q"], "B": ["P"]}),
        ("A :P:Q", {"A": ["P:Q"]}),
        ("Ä\x0bB% :HCAL_Laser hcal_laser", {"Ä": ["HCAL_Laser", "hcal_laser"]}),
        ("", {}),
    ],
)
def test_lines(text: str, lines: dict[str, list[str]]) -> None:
    assert parse(text) == lines


@given(some.text())
def test_any_text_is_understood(text: str) -> None:
    for parameter, partitions in parse(text).items():
        assert parameter.split() == [parameter]
        assert partitions == list(dict.fromkeys(partitions)) != []


def test_the_order_is_that_of_the_file() -> None:
    compared = Compared(parse("B :Q P\nA :P R"))
    assert compared.partitions == ("Q", "P", "R")
    assert list(compared.names.items()) == [
        ("CMS.Q:B", ("Q", "B")), ("CMS.P:B", ("P", "B")), ("CMS.P:A", ("P", "A")), ("CMS.R:A", ("R", "A")),
    ]  # fmt: skip
    assert list(compared.of(["P", "unknown"])) == ["CMS.P:B", "CMS.P:A"]
    assert list(compared.of([])) == []
    assert compared.of(None) is compared.names


@pytest.mark.parametrize("raw", [b"\xef\xbb\xbfMu\xc3\xa9 :P", b"Mu\xe9 :P", b"# \xb5A\x85\r\nMu\xe9 :P\r\n"])
def test_texts_of_many_editors(file: Path, raw: bytes) -> None:
    file.write_bytes(raw)
    assert list(ParametersFile(file).read().names) == ["CMS.P:Mué"]


def test_it_is_read_again_only_when_it_has_changed(file: Path) -> None:
    file.write_text("A :P")
    found = ParametersFile(file)
    before = found.read()
    assert found.read() is before
    file.write_text("B :P")
    os.utime(file, ns=(1, 1))
    assert list(found.read().names) == ["CMS.P:B"]


def test_another_file_takes_its_place_with_the_same_time(file: Path) -> None:
    file.write_text("A :P")
    found = ParametersFile(file)
    found.read()
    stat, other = file.stat(), file.with_suffix(".new")
    other.write_text("B :P")
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(file)
    assert list(found.read().names) == ["CMS.P:B"]


def test_a_file_that_is_spoiled_is_said_each_time_until_it_is_right(file: Path) -> None:
    file.write_text("A :P")
    found = ParametersFile(file)
    found.read()
    file.write_text("")
    for _ in range(2):
        with pytest.raises(SettingError, match="names no parameter; write lines"):
            found.read()
    file.unlink()
    with pytest.raises(SettingError, match=r"cannot be read \(No such file or directory\); correct `parameters`"):
        found.read()
    file.write_text("B :P")
    assert list(found.read().names) == ["CMS.P:B"]


def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe, large = tmp_path / "pipe", tmp_path / "large"
    os.mkfifo(pipe)
    large.write_text("A :P" * 10)
    monkeypatch.setattr(parameters_file, "LARGEST", 39)
    for path in (tmp_path, pipe, large):
        with pytest.raises(SettingError, match=f"{path} is no file of parameters; correct `parameters`"):
            ParametersFile(path).read()
