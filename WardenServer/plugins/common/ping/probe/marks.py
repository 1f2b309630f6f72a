"""The side files `marks-YYYY-MM.jsonl`: samples that are not as they should be, one JSON object a line.

    {"time": 1764547200.5, "host": "a.b", "address": "192.0.2.1", "size": 100, "marks": ["late"], "line": "..."}

`time` is the begin of the set in Unix seconds, `line` the raw line. Those of TCP stand here alone: they are no pings.
"""

import json
from pathlib import Path

from WardenServer.plugins.common.ping.months import month_of
from WardenServer.plugins.common.ping.probe.sample import Sample

#: The mark of a sample that is no ping.
TCP = "tcp"


def file_of(folder: Path, time: float) -> Path:
    """The side file of a time in Unix seconds. Raises as months.file_of."""
    return folder / f"marks-{month_of(time)}.jsonl"


def marked(sample: Sample, raw: str) -> str:
    """The line about a sample with marks, without its end; `raw` is its raw line."""
    measured = sample.measured
    return json.dumps(
        {"time": measured.time, "host": sample.host.name, "address": sample.address, "size": sample.size,
         "marks": list(measured.marks), "line": raw}
    )  # fmt: skip
