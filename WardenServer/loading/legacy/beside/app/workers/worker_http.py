"""HTTPWorker: reads a page of Web2c."""

from typing import Any

from WardenServer.errors import Unreachable
from WardenServer.plugins.common.web2c import Page

from ..common import MutexLock


class HTTPWorker(MutexLock):
    """Reads one page."""

    def __init__(
        self,
        init_page: str,
        def_file: str | None = None,
        host: str = "localhost",
        port: int = 80,
        debug_level: int | None = None,
    ) -> None:
        super().__init__(def_file, debug_level)
        self.init_page, self.HOST, self.PORT = init_page, host, port

    def start(self) -> Any:
        """The root of the XML that the page answers with; None where it does not answer as it should."""
        try:
            return Page(f"http://{self.HOST}:{self.PORT}", self.init_page).update()
        except (Unreachable, ValueError) as error:
            self.error(error)
            return None
