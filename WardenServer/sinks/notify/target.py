"""One target of the notifier on a thread of its own: one that hangs or refuses holds up no other.

apprise talks to the service. It says why it could not only in its log, so that is read, by thread.
"""

import logging
import shlex
import stat
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from WardenServer.errors import SettingError, Unreachable, WardenError
from WardenServer.plugins.common import conf_file
from WardenServer.results.event import Severity
from WardenServer.settings import masking, secret
from WardenServer.settings.config import Settings
from WardenServer.settings.notify import Target
from WardenServer.sinks.events import outbox
from WardenServer.sinks.notify import proxies
from WardenServer.sinks.notify.letters import SINGLE, Letter, next_letter

log = logging.getLogger("warden.notify")

#: Seconds between attempts while a target cannot be reached, doubling from the first to the last.
PAUSES = (2.0, 60.0)
#: Seconds that connecting may take, and each answer, where the URL says nothing else (apprise's cto and rto).
CONNECT, ANSWER = 4.0, 10.0
#: Seconds after which messages are looked for, though nobody said that there are some.
IDLE = 5.0

#: How apprise calls the severities.
_KINDS = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.ALARM: "failure"}


class _Reasons(logging.Handler):
    """What apprise says on each thread."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.said = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        lines = getattr(self.said, "lines", None)
        if lines is not None:
            lines.append(record.getMessage())

    def take(self) -> str:
        """What was said since the last time."""
        lines: list[str] = getattr(self.said, "lines", [])
        self.said.lines = []
        return masking.mask("; ".join(lines[-3:]))


_reasons = _Reasons()


def connect(target: Target, settings: Settings) -> Any:
    """What apprise makes of a target's URL.

    Raises:
        SettingError: the URL cannot be had, or means nothing to apprise.
        WardenError: apprise is not installed.
    """
    url = url_of(target, settings)
    try:
        import apprise
    except ImportError:
        raise WardenError("[notify] needs apprise; install it: pip install wardenserver[notify]") from None
    logger = logging.getLogger("apprise")
    if _reasons not in logger.handlers:
        logger.addHandler(_reasons)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    known = {name for name, _ in parse_qsl(urlsplit(url).query)}
    more = [f"{name}={seconds:g}" for name, seconds in (("cto", CONNECT), ("rto", ANSWER)) if name not in known]
    more += _addresses(target)
    service = apprise.Apprise.instantiate(url + ("&" if "?" in url else "?") + "&".join(more), suppress_exceptions=True)
    if service is None:
        kind = url.partition("://")[0] if "://" in url else "no scheme"
        cure = "see its list of services, and its form of urls"
        raise SettingError(f"[notify.targets.{target.name}]: apprise does not know this url ({kind}); {cure}")
    return service


def url_of(target: Target, settings: Settings) -> str:
    """The URL of a target, which is known as secret from now on, as a whole and in its parts.

    Raises:
        SettingError: it cannot be had, or it is in a settings file that others may read.
    """
    where = f"[notify.targets.{target.name}]: url"
    url = str(secret.value(where, target.url))
    if isinstance(target.url, str) and settings.file is not None:
        mode = stat.S_IMODE(settings.file.stat().st_mode) if settings.file.exists() else 0
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            chmod = f"chmod go= {shlex.quote(str(settings.file))}"
            cure = f'write {{ env = "NAME" }} or {{ file = "PATH" }}, or run: {chmod}'
            raise SettingError(f"{where} is a secret, and {settings.file} is open to others; {cure}")
    hide(url)
    return url.strip()


def hide(url: str) -> None:
    """Let no part of a URL be seen that could be a token: what is in its path, its query, or its host without a dot."""
    masking.add(url)
    parts = urlsplit(url)
    names = [parts.password or "", *parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))]
    names += [parts.netloc] if "." not in parts.netloc and "localhost" not in parts.netloc else []
    for each in names:
        if len(each) >= 8 and "@" not in each:
            masking.add(each)


def _addresses(target: Target) -> list[str]:
    if not target.emails:
        return []
    try:
        return [f"to={','.join(conf_file.read(Path(target.emails).expanduser()))}"]
    except (OSError, ValueError) as error:
        raise SettingError(f"[notify.targets.{target.name}]: emails: {error}") from None


def send(service: Any, letter: Letter) -> None:
    """Send a letter.

    Raises:
        Unreachable: the service does not take it.
    """
    _reasons.take()
    try:
        kind = _KINDS[letter.severity]
        is_sent = service.notify(body=letter.text, title=letter.title, notify_type=kind, body_format="text")
    except Exception as error:  # of a service of apprise, whatever it is: the thread goes on
        raise Unreachable(f"does not take messages ({masking.mask(str(error))})") from None
    if not is_sent:
        why = [_reasons.take() or "apprise does not say why", proxies.lacking()]
        raise Unreachable(f"does not take messages ({'; '.join(filter(None, why))})")


class Delivery:
    """Delivers the messages of one target, until `close`. `problem` says why it cannot, if so."""

    def __init__(self, target: Target, settings: Settings, path: Path, sent: Callable[[], None]) -> None:
        self.target = target
        self.problem = ""
        self._settings, self._path, self._sent_one = settings, path, sent
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._sent: deque[float] = deque(maxlen=2 * SINGLE)
        self._thread = threading.Thread(target=self._run, name=f"notify {target.name}", daemon=True)
        self._thread.start()

    def rouse(self) -> None:
        """There may be messages."""
        self._wake.set()

    def close(self) -> None:
        """Tell the thread to end."""
        self._closing.set()
        self._wake.set()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end after `close`, at most `seconds`."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pause, service = PAUSES[0], None
        while not self._closing.is_set():
            try:
                service = service or connect(self.target, self._settings)  # at once: what is wrong with it shows early
                wait = self._deliver(service)
                self._well()
                pause = PAUSES[0]
            except (WardenError, OSError) as error:
                self._fail(str(error))
                service, wait = None, pause  # its URL or its addresses may be corrected meanwhile
                pause = min(2 * pause, PAUSES[1])
                self._closing.wait(wait)
                continue
            self._wake.wait(wait)
            self._wake.clear()

    def _deliver(self, service: Any) -> float:
        """Send what can be sent now; the seconds until there may be more to do."""
        while not self._closing.is_set():
            waiting = outbox.waiting(self._path, self.target.name)
            letter = next_letter(waiting, self._sent, time.monotonic(), f"warden {self._settings.instance}")
            if not isinstance(letter, Letter):
                return IDLE if letter is None else min(letter, IDLE)
            send(service, letter)
            self._sent.append(time.monotonic())
            outbox.note_sent(self._path, letter.numbers, time.time())
            self._sent_one()
        return 0.0

    def _fail(self, why: str) -> None:
        if not self.problem:
            log.warning("target %s: %s; what is to be said is kept, and sent later", self.target.name, why)
        self.problem = why

    def _well(self) -> None:
        if self.problem:
            log.info("target %s takes messages again", self.target.name)
        self.problem = ""
