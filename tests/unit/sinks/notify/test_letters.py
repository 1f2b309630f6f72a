"""What is sent of messages that wait: one by one, then together; what is over is one line."""

from WardenServer.results.event import Event, Severity
from WardenServer.sinks.events.outbox import Message
from WardenServer.sinks.notify.letters import Letter, next_letter

HUB = "warden t"


def message(number: int, agent: str = "petra", kind: str = "alarm", end: str | None = None, name: str = "") -> Message:
    severity = Severity.INFO if kind == "clear" else Severity.ALARM
    id = f"warden:{kind}:beam:{name or number}:1700000000.000"
    return Message(number, Event(id, 1.7e9 + number, agent, severity, f"text {number}"), end)


def letter(messages: list[Message], sent: list[float], now: float = 1000.0) -> Letter:
    found = next_letter(messages, sent, now, HUB)
    assert isinstance(found, Letter)
    return found


def test_one_by_one() -> None:
    assert next_letter([], [], 0.0, HUB) is None
    found = letter([message(7), message(8)], [])
    assert found == Letter((7,), "[warden t] ALARM #7", "text 7", Severity.ALARM)
    assert letter([message(9, kind="clear")], []).title == "[warden t] GOOD AGAIN #9"


def test_from_the_tenth_on_together_and_then_with_a_pause() -> None:
    many = [message(n, f"agent{n % 3}") for n in range(1, 992)]
    assert letter(many, [1000.0] * 8).numbers == (1,)
    digest = letter(many, [1000.0] * 9)
    assert digest.numbers == tuple(range(1, 992))
    assert digest.title == "[warden t] 991 messages #1 to #991"
    first, *rest = digest.text.splitlines()
    assert first.startswith("agent1: 331 messages, the first at ") and first.endswith(": text 1")
    assert len(rest) == 2
    assert next_letter(many, [1000.0] * 10, 1000.0, HUB) == 60.0
    assert letter(many, [1000.0] * 10, 1060.0).numbers == digest.numbers
    assert letter(many, [1000.0] * 10, 1600.0).numbers == (1,), "after ten minutes one by one again"


def test_a_thousand_at_once_are_at_most_eleven_letters_in_a_minute() -> None:
    waiting, sent, now = [message(n, f"a{n % 50}") for n in range(1000)], [0.0] * 0, 0.0
    while now < 60:
        found = next_letter(waiting, sent, now, HUB)
        if isinstance(found, Letter):
            waiting = [each for each in waiting if each.number not in found.numbers]
            sent.append(now)
            waiting += [message(int(now * 10) + 5000 + len(sent))]  # more and more of them
        else:
            now += found or 1.0
    assert len(sent) <= 11


def test_many_agents_and_long_texts_are_cut() -> None:
    many = [message(n, f"a{n}") for n in range(60)]
    many[0] = Message(0, Event("warden:alarm:x::1", 1.0, "a0", Severity.ALARM, "x" * 5000))
    lines = letter(many, [1000.0] * 9).text.splitlines()
    assert len(lines) == 41 and len(lines[0]) == 300
    assert lines[-1] == "... and of 20 more agents; `warden events` has them all"


def test_a_fault_that_is_over_before_its_message_went_out_is_one_line() -> None:
    over = "Beam is over: from 10:00 to 10:05"
    waiting = [message(1, end=over, name="x"), message(2), message(3, kind="clear", name="x")]
    found = letter(waiting, [])
    assert (found.numbers, found.text, found.title) == ((1, 3), over, "[warden t] OVER #1")
    assert letter(waiting[1:2], []).numbers == (2,)
    assert letter([waiting[2]], []).numbers == (3,), "its alarm went out before"
