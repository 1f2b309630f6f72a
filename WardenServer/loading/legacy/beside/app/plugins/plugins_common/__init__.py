"""What a star import of `app.plugins.plugins_common` brings, with the original's signatures."""

import copy
import json
import logging
import os
import re
import time
from pathlib import Path
from typing import Any

from WardenServer.plugins.common import conf_file, web2c

from ... import config
from ...this_run import RUN

__all__ = [
    "append_key", "config", "copy", "dict2json", "get_key", "json", "json2dict", "logging", "notify_email", "os",
    "process_tango_starter", "process_xml_root", "re", "read_file_aslist", "set_key", "set_timestamp", "time",
]  # fmt: skip


def set_key(key: Any, value: Any, logger: Any = None) -> None:
    """Set a key to text, a number or a bool."""
    RUN.set(str(key), value)


def append_key(key: Any, value: Any, logger: Any = None) -> None:
    """Append text to what a key holds; nothing where it holds nothing, as Memcached has it."""
    before = RUN.get(str(key))
    if before is not None:
        RUN.set(str(key), f"{before}{value}")


def get_key(key: Any, logger: Any = None) -> Any:
    """What a key holds; None where there is nothing."""
    return RUN.get(str(key))


def dict2json(key: Any, data: dict[str, Any], logger: Any = None) -> None:
    """Set a key to a document, with the time as its `timestamp`."""
    data["timestamp"] = time.time()
    RUN.set_document(str(key), data)


def json2dict(value: Any) -> Any:
    """What JSON text says; None where it is none."""
    try:
        return json.loads(value)
    except ValueError:
        return None


def set_timestamp(root_ref: str = "", logger: Any = None) -> None:
    """Set the key `root_ref`.timestamp to the time."""
    RUN.set(f"{root_ref.removesuffix('.')}.timestamp", time.time())


def process_tango_starter(worker: Any, params: Any, root_ref: str = "") -> None:
    """Set a key to the names of servers, joined by %, and its timestamp."""
    if params is None:
        worker.error(f"no answer of the starter {worker.device}")
        return
    RUN.set(root_ref, "%".join(map(str, params)))
    set_timestamp(root_ref, worker)


def process_xml_root(worker: Any, xml_root: Any, root_ref: str = "") -> None:
    """Set a key for each value of a page, and `root_ref`timestamp."""
    values = web2c.values(xml_root, f"{worker.HOST}:{worker.PORT}", worker.init_page)
    for name, value in values.items():
        RUN.set(f"{root_ref}{name}", value)
    if values:
        RUN.set(f"{root_ref}timestamp", time.time())


def read_file_aslist(fname: str, logger: Any = None) -> list[str]:
    """The lines of a .conf file without comments; none, and a line in the log, where it cannot be read."""
    try:
        return conf_file.read(Path(fname))
    except (OSError, ValueError) as error:
        RUN.log.error("%s", error)
        return []


def notify_email(subj: str, message: str, json: Any, logger: Any = None) -> None:
    """Give out an event: the hub's notifier tells people."""
    RUN.tell(f"{subj}: {message}")
