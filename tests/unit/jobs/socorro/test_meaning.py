"""What the options say of jobs, loops and log."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy.engine import make_url

from tests.unit.jobs.socorro.conftest import Site
from WardenServer.errors import SettingError
from WardenServer.jobs.monitor import Delays
from WardenServer.jobs.socorro import defaults, meaning, values
from WardenServer.plugins.common.jobs import configuration
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database

FOLDER = Path("/state/jobs")


def gathered(**said: str) -> dict[str, values.Value]:
    words = [f"--{name}={value}" for name, value in {"storageRoot": "/new", **said}.items()]
    return values.gather(defaults.monitor(FOLDER), words, {})


def jobs(**said: str) -> Jobs:
    return meaning.jobs_of(gathered(**said), FOLDER)


def test_all_of_a_site(site: Site) -> None:
    said = site.values()
    assert meaning.jobs_of(said, site.state) == Jobs(
        storage=Path("/data/new"), deferred=Path("/data/later"), layout="radix", pattern="*",
        suffixes=(".json", ".cbf"), after="move", successful=Path("/data/good"), failed=site.state / "failed",
        url="postgresql://watcher:pass%2Fword%401@db.example:5433/reports", folder=site.state, check_in=600.0,
        attempts=3, minutes_per_slot=5, file_mode=0o640, folder_mode=0o750, group=None,
    )  # fmt: skip
    assert meaning.delays_of(said) == Delays(120.0, 45.0, 90.0)
    lines = meaning.lines_of(said)
    assert lines.file == Path.cwd() / "monitor.log"
    assert (lines.size, lines.backups, lines.file_level, lines.console_level) == (5000, 50, 10, 40)
    assert lines.file_form == lines.console_form == "%(asctime)s %(levelname)s - %(message)s"


def test_defaults_are_those_of_the_table() -> None:
    table = {"folder": str(FOLDER), "storage": "/new", "layout": "radix"}
    assert jobs() == configuration.read(table)
    assert meaning.delays_of(gathered()) == Delays(300.0, 60.0, 300.0)


def test_a_blank_store_deletes_and_a_blank_group_leaves_alone() -> None:
    found = jobs(saveSuccessfulMinidumpsTo="", saveFailedMinidumpsTo=" ", dumpGID="", deferredStorageRoot="")
    assert (found.successful, found.failed, found.group, found.deferred) == (None, None, None, None)
    assert found.after == "move"


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ({}, f"sqlite:///{FOLDER}/jobs.db"),
        ({"databaseName": "a"}, "postgresql://localhost:5432/a"),
        ({"databaseName": "a", "databaseUserName": "me"}, "postgresql://me@localhost:5432/a"),
        ({"databaseName": "a", "databaseURL": "sqlite:////x/y.db"}, "sqlite:////x/y.db"),
        ({"databaseURL": "postgresql://h/a"}, "postgresql://h/a"),
    ],
)
def test_where_the_database_is(said: dict[str, str], url: str) -> None:
    assert jobs(**said).url == url
    Database(url)  # takes it


@settings(deadline=None)
@given(text=some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_any_password_arrives_whole(text: str) -> None:
    url = make_url(jobs(databaseName="a", databaseUserName="me", databasePassword=text).url)
    assert (url.password, url.host) == (text, "localhost")


@pytest.mark.parametrize(
    ("text", "rights"), [("432", 0o660), ("0660", 0o660), ("0o640", 0o640), ("00660", 0o660), ("384", 0o600)]
)
def test_rights_are_decimal_or_octal_with_a_0(text: str, rights: int) -> None:
    assert jobs(dumpPermissions=text).file_mode == rights


def test_octal_rights_without_the_0_are_refused() -> None:
    for rights in range(0o600, 0o1000):
        with pytest.raises(SettingError, match="dumpPermissions"):
            jobs(dumpPermissions=f"{rights:o}")


@pytest.mark.parametrize("text", ["770", "750", "755", "700", "777", "-1", "0o9", "x", "", "1e3", "99999"])
def test_rights_of_folders_that_are_wrong(text: str) -> None:
    with pytest.raises(SettingError, match=f'^dirPermissions is "{text}" by the command line; write rights that let'):
        jobs(dirPermissions=text)


LIKELY = some.text(some.sampled_from("0123456789:/.-@% dayhost~")) | some.text(some.characters(exclude_characters="\0"))


@settings(deadline=None)
@given(name=some.sampled_from(sorted(defaults.monitor(FOLDER).keys() - {"config"})), text=LIKELY, named=some.booleans())
def test_any_text_has_a_meaning_or_is_refused_by_its_name(name: str, text: str, named: bool) -> None:
    try:
        said = gathered(**{**({"databaseName": "a"} if named else {}), name: text})
        meaning.jobs_of(said, FOLDER)
        meaning.delays_of(said)
        meaning.lines_of(said)
    except SettingError as error:
        assert name in str(error)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("storageRoot", "", 'storageRoot is "" by the command line; write a path'),
        ("storageRoot", "~nobody-of-that-name/x", "write a path that begins with /"),
        ("storageRoot", "/a\0b", "write a path"),
        ("jsonFileSuffix", "", "write how a file name ends, such as .json"),
        ("dumpFileSuffix", "/x", "write how a file name ends"),
        ("dumpFileSuffix", ".json", 'jsonFileSuffix and dumpFileSuffix are both ".json"; correct one of them'),
        ("processorCheckInTime", "0", "more than 0 and at most a year"),
        ("processorCheckInTime", "400:00:00:00", "more than 0 and at most a year"),
        ("minutesPerSlot", "61", "write a whole number from 1 to 60"),
        ("minutesPerSlot", "0", "write a whole number from 1 to 60"),
        ("dumpGID", "staff", "write the number of a group, or nothing"),
        ("dumpGID", "-1", "write the number of a group, or nothing"),
        ("databaseURL", "mysql://me:sesame@h/a", "write sqlite:////FOLDER/jobs.db or postgresql://USER@HOST/DATABASE"),
        ("databaseURL", "sqlite://", "write sqlite:////FOLDER/jobs.db"),
        ("databaseURL", "where", "write sqlite:////FOLDER/jobs.db"),
        ("databaseName", "\udcff", "write text in UTF-8"),
        ("databaseURL", "sqlite:////\udcff", "write sqlite:////FOLDER/jobs.db"),
        ("databaseURL", "postgresql://h:x/a", "write sqlite:////FOLDER/jobs.db"),
    ],
)
def test_what_cannot_be_used_is_refused(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingError) as refused:
        jobs(**{name: value})
    assert said in str(refused.value)
    assert name in str(refused.value)
    assert "sesame" not in str(refused.value)


def test_a_port_is_only_looked_at_where_it_is_used() -> None:
    assert jobs(databasePort="0").url.startswith("sqlite")
    with pytest.raises(SettingError, match='databasePort is "0" by the command line; write a whole number from 1'):
        jobs(databasePort="0", databaseName="a")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("logFileErrorLoggingLevel", "-1", "a whole number from 0 to 1000"),
        ("logFileMaximumSize", "0", "a whole number from 1"),
        ("logFileMaximumBackupHistory", "0", "a whole number from 1"),
        ("stderrLineFormatString", "%(nothing", "a form of Python's logging"),
        ("logFileLineFormatString", "plain", "a form of Python's logging"),
        ("logFilePathname", "", "a path"),
    ],
)
def test_what_cannot_be_used_for_the_log_is_refused(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingError) as refused:
        meaning.lines_of(gathered(**{name: value}))
    assert str(refused.value).startswith(f'{name} is "{value}" by the command line; write {said}')


@pytest.mark.parametrize("text", ["0", "0:0", "367:0:0:0"])
def test_delays_that_cannot_be_used(text: str) -> None:
    with pytest.raises(SettingError, match="priorityLoopDelay is"):
        meaning.delays_of(gathered(priorityLoopDelay=text))


@pytest.mark.parametrize(
    ("value", "seconds"), [(300, 300.0), (0.5, 0.5), ("1 day, 1:00:00", 90000.0), ("0:10:00", 600.0)]
)
def test_durations_in_other_forms(site: Site, value: object, seconds: float) -> None:
    site.add(f"processorCheckInTime = cm.Option(default={value!r})")
    assert meaning.jobs_of(site.values(), site.state).check_in == seconds


@pytest.mark.parametrize("value", [True, float("nan"), float("inf"), -1, [], "1 day"])
def test_durations_in_no_form(site: Site, value: object) -> None:
    site.add(f"nan, inf = float('nan'), float('inf')\nprocessorCheckInTime = cm.Option(default={value!r})")
    with pytest.raises(SettingError, match="processorCheckInTime is"):
        meaning.jobs_of(site.values(), site.state)
