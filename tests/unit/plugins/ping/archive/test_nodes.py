"""The table of nodes: what is read, what is left out and said, and distances."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import SettingError
from WardenServer.plugins.common.ping.archive import nodes as module
from WardenServer.plugins.common.ping.archive.nodes import Node, Nodes, read

HEADER = "NODENAME,IPADDRESS,SITENAME,NICKNAME,LATANDLONG,PROJECTTYPE,DATASERVER"
places = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def table(folder: Path, text: str | bytes) -> Nodes:
    path = folder / "nodes.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(path)


def between(one: tuple[float, float], other: tuple[float, float]) -> float:
    distance = Nodes({"a": Node("a", position=one), "b": Node("b", position=other)}).distance("a", "b")
    assert distance is not None
    return distance


def test_a_node_has_what_its_line_says(tmp_path: Path) -> None:
    line = "Pinger.DESY.de,131.169.1.1,DESY.DE,DE.DESY.N1,+53.58 +9.88,GPM,https://pinger.desy.de/ping_data"
    nodes = table(tmp_path, f"{HEADER}\n{line}\n")
    node = Node("pinger.desy.de", "131.169.1.1", "DESY.DE", (53.58, 9.88), True, "https://pinger.desy.de/ping_data")
    assert nodes == Nodes({"pinger.desy.de": node})


def test_columns_stand_in_any_order_and_case_and_those_not_known_count_for_nothing(tmp_path: Path) -> None:
    nodes = table(tmp_path, '\ufeffContinent, siteName ,LatAndLong,NodeName\r\nEurope,CERN,"46.23 6.05",cern.ch\r\n')
    assert nodes == Nodes({"cern.ch": Node("cern.ch", site="CERN", position=(46.23, 6.05))})


def test_names_are_found_in_any_case(tmp_path: Path) -> None:
    nodes = table(tmp_path, "NODENAME,SITENAME\nwww.Desy.DE,DESY\nother,\n")
    assert nodes.has("WWW.desy.de") and nodes.has("www.Desy.DE")
    assert nodes.site("WWW.DESY.DE") == "DESY"
    assert nodes.site("OTHER") == "other"


def test_a_disabled_node_is_not_analysed(tmp_path: Path) -> None:
    nodes = table(tmp_path, "NODENAME,PROJECTTYPE\none,GPD\nother,GP\n")
    assert not nodes.has("one") and not nodes.by_name["one"].is_enabled
    assert nodes.has("other")
    assert not nodes.has("a third")


def test_a_site_with_blanks_in_its_name_has_none_in_tables(tmp_path: Path) -> None:
    assert table(tmp_path, "NODENAME,SITENAME\nwww.desy.de, DESY  Hamburg \n").site("www.desy.de") == "DESY_Hamburg"


def test_a_name_with_a_comma_or_a_line_end_in_quotes_is_one_field(tmp_path: Path) -> None:
    nodes = table(tmp_path, 'NODENAME,FULLNAME,SITENAME\nwww.desy.de,"DESY,\nHamburg",DESY\nlast,,\n')
    assert nodes.site("www.desy.de") == "DESY"
    assert nodes.has("last") and not nodes.problems


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (",1.2.3.4", "no NODENAME"),
        ("   ,1.2.3.4", "no NODENAME"),
        ("a.b,1.2.3.4,more", "3 fields"),
        ("two names,1.2.3.4", "blank"),
        ("GOOD.example.org,1.2.3.4", "already"),
    ],
)
def test_a_line_that_means_nothing_is_left_out_and_said(tmp_path: Path, line: str, said: str) -> None:
    nodes = table(tmp_path, f"NODENAME,IPADDRESS\ngood.example.org,192.0.2.1\n{line}\n\n,\nlast.example.org\n")
    assert list(nodes.by_name) == ["good.example.org", "last.example.org"]
    assert nodes.by_name["good.example.org"].address == "192.0.2.1"
    [problem] = nodes.problems
    assert problem.startswith("nodes.csv, line 3: ") and said in problem


@pytest.mark.parametrize("said", ["53.58", "53.58 9.88 1", "north east", "91 0", "0 181", "nan 0", "inf 0", "5,5 9,8"])
def test_a_place_that_is_none_is_said_and_the_node_stays(tmp_path: Path, said: str) -> None:
    nodes = table(tmp_path, f'NODENAME,LATANDLONG\na,"{said}"\nb,\n')
    assert nodes.by_name == {"a": Node("a"), "b": Node("b")}
    [problem] = nodes.problems
    assert "line 2" in problem and "LATANDLONG" in problem
    assert nodes.distance("a", "b") is None


def test_texts_that_are_no_utf_8_can_be_read(tmp_path: Path) -> None:
    nodes = table(tmp_path, b"NODENAME,LOCATION,SITENAME\nwww.desy.de,K\xf6ln,DESY\n")
    assert nodes.site("www.desy.de") == "DESY" and not nodes.problems


@pytest.mark.parametrize(
    "text", ["", "\n", "SITENAME\nDESY\n", "\0\0\0", "<html>No such page</html>", 'NODENAME\n"' + "x" * 200_000]
)
def test_a_file_that_is_no_table_of_nodes_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingError, match=r"nodes\.csv"):
        table(tmp_path, text)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="correct"):
        read(tmp_path / "none.csv")
    with pytest.raises(SettingError, match="correct"):
        read(tmp_path)


def test_what_is_no_file_or_far_too_large_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SettingError, match="pipe is no file; correct `nodes`"):
        read(tmp_path / "pipe")
    monkeypatch.setattr(module, "LARGEST", 20)
    table(tmp_path, "NODENAME\nabcdefghij\n")
    with pytest.raises(SettingError, match="has more than 20 bytes"):
        table(tmp_path, "NODENAME\nabcdefghijk\n")


def test_without_a_table_each_host_is_a_node_and_a_site() -> None:
    nodes = read(None)
    assert nodes.is_open and nodes.has("Any.Host") and nodes.has("2001:db8::1") and nodes.has("müller.example")
    assert nodes.site("Any.Host") == "any.host"
    assert nodes.distance("one", "other") is None


@pytest.mark.parametrize("name", ["", "\0\0host", "ho\x1bst", "ho\ufffdst", "h" * 254])
def test_without_a_table_damaged_names_are_no_nodes(name: str) -> None:
    assert not read(None).has(name)


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ((0, 0), (0, 0), 0),
        ((0, 0), (0, 180), 20015.087),
        ((90, 0), (-90, 0), 20015.087),
        ((0, 179), (0, -179), 222.390),
        ((53.58, 9.88), (37.42, -122.20), 8899.953),
    ],
)
def test_distances(one: tuple[float, float], other: tuple[float, float], km: float) -> None:
    assert between(one, other) == pytest.approx(km, rel=1e-4)


@given(places, places)
def test_distances_are_the_same_both_ways_and_at_most_half_round_the_earth(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    assert between(one, other) == pytest.approx(between(other, one), abs=1e-6)
    assert 0 <= between(one, other) <= 20015.1
