"""The imports of a configuration module that was written for another program: fresh at each load, from files that may
run.

Some modules are ours, whatever is installed: what that program would have had. What is installed for Python is imported
as ever; any other module is looked for on Python's path and then beside the configuration module, and is judged as
plugin files are.
"""

import importlib
import importlib.abc
import importlib.util
import linecache
import site
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Self

from WardenServer.errors import PluginError
from WardenServer.loading.plugin_file import refuse_other_text
from WardenServer.loading.why import why

#: What is in a module, and for a package the folders where its modules are.
Made = tuple[Mapping[str, Any], list[str] | None]


class _Made(importlib.abc.Loader):
    """Fills a module with what is there already."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content

    def exec_module(self, module: ModuleType) -> None:
        """See Loader."""
        vars(module).update(self._content)


class _Judged(SourceFileLoader):
    """Runs the very content that was judged, not a compiled file beside it."""

    def __init__(self, name: str, path: str, content: bytes) -> None:
        super().__init__(name, path)
        self._content = content

    def get_code(self, fullname: str) -> CodeType:
        """See SourceFileLoader."""
        code: CodeType = self.source_to_code(self._content, self.path)
        return code


class Names(importlib.abc.MetaPathFinder):
    """Finds modules while it is open. For one configuration module in a process."""

    def __init__(self, folder: Path, read: Callable[[Path], bytes], modules: Mapping[str, Made]) -> None:
        """Put it together.

        Args:
            folder: of the configuration module.
            read: the content of a file that may run; raises PluginError for one that may not.
            modules: those that are ours, by full name.
        """
        self.folder, self.read = folder, read
        self._modules = modules
        self._ours = {name.partition(".")[0] for name in modules}
        self._loaded: set[str] = set()
        self._hidden: dict[str, ModuleType] = {}

    def open(self) -> None:
        """Begin. Installed modules that have our names are hidden until `close`."""
        self._hidden = _take_out({name for name in sys.modules if name.partition(".")[0] in self._ours})
        sys.meta_path.insert(0, self)

    def close(self) -> None:
        """Leave all as it was."""
        with suppress(ValueError):
            sys.meta_path.remove(self)
        _take_out(self._loaded | {name for name in sys.modules if name.partition(".")[0] in self._ours})
        sys.modules.update(self._hidden)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fresh(self, load: Callable[[], Any]) -> Any:
        """What `load` returns, which imports all anew; where it fails, the modules from before stay."""
        before, self._loaded = self._loaded, set()
        old = _take_out(before)
        importlib.invalidate_caches()
        linecache.checkcache()
        try:
            return load()
        except BaseException:
            _take_out(self._loaded)
            sys.modules.update(old)
            self._loaded = before
            raise

    def load(self, path: Path) -> ModuleType:
        """Run the configuration module itself.

        Raises:
            PluginError: it cannot be run; the text has the file, the line and the cure.
        """
        content = self.read(path)
        refuse_other_text(content, path)
        try:
            return self._run(path, content)
        except BaseException as error:  # it may raise anything, SystemExit too
            raise PluginError(why(error, path)) from error

    def _run(self, path: Path, content: bytes) -> ModuleType:
        """The module of a file with this content, which others can import where none has its name."""
        loader = _Judged(path.stem, str(path), content)
        spec = ModuleSpec(path.stem, loader, origin=str(path))
        spec.has_location = True
        module = importlib.util.module_from_spec(spec)
        if path.stem not in sys.modules and path.stem not in self._ours:
            sys.modules[path.stem] = module
            self._loaded.add(path.stem)
        loader.exec_module(module)
        return module

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See MetaPathFinder."""
        top = fullname.partition(".")[0]
        if fullname in self._modules:
            return self.made(fullname)
        if top in self._ours:
            return PathFinder.find_spec(fullname, path) if path else None
        if top == "WardenServer" or top in sys.stdlib_module_names:
            return None
        return self.find(fullname, path)

    def made(self, name: str) -> ModuleSpec:
        """One of our modules."""
        content, folders = self._modules[name]
        spec = ModuleSpec(name, _Made(content), is_package=folders is not None)
        if folders is not None:
            spec.submodule_search_locations = list(folders)
        return spec

    def find(self, fullname: str, path: Sequence[str] | None) -> ModuleSpec | None:
        """A module in a file, which is judged; None for one that is installed, or in no file. `path`: the folders, by
        default Python's and that of the configuration module."""
        spec = PathFinder.find_spec(fullname, [*sys.path, str(self.folder)] if path is None else path)
        if spec is None or any(map(_is_installed, _places(spec))):
            return None
        self._loaded.add(fullname)
        if spec.origin is None:  # a folder without __init__.py
            return spec
        content = self.read(Path(spec.origin))
        if not isinstance(spec.loader, SourceFileLoader):
            return spec
        loader, below = _Judged(fullname, spec.origin, content), spec.submodule_search_locations
        return importlib.util.spec_from_file_location(
            fullname, spec.origin, loader=loader, submodule_search_locations=below
        )


def _take_out(names: set[str]) -> dict[str, ModuleType]:
    return {name: module for name in names if (module := sys.modules.pop(name, None)) is not None}


def _places(spec: ModuleSpec) -> list[str]:
    return [spec.origin] if spec.origin is not None else list(spec.submodule_search_locations or ())


def _is_installed(place: str) -> bool:
    paths = sysconfig.get_paths()
    folders = {paths[each] for each in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders.update(site.getsitepackages(), [site.getusersitepackages()])
    return any(Path(place).is_relative_to(folder) for folder in folders)
