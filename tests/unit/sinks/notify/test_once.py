"""A difference that is told again and again, while its target is down, is one message."""

from collections.abc import Callable

from WardenServer.results import event
from WardenServer.settings.config import Settings
from WardenServer.sinks.events import outbox
from WardenServer.sinks.events.store import Store, place


def test_one_id_is_one_message_whatever_is_restarted(settings: Callable[..., Settings]) -> None:
    path = place(settings())
    for now in range(3600):
        if now % 600 == 0:
            store = Store(path)
        told = event.make("runs.HF.11.12", float(now), "run_differ", "warning", f"told at {now}")
        store.add([event.Event(told.id, told.timestamp, told.agent, told.severity, told.text, ("chat",))])
        if now % 600 == 599:
            store.close()
    [message] = outbox.waiting(path, "chat")
    assert message.event.text == "told at 0"
    outbox.note_sent(path, [message.number], 3600.0)
    assert outbox.waiting(path, "chat") == []
