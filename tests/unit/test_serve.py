"""The end of the server, as far as no server is needed."""

import pytest

from WardenServer import device, serve


class Hub:
    ended = False

    def end(self) -> None:
        self.ended = True


def test_the_end_is_seen_to_also_when_tango_has_let_go_of_its_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    hub, codes = Hub(), list[int]()
    monkeypatch.setattr(device, "HUBS", {hub})
    monkeypatch.setattr(serve, "BEGINNING", 0.0)
    monkeypatch.setattr(serve, "ENDING", 0.0)
    monkeypatch.setattr(serve, "_is_ending", lambda: True)
    monkeypatch.setattr(serve.os, "_exit", codes.append)
    serve._end_in_time()
    assert hub.ended and codes == [0]
