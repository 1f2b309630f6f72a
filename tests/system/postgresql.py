"""A real PostgreSQL, as Debian installs it, in a folder of its own on a free port."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from WardenServer.machine.child import Child

_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
#: Whom the server runs as: it refuses root.
_USER = "postgres" if os.geteuid() == 0 else None


class PostgreSQL(Child):
    """The server. `url` is what clients need."""

    patience = 5.0

    def __init__(self, port: int, folder: Path) -> None:
        self._folder = folder / "data"
        self._programs = _PLACES[-1]
        self.url = f"postgresql://warden@127.0.0.1:{port}/postgres"
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        command = [str(self._programs / "postgres"), "-D", str(self._folder), "-p", str(port)]
        command += [f"--{name}={value}" for name, value in options.items()]
        super().__init__("PostgreSQL", command, folder / "postgresql.out", user=_USER)

    def launch(self) -> None:
        if not self._folder.exists():
            self._folder.mkdir(parents=True)
            if _USER is not None:
                for path in (self._folder, *self._folder.parents):  # pytest's folders are closed to others
                    if path.owner() != "root" or path == Path("/tmp"):
                        break
                    path.chmod(path.stat().st_mode | 0o011)
                shutil.chown(self._folder, _USER, pwd.getpwnam(_USER).pw_gid)
            self._run("initdb", "-D", str(self._folder), "-A", "trust", "-U", "warden", "-N", "-E", "UTF8")
        super().launch()

    def answers(self) -> bool:
        ready = [str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", self.command[4]]
        return subprocess.run(ready, timeout=10, check=False).returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=60, cwd="/", user=_USER)


def is_there() -> bool:
    """Whether it is installed."""
    return bool(_PLACES)
