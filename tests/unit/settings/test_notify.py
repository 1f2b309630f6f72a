"""The table [notify]: every mistake is named with its cure."""

import tomllib
from pathlib import Path

import pytest

from WardenServer.errors import SettingError
from WardenServer.settings import config
from WardenServer.settings.notify import Notify, Rule, read

GOOD = """
silence_after_start = "1 minute"
heartbeat = "/run/warden.beat"
[targets.mail]
url = { env = "MAIL" }
severity = "warning"
[rules.beam]
field = "Petra.BeamCurrent"
below = 20
clear = 70
cycles = 2
reminder = "1 h"
unless = "silent"
to = ["mail"]
[rules.silent]
stale = "Petra"
after = 30
[rules.valve]
field = "P022.vacuum.interlock.V_0"
equals = 1
[rules.shut]
field = "A.open"
equals = false
"""


def table(text: str) -> Notify:
    return read(tomllib.loads(text), "f.toml")


def test_a_good_one() -> None:
    found = table(GOOD)
    assert found.silence_after_start == 60
    assert found.rules["beam"] == Rule(
        "beam", field="Petra.BeamCurrent", below=20, clear=70, cycles=2, reminder=3600, unless="silent", to=("mail",)
    )
    assert found.rules["shut"].equals is False
    assert "MAIL" not in repr(found.targets["mail"])


def test_how_long_it_must_have_been_so() -> None:
    found = table('[rules.a]\nstale="A"\n[rules.b]\nmissing="ping.silent"\nafter="12h"\nremind="1 d"').rules
    assert (found["a"].after, found["a"].reminder) == (60, 0)
    assert (found["b"].after, found["b"].reminder) == (43200, 86400)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules = 3", "notify.rules is 3; write a table"),
        ("silence = 3", '[notify] has no "silence"; did you mean "silence_after_start"?'),
        ("[rules.a]", "[notify.rules.a] does not say what it looks at; give one of field"),
        ('[rules.a]\nfield="A.b"', "give one of below, above, equals, changes with field"),
        ('[rules.a]\nfield="A.b"\nbelow=1\nabove=2', "give one of below, above, equals, changes with field"),
        ('[rules.a]\nfield="A.b"\nbelow=1\nstale="A"', "has field and stale; give one of"),
        ('[rules.a]\nfailing="*"\nbelow=1', "give no below without field"),
        ('[rules.a]\nfield="A.b"\nbelow="x"', "below is 'x'; write a number"),
        ('[rules.a]\nfield="A.b"\nbelow=nan', "below is nan; write a number"),
        ('[rules.a]\nfield="A.b"\nbelow=20\nclear=10', "clear is 10, which is still bad; write a value above"),
        ('[rules.a]\nfield="A.b"\nabove=20\nclear=30', "clear is 30, which is still bad; write a value below"),
        ('[rules.a]\nfield="A.b"\nequals=20\nclear=30', "clear goes with below or above only"),
        ('[rules.a]\nfailing="*"\nto=["mial"]', 'there is no target "mial"; write a table [notify.targets.mial]'),
        ('[targets.mail]\nurl="x"\n[rules.a]\nfailing="*"\nto=["mial"]', 'did you mean "mail"?'),
        ('[rules.a]\nfailing="*"\nto="mail"', "to is 'mail'; write a list of names"),
        ('[rules.a]\nfailing="*"\nunless="a"', 'unless is "a", which is no other rule'),
        ('[rules.a]\nfailing="*"\ncycles=0', "cycles is 0; write a whole number, 1 or more"),
        ('[rules.a]\nfailing="*"\nseverity="bad"', "write one of info, warning, alarm"),
        ('[rules.a]\nfailing="*"\nremynder=3', 'did you mean "reminder"?'),
        ('[rules."a b"]\nfailing="*"', "write a name of letters, digits and _"),
        ('[rules.a]\nfield="A.b"\nchanges=false', "changes is False; write true, or leave it out"),
        ("[targets.mail]", "has no url; write url = { env"),
        ("[targets.mail]\nurl = 3", "url is ***; write { env"),
        ("[targets.mail]\nurl = { evn = 'X' }", "url is ***; write { env"),
    ],
)
def test_mistakes(text: str, said: str) -> None:
    with pytest.raises(SettingError) as raised:
        table(text)
    assert said in str(raised.value)
    assert str(raised.value).startswith("f.toml: ")


def test_it_is_part_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "warden.toml"
    file.write_text('[notify.rules.a]\nfailing = "*"\n[agents.host]\ninterval = 3\n')
    settings = config.load(file, {})
    assert list(settings.notify.rules) == ["a"]
    file.write_text("[notify.rules.a]\n")
    with pytest.raises(SettingError, match=r"warden\.toml"):
        config.load(file, {})
