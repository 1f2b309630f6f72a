"""Values from a web service that answers with a JSON object: publishes each number, text and true/false in it.

To make your own, copy this file and change

* the url below (or set it in the configuration: [agents.NAME] url = "http://..."),
* what `work` returns, if you want other names or values from deeper in the answer: {"Level": answer["tank"]["level"]}.
"""

import json
import time
from http.client import HTTPException
from typing import Any
from urllib.request import urlopen

from WardenServer.agent import Agent
from WardenServer.errors import Unreachable

INTERVAL = 5.0

SETTINGS = {
    "url": "http://127.0.0.1:8000/status.json",  # change
    "time_limit": 2.0,  # seconds
}

#: Bytes; an answer that is longer is surely not what was asked for.
LARGEST = 1_000_000


def work(agent: Agent) -> dict[str, Any]:
    """Ask, and publish what can be published as it is."""
    answer = fetch(agent.settings["url"], agent.settings["time_limit"])
    return {name: value for name, value in answer.items() if isinstance(value, int | float | str | None)}


def fetch(url: str, seconds: float) -> dict[str, Any]:
    """The JSON object at `url`."""
    try:
        body = download(url, seconds)
    except (OSError, HTTPException) as error:
        raise Unreachable(f"{url} does not answer as it should ({error}); check the url and the service") from None
    try:
        answer = json.loads(body)
    except ValueError:
        raise ValueError(f"{url} does not answer with JSON but with {body[:40]!r}") from None
    if not isinstance(answer, dict):
        raise ValueError(f"{url} answers with a JSON {type(answer).__name__}, not with an object")
    return answer


def download(url: str, seconds: float) -> bytes:
    """The bytes at `url`. The limit `urlopen` takes is for each packet, so a slow sender needs one for the whole."""
    body, end = b"", time.monotonic() + seconds
    with urlopen(url, timeout=seconds) as response:
        while piece := response.read1(65536):
            body += piece
            if len(body) > LARGEST:
                raise OSError(f"more than {LARGEST} bytes")
            if time.monotonic() > end:
                raise TimeoutError(f"not all there after {seconds:g} s")
    return body
