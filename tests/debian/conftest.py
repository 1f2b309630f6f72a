"""Tango's C++ servers and an older PyTango, unpacked from Debian's packages into a temporary folder.

Nothing is installed.

The tests are skipped, with the reason, where the packages cannot be had.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
import tango

from tests.system.conftest import free_port, memcached
from WardenServer.machine.child import Child

__all__ = ["memcached"]

PACKAGES = ("tango-starter", "tango-test", "tango-db", "mariadb-server", "python3-tango")
HOST = socket.gethostname().partition(".")[0].lower()
SCHEMA = "usr/share/dbconfig-common/data/tango-db/install/mysql"


def _run(command: Sequence[str | Path], **options: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **options)  # type: ignore[call-overload,no-any-return]


class Packages:
    """The unpacked packages: where their programs are, and how these are started."""

    def __init__(self, root: Path) -> None:
        self.root = root
        libraries = next(root.glob("usr/lib/*-linux-gnu"))
        self.environment = {"LD_LIBRARY_PATH": f"{libraries}:{libraries}/lapack:{libraries}/blas"}

    def program(self, name: str) -> str:
        return next(
            str(path)
            for place in ("usr/lib/tango", "usr/sbin", "usr/bin")
            for path in [self.root / place / name]
            if path.exists()
        )


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """Debian's packages, with all that they need and this machine does not have."""
    if not all(map(shutil.which, ("apt-get", "dpkg"))):
        pytest.skip("Debian's tools are not here")
    folder = tmp_path_factory.mktemp("debian")
    found = _run(["apt-get", "install", "-s", "--no-install-recommends", *PACKAGES])
    names = [line.split()[1] for line in found.stdout.splitlines() if line.startswith("Inst ")]
    if found.returncode or not set(PACKAGES) <= set(names):
        pytest.skip(f"Debian's packages are not known, or installed already: {found.stderr.strip()[-200:]}")
    loaded = _run(["apt-get", "download", *names], cwd=folder)
    if loaded.returncode:
        pytest.skip(f"Debian's packages cannot be had: {loaded.stderr.strip()[-200:]}")
    for package in folder.glob("*.deb"):
        assert _run(["dpkg", "-x", package, folder / "root"]).returncode == 0
        package.unlink()
    return Packages(folder / "root")


class Server(Child):
    """A program of the packages, which answers as `ready` says."""

    def __init__(self, packages: Packages, command: Sequence[str], output: Path, **more: str) -> None:
        environment = {**packages.environment, **more}
        super().__init__(Path(command[0]).name, [packages.program(command[0]), *command[1:]], output, environment)


class MariaDB(Server):
    def __init__(self, packages: Packages, folder: Path) -> None:
        self.port, self.socket, root = free_port(), folder / "mariadb.sock", packages.root
        self._packages = packages
        self._share = [
            "--no-defaults",
            f"--basedir={root}/usr",
            f"--datadir={folder}/data",
            f"--lc-messages-dir={root}/usr/share/mysql",
        ]
        self._user = ["--user=root"] if os.geteuid() == 0 else []
        (folder / "data").mkdir()
        made = self.call("mariadb-install-db", *self._share, *self._user, "--auth-root-authentication-method=normal")
        assert made.returncode == 0, made.stderr
        listen = [
            f"--socket={self.socket}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--pid-file={folder}/pid",
        ]
        super().__init__(packages, ["mariadbd", *self._share, *self._user, *listen], folder / "mariadbd.out")

    def call(self, program: str, *words: str, text: str = "") -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, **self._packages.environment}
        return _run([self._packages.program(program), *words], env=environment, input=text)

    def sql(self, text: str, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.call("mariadb", "--no-defaults", "-S", str(self.socket), "-u", "root", *words, text=text)

    def answers(self) -> bool:
        return self.sql("SELECT 1").returncode == 0


class Device(Server):
    """A Tango server of the packages, with the device that shows that it runs."""

    def __init__(self, packages: Packages, command: Sequence[str], output: Path, device: str, **more: str) -> None:
        self.device = device
        super().__init__(packages, command, output, **more)

    def answers(self) -> bool:
        try:
            return bool(tango.DeviceProxy(self.device).ping() >= 0)
        except tango.DevFailed:
            return False


@pytest.fixture(scope="session")
def facility(packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A C++ database on MariaDB, TangoTest, and the Starter of this host: the TANGO_HOST."""
    folder = tmp_path_factory.mktemp("facility")
    port = free_port()
    host = f"127.0.0.1:{port}"
    with ExitStack() as stack:
        mariadb = stack.enter_context(MariaDB(packages, folder))
        user = """CREATE DATABASE tango; CREATE USER tango@'127.0.0.1' IDENTIFIED BY 'tango';
            GRANT ALL ON tango.* TO tango@'127.0.0.1';"""
        schema = (
            (packages.root / SCHEMA).read_text().replace("/usr/share/tango-db", f"{packages.root}/usr/share/tango-db")
        )
        for text, words in ((user, ()), (schema, ("tango",))):
            done = mariadb.sql(text, *words)
            assert done.returncode == 0, done.stderr
        said = {"MYSQL_USER": "tango", "MYSQL_PASSWORD": "tango", "MYSQL_DATABASE": "tango"}
        database = ["DataBaseds", "2", "-ORBendPoint", f"giop:tcp:127.0.0.1:{port}"]
        stack.enter_context(
            Device(
                packages, database, folder / "database.out", f"tango://{host}/sys/database/2",
                MYSQL_HOST=f"127.0.0.1:{mariadb.port}", **said,
            )
        )  # fmt: skip
        db = tango.Database("127.0.0.1", port)
        info = tango.DbDevInfo()
        info.name, info._class, info.server = f"tango/admin/{HOST}", "Starter", f"Starter/{HOST}"
        db.add_device(info)
        (folder / "ds.log").mkdir()
        # What the Starter starts uses nothing of the user's, nor of other tests.
        (folder / "warden.toml").write_text('memcached = ["127.0.0.1:1"]\nshipped = false\n')
        home = {"WARDEN_CONFIG": str(folder / "warden.toml"), "WARDEN_STATE_FOLDER": str(folder / "state")}
        db.put_device_property(info.name, {"LogFileHome": [str(folder)], "StartDsPath": [str(folder)]})
        for command, device in ((["TangoTest", "test"], "sys/tg_test/1"), (["Starter", HOST], info.name)):
            listen = ["-ORBendPoint", "giop:tcp:127.0.0.1:"]
            place = f"tango://{host}/{device}"
            stack.enter_context(
                Device(packages, [*command, *listen], folder / f"{command[0]}.out", place, TANGO_HOST=host, **home)
            )
        yield host
