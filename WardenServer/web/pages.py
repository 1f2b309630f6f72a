"""Pages of the site's own: Markdown files in a folder, in the site's own base of HTML."""

import html
import re
from pathlib import Path as FilePath

from anyio import CapacityLimiter
from markdown import Markdown
from starlette.responses import FileResponse, HTMLResponse, Response

from WardenServer.settings.config import Settings
from WardenServer.web.paths import Asked, Path, Refused, as_json
from WardenServer.web.tags import Tags

#: Bytes that a page may have.
LARGEST = 1_000_000
#: The site's own base, in the folder of the pages: its %(title)s and %(content)s are replaced.
BASE = "base.html"
_OURS = FilePath(__file__).parent / BASE
#: What pages may show besides.
_BESIDE = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".css")
_NAME = re.compile(r"\w[\w-]{0,100}(\.[a-z]{3,4})?")
_HEADING = re.compile(r"^#\s+(.+?)\s*#*\s*$", re.MULTILINE)
_PAGES = {"type": "array", "items": {"type": "object", "required": ["name", "title"]}}


class Pages:
    """The folder. It is read anew at each question."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.web_pages

    def paths(self) -> list[Path]:
        """The paths of this module."""
        turn = CapacityLimiter(2)
        return [
            Path("GET", "/api/pages", "Pages of the site's own.", self.pages, schema=_PAGES, turn=turn),
            Path("GET", "/pages/{name}", "One of them; or a picture beside it.", self.page, media_type="text/html",
                 turn=turn),
        ]  # fmt: skip

    def pages(self, asked: Asked) -> Response:
        """All pages with their titles."""
        files = sorted(path for path in self._folder.glob("*.md") if _NAME.fullmatch(path.stem) and path.is_file())
        return as_json([{"name": path.stem, "title": _title(path, _read(path))} for path in files])

    def page(self, asked: Asked) -> Response:
        """One page, or a file beside it."""
        name = asked.place["name"]
        if not _NAME.fullmatch(name):
            raise Refused(404, f"there is no page {name[:60]!r}; GET /api/pages shows all")
        if name.endswith(_BESIDE) and (self._folder / name).is_file():
            return FileResponse(self._folder / name)
        path = self._folder / f"{name}.md"
        if not path.is_file():
            raise Refused(404, f"there is no page {name!r}; write it as {path.name} into the folder web_pages")
        text = _read(path)
        content = Markdown(extensions=["tables", "fenced_code", Tags()]).convert(text)
        base = self._folder / BASE
        page = _read(base if base.is_file() else _OURS)
        parts = {"%(title)s": html.escape(_title(path, text)), "%(content)s": content}
        return HTMLResponse(re.sub(r"%\((title|content)\)s", lambda found: parts[found[0]], page))


def _title(path: FilePath, text: str) -> str:
    """The first heading, else the file's name."""
    found = _HEADING.search(text)
    return found[1] if found else path.stem.capitalize()


def _read(path: FilePath) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Refused(503, f"{path.name} in the folder web_pages cannot be read: {error.strerror}") from None
    if len(data) > LARGEST:
        raise Refused(503, f"{path.name} in the folder web_pages has more than {LARGEST} bytes; make it shorter")
    return data.decode("utf-8", "replace")
