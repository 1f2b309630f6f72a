"""Jobs by HTTP while their PostgreSQL is away, in each way that networks have."""

import asyncio
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.system.postgresql import PostgreSQL
from tests.system.relay import HANGS, THROUGH, Relay
from tests.unit.web.conftest import make_view
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.settings import config
from WardenServer.web.app import make_app
from WardenServer.web.follow import Follow
from WardenServer.web.login import Login


@pytest.fixture
def relay(postgresql: PostgreSQL) -> Iterator[Relay]:
    """Between the web and PostgreSQL."""
    made = Relay(urllib.parse.urlsplit(postgresql.url).port or 0)
    yield made
    made.end()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, relay: Relay) -> Iterator[None]:
    """What the web opens ends with its process, and here with the test."""
    known: list[Database] = []
    begin = Database.__init__

    def remember(self: Database, url: str) -> None:
        known.append(self)
        begin(self, url)

    monkeypatch.setattr(Database, "__init__", remember)
    yield
    for each in known:
        each.close()


def cut(relay: Relay) -> None:
    relay.close()


def silence(relay: Relay) -> None:
    relay.fate = HANGS


def silence_and_cut(relay: Relay) -> None:
    relay.change(HANGS)


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize("harm", [cut, silence, silence_and_cut])
@pytest.mark.parametrize("is_known", [True, False])
def test_there_is_a_sentence_and_then_an_answer_again(
    harm: Callable[[Relay], None], is_known: bool, relay: Relay, postgresql: PostgreSQL, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, settings: Callable[..., config.Settings],
) -> None:  # fmt: skip
    url = f"postgresql://warden@127.0.0.1:{relay.port}/postgres"
    with closing(Database(postgresql.url)) as database, database.reading():
        pass  # the tables are there
    file = tmp_path / "warden.toml"
    file.write_text(f'[jobs]\nstorage = "{tmp_path}"\nurl = "{url}"\n')
    monkeypatch.setattr(config, "CONFIG_FILE", file)
    made = settings()

    async def exchange() -> None:
        follow = Follow(made, asyncio.get_running_loop())
        follow.view = make_view()
        transport = httpx.ASGITransport(make_app(made, Login(made), follow), client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8060", timeout=30) as browser:
            if is_known:
                assert (await browser.get("/api/jobs/stats")).status_code == 200
            harm(relay)
            refused = await browser.get("/api/jobs/stats")
            assert refused.status_code == 503
            assert "answer" in refused.json()["error"] or "cannot be used" in refused.json()["error"]
            if harm is cut:
                relay.open()
            relay.change(THROUGH)
            async with asyncio.timeout(30):
                while (await browser.get("/api/jobs/stats")).status_code != 200:
                    await asyncio.sleep(0.05)

    asyncio.run(exchange())
