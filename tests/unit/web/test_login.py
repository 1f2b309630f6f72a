"""Who may read, and who may change something."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.web.conftest import BEARER, TOKEN, WALL, Ask
from WardenServer.errors import SettingError
from WardenServer.settings import config, masking
from WardenServer.web import login, tokens

ELSEWHERE = "192.0.2.7"
EVERYTHING = {"may_read": True, "may_change": True, "login_needed": False}
READING = {"may_read": True, "may_change": False, "login_needed": False}
NOTHING = {"may_read": False, "may_change": False, "login_needed": True}


def cookie(ask: Ask, token: str, **more: object) -> dict[str, str]:
    """What a browser sends after a login."""
    answer = ask("POST", "/api/login", json={"token": token}, client=ELSEWHERE, **more)
    assert answer.status_code == 200, answer.text
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


def test_on_this_machine_reading_is_free_and_changing_is_not(ask: Ask) -> None:
    assert ask("GET", "/api/me").json() == READING
    assert ask("GET", "/api/me", client="::1").json() == READING
    assert ask("GET", "/api/me", client="::ffff:127.0.0.1").json() == READING
    assert ask("GET", "/api/documents").status_code == 200
    for method, url in (("POST", "/api/hub/stop"), ("GET", "/api/agents/ring/source")):
        refused = ask(method, url)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert "log in first" in refused.json()["error"]


@pytest.mark.parametrize("url", ["/api/documents", "/api/stream", "/metrics", "/health", "/api/events", "/api/pages"])
def test_elsewhere_nothing_is_read_without_a_login(ask: Ask, url: str) -> None:
    assert ask("GET", url, client=ELSEWHERE).status_code == 401
    assert ask("GET", url, client=ELSEWHERE, headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 401


def test_the_page_itself_and_the_description_need_no_login(ask: Ask) -> None:
    for url in ("/", "/openapi.json", "/api/me"):
        assert ask("GET", url, client=ELSEWHERE).status_code == 200


def test_programs_send_the_token(ask: Ask) -> None:
    assert ask("GET", "/api/me", client=ELSEWHERE, headers=BEARER).json() == EVERYTHING
    assert ask("GET", "/api/me", client=ELSEWHERE, headers={"Authorization": f"bearer  {WALL}"}).json() == READING


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", f"Basic {TOKEN}", TOKEN, "Bearer é"])
def test_a_wrong_header_is_no_right_not_even_here(ask: Ask, header: str) -> None:
    assert ask("GET", "/api/me", headers={"Authorization": header.encode("latin-1")}).json() == NOTHING


def test_always_means_here_too(ask: Ask) -> None:
    assert ask("GET", "/api/me", web_login="always").json() == NOTHING
    assert ask("GET", "/api/documents", web_login="always").status_code == 401


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Proto"])
def test_who_comes_through_a_proxy_is_not_here(ask: Ask, name: str) -> None:
    assert ask("GET", "/api/me", headers={name: "127.0.0.1"}).json() == NOTHING


def test_a_browser_gets_a_cookie_that_no_script_and_no_other_site_can_use(ask: Ask) -> None:
    answer = ask("POST", "/api/login", json={"token": TOKEN}, client=ELSEWHERE)
    assert answer.json() == EVERYTHING
    said = answer.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Path=/", f"Max-Age={7 * 86400}"):
        assert part in said
    assert "Secure" not in said, "it must work on plain http"
    assert TOKEN not in said
    over_tls = ask("POST", "/api/login", json={"token": TOKEN}, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in over_tls.headers["set-cookie"]


def test_the_cookie_is_good_for_everything_and_that_of_a_wall_for_reading(ask: Ask) -> None:
    assert ask("GET", "/api/me", client=ELSEWHERE, headers=cookie(ask, TOKEN)).json() == EVERYTHING
    wall = cookie(ask, WALL)
    assert ask("GET", "/api/documents", client=ELSEWHERE, headers=wall).status_code == 200
    refused = ask("POST", "/api/hub/stop", client=ELSEWHERE, headers=wall)
    assert refused.status_code == 403
    assert "a wall display may only read" in refused.json()["error"]


def test_the_cookie_of_a_wall_is_renewed_at_each_visit(ask: Ask) -> None:
    answer = ask("GET", "/api/me", client=ELSEWHERE, headers=cookie(ask, WALL))
    assert answer.headers["set-cookie"].startswith("warden_local=read.")
    assert "set-cookie" not in ask("GET", "/api/me", client=ELSEWHERE, headers=cookie(ask, TOKEN)).headers


def test_a_cookie_ends(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(login.LIVES, login.Right.CHANGE, -1)
    assert ask("GET", "/api/me", client=ELSEWHERE, headers=cookie(ask, TOKEN)).json() == NOTHING


def test_a_cookie_is_worth_nothing_when_the_token_is_another(ask: Ask) -> None:
    old = cookie(ask, TOKEN)
    assert ask("GET", "/api/me", client=ELSEWHERE, headers=old, OUR_TOKEN="another-token-now").json() == NOTHING


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.replace("read.", "change."),
        lambda said: said[:-1] + ("0" if said[-1] != "0" else "1"),
        lambda said: said.replace("read.", "read.9"),
        lambda said: said + "0",
        lambda said: "warden_local=read..",
        lambda said: "warden_local=read.99999999999." + 64 * "0",
        lambda said: "warden_local=²",
    ],
)
def test_a_cookie_that_somebody_made_is_none(ask: Ask, change: Callable[[str], str]) -> None:
    made = change(cookie(ask, WALL)["Cookie"]).encode("latin-1")
    assert ask("GET", "/api/me", client=ELSEWHERE, headers={"Cookie": made}).json() == NOTHING


def test_without_a_wall_token_nothing_is_one(ask: Ask) -> None:
    assert ask("POST", "/api/login", json={"token": ""}, web_wall_token="").status_code == 401
    made = {"Cookie": "warden_local=read.99999999999." + 64 * "0"}
    assert ask("GET", "/api/me", client=ELSEWHERE, headers=made, web_wall_token="").json() == NOTHING


@pytest.mark.parametrize(
    "body", [{}, {"token": ""}, {"token": None}, {"token": 3}, {"token": "wrong"}, {"token": "\ud800"}]
)
def test_what_is_no_token_is_refused_with_the_cure(ask: Ask, body: dict[str, object]) -> None:
    content, headers = json.dumps(body).encode(), {"Content-Type": "application/json"}
    refused = ask("POST", "/api/login", content=content, headers=headers)
    assert refused.status_code == 401
    assert "`warden web` says at its start where it is" in refused.json()["error"]
    assert "set-cookie" not in refused.headers


def test_logout_deletes_the_cookie(ask: Ask) -> None:
    answer = ask("POST", "/api/logout", client=ELSEWHERE, headers=cookie(ask, TOKEN))
    assert answer.json() == NOTHING
    assert "Max-Age=0" in answer.headers["set-cookie"]


# -- where tokens come from


def test_the_first_start_makes_a_token_that_only_its_owner_can_read(settings: Callable[..., config.Settings]) -> None:
    made = settings()
    token = tokens.token(made)
    path = made.state_folder / "local-web-token"
    assert path == tokens.place(made)
    assert path.read_text() == token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert tokens.token(made) == token, "and it stays"
    assert len(token) >= 32
    assert masking.mask(f"the token {token}") == "the token ***"


def test_tokens_of_variables_and_files(
    settings: Callable[..., config.Settings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OUR_TOKEN", "from-the-environment")
    assert tokens.token(settings(web_token={"env": "OUR_TOKEN"})) == "from-the-environment"
    file = tmp_path / "token"
    file.write_text("from-a-file-of-ours\n")
    file.chmod(0o600)
    assert tokens.wall_token(settings(web_wall_token={"file": str(file)})) == "from-a-file-of-ours"
    file.chmod(0o644)
    with pytest.raises(SettingError, match="open to others"):
        tokens.wall_token(settings(web_wall_token={"file": str(file)}))


def test_a_short_token_is_refused(
    settings: Callable[..., config.Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_TOKEN", "short")
    with pytest.raises(SettingError, match="web_token has 5 characters; take 12 at least"):
        tokens.token(settings(web_token={"env": "OUR_TOKEN"}))
