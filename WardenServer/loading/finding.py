"""Which plugins there are: plugin files, and the processors in files with classes."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from WardenServer.errors import WardenError
from WardenServer.loading import processor_file
from WardenServer.loading.plugin_file import Source
from WardenServer.loading.trust import SHIPPED
from WardenServer.settings.agent_tables import DEFAULT_AGENTS
from WardenServer.settings.config import Settings

log = logging.getLogger("warden.loader")


@dataclass(frozen=True)
class Plugin:
    """What agents are made of: a file, and the class in it where it is a processor."""

    path: Path
    kind: str = ""


def find(settings: Settings, problems: list[str]) -> dict[str, Path]:
    """Plugin files by name, in alphabetical order; the site's own win over shipped ones. Folders that cannot be read
    are added to `problems`."""
    files: dict[str, Path] = {}
    for folder in folders(settings):
        for name in _names(folder, settings, problems):
            path = folder / f"{name}.py"
            if name in files:
                log.info("%s is used in place of %s", files[name], path)
            files.setdefault(name, path)
    return dict(sorted(files.items()))


def folders(settings: Settings) -> list[Path]:
    """The folders of plugin files; the first that has a name wins."""
    return [*settings.plugin_folders, *([SHIPPED] if settings.shipped else [])]


def _names(folder: Path, settings: Settings, problems: list[str]) -> list[str]:
    """The plugin files of one folder."""
    asked = "plugin_folders" in settings.origins
    try:
        entries = [entry.name for entry in folder.iterdir()]
    except FileNotFoundError:
        if asked:
            problems.append(f"plugin folder {folder} does not exist; make it, or correct plugin_folders")
        return []
    except OSError as error:
        missing = "make or mount it, or correct plugin_folders"
        cure = "correct its rights" if isinstance(error, PermissionError) else missing
        problems.append(f"plugin folder {folder} cannot be read ({error.strerror}); {cure}")
        return []
    by_settings = settings.agents.keys() - DEFAULT_AGENTS.keys()  # a site may need no file of its own
    if asked and not by_settings and not any(name.endswith(".py") for name in entries):
        problems.append(f"plugin folder {folder} holds no plugin file; make one with: warden new NAME")
    names = {name for name in Source(folder).list_plugins() if f"{name}.py" in entries}
    names |= {entry.removesuffix(".py") for entry in entries if entry.endswith(".py")}  # such as a.b.py, to be refused
    return [name for name in sorted(names) if not name.startswith(("_", "template_", "."))]


def plugins(
    files: Mapping[str, Path], read: Callable[[Path], bytes], settings: Settings, refused: dict[str, str]
) -> dict[str, Plugin]:
    """What the files hold, by name: a file itself, or the processors in it. Of several folders the first that has a
    name wins; two of one name there are `refused`, with the reason."""
    found: dict[str, list[Plugin]] = {}
    for folder in folders(settings):
        first: dict[str, list[Plugin]] = {}
        for name, path in files.items():
            if path.parent == folder:
                for each, plugin in _in_file(name, path, read):
                    first.setdefault(each, []).append(plugin)
        for name in first.keys() & found.keys():
            log.info("%s in %s is used in place of %s", name, found[name][0].path, first[name][0].path)
        found = {**first, **found}
    for name, rivals in found.items():
        if len(rivals) > 1:
            both = " and ".join(dict.fromkeys(str(plugin.path) for plugin in rivals))
            refused[name] = f"the name {name} stands {len(rivals)} times in {both}; give all but one another name"
    return {name: rivals[0] for name, rivals in sorted(found.items()) if name not in refused}


def _in_file(name: str, path: Path, read: Callable[[Path], bytes]) -> list[tuple[str, Plugin]]:
    try:
        named = processor_file.find(read(path))
    except WardenError:  # its loading will say so
        named = []
    return [(one.name, Plugin(path, one.kind)) for one in named] or [(name, Plugin(path))]
