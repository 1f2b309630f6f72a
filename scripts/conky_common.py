"""What the three scripts for Conky share: documents from Memcached, and Conky's marks for colours and fonts.

They need Python 3 and pymemcache only. `SCRIPT [HOST:PORT [PREFIX]]`; without it 127.0.0.1:11211, or the variables
WARDEN_MEMCACHED and WARDEN_PREFIX.
"""

import json
import os
import sys
import time

from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheError

FONT = "${font LCDMono:bold:size=%d}"


def documents(*keys: str) -> dict[str, dict[str, object]]:
    """The documents of these keys that are there. Where Memcached does not answer the script ends, with a red line."""
    place = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("WARDEN_MEMCACHED", "127.0.0.1:11211").split(",")[0]
    prefix = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("WARDEN_PREFIX", "")
    client = Client(place, connect_timeout=2, timeout=2)
    try:
        found = client.get_many([prefix + key for key in keys])
        return {key: json.loads(found[prefix + key]) for key in keys if prefix + key in found}
    except (MemcacheError, OSError, ValueError) as error:
        fail(f"Memcached {place}: {error}")
    finally:
        client.close()
    return {}


def fail(text: str) -> None:
    """A line in red, and the end."""
    print(f"{FONT % 12}{coloured('red', text)}")
    sys.exit(1)


def coloured(colour: str, text: str) -> str:
    """Text in a colour; a $ in it is none of Conky's."""
    return f"${{color {colour}}}{text.replace('$', '$$')}$color"


def clock(stamp: object) -> str:
    """A time of today."""
    return time.strftime("%H:%M:%S", time.localtime(float(stamp))) if isinstance(stamp, int | float) else "-"


def number(value: object, form: str) -> str:
    """A number as `form` says, or a dash where there is none."""
    return format(value, form) if isinstance(value, int | float) and not isinstance(value, bool) else "-"
