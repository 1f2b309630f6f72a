"""What somebody asks of an agent, and its answer: JSON in, JSON out."""

import json
import threading
from typing import Any

from WardenServer.errors import WardenError

#: Most characters of an answer.
LONGEST = 1_000_000


class Request:
    """One request. The agent's thread replies or refuses once; whoever asked waits, as long as he likes."""

    def __init__(self, argument: Any) -> None:
        self.argument = argument
        self._done = threading.Event()
        self._answer = ""
        self._why = ""

    def reply(self, answer: Any) -> None:
        """Answer with what JSON can hold.

        Raises:
            WardenError: JSON cannot hold it, or it is too long.
        """
        try:
            text = json.dumps(answer)
        except (TypeError, ValueError, RecursionError) as error:
            said = f"answer returned what JSON cannot hold ({error}); return dicts, lists, text and numbers"
            raise WardenError(said) from None
        if len(text) > LONGEST:
            raise WardenError(f"answer returned {len(text)} characters; return at most {LONGEST}")
        self._answer = text
        self._done.set()

    def refuse(self, why: str) -> None:
        """Say why there is no answer."""
        self._why = why
        self._done.set()

    def wait(self, seconds: float) -> str | None:
        """The answer as JSON; None where it is not there after so many seconds.

        Raises:
            WardenError: there will be none; the text says why.
        """
        if not self._done.wait(seconds):
            return None
        if self._why:
            raise WardenError(self._why)
        return self._answer
