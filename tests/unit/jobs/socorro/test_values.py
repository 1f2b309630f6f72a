"""Who has the last word on an option, what is refused, and what people see."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.jobs.socorro.conftest import Site
from WardenServer.errors import SettingError
from WardenServer.jobs.socorro import values
from WardenServer.settings import masking


def test_the_command_line_goes_before_a_file_that_before_the_environment_that_before_the_default(site: Site) -> None:
    lines = site.write("lines", "# a note\n\n databasePort = 3 \nshift=file=x\ndumpFileSuffix=\n")
    environment = {"databasePort": "2", "databaseHost": "env.example", "shift": "env", "other": "x", "D": "1"}
    said = site.values("--databasePort=4", f"--config={lines}", environment=environment)
    assert {name: (said[name].value, said[name].where) for name in ("databasePort", "shift", "databaseHost")} == {
        "databasePort": (4, "the command line"),
        "shift": ("file=x", f"{lines}:4"),
        "databaseHost": ("env.example", "the environment"),
    }
    assert (said["databaseName"].value, said["databaseName"].where) == ("reports", "its default")
    assert said["dumpFileSuffix"].value == "", "a blank is a value"
    assert said["debug"].value is False
    assert "other" not in said


@pytest.mark.parametrize(
    "words",
    [
        "-p 1:15",
        "-p1:15",
        "--priorityLoopDelay 1:15",
        "--priorityLoopDelay=3 --priorityLoopDelay=1:15",
        "--priority=1:15",
    ],
)
def test_forms_of_the_command_line(site: Site, words: str) -> None:
    assert site.values(*words.split())["priorityLoopDelay"].value == timedelta(seconds=75)


def test_converters_are_applied_to_defaults_too(site: Site) -> None:
    said = site.values("-D", "T")
    assert said["standardLoopDelay"].value == timedelta(minutes=2)
    assert said["processorCheckInTime"].value == "0:10:00"
    assert said["debug"].value is True
    assert said["startWindow"].value is None


def test_the_environment_may_name_the_file(site: Site) -> None:
    lines = site.write("lines", "databasePort=3")
    assert site.values(environment={"config": str(lines)})["databasePort"].value == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--standardLopDelay=1",), "option --standardLopDelay not recognized; write --standardLoopDelay=VALUE"),
        (("--zzz=1",), "option --zzz not recognized; see --help"),
        (("--stderr=1",), "option --stderr not a unique prefix; .*"),
        (("-x",), "option -x not recognized; see --help"),
        (("--databaseHost",), "option --databaseHost requires argument; .*"),
        (("--help=1",), "option --help must not have an argument; .*"),
        (("later",), '"later" is no option; write --NAME=VALUE'),
        (("--databasePort=many",), 'databasePort is "many" by the command line, which cannot be used: invalid .*'),
        (("--standardLoopDelay=5:x",), 'standardLoopDelay is "5:x" by the command line, .* "x" is no whole number.*'),
        (("--startWindow=now",), 'startWindow is "now" by the command line, .*: a time is YYYY-MM-DD HH:MM:SS'),
        (("--config=/not/there",), "/not/there does not exist; correct --config"),
    ],
)
def test_what_cannot_be_used_is_refused(site: Site, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(SettingError, match=f"^{said}$"):
        site.values(*words)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("databaseHots=x", ':2: unknown option "databaseHots"; did you mean "databaseHost"?'),
        ("zzz=x", ':2: unknown option "zzz"; --help lists those there are'),
        ("databaseHost", ":2: is no line NAME=VALUE; correct it, or begin it with #"),
        ("=x", ":2: is no line NAME=VALUE"),
        ("databasePort=many", 'databasePort is "many" by {}:2'),
        ("standardLoopDelay=", 'standardLoopDelay is "" by {}:2, which cannot be used: "" is no whole number'),
        ("a=\udcff", " is not UTF-8: line 2 has the byte 0xff; save it as UTF-8"),
    ],
)
def test_wrong_lines_are_named(site: Site, line: str, said: str) -> None:
    lines = site.folder / "lines"
    lines.write_bytes(f"# {'x' * 100}\n{line}\n".encode(errors="surrogateescape"))
    with pytest.raises(SettingError) as refused:
        site.values(f"--config={lines}")
    assert said.format(lines) in str(refused.value)
    assert str(lines) in str(refused.value)


def test_a_converter_of_the_file_may_raise_anything(site: Site) -> None:
    site.add("shift = cm.Option(default='1', fromStringConverter=lambda text: {}[text])")
    with pytest.raises(SettingError, match="shift is \"1\" by its default, which cannot be used: '1'"):
        site.values()


def test_passwords_are_seen_nowhere(site: Site) -> None:
    site.add("otherPasswordHere = cm.Option(default='sesame-1', fromStringConverter=str)\n"
             "brokenpassword = cm.Option(default=4711, fromStringConverter=int)")  # fmt: skip
    said = site.values("--databaseURL=postgresql://me:sesame-2@here/jobs", environment={"databasePassword": "sesame-3"})
    text = values.as_lines(said)
    assert "\tdatabasePassword=**********\n" in text
    assert "\totherPasswordHere=**********\n" in text
    assert "\tdatabaseURL=postgresql://me:***@here/jobs\n" in text
    assert "\tdatabaseHost=db.example\n" in text
    assert text.splitlines() == sorted(text.splitlines())
    text += values.as_help(site.options())
    assert not any(secret in text for secret in ("sesame", "pass/word@1"))
    assert masking.mask("refused: sesame-3, sesame-1") == "refused: ***, ***"
    for secret in ("sesame-4", "s4"):
        with pytest.raises(SettingError, match="brokenpassword is") as refused:
            site.values(f"--brokenpassword={secret}")
        assert secret not in str(refused.value)


def test_help_lists_all_options_sorted_with_doc_and_default(site: Site) -> None:
    options = site.options()
    text = values.as_help(options)
    listed = [line.partition("--")[2] for line in text.splitlines() if not line.startswith("\t")]
    assert listed == [*sorted(options), "help"]
    assert "  -D, --debug\n\tsay more (default: False)\n" in text
    assert "      --shift\n\tshift of monitorconfig.py (default: late)\n" in text


@pytest.mark.parametrize("word", ["--help", "-?", "-h", "--hel"])
def test_help_is_asked_for(site: Site, word: str) -> None:
    assert values.wants_help(site.options(), ["--shift=x", word])
    assert not values.wants_help(site.options(), ["--shift=--help"])


def test_a_letter_of_the_file_goes_before_ours(site: Site) -> None:
    site.add("hours = cm.Option(default=3, singleCharacter='h')")
    assert not values.wants_help(site.options(), ["-h", "5"])
    assert site.values("-h", "5")["hours"].value == 5


def test_a_folder_in_place_of_the_file_of_lines(site: Site, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="is a folder; name the file in it"):
        site.values(f"--config={tmp_path}")
