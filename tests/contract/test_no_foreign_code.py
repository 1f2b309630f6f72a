"""Nothing that comes from elsewhere is ever run or unpickled: no such call stands in the sources."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import WardenServer

SOURCES = sorted(Path(str(WardenServer.__file__)).parent.rglob("*.py"))
#: Modules that make objects, or run code, from bytes; or that pickle what goes between processes.
MODULES = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle", "yaml",
           "multiprocessing", "pymemcache.serde", "code", "codeop", "xmlrpc", "runpy", "imp"}  # fmt: skip
#: Threads under another roof: nothing goes between processes.
ALLOWED = {"multiprocessing.pool", "multiprocessing.pool.ThreadPool"}
BUILTINS = {"eval", "exec", "compile", "__import__"}
#: Calls by their last two names, and options of calls.
CALLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "config.listen"}
OPTIONS = {"allow_pickle", "serde", "serializer", "deserializer"}


def _names(node: ast.AST) -> Iterator[str]:
    """What an import brings in, by full name."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _wrong_call(node: ast.Call) -> str:
    said = ast.unparse(node.func)
    options = {word.arg: word.value for word in node.keywords}
    if said in BUILTINS or ".".join(said.split(".")[-2:]) in CALLS:
        return said
    shell = options.get("shell")
    if shell is not None and not (isinstance(shell, ast.Constant) and shell.value is False):
        return "shell"
    return next((str(name) for name in options if name in OPTIONS), "")


def found_in(text: str) -> list[str]:
    """What in a source could run or unpickle foreign bytes, with its line."""
    found = []
    for node in ast.walk(ast.parse(text)):
        names = [name for name in _names(node) if name not in ALLOWED]
        wrong = {name for name in names if any(name == bad or name.startswith(f"{bad}.") for bad in MODULES)}
        if isinstance(node, ast.Call) and (said := _wrong_call(node)):
            wrong.add(said)
        found += [f"{getattr(node, 'lineno', 0)}: {name}" for name in sorted(wrong)]
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_source_does(path: Path) -> None:
    assert found_in(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from multiprocessing.pool import Pool",
        "from pickle import loads",
        "import multiprocessing.shared_memory",
        "from multiprocessing import Process",
        "from pymemcache import serde",
        "def f():\n    import yaml",
        "eval(text)",
        "exec(compile(text, 'x', 'exec'))",
        "subprocess.run(text, shell=True)",
        "subprocess.run(text, shell=wanted)",
        "os.system(text)",
        "np.load(file, allow_pickle=True)",
        "Client(place, serde=mine)",
        "logging.config.listen()",
    ],
)
def test_what_does_is_found(text: str) -> None:
    assert len(found_in(text)) > 0


@pytest.mark.parametrize("text", ["import json", "re.compile('x')", "subprocess.run(['ls'])", "from a import codec"])
def test_what_does_not_is_not(text: str) -> None:
    assert found_in(text) == []
