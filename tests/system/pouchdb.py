"""A real pouchdb-server, which speaks the protocol of CouchDB, in a folder of its own on a free port.

It keeps all in memory: what it held is gone when it starts again.
"""

import fcntl
import shutil
import subprocess
from pathlib import Path

import httpx

from WardenServer.machine.child import Child

_PACKAGE = "pouchdb-server@4.2.0"
#: Where it is installed, once.
_FOLDER = Path(__file__).parents[2] / ".venv" / "npm" / _PACKAGE
#: Seconds that may take: less than a test may.
_INSTALL = 100


class PouchDB(Child):
    """The server. `url` is what clients need."""

    def __init__(self, port: int, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        folder.mkdir(parents=True, exist_ok=True)
        program = str(_FOLDER / "node_modules" / ".bin" / "pouchdb-server")
        within = ["env", "-C", str(folder)]  # it writes config.json and log.txt where it is started
        command = [*within, program, "--in-memory", "--host", "127.0.0.1", "--port", str(port)]
        super().__init__("pouchdb-server", command, folder / "pouchdb.out")

    def answers(self) -> bool:
        try:
            return httpx.get(self.url, timeout=2, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False


def install() -> str:
    """Install it where it is not installed yet; why it cannot be, else nothing."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node and npm are not installed"
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with (_FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        if (_FOLDER / "package-lock.json").exists():  # npm writes it when all the rest is there
            return ""
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", _PACKAGE]
        where = ["--prefix", str(_FOLDER)]
        try:
            subprocess.run([*command, *where], check=True, capture_output=True, text=True, timeout=_INSTALL)
        except subprocess.SubprocessError as error:
            said = str(getattr(error, "stderr", "") or error).strip().splitlines()
            return f"npm cannot install {_PACKAGE}: {said[-1] if said else error}"
        return ""
