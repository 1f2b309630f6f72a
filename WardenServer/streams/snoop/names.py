"""The imports of a configuration module of snoop and its processors.

Modules named `snoop` and `avalanche` are ours. Others are found as snoop did it.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from WardenServer.errors import PluginError
from WardenServer.loading import names
from WardenServer.streams.snoop import avalanche, stand_ins

#: Modules of ROOT, and of RAT, which loads it.
_ROOT = ("ROOT", "rat")
_BUNDLED = str(Path(__file__).parent / "bundled")


def _taken(*names: str) -> dict[str, Any]:
    return {name: getattr(stand_ins, name) for name in names}


_PROCESSOR = _taken("Processor", "ProcessorAbort")
_READER = _taken("ROOTFileReader", "DispatchReader", "AirfillReader", "PackedReader", "RATReader")
_READER["FileReader"] = stand_ins.ROOTFileReader
_WRITER = _taken("Writer", "PrintWriter", "CouchDBWriter")
#: Our modules.
_MODULES: Mapping[str, names.Made] = {
    "snoop": ({}, []),
    "snoop.core": ({}, []),
    "snoop.processors": ({}, [_BUNDLED]),
    **{f"snoop{core}.processor": (_PROCESSOR, None) for core in ("", ".core")},
    **{f"snoop{core}.reader": (_READER, None) for core in ("", ".core")},
    **{f"snoop{core}.writer": (_WRITER, None) for core in ("", ".core")},
    "avalanche": ({"Client": avalanche.Client, "client": avalanche.Client}, None),
}


class Names(names.Names):
    """Finds modules while it is open. For one configuration module in a process."""

    def __init__(self, folder: Path, read: Callable[[Path], bytes]) -> None:
        """Put it together.

        Args:
            folder: of the configuration module.
            read: the content of a file that may run; raises PluginError for one that may not.
        """
        super().__init__(folder, read, _MODULES)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See MetaPathFinder."""
        top = fullname.partition(".")[0]
        if top in _ROOT:
            raise PluginError(f"imports {top}, which {stand_ins.NO_ROOT}")
        return super().find_spec(fullname, path, target)
