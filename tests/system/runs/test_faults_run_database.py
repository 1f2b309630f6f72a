"""A hub that watches a run database of CMS: what is told of its runs, and what happens while it is away."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import wait_for
from tests.contract.databases import empty
from tests.contract.runs.runinfo.database import STARTED, started
from tests.system.conftest import MakeHub, free_port
from tests.system.postgresql import PostgreSQL, is_there
from tests.system.relay import HANGS, THROUGH, Relay
from tests.system.runs.run_database import Watched, said, told, warden
from tests.system.runs.test_run_differ import Chat, chat  # noqa: F401  # the fixture

#: As people leave such a file: with comments, tabs, blanks at the ends, lines without a colon, and names of nobody.
PARAMETERS = (
    "# a comment: HCAL_HF\n\nFM_CONFIG \t the rest is padding\t:HCAL_HO  HCAL_HF\tHCAL_HBHE \t \r\n"
    "a line without a colon HCAL_HF\n: HCAL_HF\n \t:HCAL_HO\nTHRESHOLD:HCAL_HF HCAL_HO HCAL_Nobody   \nEMPTY :\n"
    "CLOCK :HCAL_HF\n"
)
MASKS = """
[[runs.masks]]
pattern = "HCAL_HF:CLOCK"
reason = "holds the time of day"
"""
CONFIG = "crate 20 {{\n  threshold {}\n}}\n"


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> str:
    """Where databases can be made; "" for files."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql").url)


@pytest.fixture
def url(place: str, tmp_path: Path) -> Iterator[str]:
    """Of a run database that is empty."""
    with empty(place, tmp_path / "runinfo.db") as made:
        yield made


def address(old: int, new: int, *partitions: str) -> str:
    return f"http://warden.example/#/diff?old={old}&new={new}" + "".join(f"&partition={each}" for each in partitions)


def line(*addresses: str) -> str:
    """Of the log of addresses, as BotUrlLog.html has it."""
    return f"{[each.replace('&', '&amp;') for each in addresses]}<br>"


def test_runs_are_told_once_and_to_the_letter(url: str, hub: MakeHub, tmp_path: Path) -> None:
    watched = Watched(hub, tmp_path, url)
    five, seven, nine = (CONFIG.format(number) for number in (5, 7, 9))
    watched.fill({1000: started(HCAL_HF__FM_CONFIG=five, HCAL_HO__FM_CONFIG=five, HCAL_HF__CLOCK="12:00")})
    watched.start(PARAMETERS, MASKS)
    watched.wait_looked(1000)
    never = {name: value for name, value in STARTED.items() if name != "LVL0:RC_STATE"}
    both = {"HCAL_HF__FM_CONFIG": seven, "HCAL_HO__FM_CONFIG": seven}
    watched.fill({1001: {**never, "HCAL_HF:FM_CONFIG": seven, "HCAL_HO:FM_CONFIG": seven}})
    watched.server.wait_document("runs", "run", 1001, 20)
    assert watched.server.document("runs")["new"] is None, "it may still reach Running"
    watched.fill({
        # the same but for white space at the ends, and for what is masked; of two values the first counts
        1002: started(HCAL_HF__FM_CONFIG=f"\n{seven} ", HCAL_HO__FM_CONFIG=[seven, five], HCAL_HF__CLOCK="13:00"),
        1003: {**started(HCAL_HF__FM_CONFIG=nine), "LVL0:HCAL": "Out"},
        1004: {**started(HCAL_HF__FM_CONFIG=nine), "HCAL_LEVEL_1:FM_FULLPATH": "/hcalpro/Local/"},
        1005: started(**{**both, "HCAL_HF__FM_CONFIG": nine}, HCAL_HF__EMPTY_FMS="[HCAL_HO]"),
        1006: {**started(**both), "LVL0:HF": "Out"},
        1007: started(HCAL_HF__FM_CONFIG=five, HCAL_HO__FM_CONFIG=five, HCAL_HF__THRESHOLD="`<b>`"),
    })  # fmt: skip
    watched.wait_looked(1007)
    all_of = ("HCAL_HF", "HCAL_HO")
    wanted = [(1000, 1001, all_of), (1001, 1005, ("HCAL_HF",)), (1001, 1007, ("HCAL_HO",)), (1005, 1007, ("HCAL_HF",))]
    told(watched.server, lambda: len(watched.ids) == len(wanted), "the events")
    assert sorted(watched.ids) == sorted(f"runs.{'+'.join(names)}.{old}.{new}" for old, new, names in wanted)
    texts = {event.id: event.text for event in watched.events}
    assert texts["runs.HCAL_HF+HCAL_HO.1000.1001"] == (
        "Run parameters changed between run 1000 and run 1001:\nRun 1001 never reached Running.\n"
        "FM_CONFIG in HCAL_HO, HCAL_HF has changed:\n  crate 20 {\n-   threshold 5\n+   threshold 7\n\n"
        f"CLOCK in HCAL_HF is masked: holds the time of day\n{address(1000, 1001, *all_of)}"
    )
    assert texts["runs.HCAL_HF.1005.1007"].split("\n", 1)[1] == (
        "FM_CONFIG in HCAL_HF has changed:\n  crate 20 {\n-   threshold 9\n+   threshold 5\n\n"
        f"THRESHOLD in HCAL_HF has changed:\n+ `<b>`\n{address(1005, 1007, 'HCAL_HF')}"
    )
    assert watched.url_log == [
        line(address(1000, 1001, *all_of)), line(address(1001, 1005, "HCAL_HF")),
        line(address(1005, 1007, "HCAL_HF"), address(1001, 1007, "HCAL_HO")),
    ]  # fmt: skip
    document = watched.server.wait_document("runs", "new", 1007, 20)
    assert (document["old"], document["changes"], document["partitions"]) == (1001, 1, ["HCAL_HO"])
    assert (document["open"], document["problem"], document["unavailable"]) == (None, "", 0)
    shown = warden(watched.server, "diff", "1001", "1005", "HCAL_HF")
    assert (shown.code, shown.stdout) == (
        1, "FM_CONFIG in HCAL_HF has changed:\n  crate 20 {\n-   threshold 7\n+   threshold 9\n",
    )  # fmt: skip


def test_a_file_that_is_moved_away_and_comes_back(hub: MakeHub, tmp_path: Path) -> None:
    file, parameters = tmp_path / "runinfo.db", tmp_path / "diffed parameters.txt"
    watched = Watched(hub, tmp_path, f"sqlite:///{file}")
    watched.fill({1: started(HCAL_HF__FM_CONFIG="1")})
    watched.start(PARAMETERS)
    watched.wait_looked(1)
    file.rename(tmp_path / "away.db")
    told(watched.server, lambda: said(watched.server, f"run database {file} cannot be used") == 1, "the sentence")
    (tmp_path / "away.db").rename(file)
    watched.fill({number: started(HCAL_HF__FM_CONFIG=str(number)) for number in (2, 3, 4)})
    told(watched.server, lambda: len(watched.ids) == 3, "what was missed")
    parameters.rename(tmp_path / "away.txt")
    told(watched.server, lambda: said(watched.server, f"{parameters} cannot be read") == 1, "the sentence")
    watched.fill({5: started(HCAL_HF__FM_CONFIG="5")})
    (tmp_path / "away.txt").rename(parameters)
    told(watched.server, lambda: len(watched.ids) == 4, "what was missed")
    assert watched.ids == [f"runs.HCAL_HF.{old}.{old + 1}" for old in range(1, 5)]
    assert said(watched.server, "run database") == said(watched.server, "cannot be read") == 1


NOTIFY = """
[notify]
silence_after_start = 0
[notify.targets.chat]
url = { env = "CHAT" }
[notify.rules.runs]
events = "run_differ"
severity = "warning"
to = ["chat"]
"""


def test_a_server_that_is_away_or_hangs_while_the_hub_is_killed_and_the_target_is_down(
    hub: MakeHub,
    tmp_path: Path,
    chat: Chat,  # noqa: F811
) -> None:
    if not is_there():
        pytest.skip("PostgreSQL is not installed")
    with ExitStack() as stack:
        postgresql = stack.enter_context(PostgreSQL(port := free_port(), tmp_path / "postgresql"))
        relay = Relay(port)
        stack.callback(relay.end)
        url = f"postgresql://warden:very-secret@127.0.0.1:{relay.port}/postgres"
        watched = Watched(hub, tmp_path, url, postgresql.url)
        watched.fill({1: started(HCAL_HF__FM_CONFIG="1")})
        chat.refuses = True
        watched.start(PARAMETERS, NOTIFY)
        watched.wait_looked(1)
        server = watched.server
        away = "run database of postgresql at 127.0.0.1 cannot be used"
        relay.close()
        postgresql.stop()
        told(server, lambda: said(server, away), "the sentence")
        postgresql.start()
        relay.open()
        watched.fill({number: started(HCAL_HF__FM_CONFIG=str(number)) for number in (2, 3, 4)})
        told(server, lambda: len(watched.ids) == 3, "what was missed")
        assert (said(server, away), said(server, "run_differ is good again")) == (1, 1)
        relay.change(HANGS)
        told(server, lambda: away in server.document("runs").get("error", ""), "the sentence")
        server.tell(signal.SIGKILL)
        wait_for(lambda: not server.alive)
        watched.fill({number: started(HCAL_HF__FM_CONFIG=str(number)) for number in (5, 6)})
        server.start()
        told(server, lambda: said(server, away), "the sentence")
        relay.change(THROUGH)
        told(server, lambda: len(watched.ids) == 5, "what was missed")
        assert (said(server, away), said(server, "run_differ is good again")) == (1, 1)
        assert "very-secret" not in server.log()
        chat.refuses = False
        wait_for(lambda: len(chat.got) == 5, 90, "for the messages")
        watched.fill({7: started(HCAL_HF__FM_CONFIG="7")})
        wait_for(lambda: len(chat.got) == 6, 30, "for one more, and no other")
    assert watched.ids == [f"runs.HCAL_HF.{number}.{number + 1}" for number in range(1, 7)]
    for text, number in zip(chat.texts, range(2, 8), strict=True):
        assert f"run {number - 1} and run {number}:" in text
    assert len(watched.url_log) == 6
