"""Plugin files: what is refused, with file, reason and cure, while the others load."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from WardenServer.loading import finding, loader, processor_file
from WardenServer.results.field import Place
from WardenServer.settings.config import Settings
from WardenServer.settings.streams import Stream

GOOD = "INTERVAL = 1\ndef work(agent):\n    return {}\n"
Write = Callable[..., Path]
MakeSettings = Callable[..., Settings]

BROKEN = {
    "syntax": ("def work(agent:\n", ":1: not valid Python"),
    "module": ("import no_such_module_anywhere\n" + GOOD, ":1: needs the module no_such_module_anywhere; install it"),
    "no_work": ("INTERVAL = 1\n", "has no function work; add def work(agent)"),
    "misspelt_work": ("INTERVAL = 1\ndef wrok(agent):\n    return {}\n", ':2: "wrok" looks like a misspelling of work'),
    "work_no_function": ("INTERVAL = 1\nwork = 3\n", "has no function work"),
    "no_argument": ("INTERVAL = 1\ndef work():\n    return {}\n", "work must take 1 argument"),
    "no_interval": ("def work(agent):\n    return {}\n", "INTERVAL is missing"),
    "zero": (GOOD.replace("1", "0"), "INTERVAL is 0 s"),
    "negative": (GOOD.replace("1", "-1"), "INTERVAL is -1 s"),
    "nan": (GOOD.replace("1", "float('nan')"), "INTERVAL is nan"),
    "text": (GOOD.replace("1", "'1'"), "INTERVAL is '1'"),
    "boolean": (GOOD.replace("1", "True"), "INTERVAL is True"),
    "fraction": (GOOD.replace("1", "0.25"), "no whole number of ticks of 0.1 s; write 0.2"),
    "long": (GOOD.replace("1", "86401"), "at most 86400 s (a day)"),
    "offset": ("OFFSET = -1\n" + GOOD, "OFFSET is -1 s"),
    "timeout": ("TIMEOUT = 0\n" + GOOD, "TIMEOUT is 0"),
    "isolate_computed": ("ISOLATE = not False\n" + GOOD, ":1: ISOLATE is not False; write True or False"),
    "isolate_hidden": ("globals()['ISOLATE'] = True\n" + GOOD, "ISOLATE is set in a roundabout way; write ISOLATE ="),
    "memory": ("MEMORY = 'much'\n" + GOOD, "MEMORY is 'much'; write a size"),
    "memory_alone": ("MEMORY = '1 GB'\n" + GOOD, "MEMORY is only for a process of its own; add ISOLATE = True"),
    "misspelt_memory": ("MEMROY = '1 GB'\n" + GOOD, '"MEMROY" looks like a misspelling of MEMORY'),
    "isolate": ("ISOLATE = 'yes'\n" + GOOD, "ISOLATE is 'yes'"),
    "key_blank": ("KEY = 'a b'\n" + GOOD, "KEY 'a b' has blanks"),
    "key_long": ("KEY = 'x' * 300\n" + GOOD, "over 200 bytes"),
    "key_number": ("KEY = 3\n" + GOOD, "KEY is 3"),
    "key_hub": ("KEY = 'warden.local'\n" + GOOD, "kept for the hub"),
    "misspelt": ("INTERVALL = 1\n" + GOOD, ':1: "INTERVALL" looks like a misspelling of INTERVAL'),
    "misspelt_typed": ("OFSET: float = 1\n" + GOOD, ':1: "OFSET" looks like a misspelling of OFFSET'),
    "fields": ("FIELDS = 3\n" + GOOD, "FIELDS is a int"),
    "fields_case": ("FIELDS = {'A': {}, 'a': {}}\n" + GOOD, 'FIELDS "A" and "a" are the same Tango attribute'),
    "fields_unit": ("FIELDS = {'A': {'units': 'mA'}}\n" + GOOD, 'unknown entry "units"'),
    "exits": ("import sys\nsys.exit(1)\n", ":2: calls sys.exit() when it is imported"),
    "raises": ("class Stop(BaseException): pass\nraise Stop('no')\n", ":2: Stop at import: no"),
    "endless": ("def f(): f()\nf()\n", "RecursionError at import"),
    "async": ("INTERVAL = 1\nasync def work(agent):\n    return {}\n", ":2: work is async, and the hub calls"),
    "async_cure": (GOOD + "async def setup(agent): pass\n", "add def setup(agent): return asyncio.run(setup_"),
    "async_save": (GOOD + "async def save(): pass\n", "add def save(): return asyncio.run(save_async())"),
    "yield": ("INTERVAL = 1\ndef work(agent):\n    yield {}\n", ":2: work has a yield"),
    "nul": ("INTERVAL = 1\0\n", "it has NUL bytes"),
    "deep": ("ISOLATE = " + "-" * 100_000 + "1\n" + GOOD, "is nested too deeply for Python to read"),
    "deeper_than_said": ("ISOLATE = " + "-" * 2_000 + "1\n" + GOOD, ""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named_and_the_others_load(name: str, write: Write, settings: MakeSettings) -> None:
    text, said = BROKEN[name]
    path = write(f"bad_{name}", text)
    write("good", GOOD)
    loaded = loader.load(settings())
    assert list(loaded.contracts) == ["good"]
    assert said in loaded.refused[f"bad_{name}"]
    assert str(path) in loaded.refused[f"bad_{name}"]


def test_a_pipe_among_the_files_is_not_waited_for(folder: Path, write: Write, settings: MakeSettings) -> None:
    os.mkfifo(folder / "pipe.py")
    (folder / "gone.py").symlink_to("nowhere.py")
    write("good", GOOD)
    loaded = loader.load(settings())
    assert list(loaded.contracts) == ["good"]
    (folder / "inner.py").mkdir()
    assert "inner.py: is a folder" in loader.load(settings()).refused["inner"]
    assert "pipe.py: is no plain file; take it out of the folder" in loaded.refused["pipe"]
    assert "gone.py: is a link to nowhere.py, which does not exist; mend or remove the link" in loaded.refused["gone"]


def test_a_file_that_hangs_at_import_costs_its_time_limit(write: Write, settings: MakeSettings) -> None:
    write("hangs", "import threading\nfor t in threading.enumerate():\n    pass\nthreading.Event().wait(1)\n")
    write("good", GOOD)
    loaded = loader.load(settings(load_timeout=0.2))
    assert "still importing after 0.2 s" in loaded.refused["hangs"]
    assert list(loaded.contracts) == ["good"]


def test_names_of_files(write: Write, settings: MakeSettings) -> None:
    for name in ("my-plugin", "größe", "a.b", "warden", "1st", ".hidden", "_helper", "template_mine", "good"):
        write(name, GOOD)
    loaded = loader.load(settings())
    assert list(loaded.contracts) == ["good"]
    assert set(loaded.refused) == {"my-plugin", "größe", "a.b", "warden", "1st"}
    assert "größe.py: the agent's name, which is the file's, has 'ö', 'ß'" in loaded.refused["größe"]
    assert "grosse would do" in loaded.refused["größe"]


def test_names_that_differ_only_in_case(write: Write, settings: MakeSettings) -> None:
    write("Ring", GOOD)
    write("ring", GOOD)
    loaded = loader.load(settings())
    assert "differ only in case" in loaded.refused["ring"]


def test_two_agents_that_declare_one_field(write: Write, settings: MakeSettings) -> None:
    write("a", "KEY = 'k'\nFIELDS = {'x': {}}\n" + GOOD)
    write("b", "KEY = 'k'\nFIELDS = {'x': {}}\n" + GOOD)
    loaded = loader.load(settings())
    assert 'field "x" of document k is filled by agent a already' in loaded.refused["b"]


def test_an_agent_that_is_refused_keeps_no_field_and_no_name_from_others(write: Write, settings: MakeSettings) -> None:
    write("a", "KEY = 'k'\nFIELDS = {'x': {}}\n" + GOOD)
    write("b", "KEY = 'k'\nFIELDS = {'free': {}, 'x': {}}\n" + GOOD)
    write("c", "KEY = 'k'\nFIELDS = {'free': {}}\n" + GOOD)
    write("B", GOOD)
    loaded = loader.load(settings(disabled=["b"]))
    assert set(loaded.contracts) == {"a", "B", "c"}
    loaded = loader.load(settings(disabled=["B"]))
    assert set(loaded.refused) == {"b"}
    assert set(loaded.contracts) == {"a", "c"}


def test_folders_that_cannot_be_used(tmp_path: Path, settings: MakeSettings) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    folders = [str(tmp_path / name) for name in ("none", "empty", "file")]
    problems = loader.load(settings(plugin_folders=folders)).problems
    assert "does not exist" in problems[0]
    assert "holds no plugin file" in problems[1]
    assert "cannot be read" in problems[2]


def test_the_first_folder_wins(tmp_path: Path, folder: Path, write: Write, settings: MakeSettings) -> None:
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "ring.py").write_text(GOOD)
    first = write("ring", GOOD)
    loaded = loader.load(settings(plugin_folders=[str(folder), str(tmp_path / "second")]))
    assert loaded.contracts["ring"].path == first


def test_instances_have_their_own_settings_and_namespaces(tmp_path: Path, write: Write, settings: MakeSettings) -> None:
    write("reader", "SETTINGS = {'device': ..., 'limit': 1.5}\nstate = []\n" + GOOD)
    toml = tmp_path / "warden.toml"
    toml.write_text(
        '[agents.one]\nplugin = "reader"\ndevice = "a/b/c"\n'
        '[agents.two]\nplugin = "reader"\ndevice = "d/e/f"\nlimit = 2\n'
    )
    loaded = loader.load(_with_agents(settings, toml))
    one, two = loaded.contracts["one"], loaded.contracts["two"]
    assert (one.settings["device"], two.settings["limit"]) == ("a/b/c", 2)
    assert one.work.__globals__["state"] is not two.work.__globals__["state"]  # type: ignore[attr-defined]
    assert "reader" not in loaded.contracts
    assert "reader" not in loaded.refused


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[agents.one]\nplugin = 'reader'\n", "needs the setting device"),
        ("[agents.one]\nplugin = 'reader'\ndevice = 'x'\nlimmit = 2\n", 'no setting "limmit"; did you mean "limit"'),
        ("[agents.one]\nplugin = 'reader'\ndevice = 'x'\nlimit = 'high'\n", "write a float"),
        ("[agents.one]\nplugin = 'readr'\n", 'there is no plugin file readr.py; did you mean "reader"?'),
    ],
)
def test_wrong_settings_of_an_instance(
    tmp_path: Path, write: Write, settings: MakeSettings, table: str, said: str
) -> None:
    write("reader", "SETTINGS = {'device': ..., 'limit': 1.5}\n" + GOOD)
    (tmp_path / "warden.toml").write_text(table)
    assert said in loader.load(_with_agents(settings, tmp_path / "warden.toml")).refused["one"]


def _with_agents(settings: MakeSettings, toml: Path) -> Settings:
    from dataclasses import replace

    from WardenServer.settings import config

    return replace(settings(), agents={k: v for k, v in config.load(toml, {}).agents.items() if k != "tango_database"})


def test_overrides_and_disabled_agents(tmp_path: Path, write: Write, settings: MakeSettings) -> None:
    write("a", GOOD)
    write("b", GOOD)
    write("c", GOOD)
    (tmp_path / "w.toml").write_text(
        "[agents.a]\ninterval = '0:02'\nkey = 'K'\noffset = 0.5\n[agents.b]\nenabled = false\n"
    )
    from dataclasses import replace

    made = replace(_with_agents(settings, tmp_path / "w.toml"), disabled=("c",))
    loaded = loader.load(made)
    assert list(loaded.contracts) == ["a"]
    contract = loaded.contracts["a"]
    assert (contract.interval_ticks, contract.offset_ticks, contract.key) == (20, 5, "K")


def test_an_unchanged_agent_is_the_same_object_and_a_changed_one_is_new(write: Write, settings: MakeSettings) -> None:
    write("a", GOOD)
    write("b", GOOD.replace("{}", "{'x': 1}"))
    first = loader.load(settings())
    write("b", GOOD.replace("{}", "{'x': 2}"))  # same size, same second: compiled code must not pass for it
    second = loader.load(settings(), first.contracts)
    assert second.contracts["a"] is first.contracts["a"]
    assert second.contracts["b"].work(None) == {"x": 2}  # type: ignore[arg-type]
    assert first.contracts["b"].work(None) == {"x": 1}  # type: ignore[arg-type]


def test_modules_of_agents_that_are_gone_leave_the_interpreter(write: Write, settings: MakeSettings) -> None:
    write("a", GOOD)
    loader.load(settings())
    before = len(sys.modules)
    for _ in range(5):
        loader.load(settings())
    assert len(sys.modules) <= before + 2


DECLARED = (
    "INTERVAL = 1\nSETTINGS = {'root': ''}\nFIELDS = {'a': {'unit': 'mA'}}\n"
    "def fields(settings):\n    root = settings['root']\n"
    "    return {'b': {'key': root + '.b', 'form': 'text'}} if root else {}\n"
    "def work(agent):\n    return {}\n"
)


def test_fields_by_the_settings_and_by_the_configuration(write: Write, settings: MakeSettings) -> None:
    write("one", DECLARED)
    table = {"one": {"root": "P", "fields": {"a": {"label": "Ring", "unit": "A"}, "c": {"max_alarm": 3}}}}
    contract = loader.load(replace(settings(), agents=table)).contracts["one"]
    assert contract.fields["a"].properties == {"unit": "A", "label": "Ring"}
    assert contract.fields["c"].properties == {"max_alarm": "3"}
    assert contract.places == {"b": Place("P.b", "text")}
    assert list(loader.load(settings()).contracts["one"].fields) == ["a"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"fields": 3}, "[agents.one]: fields is a int; write a dict"),
        ({"fields": {"a": 3}}, "[agents.one.fields]: a is a int; write a dict"),
        ({"fields": {"a": {"units": "A"}}}, 'unknown entry "units"'),
        ({"fields": {"a": {"empty": ""}}}, "it is for a key with a form only"),
        ({"fields": {"a": {"key": "K", "form": "bool", "empty": "x"}}}, "which is no bool"),
        ({"fields": {"a": {"name": "b"}}}, '["name"] is \'b\'; write what the field is called in the document'),
        ({"fields": {"c": {"key": "one", "name": "a"}}}, '"a" and "c" are one field of one; rename one'),
        ({"original": 3}, "original is 3; write true or false"),
        ({"root": 3}, "root is 3; write a str"),
    ],
)
def test_mistakes_in_what_is_configured_of_fields(
    table: dict[str, object], said: str, write: Write, settings: MakeSettings
) -> None:
    write("one", DECLARED)
    assert said in loader.load(replace(settings(), agents={"one": table})).refused["one"]


def test_a_function_fields_that_fails_is_named(write: Write, settings: MakeSettings) -> None:
    write("one", DECLARED.replace("return {'b'", "raise ValueError('no')\n    return {'b'"))
    write("two", DECLARED.replace("return {'b'", "return 3\n    return {'b'"))
    refused = loader.load(settings()).refused
    assert "fields(settings) fails: ValueError: no" in refused["one"]
    assert "what fields(settings) returns is a int; write a dict" in refused["two"]


def test_the_originals_rules_for_keys(write: Write, settings: MakeSettings) -> None:
    text = "INTERVAL = 1\nFIELDS = {n: {'key': 'k.' + n, 'form': n} for n in ('text', 'bool', 'int', 'float')}\n"
    write("one", text + "def work(agent):\n    return {}\n")
    contract = loader.load(settings(original=True)).contracts["one"]
    assert {name: place.empty for name, place in contract.places.items()} == {
        "text": "", "bool": False, "int": None, "float": None,
    }  # fmt: skip
    assert contract.expire == 0
    plain = loader.load(settings()).contracts["one"]
    assert {place.empty for place in plain.places.values()} == {None}
    assert plain.expire is None


# -- processors of streams: found by the text of the file


PROCESSOR = "class Count:\n    name = 'counted'\n    def sample(self):\n        return {}\n"


def test_without_a_stream_that_runs_processors_are_refused(write: Write, settings: MakeSettings) -> None:
    path = write("counting", PROCESSOR)
    loaded = loader.load(replace(settings(), streams={"daq": Stream("daq")}))
    assert loaded.contracts == {}
    assert loaded.refused == {"counted": f"{path}: Count is a processor of a stream, and none runs here"}


def test_a_processor_needs_a_stream(write: Write, settings: MakeSettings) -> None:
    write("counting", PROCESSOR)
    assert "[agents.counted]: is a processor and needs stream" in loader.load(settings()).refused["counted"]


def test_a_site_s_processor_wins_over_one_in_a_later_folder(tmp_path: Path, settings: MakeSettings) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
        (folder / f"{folder.name}.py").write_text(PROCESSOR)
    refused: dict[str, str] = {}
    for order in (folders, folders[::-1]):
        made = replace(settings(), plugin_folders=tuple(order))
        found = finding.plugins(finding.find(made, []), Path.read_bytes, made, refused)
        assert found["counted"] == finding.Plugin(order[0] / f"{order[0].name}.py", "Count")
    assert refused == {}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (PROCESSOR, ["counted"]),
        (PROCESSOR + PROCESSOR.replace("counted", "other").replace("Count", "Other"), ["counted", "other"]),
        (PROCESSOR.replace("name = 'counted'", "name: str = 'counted'"), ["counted"]),
        (PROCESSOR.replace("'counted'", "prefix + 'counted'"), []),
        (PROCESSOR.replace("    name", "    label"), []),
        (PROCESSOR + "def work(agent):\n    return {}\n", []),
        ("if True:\n" + "".join(f"    {line}\n" for line in PROCESSOR.splitlines()), []),
        (PROCESSOR + "def broken(:\n", []),
        ("text = '''\nclass Count:\n    name = 'counted'\n'''\n", []),
        ("class Count:\n    def sample(self):\n        name = 'local'\n        return {}\n", []),
    ],
)
def test_a_processor_is_a_class_at_the_top_with_a_name(text: str, names: list[str]) -> None:
    assert [each.name for each in processor_file.find(text.encode())] == names
