"""What means something else in Python 3 than in Python 2, line by line: no machine knows which of both was meant."""

import ast
import builtins
import importlib
import re
import sys
from collections.abc import Iterator
from typing import Any

#: Modules of the standard library that do something when they are imported.
_LOUD = frozenset({"this", "antigravity", "idlelib", "turtle", "tkinter", "__main__"})
#: What Python 2 had built in, and fissix leaves where it is.
_GONE = frozenset({
    "apply", "basestring", "buffer", "cmp", "coerce", "execfile", "file", "intern", "long", "raw_input", "reduce",
    "reload", "unichr", "unicode", "xrange", "WindowsError",
})  # fmt: skip
#: Methods that Python 3 does not call any more.
_UNCALLED = frozenset({
    "__cmp__", "__coerce__", "__getslice__", "__setslice__", "__delslice__", "__div__", "__rdiv__", "__idiv__",
    "__unicode__", "__nonzero__", "__hex__", "__oct__", "__long__",
})  # fmt: skip
#: What gives bytes where Python 2 gave text.
_BYTES = frozenset({"urlopen", "recv", "recvfrom", "check_output", "communicate", "Popen", "b64encode", "b64decode",
                    "unpack", "pack", "hexlify", "unhexlify"})  # fmt: skip
_WITH_U = re.compile(r"\b[uU][rR]?(\"\"\"|'''|[\"'])(.*?)\1", re.DOTALL)
_ORDERS = ast.Lt | ast.Gt | ast.LtE | ast.GtE
_NONE = "None was smaller than every number, and raises TypeError now: see that neither side can be None"


def find(old: str, new: str) -> Iterator[tuple[int, str]]:
    """What a person must look at in the Python 3 text that was made of an old one: (line of the new text, sentence)."""
    yield from _look(ast.parse(new), "import division" in old)
    yield from _bytes_with_umlauts(old, new)


def _bytes_with_umlauts(old: str, new: str) -> Iterator[tuple[int, str]]:
    """Text that was bytes: a literal without u that has more than ASCII."""
    if old.isascii() or "unicode_literals" in old:
        return
    had_u = {text for _, text in _WITH_U.findall(old)}
    for node in ast.walk(ast.parse(new)):
        if isinstance(node, ast.Constant) and _is_new_text(node.value, had_u):
            yield node.lineno, "this was bytes in Python 2 where it had no u before it, and is text now"


def _is_new_text(value: Any, had_u: set[str]) -> bool:
    return isinstance(value, str) and not value.isascii() and value not in had_u


def _look(tree: ast.Module, divides: bool) -> Iterator[tuple[int, str]]:
    modules = _modules(tree)
    caught = {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
    gone = _GONE - _own_names(tree)
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 1)
        number = "" if divides else _number(node)
        for said in (number, _compared(node), _name(node, caught, gone), _text(node), _member(node, modules)):
            if said:
                yield line, said
        if isinstance(node, ast.FunctionDef | ast.Module):
            yield from _used_after(node)


def _own_names(tree: ast.Module) -> set[str]:
    """What the file itself gives a meaning to."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return names | defined | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}


def _number(node: ast.AST) -> str:
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
        sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.value,)
        if not any(map(_is_float, sides)):
            return "/ of two whole numbers was a whole number and is a fraction now; write // where that was meant"
    if _calls(node, "round"):
        return "round gives the even neighbour of a half now (2 for 2.5), and a whole number"
    return ""


def _is_float(node: ast.expr) -> bool:
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
    return is_call or (isinstance(node, ast.Constant) and isinstance(node.value, float))


def _compared(node: ast.AST) -> str:
    if isinstance(node, ast.Compare) and any(isinstance(op, _ORDERS) for op in node.ops):
        return "" if all(map(_is_never_none, (node.left, *node.comparators))) else _NONE
    if _calls(node, "sorted", "min", "max", "sort"):
        assert isinstance(node, ast.Call)
        by = {word.arg for word in node.keywords}
        return "it takes no cmp any more; write key" if "cmp" in by else _unsortable(node)
    return ""


def _unsortable(node: ast.Call) -> str:
    plain = not node.args or isinstance(node.args[0], ast.Constant)
    return "" if plain else "values of several types, or None among numbers, cannot be ordered any more"


def _is_never_none(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) in ("len", "int", "float", "time.time")
    return isinstance(node, ast.Constant) and node.value is not None


def _name(node: ast.AST, caught: set[str], gone: frozenset[str]) -> str:
    if isinstance(node, ast.Attribute) and node.attr == "message" and ast.unparse(node.value) in caught:
        name = ast.unparse(node.value)
        return f"{name}.message does not exist any more; write str({name})"
    if isinstance(node, ast.Name) and node.id in gone and not hasattr(builtins, node.id):
        where = "is not there on Linux" if node.id == "WindowsError" else "does not exist any more"
        return f"{node.id} {where}; write what it stood for"
    if isinstance(node, ast.FunctionDef) and node.name in _UNCALLED:
        return f"{node.name} is not called any more; see what Python 3 has in its place"
    return ""


def _text(node: ast.AST) -> str:
    said = "bytes and text are different things now; see on which side this is"
    if isinstance(node, ast.Constant) and isinstance(node.value, bytes):
        return said
    if _calls(node, "encode", "decode", *_BYTES):
        return said
    if _calls(node, "isinstance"):
        assert isinstance(node, ast.Call)
        return "str is text only; bytes are none any more" if "str" in map(ast.unparse, node.args[1:]) else ""
    if _calls(node, "open"):
        assert isinstance(node, ast.Call)
        modes = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "mode")]
        return said if any(isinstance(m, ast.Constant) and "b" in str(m.value) for m in modes) else ""
    return ""


def _calls(node: ast.AST, *names: str) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    return (isinstance(called, ast.Name) and called.id in names) or (
        isinstance(called, ast.Attribute) and called.attr in names
    )


def _modules(tree: ast.Module) -> dict[str, Any]:
    """The modules of the standard library that a file imports, by the name it gives them."""
    found: dict[str, Any] = {}
    for node in ast.walk(tree):
        for alias in node.names if isinstance(node, ast.Import) else ():
            top = alias.name.partition(".")[0]
            if top in sys.stdlib_module_names and top not in _LOUD and (alias.asname or "." not in alias.name):
                found[alias.asname or alias.name] = _imported(alias.name)
    return {name: module for name, module in found.items() if module is not None}


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _member(node: ast.AST, modules: dict[str, Any]) -> str:
    if isinstance(node, ast.Import | ast.ImportFrom):
        named = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        if "memcache" in named:
            return "python-memcached is not needed: set_key and get_key go by the hub"
    if not isinstance(node, ast.Attribute) or ast.unparse(node.value) not in modules:
        return ""
    name = ast.unparse(node.value)
    said = f"{name}.{node.attr} does not exist any more; see what Python 3 has in its place"
    return "" if hasattr(modules[name], node.attr) else said


def _used_after(function: ast.FunctionDef | ast.Module) -> Iterator[tuple[int, str]]:
    """Where the name of a caught exception is used after its `except`, which forgets it now."""
    own = [node for node in ast.walk(function) if not isinstance(function, ast.Module) or _is_outer(node, function)]
    for handler in (node for node in own if isinstance(node, ast.ExceptHandler) and node.name):
        for node in (node for node in own if isinstance(node, ast.Name) and node.id == handler.name):
            is_later = isinstance(node.ctx, ast.Load) and node.lineno > (handler.end_lineno or 0)
            if is_later and not _is_caught_again(node, own):
                yield node.lineno, f"{node.id} is gone after its except; give it another name there to keep it"


def _is_outer(node: ast.AST, module: ast.Module) -> bool:
    functions = [each for each in module.body if isinstance(each, ast.FunctionDef | ast.ClassDef)]
    line = getattr(node, "lineno", 0)
    return not any(each.lineno <= line <= (each.end_lineno or 0) for each in functions)


def _is_caught_again(name: ast.Name, nodes: list[ast.AST]) -> bool:
    handlers = [node for node in nodes if isinstance(node, ast.ExceptHandler) and node.name == name.id]
    return any(each.lineno <= name.lineno <= (each.end_lineno or 0) for each in handlers)
