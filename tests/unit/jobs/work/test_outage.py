import logging

import pytest

from WardenServer.jobs.work.outage import Outage


def test_it_is_said_once_at_each_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "warden.jobs")
    outage = Outage("it waits")
    outage.end()
    for _ in range(2):
        outage.begin(OSError("away"))
        outage.begin(OSError("still away"))
        assert outage.lasts
        outage.end()
        outage.end()
        assert not outage.lasts
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert said == [("WARNING", "away; it waits"), ("INFO", "the jobs' database answers again, after 0 s")] * 2
