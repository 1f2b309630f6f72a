"""Copies of the templates in `plugins/`, for `warden new`."""

import ast
import difflib
from pathlib import Path

from WardenServer.errors import WardenError
from WardenServer.loading.agent_name import trouble
from WardenServer.loading.trust import SHIPPED

_PREFIX = "template_"
#: Rights of what is made here: the loader refuses what others may write to, so the umask alone does not decide.
_FOLDER, _FILE = 0o755, 0o644


def known() -> dict[str, str]:
    """The templates with the first line of what they say of themselves."""
    files = sorted(SHIPPED.glob(f"{_PREFIX}*.py"))
    return {file.stem.removeprefix(_PREFIX): _first_line(file) for file in files}


def _first_line(file: Path) -> str:
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def make(name: str, template: str, folder: Path) -> Path:
    """Write `folder`/`name`.py as a copy of a template.

    Raises:
        WardenError: the name cannot be an agent's, there is no such template, or the file exists.
    """
    if wrong := trouble(name):
        raise WardenError(f'"{name}" cannot be an agent\'s name: it {wrong}')
    if name.startswith(_PREFIX):
        raise WardenError(f'"{name}" would be a template, which is not run; choose a name without {_PREFIX}')
    if template not in known():
        close = difflib.get_close_matches(template, known(), 1)
        meant = f'; did you mean "{close[0]}"?' if close else f"; there are {', '.join(known())}"
        raise WardenError(f'there is no template "{template}"{meant}')
    text = (SHIPPED / f"{_PREFIX}{template}.py").read_text(encoding="utf-8")
    for named in (f'name = "{template}"', f"[agents.{template}]"):  # a processor, and an example of settings
        text = text.replace(named, named.replace(template, name))
    return write(text, folder / f"{name}.py")


def write(text: str, path: Path) -> Path:
    """Make a plugin file, with its folder, so that nobody else may write to it.

    Raises:
        WardenError: it exists, or cannot be written.
    """
    try:
        for missing in [each for each in (*reversed(path.parent.parents), path.parent) if not each.is_dir()]:
            missing.mkdir(mode=_FOLDER)
    except OSError as error:
        raise WardenError(
            f"folder {path.parent} cannot be made ({error.strerror}); see the setting plugin_folders"
        ) from None
    try:
        path.touch(mode=_FILE, exist_ok=False)
        path.write_text(text, encoding="utf-8")
    except FileExistsError:
        raise WardenError(f"{path} exists; choose another name, or remove it first") from None
    except OSError as error:
        raise WardenError(f"{path} cannot be written ({error.strerror}); see the setting plugin_folders") from None
    return path
