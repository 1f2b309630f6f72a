"""The code of one processor: its class, and the settings that its instances are made with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from WardenServer.errors import PluginError
from WardenServer.loading.failure import explain_in

#: What to do about an event that a processor cannot take.
CURE = "correct the file, or raise ProcessorAbort for events that cannot be used"


@dataclass(frozen=True)
class Code:
    """Makes the processor `name` of a class of the file at `path`. `origin` keeps the module's namespace alive."""

    name: str
    path: Path
    kind: type[Any]
    settings: Mapping[str, Any]
    origin: object = None

    def make(self) -> Any:
        """A new processor.

        Raises:
            PluginError: its constructor failed.
        """
        try:
            return self.kind(**self.settings)
        except BaseException as error:  # a processor may raise anything
            raise PluginError(explain_in(error, self.path, "correct the file, or its settings")) from error

    def after(self, old: Any) -> Any:
        """A new processor with the state of an old one. The settings are the new one's, whatever `load` does."""
        new = self.make()
        own = {name: getattr(new, name) for name in self.settings if hasattr(new, name)}
        if hasattr(new, "load"):
            new.load(old)
        for name, value in own.items():
            if getattr(new, name, None) is not value:
                setattr(new, name, value)
        return new

    def explain(self, error: BaseException) -> str:
        """The sentence on an event that it could not take."""
        return explain_in(error, self.path, CURE)
