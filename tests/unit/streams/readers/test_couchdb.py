import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import SettingError, Unreachable, WardenError
from WardenServer.settings.masking import mask
from WardenServer.streams.readers import make
from WardenServer.streams.readers.changes_feed import ChangesFeed, number
from WardenServer.streams.readers.couchdb import CouchDB

GOOD = {"url": "http://u:hidden@db.example:5984", "database": "runs"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "db.example:5984"}, 'write "http://host:5984"'),
        ({"url": "ftp://db.example"}, 'write "http://host:5984"'),
        ({"url": "http://"}, 'write "http://host:5984"'),
        ({"url": "http://db.example:99999"}, 'write "http://host:5984"'),
        ({"url": "http://db.example/?a=b"}, 'write "http://host:5984"'),
        ({"url": 5}, 'write "http://host:5984"'),
        ({"database": ""}, "write text in quotes"),
        ({"mapper": "mapper"}, 'write "module:function"'),
        ({"mapper": "a b:c"}, 'write "module:function"'),
        ({"mapper": 5}, 'write "module:function"'),
        ({"since": "5"}, 'write "now" or "start"'),
        ({"largest": "x"}, "write a size"),
    ],
)
def test_settings_that_mean_nothing_are_refused_with_the_cure(settings, words) -> None:
    with pytest.raises(SettingError, match=words) as raised:
        make("daq", "couchdb", {**GOOD, **settings})
    assert f"[streams.daq]: {next(iter(settings))} is " in str(raised.value)
    assert "hidden" not in mask(str(raised.value))


@pytest.mark.parametrize("mapper", ["nowhere:f", "json:nothing", "json:decoder", "mapper.py:f"])
def test_a_mapper_that_is_none_is_said_when_the_reader_opens(mapper) -> None:
    with pytest.raises(WardenError, match=f"mapper {mapper} .*; correct `mapper`"):
        CouchDB(**GOOD, mapper=mapper).open(None)


class Feed:
    """Answers in place of a server: `lines` are what the feed brings before it ends."""

    def __init__(self, monkeypatch, lines=(), newest=0, status=200):
        self.lines, self.newest, self.status, self.asked = lines, newest, status, []
        client = httpx.Client
        monkeypatch.setattr(
            httpx, "Client", lambda **options: client(**options, transport=httpx.MockTransport(self.answer))
        )

    def answer(self, request):
        self.asked.append(request)
        if request.url.path == "/runs":
            return httpx.Response(self.status, content=iter([json.dumps({"update_seq": self.newest}).encode()]))
        return httpx.Response(200, content=iter(self.lines))


def change(seq, doc=None, **more):
    return json.dumps({"seq": seq, "id": f"d{seq}", "doc": doc or {"n": seq}, **more}).encode() + b"\n"


def read_all(reader):
    batches = []
    with pytest.raises(Unreachable, match="has ended the feed"):
        while True:
            if (batch := reader.read(0.0)) is not None:
                batches.append(batch)
    return batches


@pytest.mark.parametrize(
    ("since", "position", "newest", "asked"),
    [
        ("now", None, 7, "7"),
        ("now", None, "7-abc", "7-abc"),
        ("start", None, 7, "0"),
        ("start", 5, 7, "5"),
        ("now", "5-x/y", "7-abc", "5-x/y"),
        ("now", 8, 7, "0"),
        ("now", "8-a", "7-abc", "0"),
        ("now", {"seq": 5}, 7, "7"),
        ("now", True, 7, "7"),
    ],
)
def test_where_it_begins(monkeypatch, since, position, newest, asked) -> None:
    feed = Feed(monkeypatch, newest=newest)
    reader = CouchDB(**GOOD, since=since)
    reader.open(position)
    assert feed.asked[-1].url.params["since"] == asked == str(reader.position())
    assert feed.asked[-1].headers["authorization"].startswith("Basic ")
    assert "hidden" not in str(feed.asked[-1].url)
    reader.close()
    reader.close()


def test_changes_become_events(monkeypatch) -> None:
    def mapper(document):
        return None if document["n"] == 2 else 1 / (document["n"] - 3)

    lines = [change(1), change(2), change(3), b"\n", change(4, deleted=True), change(5)[:10], change(5)[10:]]
    lines += [b"{\n[]\n", change(6, id="_design/x"), b'{"last_seq": 7, "pending": 0}\n', change(8)[:-1]]
    Feed(monkeypatch, lines)
    reader = CouchDB(**GOOD, mapper=mapper)
    reader.open(None)
    batches = read_all(reader)
    assert [event for batch in batches for event in batch.events] == [-0.5, 0.5]
    assert sum(batch.undecodable for batch in batches) == 3
    assert reader.position() == 7
    reader.close()


def test_a_mapper_of_a_module(monkeypatch) -> None:
    Feed(monkeypatch, [change(1, {"b": [2]})])
    reader = CouchDB(**GOOD, mapper="json:dumps")
    reader.open(None)
    assert read_all(reader)[0].events == ['{"b": [2]}']
    reader.close()


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, WardenError, "correct user and password"),
        (403, WardenError, "correct user and password"),
        (404, WardenError, "make the database, or correct `database`"),
        (429, Unreachable, "is not ready"),
        (503, Unreachable, "is not ready"),
        (301, WardenError, "correct `url`"),
    ],
)
def test_answers_that_are_none(monkeypatch, status, kind, words) -> None:
    Feed(monkeypatch, status=status)
    with pytest.raises(kind, match=words) as raised:
        CouchDB(**GOOD).open(None)
    assert "http://u:***@db.example:5984/runs" in str(raised.value)


@pytest.mark.parametrize("newest", [None, True, [1], {}])
def test_a_server_that_is_another(monkeypatch, newest) -> None:
    Feed(monkeypatch, newest=newest)
    with pytest.raises(WardenError, match="does not answer as CouchDB does"):
        CouchDB(**GOOD).open(None)


@pytest.fixture(scope="module")
def feed():
    one = ChangesFeed("http://db.example", "runs", 20)
    yield one
    one.close()


LINES = st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"x")), max_size=10)


@given(LINES, st.lists(st.integers(1, 20), max_size=200))
def test_however_a_feed_is_cut_its_lines_are_the_same(feed, lines, cuts) -> None:
    text, chunks = b"".join(line + b"\n" for line in lines), []
    for cut in [*cuts, len(text)]:
        chunks.append(text[:cut])
        text = text[cut:]
    feed._rest, feed._is_too_long = bytearray(), False
    feed._chunks = iter([chunk for chunk in chunks if chunk])
    found, too_long = [], 0
    try:
        while True:
            some, more = feed.lines()
            found += some
            too_long += more
    except Unreachable:
        pass
    assert found == [line for line in lines if line.strip() and len(line) <= 20]
    assert too_long == sum(len(line) > 20 for line in lines if line.strip() or len(line) > 20)


def test_numbers_of_changes() -> None:
    assert [number(each) for each in (5, "7-abc", "x", "", -1)] == [5, 7, 0, 0, 0]
    assert number("9" * 5000) == 10**18 - 1
