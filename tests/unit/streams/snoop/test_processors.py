"""Which classes of which modules become processors."""

from typing import Any

from tests.unit.streams.snoop.conftest import Site

ONE = "from {module} import Processor\nclass One(Processor):\n    name = 'one'\n"


def test_any_base_will_do(site: Site) -> None:
    site.write("procs/a.py", ONE.format(module="snoop.processor"))
    site.write("procs/b.py", ONE.format(module="snoop.core.processor").replace("'one'", "'two'"))
    site.write("procs/c.py", ONE.format(module="WardenServer.processor").replace("'one'", "'three'"))
    site.write("procs/d.py", "class Four:\n    name = 'four'\n    def sample(self):\n        return {}\n")
    loaded = site.load()
    assert list(loaded.codes) == ["one", "two", "three", "four"]
    assert loaded.problems == []


def test_bases_that_are_imported_and_other_classes_are_none(site: Site) -> None:
    site.write("procs/a.py", ONE.format(module="snoop.processor"))
    site.write(
        "procs/b.py",
        "from procs.a import One, Processor\nfrom collections import Counter\n"
        "class _Base(Processor):\n    pass\nclass Helper:\n    name = 'helper'\n"
        "class Two(One):\n    name = 'two'\nAlias = Two\n",
    )
    loaded = site.load()
    assert (list(loaded.codes), loaded.problems) == (["one", "two"], [])


def test_an_older_one_says_its_name_when_it_is_made(site: Site) -> None:
    text = "from snoop.core.processor import Processor\nclass Old(Processor):\n    def __init__(self, size=1):\n"
    site.write("procs/a.py", text + "        Processor.__init__(self, 'old')\n        self.size = size\n")
    site.config("processor_kwargs = {'old': {'size': 5}}\n")
    assert site.load().codes["old"].make().size == 5


def test_one_without_a_name_is_refused_with_the_cure(site: Site) -> None:
    site.write("procs/a.py", "from snoop.processor import Processor\nclass One(Processor):\n    pass\n")
    loaded = site.load()
    assert loaded.codes == {}
    assert loaded.problems == [
        f'{site.folder}/procs/a.py: class One has no name; write name = "..." in it, or begin its own name with _ where'
        " it is only a base of others"
    ]


def test_two_of_one_name_are_refused_with_both_paths_and_the_others_load(site: Site) -> None:
    site.write("procs/a.py", ONE.format(module="snoop.processor"))
    site.write("procs/b.py", ONE.format(module="snoop.processor"))
    site.write("procs/c.py", ONE.format(module="snoop.processor").replace("'one'", "'two'"))
    loaded = site.load()
    assert list(loaded.codes) == ["two"]
    (problem,) = loaded.problems
    assert f"{site.folder}/procs/a.py and {site.folder}/procs/b.py" in problem


def test_arguments_that_are_missing_or_unknown_are_named_and_the_others_load(site: Site) -> None:
    takes = "class {0}:\n    name = '{0}'\n    def __init__(self, x, y=1): pass\n    def sample(self): return {{}}\n"
    site.write("procs/a.py", takes.format("a"))
    site.write("procs/b.py", takes.format("b"))
    site.write("procs/c.py", takes.format("c").replace("y=1", "**more"))
    site.config("processor_kwargs = {'b': {'x': 1, 'z': 2}, 'c': {'x': 1, 'z': 2}}\n")
    loaded = site.load()
    assert list(loaded.codes) == ["c"]
    missing, unknown = loaded.problems
    assert "processor a needs x; give it in processor_kwargs" in missing
    assert "processor b has no argument z; it has x, y" in unknown


def test_modules_that_cannot_be_imported_cost_only_themselves(site: Site) -> None:
    site.write("procs/a.py", "print 'Python 2'\n")
    site.write("procs/b.py", "import sys\nsys.exit(1)\n")
    site.write("procs/c.py", "from ROOT import TH1F\n")
    site.write("procs/d.py", ONE.format(module="snoop.processor"))
    site.config("processor_paths = [('nothing', ['nothing']), ('procs', ['procs'])]\n")
    loaded = site.load()
    assert list(loaded.codes) == ["one"]
    nothing, python2, exits, root = loaded.problems
    assert nothing.startswith("nothing: ModuleNotFoundError")
    assert f"{site.folder}/procs/a.py:1: not valid Python" in python2
    assert f"warden port {site.folder}/procs/a.py" in python2
    assert exits.startswith(f"{site.folder}/procs/b.py:2: ")
    assert "imports ROOT, which is not needed here" in root


def test_one_that_leaves_gets_no_more_events(site: Site) -> None:
    site.write(
        "procs/a.py",
        "from snoop.processor import Processor\nclass One(Processor):\n    name = 'one'\n    seen = 0\n"
        "    def event(self, event):\n        self.seen += 1\n        self.enabled = event != 3\n"
        "    def load(self, old):\n        self.__dict__.update(old.__dict__)\n        self.enabled = True\n",
    )
    code = site.load().codes["one"]
    old = code.make()
    _feed(old, range(10))
    assert (old.seen, old.enabled) == (4, False)
    new = code.after(old)  # with all that the old one had, its `event` too
    _feed(new, range(10))
    assert (old.seen, new.seen) == (4, 8)


def _feed(processor: Any, events: Any) -> None:
    for event in events:
        processor.event(event)
