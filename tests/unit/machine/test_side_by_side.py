import threading
from collections.abc import Iterator

import pytest

from tests.conftest import wait_for
from WardenServer.machine import side_by_side
from WardenServer.machine.side_by_side import Late, SideBySide


class Asked:
    """Answers with the key itself; keys that begin with "hang" wait until they are let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked: list[str] = []

    def __call__(self, key: str) -> str:
        self.asked.append(key)
        if key.startswith("hang"):
            assert self.go.wait(20)
        if key.startswith("bad"):
            raise ValueError(key)
        return key


@pytest.fixture
def asked() -> Iterator[Asked]:
    made = Asked()
    yield made
    made.go.set()


def test_answers_and_errors_come_in_the_order_of_the_keys(asked: Asked) -> None:
    found = SideBySide(asked).ask(["b", "bad", "a", "b"], 10)
    assert list(found) == ["b", "bad", "a"]
    assert (found["b"], found["a"]) == ("b", "a")
    assert isinstance(found["bad"], ValueError)


def test_one_that_hangs_costs_only_its_own_answer_and_is_not_asked_again(asked: Asked) -> None:
    asking = SideBySide(asked)
    found = asking.ask(["hang", "a"], 0.2)
    assert found["a"] == "a"
    assert str(found["hang"]) == "did not answer within 0.2 s"
    again = asking.ask(["hang", "a"], 10)  # does not wait for the one that hangs
    assert again["a"] == "a"
    assert isinstance(again["hang"], Late) and "since it was last asked" in str(again["hang"])
    assert asked.asked.count("hang") == 1
    asked.go.set()
    wait_for(lambda: asking.ask(["hang"], 10)["hang"] == "hang")


def test_all_threads_that_hang_are_counted_and_others_come_before_the_slow(asked: Asked) -> None:
    asking = SideBySide(asked)
    hanging = [f"hang{number}" for number in range(side_by_side.THREADS + 5)]
    found = asking.ask([*hanging, "a"], 0.3)
    assert all(isinstance(answer, Late) for answer in found.values())
    assert len(asked.asked) == side_by_side.THREADS
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("side by side") == side_by_side.THREADS
    assert isinstance(asking.ask(["b"], 0.1)["b"], Late)  # nobody is free to ask
    asked.go.set()
    wait_for(lambda: "side by side" not in [thread.name for thread in threading.enumerate()])
    asked.asked.clear()
    assert asking.ask([*hanging[:3], "new"], 10)["new"] == "new"
    assert asked.asked[0] == "new"


def test_who_was_not_asked_in_time_is_not_asked_later(asked: Asked) -> None:
    asking = SideBySide(asked)
    asking.ask([f"hang{number}" for number in range(side_by_side.THREADS)] + ["late"], 0.1)
    asked.go.set()
    wait_for(lambda: "side by side" not in [thread.name for thread in threading.enumerate()])
    assert "late" not in asked.asked


def test_nothing_is_asked_of_nobody(asked: Asked) -> None:
    assert SideBySide(asked).ask([], 10) == {}
