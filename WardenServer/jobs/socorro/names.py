"""The imports of a configuration file of Socorro: ConfigurationManager is ours, commonconfig that of the site."""

from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from WardenServer.jobs.socorro import defaults, options
from WardenServer.loading import names

_COMMON = ("commonconfig", "config.commonconfig")


class Names(names.Names):
    """Finds modules while it is open. For one configuration file in a process.

    commonconfig.py is looked for beside the file and then in the folder `config` there; without one it is ours.
    """

    def __init__(self, folder: Path, read: Callable[[Path], bytes]) -> None:
        """Put it together.

        Args:
            folder: of the configuration file.
            read: the content of a file that may run; raises PluginError for one that may not.
        """
        self._places = [str(folder), str(folder / "config")]
        common = defaults.common()
        super().__init__(folder, read, {
            "socorro": ({}, []),
            "socorro.lib": ({}, []),
            "socorro.lib.ConfigurationManager": (options.MODULE, None),
            "config": ({}, self._places),
            **dict.fromkeys(_COMMON, (common, None)),
        })  # fmt: skip

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See MetaPathFinder."""
        if fullname in _COMMON:
            return self.find(fullname, self._places) or self.made(fullname)
        if fullname.startswith("config."):
            return self.find(fullname, path)
        return super().find_spec(fullname, path, target)
