"""The application without a server: a view of the test's own, and questions to it."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from WardenServer.settings import config
from WardenServer.web.app import make_app
from WardenServer.web.follow import Follow
from WardenServer.web.login import Login
from WardenServer.web.view import View

TOKEN, WALL = "a-token-to-change", "a-token-for-walls"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

Ask = Callable[..., httpx.Response]


def make_view(**more: Any) -> View:
    """A hub with two agents, one of which has no data."""
    now = time.time()
    return View(
        **{
            "number": 7,
            "read": now,
            "hub": {
                "state": "RUNNING", "status": "2 agents run.", "device": "warden/hub/local", "ticks": 12, "missed": 1,
                "lateness_p99": 0.002, "sinks": {"memcached": {"ok": True, "lost": 3}},
                "agents": {
                    "ring": {"state": "good", "interval": 1.0, "runs": 5, "failures": 1, "skipped": 0, "age": 0.5},
                    "old": {"state": "failing", "interval": 2.0, "runs": 1, "failures": 1, "age": None},
                },
            },
            "fields": {
                "Petra.Current": {"agent": "ring", "key": "Petra", "field": "Current", "attribute": "ring_Current",
                                  "type": "float", "unit": "mA", "label": "Ring <current>"},
                "Petra.State": {"agent": "ring", "key": "Petra", "field": "State", "attribute": "ring_State",
                                "type": "enum", "labels": ["OFF", "ON"]},
                "Petra.Text": {"agent": "ring", "key": "Petra", "field": "Text", "type": "str"},
                "Petra.Spots": {"agent": "ring", "key": "Petra", "field": "Spots", "type": "float[]"},
                "Petra.Nothing": {"agent": "ring", "key": "Petra", "field": "Nothing", "type": "float"},
                "shutter.value": {"agent": "ring", "key": "shutter", "field": "value", "type": "bool", "form": "bool"},
                "Old.a.b": {"agent": "old", "key": "Old", "field": "a.b", "type": "int"},
            },
            "documents": {
                "Petra": {"Current": 100.5, "State": "ON", "Text": "<script>alert(1)</script>", "Spots": [1, 2.5, None],
                          "Nothing": None, "timestamp": now},
                "shutter": True,
                "Old": {"a.b": 3, "timestamp": now - 100},
            },
            **more,
        }
    )  # fmt: skip


@pytest.fixture
def ask(settings: Callable[..., config.Settings], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Ask the application: ask("GET", "/api/me", view=..., client="10.0.0.1", json=..., web_login="always")."""

    def send(
        method: str, url: str, *, view: View | None = None, client: str = "127.0.0.1", host: str = "127.0.0.1:8060",
        headers: dict[str, str] | None = None, json: Any = None, content: bytes | None = None, **options: Any,
    ) -> httpx.Response:  # fmt: skip
        for name, value in (("OUR_TOKEN", TOKEN), ("OUR_WALL_TOKEN", WALL)):
            monkeypatch.setenv(name, options.pop(name, value))
        tokens = {"web_token": {"env": "OUR_TOKEN"}, "web_wall_token": {"env": "OUR_WALL_TOKEN"}}
        made = settings(**{**tokens, **options})

        async def exchange() -> httpx.Response:
            follow = Follow(made, asyncio.get_running_loop())
            follow.view = view or make_view()
            app = make_app(made, Login(made), follow)
            transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(client, 1))
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as browser:
                return await browser.request(method, url, headers=headers, json=json, content=content)

        return asyncio.run(exchange())

    return send
