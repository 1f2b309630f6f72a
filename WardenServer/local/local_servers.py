"""A local Memcached and a local Tango database, for one-command use and for tests."""

import os
import shutil
import socket
import sys
from importlib.util import find_spec
from pathlib import Path

from WardenServer.errors import Unreachable, WardenError
from WardenServer.machine import sqlite_file
from WardenServer.machine.child import START_LIMIT, Child, make_folder
from WardenServer.servers import ports, tango_database
from WardenServer.servers.ports import LOOPBACK

NO_MEMCACHED = (
    "memcached is not installed; install it with: apt install memcached (Debian, Ubuntu), dnf install memcached"
    " (Fedora, RHEL), zypper install memcached (openSUSE), pacman -S memcached (Arch), brew install memcached (macOS);"
    " or name servers that run in the setting memcached"
)
NO_DATABASE = (
    "the local Tango database (pytango-db) is not installed; install it with: pip install 'wardenserver[local]';"
    " or set TANGO_HOST to a Tango database that runs"
)


class Missing(WardenError):
    """A program that has to be started is not installed."""


class LocalMemcached(Child):
    """Memcached on the loopback interface, where no other machine can write into it."""

    patience = 0.5  # it holds nothing worth more

    def __init__(self, port: int, folder: Path) -> None:
        program = shutil.which("memcached")
        if program is None:
            raise Missing(NO_MEMCACHED)
        command = [program, "-l", LOOPBACK, "-p", str(port), "-U", "0"]
        user = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
        super().__init__("Memcached", command, folder / "logs" / "memcached.out", user=user)
        self.port = port
        self.address = f"{LOOPBACK}:{port}"

    def start(self, limit: float = START_LIMIT) -> None:
        """See Child. Raises also: Unreachable, another program has the port."""
        ports.await_free(self.name, self.port)
        super().start(limit)

    def answers(self) -> bool:
        """See Child."""
        try:
            with socket.create_connection((LOOPBACK, self.port), 0.5) as connection:
                connection.settimeout(0.5)
                connection.sendall(b"version\r\n")
                return connection.recv(64).startswith(b"VERSION")
        except OSError:
            return False


class LocalDatabase(Child):
    """A Tango database on the loopback interface, kept in one SQLite file."""

    def __init__(self, port: int, folder: Path) -> None:
        if find_spec("databaseds") is None:
            raise Missing(NO_DATABASE)
        self.port = port
        self.address = f"{LOOPBACK}:{port}"
        self.file = folder.absolute() / "tango.db"
        script = Path(sys.executable).with_name("PyDatabaseds")  # the name people know it by, in lists of processes
        program = [str(script)] if script.exists() else ["-m", "databaseds.database"]
        command = [sys.executable, "-P", *program, "--host", LOOPBACK, "--port", str(port), "2"]
        environment = {"PYTANGO_DATABASE_NAME": str(self.file), "TANGO_HOST": self.address}
        super().__init__("Tango database", command, folder / "logs" / "database.out", environment)

    def launch(self) -> None:
        """See Child. A file that is no database is put aside first."""
        make_folder(self.file.parent)
        self.notice = sqlite_file.put_aside(self.file, "Tango database")
        super().launch()

    def start(self, limit: float = START_LIMIT) -> None:
        """See Child. Raises also: Unreachable, another program has the port."""
        ports.await_free(self.name, self.port)
        super().start(limit)

    def answers(self) -> bool:
        """See Child. Nothing less will do: this program ends with exit code 0 whatever was wrong."""
        try:
            tango_database.connect(self.address, 2.0)
        except Unreachable:
            return False
        return True
