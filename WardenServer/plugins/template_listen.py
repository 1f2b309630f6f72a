"""An agent that something comes to: takes numbers from a UDP port, and publishes each as soon as it comes.

A thread of its own waits for them and asks for a run with `soon`; INTERVAL is only for times when nothing comes. The
port can be open once: EXCLUSIVE has a reload close the old code before the new is set up. `answer` replies to
`warden ask NAME '"reset"'`. To make your own, copy this file and change

* what `setup` opens, `close` closes, and the thread waits for,
* what `work` makes of it, and what `answer` understands.
"""

import contextlib
import socket
import threading
from typing import Any

from WardenServer.agent import Agent

INTERVAL = 10.0
EXCLUSIVE = True

SETTINGS = {"port": 0}  # of this machine; 0 is one that is free

port: socket.socket
waiting: threading.Thread
number: float | None = None
count = 0


def setup(agent: Agent) -> None:
    """Open the port, and begin to wait."""
    global port, waiting
    port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    port.bind(("127.0.0.1", agent.settings["port"]))
    port.settimeout(0.2)
    waiting = threading.Thread(target=wait, args=(agent,), daemon=True)
    waiting.start()


def wait(agent: Agent) -> None:
    """Take numbers until the port is closed."""
    global number, count
    while True:
        try:
            number = float(port.recv(100))
        except TimeoutError:
            continue
        except ValueError:
            agent.log.warning("what came is no number")
            continue
        except OSError:  # it was closed
            return
        count += 1
        agent.soon()


def work(agent: Agent) -> dict[str, Any]:
    """Publish what came last."""
    return {"Number": number, "Count": count, "Port": port.getsockname()[1]}


def answer(agent: Agent, request: Any) -> dict[str, int]:
    """Reply to what people ask; here "reset" begins to count anew."""
    global count
    before = count
    if request == "reset":
        count = 0
    return {"count": before}


def close(agent: Agent) -> None:
    """Close the port, so that the thread ends and other code can open it."""
    with contextlib.suppress(OSError):
        port.shutdown(socket.SHUT_RDWR)
    port.close()
    waiting.join(1.0)


def save() -> int:
    """What to remember."""
    return count


def load(state: int) -> None:
    """Take back what an earlier `save` returned."""
    global count
    count = state
