"""What a file written for snoop imports: processors as they were, readers and writers as descriptions of ours.

The names and arguments are those of https://github.com/mastbaum/snoop and, for Client, of avalanche.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from WardenServer import processor
from WardenServer.errors import SettingError

#: What to do where a file wants ROOT.
NO_ROOT = 'is not needed here: write reader = ROOTFileReader(files, tree, branch), or for a hub reader = "root"'


class ProcessorAbort(processor.ProcessorAbort):
    """This event cannot be used, and the processor goes on. `value` says why."""

    def __init__(self, value: Any = "") -> None:
        super().__init__(value)
        self.value = value


class Processor(processor.Processor):
    """Gathers events, and is sampled. Once it has set `enabled` to False it gets no more events, and no samples."""

    enabled = True

    def __init__(self, name: str | None = None) -> None:
        """Begin; older processors give their name here."""
        self.enabled = True
        if name is not None:
            self.name = name


class Reader:
    """A source that is described: `sources` are names of our readers, each with its settings."""

    def __init__(self) -> None:
        self.sources: list[tuple[str, Mapping[str, Any]]] = []


class ROOTFileReader(Reader):
    """Entries of a tree in ROOT files, each a record of its branches, by name. It ends behind the last one."""

    def __init__(self, filenames: Any, tree_name: str, branch_name: Any = None, obj: None = None) -> None:
        """Take on what is to be read.

        Args:
            filenames: a path, a pattern, or a list of them.
            tree_name: of the tree.
            branch_name: the branch, or a list of branches; None for all.
            obj: was an object of ROOT, and must be None.

        Raises:
            SettingError: there is such an object.
        """
        super().__init__()
        if obj is not None:
            raise SettingError(f"obj is {obj!r:.60}, and ROOT {NO_ROOT}")
        branches = {} if branch_name is None else {"branches": _as_list(branch_name)}
        self.sources.append(
            ("root", {"files": _as_list(filenames), "tree": tree_name, **branches, "follow": False}),
        )


class PackedReader(ROOTFileReader):
    """Packed records of SNO+."""

    def __init__(self, filenames: Any) -> None:
        super().__init__(filenames, "PackT", "PackRec")


class AirfillReader(ROOTFileReader):
    """Packed events of SNO+."""

    def __init__(self, filenames: Any) -> None:
        super().__init__(filenames, "PackT", "PackEv")


class RATReader(ROOTFileReader):
    """Events as RAT writes them."""

    def __init__(self, filenames: Any) -> None:
        super().__init__(filenames, "T", "ds")


class Feeds(Reader):
    """Any number of publishers over ZeroMQ, and of databases whose changes are events."""

    def __init__(self, form: str = "json") -> None:
        """Begin with none. `form` is that of the frames: "json", "msgpack" or "raw"."""
        super().__init__()
        self._addresses: list[str] = []
        self._form = form

    def add_dispatcher(self, address: str) -> None:
        """Read a publisher, too, such as tcp://host:5024."""
        self._addresses.append(address if "://" in address else f"tcp://{address}")
        databases = [each for each in self.sources if each[0] != "zeromq"]
        self.sources = [("zeromq", {"addresses": list(self._addresses), "form": self._form}), *databases]

    def add_db(self, host: str, dbname: str, mapper: Any = None) -> None:
        """Read the changes of a CouchDB database, too, from now on; `mapper` makes an event of a document, or None."""
        options = {"url": _url(host), "database": dbname, **({"mapper": mapper} if mapper is not None else {})}
        self.sources.append(("couchdb", options))

    addDispatcher, addDB = add_dispatcher, add_db


class DispatchReader(Feeds):
    """Events of a dispatcher."""

    def __init__(self, address: str, form: str = "json") -> None:
        """Read a publisher. Objects of ROOT can only be had as `form` "raw": as bytes."""
        super().__init__(form)
        self.address = address
        self.add_dispatcher(address)


class Writer:
    """A place for samples. Others than those below have a method write(docs, timestamp): pairs of name and document,
    and whole minutes since 1970."""

    #: The name of our writer, and its settings; "" where there is none.
    target: tuple[str, Mapping[str, Any]] = ("", {})


class PrintWriter(Writer):
    """Prints samples."""

    target = ("print", {})


class CouchDBWriter(Writer):
    """Makes a document of CouchDB of each sample."""

    def __init__(self, host: str, dbname: str, username: str | None = None, password: str | None = None) -> None:
        """Take on where the database is."""
        self.target = ("couchdb", {"url": _url(host, username, password), "database": dbname})


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def _url(host: str, username: str | None = None, password: str | None = None) -> str:
    scheme, found, rest = host.partition("://")
    if not found:
        scheme, rest = "http", host if ":" in host else f"{host}:5984"
    user = f"{quote(username, '')}:{quote(password or '', '')}@" if username else ""
    return f"{scheme}://{user}{rest}"
