"""A curve: publishes a profile of 256 points as one array, and where its peak is.

Lists of numbers and numpy arrays of one or two dimensions are published whole. To make your own, copy this file
and change

* the lines in `work` that make the array,
* FIELDS: "dims" is 1 for a curve and 2 for an image. With "dtype" and "dims" Tango shows the attribute from the start.
"""

import time
from typing import Any

import numpy as np

from WardenServer.agent import Agent

INTERVAL = 1.0

FIELDS = {
    "Profile": {"unit": "counts", "dtype": "float", "dims": 1},
    "Peak": {"unit": "pixel", "dtype": "int", "format": "%d"},
}


def work(agent: Agent) -> dict[str, Any]:
    """Make the curve and find its peak."""
    pixels = np.arange(256)
    centre = 128 + 64 * np.sin(time.time() / 10)
    profile = 1000 * np.exp(-(((pixels - centre) / 20) ** 2))
    return {"Profile": profile, "Peak": int(profile.argmax())}
