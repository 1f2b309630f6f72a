"""What is wrong for a while is said once, and again when it was well in between."""

import logging

import pytest

from WardenServer.plugins.common import problems
from WardenServer.plugins.common.problems import Problems


@pytest.fixture
def found() -> Problems:
    return Problems(logging.getLogger("jobs"))


def test_said_once_as_long_as_it_lasts(found: Problems, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        found.add("no disk", logging.CRITICAL)
        found.add("no disk", logging.CRITICAL)
        assert found.end() == ["no disk"]
    assert [(each.levelname, each.message) for each in caplog.records] == [("CRITICAL", "no disk")]
    assert found.end() == []
    found.add("no disk")
    assert [each.levelname for each in caplog.records] == ["CRITICAL", "WARNING"]


def test_signs_for_the_log_are_no_orders_to_it(found: Problems, caplog: pytest.LogCaptureFixture) -> None:
    found.add("100 %s %d")
    assert caplog.messages == ["100 %s %d"]


def test_no_more_than_people_read(
    found: Problems, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problems, "_MOST", 3)
    for number in range(10):
        found.add(str(number))
    assert found.end() == ["0", "1", "2", "and 7 more problems"]
    assert len(caplog.records) == 3
    assert found.end() == []
