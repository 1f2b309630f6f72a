"""Copies of the templates in `plugins/`, for `warden new`."""

import ast
import difflib
import re
from pathlib import Path

from WardenServer.board import HUB
from WardenServer.errors import WardenError
from WardenServer.loader import SHIPPED

_PREFIX = "template_"


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
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,60}", name) or name.startswith(_PREFIX) or name.lower() == HUB:
        raise WardenError(f'"{name}" cannot be an agent\'s name; use letters, digits and _, a letter first')
    if template not in known():
        close = difflib.get_close_matches(template, known(), 1)
        meant = f'; did you mean "{close[0]}"?' if close else f"; there are {', '.join(known())}"
        raise WardenError(f'there is no template "{template}"{meant}')
    path = folder / f"{name}.py"
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
    except OSError as error:
        raise WardenError(
            f"folder {folder} cannot be made ({error.strerror}); see the setting plugin_folders"
        ) from None
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write((SHIPPED / f"{_PREFIX}{template}.py").read_text(encoding="utf-8"))
    except FileExistsError:
        raise WardenError(f"{path} exists; choose another name, or remove it first") from None
    except OSError as error:
        raise WardenError(f"{path} cannot be written ({error.strerror}); see the setting plugin_folders") from None
    return path
