"""The extras that people are told to install are there."""

import configparser
import re
from importlib.metadata import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_all_extras_of_the_configuration_can_be_installed() -> None:
    said = configparser.ConfigParser()
    said.read(ROOT / "setup.cfg")
    provided = metadata("wardenserver").get_all("Provides-Extra") or []
    assert {re.sub(r"[-_.]+", "-", extra) for extra in provided} == set(said["options.extras_require"])


def test_extras_that_are_named_exist() -> None:
    provided = set(metadata("wardenserver").get_all("Provides-Extra") or [])
    files = [ROOT / "README.md", ROOT / "setup.cfg", *(ROOT / "WardenServer").rglob("*.py")]
    named = {extra for file in files for each in re.findall(r"wardenserver\[([\w,]+)\]", file.read_text())
             for extra in each.split(",")}  # fmt: skip
    assert named <= provided
