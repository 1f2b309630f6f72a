"""Configuration files of Socorro are run with what they import, if it is safe to do so."""

import re
import sys
from types import ModuleType

import pytest

from tests.unit.jobs.socorro.conftest import Site
from tests.unit.jobs.socorro.files import COMMON
from WardenServer.authoring.port import port
from WardenServer.errors import PluginError, WardenError


def test_a_file_as_the_original_has_it(site: Site) -> None:
    options = site.options()
    assert options["standardLoopDelay"].default == "00:02:00"
    assert options["standardLoopDelay"].doc == "pause of the loop for new files"
    assert options["priorityLoopDelay"].singleCharacter == "p"
    assert options["databaseHost"].default == "db.example"
    assert options["dumpPermissions"].default == "416"
    assert options["startWindow"].default is None
    assert (options["shift"].default, options["shift"].doc) == ("late", "shift of monitorconfig.py")
    assert options["databaseName"].doc, "a known option has our doc where the file gives none"
    assert "datetime" not in options and "cm" not in options and "stat" not in options


def test_what_the_file_does_not_name_has_our_defaults(site: Site) -> None:
    options = site.options()
    assert options["logFilePathname"].default == "./monitor.log"
    assert options["databaseURL"].default == ""


def test_an_option_without_default_has_ours_and_that_is_said(site: Site) -> None:
    assert site.options()["saveFailedMinidumpsTo"].default == str(site.state / "failed")
    assert [each for each in site.notes if "gives saveFailedMinidumpsTo no default; it is" in each]
    assert len(site.notes) == 1


def test_commonconfig_beside_the_file_goes_before_the_one_in_config(site: Site) -> None:
    site.write("commonconfig.py", COMMON.replace("db.example", "beside.example"))
    assert site.options()["databaseHost"].default == "beside.example"


@pytest.mark.parametrize(
    "line",
    [
        "from config.commonconfig import databaseHost",
        "from config import commonconfig\ndatabaseHost = commonconfig.databaseHost",
        "import config.commonconfig\ndatabaseHost = config.commonconfig.databaseHost",
    ],
)
def test_other_ways_to_import(site: Site, line: str) -> None:
    site.write("monitorconfig.py", f"{line}\n")
    options = site.options()
    assert options["databaseHost"].default == "db.example"
    assert options["databasePort"].default == 5432


def test_without_commonconfig_our_own_is_there(site: Site) -> None:
    site.common.unlink()
    site.add("databaseName.default = 'other'")
    assert site.options()["databaseHost"].default == "localhost"
    assert site.options()["databaseName"].default == "other"
    site.write("monitorconfig.py", "from config.commonconfig import databaseName")
    assert site.options()["databaseName"].default == "", "what one file did to our options is left behind"


def test_other_modules_of_the_site(site: Site) -> None:
    site.write("config/helper.py", "place = '/data/else'\n")
    site.add("from config.helper import place\nstorageRoot.default = place")
    assert site.options()["storageRoot"].default == "/data/else"


def test_a_file_is_read_anew(site: Site) -> None:
    site.options()
    site.write("config/commonconfig.py", COMMON.replace("db.example", "other.example"))
    assert site.options()["databaseHost"].default == "other.example"


def test_an_installed_socorro_is_left_alone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = {name: ModuleType(name) for name in ("socorro", "socorro.lib", "config")}
    for name, module in theirs.items():
        monkeypatch.setitem(sys.modules, name, module)
    assert site.options()["databaseHost"].default == "db.example"
    assert {name: sys.modules[name] for name in theirs} == theirs


def test_a_file_called_config(site: Site) -> None:
    site.file = site.write("config.py", site.file.read_text() + "from config.commonconfig import databaseHost")
    assert site.options()["databaseHost"].default == "db.example"


@pytest.mark.parametrize("name", ["monitorconfig.py", "config/commonconfig.py", "config/helper.py"])
def test_files_that_others_may_write_to_do_not_run(site: Site, name: str) -> None:
    site.write("config/helper.py", "")
    site.add("try:\n  import config.helper\nexcept ImportError:\n  pass")
    site.options()
    (site.folder / name).chmod(0o666)
    with pytest.raises(PluginError, match=f"others may write to {site.folder / name}"):
        site.options()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("print 'hello'", r"monitorconfig.py:\d+: not valid Python: .*warden port /"),
        ("mode = 0660", r"monitorconfig.py:\d+: not valid Python: .*warden port /"),
        ("1 / 0", r"monitorconfig.py:\d+: ZeroDivisionError: division by zero; correct the file"),
        ("import not_there_at_all", r"monitorconfig.py:\d+: ModuleNotFoundError: .*; install it, put it beside"),
        ("from config.nothing import x", "No module named 'config.nothing'"),
        ("from socorro.monitor import monitor", "No module named 'socorro.monitor'"),
        ("cm.Option(dock='x')", "unexpected keyword argument 'dock'"),
        ("cm.newConverter", "no attribute 'newConverter'"),
        ("raise SystemExit", r"monitorconfig.py:\d+: .*calls sys.exit"),
        ("shift = cm.Option()\nshift.singleCharacter = 'ab'", "singleCharacter of shift is 'ab'; write one letter"),
        ("shift = cm.Option(singleCharacter='-')", "singleCharacter of shift is '-'"),
        ("shift = cm.Option(singleCharacter=3)", "singleCharacter of shift is 3"),
        ("x = '\0'", "has NUL bytes"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_cure(site: Site, more: str, said: str) -> None:
    site.add(more)
    with pytest.raises(WardenError) as refused:
        site.options()
    assert str(refused.value).startswith(str(site.folder))
    assert re.search(said, str(refused.value))
    assert "\n" not in str(refused.value)


def test_an_error_in_commonconfig_names_that_file(site: Site) -> None:
    site.write("config/commonconfig.py", "import socorro.lib.ConfigurationManager as cm\nprint 'x'\n")
    with pytest.raises(WardenError, match=r"config/commonconfig\.py:2: not valid Python"):
        site.options()


def test_a_file_that_is_not_there_or_a_folder(site: Site) -> None:
    site.file.unlink()
    with pytest.raises(PluginError, match=r"monitorconfig\.py is no file; name a configuration file"):
        site.options()
    site.file.mkdir()
    with pytest.raises(PluginError, match=r"monitorconfig\.py is no file; name a configuration file"):
        site.options()


def test_what_warden_port_makes_of_a_file_in_python_2_can_be_run(site: Site) -> None:
    site.add("print 'monitor'\ndumpPermissions.default = 0640")
    site.write("monitorconfig.py", port(site.file).text)
    assert site.options()["dumpPermissions"].default == 0o640
