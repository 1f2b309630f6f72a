"""Which plugin files may run: those that nobody may write to but their owner and root, and, with `plugin_hashes`, only
those whose content is known. Called by the loader's thread, and by `warden try` and `warden check`.

The rule is OpenSSH's for the files it trusts, with Debian's exception for groups that hold nobody but the owner. Files
that ship with the hub are named, not refused: who may write to them may write to the hub's own code beside them.
"""

import functools
import grp
import hashlib
import importlib.util
import os
import pwd
import re
import shlex
import stat
import sys
import threading
from pathlib import Path

import WardenServer.plugins
from WardenServer.errors import PluginError, SettingError
from WardenServer.settings import users_file
from WardenServer.settings.config import Settings

_SUFFIX = importlib.util.cache_from_source("x.py").rpartition("x")[2]
#: The folder of the agents and templates that ship with the hub.
SHIPPED = Path(str(WardenServer.plugins.__file__)).parent


def read(path: Path) -> bytes:
    """The content of a plugin file; raises PluginError when it cannot be read."""
    try:
        if not path.is_file() and path.exists():  # reading a pipe would never end
            what = "is a folder" if path.is_dir() else "is no plain file"
            raise PluginError(f"{path}: {what}; take it out of the folder of plugins")
        return path.read_bytes()
    except OSError as error:
        raise PluginError(f"{path}: {users_file.why(path, error)}") from None


class Trust:
    """Judges the plugin files of one load. `notes` are sentences on what runs though it is not safe."""

    def __init__(self, settings: Settings) -> None:
        #: The settings it goes by, for the process of an agent that has its own.
        self.terms = {
            "allow_writable_plugins": settings.allow_writable_plugins,
            "plugin_hashes": settings.plugin_hashes,
        }
        self._allow = settings.allow_writable_plugins
        self._hashes = Path(settings.plugin_hashes) if settings.plugin_hashes else None
        # Modules beside a plugin are judged as they are imported, also by an import that hangs and was left behind.
        self._lock = threading.Lock()
        self._pins: dict[str, tuple[int, str]] | None = None
        self._found: dict[str, str] = {}
        self._folders: dict[str, str] = {}
        self.notes: list[str] = []

    def read(self, path: Path) -> bytes:
        """The content of a plugin file that may run.

        Raises:
            PluginError: it cannot be read, others may write to it, or its content is not the known one.
            SettingError: the file of known hashes cannot be used.
        """
        content = read(path)
        with self._lock:
            self._refuse_writable(path)
            if self._hashes is not None:
                self._refuse_unknown(path, content, self._hashes)
        return content

    @property
    def pinned(self) -> bool:
        """Whether the content of files must be known."""
        return self._hashes is not None

    # -- who may write

    def _refuse_writable(self, path: Path) -> None:
        """The file, its compiled form, and its folder."""
        place = str(path)  # there may be a thousand files, and Path takes its time
        folder = os.path.dirname(place)
        found = self._trouble(place) or self._trouble(_compiled(place)) or self._trouble_of_folder(folder)
        if not found:
            return
        if not self._allow and path.parent != SHIPPED:
            raise PluginError(f"{path}: {found}, or set allow_writable_plugins")
        sentence = f"plugin files that others may change are run: {found}"
        if sentence not in self.notes:
            self.notes.append(sentence)

    def _trouble_of_folder(self, folder: str) -> str:
        """A sentence when others may add to a folder of plugins, or change the modules that are there to be imported.

        A sticky folder, in which others may do no more than add files, is good enough above this one, not here.
        """
        if folder not in self._folders:
            modules = [str(path) for path in Path(folder).glob("_*.py") if path.exists()]
            found = [self._trouble(each) for path in modules for each in (path, _compiled(path))]
            about = os.stat(folder)
            found += [_sentence(folder, about.st_mode)] if _open_to_others(about) else []
            self._folders[folder] = next(filter(None, found), "")
        return self._folders[folder]

    def _trouble(self, path: str) -> str:
        """A sentence when others may change what `path` leads to: through itself, the folders above, or links."""
        if path not in self._found:
            self._found[path] = ""  # while it is looked for: links may go round
            folder = os.path.dirname(path)
            above = self._trouble(folder) if path != folder else ""
            self._found[path] = above or self._trouble_at(path)
        return self._found[path]

    def _trouble_at(self, path: str) -> str:
        try:
            about = os.lstat(path)
        except FileNotFoundError:  # a compiled file that is still to be made
            return ""
        except OSError as error:
            return f"{path} cannot be looked at ({error.strerror}); correct its rights"
        if stat.S_ISLNK(about.st_mode):
            return self._trouble(os.path.join(os.path.dirname(path), os.readlink(path)))
        sticky = stat.S_ISDIR(about.st_mode) and about.st_mode & stat.S_ISVTX
        return _sentence(path, about.st_mode) if _open_to_others(about) and not sticky else ""

    # -- whose content is known

    def _refuse_unknown(self, path: Path, content: bytes, hashes: Path) -> None:
        pins = self._known_hashes(hashes)
        _, known = max(pins.get(str(path), (0, "")), pins.get(path.name, (0, "")))
        if known == hashlib.sha256(content).hexdigest():
            return
        what = "is not the one that was approved" if known else "is not among those that were approved"
        cure = f"sha256sum {shlex.quote(str(path))} >> {shlex.quote(str(hashes))}"
        raise PluginError(f"{path}: its content {what} in {hashes}; look at the file, then run: {cure}")

    def _known_hashes(self, hashes: Path) -> dict[str, tuple[int, str]]:
        """The hashes by name or path, each with its line: a later line counts more."""
        if self._pins is None:
            try:
                text = users_file.read(hashes)
            except FileNotFoundError:
                cure = "make it with sha256sum, or correct the setting"
                raise SettingError(f"plugin_hashes: {hashes} does not exist; {cure}") from None
            except users_file.Unusable as error:
                raise SettingError(f"plugin_hashes: {hashes} {error}") from None
            if found := self._trouble(str(hashes)):
                raise SettingError(f"plugin_hashes: {hashes}: {found}")
            self._pins = read_hashes(text, hashes)
        return self._pins


def read_hashes(text: str, path: Path) -> dict[str, tuple[int, str]]:
    """What `sha256sum` has written: by file name, or by path where a line has one, which may be relative to `path`.

    Raises:
        SettingError: a line is not of that kind.
    """
    pins = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"([0-9a-fA-F]{64}) [ *](.+)", line)
        if match is None:
            raise SettingError(f"{path}:{number}: {line!r:.60} is no line of sha256sum; write it with: sha256sum FILE")
        digest, name = match.groups()
        pins[os.path.normpath(path.parent / name) if "/" in name else name] = (number, digest.lower())
    return pins


# -- modes


def _open_to_others(about: os.stat_result) -> bool:
    """Whether others than the owner and root may write."""
    return bool(about.st_mode & stat.S_IWOTH or (about.st_mode & stat.S_IWGRP and not _is_private_group(about)))


def _is_private_group(about: os.stat_result) -> bool:
    """Whether the group is the owner's alone, as Debian and Red Hat make one for every user."""
    try:
        owner, group = pwd.getpwuid(about.st_uid), grp.getgrgid(about.st_gid)
    except KeyError:
        return False
    alone = set(group.gr_mem) <= {owner.pw_name}
    return alone and owner.pw_gid == group.gr_gid and owner.pw_name == group.gr_name


def _sentence(path: str, mode: int) -> str:
    return f"others may write to {path} (mode {stat.S_IMODE(mode):04o}); run: chmod go-w {shlex.quote(path)}"


def compiled(path: Path) -> Path:
    """Where Python keeps the compiled form of a file, which it runs in place of the file."""
    return Path(_compiled(str(path)))


def _compiled(path: str) -> str:
    folder, name = os.path.split(path)
    return f"{_cache(folder)}/{name.removesuffix('.py')}{_SUFFIX}"


@functools.cache
def _cache(folder: str) -> str:
    return os.path.dirname(importlib.util.cache_from_source(os.path.join(folder, "x.py")))


def make_cache(folder: Path) -> None:
    """Make the folder of compiled files for a folder of plugins, so that it is closed to others whatever the umask."""
    if not sys.dont_write_bytecode:
        try:
            os.mkdir(_cache(str(folder)), mode=0o700)
            os.chmod(_cache(str(folder)), 0o755)
        except OSError:  # it is there, or cannot be: Python does without
            pass
