"""Reading around what cannot be read: only that is missing, and a database at fault is said soon."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy.exc import DataError, DBAPIError, OperationalError

from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.runs.runinfo import careful
from WardenServer.plugins.common.runs.runinfo.careful import FAILING, Careful

BAD = DataError("", None, ValueError("it is torn\nand more"))
Read = Callable[[Sequence[int]], dict[int, str]]


def search() -> Careful:
    return Careful(lambda: None)


def reader(bad: set[int], asked: list[Sequence[int]] | None = None) -> Read:
    def read(keys: Sequence[int]) -> dict[int, str]:
        if asked is not None:
            asked.append(keys)
        if bad & set(keys):
            raise BAD
        return {key: str(key) for key in keys}

    return read


@given(some.sets(some.integers(0, 200), max_size=FAILING), some.integers(1, 300))
def test_only_what_cannot_be_read_is_missing(bad: set[int], most: int) -> None:
    found = search().read(range(150), reader(bad), most)
    wrong = Unavailable("it is torn")
    assert found == {key: wrong if key in bad else str(key) for key in range(150)}


def test_one_statement_where_nothing_is_wrong_and_few_where_one_thing_is() -> None:
    asked: list[Sequence[int]] = []
    search().read(range(1024), reader(set(), asked), 1024)
    assert len(asked) == 1
    search().read(range(1024), reader({77}, asked), 1024)
    assert len(asked) < 30


def test_nothing_to_read() -> None:
    assert search().read([], reader(set()), 10) == {}


def test_where_too_much_fails_the_database_is_at_fault() -> None:
    asked: list[Sequence[int]] = []
    with pytest.raises(DataError):
        search().read(range(100_000), reader(set(range(100_000)), asked), 500)
    assert len(asked) < 100


def test_a_database_that_is_gone_is_not_asked_again() -> None:
    asked: list[Sequence[int]] = []

    def read(keys: Sequence[int]) -> dict[int, str]:
        asked.append(keys)
        raise OperationalError("", None, ValueError("gone"), connection_invalidated=True)

    with pytest.raises(DBAPIError):
        search().read(range(10), read, 10)
    assert len(asked) == 1


def test_where_the_probe_fails_nothing_can_be_read() -> None:
    def probe() -> None:
        raise OperationalError("", None, ValueError("no such table"))

    asked: list[Sequence[int]] = []
    with pytest.raises(OperationalError):
        Careful(probe).read([1], reader({1}, asked), 10)
    assert Careful(probe).read([2], reader({1}, asked), 10) == {2: "2"}


def test_the_search_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(careful, "PATIENCE", -1.0)
    with pytest.raises(DataError):
        search().read(range(10), reader({3}), 10)
