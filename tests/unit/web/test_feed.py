"""The changes that are kept for those who listen."""

import asyncio

from WardenServer.web.feed import Feed


def make(*changes: bytes, kept: int = 100) -> Feed:
    feed = Feed(10, kept)
    for number, change in enumerate(changes, 11):
        feed.put(number, change)
    return feed


def test_what_came_after_is_given_in_order() -> None:
    feed = make(b"a", b"b", b"c")
    assert feed.after(10) == [b"a", b"b", b"c"]
    assert feed.after(12) == [b"c"]
    assert feed.after(13) == []


def test_of_what_is_not_known_nothing_is_given() -> None:
    feed = make(b"a", b"b")
    assert feed.after(9) is None, "before all that is known"
    assert feed.after(13) is None, "has not come yet: it is of another process"
    assert feed.after(-1) is None


def test_it_keeps_a_number_of_bytes_and_at_least_the_newest() -> None:
    feed = make(b"a" * 60, b"b" * 60, b"c" * 200, kept=100)
    assert feed.after(12) == [b"c" * 200]
    assert feed.after(11) is None


def test_all_who_wait_are_woken_by_a_change_and_by_the_end() -> None:
    async def wait() -> list[bool]:
        feed = Feed(1)
        waiting = [asyncio.create_task(feed.wait(5)) for _ in range(3)]
        await asyncio.sleep(0)
        feed.put(2, b"a")
        last = asyncio.create_task(feed.wait(5))
        await asyncio.sleep(0)
        feed.close()
        return [await each for each in [*waiting, last]] + [feed.closed]

    assert asyncio.run(wait()) == [True] * 5


def test_who_waits_in_vain_is_told() -> None:
    assert asyncio.run(Feed(1).wait(0.01)) is False
