"""What a configuration module of snoop may say, and what is said about those that cannot be used."""

import re
from pathlib import Path

import pytest

from tests.unit.streams.snoop.conftest import Site
from WardenServer.errors import PluginError, SettingError, WardenError


def test_a_module_as_the_original_has_it(site: Site) -> None:
    site.write("procs/one.py", 'from snoop.processor import Processor\nclass One(Processor):\n    name = "one"\n')
    loaded = site.load()
    assert loaded.period == 5
    assert list(loaded.codes) == ["one"]
    assert loaded.problems == []
    assert loaded.target.key == ("print", {})
    assert loaded.source is not None
    assert loaded.source.options == {"files": ["a.root"], "tree": "T", "branches": ["ev"], "follow": False}


def test_the_example_that_snoop_ships_is_there(site: Site) -> None:
    site.config('processor_paths = [("snoop.processors", ["snoop"])]\nprocessor_kwargs = {"count": {"interval": 7}}\n')
    made = site.load().codes["count"].make()
    for event in (1, 0, "x"):
        made.event(event)
    assert made.sample() == {"count": 2, "interval": 7}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("sample_period = 0", "sample_period is 0; write seconds, more than 0"),
        ("sample_period = True", "sample_period is True"),
        ("sample_period = float('nan')", "sample_period is nan"),
        ("processor_paths = 'procs'", "processor_paths is 'procs'; write"),
        ("processor_paths = []", "processor_paths is"),
        ("processor_paths = [()]", "processor_paths is"),
        ("processor_kwargs = [1]", "processor_kwargs is"),
        ("reader = 3", "reader is 3; write a reader"),
        ("writer = 3", "writer is 3; write PrintWriter()"),
        ("from snoop.writer import Writer\nwriter = Writer()", "writer is <"),
        ("del writer, sample_period", "has no sample_period and no writer; add it"),
        ("import ROOT", "config.py: imports ROOT, which is not needed here"),
        ("from rat import ROOT", "imports rat, which is not needed here"),
        ("ROOTFileReader('a', 'T', 'b', object())", "ROOT is not needed here"),
        ("print 'hello'", r"config.py:8: not valid Python: .*warden port /"),
        ("raise SystemExit(3)", "config.py:8: "),
        ("1 / 0", "config.py:8: ZeroDivisionError: division by zero; correct the file"),
        ("import not_there_at_all", "config.py:8: ModuleNotFoundError: .*; install it, put it beside"),
        ("from snoop.core.nothing import x", "No module named 'snoop.core.nothing'"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_cure(site: Site, more: str, said: str) -> None:
    site.config(more + "\n")
    with pytest.raises(WardenError) as refused:
        site.load()
    assert str(refused.value).startswith(str(site.folder))
    assert re.search(said, str(refused.value))


def test_a_module_that_is_not_there(site: Site) -> None:
    (site.folder / "config.py").unlink()
    with pytest.raises(PluginError, match=r"config\.py"):
        site.load()


@pytest.mark.parametrize("name", ["config.py", "procs/one.py", "procs/__init__.py", "helper.py"])
def test_files_that_others_may_write_to_do_not_run(site: Site, name: str) -> None:
    site.config("import helper\n")
    site.write("helper.py", "x = 1\n")
    site.write("procs/one.py", 'class One:\n    name = "one"\n    def sample(self): return {}\n')
    assert list(site.load().codes) == ["one"]
    (site.folder / name).chmod(0o666)
    try:
        problems = list(site.load().problems)
    except WardenError as error:
        problems = [str(error)]
    assert any(f"others may write to {site.folder / name}" in each for each in problems)


def test_an_installed_snoop_is_not_asked(site: Site) -> None:
    site.write("snoop/__init__.py", "raise RuntimeError")
    site.write("snoop/processor.py", "raise RuntimeError")
    site.write("procs/one.py", 'from snoop.processor import Processor\nclass One(Processor):\n    name = "one"\n')
    assert list(site.load().codes) == ["one"]


def test_places_of_readers_and_writers(site: Site) -> None:
    site.config(
        "from snoop.reader import DispatchReader\nfrom snoop.writer import CouchDBWriter\n"
        "def mapper(doc):\n    return doc\n"
        "reader = DispatchReader('host:5024')\nreader.add_dispatcher('tcp://other:5024')\n"
        "reader.add_db('http://db:5984', 'daq', mapper)\n"
        "writer = CouchDBWriter('http://db:5984/', 'samples', 'me', 'se/cret')\n"
    )
    first, second = site.load(), site.load()
    assert first.source is not None and second.source is not None
    (zeromq, addresses), (couchdb, database) = first.source.key
    assert (zeromq, addresses["addresses"]) == ("zeromq", ["tcp://host:5024", "tcp://other:5024"])
    assert (couchdb, database["url"], database["database"]) == ("couchdb", "http://db:5984", "daq")
    assert first.target.key == ("couchdb", {"url": "http://me:se%2Fcret@db:5984/", "database": "samples"})
    assert second.source.key == first.source.key  # though each import makes a new mapper
    assert second.target.key == first.target.key
    (site.folder / "config.py").write_text((site.folder / "config.py").read_text().replace("return doc", "return 1"))
    third = site.load()
    assert third.source is not None
    assert third.source.key != first.source.key


def test_a_writer_with_settings_that_mean_nothing(site: Site) -> None:
    site.config("from snoop.writer import CouchDBWriter\nwriter = CouchDBWriter('http://db:5984', 'Large Name')\n")
    with pytest.raises(SettingError, match="database is 'Large Name'"):
        site.load().target.make()


def test_keys_of_objects_of_its_own_say_whether_they_changed(site: Site) -> None:
    own = "class R:\n    def __init__(self, n):\n        self.n = n\n    def read(self):\n        yield self.n\n"
    keys = []
    for more in (own + "reader = R(1)\n", own + "\nreader = R(1)\n", own + "reader = R(2)\n"):
        site.config(more)
        source = site.load().source
        assert source is not None
        keys.append(source.key)
    site.config(own.replace("yield self.n", "yield 7") + "reader = R(1)\n")
    source = site.load().source
    assert source is not None
    assert keys[0] == keys[1]
    assert keys[0] != keys[2]
    assert keys[0] != source.key


def test_after_a_failure_the_modules_of_before_are_there(site: Site, tmp_path: Path) -> None:
    site.write("helper.py", "x = 1\n")
    site.config("import helper\n")
    site.load()
    import helper  # type: ignore[import-not-found]

    site.write("helper.py", "1 / 0\n")
    with pytest.raises(PluginError, match=r"config\.py:8: ZeroDivisionError"):
        site.load()
    import helper as again  # type: ignore[import-not-found]

    assert again is helper
    site.write("helper.py", "x = 2\n")
    site.load()
    import helper as new  # type: ignore[import-not-found]

    assert new.x == 2
