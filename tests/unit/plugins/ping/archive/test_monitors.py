"""Which hosts are collected from, and names that can be none."""

from pathlib import Path

import pytest

from WardenServer.plugins.common.ping.archive.monitors import Monitor, monitors, name_trouble
from WardenServer.plugins.common.ping.archive.nodes import Node, Nodes
from WardenServer.plugins.common.ping.configuration import Archive

ROOT = Path("/archive")


def nodes(*given: Node) -> Nodes:
    return Nodes({node.name: node for node in given})


def test_they_come_from_the_nodes_and_the_settings_by_name():
    archive = Archive(ROOT, monitors={"b": "http://b", "c": "http://other"})
    known = nodes(Node("z", server="http://z"), Node("c", server="http://c"), Node("a"))
    assert monitors(archive, known) == (
        Monitor("b", "http://b"), Monitor("c", "http://other"), Monitor("z", "http://z"),
    )  # fmt: skip


def test_disabled_nodes_are_left_out_whoever_names_them():
    archive = Archive(ROOT, monitors={"off": "http://off"})
    known = nodes(Node("off", is_enabled=False), Node("gone", is_enabled=False, server="http://gone"))
    assert monitors(archive, known) == ()


def test_names_are_the_same_in_large_and_small_letters():
    archive = Archive(ROOT, monitors={"Off": "http://off", "C": "http://other"}, own_folder=Path("/own"), own_name="Me")
    known = nodes(Node("off", is_enabled=False), Node("c", server="http://c"), Node("me", server="http://me"))
    assert monitors(archive, known) == (Monitor("me", ""), Monitor("c", "http://other"))


def test_this_machine_comes_first_and_is_not_asked_over_the_network():
    archive = Archive(ROOT, monitors={"a": "http://a", "me": "http://me"}, own_folder=Path("/own"), own_name="me")
    assert monitors(archive, Nodes(is_open=True)) == (Monitor("me", ""), Monitor("a", "http://a"))


@pytest.mark.parametrize("name", ["pinger.slac.stanford.edu", "192.0.2.1", "2001:db8::1", "a_b-c.example"])
def test_names_and_addresses_are_good(name: str):
    assert name_trouble(name) == ""


@pytest.mark.parametrize("name", ["", ".", "..", "../up", "a/b", "/etc", "a\0b", "a b", "-rf", "x\n", "a" * 254])
def test_what_could_lead_out_of_a_folder_is_refused_with_a_sentence(name: str):
    assert "is no host; write a name of letters" in name_trouble(name)
