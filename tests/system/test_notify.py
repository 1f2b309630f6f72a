"""People are told: a hub with rules, and the servers that take its messages, well and unwell."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import tango
from aiosmtpd.controller import Controller

from tests.conftest import wait_for
from tests.system.conftest import Hub, MakeHub, check_tick, clean_environment, free_port
from tests.system.web_hook import served
from WardenServer.sinks.events import store

BEAM = """
INTERVAL = 0.2
KEY = "Petra"

def work(agent):
    text = open({path!r}).read()
    return {{"BeamCurrent": None if text == "none" else float(text)}}
"""
QUICK = "INTERVAL = 0.1\ndef work(agent):\n    return {'x': 1}\n"
RULES = """
[notify]
silence_after_start = 0
[notify.targets.mail]
url = { env = "MAIL_URL" }
[notify.rules.beam]
field = "Petra.BeamCurrent"
below = 20
clear = 70
text = "Beam dump"
to = ["mail"]
"""


class Mail:
    """An SMTP server that keeps what comes; `answer` is what it says to a message in place of OK, `hangs` how long it
    takes."""

    def __init__(self, port: int) -> None:
        self.got: list[Any] = []
        self.answer = ""
        self.hangs = 0.0
        self.controller = Controller(self, hostname="127.0.0.1", port=port)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.hangs)
        if self.answer:
            return self.answer
        self.got.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return "250 OK"

    @property
    def subjects(self) -> list[str]:
        return [str(message["subject"]) for _, message in self.got]

    @property
    def texts(self) -> list[str]:
        return [str(message.get_body(("plain",)).get_content()) for _, message in self.got]


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mail]:
    port = free_port()
    monkeypatch.setenv("MAIL_URL", f"mailto://127.0.0.1:{port}/a@example.org?from=warden@example.org&rto=2&cto=2")
    server = Mail(port)
    server.controller.start()
    yield server
    if server.controller.server is not None:
        server.controller.stop()


Chat = tuple[str, list[dict[str, Any]]]


@pytest.fixture
def chat() -> Iterator[Chat]:
    """A web hook: its address, and what was posted there."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def do_GET(self) -> None:
            got.append({"path": self.path})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None: ...

    with served(Handler) as place:
        yield place, got


@pytest.fixture
def beam(tmp_path: Path, write: Callable[..., Path]) -> Callable[[object], None]:
    """Set the current of the ring."""
    path = tmp_path / "current"

    def set_current(value: object) -> None:
        part = path.with_suffix(".part")
        part.write_text(str(value))
        part.replace(path)

    set_current(100)
    write("petra", BEAM.format(path=str(path)))
    write("quick", QUICK)
    return set_current


def configure(tmp_path: Path, text: str) -> None:
    (tmp_path / "warden.toml").write_text(text)


def events_of(hub: Hub, agent: str = "") -> list[Any]:
    return store.read(store.place(hub.settings), 10_000, agent=agent)


def warden(hub: Hub, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = clean_environment(
        TANGO_HOST=hub.database, WARDEN_CONFIG=str(hub.file), WARDEN_STATE_FOLDER=str(hub.settings.state_folder),
        WARDEN_MEMCACHED=hub.servers, WARDEN_PREFIX=hub.settings.prefix, WARDEN_INSTANCE=hub.settings.instance,
    )  # fmt: skip
    command = [sys.executable, "-m", "WardenServer", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_beam_dump_is_told_and_its_end_and_no_data_is_none(
    hub: MakeHub, mail: Mail, beam: Callable[[object], None], tmp_path: Path
) -> None:
    (tmp_path / "config_emails.conf").write_text("# whom to tell\nb@example.org\nc@example.org\n")
    emails = f'url = {{ env = "MAIL_URL" }}\nemails = "{tmp_path}/config_emails.conf"'
    configure(tmp_path, RULES.replace('url = { env = "MAIL_URL" }', emails))
    server = hub()
    server.wait_document("Petra", "BeamCurrent", 100.0)
    beam("none")
    server.wait_document("Petra", "BeamCurrent", None)
    beam(3)
    wait_for(lambda: mail.got, 15, "for the mail")
    everybody = {"b@example.org", "c@example.org"}
    wait_for(lambda: everybody <= {to for tos, _ in mail.got for to in tos}, 5, "for all who are to be told")
    first = mail.got[0][1]
    assert first["subject"] == f"[warden {server.settings.instance}] ALARM #1"
    assert "Beam dump: Petra.BeamCurrent is 3, at or below 20" in mail.texts[0]
    beam(80)
    wait_for(lambda: mail.subjects[-1].endswith("GOOD AGAIN #2"), 15, "for the recovery")
    assert "Beam dump is over: Petra.BeamCurrent is 80; from " in mail.texts[-1]
    assert server.document(server.settings.alarms_key)["beam"]["state"] == "good"


def test_a_server_that_is_killed_tells_nothing_twice_and_loses_nothing(
    hub: MakeHub, mail: Mail, beam: Callable[[object], None], tmp_path: Path
) -> None:
    configure(tmp_path, RULES)
    server = hub()
    server.wait_document("Petra", "BeamCurrent", 100.0)
    beam(3)
    wait_for(lambda: mail.got, 15, "for the mail")
    server.tell(9)
    wait_for(lambda: not server.alive)
    server.stop()
    server.start()
    server.wait_document("Petra", "BeamCurrent", 3.0)
    server.tell(9)
    server.stop()
    beam(80)
    server.start()
    wait_for(lambda: "is over" in mail.texts[-1], 20, "for the recovery")
    words = list(dict.fromkeys(subject.partition("] ")[2] for subject in mail.subjects))
    # Where it was killed before it had noted that the first was sent, that is repeated: now it is the whole story.
    assert words in (["ALARM #1", "GOOD AGAIN #2"], ["ALARM #1", "OVER #1"])
    assert [event.id.split(":")[1] for event in events_of(server, "petra")] == ["alarm", "clear"]


@pytest.mark.parametrize("fault", ["refuses", "hangs", "fails late"])
def test_a_mail_server_that_is_unwell_gets_its_messages_later_and_holds_up_no_other(
    fault: str, hub: MakeHub, mail: Mail, chat: Chat, beam: Callable[[object], None], tmp_path: Path
) -> None:
    more = f'[notify.targets.chat]\nurl = "json://{chat[0]}/?cto=2"\n'
    configure(tmp_path, RULES.replace('to = ["mail"]', 'to = ["mail", "chat"]') + more)
    (tmp_path / "warden.toml").chmod(0o600)
    if fault == "refuses":
        mail.controller.stop()
    mail.hangs, mail.answer = (6.0 if fault == "hangs" else 0.0), ("451 later" if fault == "fails late" else "")
    server = hub()
    server.wait_document("Petra", "BeamCurrent", 100.0)
    beam(3)
    wait_for(lambda: chat[1], 15, "for the chat")
    assert chat[1][0]["title"].endswith("ALARM #2")
    wait_for(lambda: "target mail" in server.proxy.status(), 20, "for the status")
    assert server.proxy.state() == tango.DevState.ALARM
    check_tick(server)
    beam(80)
    wait_for(lambda: len(chat[1]) == 2, 15, "for the recovery in the chat")
    if fault == "refuses":
        mail.controller = Controller(mail, hostname="127.0.0.1", port=mail.controller.port)
        mail.controller.start()
    mail.hangs, mail.answer = 0.0, ""
    wait_for(lambda: mail.got, 40, "for the mail")
    text = mail.texts[-1]
    assert "Beam dump is over" in text and "; from " in text, "both in one, for it is over"
    assert "#1" in mail.subjects[-1]
    wait_for(lambda: "target mail" not in server.proxy.status(), 20, "for the end of the problem")
    assert len(chat[1]) == 2


def test_a_thousand_alarms_are_few_messages_and_a_thousand_events(
    hub: MakeHub, chat: Chat, write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT", f"json://{chat[0]}/")
    configure(
        tmp_path,
        '[notify]\nsilence_after_start = 0\n[notify.targets.chat]\nurl = { env = "CHAT" }\n'
        '[notify.rules.servers]\nmissing = "check"\nto = ["chat"]\n',
    )
    write("check", "INTERVAL = 0.5\ndef work(agent):\n    return {'servers': [f'Server/{n}' for n in range(1000)]}\n")
    write("quick", QUICK)
    server = hub()
    wait_for(lambda: len(events_of(server, "check")) == 1000, 20, "for the events")
    wait_for(lambda: any(" messages #" in each["title"] for each in chat[1]), 20, "for the digest")
    check_tick(server)
    assert len(chat[1]) <= 11
    assert sum(" messages #" in each["title"] for each in chat[1]) == 1
    digest = chat[1][-1]
    assert digest["title"].endswith("#10 to #1000")
    assert digest["message"].startswith("check: 991 messages, the first at ")


def test_mute_acknowledge_and_list_by_command_line_and_device(
    hub: MakeHub, mail: Mail, beam: Callable[[object], None], tmp_path: Path
) -> None:
    configure(tmp_path, RULES)
    server = hub()
    server.wait_document("Petra", "BeamCurrent", 100.0)
    done = warden(server, "notify", "mute", "beam", "--until", "8 s", "--why", "shift")
    assert (done.returncode, done.stderr) == (0, "")
    beam(3)
    key = server.settings.alarms_key
    wait_for(lambda: server.document(key).get("beam", {}).get("state") == "alarm", 10)
    assert server.document(key)["beam"]["quiet"].startswith("muted until")
    assert mail.got == []
    wait_for(lambda: mail.got, 25, "for the mail after the mute")
    done = warden(server, "notify", "list")
    assert done.returncode == 1
    assert done.stdout.startswith("beam: alarm since ")
    server.proxy.Acknowledge('{"rule": "beam"}')
    wait_for(lambda: server.document(key)["beam"]["acknowledged"], 10)
    assert "[acknowledged]" in warden(server, "notify", "list").stdout
    done = warden(server, "notify", "unmute", "beam")
    assert done.returncode == 1 and "beam is not muted" in done.stderr
    done = warden(server, "notify", "mute", "baem", "--until", "1h", "--why", "x")
    assert done.returncode == 1 and 'there is no rule "baem"; there are: beam' in done.stderr
    for request in ("[]", '{"rule": 3}', '{"rule": "beam", "until": "x"}', "no"):
        with pytest.raises(tango.DevFailed, match="Warden_WardenError"):
            server.proxy.Mute(request)


def test_test_and_watch_tell_the_targets(
    hub: MakeHub, chat: Chat, beam: Callable[[object], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT", f"json://{chat[0]}/secret-token-4711")
    beat = tmp_path / "beat"
    configure(
        tmp_path,
        f'[notify]\nheartbeat = "{beat}"\nheartbeat_interval = 1\n[notify.targets.chat]\nurl = {{ env = "CHAT" }}\n'
        '[notify.targets.dead]\nurl = { env = "DEAD" }\n',
    )
    monkeypatch.setenv("DEAD", "json://127.0.0.1:1/another-token-4711?cto=1&rto=1")
    server = hub()
    wait_for(lambda: beat.exists() and json.loads(beat.read_text())["state"] == "RUNNING", 10, "for the heartbeat")
    first = json.loads(beat.read_text())["timestamp"]
    wait_for(lambda: json.loads(beat.read_text())["timestamp"] > first, 10, "for the next beat")
    done = warden(server, "notify", "test")
    assert done.returncode == 1
    assert "chat: has taken a message" in done.stdout
    assert "dead: does not take messages (" in done.stderr and "4711" not in done.stderr
    assert [each["title"] for each in chat[1]] == [f"[warden {server.settings.instance}] test"]
    server.wait_document(server.settings.hub_key, "state")
    done = warden(server, "notify", "watch", server.settings.instance)
    assert (done.returncode, done.stdout) == (0, f"hub {server.settings.instance} lives, in state RUNNING.\n")
    server.stop()
    server.memcached.delete(server.settings.prefix + server.settings.hub_key)
    for _ in range(2):
        done = warden(server, "notify", "watch", server.settings.instance)
        assert done.returncode == 1 and "does not live" in done.stdout
    assert [each["title"].rpartition(" ")[2] for each in chat[1]] == ["test", "ALARM"], "said once"
    server.start()
    server.wait_document(server.settings.hub_key, "state")
    assert warden(server, "notify", "watch", server.settings.instance).returncode in (0, 1)
    assert chat[1][-1]["title"].endswith("GOOD AGAIN")
    for text in (server.log(), warden(server, "config").stdout, warden(server, "config", "--json").stdout):
        assert "4711" not in text


def test_a_url_in_a_file_that_others_may_read_is_refused(
    hub: MakeHub, chat: Chat, beam: Callable[[object], None], tmp_path: Path
) -> None:
    configure(tmp_path, RULES.replace('{ env = "MAIL_URL" }', f'"json://{chat[0]}/secret-token-4711"'))
    server = hub()
    server.wait_document("Petra", "BeamCurrent", 100.0)
    beam(3)
    status = ""

    def refused() -> bool:
        nonlocal status
        status = server.proxy.status()
        return "is open to others" in status

    wait_for(refused, 15)
    assert "chmod go= " in status and "4711" not in status
    (tmp_path / "warden.toml").chmod(0o600)
    wait_for(lambda: chat[1], 20, "for the message, once the file is private")


def test_a_heartbeat_to_a_url_and_rules_by_reload(
    hub: MakeHub, chat: Chat, beam: Callable[[object], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT", f"json://{chat[0]}/")
    server = hub()
    server.wait_document("Petra", "BeamCurrent", 100.0)
    beam(3)
    server.wait_document("Petra", "BeamCurrent", 3.0)
    text = RULES.replace("MAIL_URL", "CHAT").replace(
        "[notify]\n", f'[notify]\nheartbeat = "http://{chat[0]}/ping"\nheartbeat_interval = 1\n'
    )
    configure(tmp_path, text)
    server.proxy.Reload()
    wait_for(lambda: any("ALARM" in each.get("title", "") for each in chat[1]), 15, "for the alarm")
    wait_for(lambda: {"path": "/ping"} in chat[1], 10, "for the heartbeat")

