"""What the garbage collector looks through."""

import gc
import weakref

import pytest

from WardenServer.machine import garbage


class Ring:
    """Holds itself, as modules do."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def _as_before() -> object:
    yield
    gc.unfreeze()
    garbage._only_libraries = False


def test_what_was_there_before_agents_is_not_looked_through_for_the_first_ones() -> None:
    ring = Ring()
    gone = weakref.ref(ring)
    garbage.begin()
    del ring
    garbage.set_aside()
    assert gone() is not None
    garbage.set_aside()
    assert gone() is None, "that was for other agents"


def test_what_stays_is_set_aside_and_what_went_meanwhile_is_collected_the_next_time() -> None:
    first = Ring()
    gone = weakref.ref(first)
    garbage.set_aside()
    frozen = gc.get_freeze_count()
    assert frozen > 10_000
    assert not any(one is first for one in gc.get_objects())
    del first
    gc.collect()
    assert gone() is not None, "it is not looked at"
    garbage.set_aside()
    assert gone() is None
    assert abs(gc.get_freeze_count() - frozen) < 1000


def test_what_was_imported_while_the_tick_runs_is_not_looked_through() -> None:
    garbage.set_aside()
    imported = Ring()
    garbage.set_aside_imports()
    assert not any(one is imported for one in gc.get_objects())
    gone = weakref.ref(imported)
    del imported
    garbage.set_aside()
    assert gone() is None, "a reload looks at all"
