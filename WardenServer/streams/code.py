"""The code of one processor: its class, and the settings that its instances are made with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from WardenServer.errors import PluginError
from WardenServer.loading.beside import any_absolute, imported
from WardenServer.loading.contract import Contract, read_contract
from WardenServer.loading.failure import explain_in
from WardenServer.loading.plugin_file import import_plugin
from WardenServer.loading.processor_file import contract_of
from WardenServer.streams.host import Host

if TYPE_CHECKING:
    from WardenServer.loading.trust import Trust

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

    def take_over(self, host: Host, old: Any) -> None:
        """Go on in place of the old processor. For what its host is asked to do."""
        host.replace(self.after(old), self.explain)

    def explain(self, error: BaseException) -> str:
        """The sentence on an event that it could not take."""
        return explain_in(error, self.path, CURE)


def load(
    name: str,
    path: Path,
    kind: str,
    tick: float,
    interval: float,
    table: Mapping[str, Any],
    trust: "Trust | None" = None,
) -> tuple[Code, Contract]:
    """Import a file, for the agent `name`, which is a processor of the class `kind` there: its code, and its contract,
    whose functions do nothing.

    Args:
        name, path, kind: see above.
        tick: of the hub, in seconds.
        interval: seconds between samples, where the file says nothing.
        table: what is configured for the agent.
        trust: knows what may run, where only that may.

    Raises:
        PluginError: the import fails, or the class is no processor.
        SettingError: the configured settings do not fit.
    """
    content = path.read_bytes()
    beside = any_absolute(content, path, imported(content, path, Path.read_bytes))
    module, origin = import_plugin(path, name, trust, beside)
    found = getattr(module, kind, None)
    contract = read_contract(contract_of(found, path, module, interval), path, name, tick, table)
    return Code(name, path, found or object, contract.settings, origin), contract
