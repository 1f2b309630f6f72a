"""Imports plugin files from the very content that was judged, for `plugin_hashes`.

Python's own way reads the file again, prefers a compiled file beside it, and an extension module or a folder of the
same name to both.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
import weakref
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from WardenServer.trust import Trust


class _Loader(importlib.machinery.SourceFileLoader):
    """Runs what it is given; neither reads nor writes compiled files."""

    def __init__(self, name: str, path: Path, content: bytes) -> None:
        super().__init__(name, str(path))
        self._content = content

    def get_code(self, fullname: str) -> CodeType:
        """See SourceFileLoader."""
        code: CodeType = self.source_to_code(self._content, self.path)
        return code


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the plugin of a source, and the modules beside it; each must be known."""

    def __init__(self) -> None:
        self.sources: dict[str, tuple[Path, Trust]] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """See MetaPathFinder."""
        package, _, name = fullname.rpartition(".")
        folder, trust = self.sources.get(package, (None, None))
        if folder is None or trust is None or not (file := folder / f"{name}.py").exists():
            return None
        return importlib.util.spec_from_file_location(fullname, file, loader=_Loader(fullname, file, trust.read(file)))


_finder = _Finder()


def find_only_known(source: Any, folder: Path, trust: Trust) -> None:
    """Let a pluginbase source without a search path import the files of `folder`, as far as `trust` knows them."""
    name = source.mod.__name__
    _finder.sources[name] = (folder, trust)
    weakref.finalize(source, _finder.sources.pop, name, None).atexit = False
    if _finder not in sys.meta_path:
        sys.meta_path.append(_finder)
