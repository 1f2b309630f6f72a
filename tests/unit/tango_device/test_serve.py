"""The end of the server, as far as no server is needed."""

import logging
import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import tango

from WardenServer.settings.config import Settings
from WardenServer.tango_device import device, serve
from WardenServer.watchdog import agents_at_work


class Hub:
    ended = False

    def close(self) -> None:
        self.ended = True


def test_the_end_comes_and_leaves_nothing_also_when_tango_has_let_go_of_its_devices(
    monkeypatch: pytest.MonkeyPatch, settings: Callable[..., Settings]
) -> None:
    hub, codes = Hub(), list[int]()
    hubs_settings = settings(instance=f"unit{os.getpid()}")
    marks = agents_at_work.place(hubs_settings)
    agents_at_work.AgentsAtWork(marks)
    monkeypatch.setattr(device, "HUBS", {hub})
    monkeypatch.setattr(serve, "BEGINNING", 0.0)
    monkeypatch.setattr(serve, "ENDING", 0.0)
    monkeypatch.setattr(serve, "_is_ending", lambda: True)
    monkeypatch.setattr(serve.os, "_exit", codes.append)
    serve._end_in_time(hubs_settings)
    assert hub.ended and codes == [0]
    assert not marks.exists()


@pytest.mark.parametrize("ending", [False, True])
def test_the_logger_of_a_device_that_is_being_deleted_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, ending: bool
) -> None:
    said: list[str] = []
    logger = SimpleNamespace(debug=None, info=None, warn=said.append, error=None)
    hub = SimpleNamespace(get_logger=lambda: logger)
    util = SimpleNamespace(is_svr_shutting_down=lambda: ending, get_device_list_by_class=lambda name: [hub])
    instead: Any = SimpleNamespace(Util=SimpleNamespace(instance=lambda make: util), DevFailed=tango.DevFailed)
    monkeypatch.setattr(serve, "tango", instead)
    serve._TangoHandler().emit(logging.LogRecord("warden", logging.WARNING, "", 0, "left behind", None, None))
    assert said == ([] if ending else ["left behind"])
